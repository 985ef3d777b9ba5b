//! Which models nobody beats in both quality and cost.
//!
//! Source: V. Pareto; the definition is that of K. Deb, "Multi-objective optimization using
//! evolutionary algorithms", 2001.

/// A model with what it costs and how good it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Offer {
    /// Seconds, bytes: less is better.
    pub cost: f64,
    /// Accuracy: more is better.
    pub quality: f64,
}

impl Offer {
    /// At least as good in both, and better in one.
    fn beats(self, other: Self) -> bool {
        let as_good = self.cost <= other.cost && self.quality >= other.quality;
        as_good && (self.cost < other.cost || self.quality > other.quality)
    }
}

/// Positions of the offers that no other beats, ascending. Equal offers do not beat each other;
/// one that is not finite is never on the front.
///
/// ```
/// use eval::pareto::{Offer, front};
/// let offer = |cost, quality| Offer { cost, quality };
/// assert_eq!(front(&[offer(1.0, 0.9), offer(2.0, 0.95), offer(3.0, 0.94)]), [0, 1]);
/// ```
pub fn front(offers: &[Offer]) -> Vec<usize> {
    let finite = |offer: &Offer| offer.cost.is_finite() && offer.quality.is_finite();
    let rivals: Vec<&Offer> = offers.iter().filter(|offer| finite(offer)).collect();
    let stays = |offer: &Offer| finite(offer) && !rivals.iter().any(|rival| rival.beats(*offer));
    (0..offers.len()).filter(|&at| stays(&offers[at])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_offers_stay_and_odd_ones_go() {
        let offer = |(cost, quality)| Offer { cost, quality };
        let offers = [(2.0, 0.9), (2.0, 0.9), (f64::NAN, 1.0), (1.0, 0.9), (0.5, f64::NAN)];
        assert_eq!(front(&offers.map(offer)), [3]);
        assert_eq!(front(&[(2.0, 0.9), (2.0, 0.9)].map(offer)), [0, 1]);
        assert!(front(&[]).is_empty());
    }
}
