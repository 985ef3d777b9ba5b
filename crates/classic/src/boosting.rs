//! AdaBoost over decision stumps: many weak rules, each about one feature, that vote.
//!
//! Every training row has a weight, at first all the same. Each round takes the [`Stump`] that
//! splits the weighted rows best, gives it a vote by how seldom it errs, and makes the rows it got
//! wrong heavier. A stump looks at one column, so boosting also chooses columns: that is how Viola
//! and Jones took a few hundred of 160000 Haar-like features.
//!
//! Source: SAMME of J. Zhu, H. Zou, S. Rosset, T. Hastie, "Multi-class AdaBoost", Statistics and
//! Its Interface 2:349-360, 2009 (for two classes the AdaBoost.M1 of Y. Freund and R. Schapire,
//! 1997). Stumps, errors, votes and scores are those of scikit-learn 1.9
//! `AdaBoostClassifier(DecisionTreeClassifier(max_depth=1))`.
//!
//! Departures from scikit-learn:
//! - Of equally good stumps it takes a random one; here it is the one with the lowest column, and
//!   of those the one with the lowest threshold. Equal means equal to the last bit of the score
//!   that `best` in `boosting/search.rs` defines.
//! - A stump that beats guessing by no more than 1e-10, which rounding alone can be, ends the
//!   training; so do rows that no stump can split.
//! - Weights that overflow (a learning rate far above 1) are an error, not a warning.

mod model;
mod search;
mod select;

pub use model::{AdaBoostModel, Stump};
pub use select::SelectByBoosting;

use crate::check;
use base::{Convergence, Fit, FitError, Labels, Matrix, ParamError, Predict, Seed};
use search::Search;
use serde::{Deserialize, Serialize};

/// A stump must beat guessing by more than this.
const EDGE: f64 = 1e-10;

/// Settings of [`AdaBoost`] as written in a plan file; unset ones take the default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdaBoostParams {
    /// Stumps at most, at least 1; scikit-learn's `n_estimators`.
    pub rounds: usize,
    /// Factor on every vote, a positive number. Below 1, rows change weight more slowly, and more
    /// stumps find a use.
    pub learning_rate: f64,
}

impl Default for AdaBoostParams {
    fn default() -> Self {
        Self { rounds: 50, learning_rate: 1.0 }
    }
}

/// Boosted decision stumps. Checked when it is made.
///
/// The score of a class is the sum of the votes for it, minus 1 / (K - 1) of the votes for other
/// classes, over the sum of all votes; K is the number of classes among the training rows. So
/// scores lie between -1 / (K - 1), which classes without rows have, and 1.
///
/// Training ends before the last round, and the summary says `Converged`, if a stump makes no
/// error or none beats guessing. Beside the rows it holds 4 bytes per row and feature.
///
/// ```
/// use classic::{AdaBoost, AdaBoostParams};
/// // The second feature tells the classes apart.
/// let x = ndarray::array![[5.0, 1.0], [3.0, 2.0], [4.0, 3.5], [3.5, 8.0]];
/// let y = base::Labels::new(vec![0, 0, 1, 1], &["low".to_owned(), "high".to_owned()]).unwrap();
/// let model = AdaBoost::new(&AdaBoostParams::default()).unwrap().train(&x, &y).unwrap();
/// let stump = model.stumps()[0];
/// assert_eq!((stump.feature, stump.threshold, stump.error), (1, 2.75, 0.0));
/// assert_eq!((stump.below, stump.above), (0, 1));
/// ```
#[derive(Debug, Clone)]
pub struct AdaBoost {
    params: AdaBoostParams,
}

impl AdaBoost {
    /// # Errors
    /// If `rounds` is 0 or `learning_rate` is no positive number.
    pub fn new(params: &AdaBoostParams) -> Result<Self, ParamError> {
        check::at_least_one("rounds", params.rounds)?;
        check::positive("learning_rate", params.learning_rate)?;
        Ok(Self { params: params.clone() })
    }

