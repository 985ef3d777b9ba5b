//! Numbers that start with a line of the cache.
//!
//! A vector of AVX-512 is as long as a line: where it is not also in one, each load and store takes
//! two.

use aligned_vec::{AVec, ConstAlign};
use ndarray::LinalgScalar;
use std::ops::{Deref, DerefMut};

/// Memory that is used again.
#[derive(Debug, Clone)]
pub(crate) struct Lines<R = f32>(AVec<R, ConstAlign<64>>);

impl<R> Default for Lines<R> {
    fn default() -> Self {
        Self(AVec::new(64))
    }
}

impl<R: LinalgScalar> Lines<R> {
    /// The first `length` numbers, whatever they are; makes room where there is less.
    pub(crate) fn room(&mut self, length: usize) -> &mut [R] {
        if self.0.len() < length {
            self.zeros(length);
        }
        &mut self.0[..length]
    }

    /// Keeps `length` numbers, whatever they are.
    pub(super) fn exactly(&mut self, length: usize) -> &mut [R] {
        if self.0.capacity() < length {
            return self.zeros(length);
        }
        self.0.resize(length, R::zero());
        &mut self.0
    }

    /// Keeps `length` numbers, and makes them zeros.
    pub(super) fn zeros(&mut self, length: usize) -> &mut [R] {
        if self.0.capacity() < length {
            // Nothing is copied, and there is no room to spare.
            *self = Self::default();
            self.0.reserve_exact(length);
        }
        self.0.clear();
        self.0.resize(length, R::zero());
        &mut self.0
    }
}

impl<R> Deref for Lines<R> {
    type Target = [R];

    fn deref(&self) -> &[R] {
        &self.0
    }
}

impl<R> DerefMut for Lines<R> {
    fn deref_mut(&mut self) -> &mut [R] {
        &mut self.0
    }
}
