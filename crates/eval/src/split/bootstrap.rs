//! Bootstrap samples, tested on what they left out, and the .632 estimate.
//!
//! Source: B. Efron, "Estimating the error rate of a prediction rule: improvement on
//! cross-validation", Journal of the American Statistical Association 78(382):316-331, 1983.
//! Departures: a sample without one of the classes, or with nothing left out, is drawn again.

use super::balance::{Group, groups_of};
use super::{Split, SplitError, check_rows, sorted};
use crate::statistics::error_632::weighted;
use base::{Labels, ParamError, Seed};
use rand::RngExt as _;

/// Draws after which a sample is given up.
const MAX_DRAWS: u64 = 100;

/// `samples` bootstrap samples: as many rows as there are, drawn with replacement to train on
/// (a row may be there several times), and the rows never drawn to test on.
///
/// Where the labels have groups, whole groups are drawn, as many as there are.
///
/// ```
/// let names = ["cat".to_owned(), "dog".to_owned()];
/// let labels = base::Labels::new([0, 1].repeat(50), &names).unwrap();
/// let samples = eval::split::bootstrap(&labels, 20, base::Seed(1)).unwrap();
/// assert!(samples.iter().all(|split| split.train.len() == 100));
/// let tested: usize = samples.iter().map(|split| split.test.len()).sum();
/// assert!((0.33..0.40).contains(&(tested as f64 / 2000.0))); // 1/e = 0.368
/// ```
///
/// # Errors
/// If there is no sample or no row, or 100 draws in a row miss a class or leave nothing out.
pub fn bootstrap(labels: &Labels, samples: usize, seed: Seed) -> Result<Vec<Split>, SplitError> {
    if samples == 0 {
        return Err(ParamError::new("samples", samples, "at least 1").into());
    }
    check_rows(labels)?;
    let groups = groups_of(labels);
    let sample = |sample: usize| {
        let seed = seed.child("sample", sample as u64);
        let mut draws = (0..MAX_DRAWS).map(|draw| drawn(&groups, seed.child("draw", draw)));
        let rows = labels.len();
        let refused = || SplitError::NoResample { rows, draws: MAX_DRAWS as usize };
        draws.find(|split| is_usable(labels, split)).ok_or_else(refused)
    };
    (0..samples).map(sample).collect()
}

/// The .632 estimate from the samples of [`bootstrap`]: 0.368 times the error on the training rows
/// themselves plus 0.632 times the mean of those out of the bag.
///
/// `apparent` is the error of the model fitted to all rows, on these rows; `out_of_bag` has the
/// error of each sample on the rows it left out. Without any there is no estimate.
///
/// This is for any measure: accuracies, losses above 1. Of error rates whose mean is at hand,
/// [`point_632`] is the same, and refuses what is no share. A model that learns its rows by heart
/// makes both too good, but not [`point_632_plus`].
///
/// ```
/// # use eval::{split::estimate_632, statistics::error_632::point_632};
/// let error = estimate_632(0.0, &[0.2, 0.3]).unwrap();
/// assert!((error - 0.632 * 0.25).abs() < 1e-15);
/// assert_eq!(error, point_632(0.0, 0.25).unwrap());
/// assert_eq!(estimate_632(0.0, &[]), None);
/// ```
///
/// [`point_632`]: crate::statistics::error_632::point_632
/// [`point_632_plus`]: crate::statistics::error_632::point_632_plus
pub fn estimate_632(apparent: f64, out_of_bag: &[f64]) -> Option<f64> {
    if out_of_bag.is_empty() {
        return None;
    }
    let mean = out_of_bag.iter().sum::<f64>() / out_of_bag.len() as f64;
    Some(weighted(apparent, mean))
}

fn drawn(groups: &[Group], seed: Seed) -> Split {
    let mut rng = seed.rng();
    let mut times = vec![0_usize; groups.len()];
    groups.iter().for_each(|_| times[rng.random_range(0..groups.len())] += 1);
    let mut split = Split { train: Vec::new(), test: Vec::new() };
    for (group, times) in groups.iter().zip(times) {
        match times {
            0 => split.test.extend(&group.rows),
            _ => split.train.extend(group.rows.repeat(times)),
        }
    }
    Split { train: sorted(split.train), test: sorted(split.test) }
}

/// Whether all classes that occur are trained on, and anything is tested.
fn is_usable(labels: &Labels, split: &Split) -> bool {
    let mut trained = vec![false; labels.class_count()];
    split.train.iter().for_each(|&row| trained[labels.ids()[row]] = true);
    let all_trained = labels.ids().iter().all(|&id| trained[id]);
    all_trained && !split.test.is_empty()
}
