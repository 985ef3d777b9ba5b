//! What recipes are trained on: fixed features, learned features, or the images themselves.

use crate::pipelines::OnFixed;
use crate::together::on_features_together;
use base::{
    Convergence, Embedding, Epoch, Fit, FitEmbedding, FitError, FitMany, FitSummary, Images,
    Labels, Matrix, Predict, Rows, Scores, Seed,
};
use eval::grid::Point;
use eval::record::SplitRecord;
use eval::trial::train_and_score;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::slice;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// A trained and scored recipe, on its way into the record.
pub(crate) struct Finished<'a> {
    pub(crate) scores: Scores,
    /// [`base::Predict::disputed`] of the test rows.
    pub(crate) disputed: Option<usize>,
    pub(crate) convergence: Convergence,
    /// Not known of what was trained together with others.
    pub(crate) model_bytes: Option<u64>,
    pub(crate) curve: Vec<Epoch>,
    pub(crate) learn_seconds: f64,
    pub(crate) extract_seconds: f64,
    pub(crate) fit_seconds: f64,
    pub(crate) score_seconds: f64,
    /// Scores one row of the data set, from its pixels; needed of what is timed.
    pub(crate) score_one: Option<ScoreOne<'a>>,
    /// Scores any images of the same size; needed of what is refitted.
    pub(crate) score_images: Option<ScoreImages<'a>>,
}

pub(crate) type ScoreOne<'a> = Box<dyn Fn(usize) -> Scores + 'a>;
pub(crate) type ScoreImages<'a> = Box<dyn Fn(&Images) -> Scores + Sync + 'a>;

/// Rows of a data set in the form that recipes of type `R` take.
pub(crate) trait Source<R: ?Sized>: Sync {
    /// Works out what training on these splits needs, before recipes are trained side by side.
    fn prepare(&mut self, splits: &[&SplitRecord]) -> Result<(), FitError>;

    /// Trains on the training rows of a prepared split and scores its test rows.
    fn train(
        &self,
        recipe: &(Point, Box<R>),
        split: &SplitRecord,
        seed: Seed,
    ) -> Result<Finished<'_>, FitError>;

    /// Trains all `recipes` on each of the prepared splits, which divide the same rows, and scores
    /// the test rows: by split, then recipe.
    fn train_together(
        &self,
        recipes: &dyn FitMany<Matrix>,
        splits: &[(&SplitRecord, Seed)],
    ) -> Result<Vec<Vec<Finished<'_>>>, FitError>;
}

/// The features of a fixed extractor.
pub(crate) struct FixedFeatures<'a> {
    images: &'a Images,
    labels: &'a Labels,
    part: &'a OnFixed,
    /// Features of all rows, and the seconds they took.
    extracted: Option<(Matrix, f64)>,
}

impl<'a> FixedFeatures<'a> {
    pub(crate) fn new(images: &'a Images, labels: &'a Labels, part: &'a OnFixed) -> Self {
        Self { images, labels, part, extracted: None }
    }
}

impl Source<dyn Fit<Matrix>> for FixedFeatures<'_> {
    fn prepare(&mut self, _: &[&SplitRecord]) -> Result<(), FitError> {
        if self.extracted.is_none() {
            let start = Instant::now();
            let matrix = features::extract_all(self.part.extractor.as_ref(), self.images)?;
            self.extracted = Some((matrix, start.elapsed().as_secs_f64()));
        }
        Ok(())
    }

    fn train(
        &self,
        (_, recipe): &(Point, Box<dyn Fit<Matrix>>),
        split: &SplitRecord,
        seed: Seed,
    ) -> Result<Finished<'_>, FitError> {
        let (matrix, seconds) = self.extracted.as_ref().expect("prepared");
        let extractor = self.part.extractor.as_ref();
        let one = move |row| {
            let mut features = Matrix::zeros((1, matrix.ncols()));
            let out = features.as_slice_mut().expect("a new matrix is contiguous");
            extractor.extract(self.images.image(row), out);
            features
        };
        let many = move |images: &Images| {
            features::extract_all(extractor, images).expect("the size suited the images of the set")
        };
        let finished = on_features(recipe.as_ref(), matrix, self.labels, split, seed, (one, many))?;
        Ok(Finished { extract_seconds: self.share(*seconds, split), ..finished })
    }

    fn train_together(
        &self,
        recipes: &dyn FitMany<Matrix>,
        splits: &[(&SplitRecord, Seed)],
    ) -> Result<Vec<Vec<Finished<'_>>>, FitError> {
        let (matrix, seconds) = self.extracted.as_ref().expect("prepared");
        let mut results = on_features_together(recipes, matrix, self.labels, splits)?;
        for ((split, _), results) in splits.iter().zip(&mut results) {
            let extract_seconds = self.share(*seconds, split);
            results.iter_mut().for_each(|result| result.extract_seconds = extract_seconds);
        }
        Ok(results)
    }
}

impl FixedFeatures<'_> {
    /// Of the time for all images, that for the training rows of a split.
    fn share(&self, seconds: f64, split: &SplitRecord) -> f64 {
        seconds * split.train.len() as f64 / self.images.len() as f64
    }
}

