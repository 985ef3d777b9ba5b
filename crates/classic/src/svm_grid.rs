//! One machine for each of many settings and folds, at little more than the price of one.
//!
//! The rows are sorted by class and fold, so that the training rows of a fold are a few ranges. All
//! products between rows are made once; each `gamma` is one pass over them; and along growing `c`
//! each problem starts from the solution before. Held-out rows are scored from the same matrix.

use crate::check;
use crate::kernel::{Gamma, Kernel, KernelName, Points, symmetric};
use crate::kernels::{Simd, smo::subtract, tile::gauss};
use crate::smo::{GramRows, KernelRows, Machine, Memory, Rule};
use crate::svm::Svm;
use crate::svm_model::{PairFit, scores_of};
use crate::svm_params::SvmParams;
use crate::svm_parts::MultiClass;
use crate::svm_problem::{Block, SvmInput, Task, by_class, checked_kernel, gamma_of, tasks};
use base::{FitError, Labels, Matrix, ParamError, Predict, Rows, Scores};
use ndarray::{Array2, Axis};
use rayon::prelude::*;
use std::ops::Range;

/// What one setting came to on one fold.
#[derive(Debug, Clone, PartialEq)]
pub struct GridPoint {
    /// Which of the folds was held out.
    pub fold: usize,
    /// The penalty.
    pub c: f64,
    /// Place among the `gammas` asked for.
    pub gamma: usize,
    /// Scores of the rows held out, in the order in which the fold names them.
    pub scores: Scores,
    /// How the training of each boundary ended.
    pub fits: Vec<PairFit>,
}

impl Svm {
    /// Trains on all rows but those of a fold, for each fold, each of `cs` and each of `gammas`, and
    /// scores the rows of the fold. The results are those of training each alone, up to what the
    /// tolerance leaves open; they come by fold, then `gammas`, then `cs`. The settings `c` and
    /// `gamma` of the machine itself are not used.
    ///
    /// If the kernel values of all pairs of rows (8 bytes each) exceed the memory limit, each
    /// machine is trained on its own.
    ///
    /// # Errors
    /// As [`Svm::train`]; and if a value of `cs` or `gammas` is out of range, the kernel is
    /// precomputed, or a fold names a row that is not there or that another has named.
    pub fn fit_grid(
        &self,
        x: &Matrix,
        y: &Labels,
        folds: &[Vec<usize>],
        cs: &[f64],
        gammas: &[Gamma],
    ) -> Result<Vec<GridPoint>, FitError> {
        check::training_rows(x, y)?;
        let fold_of = fold_of_rows(x.nrows(), folds)?;
        self.check_grid(cs, gammas).map_err(SvmInput::from)?;
        let bytes = 8 * (x.nrows() as u64).pow(2);
        if bytes > self.params.memory_limit_bytes {
            return self.one_by_one(x, y, folds, cs, gammas);
        }
        let plan = Plan::new(self, x, y, &fold_of, folds, cs)?;
        let mut results: Vec<Option<GridPoint>> =
            (0..folds.len() * gammas.len() * cs.len()).map(|_| None).collect();
        // Rules for gamma can give each fold its own.
        let mut wanted: Vec<(f32, Vec<(usize, usize)>)> = Vec::new();
        for (at, &gamma) in gammas.iter().enumerate() {
            for fold in 0..folds.len() {
                let value = match gamma {
                    Gamma::Value(value) => value,
                    rule => gamma_of(self.params.kernel, rule, &x.pick(&plan.training[fold])),
                } as f32;
                match wanted.iter_mut().find(|(other, _)| *other == value) {
                    Some((_, users)) => users.push((fold, at)),
                    None => wanted.push((value, vec![(fold, at)])),
                }
            }
        }
        let products = (self.params.kernel == KernelName::Rbf)
            .then(|| Kernel::Linear.gram(&plan.points.side()));
        for (gamma, users) in wanted {
            let kernel = checked_kernel(self.params.kernel_with(f64::from(gamma)), x)?;
            let gram = match &products {
                Some(products) => gauss_of(gamma, &plan.points, products),
                None => kernel.gram(&plan.points.side()),
            };
            for ((fold, at), points) in plan.solve(&gram, users) {
                for (c, mut point) in points.into_iter().enumerate() {
                    point.gamma = at;
                    results[(fold * gammas.len() + at) * cs.len() + c] = Some(point);
                }
            }
        }
        Ok(results.into_iter().map(|point| point.expect("all were solved")).collect())
    }

    fn check_grid(&self, cs: &[f64], gammas: &[Gamma]) -> Result<(), ParamError> {
        if self.params.kernel == KernelName::Precomputed {
            return Err(ParamError::new("kernel", "precomputed", "another kernel in a grid"));
        }
        cs.iter().try_for_each(|&c| check::positive("c", c).map(drop))?;
        gammas.iter().try_for_each(|gamma| gamma.check().map(drop))
    }

