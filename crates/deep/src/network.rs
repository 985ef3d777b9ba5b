//! A network: its description, and the layers made from it.

mod choice;
mod onnx;
mod spec;
mod summary;
pub(crate) mod tensors;

pub use choice::NetworkChoice;
pub use onnx::OnnxError;
pub use spec::{AffineParams, LayerKind, LayerSpec, NetworkError, NetworkSpec};
pub use summary::{LayerSummary, Summary};
pub use tensors::TensorsError;

use crate::layer::{Chain, Parameter, Shape, Workspace};
use crate::loss::{Loss, Objective, Target};
use crate::optimiser::Optimiser;
use crate::real::Real;
use base::Seed;

/// Layers one after another, made from a description.
pub struct Network<R> {
    spec: NetworkSpec,
    classes: usize,
    chain: Chain<R>,
}

impl<R: Real> Network<R> {
    /// The untrained network of a description, for inputs of shape `input`. `classes` is how many
    /// outputs the layer has that does not say so.
    ///
    /// # Errors
    /// If a layer cannot take what the one before puts out; the error names it.
    pub fn new(
        spec: &NetworkSpec,
        input: Shape,
        classes: usize,
        seed: Seed,
    ) -> Result<Self, NetworkError> {
        let chain = spec.chain(input, classes, seed)?;
        Ok(Self { spec: spec.clone(), classes, chain })
    }

    /// A network of the same numbers.
    #[must_use]
    pub fn copy(&self) -> Self {
        let input = self.input_shape();
        let mut copy = Self::new(&self.spec, input, self.classes, Seed(0)).expect("made before");
        copy.restore(&self.snapshot());
        copy
    }

    /// What it was made from.
    pub fn spec(&self) -> &NetworkSpec {
        &self.spec
    }

    /// The layers.
    pub fn chain(&self) -> &Chain<R> {
        &self.chain
    }

    /// The layers, to be changed.
    pub fn chain_mut(&mut self) -> &mut Chain<R> {
        &mut self.chain
    }

    /// Shape of an input.
    pub fn input_shape(&self) -> Shape {
        self.chain.input_shape()
    }

    /// Number of layers.
    pub fn depth(&self) -> usize {
        self.chain.depth()
    }

    /// Number of layers before the last one that learns: their outputs are the embedding.
    pub fn embedding_depth(&self) -> usize {
        let learns = self.chain.layers().iter().rposition(|layer| !layer.parameters().is_empty());
        learns.unwrap_or(self.depth())
    }

    /// Shape of an output of the first `depth` layers.
    ///
    /// # Panics
    /// If there are fewer layers.
    pub fn output_shape(&self, depth: usize) -> Shape {
        self.chain.output_shape(depth)
    }

    /// [`Chain::infer`] of the first `depth` layers.
    ///
    /// # Panics
    /// If there are fewer layers than `depth`, or `input` is no whole number of inputs.
    pub fn infer(&self, input: &[R], depth: usize) -> Vec<R> {
        self.chain.infer(input, depth)
    }

    /// Forward and backward pass over one batch: leaves the gradient of the mean loss in every
    /// parameter. The batch is the first `n` inputs of `workspace`, as many as `target` has.
    ///
    /// With [`Self::descend`] it is a training of any kind. A line through three points, which is
    /// squared error with one affine layer:
    ///
    /// ```
    /// # use base::Seed;
    /// use deep::{Network, NetworkSpec, Objective, Optimiser, OptimiserParams};
    /// use deep::{Shape, Target, Workspace};
    ///
    /// let spec = NetworkSpec::from_toml(r#"layers = [{ kind = "affine" }]"#).unwrap();
    /// let mut network = Network::<f64>::new(&spec, Shape::vector(1), 1, Seed(1)).unwrap();
    /// let mut workspace = Workspace::new(network.chain(), 3);
    /// let mut optimiser = Optimiser::new(&OptimiserParams::Sgd {}, 0.0).unwrap();
    /// for _ in 0..1000 {
    ///     workspace.inputs().copy_from_slice(&[0.0, 1.0, 2.0]);
    ///     let target = Target::Values(&[1.0, 3.0, 5.0]);
    ///     network.learn(&mut workspace, target, Objective::SquaredError {});
    ///     network.descend(&mut optimiser, 0.3);
    /// }
    /// // y = 2 x + 1
    /// assert!((network.infer(&[10.0], 1)[0] - 21.0).abs() < 1e-9);
    /// ```
    ///
    /// Two images, one of which is what a single unit shall say yes to:
    ///
    /// ```
    /// # use base::Seed;
    /// # use deep::{Network, NetworkSpec, Objective, Optimiser, OptimiserParams};
    /// # use deep::{Shape, Target, Workspace};
    /// # let spec = NetworkSpec::from_toml(r#"layers = [{ kind = "affine" }]"#).unwrap();
    /// let image = Shape { channels: 1, height: 2, width: 2 };
    /// let mut network = Network::<f32>::new(&spec, image, 1, Seed(1)).unwrap();
    /// # let mut workspace = Workspace::new(network.chain(), 2);
    /// # let mut optimiser = Optimiser::new(&OptimiserParams::Sgd {}, 0.0).unwrap();
    /// let images = [0.0, 1.0, 1.0, 0.0, /* and */ 1.0, 0.0, 0.0, 1.0];
    /// let binary = Objective::BinaryCrossEntropy {};
    /// for _ in 0..100 {
    ///     workspace.inputs().copy_from_slice(&images);
    ///     network.learn(&mut workspace, Target::Values(&[0.0, 1.0]), binary);
    ///     network.descend(&mut optimiser, 1.0);
    /// }
    /// let mut yes = network.infer(&images, 1);
    /// binary.meaning(&mut yes, 1);
    /// assert!(yes[0] < 0.05 && yes[1] > 0.95);
    /// ```
    ///
    /// `examples/outputs.rs` does both with small batches of images.
    ///
    /// # Panics
    /// If the workspace was made for fewer inputs or another network.
    pub fn learn(
        &mut self,
        workspace: &mut Workspace<R>,
        target: Target<'_, R>,
        objective: Objective,
    ) -> Loss {
        self.learn_and_look(workspace, target, objective, &mut |_, _| ())
    }

