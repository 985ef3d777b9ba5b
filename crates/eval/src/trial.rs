//! One fit and its scores, and the stopwatch.

use crate::record::Latency;
use base::{Fit, FitError, Labels, Predict, Rows, Scores, Seed};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// A trained model, its scores on the rows held out, and what both took.
pub struct Trained<X> {
    /// The model.
    pub model: Box<dyn Predict<X>>,
    /// Scores on the test rows, in their order.
    pub scores: Scores,
    /// [`Predict::disputed`] of the test rows.
    pub disputed: Option<usize>,
    /// Seconds to train.
    pub fit_seconds: f64,
    /// Seconds to score all test rows in one batch.
    pub score_seconds: f64,
}

/// Trains on the rows `train` and scores the rows `test`; the recipe never sees any other.
///
/// # Errors
/// If the recipe cannot be trained on these rows.
pub fn train_and_score<X: Rows>(
    recipe: &dyn Fit<X>,
    x: &X,
    labels: &Labels,
    (train, test): (&[usize], &[usize]),
    seed: Seed,
) -> Result<Trained<X>, FitError> {
    let (train_x, train_labels) = (x.pick(train), labels.pick(train));
    let start = Instant::now();
    let model = recipe.fit(&train_x, &train_labels, seed)?;
    let fit_seconds = start.elapsed().as_secs_f64();

    let test_x = x.pick(test);
    let start = Instant::now();
    let scores = model.scores(&test_x);
    let score_seconds = start.elapsed().as_secs_f64();
    let disputed = model.disputed(&test_x);
    Ok(Trained { model, scores, disputed, fit_seconds, score_seconds })
}

/// Times `classify(image)` for one image after another: a warm-up of a tenth of the `budget`,
/// then until the budget is spent, but at least 10 and at most `images` times.
pub fn latency(images: usize, budget: Duration, mut classify: impl FnMut(usize)) -> Latency {
    let start = Instant::now();
    while start.elapsed() < budget / 10 {
        classify(0);
    }
    let start = Instant::now();
    let mut seconds = Vec::with_capacity(images);
    for image in 0..images {
        if image >= 10 && start.elapsed() > budget {
            break;
        }
        let one = Instant::now();
        classify(image);
        seconds.push(one.elapsed().as_secs_f64());
    }
    Latency {
        images: seconds.len(),
        p50_seconds: quantile(&seconds, 0.5),
        p99_seconds: quantile(&seconds, 0.99),
    }
}

/// The quantile of [`crate::statistics::quantile`]; 0 where nothing was timed.
fn quantile(seconds: &[f64], share: f64) -> f64 {
    crate::statistics::quantile::quantile(seconds, share).unwrap_or(0.0)
}

/// Seconds for 64 million dependent multiply-adds on one thread: a yardstick of the machine's
/// speed, stored beside the costs so that those of two machines can be compared.
pub fn yardstick_seconds() -> f64 {
    let start = Instant::now();
    let mut value = black_box(1.0_f32);
    for _ in 0..64_000_000 {
        value = value * 0.999_999 + 0.000_001;
    }
    black_box(value);
    start.elapsed().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `numpy.quantile([1, 2, 4, 8], [0, 0.5, 0.9, 1])` gives 1, 3, 6.8, 8.
    #[test]
    fn quantiles_are_those_of_numpy() {
        let values = [1.0, 2.0, 4.0, 8.0];
        for (share, expected) in [(0.0, 1.0), (0.5, 3.0), (0.9, 6.8), (1.0, 8.0)] {
            assert!((quantile(&values, share) - expected).abs() < 1e-12);
        }
        assert_eq!(quantile(&[], 0.5), 0.0);
    }

    #[test]
    fn latency_times_each_image_at_most_once_after_the_warm_up() {
        let mut calls = Vec::new();
        let latency = latency(25, Duration::from_millis(20), |image| {
            std::thread::sleep(Duration::from_micros(100));
            calls.push(image);
        });
        let warm_up = calls.len() - latency.images;
        assert!(warm_up > 0 && calls[..warm_up].iter().all(|&image| image == 0));
        assert_eq!(calls[warm_up..], (0..latency.images).collect::<Vec<_>>());
        assert!(latency.p50_seconds >= 1e-4 && latency.p99_seconds >= latency.p50_seconds);
    }
}
