//! Whole grids of machines behind [`base::FitMany`].

use crate::check;
use crate::kernel::{Gamma, KernelName};
use crate::svm::Svm;
use crate::svm_grid::GridPoint;
use crate::svm_model::convergence_of;
use crate::svm_params::SvmParams;
use crate::transform::Transform;
use base::{FitError, FitMany, FoldScores, HeldOut, Labels, Matrix, ParamError, Rows};

/// Support vector machines that share kernel values; see [`Svm::fit_grid`].
///
/// Machines that differ in `c` and `gamma` only are trained together: with all values of both if
/// they are a full grid, else `gamma` by `gamma`.
///
/// ```
/// use base::{FitMany, HeldOut, Labels, Seed};
/// use classic::{SvmMany, SvmParams};
/// let x = ndarray::array![[0.0], [0.1], [0.2], [1.0], [1.1], [1.2]];
/// let y = Labels::new(vec![0, 0, 0, 1, 1, 1], &["low".to_owned(), "high".to_owned()]).unwrap();
/// let params = [0.1, 10.0].map(|c| SvmParams { c, ..SvmParams::default() });
/// let fold = |rows: [usize; 2]| HeldOut { rows: rows.to_vec(), seed: Seed(1) };
/// let machines = SvmMany::new(&params).unwrap();
/// let results = machines.fit_many(&x, &y, &[fold([1, 4]), fold([2, 3])]).unwrap();
/// assert_eq!(results[1][0].scores.predicted(), [0, 1]);
/// ```
#[derive(Debug, Clone)]
pub struct SvmMany {
    count: usize,
    grids: Vec<Grid>,
}

/// Machines that one call of [`Svm::fit_grid`] trains.
#[derive(Debug, Clone)]
struct Grid {
    svm: Svm,
    cs: Vec<f64>,
    gammas: Vec<Gamma>,
    /// Each machine: its number, its place among `cs` and among `gammas`.
    members: Vec<(usize, usize, usize)>,
}

impl SvmMany {
    /// One machine for each of `params`.
    ///
    /// # Errors
    /// If a setting is out of range.
    pub fn new(params: &[SvmParams]) -> Result<Self, ParamError> {
        let mut grids: Vec<Grid> = Vec::new();
        for (number, params) in params.iter().enumerate() {
            let svm = Svm::new(params)?;
            let alike = grids.iter_mut().find(|grid| without_grid(&grid.svm) == without_grid(&svm));
            match alike {
                Some(grid) => grid.add(number, params),
                None => {
                    let mut grid =
                        Grid { svm, cs: Vec::new(), gammas: Vec::new(), members: Vec::new() };
                    grid.add(number, params);
                    grids.push(grid);
                }
            }
        }
        Ok(Self { count: params.len(), grids: grids.into_iter().flat_map(Grid::full).collect() })
    }
}

/// The settings that machines trained together have in common.
fn without_grid(svm: &Svm) -> SvmParams {
    let SvmParams { c, gamma, .. } = SvmParams::default();
    SvmParams { c, gamma, ..svm.params.clone() }
}

impl Grid {
    fn add(&mut self, number: usize, params: &SvmParams) {
        let c = place(&mut self.cs, params.c);
        let gamma = place(&mut self.gammas, params.gamma);
        self.members.push((number, c, gamma));
    }

    /// The same machines in grids without gaps, so that none is trained that nobody asked for.
    fn full(self) -> Vec<Self> {
        let named = |c: usize, gamma: usize| {
            self.members.iter().any(|&(_, its_c, its_gamma)| (its_c, its_gamma) == (c, gamma))
        };
        let (cs, gammas) = (self.cs.len(), self.gammas.len());
        if (0..gammas).all(|gamma| (0..cs).all(|c| named(c, gamma))) {
            return vec![self];
        }
        let of_gamma = |(at, &gamma): (usize, &Gamma)| {
            let mut part = Self {
                svm: self.svm.clone(),
                cs: Vec::new(),
                gammas: vec![gamma],
                members: Vec::new(),
            };
            for &(number, c, _) in self.members.iter().filter(|(_, _, gamma)| *gamma == at) {
                let c = place(&mut part.cs, self.cs[c]);
                part.members.push((number, c, 0));
            }
            part
        };
        self.gammas.iter().enumerate().map(of_gamma).collect()
    }

    /// Whether there is more than one machine. That one serves several folds does not pay: kernel
    /// values with the held-out rows are made too, and 28x28 digits took a quarter longer.
    fn shares(&self) -> bool {
        self.cs.len() * self.gammas.len() > 1
    }
}

