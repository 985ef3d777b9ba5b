//! One HTML page and its figures from the record of a run.
//!
//! [`write()`] reads a run directory and nothing else: no training, clock or chance.
//! The same run directory gives the same bytes, and an unfinished one gives a page that says what
//! is missing.
//!
//! A section of the page is one file in `sections/` and one line in `sections::SECTIONS`.

mod figure;
mod look;
mod page;
mod picture;
mod run_view;
mod sections;
mod text;
mod write;

pub use write::{ReportError, Written, write};
