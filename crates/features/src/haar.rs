//! Haar-like features: differences between the brightness of neighbouring rectangles.
//!
//! An image has very many of them (a 24x24 one 162336), each fast to evaluate and weak by itself.
//! [`Haar`] describes an image by a random sample; choosing the good ones from labels (boosting)
//! is a classifier's task.
//!
//! Source: P. Viola, M. Jones, "Rapid object detection using a boosted cascade of simple
//! features", CVPR 2001. Kinds, order and values of the plain features ([`haar_features`],
//! [`HaarFeature::value`]) are those of scikit-image 0.26 `haar_like_feature`.
//!
//! Departures of [`Haar`] from scikit-image: the numbers are normalised, see there.
//! [`ExtendedHaar`] takes Lienhart's extended set, or any weighted rectangles.

mod compile;
mod evaluate;
mod extended;
mod feature;
mod lienhart;
mod weighted;

pub use extended::{ExtendedHaar, ExtendedHaarParams};
pub use feature::{HaarFeature, HaarKind, Rectangle, haar_feature_count, haar_features};
pub use lienhart::{
    LienhartFeature, LienhartKind, LienhartSet, lienhart_feature_count, lienhart_features,
};
pub use weighted::{WeightedFeature, WeightedRectangle};

use crate::view::{check_out, check_size, size_of};
use base::{Extract, ParamError, Seed, ShapeError, Size};
use evaluate::{Last, Scaling, Sized};
use ndarray::{ArrayView3, ArrayView4, Axis};
use rand::seq::index;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Settings as written in a plan file; unset ones take the default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HaarParams {
    /// Features in the sample, at least 1; all there are if these are fewer.
    pub count: usize,
    /// Where the sample starts from. The sample depends on it and on the size of the image only.
    pub seed: u64,
}

impl Default for HaarParams {
    fn default() -> Self {
        Self { count: 1000, seed: 0 }
    }
}

/// What a feature's weights are multiplied with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HaarUnit {
    /// Mean over the rectangles of positive weight minus mean over those of negative weight, each
    /// weighted: large and small features weigh the same.
    #[default]
    Mean,
    /// Sums times the weights as they are: scikit-image and OpenCV.
    Sum,
}

/// What the features of an image are divided by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HaarNormalisation {
    /// Nothing: scikit-image.
    None,
    /// Standard deviation of the grey levels of the image, as Viola and Jones do. The features of
    /// an image of one grey are 0.
    #[default]
    Deviation,
    /// Standard deviation times number of pixels, both of the image without its outermost rows and
    /// columns, as OpenCV does (with [`HaarUnit::Sum`]). Where that is 0, 1.
    OpenCv,
}

/// A random sample of the Haar-like features of the whole image, each equally likely, in the order
/// of [`haar_features`]; or a list of them, see [`Haar::of`]. Colours are turned into grey first. Checked when it is made.
///
/// Each number is the mean grey level of the odd rectangles minus that of the even ones, divided
/// by the standard deviation of the grey levels of the image (0 for an image of one grey). So
/// neither more light nor more contrast changes it. Dividing by the deviation is what Viola and
/// Jones and OpenCV do; taking means instead of sums gives large and small features the same
/// weight, and in features of three rectangles it counts the middle one twice, as OpenCV does.
///
/// ```
/// use features::{Haar, HaarParams};
/// // One feature: two rectangles of one pixel, side by side. Right minus left is 20, and the
/// // deviation from the mean of 100 is 10.
/// let image = ndarray::array![[[90_u8], [110]]];
/// let haar = Haar::new(&HaarParams::default()).unwrap();
/// assert_eq!(features::describe(&haar, image.view()).unwrap(), [2.0]);
/// ```
#[derive(Debug)]
pub struct Haar {
    source: Source,
    last: Last<HaarFeature>,
}

/// Differences of means, in units of the deviation over the whole image.
const SCALING: Scaling =
    Scaling { unit: HaarUnit::Mean, normalisation: HaarNormalisation::Deviation };

/// Where the features come from.
#[derive(Debug)]
enum Source {
    /// Drawn anew for every size of image.
    Sample(HaarParams),
    /// The same in images of all sizes in which they lie.
    Given(Given<HaarFeature>),
}

