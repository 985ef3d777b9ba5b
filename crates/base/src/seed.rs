//! The only source of randomness.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher24;

/// A number from which all randomness of one task follows.
///
/// There is one seed per run. Every part of the run derives its own by a name and a number, so
/// that nothing depends on the order or the thread in which the parts are worked on.
///
/// ```
/// let seed = base::Seed(1);
/// assert_eq!(seed.child("fold", 3), seed.child("fold", 3));
/// assert_ne!(seed.child("fold", 3), seed.child("fold", 4));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Seed(pub u64);

impl Seed {
    /// The seed of the part called `name` with `number`: SipHash-2-4 of the name under the key
    /// (seed, number), the same on every machine.
    #[must_use]
    pub fn child(self, name: &str, number: u64) -> Self {
        Self(SipHasher24::new_with_keys(self.0, number).hash(name.as_bytes()))
    }

    /// A generator (ChaCha8) that starts from this seed.
    pub fn rng(self) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(self.0)
    }

    /// The numbers `0..n` in random order, each order equally likely.
    pub fn permutation(self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        order.shuffle(&mut self.rng());
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permutation_holds_every_number_once() {
        let mut order = Seed(5).permutation(100);
        assert_ne!(order, (0..100).collect::<Vec<_>>());
        order.sort_unstable();
        assert_eq!(order, (0..100).collect::<Vec<_>>());
    }

    /// Pinned, not verified: old runs must stay reproducible.
    #[test]
    fn streams_do_not_drift() {
        assert_eq!(Seed(1).permutation(8), PINNED_ORDER);
        assert_eq!(Seed(1).child("fold", 3), PINNED_CHILD);
    }

    const PINNED_ORDER: [usize; 8] = [3, 4, 5, 2, 7, 1, 6, 0];
    const PINNED_CHILD: Seed = Seed(3_952_644_637_090_028_590);
}