    /// Trains on `x`, shape `(n, features)`, and `y`: what [`Fit::fit`] does, with the model's own
    /// type as result.
    ///
    /// # Errors
    /// If rows and labels differ in number, a class is alone, a value is not finite, no stump
    /// beats guessing, or the weights overflow.
    pub fn train(&self, x: &Matrix, y: &Labels) -> Result<AdaBoostModel, FitError> {
        check::training_rows(x, y)?;
        let classes = y.counts().into_iter().filter(|&count| count > 0).count();
        let guessing = 1.0 - 1.0 / classes as f64;
        let search = Search::new(x, y)?;
        let mut weights = Weights::equal(x.nrows());
        let mut stumps: Vec<Stump> = Vec::new();
        let mut converged = false;
        while stumps.len() < self.params.rounds && !converged {
            let split = search.best(&weights.whole());
            let error = split.map_or(guessing, |split| split.error);
            match split.filter(|_| error < guessing - EDGE) {
                Some(split) => {
                    let stump = Stump::new(split, self.vote(error, classes));
                    stumps.push(stump);
                    converged = error == 0.0;
                    let wrong = |row| stump.class(x[[row, stump.feature]]) != y.ids()[row];
                    if !weights.raise(stump.vote, wrong) {
                        let (step, loss) = (stumps.len() - 1, f32::INFINITY);
                        return Err(FitError::Diverged { step, loss });
                    }
                }
                None if stumps.is_empty() => {
                    return Err(FitError::NoBetterThanGuessing { what: "stump", error, guessing });
                }
                None => converged = true,
            }
        }
        let iterations = stumps.len() as u64;
        let convergence = if converged {
            Convergence::Converged { iterations }
        } else {
            Convergence::Completed { iterations }
        };
        Ok(AdaBoostModel {
            stumps,
            convergence,
            columns: x.ncols(),
            classes: y.class_count(),
            present: classes,
        })
    }

    /// The vote of a stump with this weighted error, below guessing.
    fn vote(&self, error: f64, classes: usize) -> f64 {
        if error == 0.0 {
            return 1.0;
        }
        self.params.learning_rate * (((1.0 - error) / error).ln() + (classes as f64 - 1.0).ln())
    }
}

impl Fit<Matrix> for AdaBoost {
    /// The seed is not used: nothing is random.
    fn fit(&self, x: &Matrix, y: &Labels, _: Seed) -> Result<Box<dyn Predict<Matrix>>, FitError> {
        Ok(Box::new(self.train(x, y)?))
    }
}

/// Weight of each training row. They sum to 1, but for rounding and for rows raised to the least
/// weight there is.
struct Weights(Vec<f64>);

impl Weights {
    /// The least weight, and the unit that [`Self::whole`] counts in.
    const UNIT: f64 = f64::EPSILON;

    fn equal(rows: usize) -> Self {
        Self(vec![1.0 / rows as f64; rows])
    }

    /// The weights as whole multiples of 2^-52. Sums of them below 2 are exact in any order, so
    /// equal splits have equal sums, whichever column makes them.
    fn whole(&self) -> Vec<f64> {
        self.0.iter().map(|weight| (weight / Self::UNIT).round().max(1.0) * Self::UNIT).collect()
    }

