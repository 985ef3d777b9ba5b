//! Every kernel against the formulas of the module, written out.
//!
//! Numbers are small and whole, so that sums are exact in any order and must be equal; only the
//! transforms of squares of 6x6 divide by 15, and round.

use super::*;
use crate::kernels::AfterMaps::{self, Halve, Rectify};

/// Input maps, output maps, height, width, kernel size, padding, images.
const CASES: [[usize; 7]; 17] = [
    [1, 1, 1, 1, 1, 0, 1],
    [1, 8, 28, 28, 5, 2, 2],
    [3, 10, 5, 7, 3, 1, 5],
    [2, 9, 9, 4, 3, 0, 3],
    [4, 5, 6, 6, 5, 2, 4],
    [5, 3, 7, 5, 5, 0, 2],
    [3, 17, 3, 3, 3, 2, 7],
    [2, 2, 1, 1, 3, 1, 40],
    [2, 4, 6, 9, 2, 1, 3],
    [3, 2, 8, 8, 7, 3, 3],
    [2, 3, 4, 40, 4, 0, 2],
    [16, 24, 8, 8, 3, 1, 33],
    [32, 16, 7, 9, 3, 0, 3],
    [17, 70, 5, 4, 3, 2, 2],
    [40, 33, 32, 30, 3, 1, 2],
    [16, 128, 2, 2, 3, 1, 70],
    [8, 16, 16, 19, 3, 1, 3],
];

fn numbers(count: usize, step: usize) -> Vec<f32> {
    (0..count).map(|i| ((i * step + 3) % 11) as f32 - 5.0).collect()
}

struct Case {
    input: Shape,
    output: Shape,
    size: usize,
    padding: usize,
    images: usize,
}

impl Case {
    fn new([inputs, outputs, height, width, size, padding, images]: [usize; 7]) -> Self {
        let input = Shape { channels: inputs, height, width };
        let along = |side| side + 2 * padding + 1 - size;
        let output = Shape { channels: outputs, height: along(height), width: along(width) };
        Self { input, output, size, padding, images }
    }

    fn weights(&self) -> Vec<f32> {
        numbers(self.output.channels * self.input.channels * self.size * self.size, 7)
    }

    /// Calls `visit` with the indices of `x`, `w` and `y` of every product of the first formula.
    fn products(&self, mut visit: impl FnMut(usize, usize, usize)) {
        let Self { input, output, size, padding, images } = *self;
        for index in 0..images * output.len() * input.channels * size * size {
            let (tap, rest) = (index % (size * size), index / (size * size));
            let (i, j, c, rest) =
                (tap / size, tap % size, rest % input.channels, rest / input.channels);
            let (o, n) = (rest / output.plane() % output.channels, rest / output.len());
            let (r, s) = (rest % output.plane() / output.width, rest % output.width);
            let (y, x) = ((r + i).wrapping_sub(padding), (s + j).wrapping_sub(padding));
            if y < input.height && x < input.width {
                let from = n * input.len() + (c * input.height + y) * input.width + x;
                visit(from, (o * input.channels + c) * size * size + tap, rest);
            }
        }
    }
}

/// Each case with every level and every way that can do it.
fn cases() -> impl Iterator<Item = (Case, Convolver)> {
    let levels = Level::all().into_iter().filter(|level| level.is_there());
    levels.flat_map(|level| {
        CASES.iter().flat_map(move |&case| {
            let Case { input, output, size, padding, .. } = Case::new(case);
            let direct = Direct::at(level, input, output, size, padding).map(Convolver::Direct);
            let winograd = |tile| Winograd::with(level, input, output, size, padding, tile);
            let winograd = [2, 4].map(|tile| winograd(tile).map(Convolver::Winograd));
            assert!(direct.is_some(), "the border is narrower than the kernel");
            assert_eq!(
                winograd.each_ref().map(Option::is_some),
                [size == 3 || size == 5, size == 3]
            );
            direct
                .into_iter()
                .chain(winograd.into_iter().flatten())
                .map(move |convolver| (Case::new(case), convolver))
        })
    })
}