    fn one_by_one(
        &self,
        x: &Matrix,
        y: &Labels,
        folds: &[Vec<usize>],
        cs: &[f64],
        gammas: &[Gamma],
    ) -> Result<Vec<GridPoint>, FitError> {
        let mut results = Vec::new();
        for (fold, held_out) in folds.iter().enumerate() {
            let training: Vec<usize> = complement(x.nrows(), held_out);
            let (rows, labels, rest) = (x.pick(&training), y.pick(&training), x.pick(held_out));
            for (at, &gamma) in gammas.iter().enumerate() {
                for &c in cs {
                    let svm = Svm { params: SvmParams { c, gamma, ..self.params.clone() } };
                    let model = svm.train(&rows, &labels)?;
                    let (scores, fits) = (model.scores(&rest), model.fits().to_vec());
                    results.push(GridPoint { fold, c, gamma: at, scores, fits });
                }
            }
        }
        Ok(results)
    }
}

/// The rows that are not in `held_out`, in order.
fn complement(n: usize, held_out: &[usize]) -> Vec<usize> {
    let mut training = vec![true; n];
    held_out.iter().for_each(|&row| training[row] = false);
    (0..n).filter(|&row| training[row]).collect()
}

/// The fold that holds each row out; as many as there are folds if none does.
fn fold_of_rows(n: usize, folds: &[Vec<usize>]) -> Result<Vec<usize>, SvmInput> {
    let mut fold_of = vec![folds.len(); n];
    for (fold, rows) in folds.iter().enumerate() {
        for &row in rows {
            match fold_of.get_mut(row) {
                Some(of) if *of == folds.len() => *of = fold,
                _ => return Err(SvmInput::Fold { fold, row, rows: n }),
            }
        }
    }
    Ok(fold_of)
}

/// What all points of a grid share.
struct Plan<'a> {
    svm: &'a Svm,
    points: Points,
    class_count: usize,
    /// Place of each original row among the sorted ones.
    place: Vec<usize>,
    folds: &'a [Vec<usize>],
    /// Original training rows of each fold.
    training: Vec<Vec<usize>>,
    /// Of each fold: ids of the classes that have training rows, the problems, and the ranges of
    /// sorted rows that are held out.
    classes: Vec<Vec<usize>>,
    tasks: Vec<Vec<Task>>,
    held_out: Vec<Vec<Range<usize>>>,
    /// Of each fold: weights of the sorted rows.
    weights: Vec<Vec<f64>>,
    /// Penalties in ascending order, with their places as given.
    cs: Vec<(usize, f64)>,
}

/// One problem along all penalties: how each ended and the decisions for the held-out rows.
type Path = Vec<(PairFit, Vec<f64>)>;

impl<'a> Plan<'a> {
    fn new(
        svm: &'a Svm,
        x: &Matrix,
        y: &Labels,
        fold_of: &[usize],
        folds: &'a [Vec<usize>],
        cs: &[f64],
    ) -> Result<Self, FitError> {
        let mut by_fold: Vec<usize> = (0..x.nrows()).collect();
        by_fold.sort_by_key(|&row| fold_of[row]);
        let (order, blocks) = by_class(y, by_fold.into_iter());
        let mut place = vec![0; x.nrows()];
        order.iter().enumerate().for_each(|(at, &row)| place[row] = at);
        let mut cs: Vec<(usize, f64)> = cs.iter().copied().enumerate().collect();
        cs.sort_by(|a, b| a.1.total_cmp(&b.1));
        let mut plan = Self {
            svm,
            points: Points::pick(x.view(), &order),
            class_count: y.class_count(),
            place,
            folds,
            training: Vec::new(),
            classes: Vec::new(),
            tasks: Vec::new(),
            held_out: Vec::new(),
            weights: Vec::new(),
            cs,
        };
        for (fold, held_out) in folds.iter().enumerate() {
            let training = complement(x.nrows(), held_out);
            let labels = y.pick(&training);
            FitError::check_labels(training.len(), &labels)?;
            let weights = svm.params.class_weight.of_labels(&labels);
            let weights = weights.map_err(SvmInput::from)?;
            plan.weights.push(order.iter().map(|&row| weights[y.ids()[row]]).collect());
            plan.add_fold(fold, &order, fold_of, &blocks);
            plan.training.push(training);
        }
        Ok(plan)
    }