/// A classifier on features of all rows; `one` works out those of a single row, `many` those of
/// other images.
fn on_features<'a>(
    recipe: &dyn Fit<Matrix>,
    features: &Matrix,
    labels: &Labels,
    split: &SplitRecord,
    seed: Seed,
    (one, many): (impl Fn(usize) -> Matrix + 'a, impl Fn(&Images) -> Matrix + Sync + 'a),
) -> Result<Finished<'a>, FitError> {
    let parts = (&split.train[..], &split.test[..]);
    let trained = train_and_score(recipe, features, labels, parts, seed)?;
    let model: Arc<dyn Predict<Matrix>> = Arc::from(trained.model);
    let same = Arc::clone(&model);
    let FitSummary { convergence, model_bytes, curve } = model.summary();
    Ok(Finished {
        scores: trained.scores,
        disputed: trained.disputed,
        convergence,
        model_bytes: Some(model_bytes),
        curve,
        learn_seconds: 0.0,
        extract_seconds: 0.0,
        fit_seconds: trained.fit_seconds,
        score_seconds: trained.score_seconds,
        score_one: Some(Box::new(move |row| model.scores(&one(row)))),
        score_images: Some(Box::new(move |images| same.scores(&many(images)))),
    })
}

/// A trained model and the seconds its training took.
#[derive(Clone)]
struct Trained {
    model: Arc<dyn Embedding>,
    fit_seconds: f64,
}

/// The images, for models with their own output. Keeps what it trains, so that classifiers on the
/// learned features need not train it again.
pub(crate) struct Models<'a> {
    images: &'a Images,
    labels: &'a Labels,
    /// By name of the split, point of the grid and seed.
    trained: Mutex<BTreeMap<(String, String, u64), Trained>>,
}

impl<'a> Models<'a> {
    pub(crate) fn new(images: &'a Images, labels: &'a Labels) -> Self {
        Self { images, labels, trained: Mutex::default() }
    }

    /// The model trained on a split, from the store or anew.
    fn trained(
        &self,
        (point, recipe): &(Point, Box<dyn FitEmbedding>),
        split: &SplitRecord,
        seed: Seed,
    ) -> Result<Trained, FitError> {
        let key = (split.name.clone(), format!("{point:?}"), seed.0);
        let store = || self.trained.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(trained) = store().get(&key) {
            return Ok(trained.clone());
        }
        let (x, y) = (self.images.pick(&split.train), self.labels.pick(&split.train));
        let start = Instant::now();
        let model = Arc::from(recipe.fit_embedding(&x, &y, seed)?);
        let trained = Trained { model, fit_seconds: start.elapsed().as_secs_f64() };
        store().insert(key, trained.clone());
        Ok(trained)
    }
}

impl Source<dyn FitEmbedding> for Models<'_> {
    fn prepare(&mut self, _: &[&SplitRecord]) -> Result<(), FitError> {
        Ok(())
    }

    fn train(
        &self,
        recipe: &(Point, Box<dyn FitEmbedding>),
        split: &SplitRecord,
        seed: Seed,
    ) -> Result<Finished<'_>, FitError> {
        let Trained { model, fit_seconds } = self.trained(recipe, split, seed)?;
        let test = self.images.pick(&split.test);
        let start = Instant::now();
        let scores = model.scores(&test);
        let score_seconds = start.elapsed().as_secs_f64();
        let FitSummary { convergence, model_bytes, curve } = model.summary();
        let same = Arc::clone(&model);
        Ok(Finished {
            scores,
            disputed: model.disputed(&test),
            convergence,
            model_bytes: Some(model_bytes),
            curve,
            learn_seconds: 0.0,
            extract_seconds: 0.0,
            fit_seconds,
            score_seconds,
            score_one: Some(Box::new(move |row| model.scores(&self.images.pick(&[row])))),
            score_images: Some(Box::new(move |images| same.scores(images))),
        })
    }

    fn train_together(
        &self,
        _: &dyn FitMany<Matrix>,
        _: &[(&SplitRecord, Seed)],
    ) -> Result<Vec<Vec<Finished<'_>>>, FitError> {
        unreachable!("models of images are trained one by one: their pipelines have no `many`")
    }
}

/// The features that a model has learned, for each split from its training rows only.
pub(crate) struct LearnedFeatures<'a> {
    models: &'a Models<'a>,
    /// The chosen point of the model's grid, with its recipe.
    recipe: &'a (Point, Box<dyn FitEmbedding>),
    /// The seed of a split.
    seed: &'a (dyn Fn(&SplitRecord) -> Seed + Sync),
    /// By name of the split.
    embedded: BTreeMap<String, Result<Embedded, Arc<FitError>>>,
}

/// All rows as the model of one split sees them.
struct Embedded {
    trained: Trained,
    features: Matrix,
    embed_seconds: f64,
}

impl<'a> LearnedFeatures<'a> {
    pub(crate) fn new(
        models: &'a Models<'a>,
        recipe: &'a (Point, Box<dyn FitEmbedding>),
        seed: &'a (dyn Fn(&SplitRecord) -> Seed + Sync),
    ) -> Self {
        Self { models, recipe, seed, embedded: BTreeMap::new() }
    }

