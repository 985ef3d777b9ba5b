//! Networks as ONNX files, which onnxruntime and most other programs read.
//!
//! The input `input` has shape `(n, channels, height, width)`, or `(n, numbers)` for vectors; the
//! output `output` has shape `(n, outputs)` or that of maps. The network is written as it infers:
//! dropout is left out, batch normalisation uses its running averages. Layers that ONNX has no
//! operator for in version 17 are written with several: GELU with the error function, local
//! contrast normalisation with a convolution.
//!
//! Source: `docs/Operators.md` and `onnx/onnx.proto` of ONNX 1.23. A test asks onnxruntime.

mod messages;

use super::Network;
use super::spec::{LayerKind, LayerSpec};
use crate::layer::{Chain, Layer, PoolParams, Shape};
use messages::{
    Attribute, Dim, Graph, Model, Node, OperatorSet, Tensor, TensorShape, TensorType, Type,
    ValueInfo,
};
use prost::Message;
use thiserror::Error;

/// That of ONNX 1.10, which programs of 2021 and later read.
const IR_VERSION: i64 = 8;
const OPERATORS: i64 = 17;
/// Type of the numbers of a tensor.
const FLOAT: i32 = 1;

/// Why a network cannot be written as ONNX.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OnnxError {
    /// An operator that means something else there.
    #[error("layer {layer} cannot be written as ONNX: {reason}")]
    Unsupported {
        /// Name and kind of the layer.
        layer: String,
        /// What differs.
        reason: &'static str,
    },
}

impl Network<f32> {
    /// The network as an ONNX file with the input `input` and the output `output`. Equal networks
    /// give equal bytes.
    ///
    /// ```
    /// use base::Seed;
    /// use deep::{Network, NetworkSpec, Shape};
    ///
    /// let input = Shape { channels: 1, height: 28, width: 28 };
    /// let lenet = NetworkSpec::named("lenet").unwrap();
    /// let bytes = Network::<f32>::new(&lenet, input, 10, Seed(1)).unwrap().to_onnx().unwrap();
    /// assert!(bytes.windows(4).any(|window| window == b"Conv"));
    /// ```
    ///
    /// # Errors
    /// If a layer means something else in ONNX: local response normalisation over an even number
    /// of maps.
    pub fn to_onnx(&self) -> Result<Vec<u8>, OnnxError> {
        let mut writer = Writer::new(self.input_shape());
        writer.chain(&self.spec().layers, self.chain(), "")?;
        Ok(writer.file("input", self.input_shape(), "output"))
    }

    /// The same behind `x -> (x - mean) * inverse`, with a mean and an inverse deviation per
    /// channel, and before a softmax; with the input `images` and the output `probabilities`.
    ///
    /// # Errors
    /// As [`Self::to_onnx`].
    pub fn to_onnx_for_images(&self, colours: &[(f32, f32)]) -> Result<Vec<u8>, OnnxError> {
        let mut writer = Writer::new(self.input_shape());
        let channels = colours.len();
        let means: Vec<f32> = colours.iter().map(|(mean, _)| *mean).collect();
        let inverses: Vec<f32> = colours.iter().map(|(_, inverse)| *inverse).collect();
        let shape = [1, channels, 1, 1];
        writer.current = "images".to_owned();
        let means = writer.constant("mean", &shape, &means);
        writer.apply("Sub", "centred", &[&means], vec![]);
        let inverses = writer.constant("inverse", &shape, &inverses);
        writer.apply("Mul", "normalised", &[&inverses], vec![]);
        writer.chain(&self.spec().layers, self.chain(), "")?;
        writer.as_vector("");
        writer.apply("Softmax", "softmax", &[], vec![Attribute::int("axis", 1)]);
        Ok(writer.file("images", self.input_shape(), "probabilities"))
    }
}

/// A graph in the making.
struct Writer {
    nodes: Vec<Node>,
    constants: Vec<Tensor>,
    /// Name of the latest output.
    current: String,
    /// Its shape.
    shape: Shape,
    /// Whether it has two axes, not four.
    flat: bool,
}

impl Writer {
    fn new(input: Shape) -> Self {
        Self {
            nodes: Vec::new(),
            constants: Vec::new(),
            current: "input".to_owned(),
            shape: input,
            flat: input.plane() == 1,
        }
    }

    fn constant(&mut self, name: &str, shape: &[usize], values: &[f32]) -> String {
        self.constants.push(Tensor::floats(name, shape, values));
        name.to_owned()
    }

