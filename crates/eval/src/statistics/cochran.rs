//! Cochran's Q: do several classifiers have the same accuracy on the same images?
//!
//! It comes before McNemar's test of each pair. With the number `C[j]` of images that classifier
//! `j` gets right, the number `R[i]` of classifiers that get image `i` right, and their sum `T`:
//!
//! ```text
//! Q = (k - 1) (k sum of C^2 - T^2) / (k T - sum of R^2),   chi-squared with k - 1
//! ```
//!
//! Sources: W. G. Cochran, Biometrika 37:256-266, 1950; S. W. Looney, Pattern Recognition Letters
//! 8:5-9, 1988 (classifiers). Reference: `statsmodels.stats.contingency_tables.cochrans_q`.

use super::distribution::chi2_sf;
use super::outcome::{ChiSquaredTest, Undefined};
use ndarray::ArrayView2;

/// Tests from who is right where, shape `(images, classifiers)`.
///
/// ```
/// use eval::statistics::cochran::cochran_q;
/// let right = ndarray::array![[true, true], [true, false], [true, false], [false, true]];
/// // Two classifiers: McNemar's (b - c)^2 / (b + c).
/// assert_eq!(cochran_q(right.view()).unwrap().chi2, 1.0 / 3.0);
/// ```
///
/// # Errors
/// With fewer than two classifiers, or if all are right on the same images.
pub fn cochran_q(right: ArrayView2<'_, bool>) -> Result<ChiSquaredTest, Undefined> {
    let classifiers = right.ncols();
    if classifiers < 2 {
        return Err(Undefined::TooFew { what: "classifiers", needed: 2, found: classifiers });
    }
    let count = |right: ndarray::ArrayView1<'_, bool>| right.iter().filter(|&&r| r).count() as f64;
    let columns: Vec<f64> = right.columns().into_iter().map(count).collect();
    let total: f64 = columns.iter().sum();
    let squares = |counts: &[f64]| counts.iter().map(|count| count * count).sum::<f64>();
    let rows: Vec<f64> = right.rows().into_iter().map(count).collect();
    let k = classifiers as f64;
    // Whole numbers, so exactly 0 if no image tells the classifiers apart.
    let spread = k * total - squares(&rows);
    if spread == 0.0 {
        return Err(Undefined::NoVariance("classifiers on every image"));
    }
    let chi2 = (k - 1.0) * (k * squares(&columns) - total * total) / spread;
    Ok(ChiSquaredTest { chi2, df: k - 1.0, p: chi2_sf(chi2, k - 1.0) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn classifiers_that_agree_everywhere_are_not_tested() {
        let same = Array2::from_shape_fn((6, 3), |(image, _)| image % 2 == 0);
        assert!(cochran_q(same.view()).is_err());
        assert!(cochran_q(Array2::from_elem((0, 3), true).view()).is_err());
        assert!(cochran_q(Array2::from_elem((4, 1), true).view()).is_err());
    }
}