    /// Multiplies the weights of the rows that are `wrong` by e^`vote`, and brings the sum back to
    /// 1. Whether that worked: a large vote makes them overflow.
    fn raise(&mut self, vote: f64, wrong: impl Fn(usize) -> bool) -> bool {
        for (row, weight) in self.0.iter_mut().enumerate() {
            if wrong(row) {
                *weight = (weight.ln() + vote).exp();
            }
        }
        let sum: f64 = self.0.iter().sum();
        for weight in &mut self.0 {
            *weight = (*weight / sum).max(Self::UNIT);
        }
        sum.is_finite()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::{clouds, in_threads, labels};
    use base::Rows;

    fn boosting(rounds: usize) -> AdaBoost {
        AdaBoost::new(&AdaBoostParams { rounds, ..Default::default() }).unwrap()
    }

    #[test]
    fn keeps_the_contract() {
        for classes in [2, 3, 8] {
            let (x, y) = clouds(classes, 15);
            eval::contract::check(&boosting(40), &x, &y);
        }
    }

    #[test]
    fn threads_and_the_order_of_rows_change_no_stump() {
        let (x, y) = clouds(4, 40);
        let order = Seed(6).permutation(x.nrows());
        let train = |threads, x: &Matrix, y: &Labels| {
            in_threads(threads, || boosting(30).train(x, y).unwrap().stumps().to_vec())
        };
        let stumps = train(1, &x, &y);
        assert_eq!(train(2, &x, &y), stumps);
        // Sums over all rows, which weights are divided by, still depend on the order.
        for (a, b) in train(1, &x.pick(&order), &y.pick(&order)).iter().zip(&stumps) {
            assert_eq!((a.feature, a.threshold), (b.feature, b.threshold));
            assert!((a.error - b.error).abs() < 1e-12 && (a.vote - b.vote).abs() < 1e-11);
        }
    }

    /// Opposite corners of a square share a class: each side of it holds one of each.
    #[test]
    fn what_no_stump_can_learn_is_refused() {
        let square = ndarray::array![[0.0, 0.0], [1.0, 1.0], [0.0, 1.0], [1.0, 0.0]];
        let y = labels(vec![0, 0, 1, 1], 2);
        for x in [square, Matrix::from_elem((4, 2), 0.1), Matrix::zeros((4, 0))] {
            let error = boosting(9).train(&x, &y).unwrap_err();
            assert!(matches!(error, FitError::NoBetterThanGuessing { .. }), "{error}");
            assert!(error.to_string().contains("errs on 0.500"), "{error}");
        }
    }

    /// One feature of two values: once its stump has spoken, half of the weight is on its errors.
    #[test]
    fn training_ends_when_nothing_is_left_to_learn() {
        let x = ndarray::array![[0.0], [0.0], [0.0], [1.0], [1.0], [1.0]];
        let two_wrong = labels(vec![0, 0, 1, 0, 1, 1], 2);
        let none_wrong = labels(vec![0, 0, 0, 1, 1, 1], 2);
        for y in [two_wrong, none_wrong] {
            let model = boosting(9).train(&x, &y).unwrap();
            assert_eq!(model.summary().convergence, Convergence::Converged { iterations: 1 });
        }
        let (x, y) = clouds(3, 10);
        let model = boosting(9).train(&x, &y).unwrap();
        assert_eq!(model.summary().convergence, Convergence::Completed { iterations: 9 });
    }

    #[test]
    fn a_class_without_rows_has_the_lowest_score() {
        let x = ndarray::array![[0.0], [0.1], [0.5], [0.6], [0.9]];
        let model = boosting(5).train(&x, &labels(vec![0, 0, 1, 1, 3], 4)).unwrap();
        let scores = model.scores(&x);
        assert!(scores.view().column(2).iter().all(|&score| score == -0.5));
        assert!(scores.view().rows().into_iter().all(|row| row.iter().all(|&s| s >= -0.5)));
    }

    #[test]
    fn settings_out_of_range_and_votes_that_overflow_are_errors() {
        let new = |rounds, learning_rate| AdaBoost::new(&AdaBoostParams { rounds, learning_rate });
        assert_eq!(new(0, 1.0).unwrap_err().name, "rounds");
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(new(1, rate).unwrap_err().name, "learning_rate");
        }
        let (x, y) = clouds(3, 10);
        let error = new(9, f64::MAX).unwrap().train(&x, &y).unwrap_err();
        assert!(matches!(error, FitError::Diverged { step: 0, .. }), "{error}");
        let model = new(9, 5e-324).unwrap().train(&x, &y).unwrap();
        assert!(model.scores(&x).view().iter().all(|score| score.is_finite()));
    }

    #[test]
    fn a_model_of_its_own_features_says_the_same() {
        let (x, y) = clouds(4, 20);
        let model = boosting(3).train(&x, &y).unwrap();
        let kept = model.features();
        assert!(kept.len() < x.ncols());
        let narrow = x.select(ndarray::Axis(1), &kept);
        assert_eq!(model.on_features().scores(&narrow), model.scores(&x));
    }
}
