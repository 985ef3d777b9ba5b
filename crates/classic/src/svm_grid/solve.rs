//! All problems of a grid that share a Gram matrix, and the scores of the rows held out.

use super::GridPoint;
use super::plan::{Fold, Plan};
use crate::check;
use crate::kernels::{Simd, smo::add_four};
use crate::smo::{GramRows, Machine, Memory, Rule, Square, Starved};
use crate::svm_model::{PairFit, scores_of};
use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;
use std::mem;
use std::ops::Range;

/// Largest problem of which the kernel values are copied together at once: most of its rows take
/// part for some fold or penalty.
const WHOLE: usize = 2048;
/// Pieces of work that there should be at least, if there are folds enough.
const PIECES: usize = 8;
/// Rows held out that are scored at a time.
const BLOCK: usize = 128;
/// Penalties that are scored at a time.
const SUMS: usize = 4;

/// A boundary of a fold along all penalties.
#[derive(Debug, Clone)]
struct Path {
    fits: Vec<PairFit>,
    rhos: Vec<f64>,
    /// Of each `SUMS` penalties: the sorted rows with a coefficient, and what it is.
    supports: Vec<Vec<(usize, [f64; SUMS])>>,
}

/// A boundary and some of the folds that have it, which are solved one after the other.
struct Piece {
    boundary: usize,
    folds: Vec<usize>,
}

/// Kernel values of all sorted rows, and memory for the solvers besides.
#[derive(Clone, Copy)]
pub(super) struct Values<'a> {
    pub(super) gram: ArrayView2<'a, f32>,
    pub(super) memory: &'a Memory,
}

