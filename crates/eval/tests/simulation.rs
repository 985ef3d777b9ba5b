//! How often tests find a difference between two learners that have none, at a level of 5 %.
//!
//! Each repetition draws a new data set: two classes, and features of two kinds, independent and
//! with the same distribution. Either learner takes the nearest of the class means in its own kind
//! of features, so both are equally good by symmetry, and what they learn differs by chance alone.
//! `docs/method.md` quotes these rates (`--nocapture` prints them).

#![allow(clippy::print_stdout)] // measured rates, for the docs

use base::Seed;
use eval::paired::Paired;
use eval::statistics::five_by_two::FiveByTwo;
use eval::statistics::resampled::Resampled;
use rand_distr::{Distribution, StandardNormal};

/// Rows of a data set.
const ROWS: usize = 300;
/// Features of each kind.
const FEATURES: usize = 6;
/// Data sets drawn.
const REPETITIONS: u64 = 1000;
/// Distance of the class means in each feature, in standard deviations.
const DISTANCE: f64 = 0.5;

type Row = [f64; FEATURES];

/// Two classes; `kinds[k][row]` holds the features of the learner `k`.
struct Data {
    kinds: [Vec<Row>; 2],
    labels: Vec<usize>,
}

impl Data {
    fn draw(seed: Seed) -> Self {
        let mut rng = seed.rng();
        let labels: Vec<usize> = (0..ROWS).map(|row| row % 2).collect();
        let mut value = |class: usize| {
            let noise: f64 = StandardNormal.sample(&mut rng);
            noise + DISTANCE * class as f64
        };
        let mut features =
            || labels.iter().map(|&class| [(); FEATURES].map(|()| value(class))).collect();
        Self { kinds: [features(), features()], labels }
    }

    /// Whether the learner of a kind is right on each test row, after training on the others given.
    fn right(&self, kind: usize, train: &[usize], test: &[usize]) -> Vec<bool> {
        let mut means = [[0.0; FEATURES]; 2];
        let mut counts = [0.0; 2];
        for &row in train {
            counts[self.labels[row]] += 1.0;
            for (sum, value) in means[self.labels[row]].iter_mut().zip(&self.kinds[kind][row]) {
                *sum += value;
            }
        }
        for (mean, count) in means.iter_mut().zip(counts) {
            mean.iter_mut().for_each(|sum| *sum /= count);
        }
        let distance =
            |a: &Row, b: &Row| a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
        let of = |&row: &usize| {
            let features = &self.kinds[kind][row];
            let second = distance(features, &means[1]) < distance(features, &means[0]);
            usize::from(second) == self.labels[row]
        };
        test.iter().map(of).collect()
    }

    /// Accuracy of the first learner minus that of the second.
    fn difference(&self, train: &[usize], test: &[usize]) -> f64 {
        let [a, b] = [0, 1].map(|kind| self.right(kind, train, test));
        let right = |answers: &[bool]| answers.iter().filter(|&&right| right).count() as f64;
        (right(&a) - right(&b)) / test.len() as f64
    }
}

/// One difference per fold.
fn cross_validated(data: &Data, folds: usize, seed: Seed) -> Vec<f64> {
    let order = seed.permutation(ROWS);
    let fold = |number: usize| {
        let (test, train): (Vec<_>, Vec<_>) =
            order.iter().enumerate().partition(|(place, _)| place % folds == number);
        let rows = |part: Vec<(usize, &usize)>| part.into_iter().map(|(_, &row)| row).collect();
        let (train, test): (Vec<usize>, Vec<usize>) = (rows(train), rows(test));
        data.difference(&train, &test)
    };
    (0..folds).map(fold).collect()
}

/// Share of repetitions for which each `p` is below 5 %.
fn false_positives<const N: usize>(name: &str, p: impl Fn(&Data, Seed) -> [f64; N]) -> [f64; N] {
    let mut found = [0.0; N];
    for repetition in 0..REPETITIONS {
        let data = Data::draw(Seed(1).child("data", repetition));
        for (found, p) in found.iter_mut().zip(p(&data, Seed(2).child(name, repetition))) {
            *found += f64::from(p < 0.05);
        }
    }
    found.map(|found| found / REPETITIONS as f64)
}

#[test]
fn ten_times_ten_folds_need_the_corrected_test() {
    let [corrected, naive] = false_positives("10x10", |data, seed| {
        let runs = (0..10).flat_map(|run| cross_validated(data, 10, seed.child("run", run)));
        let resampled = Resampled::cross_validation(&runs.collect::<Vec<_>>(), 10).unwrap();
        [resampled.corrected().unwrap().p, resampled.naive().unwrap().p]
    });
    println!("10x10: corrected {corrected}, naive {naive}");
    assert!((0.02..=0.07).contains(&corrected), "corrected: {corrected}");
    assert!(naive >= 0.3, "naive: {naive}");
}

#[test]
fn five_times_two_folds_hold_the_level() {
    let [f, t] = false_positives("5x2", |data, seed| {
        let run = |run: usize| cross_validated(data, 2, seed.child("run", run as u64));
        let halves = std::array::from_fn(run).map(|run: Vec<f64>| [run[0], run[1]]);
        let test = FiveByTwo::new(halves).unwrap();
        [test.f().map_or(1.0, |f| f.p), test.t().map_or(1.0, |t| t.p)]
    });
    println!("5x2: F {f}, t {t}");
    assert!((0.02..=0.07).contains(&f), "F: {f}");
    assert!((0.02..=0.07).contains(&t), "t: {t}");
}

#[test]
fn mcnemar_holds_the_level_on_a_hold_out() {
    let mid_p = |data: &Data, seed: Seed| {
        let order = seed.permutation(ROWS);
        let (train, test) = order.split_at(ROWS / 2);
        let [a, b] = [0, 1].map(|kind| data.right(kind, train, test));
        // A classifier that is right says 1.
        let said = |right: &[bool]| right.iter().map(|&r| usize::from(r)).collect::<Vec<_>>();
        [Paired::new(&vec![1; test.len()], &said(&a), &said(&b)).mcnemar_mid_p()]
    };
    let [rate] = false_positives("hold-out", mid_p);
    println!("McNemar mid-p: {rate}");
    assert!((0.03..=0.09).contains(&rate), "{rate}");
}

/// Ten trainings from different seeds, on one test set: here the luck of the seed is the draw of
/// the training rows, half of those there are. However equal the learners, the test set favours one
/// of them, and more seeds only make that surer.
#[test]
fn a_t_test_over_seeds_is_no_evidence() {
    let over_seeds = |data: &Data, seed: Seed| {
        let order = seed.permutation(ROWS);
        let (pool, test) = order.split_at(ROWS / 2);
        let difference = |number: u64| {
            let draw = seed.child("training", number).permutation(pool.len());
            let train: Vec<usize> = draw[..pool.len() / 2].iter().map(|&row| pool[row]).collect();
            data.difference(&train, test)
        };
        let differences: Vec<f64> = (0..10).map(difference).collect();
        // With the folds taken for independent, this is the usual t test of the ten.
        let resampled = Resampled::new(&differences, pool.len(), test.len()).unwrap();
        [resampled.naive().map_or(1.0, |test| test.p)]
    };
    let [rate] = false_positives("seeds", over_seeds);
    println!("t over 10 seeds: {rate}");
    assert!(rate >= 0.3, "{rate}");
}
