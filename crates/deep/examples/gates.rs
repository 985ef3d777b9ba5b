//! Logic gates by perceptrons: `cargo run -p deep --example gates`.
//!
//! A perceptron weighs its inputs, adds a bias and says 1 if the sum is not negative. One line in
//! the plane of its two inputs separates the ones of AND, NAND and OR from the zeros. No line does
//! so for XOR (M. Minsky, S. Papert, "Perceptrons", 1969); two layers can.

#![allow(clippy::print_stdout)]

use base::Seed;
use deep::{Network, NetworkSpec, Objective, Optimiser, OptimiserParams, Shape, Target, Workspace};

/// All inputs of a gate, one after another.
const INPUTS: [f64; 8] = [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0];

/// Name of a gate, what it answers to these inputs, and weights and bias of a perceptron that does.
type Gate = (&'static str, [f64; 4], [f64; 3]);

const GATES: [Gate; 3] = [
    ("AND", [0.0, 0.0, 0.0, 1.0], [0.5, 0.5, -0.7]),
    ("NAND", [1.0, 1.0, 1.0, 0.0], [-0.5, -0.5, 0.7]),
    ("OR", [0.0, 1.0, 1.0, 1.0], [0.5, 0.5, -0.2]),
];
const XOR: [f64; 4] = [0.0, 1.0, 1.0, 0.0];

fn network(layers: &str, seed: Seed) -> Network<f64> {
    let spec = NetworkSpec::from_toml(layers).expect("a valid description");
    Network::new(&spec, Shape::vector(2), 1, seed).expect("layers that fit together")
}

fn answers(network: &Network<f64>) -> Vec<f64> {
    network.infer(&INPUTS, network.depth())
}

/// A single perceptron.
fn perceptron([w1, w2, bias]: [f64; 3]) -> Network<f64> {
    let layers = r#"layers = [{ kind = "affine" }, { kind = "step" }]"#;
    let mut network = network(layers, Seed(0));
    network.restore(&[vec![w1, w2], vec![bias]]);
    network
}

/// XOR is the AND of NAND and OR.
fn xor() -> Network<f64> {
    let layers = r#"layers = [
        { kind = "affine", outputs = 2 },
        { kind = "step" },
        { kind = "affine" },
        { kind = "step" },
    ]"#;
    let mut network = network(layers, Seed(0));
    let [(_, _, and), (_, _, nand), (_, _, or)] = GATES;
    network.restore(&[
        vec![nand[0], nand[1], or[0], or[1]],
        vec![nand[2], or[2]],
        vec![and[0], and[1]],
        vec![and[2]],
    ]);
    network
}

/// Rosenblatt's rule: after each mistake the weights move towards the input that should have been
/// answered by 1, or away from the one that should not. Returns weights, and the passes over the
/// four inputs until none was wrong.
fn learn_by_mistakes(wanted: [f64; 4], most: usize) -> Option<([f64; 3], usize)> {
    let mut weights = [0.0; 3];
    for pass in 1..=most {
        let mut mistakes = 0;
        for (x, wanted) in INPUTS.chunks_exact(2).zip(wanted) {
            let answer = perceptron(weights).infer(x, 2)[0];
            let error = wanted - answer;
            for (w, x) in weights.iter_mut().zip([x[0], x[1], 1.0]) {
                *w += error * x;
            }
            mistakes += usize::from(error != 0.0);
        }
        if mistakes == 0 {
            return Some((weights, pass));
        }
    }
    None
}

/// XOR learned by backpropagation, where smooth functions stand for the steps. Returns the network
/// and the loss of the last pass.
fn learn_xor(passes: usize) -> (Network<f64>, f64) {
    let layers = r#"layers = [
        { kind = "affine", outputs = 3 },
        { kind = "tanh" },
        { kind = "affine" },
    ]"#;
    let mut network = network(layers, Seed(1));
    let mut workspace = Workspace::new(network.chain(), 4);
    let rule = OptimiserParams::Momentum { momentum: 0.9 };
    let mut optimiser = Optimiser::new(&rule, 0.0).expect("a valid rule");
    let mut loss = f64::NAN;
    for _ in 0..passes {
        workspace.inputs().copy_from_slice(&INPUTS);
        let target = Target::Values(&XOR);
        loss = network.learn(&mut workspace, target, Objective::BinaryCrossEntropy {}).sum;
        network.descend(&mut optimiser, 0.5);
    }
    (network, loss)
}

fn main() {
    println!("inputs                          0 0  0 1  1 0  1 1");
    let show = |what: &str, answers: &[f64]| {
        let answers: Vec<String> = answers.iter().map(|y| format!("{y:>3.0}")).collect();
        println!("{what:<30}{}", answers.join("  "));
    };
    for (name, wanted, weights) in GATES {
        show(&format!("{name}, one perceptron"), &answers(&perceptron(weights)));
        let (learned, passes) = learn_by_mistakes(wanted, 100).expect("a line separates them");
        show(&format!("{name}, learned in {passes} passes"), &answers(&perceptron(learned)));
    }
    show("XOR, two layers", &answers(&xor()));
    assert!(learn_by_mistakes(XOR, 1000).is_none());
    println!("XOR, one perceptron: still wrong after 1000 passes");
    let (network, loss) = learn_xor(200);
    let mut learned = answers(&network);
    Objective::BinaryCrossEntropy {}.meaning(&mut learned, 1);
    show("XOR, backpropagation", &learned);
    println!("with a loss of {loss:.4} after 200 passes; probabilities are {learned:.3?}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_answer_as_their_tables_say() {
        for (name, wanted, weights) in GATES {
            assert_eq!(answers(&perceptron(weights)), wanted, "{name}");
        }
        assert_eq!(answers(&xor()), XOR);
    }

    #[test]
    fn mistakes_teach_a_perceptron_all_but_xor() {
        for (name, wanted, _) in GATES {
            let (weights, _) = learn_by_mistakes(wanted, 100).expect(name);
            assert_eq!(answers(&perceptron(weights)), wanted, "{name}");
        }
        assert_eq!(learn_by_mistakes(XOR, 1000), None);
    }

    #[test]
    fn backpropagation_teaches_two_layers_xor() {
        let (network, loss) = learn_xor(200);
        let right =
            answers(&network).iter().zip(XOR).all(|(z, wanted)| (*z > 0.0) == (wanted > 0.5));
        assert!(right && loss < 0.1, "loss {loss}");
    }
}