/// `sums` are the largest sums of absolute values there may be.
fn check(convolver: &Convolver, got: &[f32], expected: &[f32], sums: f32) {
    let exact = match convolver {
        Convolver::Direct(_) => true,
        Convolver::Winograd(winograd) => winograd.is_exact_on_whole_numbers(),
    };
    let most = if exact { 0.0 } else { 2e-6 * sums };
    for (index, (&got, &expected)) in got.iter().zip(expected).enumerate() {
        let close = (got - expected).abs() <= most;
        assert!(close, "number {index} is {got}, not {expected}: {convolver:?}");
    }
    assert_eq!(got.len(), expected.len());
}

#[test]
fn outputs_equal_the_formula() {
    for (case, convolver) in cases() {
        let (x, w) = (numbers(case.images * case.input.len(), 5), case.weights());
        let biases = numbers(case.output.channels, 3);
        let maps = biases.iter().flat_map(|&bias| vec![bias; case.output.plane()]);
        let mut expected: Vec<f32> = maps.collect::<Vec<_>>().repeat(case.images);
        case.products(|from, tap, to| expected[to] += w[tap] * x[from]);

        let (mut kernels, mut y) = (Packed::default(), vec![f32::NAN; expected.len()]);
        convolver.pack(&w, Some(&biases), &mut kernels);
        convolver.forward(&x, false, &kernels, Finish::default(), &mut y);
        let sums = 25.0 * (case.input.channels * case.size * case.size) as f32;
        check(&convolver, &y, &expected, sums);
    }
}

#[test]
fn what_is_done_after_equals_doing_it_separately() {
    let can_be_halved = |case: &Case| case.output.height.min(case.output.width) > 1;
    for (case, convolver) in cases().filter(|(case, _)| can_be_halved(case)) {
        let (x, w) = (numbers(case.images * case.input.len(), 5), case.weights());
        let (mut kernels, mut y) = (Packed::default(), vec![0.0; case.images * case.output.len()]);
        convolver.pack(&w, None, &mut kernels);
        convolver.forward(&x, false, &kernels, Finish::default(), &mut y);
        let plane = case.output.plane();
        let (scale, shift) = (numbers(case.output.channels, 7), numbers(case.output.channels, 4));
        let scaled = |y: &[f32], plane: usize| -> Vec<f32> {
            let factors = scale.iter().zip(&shift).cycle();
            let maps = y.chunks(plane).zip(factors);
            maps.flat_map(|(y, (scale, shift))| y.iter().map(move |y| scale * y + shift)).collect()
        };
        let rectified = |y: &[f32]| y.iter().map(|y| y.max(0.0)).collect::<Vec<_>>();
        let halved = |y: &[f32]| halve(y, case.output);
        let quarter = case.output.height / 2 * (case.output.width / 2);
        let scales = AfterMaps::Scale { scale: &scale, shift: &shift };

        for (after, expected) in [
            (&[Rectify][..], rectified(&y)),
            (&[Halve], halved(&y)),
            (&[Rectify, Halve], halved(&rectified(&y))),
            (&[scales], scaled(&y, plane)),
            (&[scales, Rectify], rectified(&scaled(&y, plane))),
            (&[scales, Halve], halved(&scaled(&y, plane))),
            (&[scales, Rectify, Halve], halved(&rectified(&scaled(&y, plane)))),
            (&[Halve, scales, Rectify], rectified(&scaled(&halved(&y), quarter))),
        ] {
            let mut got = vec![f32::NAN; expected.len()];
            convolver.forward(&x, false, &kernels, Finish::of(after).unwrap(), &mut got);
            assert_eq!(got, expected, "{after:?}: {convolver:?}");
        }
        assert_eq!(Finish::of(&[Rectify, scales]), None);
        assert_eq!(Finish::of::<f32>(&[Halve, Halve]), None);
    }
}

/// The largest of 2x2 numbers of each map.
fn halve(y: &[f32], maps: Shape) -> Vec<f32> {
    let Shape { height, width, .. } = maps;
    let half = |map: &[f32]| {
        let largest = |index: usize| {
            let first = index / (width / 2) * 2 * width + index % (width / 2) * 2;
            let four = [first, first + 1, first + width, first + width + 1];
            four.map(|at| map[at]).into_iter().fold(f32::NEG_INFINITY, f32::max)
        };
        (0..height / 2 * (width / 2)).map(largest).collect::<Vec<_>>()
    };
    y.chunks(height * width).flat_map(half).collect()
}

