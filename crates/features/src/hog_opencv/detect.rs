//! Linear detectors over the windows of OpenCV's HOG, at one scale and at many.

use super::{OpenCvHog, OpenCvHogParams, OpenCvHogScratch};
use crate::people;
use crate::view::size_of;
use crate::{
    BoundingBox, Interpolation, MeanShift, ParamError, Resizer, ShapeError, group_by_mean_shift,
    group_with_scores,
};
use ndarray::{Array3, ArrayView3};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What a [`HogDetector`] looks for at many scales, and how hits are grouped; defaults are those of
/// `cv::HOGDescriptor::detectMultiScale`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HogScanParams {
    /// Score from which on a window is a hit, `hitThreshold`; any number.
    pub threshold: f64,
    /// Factor from a scale to the next, `scale`: above 1, or 1 for the image as it is.
    pub scale: f64,
    /// Scales at most, `nlevels`, at least 1. The last one is that at which the image is hardly
    /// larger than the window.
    pub levels: usize,
    /// What becomes of hits around one place.
    pub grouping: HogGrouping,
}

impl Default for HogScanParams {
    fn default() -> Self {
        Self { threshold: 0.0, scale: 1.05, levels: 64, grouping: HogGrouping::Overlap(2) }
    }
}

/// How a [`HogDetector`] makes one hit of those around one place.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HogGrouping {
    /// [`group_with_scores`] with an `eps` of 0.2: groups of more hits than this number, which is
    /// `finalThreshold`; 0 gives all hits.
    Overlap(u32),
    /// [`group_by_mean_shift`]: modes denser than this number (`useMeanshiftGrouping`).
    MeanShift(f64),
}