/// Features, and the smallest image in which they lie.
#[derive(Debug)]
struct Given<F> {
    features: Arc<[F]>,
    min_size: [usize; 2],
}

impl<F> Given<F> {
    /// `end` gives the first row below a feature and the first column right of it.
    fn new(
        features: Arc<[F]>,
        end: impl Fn(&F) -> Result<(usize, usize), ParamError>,
    ) -> Result<Self, ParamError> {
        if features.is_empty() {
            return Err(ParamError::new("features", "empty", "at least one feature"));
        }
        let mut min_size = [0; 2];
        for feature in &*features {
            let (bottom, right) = end(feature)?;
            min_size = [min_size[0].max(bottom), min_size[1].max(right)];
        }
        Ok(Self { features, min_size })
    }

    fn length(&self, height: usize, width: usize) -> Result<usize, ShapeError> {
        let fit = self.min_size[0] <= height && self.min_size[1] <= width;
        at_least_one(if fit { self.features.len() } else { 0 }, height, width, self.min_size)
    }
}

fn at_least_one(
    count: usize,
    height: usize,
    width: usize,
    [min_height, min_width]: [usize; 2],
) -> Result<usize, ShapeError> {
    if count == 0 {
        let what = "Haar-like features";
        return Err(ShapeError::TooSmall { what, height, width, min_height, min_width });
    }
    Ok(count)
}

impl Haar {
    /// # Errors
    /// If `count` is 0.
    pub fn new(params: &HaarParams) -> Result<Self, ParamError> {
        if params.count == 0 {
            return Err(ParamError::new("count", params.count, "at least 1"));
        }
        Ok(Self { source: Source::Sample(params.clone()), last: Last::default() })
    }

    /// These features in this order, for instance those that boosting has chosen.
    ///
    /// ```
    /// use features::{Extract, Haar, HaarKind, haar_features};
    /// let size = base::Size { height: 2, width: 3, channels: 1 };
    /// let chosen = haar_features(HaarKind::ThreeX, 2, 3);
    /// let haar = Haar::of(chosen).unwrap();
    /// assert_eq!(haar.length(size), Ok(3));
    /// assert!(haar.length(base::Size { width: 2, ..size }).is_err());
    /// ```
    ///
    /// # Errors
    /// If there is no feature, or one has no pixels or ends beyond `usize::MAX`.
    pub fn of(features: impl IntoIterator<Item = HaarFeature>) -> Result<Self, ParamError> {
        let source = Source::Given(Given::new(features.into_iter().collect(), |feature| {
            feature.end().ok_or_else(|| {
                ParamError::new("features", format!("{feature:?}"), "features with pixels")
            })
        })?);
        Ok(Self { source, last: Last::default() })
    }

    /// The features of images of this size, in the order of the descriptor.
    ///
    /// # Errors
    /// As [`Extract::length`].
    pub fn features(&self, size: Size) -> Result<Arc<[HaarFeature]>, ShapeError> {
        self.length(size)?;
        Ok(Arc::clone(&self.sized(size).features))
    }

    fn sized(&self, size: Size) -> Arc<Sized<HaarFeature>> {
        let Size { height, width, .. } = size;
        self.last.get(height, width, SCALING, || match &self.source {
            Source::Given(given) => Arc::clone(&given.features),
            Source::Sample(params) => sample(params, height, width),
        })
    }
}

impl Extract for Haar {
    /// # Errors
    /// If there is no room for two rectangles, or not for all features that were given.
    fn length(&self, size: Size) -> Result<usize, ShapeError> {
        check_size(size)?;
        let Size { height, width, .. } = size;
        match &self.source {
            Source::Sample(params) => {
                at_least_one(total(height, width).min(params.count), height, width, [1, 2])
            }
            Source::Given(given) => given.length(height, width),
        }
    }

    fn extract(&self, image: ArrayView3<'_, u8>, out: &mut [f32]) {
        check_out(self, image, out);
        self.sized(size_of(image)).extract(image, out);
    }

