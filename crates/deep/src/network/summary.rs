//! What a network is made of, as a table.

use super::{Network, NetworkError, NetworkSpec};
use crate::layer::Shape;
use crate::real::Real;
use base::Seed;
use std::fmt;

/// What one layer puts out, learns and costs: a line of [`Summary`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerSummary {
    /// Name and kind: `3 (max-pool)`.
    pub layer: String,
    /// Shape of an output.
    pub output: Shape,
    /// Numbers learned by gradient descent.
    pub parameters: usize,
    /// Multiplications with additions that one input costs in convolutions and affine layers.
    pub multiply_adds: u64,
}

/// What the layers of a network put out, learn and cost, as a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Shape of an input.
    pub input: Shape,
    /// From the first layer to the last.
    pub layers: Vec<LayerSummary>,
}

impl Summary {
    /// Numbers learned by gradient descent in all layers.
    pub fn parameters(&self) -> usize {
        self.layers.iter().map(|layer| layer.parameters).sum()
    }

    /// Multiplications with additions that one input costs in all layers.
    pub fn multiply_adds(&self) -> u64 {
        self.layers.iter().map(|layer| layer.multiply_adds).sum()
    }
}

impl NetworkSpec {
    /// [`Network::summary`] of the network that this describes.
    ///
    /// # Errors
    /// If a layer cannot take what the one before puts out.
    pub fn summary(&self, input: Shape, classes: usize) -> Result<Summary, NetworkError> {
        Ok(Network::<f32>::new(self, input, classes, Seed(0))?.summary())
    }
}

impl<R: Real> Network<R> {
    /// Shapes, learned numbers and costs of all layers. Printed, it is a table.
    ///
    /// ```
    /// use base::Seed;
    /// use deep::{Network, NetworkSpec, Shape};
    ///
    /// let input = Shape { channels: 1, height: 28, width: 28 };
    /// let lenet = NetworkSpec::named("lenet").unwrap();
    /// let network = Network::<f32>::new(&lenet, input, 10, Seed(1)).unwrap();
    /// // 5x5 kernels: 6 of 1 map and 16 of 6; biases; 400 -> 120 -> 84 -> 10.
    /// assert_eq!(network.summary().parameters(), 156 + 2416 + 48_120 + 10_164 + 850);
    /// let table = network.summary().to_string();
    /// assert!(table.contains("3 (convolution)   16 maps of 10x10"));
    /// ```
    pub fn summary(&self) -> Summary {
        let layers = self.chain().layers().iter().enumerate().map(|(index, layer)| LayerSummary {
            layer: self.spec().layer_name(index),
            output: layer.output_shape(),
            parameters: layer.gradient_count(),
            multiply_adds: layer.multiply_adds(),
        });
        Summary { input: self.input_shape(), layers: layers.collect() }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widest = |texts: &mut dyn Iterator<Item = String>| texts.map(|t| t.len()).max();
        let name = widest(&mut self.layers.iter().map(|line| line.layer.clone())).unwrap_or(0);
        let shape = |line: &LayerSummary| line.output.to_string();
        let shapes = widest(&mut self.layers.iter().map(shape)).unwrap_or(0);
        let shapes = shapes.max(self.input.to_string().len());
        let mut line = |layer: &str, output: &str, parameters: &str, multiply_adds: &str| {
            let text = format!("{layer:<name$}   {output:<shapes$}  {parameters:>10}");
            writeln!(f, "{}", format!("{text}  {multiply_adds:>13}").trim_end())
        };
        line("layer", "output", "parameters", "multiply-adds")?;
        line("input", &self.input.to_string(), "", "")?;
        for LayerSummary { layer, output, parameters, multiply_adds } in &self.layers {
            let (output, parameters) = (output.to_string(), parameters.to_string());
            line(layer, &output, &parameters, &multiply_adds.to_string())?;
        }
        line("all", "", &self.parameters().to_string(), &self.multiply_adds().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_by_hand() {
        let text = r#"layers = [
            { kind = "convolution", maps = 4, size = 3, groups = 2, bias = false },
            { kind = "batch-norm" },
            { kind = "residual", branch = [{ kind = "convolution", maps = 4, size = 1 }] },
            { kind = "affine" },
        ]"#;
        let input = Shape { channels: 2, height: 6, width: 5 };
        let spec = NetworkSpec::from_toml(text).unwrap();
        let summary = spec.summary(input, 7).unwrap();
        // Maps of 4x3 pixels.
        let parameters: Vec<usize> = summary.layers.iter().map(|line| line.parameters).collect();
        assert_eq!(parameters, [4 * 9, 8, 4 * 4 + 4, 48 * 7 + 7]);
        let costs: Vec<u64> = summary.layers.iter().map(|line| line.multiply_adds).collect();
        assert_eq!(costs, [48 * 9, 0, 48 * 4, 48 * 7]);
        let table = "\
layer             output         parameters  multiply-adds
input             2 maps of 6x5
0 (convolution)   4 maps of 4x3          36            432
1 (batch-norm)    4 maps of 4x3           8              0
2 (residual)      4 maps of 4x3          20            192
3 (affine)        7 numbers             343            336
all                                     407            960
";
        assert_eq!(summary.to_string(), table);
    }
}
