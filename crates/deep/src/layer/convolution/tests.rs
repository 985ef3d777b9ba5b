use super::*;
use crate::layer::tests::{check_gradients, normal};

/// The formula at the top of this file, written out.
fn plain(layer: &Convolution<f64>, x: &[f64]) -> Vec<f64> {
    let Window { size, stride, padding, dilation } = layer.window;
    let (inputs, outputs) = (layer.input.channels, layer.output.channels);
    let in_group = inputs / layer.groups;
    let pixel = |c: usize, row: usize, column: usize| {
        let (row, column) = (row.checked_sub(padding), column.checked_sub(padding));
        let Shape { height, width, .. } = layer.input;
        match (row.filter(|&row| row < height), column.filter(|&column| column < width)) {
            (Some(row), Some(column)) => x[(c * height + row) * width + column],
            _ => 0.0,
        }
    };
    let mut y = Vec::new();
    for o in 0..outputs {
        let first = o / (outputs / layer.groups) * in_group;
        for r in 0..layer.output.height {
            for s in 0..layer.output.width {
                let mut sum = layer.biases.as_ref().map_or(0.0, |biases| biases.value[o]);
                for (k, w) in layer.weights.value[o * in_group * size * size..]
                    [..in_group * size * size]
                    .iter()
                    .enumerate()
                {
                    let (c, i, j) = (k / (size * size), k / size % size, k % size);
                    let row = r * stride + i * dilation;
                    sum += w * pixel(first + c, row, s * stride + j * dilation);
                }
                y.push(sum);
            }
        }
    }
    y
}

/// Height, width, and settings of the formula: all of them, alone and together.
fn cases() -> Vec<(usize, usize, ConvolutionParams)> {
    let of = ConvolutionParams::new;
    vec![
        (4, 6, of(4, 3).same_without_bias()),
        (5, 3, of(2, 5).same_without_bias()),
        (1, 1, of(2, 3).same_without_bias()),
        (2, 1, of(2, 5).same_without_bias()),
        (1, 4, of(2, 7).same_without_bias()),
        (5, 6, of(4, 3)),
        (4, 3, of(2, 1)),
        (6, 5, ConvolutionParams { stride: 2, padding: 1, ..of(2, 3) }),
        (7, 6, ConvolutionParams { stride: 3, padding: 4, ..of(2, 2) }),
        (7, 6, ConvolutionParams { dilation: 2, padding: 2, ..of(2, 3) }),
        (6, 7, ConvolutionParams { dilation: 3, padding: 1, stride: 2, ..of(2, 2) }),
        (4, 5, ConvolutionParams { groups: 2, padding: 1, ..of(6, 3) }),
        (5, 4, ConvolutionParams { groups: 4, stride: 2, ..of(4, 2) }),
    ]
}

fn layer(height: usize, width: usize, params: &ConvolutionParams) -> Convolution<f64> {
    let input = Shape { channels: 4, height, width };
    let mut layer = Convolution::new(input, params, Seed(3)).unwrap();
    if let Some(biases) = &mut layer.biases {
        biases.value = normal(biases.value.len(), 9);
    }
    layer
}

#[test]
fn equals_the_formula_also_where_kernels_are_larger_than_maps() {
    for (height, width, params) in cases() {
        let layer = layer(height, width, &params);
        let x = normal(layer.input.len(), 4);
        let mut y = vec![f64::NAN; layer.output.len()];
        layer.infer(&x, &mut y);
        for (got, expected) in y.iter().zip(plain(&layer, &x)) {
            assert!((got - expected).abs() < 1e-13, "{params:?}: {got} is not {expected}");
        }
    }
}

#[test]
fn gradients_equal_central_differences() {
    for (height, width, params) in cases() {
        let mut layer = layer(height, width, &params);
        check_gradients(&mut layer, 4 * height * width, 3);
    }
    let params = ConvolutionParams::new(2, 3).same_without_bias();
    check_gradients(&mut layer(3, 2, &params), 24, PIECE + 2);
}

/// Maps so large that columns are made for a band of rows at a time. The layer is linear in its
/// inputs and in its weights: `dL/dy . y = dL/dx . x = dL/dw . w` holds for numbers drawn at random
/// only if the gradients are right.
#[test]
fn bands_of_rows_equal_the_formula_and_its_gradients() {
    let same = ConvolutionParams::new(2, 7).same_without_bias();
    let strided = ConvolutionParams { stride: 2, padding: 1, groups: 2, ..same };
    for params in [same, strided] {
        let mut layer = layer(100, 40, &params);
        assert!(layer.bands().count() > 1, "{params:?}");
        let (x, dy) = (normal(layer.input.len(), 4), normal(layer.output.len(), 5));
        let (mut y, mut dx) = (vec![f64::NAN; dy.len()], vec![f64::NAN; x.len()]);
        layer.forward(&x, &mut y);
        for (got, expected) in y.iter().zip(plain(&layer, &x)) {
            assert!((got - expected).abs() < 1e-12, "{params:?}: {got} is not {expected}");
        }
        layer.backward(&x, &dy, Some(&mut dx));
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let expected = dot(&dy, &y);
        for got in [dot(&dx, &x), dot(&layer.weights.gradient, &layer.weights.value)] {
            assert!((got - expected).abs() < 1e-9, "{params:?}: {got} is not {expected}");
        }
    }
}

