//! Haar-like features that boosting has chosen.
//!
//! A large sample of Haar-like features is worked out for the training images; boosted stumps
//! choose among them. The stumps are a classifier of their own, and the chosen features serve other
//! classifiers. Nothing else is worked out for an image to be classified.
//!
//! Source: P. Viola, M. Jones, "Rapid object detection using a boosted cascade of simple
//! features", CVPR 2001. Departures: any number of classes ([`classic::AdaBoost`]), one strong
//! classifier and no cascade, a sample of the features instead of all.

use base::{
    Embedding, Extract, FitEmbedding, FitError, FitSummary, Images, Labels, Matrix, ParamError,
    Predict, Scores, Seed, ShapeError, Size,
};
use classic::{AdaBoost, AdaBoostModel, AdaBoostParams};
use features::{Haar, HaarFeature, HaarParams, extract_all};
use serde::{Deserialize, Serialize};

/// Settings as written in a plan file; unset ones take the default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct BoostedHaarParams {
    /// Features to choose from, at least 1; all there are if these are fewer.
    pub(crate) count: usize,
    /// Where the sample of them starts from.
    pub(crate) seed: u64,
    /// Stumps at most, at least 1, and so features that are kept at most.
    pub(crate) rounds: usize,
    /// Factor on the vote of every stump, a positive number.
    pub(crate) learning_rate: f64,
}

impl Default for BoostedHaarParams {
    fn default() -> Self {
        Self { count: 4000, seed: 0, rounds: 200, learning_rate: 1.0 }
    }
}

/// Haar-like features chosen by boosting, and the boosted stumps. Checked when it is made.
pub(crate) struct BoostedHaar {
    sample: Haar,
    boosting: AdaBoost,
}

impl BoostedHaar {
    /// # Errors
    /// If a setting is outside the range given at [`BoostedHaarParams`].
    pub(crate) fn new(params: &BoostedHaarParams) -> Result<Self, ParamError> {
        let &BoostedHaarParams { count, seed, rounds, learning_rate } = params;
        Ok(Self {
            sample: Haar::new(&HaarParams { count, seed })?,
            boosting: AdaBoost::new(&AdaBoostParams { rounds, learning_rate })?,
        })
    }

    fn train(&self, x: &Images, y: &Labels) -> Result<TrainedBoostedHaar, FitError> {
        let stumps = self.boosting.train(&extract_all(&self.sample, x)?, y)?;
        let sample = self.sample.features(x.size())?;
        let chosen = Haar::of(stumps.features().into_iter().map(|place| sample[place]));
        let chosen = chosen.expect("there is a stump, and its feature lies in the images");
        Ok(TrainedBoostedHaar { size: x.size(), chosen, stumps: stumps.on_features() })
    }
}

impl FitEmbedding for BoostedHaar {
    fn check(&self, size: Size) -> Result<(), ShapeError> {
        self.sample.length(size).map(|_| ())
    }

    /// The seed is not used: the sample has one of its own, so that it is the same on every split.
    fn fit_embedding(
        &self,
        x: &Images,
        y: &Labels,
        _: Seed,
    ) -> Result<Box<dyn Embedding>, FitError> {
        Ok(Box::new(self.train(x, y)?))
    }
}

/// Boosted stumps on the features that they have chosen.
struct TrainedBoostedHaar {
    /// Of the training images.
    size: Size,
    chosen: Haar,
    stumps: AdaBoostModel,
}

impl Embedding for TrainedBoostedHaar {
    fn embed(&self, images: &Images) -> Matrix {
        assert_eq!(images.size(), self.size, "images of the size of the training images");
        extract_all(&self.chosen, images).expect("the features lie in images of this size")
    }

    fn embedding_bytes(&self) -> u64 {
        (self.stumps.features().len() * size_of::<HaarFeature>()) as u64
    }
}

impl Predict<Images> for TrainedBoostedHaar {
    fn scores(&self, x: &Images) -> Scores {
        self.stumps.scores(&self.embed(x))
    }

    fn summary(&self) -> FitSummary {
        let stumps = self.stumps.summary();
        FitSummary { model_bytes: stumps.model_bytes + self.embedding_bytes(), ..stumps }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use base::{Fit, Rows};
    use ndarray::Array4;

    fn recipe() -> BoostedHaar {
        let params = BoostedHaarParams { count: 300, rounds: 20, ..Default::default() };
        BoostedHaar::new(&params).unwrap()
    }

    /// 12x12 images of noise, brighter in the upper half, the left half, or a corner.
    pub(crate) fn images(count: usize) -> (Images, Labels) {
        let noise = Seed(5).permutation(count * 144);
        let pixels = Array4::from_shape_fn((count, 12, 12, 1), |(n, y, x, _)| {
            let bright = [y < 6, x < 6, y < 6 && x < 6][n % 3];
            (noise[(n * 12 + y) * 12 + x] % 150) as u8 + if bright { 50 } else { 0 }
        });
        let names = ["upper", "left", "corner"].map(str::to_owned);
        let labels = Labels::new((0..count).map(|n| n % 3).collect(), &names).unwrap();
        (Images::new(pixels).unwrap(), labels)
    }

    /// The stumps as a recipe of their own, which the contract is about.
    struct OwnOutput(BoostedHaar);

    impl Fit<Images> for OwnOutput {
        fn fit(
            &self,
            x: &Images,
            y: &Labels,
            _: Seed,
        ) -> Result<Box<dyn Predict<Images>>, FitError> {
            Ok(Box::new(self.0.train(x, y)?))
        }
    }

    #[test]
    fn keeps_the_contract() {
        let (x, y) = images(60);
        eval::contract::check(&OwnOutput(recipe()), &x, &y);
    }

    #[test]
    fn working_out_the_chosen_features_alone_changes_nothing() {
        let (x, y) = images(60);
        let recipe = recipe();
        let all = extract_all(&recipe.sample, &x).unwrap();
        let on_all = recipe.boosting.train(&all, &y).unwrap();
        let chosen = recipe.train(&x, &y).unwrap();
        assert!(chosen.stumps.features().len() < all.ncols() / 10);
        assert_eq!(chosen.embed(&x), all.select(ndarray::Axis(1), &on_all.features()));
        assert_eq!(chosen.scores(&x), on_all.scores(&all));
        let one = x.pick(&[7]);
        assert_eq!(chosen.embed(&one).row(0), chosen.embed(&x).row(7));
    }

    #[test]
    fn images_without_room_for_a_feature_are_refused() {
        let size = Size { height: 1, width: 1, channels: 1 };
        assert!(matches!(recipe().check(size), Err(ShapeError::TooSmall { .. })));
        assert!(recipe().check(Size { width: 2, ..size }).is_ok());
        let zero = BoostedHaarParams { count: 0, ..Default::default() };
        assert_eq!(BoostedHaar::new(&zero).err().unwrap().name, "count");
    }
}