/// Why a [`HogDetector`] cannot look at an image.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HogScanError {
    /// The image has no pixels, neither 1 nor 3 channels, or no room for a window.
    #[error(transparent)]
    Image(#[from] ShapeError),
    /// A setting is out of its range.
    #[error(transparent)]
    Param(#[from] ParamError),
}

/// A linear support vector machine on the HOG of a window, as `cv::HOGDescriptor` with
/// `setSVMDetector`. Checked when it is made.
///
/// ```
/// use features::{HogDetector, HogScanParams};
/// let people = HogDetector::people();
/// let wall = ndarray::Array3::from_elem((200, 100, 1), 90);
/// let hits = people.detect_at_scales(wall.view(), &HogScanParams::default()).unwrap();
/// assert!(hits.is_empty());
/// // A window without any gradient has the detector's bias as its score.
/// let scores = people.scores_at(wall.view(), &[[0, 0], [900, 0]]).unwrap();
/// assert_eq!(scores, [Some(f64::from(-6.665_791_5_f32)), None]);
/// ```
#[derive(Debug, Clone)]
pub struct HogDetector {
    hog: OpenCvHog,
    weights: Vec<f32>,
    bias: f64,
}

impl HogDetector {
    /// A weight for each number of a window's descriptor, in its order, and after them the bias,
    /// which may be left out.
    ///
    /// # Errors
    /// If a setting is out of range, the number of weights is another, or one is not finite.
    pub fn new(params: &OpenCvHogParams, mut weights: Vec<f32>) -> Result<Self, ParamError> {
        let hog = OpenCvHog::new(params)?;
        let length = hog.window_length();
        if weights.len() != length && weights.len() != length + 1 {
            let expected = "a weight for each number of a window, and perhaps a bias";
            return Err(ParamError::new("weights", format!("{} numbers", weights.len()), expected));
        }
        if let Some(weight) = weights.iter().find(|weight| !weight.is_finite()) {
            return Err(ParamError::new("weights", weight, "finite numbers"));
        }
        let bias = if weights.len() > length { weights.pop() } else { None };
        Ok(Self { hog, weights, bias: bias.unwrap_or(0.0).into() })
    }

    /// OpenCV's detector of upright people for windows of 128x64 pixels; see
    /// [`people::default_people_weights`] for its licence.
    pub fn people() -> Self {
        let detector = Self::new(&OpenCvHogParams::default(), people::default_people_weights());
        detector.expect("3780 weights and a bias fit the default settings")
    }

    /// OpenCV's detector of upright people for windows of 96x48 pixels, learned from Daimler's
    /// images; see [`people::daimler_people_weights`] for its licence.
    pub fn daimler_people() -> Self {
        let params = OpenCvHogParams { window_size: [96, 48], ..OpenCvHogParams::default() };
        let detector = Self::new(&params, people::daimler_people_weights());
        detector.expect("1980 weights and a bias fit a window of this size")
    }

    /// What the windows are described with.
    pub fn hog(&self) -> &OpenCvHog {
        &self.hog
    }

    /// Upper left corners `[y, x]` of the windows with a score of `threshold` or more, and their
    /// scores, row by row: `cv::HOGDescriptor::detect`.
    ///
    /// # Errors
    /// As [`OpenCvHog::window_corners`].
    pub fn detect(
        &self,
        image: ArrayView3<'_, u8>,
        threshold: f64,
    ) -> Result<Vec<([i64; 2], f64)>, ShapeError> {
        let corners = self.hog.window_corners(size_of(image))?;
        let mut scratch = OpenCvHogScratch::default();
        let grid = scratch.grid(self.hog.params(), image);
        let scores = grid.windows().map(|blocks| self.score(blocks));
        Ok(corners.into_iter().zip(scores).filter(|hit| hit.1 >= threshold).collect())
    }

    /// Scores of the windows at these corners (`[y, x]`, negative in the padding); none of those
    /// that do not lie within the padded image. `cv::HOGDescriptor::detectROI` gives -10 for them.
    ///
    /// # Errors
    /// If the image has no pixel or neither 1 nor 3 channels.
    pub fn scores_at(
        &self,
        image: ArrayView3<'_, u8>,
        corners: &[[i64; 2]],
    ) -> Result<Vec<Option<f64>>, ShapeError> {
        crate::view::check_size(size_of(image))?;
        let mut scratch = OpenCvHogScratch::default();
        let mut window = vec![0.0; self.hog.window_length()];
        let score = |&corner: &[i64; 2]| {
            let inside = self.hog.describe_at(image, corner, &mut scratch, &mut window);
            let blocks = window.chunks_exact(self.hog.params().block_length());
            inside.then(|| self.score(blocks))
        };
        Ok(corners.iter().map(score).collect())
    }

    /// Hits at all scales, grouped, within the image, each with a score:
    /// `cv::HOGDescriptor::detectMultiScale`, in the order that it has with one thread.
    ///
    /// The image is made smaller, step by step, as [`Interpolation::LinearExact`] does it. Windows
    /// lie a block stride apart unless `window_stride` is set.
    ///
    /// # Errors
    /// If the image has no pixel, neither 1 nor 3 channels, or is with its padding smaller than the
    /// window; if a setting is out of range.
    pub fn detect_at_scales(
        &self,
        image: ArrayView3<'_, u8>,
        scan: &HogScanParams,
    ) -> Result<Vec<(BoundingBox, f64)>, HogScanError> {
        scan.check()?;
        let hits = self.hits(image, scan)?;
        let groups = match scan.grouping {
            HogGrouping::Overlap(threshold) => {
                let hits: Vec<_> = hits.iter().map(|&(hit, score, _)| (hit, score)).collect();
                group_with_scores(&hits, threshold, 0.2)?
            }
            HogGrouping::MeanShift(threshold) => {
                let [height, width] = self.hog.params().window_size.map(|side| side as u32);
                group_by_mean_shift(&hits, &MeanShift { threshold, window: [width, height] })?
            }
        };
        let clip = |(hit, score)| Some((clip(hit, image)?, score));
        Ok(groups.into_iter().filter_map(clip).collect())
    }

    /// Boxes in the image, scores and scales of all hits.
    fn hits(
        &self,
        image: ArrayView3<'_, u8>,
        scan: &HogScanParams,
    ) -> Result<Vec<(BoundingBox, f64, f64)>, HogScanError> {
        let params = self.hog.params();
        let stride = params.window_stride.unwrap_or(params.block_stride);
        let hog =
            OpenCvHog::new(&OpenCvHogParams { window_stride: Some(stride), ..params.clone() })?;
        let detector = Self { hog, ..self.clone() };
        let (height, width, channels) = image.dim();
        let mut resizer = Resizer::new(Interpolation::LinearExact);
        let mut hits = Vec::new();
        for scale in scan.scales([height, width], params.window_size) {
            let side = |side: usize| (side as f64 / scale).round_ties_even() as usize;
            let found = if (side(height), side(width)) == (height, width) {
                detector.detect(image, scan.threshold)?
            } else {
                let mut smaller = Array3::zeros((side(height), side(width), channels));
                let resized = resizer.resize_into(image, smaller.view_mut());
                resized.expect("neither side is 0, and the image is not larger");
                detector.detect(smaller.view(), scan.threshold)?
            };
            let back = |at: f64| (at * scale).round_ties_even();
            let [window_height, window_width] = params.window_size;
            hits.extend(found.into_iter().map(|([y, x], score)| {
                let hit = BoundingBox {
                    x: back(x as f64) as i32,
                    y: back(y as f64) as i32,
                    width: back(window_width as f64) as u32,
                    height: back(window_height as f64) as u32,
                };
                (hit, score, scale)
            }));
        }
        Ok(hits)
    }

    /// The score of a window: in `f32` within each block, in four sums over every fourth number.
    fn score<'a>(&self, blocks: impl Iterator<Item = &'a [f32]>) -> f64 {
        let length = self.hog.params().block_length();
        let mut score = self.bias;
        for (block, weights) in blocks.zip(self.weights.chunks_exact(length)) {
            let (fours, rest) = block.as_chunks::<4>();
            let (weights, weights_of_rest) = weights.as_chunks::<4>();
            let mut sums = [0.0_f32; 4];
            for (numbers, weights) in fours.iter().zip(weights) {
                for lane in 0..4 {
                    sums[lane] += numbers[lane] * weights[lane];
                }
            }
            score += f64::from(sums[0] + sums[1]) + f64::from(sums[2] + sums[3]);
            for (number, weight) in rest.iter().zip(weights_of_rest) {
                score += f64::from(number * weight);
            }
        }
        score
    }
}