    fn embed(&self, split: &SplitRecord) -> Result<Embedded, Arc<FitError>> {
        let trained = self.models.trained(self.recipe, split, (self.seed)(split))?;
        let start = Instant::now();
        let features = trained.model.embed(self.models.images);
        Ok(Embedded { trained, features, embed_seconds: start.elapsed().as_secs_f64() })
    }
}

impl Source<dyn Fit<Matrix>> for LearnedFeatures<'_> {
    /// A model that cannot be trained is no error here: its classifiers' trials will say so.
    fn prepare(&mut self, splits: &[&SplitRecord]) -> Result<(), FitError> {
        let missing = splits.iter().filter(|split| !self.embedded.contains_key(&split.name));
        let missing: Vec<_> = missing.collect();
        let embedded: Vec<_> =
            missing.par_iter().map(|split| (split.name.clone(), self.embed(split))).collect();
        self.embedded.extend(embedded);
        Ok(())
    }

    fn train(
        &self,
        (_, recipe): &(Point, Box<dyn Fit<Matrix>>),
        split: &SplitRecord,
        seed: Seed,
    ) -> Result<Finished<'_>, FitError> {
        let embedded = self.embedded(split)?;
        let (images, labels) = (self.models.images, self.models.labels);
        let model = &embedded.trained.model;
        let one = move |row| model.embed(&images.pick(&[row]));
        let many = move |images: &Images| model.embed(images);
        let ways = (one, many);
        let finished = on_features(recipe.as_ref(), &embedded.features, labels, split, seed, ways)?;
        Ok(self.with_model(embedded, split, finished))
    }

    fn train_together(
        &self,
        recipes: &dyn FitMany<Matrix>,
        splits: &[(&SplitRecord, Seed)],
    ) -> Result<Vec<Vec<Finished<'_>>>, FitError> {
        let mut results = Vec::new();
        // Each split has features of its own, so nothing is shared between them.
        for one in splits {
            let embedded = self.embedded(one.0)?;
            let finished = on_features_together(
                recipes,
                &embedded.features,
                self.models.labels,
                slice::from_ref(one),
            )?;
            let finished = finished.into_iter().flatten();
            results.push(finished.map(|one_of| self.with_model(embedded, one.0, one_of)).collect());
        }
        Ok(results)
    }
}

impl LearnedFeatures<'_> {
    fn embedded(&self, split: &SplitRecord) -> Result<&Embedded, FitError> {
        self.embedded[&split.name].as_ref().map_err(|error| {
            let source = Box::new(Arc::clone(error));
            FitError::Library { what: "no features were learned", source }
        })
    }

    /// What a classifier came to, with the model before it.
    fn with_model<'a>(
        &self,
        embedded: &Embedded,
        split: &SplitRecord,
        finished: Finished<'a>,
    ) -> Finished<'a> {
        let share = split.train.len() as f64 / self.models.images.len() as f64;
        let model = &embedded.trained.model;
        Finished {
            learn_seconds: embedded.trained.fit_seconds,
            extract_seconds: embedded.embed_seconds * share,
            model_bytes: finished.model_bytes.map(|bytes| bytes + model.embedding_bytes()),
            ..finished
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boosted_haar::tests::images;
    use crate::catalogue;
    use std::collections::BTreeMap;

    /// Scores of the stumps, of a machine on the features they chose, and the settings of both.
    fn scores(images: &Images, labels: &Labels, split: &SplitRecord) -> [Scores; 2] {
        let settings = [("count", 200), ("rounds", 15)];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.into())).into();
        let model = (Point::new(), catalogue::model("boosted-haar", &settings).unwrap());
        let svm = catalogue::classifier("svm", true, &[], &BTreeMap::new()).unwrap();
        let seed = |_: &SplitRecord| Seed(3);
        let models = Models::new(images, labels);
        let own = models.train(&model, split, Seed(3)).unwrap().scores;
        let mut learned = LearnedFeatures::new(&models, &model, &seed);
        learned.prepare(&[split]).unwrap();
        let machine = learned.train(&(Point::new(), svm), split, Seed(3)).unwrap().scores;
        [own, machine]
    }

    /// If a test row had any part in choosing features, other labels on the test rows would choose
    /// others.
    #[test]
    fn labels_of_test_rows_change_nothing() {
        let (images, labels) = images(60);
        let (train, test) = (0..60).partition(|row| row % 4 != 0);
        let split = SplitRecord::new("split".to_owned(), train, test);
        let relabel = |rows: &[usize]| {
            let mut ids = labels.ids().to_vec();
            rows.iter().for_each(|&row| ids[row] = (ids[row] + 1) % 3);
            Labels::new(ids, labels.classes()).unwrap()
        };
        let before = scores(&images, &labels, &split);
        assert_eq!(scores(&images, &relabel(&split.test), &split), before);
        let some = scores(&images, &relabel(&split.train[..9]), &split);
        assert!(some[0] != before[0] && some[1] != before[1], "training labels do change it");
    }
}
