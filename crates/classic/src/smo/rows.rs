//! Where the kernel values of a two-class problem come from.

use crate::kernel::{Kernel, Points};
use crate::kernels::tile::HEIGHT;
use crate::points::Left;
use ndarray::ArrayView2;
use rayon::prelude::*;
use std::ops::Range;

/// Kernel values of the rows of a problem, which are numbered from 0.
pub trait KernelRows: Sync {
    /// Number of rows.
    fn len(&self) -> usize;

    /// Whether there is no row.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of row `t` with itself.
    fn diagonal(&self, t: usize) -> f32;

    /// The values of each row of `which` with all rows, into `out`: [`Self::len`] values each.
    fn write(&self, which: &[usize], out: &mut [f32]);
}

/// Rows of a Gram matrix that may hold more.
#[derive(Debug, Clone)]
pub struct GramRows<'a> {
    gram: ArrayView2<'a, f32>,
    parts: Vec<Range<usize>>,
    places: Vec<usize>,
}

impl<'a> GramRows<'a> {
    /// `gram` is square and symmetric; the rows of the problem are those of `parts`, in order.
    ///
    /// # Panics
    /// If a part lies outside the matrix, or its rows are not contiguous.
    pub fn new(gram: ArrayView2<'a, f32>, parts: Vec<Range<usize>>) -> Self {
        assert_eq!(gram.nrows(), gram.ncols(), "a Gram matrix is square");
        assert!(parts.iter().all(|part| part.end <= gram.nrows()), "parts lie inside");
        let places = parts.iter().cloned().flatten().collect();
        Self { gram, parts, places }
    }
}

impl KernelRows for GramRows<'_> {
    fn len(&self) -> usize {
        self.places.len()
    }

    fn diagonal(&self, t: usize) -> f32 {
        self.gram[[self.places[t], self.places[t]]]
    }

    fn write(&self, which: &[usize], out: &mut [f32]) {
        for (&t, mut out) in which.iter().zip(out.chunks_exact_mut(self.len())) {
            let row = self.gram.row(self.places[t]);
            let row = row.to_slice().expect("rows of a Gram matrix are contiguous");
            for part in &self.parts {
                let (now, rest) = out.split_at_mut(part.len());
                now.copy_from_slice(&row[part.clone()]);
                out = rest;
            }
        }
    }
}

/// Rows of features, whose kernel values are worked out when they are asked for.
#[derive(Debug, Clone)]
pub(crate) struct PointRows<'a> {
    pub(crate) kernel: Kernel,
    pub(crate) points: &'a Points,
    /// Of all points.
    pub(crate) diagonal: &'a [f32],
    parts: Vec<Range<usize>>,
    places: Vec<usize>,
    /// Whether several threads may work for this problem.
    parallel: bool,
}

impl<'a> PointRows<'a> {
    pub(crate) fn new(
        kernel: Kernel,
        points: &'a Points,
        diagonal: &'a [f32],
        parts: Vec<Range<usize>>,
        parallel: bool,
    ) -> Self {
        let places = parts.iter().cloned().flatten().collect();
        Self { kernel, points, diagonal, parts, places, parallel }
    }

    fn write_some(&self, which: &[usize], out: &mut [f32]) {
        if which.is_empty() {
            return;
        }
        let map = self.kernel.map().expect("precomputed kernels have a Gram matrix");
        let places: Vec<usize> = which.iter().map(|&t| self.places[t]).collect();
        let left = Left::new(self.points, places.into_iter());
        let mut start = 0;
        for part in &self.parts {
            let right = self.points.side().part(part.start, part.end);
            left.values(map, &right, &mut out[start..], self.len());
            start += part.len();
        }
    }
}

impl KernelRows for PointRows<'_> {
    fn len(&self) -> usize {
        self.places.len()
    }

    fn diagonal(&self, t: usize) -> f32 {
        self.diagonal[self.places[t]]
    }

    fn write(&self, which: &[usize], out: &mut [f32]) {
        if !self.parallel {
            return self.write_some(which, out);
        }
        let size = HEIGHT * self.len();
        let pieces = which.par_chunks(HEIGHT).zip(out.par_chunks_mut(size));
        pieces.for_each(|(which, out)| self.write_some(which, out));
    }
}