impl HogScanParams {
    fn check(&self) -> Result<(), ParamError> {
        if self.threshold.is_nan() {
            return Err(ParamError::new("threshold", self.threshold, "a number"));
        }
        if !(1.0..=1e6).contains(&self.scale) {
            return Err(ParamError::new("scale", self.scale, "from 1 to 1e6"));
        }
        if self.levels == 0 {
            return Err(ParamError::new("levels", self.levels, "at least 1"));
        }
        if let HogGrouping::MeanShift(threshold) = self.grouping
            && threshold.is_nan()
        {
            return Err(ParamError::new("grouping", threshold, "a number"));
        }
        Ok(())
    }

    /// Factors by which an image is made smaller, as long as the window fits; at least one.
    fn scales(&self, [height, width]: [usize; 2], window: [usize; 2]) -> Vec<f64> {
        let mut scales = vec![1.0];
        let mut scale = self.scale;
        let fits = |scale: f64| {
            let side = |side: usize| (side as f64 / scale).round_ties_even();
            side(height) >= window[0] as f64 && side(width) >= window[1] as f64
        };
        while self.scale > 1.0 && scales.len() < self.levels && fits(scale) {
            scales.push(scale);
            scale *= self.scale;
        }
        scales
    }
}

/// The part of a box that lies in the image, if any.
fn clip(hit: BoundingBox, image: ArrayView3<'_, u8>) -> Option<BoundingBox> {
    let (height, width, _) = image.dim();
    let (left, top) = (i64::from(hit.x.max(0)), i64::from(hit.y.max(0)));
    let right = hit.right().min(width as i64);
    let bottom = hit.bottom().min(height as i64);
    (right > left && bottom > top).then(|| BoundingBox {
        x: left as i32,
        y: top as i32,
        width: (right - left) as u32,
        height: (bottom - top) as u32,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_end_where_the_window_no_longer_fits() {
        let scan = HogScanParams { scale: 2.0, ..HogScanParams::default() };
        assert_eq!(scan.scales([512, 600], [128, 64]), [1.0, 2.0, 4.0]);
        assert_eq!(scan.scales([20, 20], [128, 64]), [1.0]);
        let few = HogScanParams { levels: 2, ..scan.clone() };
        assert_eq!(few.scales([512, 600], [128, 64]), [1.0, 2.0]);
        let one = HogScanParams { scale: 1.0, ..scan };
        assert_eq!(one.scales([512, 600], [128, 64]), [1.0]);
    }

    #[test]
    fn boxes_are_cut_at_the_image() {
        let image = Array3::zeros((50, 40, 1));
        let hit = |x, y| BoundingBox { x, y, width: 20, height: 30 };
        let cut = clip(hit(-5, 30), image.view());
        assert_eq!(cut, Some(BoundingBox { x: 0, y: 30, width: 15, height: 20 }));
        assert_eq!(clip(hit(40, 0), image.view()), None);
        assert_eq!(clip(hit(-20, 0), image.view()), None);
    }

    #[test]
    fn refuses_what_makes_no_sense() {
        let new = |weights| HogDetector::new(&OpenCvHogParams::default(), weights);
        assert!(new(vec![0.0; 3780]).is_ok());
        assert_eq!(new(vec![0.0; 3779]).unwrap_err().name, "weights");
        assert_eq!(new(vec![f32::NAN; 3780]).unwrap_err().name, "weights");
        let name = |scan: HogScanParams| scan.check().unwrap_err().name;
        let default = HogScanParams::default;
        assert_eq!(name(HogScanParams { threshold: f64::NAN, ..default() }), "threshold");
        assert_eq!(name(HogScanParams { scale: 0.9, ..default() }), "scale");
        assert_eq!(name(HogScanParams { levels: 0, ..default() }), "levels");
        let small = Array3::zeros((100, 64, 1));
        assert!(HogDetector::people().detect_at_scales(small.view(), &default()).is_err());
    }
}
