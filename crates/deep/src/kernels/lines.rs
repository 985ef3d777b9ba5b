//! Numbers that start with a line of the cache.
//!
//! A vector of AVX-512 is as long as a line: where it is not also in one, each load and store takes
//! two.

use aligned_vec::{AVec, ConstAlign};
use std::ops::{Deref, DerefMut};

/// Memory that is used again.
#[derive(Debug, Clone)]
pub(crate) struct Lines(AVec<f32, ConstAlign<64>>);

impl Default for Lines {
    fn default() -> Self {
        Self(AVec::new(64))
    }
}

impl Lines {
    /// The first `length` numbers, whatever they are; makes room where there is less.
    pub(super) fn room(&mut self, length: usize) -> &mut [f32] {
        if self.0.len() < length {
            self.0.resize(length, 0.0);
        }
        &mut self.0[..length]
    }

    /// Keeps `length` numbers, whatever they are.
    pub(super) fn exactly(&mut self, length: usize) -> &mut [f32] {
        self.0.resize(length, 0.0);
        &mut self.0
    }

    /// Keeps `length` numbers, and makes them zeros.
    pub(super) fn zeros(&mut self, length: usize) -> &mut [f32] {
        self.0.clear();
        self.0.resize(length, 0.0);
        &mut self.0
    }
}

impl Deref for Lines {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.0
    }
}

impl DerefMut for Lines {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.0
    }
}
