//! The vote of a pixel: how strong its gradient is, and for which orientations.

use super::gradient::Gradient;
use crate::hog::params::OrientationVote;

/// Votes for two orientations, which may be the same one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Vote {
    pub(super) bins: [u16; 2],
    /// Together the strength of the gradient.
    pub(super) shares: [f32; 2],
}

/// How orientations are divided into bins.
#[derive(Debug, Clone)]
pub(super) struct Orientations {
    /// 180 degrees, or 360 if opposite directions differ.
    period: f64,
    vote: OrientationVote,
    /// Upper end of each bin in degrees.
    upper_edges: Vec<f64>,
}

impl Orientations {
    pub(super) fn new(count: usize, signed: bool, vote: OrientationVote) -> Self {
        let period = if signed { 360.0 } else { 180.0 };
        // scikit-image compares with the edges in single precision.
        let width = period as f32 / count as f32;
        let upper_edges = (1..=count).map(|bin| f64::from(width * bin as f32)).collect();
        Self { period, vote, upper_edges }
    }

    /// How many bins there are.
    pub(super) fn count(&self) -> usize {
        self.upper_edges.len()
    }

    /// 0 degrees is along the row, 90 down the column.
    pub(super) fn vote(&self, gradient: Gradient) -> Vote {
        let strength = gradient.squared().sqrt();
        let degrees = match gradient.dy.atan2(gradient.dx).to_degrees() {
            below if below < 0.0 => below + self.period,
            beyond if beyond >= self.period => beyond - self.period,
            degrees => degrees,
        };
        match self.vote {
            OrientationVote::Hard => {
                let bin = self.upper_edges.partition_point(|&edge| edge <= degrees);
                // An angle that rounds up to the period is in the last bin.
                let bin = bin.min(self.count() - 1) as u16;
                Vote { bins: [bin; 2], shares: [strength as f32, 0.0] }
            }
            OrientationVote::Linear => {
                let count = self.count();
                // Bins by their middles: from half a bin below 0 degrees on.
                let place = degrees / self.period * count as f64 - 0.5;
                let lower = place.floor();
                let part = place - lower;
                let bin = |bin: f64| (bin as isize).rem_euclid(count as isize) as u16;
                Vote {
                    bins: [bin(lower), bin(lower + 1.0)],
                    shares: [(strength * (1.0 - part)) as f32, (strength * part) as f32],
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vote(count: usize, signed: bool, how: OrientationVote, dy: f64, dx: f64) -> Vote {
        Orientations::new(count, signed, how).vote(Gradient { dy, dx })
    }

    /// Nine bins of 20 degrees, or of 40.
    #[test]
    fn hard_votes_by_hand() {
        let bin = |signed, dy, dx| vote(9, signed, OrientationVote::Hard, dy, dx).bins[0];
        assert_eq!(bin(false, 0.0, 1.0), 0);
        assert_eq!(bin(false, 0.0, -1.0), 0);
        assert_eq!(bin(false, -1.0, 0.0), 4); // 90 degrees: 80..100
        assert_eq!(bin(false, -1.0, 1.0), 6); // 135 degrees: 120..140
        assert_eq!(bin(true, 0.0, -1.0), 4); // 180 degrees: 160..200
        assert_eq!(bin(true, -1.0, 0.0), 6); // 270 degrees: 240..280
        assert_eq!(bin(true, -1.0, 255.0), 8);
        let strong = vote(9, false, OrientationVote::Hard, 3.0, 4.0);
        assert_eq!(strong.shares, [5.0, 0.0]);
    }

    /// Four bins with their middles at 22.5, 67.5, 112.5 and 157.5 degrees, or at 45, 135, 225
    /// and 315.
    #[test]
    fn linear_votes_by_hand() {
        let vote = |signed, dy, dx| vote(4, signed, OrientationVote::Linear, dy, dx);
        // 0 degrees lies in the middle between the last bin and the first.
        assert_eq!(vote(false, 0.0, 2.0), Vote { bins: [3, 0], shares: [1.0, 1.0] });
        // 45 degrees lies between the first two, or on the middle of the first.
        assert_eq!(vote(false, 1.0, 1.0).bins, [0, 1]);
        let [first, second] = vote(false, 1.0, 1.0).shares;
        assert!((first - second).abs() < 1e-6);
        assert_eq!(vote(true, 1.0, 1.0).bins, [0, 1]);
        assert_eq!(vote(true, 1.0, 1.0).shares, [2.0_f32.sqrt(), 0.0]);
    }

    #[test]
    fn a_single_bin_gets_everything() {
        let Vote { bins, shares } = vote(1, true, OrientationVote::Linear, 3.0, -4.0);
        assert_eq!((bins, shares[0] + shares[1]), ([0, 0], 5.0));
    }
}
