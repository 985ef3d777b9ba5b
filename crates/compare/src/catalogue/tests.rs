use super::*;
use base::{Labels, Seed};
use serde_json::json;

/// Three classes of noise that overlap, 90 rows of 12 numbers between 0 and 1.
fn rows() -> (Matrix, Labels) {
    let noise = Seed(2).permutation(90 * 12);
    let x = Matrix::from_shape_fn((90, 12), |(row, column)| {
        let shift = if column % 3 == row % 3 { 0.2 } else { 0.0 };
        0.8 * noise[row * 12 + column] as f32 / 1080.0 + shift
    });
    let names = ["a", "b", "c"].map(str::to_owned);
    (x, Labels::new((0..90).map(|row| row % 3).collect(), &names).unwrap())
}

/// Whether two seeds give the same scores.
fn ignores_its_seed(recipe: &dyn Fit<Matrix>) -> bool {
    let (x, y) = rows();
    let scores = |seed| recipe.fit(&x, &y, Seed(seed)).unwrap().scores(&x);
    scores(1) == scores(2)
}

/// What is said to ignore its seed is trained once for all seeds.
#[test]
fn who_ignores_the_seed_is_known() {
    for kind in CLASSIFIERS {
        let recipe = classifier(kind.name, false, &[], &Settings::new()).unwrap();
        assert_eq!(ignores_its_seed(&*recipe), !kind.seeded, "{}", kind.name);
    }
    for kind in TRANSFORMS {
        let settings = match kind.name {
            "nystroem" => json!({ "components": 8 }),
            _ => json!({}),
        };
        let entry = json!({ kind.name: settings });
        let recipe = classifier("nearest-mean", false, &[entry], &Settings::new()).unwrap();
        assert_eq!(ignores_its_seed(&*recipe), !kind.seeded, "{}", kind.name);
    }
}
