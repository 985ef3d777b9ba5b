//! From the run directory to the files of the report.

use crate::figure::Figure;
use crate::page;
use crate::sections::SECTIONS;
use eval::run::Run;
use eval::store::StoreError;
use eval::summary::Summary;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why a report could not be written.
#[derive(Debug, Error)]
pub enum ReportError {
    /// The run directory could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A figure could not be drawn.
    #[error("figure {stem}: {source}")]
    Figure {
        /// Name of its files without the extension.
        stem: String,
        /// The drawing library's words.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// A report that was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// Where the page is.
    pub page: PathBuf,
    /// What it says.
    pub summary: Summary,
}

/// Writes `report.html`, `figures/*.svg`, `figures/*.png` and `summary.json` of the run directory
/// `root`. Each file is complete or not there.
///
/// ```
/// let folder = tempfile::tempdir().unwrap();
/// let error = report::write(folder.path()).unwrap_err();
/// assert!(error.to_string().contains("holds no manifest.json"));
/// ```
///
/// # Errors
/// If `root` is not a run directory, or something cannot be read or written.
pub fn write(root: &Path) -> Result<Written, ReportError> {
    let run = Run::load(root)?;
    let summary = Summary::of(&run)?;

    let mut parts = Vec::new();
    let mut figures: Vec<Figure> = Vec::new();
    for section in SECTIONS {
        if let Some(content) = (section.render)(&run, &summary)? {
            parts.push((section, content.html));
            figures.extend(content.figures);
        }
    }

    for figure in &figures {
        run.directory.write_file(&figure.path("svg"), figure.svg_file().as_bytes())?;
        run.directory.write_file(&figure.path("png"), &figure.png)?;
    }
    run.directory.write_record("summary.json", &summary)?;
    let html = page::page(&run, &summary, &parts);
    run.directory.write_file("report.html", html.into_string().as_bytes())?;
    Ok(Written { page: root.join("report.html"), summary })
}
