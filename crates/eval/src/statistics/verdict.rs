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
//! margin says that this does not matter.
//!
//! How often an answer is wrong, if the true difference is the margin itself, the level is 0.95
//! (nominally 2.5 % to each side), and nothing was chosen on the test images: summed over all
//! tables of 50 to 1000 images, margins of 2 and 5 points and 8 shares of "only A is right" from
//! 0 to 0.3, a false "enough" comes with at most 2.7 %, a false "not enough" with at most 5.1 %
//! (200 images, hardly any of which only one side gets right).

use super::interval::Interval;
use super::paired::Paired;
use super::power::Power;
use serde::{Deserialize, Serialize};

/// More additional test images than this are as good as never.
const MAX_MORE_IMAGES: u64 = 1_000_000;

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
        /// proportions: a projection with even odds, not a promise ([`Power::further_images`] has
        /// others). `None` if that takes more than a million,
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
fn more_images(paired: &Paired, margin: f64, level: f64) -> Option<u64> {
    let even_odds = Power::new(level, 0.5).expect("the interval has this level");
    let more = even_odds.further_images(paired, margin).ok()?;
    // At least one: rounding may put an end of the interval on the margin.
    (more <= MAX_MORE_IMAGES).then_some(more.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use statrs::function::factorial::ln_binomial;

    /// From bad to good.
    fn rank(decision: Decision) -> u8 {
        match decision {
            Decision::NotEnough => 0,
            Decision::CannotTell { .. } => 1,
            Decision::Enough => 2,
        }
    }

    fn decide(paired: &Paired) -> Decision {
        verdict(paired, 0.02, 0.95).decision
    }

    fn tables() -> impl Strategy<Value = Paired> {
        let count = || prop_oneof![Just(0), 1_u64..30, 1_u64..1000];
        (count(), count(), count(), count()).prop_map(|(both_right, only_a, only_b, both_wrong)| {
            Paired { both_right, only_a, only_b, both_wrong }
        })
    }

    #[test]
    fn surely_lower_by_less_than_the_margin_is_enough() {
        let paired = Paired { both_right: 9000, only_a: 100, only_b: 160, both_wrong: 740 };
        let verdict = verdict(&paired, 0.02, 0.95);
        assert!(verdict.interval.high < 0.0 && verdict.interval.low > -0.02);
        assert_eq!(verdict.decision, Decision::Enough);
    }

    #[test]
    fn surely_lower_by_more_than_the_margin_is_not_enough() {
        let paired = Paired { both_right: 800, only_a: 10, only_b: 90, both_wrong: 100 };
        assert_eq!(decide(&paired), Decision::NotEnough);
        // With a margin of 8 points the same images are too few to tell.
        assert!(matches!(verdict(&paired, 0.08, 0.95).decision, Decision::CannotTell { .. }));
    }

    /// Lower by exactly the margin: more images bring the interval nearer to it from both sides.
    #[test]
    fn at_the_margin_no_number_of_images_tells() {
        let paired = Paired { both_right: 960, only_a: 5, only_b: 25, both_wrong: 10 };
        assert_eq!(decide(&paired), Decision::CannotTell { more_images: None });
        let nothing = Paired { both_right: 0, only_a: 0, only_b: 0, both_wrong: 0 };
        assert_eq!(decide(&nothing), Decision::CannotTell { more_images: None });
    }

    #[test]
    fn decisions_are_stored_by_name() {
        let json = |decision| serde_json::to_string(&decision).unwrap();
        assert_eq!(json(Decision::NotEnough), r#""not_enough""#);
        let open = Decision::CannotTell { more_images: Some(7) };
        assert_eq!(json(open), r#"{"cannot_tell":{"more_images":7}}"#);
        assert_eq!(serde_json::from_str::<Decision>(&json(open)).unwrap(), open);
    }

    /// The chance of each wrong answer, summed over all tables of 100 images, where the truth is
    /// the margin itself. Nominal is 2.5 % to each side; the docs say what the extremes are.
    #[test]
    fn answers_are_wrong_as_rarely_as_they_say() {
        let (images, margin) = (100, 0.02);
        for share_only_a in [0.01_f64, 0.05, 0.2] {
            let share_only_b = share_only_a + margin;
            let (mut false_enough, mut false_not_enough) = (0.0, 0.0);
            for only_a in 0..=images {
                for only_b in 0..=images - only_a {
                    let both_right = images - only_a - only_b;
                    let chance = (ln_binomial(images, only_a)
                        + ln_binomial(images - only_a, only_b)
                        + only_a as f64 * share_only_a.ln()
                        + only_b as f64 * share_only_b.ln()
                        + both_right as f64 * (1.0 - share_only_a - share_only_b).ln())
                    .exp();
                    if chance < 1e-12 {
                        continue;
                    }
                    let paired = Paired { both_right, only_a, only_b, both_wrong: 0 };
                    match verdict(&paired, margin, 0.95).decision {
                        Decision::Enough => false_enough += chance,
                        Decision::NotEnough => false_not_enough += chance,
                        Decision::CannotTell { .. } => {}
                    }
                }
            }
            assert!(false_enough < 0.027, "{false_enough} at {share_only_a}");
            assert!(false_not_enough < 0.04, "{false_not_enough} at {share_only_a}");
            // Not by never answering.
            assert!(false_not_enough > 0.02, "{false_not_enough} at {share_only_a}");
        }
    }

    proptest! {
        /// One image more that the classical pipeline gets right, or one less that only the deep
        /// one does, never makes the answer worse.
        #[test]
        fn the_answer_is_monotone_in_the_table(table in tables()) {
            let before = rank(decide(&table));
            let mut better = Vec::new();
            if table.both_wrong > 0 {
                let (only_a, both_wrong) = (table.only_a + 1, table.both_wrong - 1);
                better.push(Paired { only_a, both_wrong, ..table });
            }
            if table.only_b > 0 {
                let only_b = table.only_b - 1;
                better.push(Paired { only_b, both_right: table.both_right + 1, ..table });
                better.push(Paired { only_b, both_wrong: table.both_wrong + 1, ..table });
                better.push(Paired { only_b, only_a: table.only_a + 1, ..table });
            }
            for better in better {
                prop_assert!(rank(decide(&better)) >= before, "{table:?} {better:?}");
            }
        }

        /// An answer stays if the same images come several times over, and an open question is
        /// answered at the projected number, not earlier, on the side of the estimate.
        #[test]
        fn more_of_the_same_settles_the_answer_as_projected(table in tables(), times in 2_u64..50) {
            let scaled = |times| Paired {
                both_right: times * table.both_right,
                only_a: times * table.only_a,
                only_b: times * table.only_b,
                both_wrong: times * table.both_wrong,
            };
            let (before, after) = (decide(&table), decide(&scaled(times)));
            match before {
                Decision::Enough | Decision::NotEnough => prop_assert_eq!(after, before),
                Decision::CannotTell { more_images: None } => {
                    let open = matches!(after, Decision::CannotTell { .. });
                    prop_assert!(open);
                }
                Decision::CannotTell { more_images: Some(more) } => {
                    let settled = (times - 1) * table.total() >= more;
                    let side = if table.difference() > -0.02 { 2 } else { 0 };
                    prop_assert_eq!(rank(after), if settled { side } else { 1 });
                }
            }
        }

        /// Where one side is enough by far, the other one is not.
        #[test]
        fn both_sides_are_never_not_enough(table in tables()) {
            let swapped = Paired { only_a: table.only_b, only_b: table.only_a, ..table };
            prop_assert!(rank(decide(&table)) + rank(decide(&swapped)) > 0);
        }
    }
}
