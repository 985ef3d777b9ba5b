//! Networks of PyTorch are read and put out what they do there; what is written as ONNX puts out
//! the same in onnxruntime; and pictures of the inside rest on the same numbers.
//!
//! `golden/torch_models.json` and the `safetensors` files are written by `golden/torch_models.py`,
//! `golden/onnx.json` by `golden/onnx_files.py`.

use base::Seed;
use deep::{Network, NetworkSpec, Objective, OnnxError, Shape, inspect};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

const INPUT: Shape = Shape { channels: 2, height: 9, width: 8 };
/// Mean and 1 / deviation of the bytes of each channel.
const COLOURS: [(f32, f32); 2] = [(100.0, 0.02), (140.0, 0.015)];

/// Every kind of layer that the networks of PyTorch do not have.
const KINDS: &str = r#"layers = [
    { kind = "subtractive", size = 5 },
    { kind = "divisive", size = 5 },
    { kind = "convolution", maps = 4, size = 3 },
    { kind = "frelu" },
    { kind = "elu", alpha = 0.7 },
    { kind = "residual", branch = [
        { kind = "convolution", maps = 4, size = 3, padding = 1 },
        { kind = "softplus" },
        { kind = "identity" },
    ] },
    { kind = "max-pool", size = 3, stride = 2, padding = 1 },
    { kind = "average-pool", size = 3, stride = 2, padding = 1 },
    { kind = "tanh" },
    { kind = "affine", outputs = 6 },
    { kind = "sigmoid" },
    { kind = "residual", branch = [{ kind = "affine", outputs = 6 }] },
    { kind = "convolution", maps = 5, size = 1 },
    { kind = "flatten" },
    { kind = "scale", factor = 1.7 },
    { kind = "softmax" },
]"#;

/// Weights of either sign: some of the outputs are 0, some are 1.
const STEPS: &str = r#"layers = [{ kind = "affine", outputs = 20 }, { kind = "step" }]"#;

#[derive(Deserialize)]
struct TorchModels {
    models: BTreeMap<String, TorchModel>,
}

#[derive(Deserialize)]
struct TorchModel {
    layers: String,
    input: Vec<f32>,
    output: Vec<f32>,
    class: usize,
    saliency: Vec<f32>,
    cam_depth: usize,
    cam: Vec<f32>,
}

#[derive(Deserialize)]
struct OnnxModels {
    models: BTreeMap<String, OnnxModel>,
}

#[derive(Deserialize)]
struct OnnxModel {
    input: Vec<f32>,
    output: Vec<f32>,
}

fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/golden", name].iter().collect()
}

fn file(name: &str) -> Vec<u8> {
    fs::read(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn torch_models() -> BTreeMap<String, TorchModel> {
    let golden: TorchModels = serde_json::from_slice(&file("torch_models.json")).expect("valid");
    golden.models
}

/// Five classes.
fn network(layers: &str) -> Network<f32> {
    let spec = NetworkSpec::from_toml(layers).expect("valid");
    Network::new(&spec, INPUT, 5, Seed(4)).expect("layers that fit together")
}

fn loaded(name: &str, model: &TorchModel) -> Network<f32> {
    let mut network = network(&model.layers);
    network.load_safetensors(&file(&format!("{name}.safetensors"))).expect("PyTorch wrote it");
    network
}

/// Both sides compute in 32 bits.
fn assert_close(got: &[f32], expected: &[f32], what: &str) {
    assert_eq!(got.len(), expected.len(), "length of {what}");
    for (index, (got, expected)) in got.iter().zip(expected).enumerate() {
        let error = (got - expected).abs() / (1.0 + expected.abs());
        assert!(error < 1e-5, "{what}[{index}]: {got}, expected {expected}");
    }
}

#[test]
fn networks_of_pytorch_put_out_what_they_do_there() {
    let models = torch_models();
    assert_eq!(models.len(), 2);
    for (name, model) in &models {
        let network = loaded(name, model);
        assert_close(&network.infer(&model.input, network.depth()), &model.output, name);
    }
}

#[test]
fn pictures_of_the_inside_rest_on_the_gradients_of_pytorch() {
    for (name, model) in &torch_models() {
        let network = loaded(name, model);
        let input = &model.input[..INPUT.len()];
        let map = inspect::saliency(&network, input, model.class);
        assert_close(map.as_slice().unwrap(), &model.saliency, &format!("saliency of {name}"));
        let map = inspect::grad_cam(&network, input, model.class, model.cam_depth);
        assert_close(map.as_slice().unwrap(), &model.cam, &format!("Grad-CAM of {name}"));
        assert!(model.cam.iter().any(|&value| value > 0.0), "{name}: an empty map shows nothing");
    }
}

/// What a network makes of inputs.
type Infer = Box<dyn Fn(&[f32]) -> Vec<f32>>;

/// The files that onnxruntime runs: name, bytes, and the network itself.
type Written = (&'static str, Vec<u8>, Infer);

fn written() -> Vec<Written> {
    let models = torch_models();
    let infer = |network: Network<f32>| -> Infer {
        Box::new(move |input| network.infer(input, network.depth()))
    };
    let mut files = Vec::new();
    for name in ["named", "sequential"] {
        let network = loaded(name, &models[name]);
        files.push((name, network.to_onnx().unwrap(), infer(network)));
    }
    for (name, layers) in [("kinds", KINDS), ("steps", STEPS)] {
        let network = network(layers);
        files.push((name, network.to_onnx().unwrap(), infer(network)));
    }
    let network = loaded("named", &models["named"]);
    let bytes = network.to_onnx_for_images(&COLOURS).unwrap();
    let from_bytes = move |images: &[f32]| {
        let plane = INPUT.plane();
        let normalised = images.iter().enumerate().map(|(k, value)| {
            let (mean, inverse) = COLOURS[k / plane % 2];
            (value - mean) * inverse
        });
        let mut outputs = network.infer(&normalised.collect::<Vec<_>>(), network.depth());
        Objective::default().meaning(&mut outputs, 5);
        outputs
    };
    files.push(("images", bytes, Box::new(from_bytes)));
    files
}

#[test]
fn onnxruntime_puts_out_what_the_network_does() {
    let golden: OnnxModels = serde_json::from_slice(&file("onnx.json")).expect("valid");
    let files = written();
    assert_eq!(golden.models.len(), files.len());
    for (name, bytes, infer) in files {
        // What onnxruntime ran is what is written today.
        assert!(bytes == file(&format!("onnx/{name}.onnx")), "{name}.onnx has changed");
        let OnnxModel { input, output } = &golden.models[name];
        assert_close(&infer(input), output, name);
    }
}

#[test]
#[ignore = "writes the files that golden/onnx_files.py runs"]
fn write_the_files_that_onnxruntime_runs() {
    for (name, bytes, _) in written() {
        fs::write(path(&format!("onnx/{name}.onnx")), bytes).expect("can be written");
    }
}

#[test]
fn what_onnx_means_otherwise_is_refused() {
    let network = network(r#"layers = [{ kind = "relu" }, { kind = "local-response", size = 4 }]"#);
    let OnnxError::Unsupported { layer, .. } = network.to_onnx().unwrap_err();
    assert_eq!(layer, "1 (local-response)");
}
