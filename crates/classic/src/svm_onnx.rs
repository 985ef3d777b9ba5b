//! Models of [`crate::Svm`] as ONNX files: one node `SVMClassifier` of the domain `ai.onnx.ml`,
//! version 1.
//!
//! The input `features` has shape `(rows, features)`. The output `label` holds the class id with
//! the most votes, the first of equal ones (this project breaks ties by confidence instead, see
//! [`crate::one_vs_one_scores`]); `decisions` has [`SvmModel::decisions`], shape `(rows, pairs)`,
//! worked out in 32 bits. With two classes onnxruntime makes two columns of the decision value
//! `d`, whatever the order of the classes: `-d` and `d`.
//!
//! Source: the operator's definition in ONNX 1.23, `docs/Operators-ml.md`, and `onnx/onnx.proto`.
//! Where the definition is silent, what onnxruntime 1.32 does counts; it is asked by a test.

use crate::kernel::Kernel;
use crate::svm_model::SvmModel;
use crate::svm_parts::MultiClass;
use messages::{Attribute, Dim, Graph, Model, Node, OperatorSet, Shape, Tensor, Type, ValueInfo};
use prost::Message;
use thiserror::Error;

/// Why a model cannot be written as ONNX.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum OnnxError {
    /// The operator has no such kernel or model.
    #[error("the ONNX operator SVMClassifier has no {what}")]
    Unsupported {
        /// What it lacks.
        what: &'static str,
    },
}

impl SvmModel {
    /// The model as an ONNX file with the input `features`, shape `(rows, features)`, and two
    /// outputs: `label`, shape `(rows)`, with the id of the class with most votes, and `decisions`,
    /// shape `(rows, pairs)`, with [`Self::decisions`] in 32 bits; with two classes and hence one
    /// decision value `d`, shape `(rows, 2)` with `-d` and `d`.
    ///
    /// ```
    /// use classic::{Svm, SvmParams};
    /// let x = ndarray::array![[0.0], [0.1], [1.0], [1.1]];
    /// let names = ["low", "high"].map(str::to_owned);
    /// let y = base::Labels::new(vec![0, 0, 1, 1], &names).unwrap();
    /// let model = Svm::new(&SvmParams::default()).unwrap().train(&x, &y).unwrap();
    /// let bytes = model.to_onnx().unwrap();
    /// assert!(bytes.windows(13).any(|window| window == b"SVMClassifier"));
    /// ```
    ///
    /// # Errors
    /// If the operator has no such kernel, or the model is one against the rest.
    pub fn to_onnx(&self) -> Result<Vec<u8>, OnnxError> {
        let parts = self.to_parts();
        if parts.multi_class == MultiClass::OneVsRest {
            return Err(OnnxError::Unsupported { what: "one-against-rest model" });
        }
        let (kernel, numbers) = kernel(parts.kernel)?;
        let ids = |ids: &[usize]| ids.iter().map(|&id| id as i64).collect();
        let node = Node {
            input: vec!["features".to_owned()],
            output: vec!["label".to_owned(), "decisions".to_owned()],
            name: "svm".to_owned(),
            op_type: "SVMClassifier".to_owned(),
            domain: ML.to_owned(),
            attribute: vec![
                Attribute::ints("classlabels_ints", ids(&parts.classes)),
                Attribute::floats("coefficients", parts.coefficients.iter().map(|&v| v as f32)),
                Attribute::floats("kernel_params", numbers.into_iter()),
                Attribute::string("kernel_type", kernel),
                Attribute::string("post_transform", "NONE"),
                // The operator adds it, LIBSVM subtracts it.
                Attribute::floats("rho", parts.rho.iter().map(|&rho| -rho as f32)),
                Attribute::floats("support_vectors", parts.vectors.iter().copied()),
                Attribute::ints("vectors_per_class", ids(&parts.vectors_per_class)),
            ],
        };
        // Also where one value is made two of.
        let decisions = parts.rho.len().max(2);
        let columns = [parts.features, decisions].map(|columns| Dim::fixed(columns as i64));
        let [features, decisions] = columns.map(|columns| vec![Dim::any("rows"), columns]);
        let graph = Graph {
            node: vec![node],
            name: "svm".to_owned(),
            input: vec![tensor("features", FLOAT, features)],
            output: vec![
                tensor("label", INT64, vec![Dim::any("rows")]),
                tensor("decisions", FLOAT, decisions),
            ],
        };
        let operators = [("", 13), (ML, 1)]
            .map(|(domain, version)| OperatorSet { domain: domain.to_owned(), version });
        let model = Model {
            ir_version: IR_VERSION,
            producer_name: env!("CARGO_PKG_NAME").to_owned(),
            producer_version: env!("CARGO_PKG_VERSION").to_owned(),
            graph: Some(graph),
            opset_import: operators.to_vec(),
        };
        Ok(model.encode_to_vec())
    }
}

const ML: &str = "ai.onnx.ml";
/// That of ONNX 1.10, which programs of 2021 and later read.
const IR_VERSION: i64 = 8;
/// Types of the numbers of a tensor.
const FLOAT: i32 = 1;
const INT64: i32 = 7;

