//! A support vector machine with LIBSVM's probabilities: a sigmoid for each pair of classes, and
//! the pairs coupled.
//!
//! Source: C.-C. Chang, C.-J. Lin, "LIBSVM: a library for support vector machines", ACM TIST
//! 2(3):27, 2011, section 8. Departures: folds are dealt once for all pairs, by class, and each
//! fold's machine is trained on all classes; LIBSVM deals the rows of each pair anew, at random.

use super::folds::{deal, held_out};
use super::model::Machine;
use super::{CalibratedModel, Decide, Platt, check_folds, couple, present};
use crate::transform::{Chain, FeatureMap, Transform};
use crate::{MultiClass, Svm, SvmModel, check};
use base::{Fit, FitError, FitSummary, Labels, Matrix, ParamError, Predict, Seed};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// Settings of [`CoupledSvm`] as written in a plan file; unset ones take the default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CoupledSvmParams {
    /// Folds of the training rows, at least 2.
    pub folds: usize,
    /// Who decides where both differ: `probability` (the default) or `machine`.
    pub decide: Decide,
}

impl Default for CoupledSvmParams {
    fn default() -> Self {
        Self { folds: 5, decide: Decide::default() }
    }
}

/// A support vector machine with probabilities by pairwise coupling. Checked when it is made.
///
/// ```
/// use base::{Labels, Seed};
/// use classic::{Chain, CoupledSvm, CoupledSvmParams, Svm, SvmParams};
/// let x = ndarray::Array2::from_shape_fn((30, 1), |(row, _)| row as f32);
/// let names = ["low", "middle", "high"].map(str::to_owned);
/// let y = Labels::new((0..30).map(|row| row / 10).collect(), &names).unwrap();
/// let svm = Svm::new(&SvmParams::default()).unwrap();
/// let recipe = CoupledSvm::new(&CoupledSvmParams::default(), Chain::default(), svm).unwrap();
/// let model = recipe.train(&x, &y, Seed(1)).unwrap();
/// let probabilities = model.probabilities(&ndarray::array![[15.0]]);
/// assert!(probabilities.view()[[0, 1]] > 0.8);
/// ```
pub struct CoupledSvm {
    params: CoupledSvmParams,
    before: Chain,
    svm: Svm,
}

impl CoupledSvm {
    /// `svm` behind the transforms `before`, which are learned anew in each fold.
    ///
    /// # Errors
    /// If there are fewer than two folds, or the machine divides each class from all others.
    pub fn new(params: &CoupledSvmParams, before: Chain, svm: Svm) -> Result<Self, ParamError> {
        check_folds(params.folds)?;
        if svm.params.multi_class != MultiClass::OneVsOne {
            return Err(ParamError::new("multi_class", "one_vs_rest", "one_vs_one"));
        }
        Ok(Self { params: params.clone(), before, svm })
    }

    /// Like [`Fit::fit`], for those who want to know where the machine and its probabilities
    /// differ.
    ///
    /// # Errors
    /// If a class has a single row, or the machine or a transform refuses the rows.
    pub fn train(&self, x: &Matrix, y: &Labels, seed: Seed) -> Result<CalibratedModel, FitError> {
        check::training_rows(x, y)?;
        let folds = deal(y, self.params.folds, seed.child("deal", 0))?;
        let classes = present(y).len();
        let width = classes * (classes - 1) / 2;
        let held_out = held_out(x, y, &folds, width, |fold, x, y, rows| {
            let (map, svm) = self.machine(x, y, seed.child("fold", fold))?;
            Ok((svm.decisions(&map.apply(rows)), svm.summary().convergence))
        })?;
        let (map, svm) = self.machine(x, y, seed)?;
        let sigmoid = |(column, pair): (usize, &crate::Pair)| {
            let rows = y.ids().iter().enumerate();
            let of_pair = rows.filter(|&(_, &id)| id == pair.first || Some(id) == pair.second);
            let (scores, positive): (Vec<f64>, Vec<bool>) = of_pair
                .map(|(row, &id)| (held_out.values[[row, column]], id == pair.first))
                .unzip();
            Platt::fit(&scores, &positive)
        };
        let sigmoids = svm.pairs().iter().enumerate().map(sigmoid).collect();
        let machine = Coupled { map, svm, sigmoids, classes: present(y) };
        Ok(CalibratedModel::new(Box::new(machine), self.params.decide, &held_out.convergence))
    }

    fn machine(
        &self,
        x: &Matrix,
        y: &Labels,
        seed: Seed,
    ) -> Result<(Box<dyn FeatureMap>, SvmModel), FitError> {
        let map = self.before.learn(x, y, seed.child("transform", 0))?;
        let svm = self.svm.train(&map.apply(x), y)?;
        Ok((map, svm))
    }
}

impl Fit<Matrix> for CoupledSvm {
    /// The seed deals the folds.
    fn fit(
        &self,
        x: &Matrix,
        y: &Labels,
        seed: Seed,
    ) -> Result<Box<dyn Predict<Matrix>>, FitError> {
        Ok(Box::new(self.train(x, y, seed)?))
    }
}

struct Coupled {
    map: Box<dyn FeatureMap>,
    svm: SvmModel,
    /// For the first class of each pair.
    sigmoids: Vec<Platt>,
    /// Ids of the classes that had training rows.
    classes: Vec<usize>,
}

impl Machine for Coupled {
    fn both(&self, x: &Matrix) -> (Vec<usize>, Array2<f64>) {
        let mapped = self.map.apply(x);
        let scores = self.svm.scores(&mapped);
        let mut probabilities = Array2::zeros(scores.view().raw_dim());
        let mut known = vec![0.0; self.classes.len()];
        for (decisions, mut out) in
            self.svm.decisions(&mapped).rows().into_iter().zip(probabilities.rows_mut())
        {
            let of_pair = decisions.iter().zip(&self.sigmoids);
            let pairs: Vec<f64> =
                of_pair.map(|(&decision, sigmoid)| sigmoid.probability(decision)).collect();
            couple(&pairs, &mut known);
            for (&class, &probability) in self.classes.iter().zip(&known) {
                out[class] = probability;
            }
        }
        (scores.predicted(), probabilities)
    }

    fn summary(&self) -> FitSummary {
        let svm = self.svm.summary();
        let own = self.map.bytes() + size_of_val(self.sigmoids.as_slice()) as u64;
        FitSummary { model_bytes: svm.model_bytes + own, ..svm }
    }

    fn calibrated(&self) -> bool {
        self.sigmoids.iter().all(|sigmoid| sigmoid.converged)
    }
}
