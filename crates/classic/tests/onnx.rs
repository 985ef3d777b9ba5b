//! ONNX files against onnxruntime.
//!
//! `golden/onnx.json` is written by `golden/onnx_files.py`, which runs the files of `golden/onnx`
//! with onnxruntime; those are models that LIBSVM trained (`golden/libsvm`), written here.

use base::Predict;
use classic::kernel::Kernel;
use classic::{LibsvmModel, MultiClass, SvmModel, SvmParts, SvmlightOptions, read_svmlight};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

#[derive(Deserialize)]
struct Golden {
    source: String,
    models: BTreeMap<String, Output>,
}

#[derive(Deserialize)]
struct Output {
    labels: Vec<usize>,
    decisions: Vec<Vec<f64>>,
}

const NAMES: [&str; 5] = ["linear", "polynomial", "rbf", "sigmoid", "two_classes"];

fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/golden", name].iter().collect()
}

fn file(name: &str) -> Vec<u8> {
    fs::read(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn model(name: &str) -> SvmModel {
    let bytes = file(&format!("libsvm/{name}.model"));
    LibsvmModel::read(bytes.as_slice(), Some(16)).expect("LIBSVM wrote it").model
}

#[test]
fn onnxruntime_decides_as_the_model() {
    let golden: Golden = serde_json::from_slice(&file("onnx.json")).expect("valid");
    assert!(golden.models.keys().eq(NAMES), "{:?}", golden.models.keys());
    let options = SvmlightOptions { features: Some(16), classes: None };
    let (x, _) = read_svmlight(file("libsvm/test.txt").as_slice(), &options).expect("valid");
    for (name, output) in &golden.models {
        let model = model(name);
        // What onnxruntime ran is what is written today.
        assert_eq!(model.to_onnx().unwrap(), file(&format!("onnx/{name}.onnx")), "{name}");
        let decisions = model.decisions(&x);
        // No votes are tied in these rows.
        assert_eq!(model.scores(&x).predicted(), output.labels, "{name}");
        assert_eq!((output.labels.len(), output.decisions.len()), (x.nrows(), x.nrows()));
        for (row, want) in output.decisions.iter().enumerate() {
            let got = decisions.row(row);
            // The only value of two classes becomes two.
            let got = if let [d] = *got.to_vec() { vec![-d, d] } else { got.to_vec() };
            assert_eq!(want.len(), got.len());
            for (got, want) in got.iter().zip(want) {
                // Both work with 32 bits, and onnxruntime adds up in them.
                let what = format!("{} {name} row {row}: {got} {want}", golden.source);
                assert!((got - want).abs() < 5e-6, "{what}");
            }
        }
    }
}

#[test]
#[ignore = "writes the files that golden/onnx_files.py runs"]
fn write_the_files_that_onnxruntime_runs() {
    for name in NAMES {
        let bytes = model(name).to_onnx().expect("the operator has this kernel");
        fs::write(path(&format!("onnx/{name}.onnx")), bytes).expect("can be written");
    }
}

#[test]
fn what_the_operator_has_not_is_refused() {
    let parts = model("rbf").to_parts();
    let positive = SvmParts { vectors: parts.vectors.mapv(f32::abs), ..parts.clone() };
    let error = |parts: SvmParts| {
        let model = SvmModel::from_parts(parts).expect("sound");
        model.to_onnx().unwrap_err().to_string()
    };
    assert_eq!(
        error(SvmParts { kernel: Kernel::HistogramIntersection, ..positive }),
        "the ONNX operator SVMClassifier has no histogram intersection kernel"
    );
    let vectors = parts.vectors.nrows();
    let one_vs_rest = SvmParts {
        multi_class: MultiClass::OneVsRest,
        coefficients: ndarray::Array2::ones((3, vectors)),
        rho: vec![0.0; 3],
        ..parts
    };
    assert_eq!(error(one_vs_rest), "the ONNX operator SVMClassifier has no one-against-rest model");
}