/// The operator's name of a kernel; gamma, coef0 and degree.
fn kernel(kernel: Kernel) -> Result<(&'static str, [f32; 3]), OnnxError> {
    let unsupported = |what| Err(OnnxError::Unsupported { what });
    match kernel {
        Kernel::Linear => Ok(("LINEAR", [0.0; 3])),
        Kernel::Polynomial { gamma, coef0, degree } => {
            Ok(("POLY", [gamma, coef0, f32::from(degree)]))
        }
        Kernel::Rbf { gamma } => Ok(("RBF", [gamma, 0.0, 0.0])),
        Kernel::Sigmoid { gamma, coef0 } => Ok(("SIGMOID", [gamma, coef0, 0.0])),
        Kernel::Precomputed => unsupported("precomputed kernel"),
        Kernel::HistogramIntersection => unsupported("histogram intersection kernel"),
        Kernel::ChiSquare { .. } => unsupported("chi-square kernel"),
    }
}

fn tensor(name: &str, elem_type: i32, dim: Vec<Dim>) -> ValueInfo {
    let tensor = Tensor { elem_type, shape: Some(Shape { dim }) };
    ValueInfo { name: name.to_owned(), kind: Some(Type { tensor_type: Some(tensor) }) }
}

/// The messages of `onnx.proto` that are needed here, with the fields that are written.
mod messages {
    use prost::Message;

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct Model {
        #[prost(int64, tag = "1")]
        pub(super) ir_version: i64,
        #[prost(string, tag = "2")]
        pub(super) producer_name: String,
        #[prost(string, tag = "3")]
        pub(super) producer_version: String,
        #[prost(message, optional, tag = "7")]
        pub(super) graph: Option<Graph>,
        #[prost(message, repeated, tag = "8")]
        pub(super) opset_import: Vec<OperatorSet>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct OperatorSet {
        #[prost(string, tag = "1")]
        pub(super) domain: String,
        #[prost(int64, tag = "2")]
        pub(super) version: i64,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct Graph {
        #[prost(message, repeated, tag = "1")]
        pub(super) node: Vec<Node>,
        #[prost(string, tag = "2")]
        pub(super) name: String,
        #[prost(message, repeated, tag = "11")]
        pub(super) input: Vec<ValueInfo>,
        #[prost(message, repeated, tag = "12")]
        pub(super) output: Vec<ValueInfo>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct Node {
        #[prost(string, repeated, tag = "1")]
        pub(super) input: Vec<String>,
        #[prost(string, repeated, tag = "2")]
        pub(super) output: Vec<String>,
        #[prost(string, tag = "3")]
        pub(super) name: String,
        #[prost(string, tag = "4")]
        pub(super) op_type: String,
        #[prost(message, repeated, tag = "5")]
        pub(super) attribute: Vec<Attribute>,
        #[prost(string, tag = "7")]
        pub(super) domain: String,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct Attribute {
        #[prost(string, tag = "1")]
        name: String,
        #[prost(bytes = "vec", tag = "4")]
        s: Vec<u8>,
        #[prost(float, repeated, tag = "7")]
        floats: Vec<f32>,
        #[prost(int64, repeated, tag = "8")]
        ints: Vec<i64>,
        /// 3: `s`, 6: `floats`, 7: `ints`.
        #[prost(int32, tag = "20")]
        kind: i32,
    }

    impl Attribute {
        pub(super) fn string(name: &str, value: &str) -> Self {
            let s = value.as_bytes().to_vec();
            Self { name: name.to_owned(), s, kind: 3, ..Self::default() }
        }

        pub(super) fn floats(name: &str, values: impl Iterator<Item = f32>) -> Self {
            let floats = values.collect();
            Self { name: name.to_owned(), floats, kind: 6, ..Self::default() }
        }

        pub(super) fn ints(name: &str, ints: Vec<i64>) -> Self {
            Self { name: name.to_owned(), ints, kind: 7, ..Self::default() }
        }
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct ValueInfo {
        #[prost(string, tag = "1")]
        pub(super) name: String,
        #[prost(message, optional, tag = "2")]
        pub(super) kind: Option<Type>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct Type {
        #[prost(message, optional, tag = "1")]
        pub(super) tensor_type: Option<Tensor>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct Tensor {
        #[prost(int32, tag = "1")]
        pub(super) elem_type: i32,
        #[prost(message, optional, tag = "2")]
        pub(super) shape: Option<Shape>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct Shape {
        #[prost(message, repeated, tag = "1")]
        pub(super) dim: Vec<Dim>,
    }

    /// A number or a name.
    #[derive(Clone, PartialEq, Message)]
    pub(super) struct Dim {
        #[prost(int64, optional, tag = "1")]
        dim_value: Option<i64>,
        #[prost(string, optional, tag = "2")]
        dim_param: Option<String>,
    }

    impl Dim {
        pub(super) fn fixed(value: i64) -> Self {
            Self { dim_value: Some(value), dim_param: None }
        }

        pub(super) fn any(name: &str) -> Self {
            Self { dim_value: None, dim_param: Some(name.to_owned()) }
        }
    }
}
