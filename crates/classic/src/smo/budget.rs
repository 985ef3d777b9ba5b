//! How much memory the solvers that run at the same time may take together.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes that may still be taken.
#[derive(Debug)]
pub(crate) struct Budget {
    total: u64,
    left: AtomicU64,
}

impl Budget {
    pub(crate) fn new(total: u64) -> Self {
        Self { total, left: AtomicU64::new(total) }
    }

    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Takes `bytes` if there are as many.
    pub(crate) fn take(&self, bytes: u64) -> bool {
        let less = |left: u64| left.checked_sub(bytes);
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }

    pub(crate) fn give_back(&self, bytes: u64) {
        self.left.fetch_add(bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_taken_than_there_is() {
        let budget = Budget::new(100);
        assert!(budget.take(60) && !budget.take(41) && budget.take(40) && !budget.take(1));
        budget.give_back(60);
        assert!(budget.take(60) && !budget.take(1));
        assert_eq!(budget.total(), 100);
    }
}
