//! Ten steps of every optimiser, and the rates of every schedule, against PyTorch.
//!
//! `optimisers.json` is written by `optimisers.py`.

use super::assert_close;
use crate::layer::{Parameter, Role};
use crate::optimiser::{Optimiser, OptimiserParams};
use crate::schedule::{Progress, Schedule, ScheduleParams};
use serde::Deserialize;

const START: [f64; 4] = [-1.2, 1.0, 0.5, 2.0];

#[derive(Deserialize)]
struct Golden {
    optimisers: Vec<OptimiserCase>,
    schedules: Vec<ScheduleCase>,
}

#[derive(Deserialize)]
struct OptimiserCase {
    optimiser: OptimiserParams,
    rate: f64,
    weight_decay: f64,
    /// After each step.
    values: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct ScheduleCase {
    schedule: ScheduleParams,
    rate: f64,
    epochs: usize,
    steps_per_epoch: usize,
    /// After each epoch, if they are listened to.
    losses: Vec<f64>,
    /// In each step.
    values: Vec<f64>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("optimisers.json")).expect("the golden file is whole")
}

/// Gradient of Rosenbrock's function, the sum over i of
/// `100 (w[i + 1] - w[i]^2)^2 + (1 - w[i])^2`.
fn gradient(w: &[f64]) -> Vec<f64> {
    let mut gradient = vec![0.0; w.len()];
    for i in 0..w.len() - 1 {
        let off = w[i + 1] - w[i] * w[i];
        gradient[i] -= 400.0 * w[i] * off + 2.0 * (1.0 - w[i]);
        gradient[i + 1] += 200.0 * off;
    }
    gradient
}

#[test]
fn ten_steps_of_every_optimiser_are_those_of_torch() {
    let cases = golden().optimisers;
    assert_eq!(cases.len(), 16);
    for case in cases {
        let mut w = Parameter::new("w", Role::Weight, &[4], START.to_vec());
        let mut optimiser = Optimiser::new(&case.optimiser, case.weight_decay).unwrap();
        assert_eq!(case.values.len(), 10);
        for (step, expected) in case.values.iter().enumerate() {
            w.gradient = gradient(&w.value);
            optimiser.step(vec![&mut w], case.rate);
            assert_close(&w.value, expected, &format!("{:?}, step {step}", case.optimiser));
        }
    }
}

#[test]
fn rates_of_every_schedule_are_those_of_torch() {
    for case in golden().schedules {
        let mut schedule = Schedule::new(&case.schedule).unwrap();
        let steps = case.epochs * case.steps_per_epoch;
        let rates = (0..case.values.len()).map(|step| {
            let epoch = step / case.steps_per_epoch;
            let now = Progress { epoch, epochs: case.epochs, step, steps };
            let rate = schedule.rate(case.rate, now);
            if let Some(&loss) = case.losses.get(step) {
                schedule.observe(loss);
            }
            rate
        });
        let rates: Vec<f64> = rates.collect();
        assert_close(&rates, &case.values, &format!("{:?}", case.schedule));
    }
}
