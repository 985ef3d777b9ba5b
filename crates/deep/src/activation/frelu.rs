//! Funnel activation: a rectifier whose threshold is a learned function of the surroundings.
//!
//! ```text
//! y = max(x, T(x)),    T = batch normalisation of a 3x3 convolution of each map by itself
//! ```
//!
//! Where `x` is larger, `dL/dy` goes to `x`; elsewhere it goes back through `T`.
//!
//! Source: N. Ma, X. Zhang, J. Sun, "Funnel activation for visual recognition", ECCV 2020.
//! Reference: the authors' code, `FReLU` in `megvii-model/FunnelAct`.

use crate::kernels::add;
use crate::layer::{
    BatchNorm, Convolution, ConvolutionParams, Layer, LayerError, Parameter, Shape, batch_length,
};
use crate::real::Real;
use base::Seed;

/// `max(x, T(x))`.
#[derive(Debug, Clone)]
pub struct Frelu<R> {
    shape: Shape,
    convolution: Convolution<R>,
    normalisation: BatchNorm<R>,
    /// Of the latest forward pass: outputs of the convolution, and `T(x)`.
    convolved: Vec<R>,
    threshold: Vec<R>,
    /// Gradients at those.
    gradient: Vec<R>,
    next_gradient: Vec<R>,
}

impl<R: Real> Frelu<R> {
    /// For inputs of this shape; outputs have the same.
    ///
    /// # Errors
    /// If there is no map or no pixel.
    pub fn new(shape: Shape, seed: Seed) -> Result<Self, LayerError> {
        let params = ConvolutionParams {
            padding: 1,
            groups: shape.channels,
            ..ConvolutionParams::new(shape.channels, 3)
        };
        let mut convolution = Convolution::new(shape, &params, seed)?;
        let mut normalisation = BatchNorm::new(shape);
        for (name, layer) in [
            ("conv_frelu", &mut convolution as &mut dyn Layer<R>),
            ("bn_frelu", &mut normalisation),
        ] {
            for parameter in layer.parameters_mut() {
                parameter.name = format!("{name}.{}", parameter.name);
            }
        }
        let empty = Vec::new;
        let (convolved, threshold, gradient, next_gradient) = (empty(), empty(), empty(), empty());
        Ok(Self {
            shape,
            convolution,
            normalisation,
            convolved,
            threshold,
            gradient,
            next_gradient,
        })
    }
}

impl<R: Real> Layer<R> for Frelu<R> {
    fn output_shape(&self) -> Shape {
        self.shape
    }

    fn infer(&self, input: &[R], output: &mut [R]) {
        batch_length(input, self.shape.len(), output, self.shape.len());
        let mut convolved = vec![R::zero(); input.len()];
        self.convolution.infer(input, &mut convolved);
        self.normalisation.infer(&convolved, output);
        output.iter_mut().zip(input).for_each(|(y, &x)| *y = larger(x, *y));
    }

    fn forward(&mut self, input: &[R], output: &mut [R]) {
        batch_length(input, self.shape.len(), output, self.shape.len());
        self.convolved.resize(input.len(), R::zero());
        self.threshold.resize(input.len(), R::zero());
        self.convolution.forward(input, &mut self.convolved);
        self.normalisation.forward(&self.convolved, &mut self.threshold);
        for ((y, &x), &t) in output.iter_mut().zip(input).zip(&self.threshold) {
            *y = larger(x, t);
        }
    }

    fn backward(&mut self, input: &[R], output_gradient: &[R], input_gradient: Option<&mut [R]>) {
        batch_length(input, self.shape.len(), output_gradient, self.shape.len());
        assert_eq!(self.threshold.len(), input.len(), "the batch of the forward pass");
        let Self { threshold, convolved, gradient, next_gradient, .. } = self;
        gradient.resize(input.len(), R::zero());
        next_gradient.resize(input.len(), R::zero());
        let numbers = input.iter().zip(&*threshold).zip(output_gradient);
        for (dt, ((&x, &t), &dy)) in gradient.iter_mut().zip(numbers) {
            *dt = if t > x { dy } else { R::zero() };
        }
        self.normalisation.backward(convolved, gradient, Some(next_gradient));
        let Some(dx) = input_gradient else {
            return self.convolution.backward(input, next_gradient, None);
        };
        self.convolution.backward(input, next_gradient, Some(gradient));
        let numbers = input.iter().zip(&*threshold).zip(output_gradient);
        for (dx, ((&x, &t), &dy)) in dx.iter_mut().zip(numbers) {
            *dx = if t > x { R::zero() } else { dy };
        }
        add(dx, gradient);
    }

    fn parameters(&self) -> Vec<&Parameter<R>> {
        [self.convolution.parameters(), self.normalisation.parameters()].concat()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter<R>> {
        let mut parameters = self.convolution.parameters_mut();
        parameters.extend(self.normalisation.parameters_mut());
        parameters
    }

    fn visit(&self, look: &mut dyn FnMut(&Parameter<R>)) {
        self.convolution.visit(look);
        self.normalisation.visit(look);
    }

    fn visit_mut(&mut self, change: &mut dyn FnMut(&mut Parameter<R>)) {
        self.convolution.visit_mut(change);
        self.normalisation.visit_mut(change);
    }

    fn freeze(&mut self, frozen: bool) {
        Layer::<R>::freeze(&mut self.normalisation, frozen);
    }

    fn multiply_adds(&self) -> u64 {
        self.convolution.multiply_adds()
    }
}

/// The larger number; NaN if `x` is.
fn larger<R: Real>(x: R, t: R) -> R {
    if t > x { t } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::tests::check_gradients;

    #[test]
    fn gradients_equal_central_differences() {
        let shape = Shape { channels: 2, height: 4, width: 3 };
        check_gradients(&mut Frelu::new(shape, Seed(3)).unwrap(), shape.len(), 3);
    }
}
