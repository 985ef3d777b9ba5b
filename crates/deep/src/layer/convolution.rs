//! Convolution of maps with learned kernels.
//!
//! ```text
//! y[o, r, s] = b[o] + sum over c, i, j of
//!              w[o, c, i, j] x[c, r stride + i dilation - p, s stride + j dilation - p]
//! ```
//!
//! (a cross-correlation, as in every deep learning library), where `p` is the padding and `x` is 0
//! outside the map. With groups, maps are shared out in order, and outputs of a group see inputs
//! of that group only.
//!
//! With the matrix of `columns` that [`columns`] describes this is a product of matrices, and so
//! are its gradients:
//!
//! ```text
//! y = w columns       dL/dw = dL/dy columns^T       dL/dcolumns = w^T dL/dy
//! dL/db[o] = sum over images, r, s of dL/dy[o, r, s]
//! ```
//!
//! and `dL/dx` is the sum of `dL/dcolumns` over all places that `x` was copied to.
//!
//! Source: K. Chellapilla, S. Puri, P. Simard, "High performance convolutional neural networks for
//! document processing", IWFHR 2006. Reference: `torch.nn.Conv2d`. Columns are made for a band of
//! rows of one image at a time, so that they stay in the cache, and made again in the backward
//! pass, which is cheaper than keeping them.
//!
//! Where the processor allows it, kernels of 2x2 and more with stride, dilation and groups 1 are
//! moved over the maps directly ([`Convolver`]), without columns; the numbers differ in rounding only.

mod columns;
mod portable;
mod whitening;

use crate::kernels::{
    AfterMaps, ChannelsLast, Convolver, Finish, Packed, add, as_f32, as_f32_mut, sum_of, wide,
};
use crate::layer::init::{Initial, dirac, he_normal};
use crate::layer::window::Window;
use crate::layer::{
    Layer, LayerError, PIECE, Parameter, Role, Shape, Spare, batch_length, check_weights,
};
use crate::real::Real;
use base::{ParamError, Seed};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::any::TypeId;
use std::sync::OnceLock;
use whitening::whitening;

/// Settings of a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConvolutionParams {
    /// Output maps, at least 1; in a network's file, one per class where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maps: Option<usize>,
    /// Rows and columns of a kernel, 1 to 1024. With 1, every pixel is a small network's input
    /// ("network in network").
    pub size: usize,
    /// Rows or columns from one output to the next.
    #[serde(default = "one")]
    pub stride: usize,
    /// Rows and columns of zeros added on each side; `dilation * (size - 1) / 2` keeps the size.
    #[serde(default)]
    pub padding: usize,
    /// Rows or columns between neighbouring numbers under a kernel.
    #[serde(default = "one")]
    pub dilation: usize,
    /// Groups of maps; as many as there are input maps is a depthwise convolution.
    #[serde(default = "one")]
    pub groups: usize,
    /// Whether a number is added to each map. Before batch normalisation it would be useless.
    #[serde(default = "yes")]
    pub bias: bool,
    /// The kernels before training.
    #[serde(default, skip_serializing_if = "is_random")]
    pub initial: Initial,
}

fn one() -> usize {
    1
}

fn yes() -> bool {
    true
}

fn is_random(initial: &Initial) -> bool {
    *initial == Initial::Random
}

impl ConvolutionParams {
    /// `maps` maps with kernels of `size x size`, stride, dilation and groups 1, no padding.
    pub fn new(maps: usize, size: usize) -> Self {
        let maps = Some(maps);
        Self {
            maps,
            size,
            stride: 1,
            padding: 0,
            dilation: 1,
            groups: 1,
            bias: true,
            initial: Initial::Random,
        }
    }

    /// The same kernels without bias, padded so that maps keep their size if `size` is odd.
    #[must_use]
    pub fn same_without_bias(self) -> Self {
        Self { padding: self.dilation * (self.size - 1) / 2, bias: false, ..self }
    }
}

