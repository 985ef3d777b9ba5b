//! What every trainable recipe promises; called by the tests of the crates that hold recipes.

use base::{Fit, Labels, Rows, Seed};

/// Checks a recipe on a small problem that it can learn, with at least three rows of each class.
///
/// Promises checked: the same seed gives the same scores, bit for bit; the order of the rows to
/// predict does not matter; scores are finite, one per row and class of the names (also of those
/// without a row); a single class and labels of another length are refused; more training rows
/// are predicted right than by always naming the largest class.
///
/// # Panics
/// If a promise is broken, with the promise as message.
pub fn check<X: Rows>(recipe: &dyn Fit<X>, x: &X, y: &Labels) {
    let n = x.row_count();
    let fit = |seed| recipe.fit(x, y, seed).expect("the recipe learns from the problem");
    let model = fit(Seed(1));
    let scores = model.scores(x);
    assert_eq!(scores, fit(Seed(1)).scores(x), "same seed, same scores");
    assert_eq!(scores.view().dim(), (n, y.class_count()), "one score per row and class");
    assert!(scores.view().iter().all(|score| score.is_finite()), "scores are finite");

    let order = Seed(2).permutation(n);
    let shuffled = model.scores(&x.pick(&order));
    for (position, &row) in order.iter().enumerate() {
        let (there, here) = (shuffled.view(), scores.view());
        assert_eq!(there.row(position), here.row(row), "the order of rows does not matter");
    }

    let right = scores.predicted().iter().zip(y.ids()).filter(|(got, want)| got == want).count();
    let largest = y.counts().into_iter().max().expect("there are classes");
    assert!(right > largest, "better than the largest class: {right} of {n}");

    let first: Vec<usize> = (0..n).filter(|&row| y.ids()[row] == y.ids()[0]).collect();
    let single = recipe.fit(&x.pick(&first), &y.pick(&first), Seed(1));
    assert!(single.is_err(), "a single class is refused");
    let shorter: Vec<usize> = (1..n).collect();
    assert!(recipe.fit(x, &y.pick(&shorter), Seed(1)).is_err(), "too few labels are refused");
}