/// Where the value is in the list; it is added if it is not there.
fn place<T: PartialEq>(list: &mut Vec<T>, value: T) -> usize {
    let found = list.iter().position(|other| *other == value);
    found.unwrap_or_else(|| {
        list.push(value);
        list.len() - 1
    })
}

impl FitMany<Matrix> for SvmMany {
    fn pays(&self, rows: usize) -> bool {
        let rows = rows as u64;
        let fits = |grid: &Grid| {
            let SvmParams { kernel, memory_limit_bytes, .. } = grid.svm.params;
            // What `fit_grid` needs: products and the values of one kernel, 4 bytes each.
            kernel != KernelName::Precomputed && 8 * rows * rows <= memory_limit_bytes
        };
        self.grids.iter().all(fits) && self.grids.iter().any(Grid::shares)
    }

    /// The seeds are not used: nothing is random.
    fn fit_many(
        &self,
        x: &Matrix,
        y: &Labels,
        folds: &[HeldOut],
    ) -> Result<Vec<Vec<FoldScores>>, FitError> {
        let held_out: Vec<Vec<usize>> = folds.iter().map(|fold| fold.rows.clone()).collect();
        let mut results: Vec<Vec<Option<FoldScores>>> = vec![vec![None; self.count]; folds.len()];
        for Grid { svm, cs, gammas, members } in &self.grids {
            let points = svm.fit_grid(x, y, &held_out, cs, gammas)?;
            for (of_fold, results) in points.chunks(cs.len() * gammas.len()).zip(&mut results) {
                for &(number, c, gamma) in members {
                    results[number] = Some(fold_scores(&of_fold[gamma * cs.len() + c]));
                }
            }
        }
        let all = |fold: Vec<Option<FoldScores>>| {
            fold.into_iter().map(|result| result.expect("each machine is in a grid")).collect()
        };
        Ok(results.into_iter().map(all).collect())
    }
}

fn fold_scores(point: &GridPoint) -> FoldScores {
    let convergence = convergence_of(&point.fits);
    FoldScores { scores: point.scores.clone(), convergence }
}

/// Recipes behind the same map of rows, which each fold learns from its own training rows: what
/// they share, they share within a fold. The counterpart of [`crate::Transformed`].
pub struct TransformedMany {
    transform: Box<dyn Transform>,
    inner: Box<dyn FitMany<Matrix>>,
}

impl TransformedMany {
    /// `inner` behind `transform`.
    pub fn new(transform: Box<dyn Transform>, inner: Box<dyn FitMany<Matrix>>) -> Self {
        Self { transform, inner }
    }
}

impl FitMany<Matrix> for TransformedMany {
    fn pays(&self, rows: usize) -> bool {
        self.inner.pays(rows)
    }