/// Square kernels, one per pair of output and input map of a group.
#[derive(Debug, Clone)]
pub struct Convolution<R> {
    input: Shape,
    output: Shape,
    window: Window,
    groups: usize,
    /// Whether kernels are made from the inputs of the network.
    is_whitening: bool,
    /// Shape `(maps, input channels / groups, size, size)`.
    weights: Parameter<R>,
    /// One per map, or none.
    biases: Option<Parameter<R>>,
    workspaces: Vec<Workspace<R>>,
    /// Instead of columns, where that can be.
    direct: Option<Convolver>,
    /// The weights in the order that `direct` reads them in, until they are changed.
    packed: OnceLock<Packed>,
    /// Turned weights, during the backward pass.
    turned: Option<Packed>,
}

/// What one piece of the batch needs while it is worked on; kept between steps.
#[derive(Debug, Clone)]
struct Workspace<R> {
    /// Columns of a band, and later their gradient.
    columns: Vec<R>,
    /// `dL/dw` (with columns, that of each group transposed), then `dL/db`, summed over the piece.
    gradient: Vec<R>,
}

impl<R: Real> Convolution<R> {
    /// For inputs of shape `input`; normally distributed weights after He et al., biases 0.
    ///
    /// # Errors
    /// If a setting is out of range, the kernels are larger than the padded maps, or maps cannot
    /// be shared out among the groups.
    pub fn new(input: Shape, params: &ConvolutionParams, seed: Seed) -> Result<Self, LayerError> {
        let ConvolutionParams { size, stride, padding, dilation, groups, bias, initial, .. } =
            *params;
        let maps = params.maps.unwrap_or(0);
        if !(1..=65_536).contains(&maps) {
            return Err(ParamError::new("maps", maps, "from 1 to 65536").into());
        }
        if groups == 0 {
            return Err(ParamError::new("groups", groups, "at least 1").into());
        }
        let window = Window::new(size, stride, padding, dilation)?;
        let output = Shape { channels: maps, ..window.places(input)? };
        for (what, maps) in [("input", input.channels), ("output", maps)] {
            if maps % groups != 0 {
                return Err(LayerError::Groups { what, maps, groups });
            }
        }
        let shape = [maps, input.channels / groups, size, size];
        check_weights(&shape)?;
        let fan_in = shape[1..].iter().product();
        let mut weights = he_normal(maps * fan_in, fan_in, seed);
        if initial == Initial::Dirac {
            dirac(&mut weights, groups, shape[1], size);
        }
        let is_whitening = initial == Initial::Whitening;
        if is_whitening && (groups, maps) != (1, 2 * fan_in) {
            let expected = "twice the numbers under a kernel, in one group";
            return Err(ParamError::new("maps", maps, expected).into());
        }
        let mut weights = Parameter::new("weight", Role::Weight, &shape, weights);
        weights.rate = if is_whitening { 0.0 } else { 1.0 };
        let zeros = || vec![R::zero(); maps];
        let biases = bias.then(|| Parameter::new("bias", Role::Bias, &[maps], zeros()));
        let plain = (stride, dilation, groups) == (1, 1, 1) && size > 1;
        let direct = (plain && TypeId::of::<R>() == TypeId::of::<f32>())
            .then(|| Convolver::new(input, output, size, padding))
            .flatten();
        Ok(Self {
            input,
            output,
            window,
            groups,
            is_whitening,
            weights,
            biases,
            workspaces: Vec::new(),
            direct,
            packed: OnceLock::new(),
            turned: None,
        })
    }

    /// With columns, whatever the processor allows: what tests and benches compare with.
    #[must_use]
    pub fn portable(self) -> Self {
        Self { direct: None, ..self }
    }

    fn pack(&self, direct: &Convolver, packed: &mut Packed) {
        let weights = as_f32(&self.weights.value).expect("direct convolutions are of f32");
        let biases = self.biases.as_ref().and_then(|biases| as_f32(&biases.value));
        direct.pack(weights, biases, packed);
    }

    /// Rows of the matrix of columns that belong to a group.
    fn fan_in(&self) -> usize {
        self.input.channels / self.groups * self.window.size * self.window.size
    }

    fn empty_columns(&self) -> Vec<R> {
        if self.direct.is_some() {
            return Vec::new();
        }
        self.band_columns()
    }

    fn convolve(&self, input: &[R], output: &mut [R], columns: &mut [R]) {
        if self.direct.is_some() {
            return self.infer_direct(input, false, &[], output);
        }
        self.convolve_columns(input, output, columns);
    }