    /// Adds a node with the inputs given, and returns the name of its output.
    fn node(
        &mut self,
        operator: &str,
        name: &str,
        input: Vec<String>,
        attribute: Vec<Attribute>,
    ) -> String {
        let (name, op_type) = (name.to_owned(), operator.to_owned());
        let output = vec![name.clone()];
        self.nodes.push(Node { input, output, name: name.clone(), op_type, attribute });
        name
    }

    /// Adds a node that takes the latest output and then `more`; its output becomes the latest.
    fn apply(&mut self, operator: &str, name: &str, more: &[&str], attribute: Vec<Attribute>) {
        let input = std::iter::once(self.current.as_str()).chain(more.iter().copied());
        let input = input.map(str::to_owned).collect();
        self.current = self.node(operator, name, input, attribute);
    }

    fn as_vector(&mut self, name: &str) {
        if !self.flat {
            let name = format!("{name}.flatten");
            self.apply("Flatten", &name, &[], vec![Attribute::int("axis", 1)]);
            self.flat = true;
        }
    }

    fn as_maps(&mut self, name: &str) {
        if self.flat {
            let Shape { channels, height, width } = self.shape;
            let shape = format!("{name}.shape");
            let axes = [0, channels as i64, height as i64, width as i64];
            self.constants.push(Tensor::integers(&shape, &axes));
            self.apply("Reshape", &format!("{name}.maps"), &[&shape], vec![]);
            self.flat = false;
        }
    }

    /// All numbers of a layer as constants; returns their names.
    fn parameters(&mut self, layer: &dyn Layer<f32>) -> Vec<String> {
        let parameters = layer.parameters();
        let add = |p: &&crate::Parameter<f32>| self.constant(&p.name, &p.shape, &p.value);
        parameters.iter().map(add).collect()
    }

    fn chain(
        &mut self,
        specs: &[LayerSpec],
        chain: &Chain<f32>,
        prefix: &str,
    ) -> Result<(), OnnxError> {
        for (index, (spec, layer)) in specs.iter().zip(chain.layers()).enumerate() {
            let name = format!("{prefix}{index}");
            self.layer(&spec.kind, layer.as_ref(), &name)?;
            self.shape = layer.output_shape();
        }
        Ok(())
    }

    fn layer(
        &mut self,
        kind: &LayerKind,
        layer: &dyn Layer<f32>,
        name: &str,
    ) -> Result<(), OnnxError> {
        let ints = |name, value: usize, count| Attribute::ints(name, vec![value as i64; count]);
        match kind {
            LayerKind::Convolution(params) => {
                self.as_maps(name);
                let numbers = self.parameters(layer);
                let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
                let attributes = vec![
                    ints("kernel_shape", params.size, 2),
                    ints("strides", params.stride, 2),
                    ints("pads", params.padding, 4),
                    ints("dilations", params.dilation, 2),
                    Attribute::int("group", params.groups as i64),
                ];
                self.apply("Conv", name, &numbers, attributes);
            }
            LayerKind::MaxPool(params) => self.pool("MaxPool", name, *params, vec![]),
            LayerKind::AveragePool(params) => {
                let zeros_count = vec![Attribute::int("count_include_pad", 1)];
                self.pool("AveragePool", name, *params, zeros_count);
            }
            LayerKind::GlobalAveragePool {} => {
                self.as_maps(name);
                self.apply("GlobalAveragePool", name, &[], vec![]);
                self.as_vector(name);
            }
            LayerKind::BatchNorm(_) => self.batch_norm(layer, name),
            LayerKind::Subtractive(params) => {
                self.as_maps(name);
                let average = self.neighbourhood(&params.weights(), &self.current.clone(), name);
                self.apply("Sub", name, &[&average], vec![]);
            }
            LayerKind::Divisive(params) => {
                self.as_maps(name);
                self.divisive(&params.weights(), name);
            }
            LayerKind::LocalResponse(params) => {
                if params.size % 2 == 0 {
                    return Err(OnnxError::Unsupported {
                        layer: format!("{name} ({})", kind.name()),
                        reason: "with an even number of maps, ONNX counts one more above, not below",
                    });
                }
                self.as_maps(name);
                let attributes = vec![
                    Attribute::float("alpha", params.alpha as f32),
                    Attribute::float("beta", params.beta as f32),
                    Attribute::float("bias", params.k as f32),
                    Attribute::int("size", params.size as i64),
                ];
                self.apply("LRN", name, &[], attributes);
            }
            LayerKind::Dropout { .. } | LayerKind::Identity {} => {}
            LayerKind::Flatten {} => self.as_vector(name),
            LayerKind::Affine(_) => {
                self.as_vector(name);
                let numbers = self.parameters(layer);
                let transposed = vec![Attribute::int("transB", 1)];
                self.apply("Gemm", name, &[&numbers[0], &numbers[1]], transposed);
            }
            LayerKind::Residual { branch, shortcut } => {
                self.residual(layer, [branch, shortcut], name)?;
            }
            LayerKind::Step {} => {
                let zero = self.constant(&format!("{name}.zero"), &[], &[0.0]);
                self.apply("GreaterOrEqual", &format!("{name}.bool"), &[&zero], vec![]);
                self.apply("Cast", name, &[], vec![Attribute::int("to", i64::from(FLOAT))]);
            }
            LayerKind::Sigmoid {} => self.apply("Sigmoid", name, &[], vec![]),
            LayerKind::Tanh {} => self.apply("Tanh", name, &[], vec![]),
            LayerKind::Softplus {} => self.apply("Softplus", name, &[], vec![]),
            LayerKind::Relu {} => self.apply("Relu", name, &[], vec![]),
            LayerKind::LeakyRelu { slope } => {
                self.apply("LeakyRelu", name, &[], vec![Attribute::float("alpha", *slope as f32)]);
            }
            LayerKind::Elu { alpha } => {
                self.apply("Elu", name, &[], vec![Attribute::float("alpha", *alpha as f32)]);
            }
            LayerKind::Gelu {} => self.gelu(name),
            LayerKind::Scale { factor } => {
                let factor = self.constant(&format!("{name}.factor"), &[], &[*factor as f32]);
                self.apply("Mul", name, &[&factor], vec![]);
            }
            LayerKind::Silu {} => {
                let input = self.current.clone();
                self.apply("Sigmoid", &format!("{name}.gate"), &[], vec![]);
                self.apply("Mul", name, &[&input], vec![]);
            }
            LayerKind::Frelu {} => self.frelu(layer, name),
            LayerKind::Softmax {} => {
                self.apply("Softmax", name, &[], vec![Attribute::int("axis", 1)]);
            }
        }
        Ok(())
    }

