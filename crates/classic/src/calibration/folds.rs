//! The training rows dealt into folds, and each fold seen by a model of the others.

use super::{CalibrationError, HeldOut};
use base::{Convergence, FitError, Labels, Matrix, Rows, Seed};
use ndarray::{Array2, Axis};

/// The fold of each row, below `folds`. The rows of a class are dealt out one by one, in random
/// order, and the next class goes on where the last one stopped: folds differ by at most one row
/// in size, and by at most one in the rows of each class. So no class is missing outside of a fold.
///
/// # Errors
/// If a class has a single row.
pub(super) fn deal(y: &Labels, folds: usize, seed: Seed) -> Result<Vec<usize>, CalibrationError> {
    if let Some(class) = y.counts().into_iter().position(|count| count == 1) {
        return Err(CalibrationError::SingleRow { class });
    }
    let mut order = seed.permutation(y.len());
    order.sort_by_key(|&row| y.ids()[row]);
    let mut fold_of = vec![0; y.len()];
    for (place, row) in order.into_iter().enumerate() {
        fold_of[row] = place % folds;
    }
    Ok(fold_of)
}

/// What `evaluate(fold, training rows, their labels, rows of the fold)` gives for each fold, put
/// together in the order of all rows. Folds without a row are left out.
pub(super) fn held_out(
    x: &Matrix,
    y: &Labels,
    fold_of: &[usize],
    width: usize,
    evaluate: impl Fn(u64, &Matrix, &Labels, &Matrix) -> Result<(Array2<f64>, Convergence), FitError>,
) -> Result<HeldOut, FitError> {
    let mut values = Array2::zeros((x.nrows(), width));
    let mut convergence = Vec::new();
    let folds = fold_of.iter().max().map_or(0, |last| last + 1);
    for fold in 0..folds {
        let rows_where = |inside: bool| -> Vec<usize> {
            (0..fold_of.len()).filter(|&row| (fold_of[row] == fold) == inside).collect()
        };
        let (inside, outside) = (rows_where(true), rows_where(false));
        let (found, ending) =
            evaluate(fold as u64, &x.pick(&outside), &y.pick(&outside), &x.pick(&inside))?;
        for (&row, found) in inside.iter().zip(found.axis_iter(Axis(0))) {
            values.row_mut(row).assign(&found);
        }
        convergence.push(ending);
    }
    Ok(HeldOut { values, convergence })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::labels;

    #[test]
    fn every_class_is_spread_and_never_held_out_whole() {
        let ids: Vec<usize> = (0..53).map(|row| [0, 0, 1, 3][row % 4]).chain([4, 4]).collect();
        let y = labels(ids, 5);
        let fold_of = deal(&y, 5, Seed(2)).unwrap();
        let count = |fold: usize, class: usize| {
            (0..55).filter(|&row| fold_of[row] == fold && y.ids()[row] == class).count()
        };
        for (class, total) in y.counts().into_iter().enumerate() {
            let spread: Vec<usize> = (0..5).map(|fold| count(fold, class)).collect();
            assert!(spread.iter().max().unwrap() - spread.iter().min().unwrap() <= 1);
            assert!(spread.iter().all(|&held| held == 0 || held < total), "{class}: {spread:?}");
        }
        assert_eq!(deal(&y, 5, Seed(2)).unwrap(), fold_of);
        assert_ne!(deal(&y, 5, Seed(3)).unwrap(), fold_of);
        let error = deal(&labels(vec![0, 0, 1], 2), 5, Seed(2)).unwrap_err();
        assert_eq!(error, CalibrationError::SingleRow { class: 1 });
    }

    /// Each row's value comes from the call in which it was not trained on.
    #[test]
    fn values_go_to_their_rows() {
        let x = Matrix::from_shape_fn((12, 1), |(row, _)| row as f32);
        let y = labels((0..12).map(|row| row % 2).collect(), 2);
        let folds = deal(&y, 3, Seed(1)).unwrap();
        let held_out = held_out(&x, &y, &folds, 2, |fold, outside, labels, inside| {
            assert_eq!(outside.nrows(), labels.len());
            assert!(inside.iter().all(|value| !outside.iter().any(|other| other == value)));
            let value =
                |(row, column): (usize, usize)| [f64::from(inside[[row, 0]]), fold as f64][column];
            Ok((Array2::from_shape_fn((inside.nrows(), 2), value), Convergence::Direct))
        });
        for (row, values) in held_out.unwrap().values.rows().into_iter().enumerate() {
            assert_eq!(values.to_vec(), [row as f64, folds[row] as f64]);
        }
    }
}
