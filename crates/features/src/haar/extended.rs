//! Descriptors of the extended set, or of any weighted rectangles.

use super::evaluate::{Last, Scaling, Sized};
use super::lienhart::{LienhartSet, lienhart_feature_count, numbered};
use super::weighted::WeightedFeature;
use super::{Given, HaarNormalisation, HaarUnit, draw};
use crate::view::{check_out, check_size, size_of};
use base::{Extract, ParamError, ShapeError, Size};
use ndarray::{ArrayView3, ArrayView4, Axis};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Settings as written in a plan file; unset ones take the default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExtendedHaarParams {
    /// Kinds of features.
    pub set: LienhartSet,
    /// Features in the sample, at least 1; all there are if these are fewer.
    pub count: usize,
    /// Where the sample starts from. The sample depends on it, on the set and on the size of the
    /// image only.
    pub seed: u64,
    /// Means or sums.
    pub unit: HaarUnit,
    /// What the features are divided by.
    pub normalisation: HaarNormalisation,
}

impl Default for ExtendedHaarParams {
    fn default() -> Self {
        Self {
            set: LienhartSet::default(),
            count: 1000,
            seed: 0,
            unit: HaarUnit::default(),
            normalisation: HaarNormalisation::default(),
        }
    }
}

/// A random sample of Lienhart's extended set of features of the whole image, each equally likely,
/// in the order kind, `dy`, `dx`, row, column; or a list of any weighted rectangles. Colours are
/// turned into grey first. Checked when it is made.
///
/// ```
/// use features::{ExtendedHaar, Haar, HaarKind, HaarNormalisation, HaarUnit, haar_features};
/// let image = ndarray::array![[[90_u8], [110], [80]]];
/// // scikit-image's features of three rectangles: middle minus both sides.
/// let three = haar_features(HaarKind::ThreeX, 1, 3);
/// let haar = ExtendedHaar::of(three, HaarUnit::Sum, HaarNormalisation::None).unwrap();
/// assert_eq!(features::describe(&haar, image.view()).unwrap(), [110.0 - 90.0 - 80.0]);
/// ```
#[derive(Debug)]
pub struct ExtendedHaar {
    source: Source,
    scaling: Scaling,
    last: Last<WeightedFeature>,
}

#[derive(Debug)]
enum Source {
    Sample { set: LienhartSet, count: usize, seed: u64 },
    Given(Given<WeightedFeature>),
}

impl ExtendedHaar {
    /// # Errors
    /// If `count` is 0.
    pub fn new(params: &ExtendedHaarParams) -> Result<Self, ParamError> {
        let ExtendedHaarParams { set, count, seed, unit, normalisation } = *params;
        if count == 0 {
            return Err(ParamError::new("count", count, "at least 1"));
        }
        let source = Source::Sample { set, count, seed };
        let scaling = Scaling { unit, normalisation };
        Ok(Self { source, scaling, last: Last::default() })
    }

    /// These features in this order: [`WeightedFeature`], [`super::LienhartFeature`] or
    /// [`super::HaarFeature`].
    ///
    /// # Errors
    /// If there is no feature, or one has no rectangle, a rectangle without pixels or outside all
    /// images, or a weight that is not finite.
    pub fn of<F: Into<WeightedFeature>>(
        features: impl IntoIterator<Item = F>,
        unit: HaarUnit,
        normalisation: HaarNormalisation,
    ) -> Result<Self, ParamError> {
        let features: Arc<[WeightedFeature]> = features.into_iter().map(Into::into).collect();
        let source = Source::Given(Given::new(features, WeightedFeature::end)?);
        Ok(Self { source, scaling: Scaling { unit, normalisation }, last: Last::default() })
    }

    /// The features of images of this size, in the order of the descriptor.
    ///
    /// # Errors
    /// As [`Extract::length`].
    pub fn features(&self, size: Size) -> Result<Arc<[WeightedFeature]>, ShapeError> {
        self.length(size)?;
        Ok(Arc::clone(&self.sized(size).features))
    }

    fn sized(&self, size: Size) -> Arc<Sized<WeightedFeature>> {
        let Size { height, width, .. } = size;
        self.last.get(height, width, self.scaling, || match &self.source {
            Source::Given(given) => Arc::clone(&given.features),
            Source::Sample { set, count, seed } => {
                let numbers = draw(*count, *seed, total(*set, height, width));
                let features = numbered(*set, height, width, numbers);
                features.into_iter().map(WeightedFeature::from).collect()
            }
        })
    }
}

impl Extract for ExtendedHaar {
    /// # Errors
    /// If there is no room for two rectangles, or not for all features that were given.
    fn length(&self, size: Size) -> Result<usize, ShapeError> {
        check_size(size)?;
        let Size { height, width, .. } = size;
        match &self.source {
            Source::Given(given) => given.length(height, width),
            Source::Sample { set, count, .. } => {
                super::at_least_one(total(*set, height, width).min(*count), height, width, [1, 2])
            }
        }
    }

    fn extract(&self, image: ArrayView3<'_, u8>, out: &mut [f32]) {
        check_out(self, image, out);
        self.sized(size_of(image)).extract(image, out);
    }

    fn extract_batch(&self, images: ArrayView4<'_, u8>, out: &mut [f32]) {
        let Some(first) = images.outer_iter().next() else { return };
        let length = self.length(size_of(first)).expect("`length` accepted this size");
        assert_eq!(out.len(), images.len_of(Axis(0)) * length, "`out` must hold whole descriptors");
        self.sized(size_of(first)).extract_batch(images, out);
    }
}

/// Number of features of all kinds.
fn total(set: LienhartSet, height: usize, width: usize) -> usize {
    let counts = set.kinds().iter().map(|&kind| lienhart_feature_count(kind, height, width));
    counts.fold(0, usize::saturating_add)
}
