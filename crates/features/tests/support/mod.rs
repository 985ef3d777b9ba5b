//! Reads the golden files: pictures, arrays of numbers, and the list of cases.

use ndarray::{Array2, Array3, ArrayD};
use serde_json::Value;
use std::path::PathBuf;

/// One result of another program.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) image: String,
    pub(crate) params: Value,
}

impl Case {
    /// A setting of the case that is a whole number.
    pub(crate) fn number(&self, name: &str) -> usize {
        self.params[name].as_u64().unwrap() as usize
    }

    /// A setting of the case in the type that the crate reads from plan files.
    pub(crate) fn setting<T: serde::de::DeserializeOwned>(&self, name: &str) -> T {
        serde_json::from_value(self.params[name].clone()).unwrap()
    }

    /// The picture described, shape `(height, width, channels)`.
    pub(crate) fn picture(&self) -> Array3<u8> {
        let file = golden(&format!("img/{}.png", self.image));
        match image::open(&file).unwrap() {
            image::DynamicImage::ImageLuma8(image) => features::view(&image).to_owned(),
            image::DynamicImage::ImageRgb8(image) => features::view(&image).to_owned(),
            other => panic!("{}: neither grey nor RGB: {:?}", file.display(), other.color()),
        }
    }

    /// The picture in grey, shape `(height, width)`.
    pub(crate) fn gray_picture(&self) -> Array2<u8> {
        features::gray(self.picture().view()).into_owned()
    }

    /// What the other program gave.
    pub(crate) fn expected(&self) -> ArrayD<f64> {
        let file = golden(&format!("out/{}.npy", self.name));
        read_npy(&std::fs::read(&file).unwrap())
    }
}

/// All cases of one kind; there must be some.
pub(crate) fn cases(kind: &str) -> Vec<Case> {
    let text = std::fs::read_to_string(golden("cases.json")).unwrap();
    let all: Vec<Value> = serde_json::from_str(&text).unwrap();
    let cases: Vec<_> = all
        .into_iter()
        .map(|case| Case {
            kind: case["kind"].as_str().unwrap().to_owned(),
            name: case["name"].as_str().unwrap().to_owned(),
            image: case["image"].as_str().unwrap_or_default().to_owned(),
            params: case["params"].clone(),
        })
        .filter(|case| case.kind == kind)
        .collect();
    assert!(!cases.is_empty(), "no cases of kind {kind}");
    cases
}

/// Names the worst place and both values if any two numbers are further apart than `tolerance`.
pub(crate) fn assert_close(got: &[f64], expected: &[f64], tolerance: f64, source: &str) {
    assert_eq!(got.len(), expected.len(), "{source}: lengths");
    let apart = |i: &usize| (got[*i] - expected[*i]).abs();
    let worst = (0..got.len()).max_by(|a, b| apart(a).total_cmp(&apart(b)));
    if let Some(i) = worst.filter(|i| apart(i).is_nan() || apart(i) > tolerance) {
        panic!("{source}: number {i} is {}, expected {}", got[i], expected[i]);
    }
}

fn golden(file: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden")).join(file)
}

/// An array in numpy's format, version 1, little endian, C order; whatever its type, as `f64`.
fn read_npy(bytes: &[u8]) -> ArrayD<f64> {
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
    let header_length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let (header, data) = bytes[10..].split_at(header_length);
    let header = std::str::from_utf8(header).unwrap();
    let between = |start: &str, end: &str| {
        let rest = header.split_once(start).unwrap().1;
        rest.split_once(end).unwrap().0.to_owned()
    };
    assert!(header.contains("'fortran_order': False"), "{header}");
    let shape = between("'shape': (", ")");
    let sides = shape.split(',').map(str::trim).filter(|side| !side.is_empty());
    let shape: Vec<usize> = sides.map(|side| side.parse().unwrap()).collect();
    let values: Vec<f64> = match between("'descr': '", "'").as_str() {
        "|u1" => data.iter().map(|&byte| f64::from(byte)).collect(),
        "<u2" => numbers(data, |bytes| f64::from(u16::from_le_bytes(bytes))),
        "<u4" => numbers(data, |bytes| f64::from(u32::from_le_bytes(bytes))),
        "<i4" => numbers(data, |bytes| f64::from(i32::from_le_bytes(bytes))),
        "<f8" => numbers(data, f64::from_le_bytes),
        other => panic!("type {other} is not read"),
    };
    ArrayD::from_shape_vec(shape, values).unwrap()
}

fn numbers<const N: usize>(data: &[u8], number: impl Fn([u8; N]) -> f64) -> Vec<f64> {
    let (chunks, rest) = data.as_chunks::<N>();
    assert!(rest.is_empty());
    chunks.iter().map(|&bytes| number(bytes)).collect()
}