    fn pool(&mut self, op: &str, name: &str, params: PoolParams, mut more: Vec<Attribute>) {
        self.as_maps(name);
        let PoolParams { size, stride, padding } = params;
        let ints = |name, value: usize, count| Attribute::ints(name, vec![value as i64; count]);
        more.push(ints("kernel_shape", size, 2));
        more.push(ints("strides", stride.unwrap_or(size), 2));
        more.push(ints("pads", padding, 4));
        self.apply(op, name, &[], more);
    }

    fn batch_norm(&mut self, layer: &dyn Layer<f32>, name: &str) {
        let numbers = self.parameters(layer);
        let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
        let epsilon = vec![Attribute::float("epsilon", 1e-5)];
        self.apply("BatchNormalization", name, &numbers, epsilon);
    }

    /// `x Phi(x)` with `Phi(x) = (1 + erf(x / sqrt 2)) / 2`.
    fn gelu(&mut self, name: &str) {
        let input = self.current.clone();
        let root = std::f32::consts::FRAC_1_SQRT_2;
        let [root, one, half] = [("root", root), ("one", 1.0), ("half", 0.5)]
            .map(|(part, value)| self.constant(&format!("{name}.{part}"), &[], &[value]));
        self.apply("Mul", &format!("{name}.scaled"), &[&root], vec![]);
        self.apply("Erf", &format!("{name}.erf"), &[], vec![]);
        self.apply("Add", &format!("{name}.above"), &[&one], vec![]);
        self.apply("Mul", &format!("{name}.share"), &[&half], vec![]);
        self.apply("Mul", name, &[&input], vec![]);
    }

    fn frelu(&mut self, layer: &dyn Layer<f32>, name: &str) {
        self.as_maps(name);
        let input = self.current.clone();
        let numbers = self.parameters(layer);
        let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
        let attributes = vec![
            Attribute::ints("kernel_shape", vec![3; 2]),
            Attribute::ints("pads", vec![1; 4]),
            Attribute::int("group", self.shape.channels as i64),
        ];
        self.apply("Conv", &format!("{name}.convolution"), &numbers[..2], attributes);
        let epsilon = vec![Attribute::float("epsilon", 1e-5)];
        let threshold = format!("{name}.threshold");
        self.apply("BatchNormalization", &threshold, &numbers[2..], epsilon);
        self.apply("Max", name, &[&input], vec![]);
    }

