//! Residual layers: what a branch computes is added to the input.
//!
//! ```text
//! y = branch(x) + shortcut(x)          dL/dx = (dL/dx through branch) + (dL/dx through shortcut)
//! ```
//!
//! The shortcut is the identity unless it is told otherwise, so some gradient reaches `x`
//! unweakened, however deep the network is.
//!
//! Source: K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning for image recognition", CVPR
//! 2016.

use crate::kernels::add;
use crate::layer::{Chain, Layer, LayerError, Parameter, Shape, Workspace, batch_length};
use crate::real::Real;
use base::Seed;

/// Adds what two chains of layers make of the same input.
pub struct Residual<R> {
    branch: Chain<R>,
    /// Without layers, the identity.
    shortcut: Chain<R>,
    /// Of both chains; made for the largest batch so far.
    workspaces: Option<(usize, [Workspace<R>; 2])>,
}

impl<R: Real> Residual<R> {
    /// Puts `branch.` and `shortcut.` before the names of their parameters.
    ///
    /// # Errors
    /// If the two put out different shapes.
    ///
    /// # Panics
    /// If the two take different shapes.
    pub fn new(mut branch: Chain<R>, mut shortcut: Chain<R>) -> Result<Self, LayerError> {
        assert_eq!(branch.input_shape(), shortcut.input_shape(), "one input");
        let shapes = [&branch, &shortcut].map(|chain| chain.output_shape(chain.depth()));
        if shapes[0] != shapes[1] {
            return Err(LayerError::Sum { branch: shapes[0], shortcut: shapes[1] });
        }
        for (name, chain) in [("branch", &mut branch), ("shortcut", &mut shortcut)] {
            for parameter in chain.parameters_mut() {
                parameter.name = format!("{name}.{}", parameter.name);
            }
        }
        Ok(Self { branch, shortcut, workspaces: None })
    }

    fn chains(&self) -> [&Chain<R>; 2] {
        [&self.branch, &self.shortcut]
    }

    fn chains_mut(&mut self) -> [&mut Chain<R>; 2] {
        [&mut self.branch, &mut self.shortcut]
    }

    fn output(&self) -> Shape {
        self.branch.output_shape(self.branch.depth())
    }

    fn input(&self) -> Shape {
        self.branch.input_shape()
    }
}

impl<R: Real> Layer<R> for Residual<R> {
    fn output_shape(&self) -> Shape {
        self.output()
    }

    fn infer(&self, input: &[R], output: &mut [R]) {
        batch_length(input, self.input().len(), output, self.output().len());
        let [branch, shortcut] = self.chains().map(|chain| chain.infer(input, chain.depth()));
        output.copy_from_slice(&branch);
        add(output, &shortcut);
    }

    fn forward(&mut self, input: &[R], output: &mut [R]) {
        let n = batch_length(input, self.input().len(), output, self.output().len());
        if self.workspaces.as_ref().is_none_or(|(largest, _)| *largest < n) {
            self.workspaces = Some((n, self.chains().map(|chain| Workspace::new(chain, n))));
        }
        let (_, workspaces) = self.workspaces.as_mut().expect("just made");
        output.fill(R::zero());
        let chains = [&mut self.branch, &mut self.shortcut];
        for (chain, workspace) in chains.into_iter().zip(workspaces) {
            workspace.inputs()[..input.len()].copy_from_slice(input);
            chain.forward(workspace, n);
            add(output, &workspace.outputs()[..output.len()]);
        }
    }

    fn backward(
        &mut self,
        input: &[R],
        output_gradient: &[R],
        mut input_gradient: Option<&mut [R]>,
    ) {
        batch_length(input, self.input().len(), output_gradient, self.output().len());
        let (_, workspaces) = self.workspaces.as_mut().expect("a forward pass came before");
        if let Some(input_gradient) = &mut input_gradient {
            input_gradient.fill(R::zero());
        }
        let chains = [&mut self.branch, &mut self.shortcut];
        for (chain, workspace) in chains.into_iter().zip(workspaces) {
            workspace.output_gradient()[..output_gradient.len()].copy_from_slice(output_gradient);
            chain.backward(workspace, 0, input_gradient.is_some());
            if let Some(input_gradient) = &mut input_gradient {
                add(input_gradient, &workspace.input_gradient()[..input.len()]);
            }
        }
    }

    fn parameters(&self) -> Vec<&Parameter<R>> {
        self.chains().into_iter().flat_map(Chain::parameters).collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter<R>> {
        self.chains_mut().into_iter().flat_map(Chain::parameters_mut).collect()
    }

    fn visit(&self, look: &mut dyn FnMut(&Parameter<R>)) {
        let layers = self.chains().into_iter().flat_map(Chain::layers);
        layers.for_each(|layer| layer.visit(look));
    }

    fn visit_mut(&mut self, change: &mut dyn FnMut(&mut Parameter<R>)) {
        let layers = self.chains_mut().into_iter().flat_map(Chain::layers_mut);
        layers.for_each(|layer| layer.visit_mut(change));
    }

    fn reseed(&mut self, seed: Seed) {
        for (index, chain) in self.chains_mut().into_iter().enumerate() {
            chain.reseed(seed.child("chain", index as u64));
        }
    }

    fn freeze(&mut self, frozen: bool) {
        self.chains_mut().into_iter().for_each(|chain| chain.freeze(frozen));
    }

    fn no_gradient(&self) -> Option<&'static str> {
        let mut layers = self.chains().into_iter().flat_map(Chain::layers);
        layers.find_map(|layer| layer.no_gradient())
    }

    fn inside(&self) -> Option<[&Chain<R>; 2]> {
        Some(self.chains())
    }

    fn multiply_adds(&self) -> u64 {
        let layers = self.chains().into_iter().flat_map(Chain::layers);
        layers.map(|layer| layer.multiply_adds()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::tests::check_gradients;
    use crate::layer::{BatchNorm, Convolution, ConvolutionParams};

    const SHAPE: Shape = Shape { channels: 2, height: 4, width: 3 };

    fn convolution(maps: usize, size: usize, stride: usize) -> Box<dyn Layer<f64>> {
        let params = ConvolutionParams::new(maps, size).same_without_bias();
        let params = ConvolutionParams { stride, ..params };
        Box::new(Convolution::new(SHAPE, &params, Seed(size as u64)).unwrap())
    }

    #[test]
    fn gradients_equal_central_differences() {
        let norm = Box::new(BatchNorm::new(SHAPE));
        let branch = Chain::new(SHAPE, vec![convolution(2, 3, 1), norm]);
        let mut identity = Residual::new(branch, Chain::new(SHAPE, vec![])).unwrap();
        check_gradients(&mut identity, SHAPE.len(), 5);

        let branch = Chain::new(SHAPE, vec![convolution(3, 3, 2)]);
        let shortcut = Chain::new(SHAPE, vec![convolution(3, 1, 2)]);
        let mut halving = Residual::new(branch, shortcut).unwrap();
        check_gradients(&mut halving, SHAPE.len(), 18);
    }

    #[test]
    fn other_shapes_cannot_be_added() {
        let branch = Chain::new(SHAPE, vec![convolution(3, 3, 1)]);
        let error = Residual::new(branch, Chain::new(SHAPE, vec![])).err().unwrap();
        let text = "its branch makes 3 maps of 4x3, which cannot be added to 2 maps of 4x3";
        assert_eq!(error.to_string(), text);
    }
}
