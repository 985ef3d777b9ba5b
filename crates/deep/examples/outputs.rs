//! Other outputs than classes: `cargo run -p deep --release --example outputs`.
//!
//! A network that tells by how many degrees a drawn seven is turned (a value, squared error), and a
//! single unit that tells a zero from a one (a probability of yes, binary cross-entropy).

#![allow(clippy::print_stdout)]

use base::Seed;
use deep::{Network, NetworkSpec, Objective, Optimiser, OptimiserParams, Shape, Target, Workspace};
use rand::RngExt;

const SIDE: usize = 16;
/// Images per step.
const BATCH: usize = 20;
/// Degrees, to both sides.
const MOST: f32 = 45.0;

type Stroke = [(f32, f32); 2];

const SEVEN: &[Stroke] = &[[(-4.0, -5.0), (4.0, -5.0)], [(4.0, -5.0), (-1.0, 6.0)]];
const ONE: &[Stroke] = &[[(-2.0, -3.0), (0.0, -5.0)], [(0.0, -5.0), (0.0, 5.0)]];
const ZERO: &[Stroke] = &[
    [(-3.0, -3.0), (0.0, -5.0)],
    [(0.0, -5.0), (3.0, -3.0)],
    [(3.0, -3.0), (3.0, 3.0)],
    [(3.0, 3.0), (0.0, 5.0)],
    [(0.0, 5.0), (-3.0, 3.0)],
    [(-3.0, 3.0), (-3.0, -3.0)],
];

/// A digit turned by `degrees` about the middle, with noise; ink is about 1.
fn draw(digit: &[Stroke], degrees: f32, rng: &mut impl RngExt) -> Vec<f32> {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let pixel = |index: usize| {
        let middle = (SIDE as f32 - 1.0) / 2.0;
        let (x, y) = ((index % SIDE) as f32 - middle, (index / SIDE) as f32 - middle);
        let place = (cos * x + sin * y, cos * y - sin * x);
        let distance = digit.iter().map(|&stroke| distance(place, stroke)).fold(f32::MAX, f32::min);
        (-distance * distance).exp() + rng.random_range(-0.2..0.2_f32)
    };
    (0..SIDE * SIDE).map(pixel).collect()
}

fn distance((x, y): (f32, f32), [from, to]: Stroke) -> f32 {
    let along = (to.0 - from.0, to.1 - from.1);
    let share =
        ((x - from.0) * along.0 + (y - from.1) * along.1) / (along.0 * along.0 + along.1 * along.1);
    let share = share.clamp(0.0, 1.0);
    (x - from.0 - share * along.0).hypot(y - from.1 - share * along.1)
}

/// Trains a network with one output on images, one after another in `x`, and what it shall put out.
fn train(layers: &str, x: &[f32], wanted: &[f32], objective: Objective) -> Network<f32> {
    let spec = NetworkSpec::from_toml(layers).expect("a description");
    let input = Shape { channels: 1, height: SIDE, width: SIDE };
    let mut network = Network::new(&spec, input, 1, Seed(1)).expect("layers that fit");
    let mut workspace = Workspace::new(network.chain(), BATCH);
    let mut optimiser = Optimiser::new(&OptimiserParams::default(), 0.01).expect("a valid rule");
    for epoch in 0..40 {
        let order = Seed(1).child("order", epoch).permutation(wanted.len());
        for rows in order.chunks_exact(BATCH) {
            let inputs = workspace.inputs().chunks_exact_mut(input.len());
            for (to, row) in inputs.zip(rows) {
                to.copy_from_slice(&x[row * input.len()..][..input.len()]);
            }
            let wanted: Vec<f32> = rows.iter().map(|&row| wanted[row]).collect();
            let loss = network.learn(&mut workspace, Target::Values(&wanted), objective);
            assert!(loss.sum.is_finite(), "the loss is {}", loss.sum);
            network.descend(&mut optimiser, 3e-3);
        }
    }
    network
}

/// Root of the mean squared error on new images, in degrees: of the network, and of always saying 0.
fn turned_sevens() -> (f32, f32) {
    let mut rng = Seed(1).rng();
    let mut sevens = |count: usize| -> (Vec<f32>, Vec<f32>) {
        let degrees: Vec<f32> = (0..count).map(|_| rng.random_range(-MOST..MOST)).collect();
        (degrees.iter().flat_map(|&degrees| draw(SEVEN, degrees, &mut rng)).collect(), degrees)
    };
    let ((x, degrees), (new_x, new_degrees)) = (sevens(400), sevens(200));
    // Outputs are best learned in a unit in which they are about 1.
    let wanted: Vec<f32> = degrees.iter().map(|degrees| degrees / MOST).collect();
    let layers = r#"layers = [
        { kind = "convolution", maps = 8, size = 5, padding = 2 },
        { kind = "relu" },
        { kind = "max-pool", size = 2 },
        { kind = "affine", outputs = 32 },
        { kind = "relu" },
        { kind = "affine" },
    ]"#;
    let network = train(layers, &x, &wanted, Objective::SquaredError {});
    let answers = network.infer(&new_x, network.depth());
    let rms = |answer: &dyn Fn(usize) -> f32| {
        let errors = new_degrees.iter().enumerate().map(|(row, wanted)| answer(row) - wanted);
        (errors.map(|error| error * error).sum::<f32>() / new_degrees.len() as f32).sqrt()
    };
    (rms(&|row| MOST * answers[row]), rms(&|_| 0.0))
}

/// Share of new images that one unit tells right, and what it says of the first zero and one.
fn zero_or_one() -> (f32, [f32; 2]) {
    let mut rng = Seed(2).rng();
    let mut digits = |count: usize| -> (Vec<f32>, Vec<f32>) {
        let one: Vec<f32> = (0..count).map(|row| (row % 2) as f32).collect();
        let digit = |one: &f32| {
            let degrees = rng.random_range(-MOST..MOST);
            draw(if *one == 1.0 { ONE } else { ZERO }, degrees, &mut rng)
        };
        (one.iter().flat_map(digit).collect(), one)
    };
    let ((x, one), (new_x, new_one)) = (digits(400), digits(200));
    let binary = Objective::BinaryCrossEntropy {};
    let network = train(r#"layers = [{ kind = "affine" }]"#, &x, &one, binary);
    let mut probabilities = network.infer(&new_x, network.depth());
    binary.meaning(&mut probabilities, 1);
    let right = probabilities.iter().zip(&new_one).filter(|(p, one)| (**p > 0.5) == (**one > 0.5));
    (right.count() as f32 / new_one.len() as f32, [probabilities[0], probabilities[1]])
}

fn main() {
    let (error, guess) = turned_sevens();
    println!("a turned seven: off by {error:.1} degrees (root mean square), a guess by {guess:.1}");
    let (right, [zero, one]) = zero_or_one();
    println!("zero or one: {:.1} % right; the first zero is a one with probability", 100.0 * right);
    println!("{zero:.4}, the first one with {one:.4}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_learn_what_new_images_show() {
        let (error, guess) = turned_sevens();
        assert!(guess > 20.0 && error < guess / 4.0, "{error} {guess}");
        let (right, [zero, one]) = zero_or_one();
        assert!(right > 0.95 && zero < 0.5 && one > 0.5, "{right} {zero} {one}");
    }
}