#[test]
fn what_is_stored_for_another_equals_what_is_written_for_it() {
    let (mut stored_for, mut refused) = (0, 0);
    for (case, convolver) in cases() {
        let level = match &convolver {
            Convolver::Direct(direct) => direct.level,
            Convolver::Winograd(winograd) => winograd.level,
        };
        let x = numbers(case.images * case.input.len(), 5);
        let (mut kernels, mut theirs) = (Packed::default(), Packed::default());
        convolver.pack(&case.weights(), None, &mut kernels);
        let (scale, shift) = (numbers(case.output.channels, 7), numbers(case.output.channels, 4));
        let scales = AfterMaps::Scale { scale: &scale, shift: &shift };
        for after in [&[][..], &[Rectify, Halve], &[scales], &[Halve, scales, Rectify]] {
            let maps = Finish::of(after).unwrap().shape(case.output);
            if maps.plane() == 0 {
                continue;
            }
            for (size, padding, tile) in [(3, 1, 2), (3, 2, 4), (5, 2, 2)] {
                let last = Case::new([maps.channels, 3, maps.height, maps.width, size, padding, 1]);
                let Case { input, output, .. } = last;
                let next = Winograd::with(level, input, output, size, padding, tile).unwrap();
                let next = Convolver::Winograd(next);
                next.pack(&last.weights(), None, &mut theirs);
                let stored = next.stored_inputs().unwrap();
                let finish = Finish::of(after).unwrap();
                let store = Finish { store: Some(stored), ..finish };
                if !convolver.can(store) {
                    refused += 1;
                    continue;
                }
                stored_for += 1;
                let outputs = |between: usize, finish, is_stored| {
                    let mut between = vec![f32::NAN; case.images * between];
                    let mut y = vec![f32::NAN; case.images * output.len()];
                    convolver.forward(&x, false, &kernels, finish, &mut between);
                    next.forward(&between, is_stored, &theirs, Finish::default(), &mut y);
                    y
                };
                let expected = outputs(maps.len(), finish, false);
                assert_eq!(outputs(stored.len(), store, true), expected, "{convolver:?}, {next:?}");
            }
        }
    }
    assert!(stored_for > 100 && refused > 10, "{stored_for} stored, {refused} refused");
}

#[test]
fn gradients_equal_the_formula() {
    for (case, convolver) in cases() {
        let (x, w) = (numbers(case.images * case.input.len(), 5), case.weights());
        let dy = numbers(case.images * case.output.len(), 3);
        let (mut expected_dx, mut expected_dw) = (vec![0.0; x.len()], vec![1.0; w.len()]);
        case.products(|from, tap, to| {
            expected_dx[from] += w[tap] * dy[to];
            expected_dw[tap] += x[from] * dy[to];
        });

        let (mut kernels, mut dx) = (Packed::default(), vec![f32::NAN; x.len()]);
        let mut dw = vec![1.0; w.len()];
        convolver.pack_turned(&w, &mut kernels);
        convolver.backward(&x, &dy, &mut dw, Some((&kernels, &mut dx)));
        convolver.order_gradient(&dw.clone(), &mut dw);
        let sums = 25.0 * (case.output.channels * case.size * case.size) as f32;
        check(&convolver, &dx, &expected_dx, sums);
        let sums = 25.0 * (case.images * case.output.plane()) as f32;
        check(&convolver, &dw, &expected_dw, sums);
    }
}

/// NaN in the memory that is used again must not reach the next batch.
#[test]
fn nothing_is_left_over_from_another_batch() {
    for (case, convolver) in cases() {
        let (nan, x) = (vec![f32::NAN; 4 * case.input.len()], vec![1.0; case.input.len()]);
        let (mut kernels, w) = (Packed::default(), case.weights());
        convolver.pack(&w, None, &mut kernels);
        let mut y = vec![0.0; 4 * case.output.len()];
        convolver.forward(&nan, false, &kernels, Finish::default(), &mut y);
        let (mut y, mut dw) = (vec![f32::NAN; case.output.len()], vec![0.0; w.len()]);
        convolver.forward(&x, false, &kernels, Finish::default(), &mut y);
        convolver.backward(&x, &y, &mut dw, None);
        assert!(y.iter().chain(&dw).all(|value| value.is_finite()), "{convolver:?}");
    }
}

#[test]
fn a_border_as_wide_as_the_kernel_is_left_to_the_portable_tier() {
    let shape = Shape { channels: 1, height: 4, width: 4 };
    let larger = Shape { height: 8, width: 8, ..shape };
    assert!(Convolver::new(shape, larger, 3, 3).is_none());
}