impl Plan<'_> {
    /// The points of each of `folds`, which are all different, in the order of the penalties as
    /// they were given.
    pub(super) fn solve(&self, values: Values<'_>, folds: &[usize]) -> Vec<Vec<GridPoint>> {
        let pieces = self.pieces(folds);
        let room = || Square::new(&values.memory.squares);
        let solved: Vec<Result<Vec<Path>, Starved>> = (pieces.par_iter())
            .map_init(room, |square, piece| self.paths(values, piece, square))
            .collect();
        // Of each fold, by boundary.
        let mut paths: Vec<Vec<Option<Path>>> =
            self.folds.iter().map(|_| vec![None; self.boundaries.len()]).collect();
        for (piece, solved) in pieces.iter().zip(solved) {
            let solved = solved.or_else(|Starved| self.paths(values, piece, &mut room()));
            let solved = solved.expect("alone it has the memory");
            for (&fold, path) in piece.folds.iter().zip(solved) {
                paths[fold][piece.boundary] = Some(path);
            }
        }
        let points = |&number: &usize| {
            let of = |&boundary: &usize| paths[number][boundary].as_ref().expect("it was solved");
            let paths: Vec<&Path> = self.folds[number].boundaries.iter().map(of).collect();
            self.points(values.gram, number, &paths)
        };
        folds.par_iter().map(points).collect()
    }

    /// As many that threads find work; this must not depend on how many there are.
    fn pieces(&self, folds: &[usize]) -> Vec<Piece> {
        let groups = PIECES.div_ceil(self.boundaries.len());
        let mut pieces = Vec::new();
        for boundary in 0..self.boundaries.len() {
            let has_it = |&fold: &usize| self.folds[fold].boundaries.contains(&boundary);
            let having: Vec<usize> = folds.iter().copied().filter(has_it).collect();
            for folds in having.chunks(having.len().div_ceil(groups).max(1)) {
                pieces.push(Piece { boundary, folds: folds.to_vec() });
            }
        }
        pieces
    }

    /// Rows that a fold holds out are part of its problem, but their coefficients may only be 0:
    /// so one copy of the kernel values serves all folds.
    fn paths<'m>(
        &self,
        values: Values<'m>,
        piece: &Piece,
        square: &mut Square<'m>,
    ) -> Result<Vec<Path>, Starved> {
        let Values { gram, memory } = values;
        let boundary = &self.boundaries[piece.boundary];
        let rows = GramRows::new(gram, boundary.parts.clone());
        let mut room = Square::new(&memory.squares);
        mem::swap(&mut room, square);
        let (n, positive) = (boundary.len(), boundary.positive);
        let mut machine = if n <= WHOLE && Square::allows(&memory.squares, n) {
            Machine::whole(&rows, positive, memory, room)?
        } else {
            drop(room);
            Machine::new(&rows, Rule::C, positive, memory)
        };
        let sorted: Vec<usize> = boundary.rows().collect();
        let path = |&fold: &usize| self.path(&mut machine, &self.folds[fold], &sorted);
        let paths = piece.folds.iter().map(path).collect();
        *square = machine.into_square();
        paths
    }

    /// Each penalty starts from the solution for the one before; `rows` are those of the problem.
    fn path(
        &self,
        machine: &mut Machine<'_, '_>,
        fold: &Fold,
        rows: &[usize],
    ) -> Result<Path, Starved> {
        let mut path = Path { fits: Vec::new(), rhos: Vec::new(), supports: Vec::new() };
        let mut state = machine.origin();
        for some in self.cs.chunks(SUMS) {
            let mut coefficients = vec![[0.0; SUMS]; rows.len()];
            for (sum, &(_, c)) in some.iter().enumerate() {
                let upper: Vec<f64> = rows.iter().map(|&row| c * fold.weights[row]).collect();
                let solution = machine.run(&mut state, &upper, self.svm.stop())?;
                path.fits.push(PairFit::from(&solution));
                path.rhos.push(solution.rho);
                for (to, beta) in coefficients.iter_mut().zip(solution.beta) {
                    to[sum] = beta;
                }
            }
            let pairs = rows.iter().copied().zip(coefficients);
            path.supports.push(pairs.filter(|(_, some)| *some != [0.0; SUMS]).collect());
        }
        Ok(path)
    }

    /// `paths` of the boundaries of a fold.
    fn points(&self, gram: ArrayView2<'_, f32>, fold: usize, paths: &[&Path]) -> Vec<GridPoint> {
        let Fold { held_out, places, multi_class, classes, .. } = &self.folds[fold];
        let starts: Vec<usize> = held_out.clone().step_by(BLOCK).collect();
        let block = |&start: &usize| {
            let columns = start..held_out.end.min(start + BLOCK);
            paths.iter().flat_map(|path| path.sums(gram, &columns)).collect()
        };
        let blocks: Vec<Vec<f64>> = starts.par_iter().map(block).collect();
        let steps = self.cs.len().next_multiple_of(SUMS);
        let mut points: Vec<(usize, GridPoint)> = Vec::new();
        for (step, &(number, c)) in self.cs.iter().enumerate() {
            let decisions = Array2::from_shape_fn((places.len(), paths.len()), |(row, path)| {
                let (block, at) = (places[row] / BLOCK, places[row] % BLOCK);
                let sum = blocks[block][(path * steps + step) * BLOCK + at];
                check::bounded(sum - paths[path].rhos[step])
            });
            let scores = scores_of(&decisions, *multi_class, classes, self.class_count);
            let fits = paths.iter().map(|path| path.fits[step]).collect();
            points.push((number, GridPoint { fold, c, gamma: 0, scores, fits }));
        }
        points.sort_by_key(|&(number, _)| number);
        points.into_iter().map(|(_, point)| point).collect()
    }
}

impl Path {
    /// What the kernel values with at most `BLOCK` sorted rows add up to: `BLOCK` values for each
    /// penalty, whose number is rounded up to that of `SUMS`.
    fn sums(&self, gram: ArrayView2<'_, f32>, columns: &Range<usize>) -> Vec<f64> {
        let mut all = vec![0.0; self.supports.len() * SUMS * BLOCK];
        for (supports, sums) in self.supports.iter().zip(all.chunks_exact_mut(SUMS * BLOCK)) {
            for four in supports.chunks(4) {
                let mut coefficients = [[0.0; 4]; SUMS];
                for (at, (_, some)) in four.iter().enumerate() {
                    coefficients.iter_mut().zip(some).for_each(|(to, &from)| to[at] = from);
                }
                let rows = [0, 1, 2, 3].map(|at| {
                    let (row, _) = four[at.min(four.len() - 1)];
                    let row = gram.row(row).to_slice().expect("rows of the matrix are contiguous");
                    &row[columns.clone()]
                });
                add_four(Simd::best(), coefficients, rows, sums);
            }
        }
        all
    }
}
