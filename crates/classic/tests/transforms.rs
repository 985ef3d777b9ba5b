//! Maps, nearest means and nearest neighbours against scikit-learn.
//!
//! `golden/transforms.json` is written by `golden/transforms.py`.

use base::{Fit, Labels, Matrix, Rows, Seed};
use classic::{
    Components, FeatureMap, Lda, LdaParams, MinMax, MinMaxParams, NearestMean, NearestNeighbours,
    NearestNeighboursParams, NormaliseRows, NormaliseRowsParams, Nystroem, NystroemParams, Pca,
    PcaParams, RowNorm, Standardise, Transform,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    source: String,
    train: usize,
    classes: usize,
    pixels: Vec<Vec<u8>>,
    labels: Vec<usize>,
    standardised: Vec<Vec<f64>>,
    min_max: Vec<Vec<f64>>,
    l1: Vec<Vec<f64>>,
    l2: Vec<Vec<f64>>,
    pca: Vec<PcaCase>,
    lda: Vec<LdaCase>,
    nystroem: Vec<NystroemCase>,
    nearest_mean: Vec<usize>,
    coarse: Vec<Vec<i8>>,
    neighbours: Vec<NeighbourCase>,
}

#[derive(Deserialize)]
struct PcaCase {
    name: String,
    rows: usize,
    kept: usize,
    mapped: Vec<Vec<f64>>,
    variances: Vec<f64>,
    shares: Vec<f64>,
}

