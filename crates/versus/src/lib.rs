//! This project against other programs: the same numbers ([`golden`]), and faster.
//!
//! Reads folders of reference values and calls the other crates; computes nothing of its own.

pub mod accuracy;
pub mod bench;
pub mod golden;
