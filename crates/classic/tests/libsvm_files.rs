//! LIBSVM's files: what it wrote is read, and what is written it reads.
//!
//! `golden/libsvm` is filled by `golden/libsvm_files.py` with LIBSVM itself. The models in
//! `golden/libsvm/ours` are those of LIBSVM, read and written again here; how LIBSVM decides with
//! them is in `ours.json`.

use base::{Matrix, Predict};
use classic::kernel::Kernel;
use classic::{LibsvmModel, SvmModel, SvmParts, SvmlightOptions, TextError, read_svmlight};
use ndarray::ArrayView1;
use proptest::prelude::*;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

#[derive(Deserialize)]
struct Golden {
    source: String,
    models: BTreeMap<String, Decided>,
}

#[derive(Deserialize)]
struct Decided {
    labels: Vec<i32>,
    decisions: Vec<Vec<f64>>,
}

const TRAINING_ROWS: usize = 60;

fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/golden/libsvm", name].iter().collect()
}

fn file(name: &str) -> Vec<u8> {
    fs::read(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn golden(name: &str) -> Golden {
    serde_json::from_slice(&file(name)).expect("the golden file is valid")
}

fn rows(name: &str) -> (Matrix, base::Labels) {
    let options = SvmlightOptions { features: Some(16), classes: None };
    read_svmlight(file(name).as_slice(), &options).expect("LIBSVM's own format")
}

/// The test rows as a model takes them.
fn test_rows(kernel: Kernel) -> Matrix {
    let test = rows("test.txt").0;
    if kernel == Kernel::Precomputed { test.dot(&rows("train.txt").0.t()) } else { test }
}

fn read(bytes: &[u8], name: &str) -> LibsvmModel {
    let features = if name == "precomputed" { TRAINING_ROWS } else { 16 };
    LibsvmModel::read(bytes, Some(features)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn written(model: &LibsvmModel) -> Vec<u8> {
    let mut bytes = Vec::new();
    model.write(&mut bytes).expect("LIBSVM has this kernel");
    bytes
}

/// LIBSVM's rule: the most votes, the first in the file of equal ones.
fn vote(model: &SvmModel, decisions: &[f64]) -> usize {
    let classes = model.classes();
    let mut votes = vec![0; classes.len()];
    for (pair, &decision) in model.pairs().iter().zip(decisions) {
        let winner = if decision > 0.0 { Some(pair.first) } else { pair.second };
        votes[classes.iter().position(|&class| Some(class) == winner).expect("a class")] += 1;
    }
    let best = *votes.iter().max().expect("classes");
    classes[votes.iter().position(|&vote| vote == best).expect("the best")]
}

/// LIBSVM's definition of a kernel, in 64 bits.
fn kernel_value(kernel: Kernel, vector: ArrayView1<'_, f32>, row: ArrayView1<'_, f32>) -> f64 {
    let pairs = || vector.iter().zip(row).map(|(&a, &b)| (f64::from(a), f64::from(b)));
    let product: f64 = pairs().map(|(a, b)| a * b).sum();
    match kernel {
        Kernel::Linear => product,
        Kernel::Polynomial { gamma, coef0, degree } => {
            (f64::from(gamma) * product + f64::from(coef0)).powi(degree.into())
        }
        Kernel::Rbf { gamma } => {
            let apart: f64 = pairs().map(|(a, b)| (a - b).powi(2)).sum();
            (-f64::from(gamma) * apart).exp()
        }
        Kernel::Sigmoid { gamma, coef0 } => (f64::from(gamma) * product + f64::from(coef0)).tanh(),
        Kernel::Precomputed => row[vector[0] as usize].into(),
        other => panic!("LIBSVM has no {other:?}"),
    }
}

/// The decision values of a row in plain loops of 64 bits, and the sums of the sizes of what was
/// added up for each.
fn plain(parts: &SvmParts, row: ArrayView1<'_, f32>) -> Vec<(f64, f64)> {
    let classes = parts.vectors_per_class.iter().enumerate();
    let class_of: Vec<usize> =
        classes.flat_map(|(class, &count)| std::iter::repeat_n(class, count)).collect();
    let pairs =
        (0..parts.classes.len()).flat_map(|a| (a + 1..parts.classes.len()).map(move |b| (a, b)));
    let decision = |((a, b), rho): ((usize, usize), &f64)| {
        let (mut sum, mut size) = (-rho, rho.abs());
        for (at, vector) in parts.vectors.rows().into_iter().enumerate() {
            let other = match class_of[at] {
                class if class == a => b - 1,
                class if class == b => a,
                _ => continue,
            };
            let term = parts.coefficients[[other, at]] * kernel_value(parts.kernel, vector, row);
            sum += term;
            size += term.abs();
        }
        (sum, size)
    };
    pairs.zip(&parts.rho).map(decision).collect()
}

/// The numbers of the file give LIBSVM's decisions to 1e-6 (gamma has 32 bits: 3e-8 of it), and
/// the model those, but for the rounding of its kernel values to 32 bits.
fn assert_decides_as(model: &LibsvmModel, want: &Decided, what: &str) {
    let LibsvmModel { model, labels, .. } = model;
    let parts = model.to_parts();
    let rows = test_rows(model.kernel());
    let got = model.decisions(&rows);
    assert_eq!(got.nrows(), want.decisions.len());
    for (row, decisions) in want.decisions.iter().enumerate() {
        assert_eq!(decisions.len(), got.ncols());
        for (pair, (plain, size)) in plain(&parts, rows.row(row)).into_iter().enumerate() {
            let (want, got) = (decisions[pair], got[[row, pair]]);
            assert!((plain - want).abs() < 1e-6, "{what} row {row} pair {pair}: {plain}, {want}");
            let rounding = 1e-6 * size;
            assert!((got - plain).abs() < rounding, "{what} row {row} pair {pair}: {got}, {plain}");
        }
        assert_eq!(labels[vote(model, decisions)], want.labels[row], "{what} row {row}");
    }
}

#[test]
fn models_of_libsvm_decide_as_it_does() {
    let Golden { source, models } = golden("decisions.json");
    assert_eq!(models.len(), 8);
    for (name, want) in &models {
        let model = read(&file(&format!("{name}.model")), name);
        assert_decides_as(&model, want, &format!("{source} {name}"));
        assert!(model.labels.is_sorted(), "{name}");
    }
}

#[derive(Deserialize)]
struct GoldenProbabilities {
    source: String,
    models: BTreeMap<String, Probable>,
}

#[derive(Deserialize)]
struct Probable {
    /// Of the columns.
    labels: Vec<i32>,
    /// Of the test rows.
    probabilities: Vec<Vec<f64>>,
}

/// `ours/probabilities` is the model read and written again: LIBSVM's numbers show that it finds
/// our `probA` and `probB`.
#[test]
fn probabilities_are_those_of_libsvm() {
    let golden: GoldenProbabilities =
        serde_json::from_slice(&file("probabilities.json")).expect("the golden file is valid");
    assert_eq!(golden.models.len(), 3);
    for (name, want) in &golden.models {
        let model = read(&file(&format!("{name}.model")), name);
        let got = model.probabilities(&rows("test.txt").0).expect("the model has sigmoids");
        assert_eq!(got.view().dim(), (want.probabilities.len(), want.labels.len()));
        for (row, want_row) in want.probabilities.iter().enumerate() {
            for (label, want) in want.labels.iter().zip(want_row) {
                let class = model.labels.binary_search(label).expect("a class of the model");
                let difference = f64::from(got.view()[[row, class]]) - want;
                // Kernel values have 32 bits.
                let what = || format!("{}: {name}, row {row}, label {label}", golden.source);
                assert!(difference.abs() < 2e-6, "{}: {difference:e}", what());
            }
        }
    }
    let without = read(&file("rbf.model"), "rbf");
    assert!(without.probabilities(&rows("test.txt").0).is_none());
}

#[test]
fn sigmoids_that_do_not_fit_are_refused() {
    let text = String::from_utf8(file("probabilities.model")).unwrap();
    let line = text.lines().find(|line| line.starts_with("probB")).expect("it has them");
    for (with, what) in [("probB 1 2", "2 values of probB"), ("", "0 values of probB")] {
        let error = LibsvmModel::read(text.replace(line, with).as_bytes(), None).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    }
    let mut model = read(text.as_bytes(), "probabilities");
    model.sigmoids.pop();
    let error = model.write(Vec::new()).unwrap_err().to_string();
    assert!(error.contains("2 sigmoids for 3 pairs"), "{error}");
}

#[test]
fn labels_belong_to_their_classes() {
    let (x, y) = rows("train.txt");
    assert_eq!(y.classes(), ["1", "6", "8"]);
    let LibsvmModel { model, labels, .. } = read(&file("rbf.model"), "rbf");
    assert_eq!(labels, [1, 6, 8], "as the classes of the data");
    assert_eq!(model.classes(), [2, 1, 0], "LIBSVM saw 8 first");
    assert_eq!(model.scores(&x).predicted(), y.ids(), "it was trained on these rows");
}

#[test]
fn what_is_written_is_read_again_bit_for_bit() {
    for name in golden("decisions.json").models.keys() {
        let first = read(&file(&format!("{name}.model")), name);
        let second = read(&written(&first), name);
        assert_eq!(second.model.to_parts(), first.model.to_parts(), "{name}");
        assert_eq!(second.labels, first.labels, "{name}");
        assert_eq!(second.sigmoids, first.sigmoids, "{name}");
        assert_eq!(first.sigmoids.len(), if name == "probabilities" { 3 } else { 0 }, "{name}");
    }
}

/// What LIBSVM decided with the files of `ours` holds for what is written today.
#[test]
fn libsvm_reads_what_is_written_here() {
    let Golden { source, models } = golden("ours.json");
    assert_eq!(models.len(), 8);
    for (name, want) in &models {
        let model = read(&file(&format!("{name}.model")), name);
        assert_eq!(written(&model), file(&format!("ours/{name}.model")), "{name}");
        assert_decides_as(&model, want, &format!("{source} {name}"));
    }
}

#[test]
#[ignore = "writes the files that golden/libsvm_files.py reads"]
fn write_the_files_that_libsvm_reads() {
    for name in golden("decisions.json").models.keys() {
        let model = read(&file(&format!("{name}.model")), name);
        fs::write(path(&format!("ours/{name}.model")), written(&model)).expect("can be written");
    }
}

#[test]
fn what_libsvm_has_not_is_not_written() {
    let parts = read(&file("rbf.model"), "rbf").model.to_parts();
    let parts = SvmParts { kernel: Kernel::ChiSquare { gamma: 1.0 }, ..parts };
    let positive = SvmParts { vectors: parts.vectors.mapv(f32::abs), ..parts };
    let model = LibsvmModel::new(SvmModel::from_parts(positive).expect("sound"));
    assert_eq!(model.labels, [0, 1, 2]);
    let error = model.write(Vec::new()).unwrap_err().to_string();
    assert_eq!(error, "LIBSVM has no chi-square kernel");
    let mut model = read(&file("rbf.model"), "rbf");
    model.labels.pop();
    let error = model.write(Vec::new()).unwrap_err().to_string();
    assert_eq!(error, "there are 2 labels for 3 classes");
}

const HEAD: &str = "svm_type c_svc\nkernel_type rbf\ngamma 0.5\nnr_class 2\ntotal_sv 2\nrho 0\n\
                    label 1 -1\nnr_sv 1 1\n";

fn error(text: &str) -> String {
    LibsvmModel::read(text.as_bytes(), None).expect_err(text).to_string()
}

#[test]
fn faults_name_the_line() {
    let with = |from: &str, to: &str| {
        assert!(HEAD.contains(from));
        error(&format!("{}SV\n0.5 1:1\n-0.5 1:-1\n", HEAD.replace(from, to)))
    };
    assert_eq!(with("c_svc", "epsilon_svr"), "line 1: `epsilon_svr` is not supported");
    assert_eq!(with("rbf", "wavelet"), "kernel `wavelet` is not supported");
    assert_eq!(with("gamma 0.5\n", ""), "there is no line `gamma`");
    assert_eq!(with("gamma 0.5", "gamma inf"), "line 3: `inf` is not a finite number");
    assert!(with("gamma 0.5", "gamma -1").contains("`gamma` holds -1"));
    assert_eq!(with("gamma", "delta"), "line 3: `delta` is not expected here");
    assert_eq!(with("nr_class 2\n", ""), "there is no line `nr_class`");
    let huge = with("nr_class 2", "nr_class 18446744073709551615");
    assert_eq!(huge, "there are 2 labels, but should be 18446744073709551615");
    assert_eq!(with("total_sv 2", "total_sv 3"), "there are 2 support vectors, but should be 3");
    assert_eq!(with("rho 0", "rho 0 0"), "there are 2 values of rho, but should be 1");
    assert!(with("label 1 -1", "label 1 1").contains("class 0 is given twice"));
    assert!(with("nr_sv 1 1", "nr_sv 1 2").contains("3 support vectors of all classes"));
    assert_eq!(error(HEAD), "there is no line `SV`");
    let rows = |rows: &str| error(&format!("{HEAD}SV\n{rows}"));
    assert_eq!(rows("0.5 1:1\n\n-0.5 1:x"), "line 12: `x` is not a finite number");
    assert_eq!(rows("0.5 1:1\nnan 1:1"), "line 11: `nan` is not a finite number");
    let huge = rows("0.5 1:1\n-0.5 4000000000:1");
    assert!(huge.starts_with("2 rows x 4000000000 features are too many"), "{huge}");
    let error = LibsvmModel::read(&b"svm_type \xff"[..], None).unwrap_err();
    assert!(matches!(error, TextError::Line { line: 1, .. }));
}

/// What is read from damaged text is an error or a model that predicts.
fn survives(bytes: &[u8]) {
    if let Ok(LibsvmModel { model, .. }) = LibsvmModel::read(bytes, None) {
        // With a precomputed kernel the number of features is whatever the file says.
        if model.features() < 1_000_000 {
            model.scores(&Matrix::ones((2, model.features())));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn damaged_models_never_panic(
        name in prop::sample::select(vec!["polynomial", "precomputed", "two_classes"]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), ".{0,3}"), 1..6),
    ) {
        let mut bytes = file(&format!("{name}.model"));
        for (at, text) in changes {
            let at = at.index(bytes.len());
            bytes.splice(at..at + 1, text.bytes());
        }
        survives(&bytes);
    }

    #[test]
    fn damaged_data_never_panics(
        changes in prop::collection::vec((any::<prop::sample::Index>(), ".{0,3}"), 1..6),
    ) {
        let mut bytes = file("test.txt");
        for (at, text) in changes {
            let at = at.index(bytes.len());
            bytes.splice(at..at + 1, text.bytes());
        }
        let _ = read_svmlight(bytes.as_slice(), &SvmlightOptions::default());
    }
}
