//! How sure one can be: intervals, tests, and the verdict that rests on them.

pub mod interval;
pub mod paired;
pub mod verdict;
