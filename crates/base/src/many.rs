//! Training many recipes at once, where they can share work.

use crate::{Convergence, FitError, Labels, Scores, Seed};

/// Recipes over the same kind of rows, such as the points of a grid, that share work when they are
/// trained together on several folds.
pub trait FitMany<X>: Send + Sync {
    /// Whether there is work to share, and memory to share it in, for so many rows. Where there is
    /// not, each recipe is better trained alone.
    fn pays(&self, rows: usize) -> bool;

    /// Trains each recipe on all rows but those of a fold, for each fold, and scores the rows of
    /// the fold. Results come by fold, then recipe.
    ///
    /// They are those of training each alone, up to what the tolerance of the solver leaves open;
    /// equal inputs give equal results, at any number of threads. All recipes of a fold get its
    /// seed.
    ///
    /// # Errors
    /// If one of the recipes cannot be trained on one of the folds. The others may well be: train
    /// each alone to find out.
    fn fit_many(
        &self,
        x: &X,
        y: &Labels,
        folds: &[HeldOut],
    ) -> Result<Vec<Vec<FoldScores>>, FitError>;
}

/// Rows that a training does not see, and its seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldOut {
    /// The rows held out; no fold names a row that another has named.
    pub rows: Vec<usize>,
    /// Seed of the trainings on all other rows.
    pub seed: Seed,
}

/// What one recipe came to on one fold.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldScores {
    /// Scores of the rows held out, in the order in which the fold names them.
    pub scores: Scores,
    /// Whether the solver reached its goal.
    pub convergence: Convergence,
}