#[derive(Deserialize)]
struct LdaCase {
    shrinkage: f64,
    rows: usize,
    mapped: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct NystroemCase {
    params: NystroemParams,
    /// Of mapped test rows with mapped training rows.
    products: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct NeighbourCase {
    set: String,
    k: usize,
    shift: f32,
    /// Share of each class among the neighbours of each test row.
    shares: Vec<Vec<f64>>,
}

struct Problem {
    x: Matrix,
    y: Labels,
    x_test: Matrix,
}

fn problem(golden: &Golden, all: &Matrix) -> Problem {
    let names: Vec<String> = (0..golden.classes).map(|class| class.to_string()).collect();
    let labels = Labels::new(golden.labels.clone(), &names).expect("every id has a name");
    let train: Vec<usize> = (0..golden.train).collect();
    let test: Vec<usize> = (golden.train..golden.labels.len()).collect();
    Problem { x: all.pick(&train), y: labels.pick(&train), x_test: all.pick(&test) }
}

fn golden() -> (Golden, Problem) {
    let text = include_str!("golden/transforms.json");
    let golden: Golden = serde_json::from_str(text).expect("the golden file is valid");
    let all = Matrix::from_shape_fn((golden.pixels.len(), 16), |(row, column)| {
        f32::from(golden.pixels[row][column]) / 32.0 - 1.0
    });
    let problem = problem(&golden, &all);
    (golden, problem)
}

/// Differences count in units of `1 + |want|`.
fn assert_close(got: &Matrix, want: &[Vec<f64>], tolerance: f64, what: &str) {
    assert_eq!(got.dim(), (want.len(), want[0].len()), "{what}");
    for ((row, column), &got) in got.indexed_iter() {
        let want = want[row][column];
        let difference = (f64::from(got) - want).abs() / (1.0 + want.abs());
        assert!(difference < tolerance, "{what}: [{row}, {column}] is {got}, should be {want}");
    }
}

/// All in 64 bits inside, so that only the last rounding to 32 bits differs.
#[test]
fn scalers_are_those_of_scikit_learn() {
    let (golden, Problem { x, y, x_test }) = golden();
    let rows = |norm| NormaliseRows::new(&NormaliseRowsParams { norm });
    let min_max = MinMax::new(&MinMaxParams { low: -1.0, high: 2.0 }).unwrap();
    let check = |transform: &dyn Transform, want: &[Vec<f64>], name: &str| {
        let got = transform.learn(&x, &y, Seed(1)).unwrap().apply(&x_test);
        assert_close(&got, want, 1e-7, &format!("{name}, {}", golden.source));
    };
    check(&Standardise, &golden.standardised, "standardise");
    check(&min_max, &golden.min_max, "min-max");
    check(&rows(RowNorm::L1), &golden.l1, "l1");
    check(&rows(RowNorm::L2), &golden.l2, "l2");
}

#[test]
fn principal_components_are_those_of_scikit_learn() {
    let (golden, Problem { x, x_test, .. }) = golden();
    for case in &golden.pca {
        let components = match case.name.as_str() {
            "share" => Components::Share(0.8),
            "count" | "whitened" => Components::Count(5),
            _ => Components::Count(16),
        };
        let params = PcaParams { components, whiten: case.name == "whitened" };
        let train = x.pick(&(0..case.rows).collect::<Vec<_>>());
        let map = Pca::new(&params).unwrap().train(&train).unwrap();
        let what = format!("pca of {}, {}", case.name, golden.source);
        assert_eq!(map.variances().len(), case.kept, "{what}");
        // Sums of 16 terms in 32 bits.
        assert_close(&map.apply(&x_test), &case.mapped, 2e-6, &what);
        for (got, want) in map.variances().iter().zip(&case.variances) {
            assert!((got - want).abs() < 1e-9, "{what}: {got} {want}");
        }
        for (got, want) in map.explained().iter().zip(&case.shares) {
            assert!((got - want).abs() < 1e-9, "{what}: {got} {want}");
        }
    }
}

/// scikit-learn leaves the signs to chance.
#[test]
fn discriminants_are_those_of_scikit_learn_but_for_signs() {
    let (golden, Problem { x, y, x_test }) = golden();
    for case in &golden.lda {
        let params = LdaParams { shrinkage: case.shrinkage };
        let rows: Vec<usize> = (0..case.rows).collect();
        let map = Lda::new(&params).unwrap().train(&x.pick(&rows), &y.pick(&rows)).unwrap();
        let mut got = map.apply(&x_test);
        assert_eq!(got.ncols(), golden.classes - 1);
        for (column, mut values) in got.columns_mut().into_iter().enumerate() {
            let along: f64 =
                values.iter().zip(&case.mapped).map(|(&v, row)| f64::from(v) * row[column]).sum();
            values *= along.signum() as f32;
        }
        let what = format!("lda with {} of {} rows", case.shrinkage, case.rows);
        assert_close(&got, &case.mapped, 5e-6, &what);
    }
}

/// With all rows as landmarks, whatever their order, so the draw does not matter.
#[test]
fn inner_products_of_nystroem_are_those_of_scikit_learn() {
    let (golden, Problem { x, y, x_test }) = golden();
    for case in &golden.nystroem {
        let map = Nystroem::new(&case.params).unwrap().learn(&x, &y, Seed(1)).unwrap();
        let got = map.apply(&x_test).dot(&map.apply(&x).t());
        let what = format!("{:?}, {}", case.params, golden.source);
        assert_close(&got, &case.products, 2e-4, &what);
    }
}

#[test]
fn nearest_means_are_those_of_scikit_learn() {
    let (golden, Problem { x, y, x_test }) = golden();
    let model = NearestMean.fit(&x, &y, Seed(1)).unwrap();
    assert_eq!(model.scores(&x_test).predicted(), golden.nearest_mean);
}

/// On rows with many equal distances, and on rows far from the origin, whose squared lengths are a
/// million times their squared distances.
#[test]
fn neighbours_are_those_of_scikit_learn() {
    let (golden, Problem { x, x_test, .. }) = golden();
    for case in &golden.neighbours {
        let all = if case.set == "coarse" {
            Matrix::from_shape_fn((golden.coarse.len(), 16), |(row, column)| {
                f32::from(golden.coarse[row][column]) / 2.0
            })
        } else {
            ndarray::concatenate![ndarray::Axis(0), x, x_test]
        };
        let Problem { x, y, x_test } = problem(&golden, &(all + case.shift));
        let recipe = NearestNeighbours::new(&NearestNeighboursParams { k: case.k }).unwrap();
        let scores = recipe.fit(&x, &y, Seed(1)).unwrap().scores(&x_test);
        for (row, want) in scores.view().rows().into_iter().zip(&case.shares) {
            for (&score, want) in row.iter().zip(want) {
                // What breaks ties is less than a vote.
                let votes = (f64::from(score) * case.k as f64 + 1e-6).floor();
                let place = votes / case.k as f64;
                assert!((place - want).abs() < 1e-6, "{} {}: {row} {want}", case.set, case.k);
            }
        }
    }
}