    /// The problems of a fold. They are posed on rows numbered without the held-out ones, then
    /// moved to where those stand.
    fn add_fold(&mut self, fold: usize, order: &[usize], fold_of: &[usize], blocks: &[Block]) {
        let mut packed: Vec<Block> = Vec::new();
        let mut segments: Vec<Range<usize>> = Vec::new();
        let (mut held_out, mut end) = (Vec::new(), 0);
        for block in blocks {
            let of = |row: &usize| fold_of[order[*row]];
            let start = block.rows.clone().find(|row| of(row) >= fold).unwrap_or(block.rows.end);
            let stop = (start..block.rows.end).find(|row| of(row) > fold).unwrap_or(block.rows.end);
            held_out.push(start..stop);
            segments.extend([block.rows.start..start, stop..block.rows.end]);
            let count = block.rows.len() - (stop - start);
            if count > 0 {
                packed.push(Block { class: block.class, rows: end..end + count });
                end += count;
            }
        }
        let multi_class = self.svm.params.multi_class;
        let mut tasks = tasks(multi_class, &packed);
        for task in &mut tasks {
            task.parts = task.parts.iter().flat_map(|part| unpack(part, &segments)).collect();
        }
        self.classes.push(packed.iter().map(|block| block.class).collect());
        self.tasks.push(tasks);
        self.held_out.push(held_out);
    }

    /// All penalties for the given (fold, gamma).
    fn solve(
        &self,
        gram: &Array2<f32>,
        users: Vec<(usize, usize)>,
    ) -> Vec<((usize, usize), Vec<GridPoint>)> {
        let memory = Memory::unlimited();
        let all: Vec<(usize, &Task)> = users
            .iter()
            .flat_map(|&(fold, _)| self.tasks[fold].iter().map(move |task| (fold, task)))
            .collect();
        let paths: Vec<Path> =
            all.par_iter().map(|&(fold, task)| self.path(gram, fold, task, &memory)).collect();
        let mut paths = paths.into_iter();
        let points = |user: (usize, usize)| {
            let of_fold: Vec<Path> = paths.by_ref().take(self.tasks[user.0].len()).collect();
            (user, self.points_of(user.0, &of_fold))
        };
        users.into_iter().map(points).collect()
    }

    fn path(&self, gram: &Array2<f32>, fold: usize, task: &Task, memory: &Memory) -> Path {
        let rows = GramRows::new(gram.view(), task.parts.clone());
        let places: Vec<usize> = task.parts.iter().cloned().flatten().collect();
        let weights = task.pick(&self.weights[fold]);
        let mut machine = Machine::new(&rows as &dyn KernelRows, Rule::C, task.positive, memory);
        let mut path = Vec::new();
        // What the kernel values of the held-out rows with the solution so far add up to.
        let held_out = &self.held_out[fold];
        let mut sums = vec![0.0; held_out.iter().map(Range::len).sum()];
        let mut before = vec![0.0; places.len()];
        for &(_, c) in &self.cs {
            let upper: Vec<f64> = weights.iter().map(|weight| c * weight).collect();
            let solution = machine.run(&upper, self.svm.stop()).expect("memory is not limited");
            let changed: Vec<(usize, f64)> = (places.iter().zip(&solution.beta).zip(&before))
                .map(|((&place, beta), before)| (place, beta - before))
                .filter(|&(_, change)| change != 0.0)
                .collect();
            add_rows(gram, &changed, held_out, &mut sums);
            before.copy_from_slice(&solution.beta);
            let decisions = sums.iter().map(|sum| check::bounded(sum - solution.rho)).collect();
            path.push((PairFit::from(&solution), decisions));
        }
        path
    }

    fn points_of(&self, fold: usize, paths: &[Path]) -> Vec<GridPoint> {
        let classes = &self.classes[fold];
        let one_vs_rest = self.svm.params.multi_class == MultiClass::OneVsRest && classes.len() > 2;
        let multi_class = if one_vs_rest { MultiClass::OneVsRest } else { MultiClass::OneVsOne };
        // Where each held-out row, in the order of its fold, is among the decisions.
        let sorted: Vec<usize> = self.held_out[fold].iter().cloned().flatten().collect();
        let at: Vec<usize> = self.folds[fold]
            .iter()
            .map(|&row| sorted.binary_search(&self.place[row]).expect("it is held out"))
            .collect();
        let mut points: Vec<(usize, GridPoint)> = Vec::new();
        for (step, &(number, c)) in self.cs.iter().enumerate() {
            let decisions = Array2::from_shape_fn((sorted.len(), paths.len()), |(row, pair)| {
                paths[pair][step].1[row]
            });
            let decisions = decisions.select(Axis(0), &at).as_standard_layout().into_owned();
            let scores = scores_of(&decisions, multi_class, classes, self.class_count);
            let fits = paths.iter().map(|path| path[step].0).collect();
            points.push((number, GridPoint { fold, c, gamma: 0, scores, fits }));
        }
        points.sort_by_key(|&(number, _)| number);
        points.into_iter().map(|(_, point)| point).collect()
    }
}