    /// Without columns.
    fn infer_direct(
        &self,
        input: &[R],
        stored: bool,
        after: &[AfterMaps<'_, R>],
        output: &mut [R],
    ) {
        let direct = self.direct.as_ref().expect("the direct tier");
        let packed = self.packed.get_or_init(|| {
            let mut packed = Packed::default();
            self.pack(direct, &mut packed);
            packed
        });
        let (Some(x), Some(y)) = (as_f32(input), as_f32_mut(output)) else {
            unreachable!("the direct tier is for f32");
        };
        let finish = Finish::of(after).expect("what can be done");
        direct.forward(x, stored, packed, finish, y);
    }

    /// Adds `dL/db` of some images, where there are biases.
    fn sum_over_maps(&self, output_gradient: &[R], bias_gradient: &mut [R]) {
        if bias_gradient.is_empty() {
            return;
        }
        for dy in output_gradient.chunks_exact(self.output.len()) {
            let maps = dy.chunks_exact(self.output.plane());
            for (db, dy) in bias_gradient.iter_mut().zip(maps) {
                *db += wide(|| sum_of(dy, |dy| dy));
            }
        }
    }

    /// Adds `dL/dw` and writes `dL/dx` of some images, without columns.
    fn direct_back(&self, x: &[R], dy: &[R], dx: Option<&mut [R]>, dw: &mut [R]) {
        let direct = self.direct.as_ref().expect("the direct tier");
        let (Some(x), Some(dy), Some(dw)) = (as_f32(x), as_f32(dy), as_f32_mut(dw)) else {
            unreachable!("the direct tier is for f32");
        };
        let dx = dx.and_then(as_f32_mut);
        let turned = || self.turned.as_ref().expect("prepared for the backward pass");
        direct.backward(x, dy, dw, dx.map(|dx| (turned(), dx)));
    }

    /// The backward pass for one piece of the batch.
    fn backward_piece(
        &self,
        input: &[R],
        output_gradient: &[R],
        input_gradient: Option<&mut [R]>,
        workspace: &mut Workspace<R>,
    ) {
        let Workspace { columns, gradient } = workspace;
        gradient.fill(R::zero());
        let (weight_gradient, bias_gradient) = gradient.split_at_mut(self.weights.value.len());
        self.sum_over_maps(output_gradient, bias_gradient);
        if self.direct.is_some() {
            return self.direct_back(input, output_gradient, input_gradient, weight_gradient);
        }
        self.columns_back(input, output_gradient, input_gradient, (columns, weight_gradient));
    }
}

impl<R: Real> Layer<R> for Convolution<R> {
    fn output_shape(&self) -> Shape {
        self.output
    }

    fn infer(&self, input: &[R], output: &mut [R]) {
        batch_length(input, self.input.len(), output, self.output.len());
        self.convolve(input, output, &mut self.empty_columns());
    }

    fn forward(&mut self, input: &[R], output: &mut [R]) {
        batch_length(input, self.input.len(), output, self.output.len());
        let piece = PIECE * self.input.len();
        let pieces = input.len().div_ceil(piece);
        Layer::<R>::prepare(self, &mut Spare::default());
        let mut workspaces = std::mem::take(&mut self.workspaces);
        workspaces.resize_with(pieces.max(workspaces.len()), || Workspace {
            columns: self.empty_columns(),
            gradient: vec![R::zero(); self.gradient_count()],
        });
        let outputs = output.par_chunks_mut(PIECE * self.output.len());
        let work = input.par_chunks(piece).zip(outputs).zip(&mut workspaces);
        work.for_each(|((x, y), workspace)| self.convolve(x, y, &mut workspace.columns));
        self.workspaces = workspaces;
    }

    fn backward(&mut self, input: &[R], output_gradient: &[R], input_gradient: Option<&mut [R]>) {
        batch_length(input, self.input.len(), output_gradient, self.output.len());
        let piece = PIECE * self.input.len();
        let pieces = input.len().div_ceil(piece);
        assert!(pieces <= self.workspaces.len(), "the batch of the forward pass");
        Layer::<R>::prepare_back(self, &mut Spare::default());
        let mut workspaces = std::mem::take(&mut self.workspaces);
        let of_output = output_gradient.par_chunks(PIECE * self.output.len());
        let work = input.par_chunks(piece).zip(of_output).zip(&mut workspaces);
        if let Some(dx) = input_gradient {
            assert_eq!(dx.len(), input.len(), "a gradient per input");
            work.zip(dx.par_chunks_mut(piece)).for_each(|(((x, dy), workspace), dx)| {
                self.backward_piece(x, dy, Some(dx), workspace);
            });
        } else {
            work.for_each(|((x, dy), workspace)| self.backward_piece(x, dy, None, workspace));
        }
        // In the order of the pieces, whichever thread worked on them.
        let (sum, others) = workspaces[..pieces].split_first_mut().expect("a batch has a piece");
        for other in &*others {
            add(&mut sum.gradient, &other.gradient);
        }
        self.take_gradient(&sum.gradient);
        self.workspaces = workspaces;
    }

