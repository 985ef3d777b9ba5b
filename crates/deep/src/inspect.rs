//! Looking inside a network: its kernels, what a layer makes of an image, and which pixels a
//! decision rests on.
//!
//! All functions look at the trained network (dropout off, running averages) and at one input as
//! the network sees it, shape `(channels, height, width)`; for images, [`crate::TrainedCnn::input`]
//! makes it. Maps come out as numbers; [`sheet`], [`heat`] and [`grey`] make pictures of them.

mod pictures;

pub use pictures::{grey, heat, sheet};

use crate::layer::{Shape, Workspace};
use crate::loss::Objective;
use crate::network::{LayerKind, Network};
use ndarray::{Array2, Array3, Array4, ArrayView3, Axis};

/// The kernels of layer `layer`, shape `(maps, input maps / groups, size, size)`; nothing, if that
/// is not a convolution.
///
/// # Panics
/// If there are fewer layers.
pub fn filters(network: &Network<f32>, layer: usize) -> Option<Array4<f32>> {
    if !matches!(network.spec().layers[layer].kind, LayerKind::Convolution(_)) {
        return None;
    }
    let parameters = network.chain().layers()[layer].parameters();
    let weights = parameters.first()?;
    let shape: [usize; 4] = weights.shape[..].try_into().ok()?;
    Array4::from_shape_vec(shape, weights.value.clone()).ok()
}

/// What the first `depth` layers make of an input, shape `(channels, height, width)`.
///
/// # Panics
/// If there are fewer layers, or the input has another length.
pub fn feature_maps(network: &Network<f32>, input: &[f32], depth: usize) -> Array3<f32> {
    assert_eq!(input.len(), network.input_shape().len(), "one input");
    maps(network.output_shape(depth), &network.infer(input, depth))
}

/// How much each pixel matters to the output of a class: the largest `|dz/dx|` over the channels,
/// shape `(height, width)`.
///
/// Source: K. Simonyan, A. Vedaldi, A. Zisserman, "Deep inside convolutional networks: visualising
/// image classification models and saliency maps", ICLR workshop 2014.
///
/// # Panics
/// If there are fewer outputs, or the input has another length.
pub fn saliency(network: &Network<f32>, input: &[f32], class: usize) -> Array2<f32> {
    let (_, gradient) = gradient_at(network, input, class, 0);
    gradient.map_axis(Axis(0), |channels| channels.iter().fold(0.0, |most, g| g.abs().max(most)))
}

/// Where the maps behind the first `depth` layers speak for a class: the maps summed with their
/// mean gradients as weights, negative sums set to 0; as large as the input, between the places of
/// the maps interpolated. Shape `(height, width)`.
///
/// ```text
/// weight[k] = mean over the pixels of map k of dz[class]/dA[k],    max(0, sum of weight[k] A[k])
/// ```
///
/// Source: R. Selvaraju et al., "Grad-CAM: visual explanations from deep networks via
/// gradient-based localization", ICCV 2017.
///
/// # Panics
/// If there are fewer layers or outputs, or the input has another length.
pub fn grad_cam(network: &Network<f32>, input: &[f32], class: usize, depth: usize) -> Array2<f32> {
    let (activations, gradient) = gradient_at(network, input, class, depth);
    let (_, height, width) = activations.dim();
    let mut sum = Array2::<f32>::zeros((height, width));
    for (map, gradient) in activations.outer_iter().zip(gradient.outer_iter()) {
        sum.scaled_add(gradient.mean().unwrap_or(0.0), &map);
    }
    sum.mapv_inplace(|value| value.max(0.0));
    let Shape { height, width, .. } = network.input_shape();
    pictures::resize(&sum, height, width)
}

/// How much less probable a class becomes when a square of `size` pixels is covered with zeros
/// (the mean colour), for squares every `stride` pixels. Shape `(rows, columns)` of squares; the
/// first lies at the upper left corner, the last may stick out.
///
/// Source: M. Zeiler, R. Fergus, "Visualizing and understanding convolutional networks", ECCV 2014.
///
/// # Panics
/// If `size` or `stride` is 0, there are fewer outputs, or the input has another length.
pub fn occlusion(
    network: &Network<f32>,
    input: &[f32],
    class: usize,
    size: usize,
    stride: usize,
) -> Array2<f32> {
    assert!(size > 0 && stride > 0, "squares of {size} pixels every {stride} pixels");
    let Shape { height, width, .. } = network.input_shape();
    let probability = |input: &[f32]| {
        let mut outputs = network.infer(input, network.depth());
        let columns = outputs.len();
        Objective::default().meaning(&mut outputs, columns);
        outputs[class]
    };
    let whole = probability(input);
    let places = (height.div_ceil(stride), width.div_ceil(stride));
    Array2::from_shape_fn(places, |(row, column)| {
        let mut covered = input.to_vec();
        for map in covered.chunks_exact_mut(height * width) {
            for line in map.chunks_exact_mut(width).skip(row * stride).take(size) {
                let first = column * stride;
                line[first..(first + size).min(width)].fill(0.0);
            }
        }
        whole - probability(&covered)
    })
}