/// Adds rows of `gram` times their coefficients, at the columns of `ranges`.
fn add_rows(
    gram: &Array2<f32>,
    rows: &[(usize, f64)],
    ranges: &[Range<usize>],
    mut sums: &mut [f64],
) {
    let simd = Simd::best();
    for range in ranges {
        let (now, rest) = sums.split_at_mut(range.len());
        for four in rows.chunks(4) {
            let mut coefficients = [0.0; 4];
            for (to, &(_, coefficient)) in coefficients.iter_mut().zip(four) {
                *to = -coefficient;
            }
            let row = |k: usize| {
                let row = gram.row(four[k.min(four.len() - 1)].0);
                &row.to_slice().expect("rows of a Gram matrix are contiguous")[range.clone()]
            };
            subtract(simd, coefficients, [row(0), row(1), row(2), row(3)], now);
        }
        sums = rest;
    }
}

/// A range of packed rows as ranges of the rows that `segments` are packed from.
fn unpack(part: &Range<usize>, segments: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    for segment in segments {
        let (from, to) = (part.start.max(start), part.end.min(start + segment.len()));
        if from < to {
            ranges.push(segment.start + from - start..segment.start + to - start);
        }
        start += segment.len();
    }
    ranges
}

/// The Gaussian kernel's matrix from that of the products.
fn gauss_of(gamma: f32, points: &Points, products: &Array2<f32>) -> Array2<f32> {
    let squares = points.squares();
    symmetric(points.len(), |start, _, mut out| {
        for (at, mut out) in out.rows_mut().into_iter().enumerate() {
            let products = products.row(start + at);
            let products = &products.to_slice().expect("contiguous")[start..];
            let out = out.as_slice_mut().expect("rows are contiguous");
            gauss(Simd::best(), gamma, squares[start + at], &squares[start..], products, out);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::{clouds, in_threads};
    use base::Seed;

    fn problem() -> (Matrix, Labels, Vec<Vec<usize>>) {
        let (x, y) = clouds(3, 40);
        let order = Seed(4).permutation(120);
        (x, y, order.chunks(40).map(<[usize]>::to_vec).collect())
    }

    const GAMMAS: [Gamma; 3] = [Gamma::Value(0.5), Gamma::Scale, Gamma::Value(4.0)];

    #[test]
    fn a_grid_gives_what_each_fit_alone_gives() {
        let (x, y, folds) = problem();
        for kernel in [KernelName::Rbf, KernelName::Polynomial, KernelName::ChiSquare] {
            for multi_class in [MultiClass::OneVsOne, MultiClass::OneVsRest] {
                let tolerance = 1e-6;
                let params = SvmParams { kernel, multi_class, tolerance, ..Default::default() };
                let svm = Svm::new(&params).unwrap();
                let cs = [10.0, 0.1, 1.0];
                let grid = svm.fit_grid(&x, &y, &folds, &cs, &GAMMAS).unwrap();
                let alone = svm.one_by_one(&x, &y, &folds, &cs, &GAMMAS).unwrap();
                assert_eq!(grid.len(), alone.len());
                for (grid, alone) in grid.iter().zip(&alone) {
                    let what = format!("{kernel:?} {multi_class:?} {} {}", alone.c, alone.gamma);
                    assert_eq!((grid.fold, grid.gamma), (alone.fold, alone.gamma), "{what}");
                    assert_eq!(grid.c, alone.c, "{what}");
                    assert_eq!(grid.scores.predicted(), alone.scores.predicted(), "{what}");
                    for (grid, alone) in grid.fits.iter().zip(&alone.fits) {
                        let error = (grid.objective / alone.objective - 1.0).abs();
                        assert!(error < 1e-6 && grid.converged, "{what}: {error:e}");
                    }
                }
            }
        }
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let (x, y, folds) = problem();
        let svm = Svm::new(&SvmParams::default()).unwrap();
        let grid = || svm.fit_grid(&x, &y, &folds, &[1.0, 5.0], &GAMMAS).unwrap();
        assert_eq!(in_threads(1, grid), in_threads(2, grid));
    }

    #[test]
    fn wrong_folds_and_values_are_named() {
        let (x, y, folds) = problem();
        let svm = Svm::new(&SvmParams::default()).unwrap();
        let error = |folds: &[Vec<usize>], cs: &[f64]| {
            svm.fit_grid(&x, &y, folds, cs, &GAMMAS).unwrap_err().to_string()
        };
        assert!(error(&folds, &[0.0]).contains("`c` is 0"));
        assert!(error(&[vec![1, 120]], &[1.0]).contains("row 120"));
        assert!(error(&[vec![1], vec![1]], &[1.0]).contains("row 1"));
    }
}