/// Both tiers on the same batch: outputs and all gradients, with weights that change in between
/// as in training, at 1 and at 2 threads, which must not differ in a bit.
#[test]
fn direct_kernels_equal_columns_up_to_rounding_at_any_number_of_threads() {
    let input = Shape { channels: 5, height: 9, width: 11 };
    for (size, padding) in [(3, 1), (5, 2), (2, 0), (3, 2)] {
        let params = ConvolutionParams { padding, ..ConvolutionParams::new(11, size) };
        let layer = Convolution::<f32>::new(input, &params, Seed(3)).unwrap();
        let x: Vec<f32> = normal(37 * input.len(), 4).iter().map(|&x| x as f32).collect();
        let work = |mut layer: Convolution<f32>, threads: usize| -> Vec<Vec<f32>> {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let (mut y, mut dx) = (vec![0.0; 37 * layer.output.len()], vec![0.0; x.len()]);
                layer.forward(&x, &mut y);
                layer.parameters_mut()[1].value.fill(0.5);
                layer.forward(&x, &mut y);
                let mut inferred = vec![0.0; layer.output.len()];
                layer.infer(&x[36 * input.len()..], &mut inferred);
                assert_eq!(inferred, y[36 * layer.output.len()..], "alone or in a batch");
                let dy = y.clone();
                layer.backward(&x, &dy, Some(&mut dx));
                let gradients = layer.parameters().into_iter().map(|p| p.gradient.clone());
                [y, dx].into_iter().chain(gradients).collect()
            })
        };
        let one = work(layer.clone(), 1);
        assert!(one == work(layer.clone(), 2), "bits depend on the number of threads");
        let layer = layer.portable();
        let portable = work(layer.clone(), 1);
        assert!(portable == work(layer, 2), "bits depend on the number of threads");
        for (got, expected) in one.iter().flatten().zip(portable.concat()) {
            let error = (got - expected).abs() / (1.0 + expected.abs());
            assert!(error < 2e-4, "{size}x{size}: {got}, by columns {expected}");
        }
    }
}

#[test]
fn settings_that_do_not_fit_are_refused() {
    let refused = |change: fn(&mut ConvolutionParams)| {
        let mut params = ConvolutionParams::new(4, 3);
        change(&mut params);
        let input = Shape { channels: 4, height: 5, width: 4 };
        Convolution::<f32>::new(input, &params, Seed(1)).unwrap_err().to_string()
    };
    assert_eq!(refused(|p| p.maps = Some(0)), "`maps` is 0, but must be from 1 to 65536");
    assert_eq!(refused(|p| p.stride = 0), "`stride` is 0, but must be from 1 to 1024");
    assert_eq!(refused(|p| p.groups = 0), "`groups` is 0, but must be at least 1");
    let text = "it would have [65536, 4, 1000, 1000] weights; 268435456 are the most";
    let huge = |p: &mut ConvolutionParams| {
        *p = ConvolutionParams { padding: 500, ..ConvolutionParams::new(65_536, 1000) };
    };
    assert_eq!(refused(huge), text);
    let text = "4 input maps cannot be shared out among 3 groups";
    assert_eq!(refused(|p| p.groups = 3), text);
    let text = "its window covers 5 rows and columns, but its input is 4 maps of 5x4";
    assert_eq!(refused(|p| p.dilation = 2), text);
}

/// Input map of each output map that passes it on, by group.
#[test]
fn kernels_that_start_as_identities_pass_on_what_they_are_given() {
    for (groups, passed_on) in [
        (1, [Some(0), Some(1), Some(2), Some(3), None, None]),
        (2, [Some(0), Some(1), None, Some(2), Some(3), None]),
    ] {
        let params =
            ConvolutionParams { groups, initial: Initial::Dirac, ..ConvolutionParams::new(6, 3) };
        let layer = layer(5, 4, &params.same_without_bias());
        let (x, plane) = (normal(layer.input.len(), 2), 20);
        let mut y = vec![f64::NAN; layer.output.len()];
        layer.infer(&x, &mut y);
        for (map, from) in passed_on.into_iter().enumerate() {
            let y = &y[map * plane..][..plane];
            match from {
                Some(from) => assert_eq!(y, &x[from * plane..][..plane], "map {map}"),
                None => assert!(y.iter().all(|y| *y != 0.0 && !x.contains(y)), "map {map}"),
            }
        }
    }
}
