//! One plane on its way down.

use crate::linear::{Plane, TrainingRows};
use crate::sgd::SgdRule;

/// Below this the factor is worked into the plane.
const LEAST_FACTOR: f64 = 1e-6;

/// `w = factor * v`, so that shrinking `w` in each step costs nothing, and the sum of all `w` so
/// far is `factor_sum * v + rest`, so that adding to it costs nothing unless `v` changes.
#[derive(Debug, Clone)]
pub(super) struct OnlinePlane {
    v: Plane,
    factor: f64,
    /// `||v||^2`.
    square: f64,
    rest: Plane,
    factor_sum: f64,
}

/// What does not change from step to step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) lambda: f64,
    pub(super) rule: SgdRule,
}

impl Settings {
    /// How far step `step`, counted from 1, goes.
    pub(super) fn rate(self, step: u64, largest_square: f64) -> f64 {
        let (lambda, t) = (self.lambda, step as f64);
        match self.rule {
            SgdRule::Pegasos => 1.0 / (lambda * t),
            SgdRule::Averaged => 2.0 / (lambda * (t + 1.0) + 2.0 * largest_square),
        }
    }
}

impl OnlinePlane {
    pub(super) fn zero(features: usize) -> Self {
        let (v, rest) = (Plane::zero(features), Plane::zero(features));
        Self { v, factor: 1.0, square: 0.0, rest, factor_sum: 0.0 }
    }

    /// Looks at a row on `side`, 1 or -1, and steps down; returns `w . x` before the step.
    pub(super) fn step(
        &mut self,
        settings: Settings,
        step: u64,
        rate: f64,
        rows: &TrainingRows<'_>,
        row: usize,
        side: f64,
    ) -> f64 {
        let value = self.factor * rows.value(&self.v, row);
        let by = 1.0 - rate * settings.lambda;
        self.shrink(by);
        if side * value < 1.0 {
            // `v . x`, also where shrinking has worked the factor into `v`.
            let along = value * by / self.factor;
            let change = rate * side / self.factor;
            rows.add(&mut self.v, change, row);
            self.square += change * (2.0 * along + change * rows.squared_length(row));
            if settings.rule == SgdRule::Averaged {
                rows.add(&mut self.rest, -self.factor_sum * change, row);
            }
        }
        match settings.rule {
            SgdRule::Pegasos => {
                let length = self.factor * self.square.max(0.0).sqrt();
                let most = 1.0 / settings.lambda.sqrt();
                if length > most {
                    self.shrink(most / length);
                }
            }
            SgdRule::Averaged => self.factor_sum += step as f64 * self.factor,
        }
        value
    }

    /// Multiplies `w` by `by`, at least 0.
    fn shrink(&mut self, by: f64) {
        self.factor *= by;
        if self.factor >= LEAST_FACTOR {
            return;
        }
        // The sum so far does not change, so it leaves `v` before that does.
        add(&mut self.rest, self.factor_sum, &self.v);
        self.factor_sum = 0.0;
        let factor = std::mem::replace(&mut self.factor, 1.0);
        self.v.weights.iter_mut().for_each(|weight| *weight *= factor);
        self.v.constant *= factor;
        self.square = self.v.squared_length();
    }

    /// What is kept after that many steps, 1 at least.
    pub(super) fn kept(&self, settings: Settings, steps: u64) -> Plane {
        let mut plane = Plane::zero(self.v.weights.len());
        match settings.rule {
            SgdRule::Pegasos => add(&mut plane, self.factor, &self.v),
            SgdRule::Averaged => {
                let all = steps as f64 * (steps as f64 + 1.0) / 2.0;
                add(&mut plane, self.factor_sum / all, &self.v);
                add(&mut plane, 1.0 / all, &self.rest);
            }
        }
        plane
    }
}

fn add(to: &mut Plane, factor: f64, what: &Plane) {
    for (to, what) in to.weights.iter_mut().zip(&what.weights) {
        *to += factor * what;
    }
    to.constant += factor * what.constant;
}
