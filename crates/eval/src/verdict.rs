//! The answer: will the classical pipeline do, or is the deep one needed?
//!
//! A question of non-inferiority. The user says by how much the accuracy may be lower and still
//! be good enough, the margin. With D = accuracy(classical) - accuracy(deep) and Tango's interval
//! of D at the level asked for:
//!
//! ```text
//!              -margin       0
//!   NotEnough     |          |       high < -margin: worse by more than the margin
//!     [----x---]  |          |
//!   CannotTell    |          |       the interval holds -margin
//!           [-----|--x-----] |
//!   Enough        |          |       low > -margin: worse by less, or not at all
//!                 |  [--x--] |
//! ```
//!
//! "Enough" may come with an accuracy that is surely lower, if by less than the margin: the
//! margin says that this does not matter. At a level of 0.95 either answer is wrong with a
//! probability of about 2.5 % at most, for one test set that nothing was chosen on.

use crate::interval::{Interval, two_sided_z};
use crate::paired::Paired;
use serde::{Deserialize, Serialize};

/// More additional test images than this are as good as never.
const MAX_MORE_IMAGES: f64 = 1_000_000.0;

/// Whether the classical pipeline will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Its accuracy is lower by less than the margin, or not lower.
    Enough,
    /// Its accuracy is lower by more than the margin.
    NotEnough,
    /// The test images are too few to tell.
    CannotTell {
        /// Further test images after which the answer would be known if they fell in the same
        /// proportions: a projection, not a promise. `None` if that takes more than a million,
        /// since the difference observed is all but equal to the margin, or nothing was tested.
        more_images: Option<u64>,
    },
}

/// The decision and what it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether the classical pipeline will do.
    pub decision: Decision,
    /// Accuracy of the classical pipeline minus accuracy of the deep one, in [-1, 1].
    pub difference: f64,
    /// Tango's interval of the difference.
    pub interval: Interval,
    /// Loss of accuracy that does not matter, as a share of all images: 0.02.
    pub margin: f64,
    /// Level of the interval: 0.95.
    pub level: f64,
}

/// Decides from a shared test set; A is the classical pipeline, B the deep one.
///
/// ```
/// use eval::{paired::Paired, verdict::{Decision, verdict}};
/// let paired = Paired { both_right: 940, only_a: 25, only_b: 9, both_wrong: 26 };
/// assert_eq!(verdict(&paired, 0.02, 0.95).decision, Decision::Enough);
///
/// let paired = Paired { both_right: 94, only_a: 2, only_b: 2, both_wrong: 2 };
/// let decision = verdict(&paired, 0.02, 0.95).decision;
/// assert_eq!(decision, Decision::CannotTell { more_images: Some(358) });
/// ```
///
/// # Panics
/// If `margin` is not in [0, 1) or `level` is not strictly between 0 and 1.
pub fn verdict(paired: &Paired, margin: f64, level: f64) -> Verdict {
    assert!((0.0..1.0).contains(&margin), "the margin is {margin}, but must be in [0, 1)");
    let interval = paired.tango(level);
    let decision = if interval.low > -margin {
        Decision::Enough
    } else if interval.high < -margin {
        Decision::NotEnough
    } else {
        Decision::CannotTell { more_images: more_images(paired, margin, level) }
    };
    Verdict { decision, difference: paired.difference(), interval, margin, level }
}

/// Further images after which the interval would exclude the margin, on whichever side the
/// difference lies, if all counts grew in proportion.
///
/// The interval excludes the margin if the score statistic there exceeds `z` in size, and the
/// statistic grows with the root of the number of images.
fn more_images(paired: &Paired, margin: f64, level: f64) -> Option<u64> {
    let images = paired.total() as f64;
    let factor = (two_sided_z(level) / paired.score(-margin)).powi(2);
    // At least one: rounding may put an end of the interval on the margin itself.
    let more = ((images * (factor - 1.0)).floor() + 1.0).max(1.0);
    (more <= MAX_MORE_IMAGES).then_some(more as u64)
}
