//! Class probabilities, and the loss that trains them.
//!
//! ```text
//! p[k] = exp(z[k]) / sum over j of exp(z[j])        loss = - log p[true class]
//! dloss/dz[k] = p[k] - (1 if k is the true class, else 0)
//! ```
//!
//! Nothing overflows: with `m` the largest `z`, `exp(z - m)` is at most 1, and the logarithm is
//! worked out as `log p[k] = z[k] - m - log(sum of exp(z - m))`, whose sum is at least 1.
//!
//! Source: C. Bishop, "Pattern Recognition and Machine Learning", 2006, section 4.3.4.

use crate::real::Real;

/// What the network's outputs for a batch are worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Loss {
    /// Sum of the losses of all rows.
    pub sum: f64,
    /// Rows whose true class has the largest output (the first, if several have).
    pub right: usize,
}

/// Turns outputs `z`, shape `(n, classes)`, into probabilities, in place.
///
/// ```
/// let mut z = [1000.0_f64, 1000.0, -1000.0];
/// deep::softmax(&mut z, 3);
/// assert_eq!(z, [0.5, 0.5, 0.0]);
/// ```
///
/// # Panics
/// If `classes` is 0.
pub fn softmax<R: Real>(z: &mut [R], classes: usize) {
    for z in z.chunks_exact_mut(classes) {
        let largest = z.iter().copied().fold(R::neg_infinity(), R::max);
        z.iter_mut().for_each(|z| *z = (*z - largest).exp());
        let sum: R = z.iter().copied().sum();
        z.iter_mut().for_each(|z| *z /= sum);
    }
}

/// The loss of outputs `z`, shape `(n, classes)`, for the true classes, and the gradient of the
/// **mean** loss over the batch with respect to `z`. If an output is NaN or infinite, the loss is
/// not finite.
///
/// # Panics
/// If the lengths of `z`, `truth` and `gradient` do not fit together, or a class is out of range.
pub fn softmax_cross_entropy<R: Real>(z: &[R], truth: &[usize], gradient: &mut [R]) -> Loss {
    let classes = z.len() / truth.len().max(1);
    assert_eq!(z.len(), truth.len() * classes, "one row of outputs per true class");
    gradient.copy_from_slice(z);
    softmax(gradient, classes.max(1));
    let share = R::of(1.0 / truth.len().max(1) as f64);
    let mut loss = Loss { sum: 0.0, right: 0 };
    for ((z, gradient), &truth) in
        z.chunks_exact(classes.max(1)).zip(gradient.chunks_exact_mut(classes.max(1))).zip(truth)
    {
        let largest = z.iter().copied().fold(R::neg_infinity(), R::max);
        let sum: R = z.iter().map(|&z| (z - largest).exp()).sum();
        loss.sum += (sum.ln() - (z[truth] - largest)).as_f64();
        loss.right += usize::from(z.iter().position(|&z| z == largest) == Some(truth));
        gradient[truth] -= R::one();
        gradient.iter_mut().for_each(|g| *g *= share);
    }
    loss
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::tests::normal;

    #[test]
    fn gradients_equal_central_differences() {
        const H: f64 = 1e-5;
        let (mut z, truth) = (normal(12, 8), [3, 0, 1]);
        let mut gradient = [0.0; 12];
        softmax_cross_entropy(&z, &truth, &mut gradient);
        for i in 0..12 {
            let mean_loss = |by: f64| {
                let mut z = z.clone();
                z[i] += by;
                softmax_cross_entropy(&z, &truth, &mut [0.0; 12]).sum / 3.0
            };
            let difference = (mean_loss(H) - mean_loss(-H)) / (2.0 * H);
            assert!((gradient[i] - difference).abs() < 1e-9, "{} {difference}", gradient[i]);
        }
        // Outputs may all be moved by the same amount.
        let before = softmax_cross_entropy(&z, &truth, &mut gradient).sum;
        z.iter_mut().for_each(|z| *z += 64.0);
        let after = softmax_cross_entropy(&z, &truth, &mut gradient).sum;
        assert!((before - after).abs() < 1e-12);
    }

    #[test]
    fn large_outputs_do_not_overflow_and_failures_show() {
        let mut gradient = [0.0_f32; 2];
        let loss = softmax_cross_entropy(&[3e38, -3e38], &[0], &mut gradient);
        assert_eq!((loss, gradient), (Loss { sum: 0.0, right: 1 }, [0.0, 0.0]));
        let loss = softmax_cross_entropy(&[200.0, 0.0], &[1], &mut gradient);
        assert_eq!((loss, gradient), (Loss { sum: 200.0, right: 0 }, [1.0, -1.0]));
        for failure in [f32::NAN, f32::INFINITY] {
            let loss = softmax_cross_entropy(&[failure, 0.0], &[1], &mut gradient);
            assert!(!loss.sum.is_finite());
        }
    }
}