    fn extract_batch(&self, images: ArrayView4<'_, u8>, out: &mut [f32]) {
        let Some(first) = images.outer_iter().next() else { return };
        let size = size_of(first);
        let length = self.length(size).expect("`length` accepted this size");
        assert_eq!(out.len(), images.len_of(Axis(0)) * length, "`out` must hold whole descriptors");
        self.sized(size).extract_batch(images, out);
    }
}

/// Number of features of all kinds.
fn total(height: usize, width: usize) -> usize {
    let counts = HaarKind::ALL.map(|kind| haar_feature_count(kind, height, width));
    counts.into_iter().fold(0, usize::saturating_add)
}

/// Numbers below `total` in order, `count` of them or all.
fn draw(count: usize, seed: u64, total: usize) -> Vec<usize> {
    let mut numbers = if count >= total {
        (0..total).collect()
    } else {
        index::sample(&mut Seed(seed).rng(), total, count).into_vec()
    };
    numbers.sort_unstable();
    numbers
}

/// The sample for an image size: numbers drawn from all features as they are enumerated.
fn sample(params: &HaarParams, height: usize, width: usize) -> Arc<[HaarFeature]> {
    let numbers = draw(params.count, params.seed, total(height, width));
    let mut kinds = HaarKind::ALL.into_iter();
    let mut kind = HaarKind::TwoX;
    let (mut first, mut end) = (0, 0);
    let feature = |number| {
        while number >= end {
            kind = kinds.next().expect("numbers are below the total");
            first = end;
            end += haar_feature_count(kind, height, width);
        }
        HaarFeature::nth(kind, height, width, number - first)
    };
    numbers.into_iter().map(feature).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Integral, describe};
    use ndarray::{Array3, Array4};

    fn recipe(count: usize, seed: u64) -> Haar {
        Haar::new(&HaarParams { count, seed }).unwrap()
    }

    const SIZE: Size = Size { height: 12, width: 10, channels: 1 };

    #[test]
    fn the_sample_depends_on_size_and_seed_only() {
        let haar = recipe(50, 1);
        let sample = haar.features(SIZE).unwrap();
        assert_eq!(sample.len(), 50);
        haar.features(Size { height: 9, ..SIZE }).unwrap();
        assert_eq!(haar.features(Size { channels: 3, ..SIZE }).unwrap(), sample);
        assert_eq!(recipe(50, 1).features(SIZE).unwrap(), sample);
        assert_ne!(recipe(50, 2).features(SIZE).unwrap(), sample);
    }

    #[test]
    fn a_sample_is_a_subsequence_of_all_features_and_all_of_them_if_it_can_be() {
        let every: Vec<_> = HaarKind::ALL
            .into_iter()
            .flat_map(|kind| haar_features(kind, SIZE.height, SIZE.width))
            .collect();
        assert_eq!(recipe(usize::MAX, 1).features(SIZE).unwrap().to_vec(), every);
        assert_eq!(recipe(1, 1).length(SIZE), Ok(1));
        let mut rest = every.iter();
        let sample = recipe(200, 1).features(SIZE).unwrap();
        assert!(sample.iter().all(|feature| rest.any(|other| other == feature)));
    }

    #[test]
    fn light_and_contrast_change_nothing() {
        let noise = Seed(4).permutation(120);
        let image = Array3::from_shape_fn((12, 10, 1), |(y, x, _)| noise[10 * y + x] as u8);
        let brighter = image.mapv(|level| 2 * level + 15);
        let haar = recipe(500, 1);
        let plain = describe(&haar, image.view()).unwrap();
        for (a, b) in plain.iter().zip(describe(&haar, brighter.view()).unwrap()) {
            assert!((a - b).abs() <= 1e-6 * a.abs(), "{a} and {b}");
        }
        assert!(plain.iter().any(|&value| value.abs() > 0.5));
        let flat = Array3::from_elem((12, 10, 1), 77);
        assert!(describe(&haar, flat.view()).unwrap().iter().all(|&value| value == 0.0));
    }

    /// One row, black on the left half and white on the right one: deviation 127.5, and the sum
    /// over a rectangle is 255 for each of its columns in the right half.
    #[test]
    fn an_image_too_large_for_an_integral_image_is_summed_up_all_the_same() {
        let width = Integral::MAX_PIXELS + 1;
        let image =
            Array3::from_shape_fn((1, width, 1), |(_, x, _)| 255 * u8::from(x >= width / 2));
        let haar = recipe(5, 3);
        let sample = haar.features(Size { height: 1, width, channels: 1 }).unwrap();
        let white = |r: Rectangle| (r.x + r.width).saturating_sub(r.x.max(width / 2)) as u64;
        let got = describe(&haar, image.view()).unwrap();
        for (&got, feature) in got.iter().zip(&*sample) {
            let expected = 2.0 * feature.contrast(white);
            assert!((f64::from(got) - expected).abs() < 1e-6, "{got}, expected {expected}");
        }
        assert!(got.iter().any(|value| value.abs() > 0.1), "{got:?}");
    }

    /// All at once, interleaved, and one by one: the same bits, and the values of the definition.
    #[test]
    fn features_of_a_batch_are_contrasts_in_units_of_the_deviation() {
        let noise = Seed(4).permutation(37 * 120);
        let levels = noise.into_iter().map(|level| level as u8).collect();
        let images = Array4::from_shape_vec((37, 12, 10, 1), levels).unwrap();
        for count in [1, 15, 16, 500] {
            let haar = recipe(count, 1);
            let features = haar.features(SIZE).unwrap();
            let mut rows = vec![f32::NAN; 37 * count];
            haar.extract_batch(images.view(), &mut rows);
            for (image, row) in images.outer_iter().zip(rows.chunks(count)) {
                assert_eq!(describe(&haar, image).unwrap(), row);
                let deviation = image.mapv(f64::from).std(0.0);
                let integral = Integral::new(image.index_axis(Axis(2), 0)).unwrap();
                for (feature, &got) in features.iter().zip(row) {
                    let sum = |r: Rectangle| integral.sum(r.y, r.x, r.height, r.width).into();
                    let expected = feature.contrast(sum) / deviation;
                    let apart = (f64::from(got) - expected).abs();
                    assert!(apart <= 1e-7 * expected.abs(), "{feature:?}: {got}, not {expected}");
                }
            }
        }
    }

    #[test]
    fn given_features_have_the_values_they_have_in_a_sample() {
        let noise = Seed(4).permutation(120);
        let image = Array3::from_shape_fn((12, 10, 1), |(y, x, _)| noise[10 * y + x] as u8);
        let sampled = recipe(60, 1);
        let chosen: Vec<_> = sampled.features(SIZE).unwrap().iter().copied().step_by(7).collect();
        let given = Haar::of(chosen.iter().copied()).unwrap();
        assert_eq!(given.features(SIZE).unwrap().to_vec(), chosen);
        let all = describe(&sampled, image.view()).unwrap();
        let expected: Vec<_> = all.into_iter().step_by(7).collect();
        assert_eq!(describe(&given, image.view()).unwrap(), expected);
    }

    #[test]
    fn given_features_must_have_pixels_and_lie_in_the_image() {
        let feature = HaarFeature {
            kind: HaarKind::TwoX,
            first: Rectangle { y: 1, x: 2, height: 3, width: 4 },
        };
        let haar = Haar::of([feature]).unwrap();
        let error = ShapeError::TooSmall {
            what: "Haar-like features",
            height: 4,
            width: 9,
            min_height: 4,
            min_width: 10,
        };
        assert_eq!(haar.length(Size { height: 4, width: 9, channels: 1 }), Err(error));
        assert_eq!(haar.length(Size { height: 4, width: 10, channels: 1 }), Ok(1));
        let with = |first| HaarFeature { first, ..feature };
        assert!(Haar::of([with(Rectangle { height: 0, ..feature.first })]).is_err());
        assert!(Haar::of([with(Rectangle { width: usize::MAX / 2, ..feature.first })]).is_err());
        assert!(Haar::of([]).is_err());
    }

    #[test]
    fn one_pixel_has_no_features() {
        let error = recipe(1, 0).length(Size { height: 1, width: 1, channels: 1 }).unwrap_err();
        assert!(matches!(error, ShapeError::TooSmall { .. }));
        assert_eq!(recipe(9, 0).length(Size { height: 2, width: 1, channels: 1 }), Ok(1));
    }
}
