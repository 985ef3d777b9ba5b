//! Kernels that make the numbers of a patch independent of each other.
//!
//! With the eigenvectors `v` and eigenvalues `l` of the mean of `x x^T` over all patches `x` of some
//! images, the kernels are `v / sqrt(l + epsilon)`, and the same with the other sign, so that a
//! rectifier after them loses nothing.
//!
//! Source: K. Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU", arXiv:2404.00498, 2024,
//! section 3.2, after T. Page's "How to train your ResNet", part 8. Reference: `init_whitening_conv`
//! of its program.

use crate::layer::Shape;
use crate::real::Real;
use nalgebra::{DMatrix, SymmetricEigen};

/// What directions with hardly any variance are kept from growing by.
const EPSILON: f64 = 5e-4;

/// Kernels of shape `(2 patch, patch)` for inputs of shape `(n, channels, height, width)` that have
/// mean 0; `patch` numbers are `channels` maps of `size x size`, `dilation` apart.
pub(super) fn whitening<R: Real>(
    input: &[R],
    shape: Shape,
    size: usize,
    dilation: usize,
) -> Vec<R> {
    let eigen = SymmetricEigen::new(products(input, shape, size, dilation));
    let mut order: Vec<usize> = (0..eigen.eigenvalues.len()).collect();
    order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
    let kernel = |&index: &usize| -> Vec<f64> {
        let vector = eigen.eigenvectors.column(index);
        // Which of the two signs comes first must not depend on how vectors were found.
        let sign = vector[vector.iamax()].signum();
        let scale = sign / (eigen.eigenvalues[index].max(0.0) + EPSILON).sqrt();
        vector.iter().map(|value| scale * value).collect()
    };
    let kernels: Vec<f64> = order.iter().flat_map(kernel).collect();
    [1.0, -1.0].iter().flat_map(|sign| kernels.iter().map(move |&k| R::of(sign * k))).collect()
}

/// The mean of `x x^T` over all patches.
fn products<R: Real>(input: &[R], shape: Shape, size: usize, dilation: usize) -> DMatrix<f64> {
    let reach = (size - 1) * dilation;
    let (height, width) = (shape.height.saturating_sub(reach), shape.width.saturating_sub(reach));
    let patch = shape.channels * size * size;
    let places: Vec<usize> = (0..patch)
        .map(|k| {
            let (c, i, j) = (k / (size * size), k / size % size, k % size);
            (c * shape.height + i * dilation) * shape.width + j * dilation
        })
        .collect();
    let mut sums = DMatrix::<f64>::zeros(patch, patch);
    for image in input.chunks_exact(shape.len()) {
        for (a, &first) in places.iter().enumerate() {
            for (b, &second) in places.iter().enumerate().skip(a) {
                for y in 0..height {
                    let row = |place: usize| &image[place + y * shape.width..][..width];
                    let pairs = row(first).iter().zip(row(second));
                    sums[(a, b)] += pairs.map(|(x, z)| x.as_f64() * z.as_f64()).sum::<f64>();
                }
            }
        }
    }
    let count = (input.len() / shape.len().max(1) * height * width).max(1);
    DMatrix::from_fn(patch, patch, |a, b| sums[(a.min(b), a.max(b))] / count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Seed;
    use rand_distr::{Distribution, StandardNormal};

    /// Neighbouring pixels of smooth images; the outputs of the first half of the kernels are
    /// independent and of variance 1, as far as `EPSILON` allows.
    #[test]
    fn outputs_are_independent() {
        let shape = Shape { channels: 2, height: 9, width: 11 };
        let mut numbers = StandardNormal.sample_iter(Seed(1).rng());
        let mut last = 0.0;
        let smooth = |()| {
            let noise: f64 = numbers.next().unwrap();
            last = 0.7 * last + noise;
            last
        };
        let input: Vec<f64> = std::iter::repeat_n((), 60 * shape.len()).map(smooth).collect();
        let (size, patch) = (2, 8);
        let kernels = whitening(&input, shape, size, 1);
        assert_eq!(kernels.len(), 2 * patch * patch);
        let (first, second) = kernels.split_at(patch * patch);
        assert!(first.iter().zip(second).all(|(a, b)| *a == -*b));

        let kernels = DMatrix::from_row_slice(patch, patch, first);
        let whitened = &kernels * products(&input, shape, size, 1) * kernels.transpose();
        for (index, value) in whitened.iter().enumerate() {
            let expected = if index % patch == index / patch { 1.0 } else { 0.0 };
            assert!((value - expected).abs() < 2e-3, "{whitened}");
        }
    }

    /// All patches are alike: one direction has all the variance, and nothing is infinite.
    #[test]
    fn flat_images_have_finite_kernels() {
        let shape = Shape { channels: 1, height: 4, width: 4 };
        let kernels = whitening(&[2.0_f32; 32], shape, 2, 1);
        assert!(kernels.iter().all(|kernel| kernel.is_finite()), "{kernels:?}");
        let expected = 0.5 / (16.0 + EPSILON).sqrt();
        assert!(kernels[..4].iter().all(|&kernel| (f64::from(kernel) - expected).abs() < 1e-6));
    }
}