/// Outputs of the first `depth` layers for an input, and the gradient of the output of `class` with
/// respect to them.
fn gradient_at(
    network: &Network<f32>,
    input: &[f32],
    class: usize,
    depth: usize,
) -> (Array3<f32>, Array3<f32>) {
    assert_eq!(input.len(), network.input_shape().len(), "one input");
    let mut network = network.copy();
    let outputs = network.output_shape(network.depth()).len();
    assert!(class < outputs, "class {class} of {outputs}");
    let chain = network.chain_mut();
    chain.freeze(true);
    let mut workspace = Workspace::new(chain, 1);
    workspace.inputs().copy_from_slice(input);
    chain.forward(&mut workspace, 1);
    let shape = chain.output_shape(depth);
    let mut activations = input.to_vec();
    chain.look_at_outputs(&workspace, &mut |of, outputs| {
        if of == depth {
            activations = outputs.to_vec();
        }
    });
    let gradient = &mut workspace.output_gradient()[..outputs];
    gradient.fill(0.0);
    gradient[class] = 1.0;
    chain.backward(&mut workspace, depth, true);
    let gradient = &workspace.input_gradient()[..shape.len()];
    (maps(shape, &activations), maps(shape, gradient))
}

fn maps(shape: Shape, values: &[f32]) -> Array3<f32> {
    let Shape { channels, height, width } = shape;
    ArrayView3::from_shape((channels, height, width), values).expect("as many numbers").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::NetworkSpec;
    use base::Seed;

    const INPUT: Shape = Shape { channels: 1, height: 4, width: 6 };

    fn network(layers: &str) -> Network<f32> {
        let spec = NetworkSpec::from_toml(&format!("layers = [{layers}]")).unwrap();
        Network::new(&spec, INPUT, 2, Seed(1)).unwrap()
    }

    /// A linear network: its gradient is its weight, wherever it is looked at.
    #[test]
    fn saliency_of_a_linear_network_is_its_weights() {
        let network = network(r#"{ kind = "dropout", share = 0.5 }, { kind = "affine" }"#);
        let weights = &network.parameters()[0].value;
        let map = saliency(&network, &[0.5; 24], 1);
        let expected: Vec<f32> = weights[24..].iter().map(|w| w.abs()).collect();
        assert_eq!(map.into_raw_vec_and_offset().0, expected);
    }

    /// One map that lets the input through, and an output that is its mean: its weight is 1 / 24.
    #[test]
    fn grad_cam_shows_where_the_map_is_positive() {
        let mut network = network(
            r#"{ kind = "convolution", maps = 1, size = 1, bias = false },
               { kind = "global-average-pool" }, { kind = "affine", outputs = 1 }"#,
        );
        network.restore(&[vec![1.0], vec![1.0], vec![0.0]]);
        let input: Vec<f32> = (0..24).map(|i| i as f32 - 10.0).collect();
        let map = grad_cam(&network, &input, 0, 1);
        for (got, x) in map.iter().zip(&input) {
            assert!((got - x.max(0.0) / 24.0).abs() < 1e-6, "{got} at {x}");
        }
    }

    #[test]
    fn occlusion_is_largest_where_the_evidence_is() {
        // The class rests on the pixel in row 2, column 5.
        let mut network = network(r#"{ kind = "affine" }"#);
        let mut weights = vec![0.0; 48];
        weights[24 + 2 * 6 + 5] = 3.0;
        network.restore(&[weights, vec![0.0; 2]]);
        let map = occlusion(&network, &[1.0; 24], 1, 2, 2);
        assert_eq!(map.dim(), (2, 3));
        let before = 1.0 / (1.0 + (-3.0_f32).exp());
        assert!((map[[1, 2]] - (before - 0.5)).abs() < 1e-6, "{map}");
        assert_eq!(map.iter().filter(|drop| drop.abs() > 1e-6).count(), 1);
    }

    #[test]
    fn filters_and_feature_maps_have_their_shapes() {
        let network = network(
            r#"{ kind = "convolution", maps = 3, size = 3 }, { kind = "relu" },
               { kind = "affine" }"#,
        );
        assert_eq!(filters(&network, 0).unwrap().dim(), (3, 1, 3, 3));
        assert!(filters(&network, 2).is_none());
        let maps = feature_maps(&network, &[1.0; 24], 2);
        assert_eq!(maps.dim(), (3, 2, 4));
        assert!(maps.iter().all(|&value| value >= 0.0));
    }
}
