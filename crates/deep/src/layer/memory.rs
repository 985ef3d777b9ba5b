//! Memory that is used again.

use std::sync::{Mutex, PoisonError};

/// Memory that threads lend; as much of it is there as threads have used at once.
#[derive(Debug)]
pub(super) struct Pool<T>(Mutex<Vec<T>>);

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Default> Pool<T> {
    /// Calls `work` with memory that no other thread uses meanwhile, as an earlier call left it.
    pub(super) fn lend(&self, work: impl FnOnce(&mut T)) {
        let free = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut memory = free().pop().unwrap_or_default();
        work(&mut memory);
        free().push(memory);
    }
}
