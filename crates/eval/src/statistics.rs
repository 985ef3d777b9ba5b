//! How sure one can be: intervals, tests, and the verdict that rests on them.
//!
//! | question | here |
//! |---|---|
//! | how good is one classifier? | [`interval`], [`bootstrap`] |
//! | two classifiers, one test set | [`paired`], [`verdict`], [`power`] |
//! | several classifiers, one test set | [`cochran`], then [`pairwise`] |
//! | how good is it, from bootstrap samples? | [`error_632`] |
//! | two learners, cross-validated | [`resampled`], [`five_by_two`] |
//! | two learners, several data sets | [`wilcoxon`], [`permutation`] |
//! | several learners, several data sets | [`friedman`], [`pairwise`], [`cliques`] |
//! | one learner, several trainings | [`spread`], never a test |
//! | better than chance? | [`permutation`] |
//! | how large is it? | [`effect`] |
//! | many tests | [`multiple`] |
//!
//! `docs/method.md` says why.

pub mod bootstrap;
pub mod cliques;
pub mod cochran;
pub mod distribution;
pub mod effect;
pub mod error_632;
pub mod five_by_two;
pub mod friedman;
pub mod interval;
pub mod multiple;
pub mod outcome;
pub mod paired;
pub mod pairwise;
pub mod permutation;
pub mod power;
pub mod quantile;
mod rank;
pub mod resampled;
pub mod spread;
pub mod studentized_range;
pub mod verdict;
pub mod wilcoxon;

pub use outcome::Undefined;