    fn fit_many(
        &self,
        x: &Matrix,
        y: &Labels,
        folds: &[HeldOut],
    ) -> Result<Vec<Vec<FoldScores>>, FitError> {
        check::training_rows(x, y)?;
        let mut results = Vec::with_capacity(folds.len());
        for fold in folds {
            let mut trained = vec![true; x.nrows()];
            fold.rows.iter().for_each(|&row| trained[row] = false);
            let training: Vec<usize> = (0..x.nrows()).filter(|&row| trained[row]).collect();
            let (seen, labels) = (x.pick(&training), y.pick(&training));
            FitError::check_labels(seen.nrows(), &labels)?;
            let map = self.transform.learn(&seen, &labels, fold.seed.child("transform", 0))?;
            drop(seen);
            results.extend(self.inner.fit_many(&map.apply(x), y, std::slice::from_ref(fold))?);
        }
        Ok(results)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::{clouds, in_threads};
    use crate::{Components, Pca, PcaParams, Standardise, Transformed};
    use base::{Convergence, Fit, Seed};

    fn problem() -> (Matrix, Labels, Vec<HeldOut>) {
        let (x, y) = clouds(3, 30);
        let order = Seed(4).permutation(90);
        let fold = |(at, rows): (usize, &[usize])| HeldOut {
            rows: rows.to_vec(),
            seed: Seed(9).child("fold", at as u64),
        };
        (x, y, order.chunks(30).enumerate().map(fold).collect())
    }

    fn params(values: &[(f64, Gamma, u16)]) -> Vec<SvmParams> {
        let kernel = KernelName::Polynomial;
        let of = |&(c, gamma, degree): &(f64, Gamma, u16)| SvmParams {
            kernel,
            c,
            gamma,
            degree,
            tolerance: 1e-6,
            ..SvmParams::default()
        };
        values.iter().map(of).collect()
    }

    /// Full and gapped grids, in no order, with a point given twice.
    fn samples() -> [Vec<SvmParams>; 2] {
        let (small, large) = (Gamma::Value(0.3), Gamma::Value(1.0));
        [
            params(&[(5.0, small, 2), (0.2, large, 2), (5.0, large, 2), (0.2, small, 2)]),
            params(&[
                (5.0, small, 2),
                (1.0, Gamma::Scale, 3),
                (0.2, large, 2),
                (5.0, small, 2),
                (0.1, small, 2),
            ]),
        ]
    }

    fn assert_as_alone(
        many: &dyn FitMany<Matrix>,
        alone: impl Fn(&SvmParams) -> Box<dyn Fit<Matrix>>,
        params: &[SvmParams],
    ) {
        let (x, y, folds) = problem();
        assert!(many.pays(x.nrows()));
        let results = many.fit_many(&x, &y, &folds).unwrap();
        assert_eq!(results.len(), folds.len());
        for (fold, results) in folds.iter().zip(&results) {
            assert_eq!(results.len(), params.len());
            let training: Vec<usize> =
                (0..x.nrows()).filter(|row| !fold.rows.contains(row)).collect();
            for (result, params) in results.iter().zip(params) {
                let recipe = alone(params);
                let model = recipe.fit(&x.pick(&training), &y.pick(&training), fold.seed).unwrap();
                let scores = model.scores(&x.pick(&fold.rows));
                assert_eq!(result.scores.predicted(), scores.predicted(), "{params:?}");
                for (together, alone) in result.scores.view().iter().zip(scores.view()) {
                    assert!((together - alone).abs() < 1e-4, "{together} {alone} {params:?}");
                }
                assert!(matches!(result.convergence, Convergence::Converged { .. }));
            }
        }
    }

    #[test]
    fn machines_trained_together_score_like_each_alone() {
        for params in samples() {
            let alone = |params: &SvmParams| -> Box<dyn Fit<Matrix>> {
                Box::new(Svm::new(params).unwrap())
            };
            assert_as_alone(&SvmMany::new(&params).unwrap(), alone, &params);
        }
    }

    #[test]
    fn maps_are_learned_from_the_training_rows_of_each_fold() {
        fn standardise() -> Box<dyn Transform> {
            Box::new(Standardise)
        }
        fn pca() -> Box<dyn Transform> {
            let params = PcaParams { components: Components::Count(3), whiten: false };
            Box::new(Pca::new(&params).unwrap())
        }
        let params = &samples()[0];
        for transform in [standardise, pca] {
            let many = TransformedMany::new(transform(), Box::new(SvmMany::new(params).unwrap()));
            let alone = |params: &SvmParams| -> Box<dyn Fit<Matrix>> {
                Box::new(Transformed::new(transform(), Box::new(Svm::new(params).unwrap())))
            };
            assert_as_alone(&many, alone, params);
        }
    }

    #[test]
    fn gaps_of_a_grid_are_not_trained() {
        let [full, gapped] = samples();
        assert_eq!(SvmMany::new(&full).unwrap().grids.len(), 1);
        let gapped = SvmMany::new(&gapped).unwrap();
        let trained: usize =
            gapped.grids.iter().map(|grid| grid.cs.len() * grid.gammas.len()).sum();
        // Four different machines, in grids of (degree, gamma).
        assert_eq!((trained, gapped.grids.len()), (4, 3));
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let (x, y, folds) = problem();
        let many = SvmMany::new(&samples()[1]).unwrap();
        let run = || many.fit_many(&x, &y, &folds).unwrap();
        assert_eq!(in_threads(1, run), in_threads(2, run));
    }

    #[test]
    fn nothing_to_share_and_no_memory_to_share_it_in() {
        let one = SvmParams::default();
        let many = |params: &[SvmParams]| SvmMany::new(params).unwrap();
        assert!(!many(&[one.clone(), one]).pays(100), "the same machine twice");
        let two = |limit| {
            let params = SvmParams { memory_limit_bytes: limit, ..SvmParams::default() };
            many(&[SvmParams { c: 5.0, ..params.clone() }, params])
        };
        assert!(two(80_000).pays(100));
        assert!(!two(79_999).pays(100));
    }

    #[test]
    fn one_that_cannot_be_trained_is_an_error() {
        let (mut x, y, folds) = problem();
        x[[3, 1]] = f32::NAN;
        assert!(SvmMany::new(&samples()[0]).unwrap().fit_many(&x, &y, &folds).is_err());
    }
}
