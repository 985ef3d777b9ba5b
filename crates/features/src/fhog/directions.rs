//! The directions that gradients vote for.

use crate::kernels::fhog::{PLACES, place};
use std::fmt;
use std::sync::{Arc, LazyLock};

/// Bins of all gradients of whole numbers, so that a pixel costs a look-up whatever the number of
/// directions. Bins `0..orientations` hold directions from 0 to 180 degrees, the same number of
/// bins behind them the opposite ones.
#[derive(Clone)]
pub(super) struct Directions {
    orientations: usize,
    nearest: Arc<[u8]>,
    second: Option<Arc<[Second]>>,
}

/// The second nearest direction.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Second {
    pub(super) bin: u8,
    /// Share of the vote it takes from the nearest one.
    pub(super) share: f32,
}

impl Directions {
    /// dlib's nine, to four decimals.
    pub(super) fn dlib() -> Self {
        static NEAREST: LazyLock<Arc<[u8]>> = LazyLock::new(|| {
            let decimals = [
                [1.0, 0.0],
                [0.9397, 0.3420],
                [0.7660, 0.6428],
                [0.5, 0.8660],
                [0.1736, 0.9848],
                [-0.1736, 0.9848],
                [-0.5, 0.8660],
                [-0.7660, 0.6428],
                [-0.9397, 0.3420],
            ];
            tabulate(|gradient| rank(gradient, &decimals)[0].bin).into()
        });
        Self { orientations: 9, nearest: Arc::clone(&NEAREST), second: None }
    }

    /// VLFeat's: `orientations` of them over 180 degrees, at most [`Self::MOST`]. If votes are
    /// `shared`, the second nearest takes part.
    pub(super) fn vlfeat(orientations: usize, shared: bool) -> Self {
        let step = std::f64::consts::PI / orientations as f64;
        let directions: Vec<[f32; 2]> = (0..orientations)
            .map(|k| k as f64 * step)
            .map(|angle| [angle.cos() as f32, angle.sin() as f32])
            .collect();
        let rank = |gradient| rank(gradient, &directions);
        let second = |[dy, dx]: [f32; 2]| {
            let [first, second] = rank([dy, dx]);
            let length = f64::from((dx * dx + dy * dy).sqrt()).max(1e-10);
            // The cosine can round up to more than 1.
            let angle = ((f64::from(first.score) / length).min(1.0) as f32).acos();
            let share = (f64::from(angle) / step) as f32;
            // Without a second direction its share is lost.
            let bin = if second.score > 0.0 { second.bin } else { (2 * orientations) as u8 };
            Second { bin, share }
        };
        Self {
            orientations,
            nearest: tabulate(|gradient| rank(gradient)[0].bin).into(),
            second: shared.then(|| tabulate(second).into()),
        }
    }

    /// Bins are bytes, and one more stands for none.
    pub(super) const MOST: usize = 127;

    pub(super) fn orientations(&self) -> usize {
        self.orientations
    }

    pub(super) fn nearest(&self) -> &[u8; PLACES] {
        (&*self.nearest).try_into().expect("tables have one entry per place")
    }

    /// The second nearest, if votes are shared.
    pub(super) fn second(&self) -> Option<&[Second]> {
        self.second.as_deref()
    }
}

/// A direction and how well a gradient agrees with it.
#[derive(Debug, Clone, Copy)]
struct Ranked {
    bin: u8,
    score: f32,
}

/// The nearest and second nearest direction, each the first of equal ones. A gradient of zero is
/// in bin 0: it has no weight.
fn rank([dy, dx]: [f32; 2], directions: &[[f32; 2]]) -> [Ranked; 2] {
    let mut best = [Ranked { bin: 0, score: 0.0 }; 2];
    for (k, [x, y]) in directions.iter().enumerate() {
        let score = dx * x + dy * y;
        let bin = if score < 0.0 { k + directions.len() } else { k } as u8;
        let ranked = Ranked { bin, score: score.abs() };
        if ranked.score > best[0].score {
            best = [ranked, best[0]];
        } else if ranked.score > best[1].score {
            best[1] = ranked;
        }
    }
    best
}

fn tabulate<T: Copy + Default>(entry: impl Fn([f32; 2]) -> T) -> Vec<T> {
    let mut table = vec![T::default(); PLACES];
    for dy in -255..=255 {
        for dx in -255..=255 {
            table[place(dy, dx)] = entry([dy as f32, dx as f32]);
        }
    }
    table
}

impl fmt::Debug for Directions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without a quarter of a million table entries.
        f.debug_struct("Directions")
            .field("orientations", &self.orientations)
            .field("shared", &self.second.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIRS: std::ops::RangeInclusive<i32> = -255..=255;

    /// dlib's directions have four decimals, so whole numbers decide without rounding.
    #[test]
    fn dlibs_bins_are_exact() {
        let directions: [[i32; 2]; 9] = [
            [10000, 0],
            [9397, 3420],
            [7660, 6428],
            [5000, 8660],
            [1736, 9848],
            [-1736, 9848],
            [-5000, 8660],
            [-7660, 6428],
            [-9397, 3420],
        ];
        let table = Directions::dlib();
        for (dy, dx) in PAIRS.flat_map(|dy| PAIRS.map(move |dx| (dy, dx))) {
            let scores = directions.map(|[x, y]| dx * x + dy * y);
            let best = scores.iter().map(|score| score.abs()).max().unwrap();
            let k = scores.iter().position(|score| score.abs() == best).unwrap();
            let bin = if scores[k] < 0 { k + 9 } else { k };
            assert_eq!(usize::from(table.nearest()[place(dy, dx)]), bin, "{dy}, {dx}");
        }
    }

    /// Nearest and second nearest lie side by side, and shares are angles: those of a gradient 4
    /// degrees from one of nine directions are 0.8 and 0.2.
    #[test]
    fn shares_are_angles() {
        let table = Directions::vlfeat(9, true);
        let (nearest, second) = (table.nearest(), table.second().unwrap());
        for (dy, dx) in PAIRS.flat_map(|dy| PAIRS.map(move |dx| (dy, dx))) {
            if dy * dy + dx * dx < 2 {
                continue;
            }
            let at = place(dy, dx);
            let (first, Second { bin, share }) = (i32::from(nearest[at]), second[at]);
            assert!(matches!((i32::from(bin) - first).rem_euclid(18), 1 | 17), "{dy}, {dx}");
            let steps = f64::from(dy).atan2(f64::from(dx)).to_degrees().rem_euclid(360.0) / 20.0;
            let apart = (steps - f64::from(first)).abs();
            assert!((apart.min(18.0 - apart) - f64::from(share)).abs() < 2e-3, "{dy}, {dx}");
        }
    }

    #[test]
    fn a_single_orientation_has_no_second() {
        let table = Directions::vlfeat(1, true);
        assert_eq!(table.nearest()[place(3, -4)], 1);
        assert_eq!(table.second().unwrap()[place(3, -4)].bin, 2);
    }
}
