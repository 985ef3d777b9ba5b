//! Reference values of other programs, worked out here and compared.
//!
//! A folder holds `manifest.json` (images), one `FAMILY.json` per family (a list of cases),
//! `img/*.png` and `out/*.npy`. Its README tells which program made it, and its conventions.

mod cascade;
mod case;
pub mod corruptions;
mod fhog;
mod gray;
mod group_rectangles;
mod haar;
mod haar_rectangles;
mod hog_opencv;
mod hog_options;
mod hog_skimage;
mod integral;
mod lbp_exact;
mod lbp_face;
mod lbp_mahotas;
mod lbp_skimage;
mod multiblock_lbp;
mod resize;
pub mod stats;
mod visualise;

pub use case::{Case, Outcome, Tolerance};

use anyhow::{Context, Result, bail};
use std::fmt;
use std::path::Path;

/// Works out one case.
type Check = fn(&Case) -> Result<Outcome>;

/// Every family that is known, and what works out its cases.
const FAMILIES: &[(&str, Check)] = &[
    ("cascade", cascade::check),
    ("fhog", fhog::check),
    ("gray_opencv", gray::check),
    ("group_rectangles", group_rectangles::check),
    ("haar_rectangles", haar_rectangles::check),
    ("haar_skimage", haar::check),
    ("hog_opencv", hog_opencv::check),
    ("hog_options", hog_options::check),
    ("hog_skimage", hog_skimage::check),
    ("integral_opencv", integral::check),
    ("lbp_exact", lbp_exact::check),
    ("lbp_mahotas", lbp_mahotas::check),
    ("lbp_opencv_face", lbp_face::check),
    ("lbp_skimage", lbp_skimage::check),
    ("mblbp_skimage", multiblock_lbp::check),
    ("resize_opencv", resize::check),
    ("visualise", visualise::check),
];

/// What became of the cases of each family of a folder, in alphabetical order.
#[derive(Debug)]
pub struct Report {
    families: Vec<Family>,
}

/// One family and its cases.
#[derive(Debug)]
struct Family {
    name: String,
    /// Case by case: its id, and what came out or why nothing did.
    cases: Vec<(String, Result<Outcome>)>,
}

/// Works out every case in `folder`; `cascades` holds OpenCV's `haarcascades` and `lbpcascades`.
///
/// # Errors
/// If the folder is not one of reference values, or a case cannot be read. A case that cannot be
/// worked out is part of the report.
pub fn run(folder: &Path, cascades: &Path) -> Result<Report> {
    let families = case::families(folder)?;
    if families.is_empty() {
        bail!("{}: its manifest names no family of cases", folder.display());
    }
    let families = families.into_iter().map(|name| family(folder, name, cascades));
    Ok(Report { families: families.collect::<Result<_>>()? })
}

/// [`run`] for one family of the folder.
///
/// # Errors
/// As [`run`]; also if the family has no case.
pub fn run_family(folder: &Path, name: &str, cascades: &Path) -> Result<Report> {
    let family = family(folder, name.to_owned(), cascades)?;
    if family.cases.is_empty() {
        bail!("{}: the family `{name}` has no case", folder.display());
    }
    Ok(Report { families: vec![family] })
}

/// The cases of a family of the folder, for other comparisons than [`run`]'s.
///
/// # Errors
/// If a case cannot be read.
pub fn cases(folder: &Path, family: &str) -> Result<Vec<Case>> {
    case::read(folder, family, Path::new(""))
}

fn family(folder: &Path, name: String, cascades: &Path) -> Result<Family> {
    let check = FAMILIES.iter().find(|(known, _)| *known == name).map(|(_, check)| *check);
    let cases = case::read(folder, &name, cascades)?;
    let cases = cases.into_iter().map(|case| {
        let outcome = match check {
            Some(check) => outcome(&case, check),
            None => Err(anyhow::anyhow!("nothing here works out the family `{name}`")),
        };
        (case.id().to_owned(), outcome)
    });
    Ok(Family { cases: cases.collect(), name })
}

/// An error if the case has a setting that its check does not know.
fn outcome(case: &Case, check: Check) -> Result<Outcome> {
    let outcome = check(case).with_context(|| format!("image `{}`", case.image_name()))?;
    match case.unread().as_slice() {
        [] => Ok(outcome),
        unread => bail!("settings that are not understood: {}", unread.join(", ")),
    }
}

impl Report {
    /// Whether every case came out within its tolerance.
    pub fn passed(&self) -> bool {
        self.failures().next().is_none()
    }

    /// A line for each case that did not.
    pub fn failures(&self) -> impl Iterator<Item = String> {
        self.families.iter().flat_map(|family| &family.cases).filter_map(|(id, outcome)| {
            match outcome {
                Ok(outcome) if outcome.passed => None,
                Ok(outcome) => Some(format!("{id}: differs by {:e}", outcome.difference)),
                Err(error) => Some(format!("{id}: {error:#}")),
            }
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:20} {:>6} {:>6} {:>6}  largest difference",
            "family", "cases", "exact", "passed"
        )?;
        for Family { name, cases } in &self.families {
            let outcomes = || cases.iter().filter_map(|(_, outcome)| outcome.as_ref().ok());
            let exact = outcomes().filter(|outcome| outcome.exact).count();
            let passed = outcomes().filter(|outcome| outcome.passed).count();
            let largest = outcomes().map(|outcome| outcome.difference).fold(0.0, f64::max);
            writeln!(f, "{name:20} {:6} {exact:6} {passed:6}  {largest:.2e}", cases.len())?;
        }
        Ok(())
    }
}