    /// [`Self::learn`], with a look at the outputs of all layers before the backward pass.
    pub(crate) fn learn_and_look(
        &mut self,
        workspace: &mut Workspace<R>,
        target: Target<'_, R>,
        objective: Objective,
        look: &mut dyn FnMut(&Chain<R>, &Workspace<R>),
    ) -> Loss {
        let columns = self.output_shape(self.depth()).len();
        let n = target.rows(columns);
        self.chain.forward(workspace, n);
        look(&self.chain, workspace);
        let (outputs, gradient) = workspace.loss_sides();
        let (outputs, gradient) = (&outputs[..n * columns], &mut gradient[..n * columns]);
        let loss = objective.loss(outputs, columns, target, gradient);
        self.chain.backward(workspace, 0, false);
        loss
    }

    /// Moves all weights a step of `optimiser` against the gradients that [`Self::learn`] has left.
    ///
    /// # Panics
    /// If the optimiser's earlier steps were of another network.
    pub fn descend(&mut self, optimiser: &mut Optimiser<R>, rate: f64) {
        let mut step = optimiser.start(rate);
        self.visit_mut(&mut |parameter| step.of(parameter));
        step.end();
    }

    /// Calls `look` with each of [`Self::parameters`], in their order; allocates nothing.
    pub(crate) fn visit(&self, look: &mut dyn FnMut(&Parameter<R>)) {
        self.chain.layers().iter().for_each(|layer| layer.visit(look));
    }

    /// The same for [`Self::parameters_mut`].
    pub(crate) fn visit_mut(&mut self, change: &mut dyn FnMut(&mut Parameter<R>)) {
        self.chain.layers_mut().iter_mut().for_each(|layer| layer.visit_mut(change));
    }

    /// All learned numbers, from the first layer to the last.
    pub fn parameters(&self) -> Vec<&Parameter<R>> {
        self.chain.parameters()
    }

    /// The same, to be changed.
    pub fn parameters_mut(&mut self) -> Vec<&mut Parameter<R>> {
        self.chain.parameters_mut()
    }

    /// Copies of all learned numbers, also of running statistics.
    pub fn snapshot(&self) -> Vec<Vec<R>> {
        self.parameters().into_iter().map(|parameter| parameter.value.clone()).collect()
    }

    /// Puts the numbers of [`Self::snapshot`] back.
    ///
    /// # Panics
    /// If the snapshot is of another network.
    pub fn restore(&mut self, snapshot: &[Vec<R>]) {
        let parameters = self.parameters_mut();
        assert_eq!(parameters.len(), snapshot.len(), "a snapshot of this network");
        for (parameter, copy) in parameters.into_iter().zip(snapshot) {
            parameter.value.copy_from_slice(copy);
        }
    }

    /// Number of learned numbers, also of running statistics, in the first `depth` layers.
    pub fn learned_count(&self, depth: usize) -> usize {
        let layers = self.chain.layers()[..depth].iter();
        layers.flat_map(|layer| layer.parameters()).map(|parameter| parameter.value.len()).sum()
    }

    /// Whether all learned numbers are finite.
    pub fn is_finite(&self) -> bool {
        let mut finite = true;
        self.visit(&mut |parameter| finite &= parameter.value.iter().all(|w| w.is_finite()));
        finite
    }

    /// Checks that every layer can be trained.
    ///
    /// # Errors
    /// If a layer has no gradient to train by; the error names it and says why.
    pub fn check_trainable(&self) -> Result<(), NetworkError> {
        for (index, layer) in self.chain.layers().iter().enumerate() {
            if let Some(reason) = layer.no_gradient() {
                let layer = self.spec.layer_name(index);
                return Err(NetworkError::NotTrainable { layer, reason });
            }
        }
        Ok(())
    }
}
