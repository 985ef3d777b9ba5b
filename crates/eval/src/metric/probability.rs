//! How good probabilities are as such. Both numbers are lowest for the true ones.
//!
//! Sources: G. W. Brier, Monthly Weather Review 78:1-3, 1950; T. Gneiting, A. E. Raftery, JASA
//! 102:359-378, 2007. Reference: `sklearn.metrics`.

use super::ranking::check_rows;
use crate::statistics::Undefined;
use ndarray::ArrayView2;

/// Mean of `-ln p` of the true class, in nats; probabilities are kept `2.2e-16` away from 0 and 1,
/// as in scikit-learn, for one that is 0 and wrong would cost without bound.
///
/// ```
/// let probabilities = ndarray::array![[0.5, 0.5], [0.75, 0.25]];
/// let loss = eval::metric::log_loss(&[0, 1], probabilities.view()).unwrap();
/// assert!((loss - 8_f64.ln() / 2.0).abs() < 1e-12);
/// ```
///
/// # Errors
/// Without images; if there is not one row of probabilities per truth, or one is not finite.
pub fn log_loss(truth: &[usize], probabilities: ArrayView2<'_, f64>) -> Result<f64, Undefined> {
    mean(truth, probabilities, |row, truth| {
        -probabilities[[row, truth]].clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln()
    })
}

/// Mean over the images of the squared distance from the truth, summed over the classes: 0 is
/// perfect, 2 surely wrong.
///
/// # Errors
/// Without images; if there is not one row of probabilities per truth, or one is not finite.
pub fn brier(truth: &[usize], probabilities: ArrayView2<'_, f64>) -> Result<f64, Undefined> {
    mean(truth, probabilities, |row, truth| {
        let distance = |(class, p): (usize, &f64)| (p - f64::from(class == truth)).powi(2);
        probabilities.row(row).iter().enumerate().map(distance).sum()
    })
}

fn mean(
    truth: &[usize],
    probabilities: ArrayView2<'_, f64>,
    of: impl Fn(usize, usize) -> f64,
) -> Result<f64, Undefined> {
    check_rows(truth, probabilities)?;
    if truth.is_empty() {
        return Err(Undefined::TooFew { what: "images", needed: 1, found: 0 });
    }
    let sum: f64 = truth.iter().enumerate().map(|(row, &truth)| of(row, truth)).sum();
    Ok(sum / truth.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn ends_of_the_scale() {
        let sure = array![[1.0, 0.0]];
        assert_eq!(brier(&[0], sure.view()), Ok(0.0));
        assert_eq!(brier(&[1], sure.view()), Ok(2.0));
        assert!(log_loss(&[0], sure.view()).unwrap() < 1e-15);
        assert!((log_loss(&[1], sure.view()).unwrap() - 36.04).abs() < 0.01);
        assert!(brier(&[], Array2::zeros((0, 2)).view()).is_err());
    }
}
