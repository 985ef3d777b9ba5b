//! What [`votes`](super::votes()) and [`normalise`](super::normalise()) ask of a vector of numbers.

use super::{LANES, Lanes};

/// Numbers that are worked on by one instruction. Each method is inlined into a function that was
/// compiled for the instructions it needs; nothing else may call it.
pub(super) trait Vector: Copy {
    /// How many; a divisor of [`LANES`].
    const SIZE: usize;
    fn splat(value: f32) -> Self;
    /// # Safety
    /// `from` must be valid for reading that many numbers.
    unsafe fn load(from: *const f32) -> Self;
    /// # Safety
    /// `to` must be valid for writing that many numbers.
    unsafe fn store(self, to: *mut f32);
    fn add(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn div(self, other: Self) -> Self;
    fn min(self, other: Self) -> Self;
    fn sqrt(self) -> Self;
}

impl Vector for [f32; 4] {
    const SIZE: usize = 4;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        [value; 4]
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's promise; no alignment is asked for.
        unsafe { from.cast::<Self>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's promise; no alignment is asked for.
        unsafe { to.cast::<Self>().write_unaligned(self) }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        std::array::from_fn(|lane| self[lane] + other[lane])
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        std::array::from_fn(|lane| self[lane] * other[lane])
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        std::array::from_fn(|lane| self[lane] / other[lane])
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        std::array::from_fn(|lane| if self[lane] < other[lane] { self[lane] } else { other[lane] })
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        self.map(f32::sqrt)
    }
}

#[inline(always)]
pub(super) fn load<V: Vector>(from: &Lanes, lane: usize) -> V {
    assert!(lane + V::SIZE <= LANES);
    // SAFETY: checked above.
    unsafe { V::load(from.as_ptr().add(lane)) }
}

#[inline(always)]
pub(super) fn store<V: Vector>(vector: V, to: &mut Lanes, lane: usize) {
    assert!(lane + V::SIZE <= LANES);
    // SAFETY: checked above.
    unsafe { vector.store(to.as_mut_ptr().add(lane)) }
}