    fn can_infer_with(&self, after: &[AfterMaps<'_, R>]) -> bool {
        let work = self.direct.as_ref().zip(Finish::of(after));
        work.is_some_and(|(direct, finish)| direct.can(finish))
    }

    fn infer_with(&self, input: &[R], after: &[AfterMaps<'_, R>], output: &mut [R]) {
        if self.direct.is_none() {
            return self.infer(input, output);
        }
        self.infer_direct(input, false, after, output);
    }

    fn stored_inputs(&self) -> Option<ChannelsLast> {
        self.direct.as_ref().and_then(Convolver::stored_inputs)
    }

    fn infer_stored(&self, input: &[R], after: &[AfterMaps<'_, R>], output: &mut [R]) {
        self.infer_direct(input, true, after, output);
    }

    fn is_local(&self) -> bool {
        self.direct.is_some()
    }

    fn prepare(&mut self, spare: &mut Spare) {
        if let Some(direct) = &self.direct {
            let mut packed = spare.packed.pop().unwrap_or_default();
            self.pack(direct, &mut packed);
            self.packed = OnceLock::from(packed);
        }
    }

    fn prepare_back(&mut self, spare: &mut Spare) {
        if let Some(direct) = &self.direct {
            let weights = as_f32(&self.weights.value).expect("direct convolutions are of f32");
            let mut turned = spare.packed.pop().unwrap_or_default();
            direct.pack_turned(weights, &mut turned);
            self.turned = Some(turned);
        }
    }

    fn rest(&mut self, spare: &mut Spare) {
        spare.packed.extend(self.packed.take().into_iter().chain(self.turned.take()));
    }

    fn backward_part(
        &self,
        input: &[R],
        output_gradient: &[R],
        input_gradient: Option<&mut [R]>,
        parameters: &mut [R],
    ) {
        let (dw, db) = parameters.split_at_mut(self.weights.value.len());
        self.sum_over_maps(output_gradient, db);
        self.direct_back(input, output_gradient, input_gradient, dw);
    }

    fn take_gradient(&mut self, sums: &[R]) {
        let (of_weights, of_biases) = sums.split_at(self.weights.value.len());
        match &self.direct {
            None => self.transpose_gradient(of_weights),
            Some(direct) => {
                let dw = as_f32_mut(&mut self.weights.gradient).expect("direct: of f32");
                direct.order_gradient(as_f32(of_weights).expect("the same"), dw);
            }
        }
        if let Some(biases) = &mut self.biases {
            biases.gradient.copy_from_slice(of_biases);
        }
    }

    fn learn_from_inputs(&mut self, inputs: &mut dyn FnMut() -> Vec<R>) {
        if self.is_whitening {
            let Window { size, dilation, .. } = self.window;
            self.weights.value = whitening(&inputs(), self.input, size, dilation);
            self.packed.take();
        }
    }

    fn parameters(&self) -> Vec<&Parameter<R>> {
        std::iter::once(&self.weights).chain(&self.biases).collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter<R>> {
        self.packed.take();
        std::iter::once(&mut self.weights).chain(&mut self.biases).collect()
    }

    fn visit(&self, look: &mut dyn FnMut(&Parameter<R>)) {
        std::iter::once(&self.weights).chain(&self.biases).for_each(look);
    }

    fn visit_mut(&mut self, change: &mut dyn FnMut(&mut Parameter<R>)) {
        self.packed.take();
        std::iter::once(&mut self.weights).chain(&mut self.biases).for_each(change);
    }

    fn multiply_adds(&self) -> u64 {
        (self.fan_in() * self.output.len()) as u64
    }
}

#[cfg(test)]
mod tests;
