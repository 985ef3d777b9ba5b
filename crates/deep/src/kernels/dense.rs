//! Weighted sums of all inputs, for a few images or many.

#![allow(unsafe_code)]

use super::lanes::Lanes;
use super::small_matmul::{Left, Right, Sizes, Strips, multiply};
use super::vectorised::{Vectorised, run_at};
use super::wide::Level;
use std::cell::RefCell;

thread_local! {
    static SUMS: RefCell<Vec<f32>> = RefCell::default();
}

/// `y = W x + b` for `W` of shape `(outputs, inputs)`, in `f32`. Every sum is made in the order of
/// the inputs, whatever the number of images.
#[derive(Debug, Clone)]
pub(crate) struct Dense {
    level: Level,
    inputs: usize,
    outputs: usize,
    /// Outputs, rounded up to whole vectors.
    columns: usize,
}

impl Dense {
    /// Nothing if the processor has no instructions that there is a kernel for.
    pub(crate) fn new(inputs: usize, outputs: usize) -> Option<Self> {
        Level::detected().map(|level| Self::at(level, inputs, outputs))
    }

    fn at(level: Level, inputs: usize, outputs: usize) -> Self {
        Self { level, inputs, outputs, columns: outputs.next_multiple_of(level.count()) }
    }

    /// `weights`, shape `(outputs, inputs)`, transposed, with zeros at the end, in strips.
    pub(crate) fn pack(&self, weights: &[f32], packed: &mut Vec<f32>) {
        packed.clear();
        packed.resize(self.inputs * self.columns, 0.0);
        let strips = Strips::new(self.level.count(), self.inputs, self.columns);
        for (o, row) in weights.chunks_exact(self.inputs).enumerate() {
            for (k, &weight) in row.iter().enumerate() {
                packed[strips.place(k, o)] = weight;
            }
        }
    }

    /// Outputs of some images, shape `(n, outputs)`.
    ///
    /// # Panics
    /// If a slice has another length.
    pub(crate) fn forward(&self, x: &[f32], packed: &[f32], biases: &[f32], y: &mut [f32]) {
        let rows = x.len() / self.inputs;
        assert_eq!(x.len(), rows * self.inputs, "whole inputs");
        assert_eq!(y.len(), rows * self.outputs, "an output for every input");
        assert_eq!(packed.len(), self.inputs * self.columns, "weights of all outputs");
        SUMS.with_borrow_mut(|sums| {
            sums.resize(sums.len().max(rows * self.columns), 0.0);
            run_at(self.level, Products { of: self, x, packed, sums, rows });
            let sums = sums.chunks_exact(self.columns);
            for (y, sums) in y.chunks_exact_mut(self.outputs).zip(sums) {
                for ((y, &sum), &bias) in y.iter_mut().zip(sums).zip(biases) {
                    *y = sum + bias;
                }
            }
        });
    }
}

struct Products<'a> {
    of: &'a Dense,
    x: &'a [f32],
    packed: &'a [f32],
    sums: &'a mut [f32],
    rows: usize,
}

impl Vectorised for Products<'_> {
    #[inline(always)]
    unsafe fn run<V: Lanes, const N: usize, const P4: usize, const P2: usize>(self) {
        let Dense { inputs, columns, .. } = *self.of;
        let left = Left { start: self.x.as_ptr(), row: inputs, step: 1 };
        let sizes = Sizes { rows: self.rows, depth: inputs, columns, add: false };
        let right = Right { start: self.packed.as_ptr(), in_strips: true };
        // SAFETY: passed on; the caller has checked the lengths of all three.
        unsafe { multiply::<V, P4, P2>(left, right, self.sums.as_mut_ptr(), sizes) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Small whole numbers, whose sums are exact.
    #[test]
    fn outputs_equal_the_formula_at_every_level() {
        for level in Level::all().into_iter().filter(|level| level.is_there()) {
            for (n, inputs, outputs) in [(1, 1, 1), (5, 7, 16), (13, 30, 10), (27, 40, 150)] {
                let numbers = |count: usize, step: usize| -> Vec<f32> {
                    (0..count).map(|i| ((i * step + 3) % 11) as f32 - 5.0).collect()
                };
                let (x, w) = (numbers(n * inputs, 5), numbers(outputs * inputs, 7));
                let b = numbers(outputs, 3);
                let dense = Dense::at(level, inputs, outputs);
                let (mut packed, mut y) = (Vec::new(), vec![f32::NAN; n * outputs]);
                dense.pack(&w, &mut packed);
                dense.forward(&x, &packed, &b, &mut y);
                for (index, &y) in y.iter().enumerate() {
                    let (x, o) = (&x[index / outputs * inputs..][..inputs], index % outputs);
                    let products = x.iter().zip(&w[o * inputs..]).map(|(x, w)| x * w);
                    assert_eq!(y, products.sum::<f32>() + b[o], "{dense:?}, output {index}");
                }
            }
        }
    }
}