    /// The Gaussian average of `input` over all maps; weights along one axis.
    fn neighbourhood(&mut self, weights: &[f64], input: &str, name: &str) -> String {
        let (shape, size) = (self.shape, weights.len());
        let kernel: Vec<f32> = (0..shape.channels * size * size)
            .map(|k| (weights[k / size % size] * weights[k % size]) as f32)
            .collect();
        // The sum of the weights inside the maps, times the number of maps.
        let inside = |at: usize, side: usize| -> f64 {
            let covered = |i: &usize| (size / 2..side + size / 2).contains(&(at + i));
            (0..size).filter(covered).map(|i| weights[i]).sum()
        };
        let shares: Vec<f32> = (0..shape.plane())
            .map(|p| {
                let (y, x) = (p / shape.width, p % shape.width);
                let sum = inside(y, shape.height) * inside(x, shape.width);
                (1.0 / (sum * shape.channels as f64)) as f32
            })
            .collect();
        let dims = [1, shape.channels, size, size];
        let kernel = self.constant(&format!("{name}.window"), &dims, &kernel);
        let dims = [1, 1, shape.height, shape.width];
        let shares = self.constant(&format!("{name}.shares"), &dims, &shares);
        let attributes = vec![
            Attribute::ints("kernel_shape", vec![size as i64; 2]),
            Attribute::ints("pads", vec![(size / 2) as i64; 4]),
        ];
        let sums = format!("{name}.sums");
        let sums = self.node("Conv", &sums, vec![input.to_owned(), kernel], attributes);
        self.node("Mul", &format!("{name}.average"), vec![sums, shares], vec![])
    }

    fn divisive(&mut self, weights: &[f64], name: &str) {
        let input = self.current.clone();
        let part = |part: &str| format!("{name}.{part}");
        let squares = self.node("Mul", &part("squares"), vec![input.clone(), input], vec![]);
        let average = self.neighbourhood(weights, &squares, name);
        let deviation = self.node("Sqrt", &part("deviation"), vec![average], vec![]);
        let mean = self.node("GlobalAveragePool", &part("mean"), vec![deviation.clone()], vec![]);
        let threshold = self.constant(&part("threshold"), &[1, 1, 1, 1], &[1e-4]);
        let all = vec![deviation, mean, threshold];
        let divisor = self.node("Max", &part("divisor"), all, vec![]);
        self.apply("Div", name, &[&divisor], vec![]);
    }

    fn residual(
        &mut self,
        layer: &dyn Layer<f32>,
        specs: [&Vec<LayerSpec>; 2],
        name: &str,
    ) -> Result<(), OnnxError> {
        let chains = layer.inside().expect("a residual layer holds two chains");
        let (input, shape, flat) = (self.current.clone(), self.shape, self.flat);
        let mut sides = Vec::new();
        for ((spec, chain), side) in specs.into_iter().zip(chains).zip(["branch", "shortcut"]) {
            (self.current, self.shape, self.flat) = (input.clone(), shape, flat);
            let prefix = format!("{name}.{side}.");
            self.chain(spec, chain, &prefix)?;
            // Both sides must have the same axes to be added.
            if self.shape.plane() == 1 {
                self.as_vector(&prefix);
            } else {
                self.as_maps(&prefix);
            }
            sides.push(self.current.clone());
        }
        self.current = self.node("Add", name, sides, vec![]);
        Ok(())
    }

    fn file(self, input: &str, shape: Shape, output: &str) -> Vec<u8> {
        let Self { mut nodes, constants, current, shape: last, flat } = self;
        let (name, op_type) = (output.to_owned(), "Identity".to_owned());
        let identity = Node {
            input: vec![current],
            output: vec![name.clone()],
            name,
            op_type,
            attribute: vec![],
        };
        nodes.push(identity);
        let graph = Graph {
            node: nodes,
            name: "network".to_owned(),
            initializer: constants,
            input: vec![value(input, shape, shape.plane() == 1)],
            output: vec![value(output, last, flat)],
        };
        let model = Model {
            ir_version: IR_VERSION,
            producer_name: env!("CARGO_PKG_NAME").to_owned(),
            producer_version: env!("CARGO_PKG_VERSION").to_owned(),
            graph: Some(graph),
            opset_import: vec![OperatorSet { domain: String::new(), version: OPERATORS }],
        };
        model.encode_to_vec()
    }
}

fn value(name: &str, shape: Shape, flat: bool) -> ValueInfo {
    let Shape { channels, height, width } = shape;
    let sides = if flat { vec![shape.len()] } else { vec![channels, height, width] };
    let sides = sides.into_iter().map(|side| Dim::fixed(side as i64));
    let dim = std::iter::once(Dim::any("n")).chain(sides).collect();
    let tensor = TensorType { elem_type: FLOAT, shape: Some(TensorShape { dim }) };
    ValueInfo { name: name.to_owned(), kind: Some(Type { tensor_type: Some(tensor) }) }
}
