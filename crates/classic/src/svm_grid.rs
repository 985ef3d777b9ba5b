//! One machine for each of many settings and folds, at little more than the price of one.
//!
//! All products between rows are made once; each `gamma` is one pass over them. The kernel values
//! of a boundary are copied together once for all folds and penalties: rows that a fold holds out
//! stay part of its problem, with coefficients that may only be 0. Along growing `c` each problem
//! starts from the solution before. Held-out rows are scored from the same matrix, for several
//! penalties at once; the rows are sorted by fold, so that they are one range.

mod plan;
mod solve;

use crate::check;
use crate::kernel::{Gamma, Kernel, KernelName, Points};
use crate::kernels::{Simd, tile::gauss};
use crate::smo::Memory;
use crate::svm::Svm;
use crate::svm_model::PairFit;
use crate::svm_params::SvmParams;
use crate::svm_problem::{SvmInput, checked_kernel, gamma_of};
use base::{FitError, Labels, Matrix, ParamError, Predict, Rows, Scores};
use ndarray::Array2;
use plan::{Fold, Plan};
use rayon::prelude::*;
use solve::Values;

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
    /// machine is trained on its own; what they leave of it is for the solvers.
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
        let memory = Memory::new(self.params.memory_limit_bytes - bytes);
        let plan = Plan::new(self, x, y, &fold_of, folds, cs)?;
        let mut results: Vec<Option<GridPoint>> =
            (0..folds.len() * gammas.len() * cs.len()).map(|_| None).collect();
        let products = (self.params.kernel == KernelName::Rbf)
            .then(|| Kernel::Linear.gram(&plan.points.side()));
        let mut gram = Array2::zeros((0, 0));
        for (gamma, users) in self.users(&plan, x, gammas) {
            let kernel = checked_kernel(self.params.kernel_with(f64::from(gamma)), x)?;
            match &products {
                Some(products) => gauss_into(gamma, &plan.points, products, &mut gram),
                None => {
                    // Both at once would break the limit.
                    drop(std::mem::take(&mut gram));
                    gram = kernel.gram(&plan.points.side());
                }
            }
            let numbers: Vec<usize> = users.iter().map(|&(fold, _)| fold).collect();
            let points = plan.solve(Values { gram: gram.view(), memory: &memory }, &numbers);
            for (&(fold, at), points) in users.iter().zip(points) {
                for (c, mut point) in points.into_iter().enumerate() {
                    point.gamma = at;
                    results[(fold * gammas.len() + at) * cs.len() + c] = Some(point);
                }
            }
        }
        Ok(results.into_iter().map(|point| point.expect("all were solved")).collect())
    }

    /// The (fold, place among the gammas) that each number is for: rules can give each fold its
    /// own. No fold is named twice.
    fn users(
        &self,
        plan: &Plan<'_>,
        x: &Matrix,
        gammas: &[Gamma],
    ) -> Vec<(f32, Vec<(usize, usize)>)> {
        let mut users: Vec<(f32, Vec<(usize, usize)>)> = Vec::new();
        for (at, &gamma) in gammas.iter().enumerate() {
            let first = users.len();
            for (fold, Fold { training, .. }) in plan.folds.iter().enumerate() {
                let value = match gamma {
                    Gamma::Value(value) => value,
                    rule => gamma_of(self.params.kernel, rule, &x.pick(training)),
                } as f32;
                match users[first..].iter_mut().find(|(other, _)| *other == value) {
                    Some((_, users)) => users.push((fold, at)),
                    None => users.push((value, vec![(fold, at)])),
                }
            }
        }
        users
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

/// The Gaussian kernel's matrix from that of the products.
fn gauss_into(gamma: f32, points: &Points, products: &Array2<f32>, gram: &mut Array2<f32>) {
    if gram.dim() != products.dim() {
        *gram = Array2::zeros(products.dim());
    }
    let (n, squares) = (points.len(), points.squares());
    let products = products.as_slice().expect("contiguous");
    let gram = gram.as_slice_mut().expect("contiguous");
    let rows = gram.par_chunks_mut(n).zip(products.par_chunks(n)).zip(squares);
    rows.for_each(|((out, products), &square)| {
        gauss(Simd::best(), gamma, square, squares, products, out);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MultiClass;
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

    /// Kernel values of pairs of classes together, one row at a time, and not even a row.
    #[test]
    fn what_the_memory_limit_leaves_does_not_change_the_optimum() {
        let (x, y) = clouds(2, 200);
        let folds: Vec<Vec<usize>> =
            Seed(4).permutation(400).chunks(200).map(<[_]>::to_vec).collect();
        let whole = 8 * 400_u64.pow(2);
        let grid = |memory_limit_bytes, threads| {
            let params = SvmParams { memory_limit_bytes, tolerance: 1e-6, ..Default::default() };
            let svm = Svm::new(&params).unwrap();
            in_threads(threads, || svm.fit_grid(&x, &y, &folds, &[1.0, 50.0], &GAMMAS).unwrap())
        };
        let plenty = grid(1 << 30, 1);
        for left in [2 * 4 * 400 * 400 + 4000, 200_000, 0] {
            let little = grid(whole + left, 1);
            assert_eq!(little, grid(whole + left, 2), "{left}");
            for (little, plenty) in little.iter().zip(&plenty) {
                assert_eq!(little.scores.predicted(), plenty.scores.predicted(), "{left}");
                for (little, plenty) in little.fits.iter().zip(&plenty.fits) {
                    let error = (little.objective / plenty.objective - 1.0).abs();
                    assert!(error < 1e-6 && little.converged, "{left}: {error:e}");
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
