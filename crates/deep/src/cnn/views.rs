//! Several looks at each image: "test-time augmentation".

use super::CnnParams;
use crate::train::augment::Change;

/// Which versions of an image a trained network looks at.
///
/// Source: K. Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU", arXiv:2404.00498, 2024,
/// section 3.5, whose six views are these with a shift of one pixel and mirror images. Departure:
/// the mean is of probabilities, as for mirror images alone, not of the numbers that softmax is
/// given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Views {
    mirror: bool,
    shift: usize,
}

impl Views {
    pub(crate) fn new(params: &CnnParams) -> Self {
        Self { mirror: params.mirror, shift: params.test_shift }
    }

    /// What is done to the image for each view, and how much the view counts; together they count
    /// 1.
    pub(super) fn all(self) -> Vec<(Change, f32)> {
        let shift = self.shift.cast_signed();
        let places: &[(isize, f32)] =
            if shift == 0 { &[(0, 1.0)] } else { &[(0, 0.5), (-shift, 0.25), (shift, 0.25)] };
        let sides: &[(bool, f32)] =
            if self.mirror { &[(false, 0.5), (true, 0.5)] } else { &[(false, 1.0)] };
        let view = |&(by, of_place): &(isize, f32)| {
            sides.iter().map(move |&(flip, of_side)| {
                (Change { shift: (by, by), flip, ..Change::NONE }, of_place * of_side)
            })
        };
        places.iter().flat_map(view).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cnn;
    use base::{Images, Labels, Predict, Seed};
    use ndarray::{Array4, Axis, s};

    fn images() -> (Images, Labels) {
        let pixels = Seed(3).permutation(12 * 8 * 8).into_iter().map(|value| value as u8);
        let pixels = Array4::from_shape_vec((12, 8, 8, 1), pixels.collect()).unwrap();
        let names = ["a".to_owned(), "b".to_owned()];
        let labels = Labels::new((0..12).map(|row| row % 2).collect(), &names).unwrap();
        (Images::new(pixels).unwrap(), labels)
    }

    /// By hand: probabilities of images that were changed before.
    #[test]
    fn probabilities_are_means_over_the_views() {
        let (images, labels) = images();
        let train = |mirror: bool, test_shift: usize| {
            let params = CnnParams {
                channels: vec![2],
                embedding: 4,
                epochs: 1,
                min_steps: 1,
                mirror,
                test_shift,
                ..CnnParams::default()
            };
            Cnn::new(&params).unwrap().train(&images, &labels, Seed(1)).unwrap()
        };
        let plain = train(false, 0);
        let moved = |by: isize, flip: bool| {
            let mut pixels = images.view().to_owned();
            let from = |to: usize| (to.cast_signed() - by).clamp(0, 7).cast_unsigned();
            let mut old = pixels.clone();
            if flip {
                old = old.slice(s![.., .., ..;-1, ..]).to_owned();
            }
            pixels.indexed_iter_mut().for_each(|((n, y, x, c), pixel)| {
                *pixel = old[[n, from(y), from(x), c]];
            });
            plain.scores(&Images::new(pixels).unwrap()).view().to_owned()
        };
        let both = |by| (moved(by, false) + moved(by, true)) / 2.0;
        for (mirror, shift, expected) in [
            (false, 0, moved(0, false)),
            (true, 0, both(0)),
            (false, 2, moved(0, false) / 2.0 + (moved(2, false) + moved(-2, false)) / 4.0),
            (true, 1, both(0) / 2.0 + (both(1) + both(-1)) / 4.0),
        ] {
            let scores = train(mirror, shift).scores(&images).view().to_owned();
            let largest = (&scores - &expected).mapv(f32::abs).fold(0.0, |a: f32, &b| a.max(b));
            assert!(largest < 1e-6, "mirror {mirror}, shift {shift}: {largest}");
            assert!(scores.sum_axis(Axis(1)).iter().all(|sum| (sum - 1.0).abs() < 1e-6));
        }
    }
}
