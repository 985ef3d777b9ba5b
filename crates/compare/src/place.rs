//! Where a run may be written, so that nothing of anyone is lost or mixed.

use crate::plan::Plan;
use crate::run::BadRequest;
use anyhow::{Context, bail};
use eval::record::Manifest;
use eval::store::RunDirectory;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Refuses a place that holds anything but a run, or that mixes results with images.
pub(crate) fn check_place(root: &Path, plan: &Plan) -> Result<(), BadRequest> {
    let place = root.display();
    let refuse = |why: String| Err(BadRequest(vec![format!("{place}: {why}")]));
    if root.exists() && !root.is_dir() {
        return refuse("is no folder; give another place with --out".to_owned());
    }
    let is_ours = |name: &OsStr| name == "manifest.json" || name == ".partial";
    let mut entries = std::fs::read_dir(root).into_iter().flatten().flatten().peekable();
    if entries.peek().is_some() && !entries.any(|entry| is_ours(&entry.file_name())) {
        let why = "holds other files, and no run; give another place with --out";
        return refuse(why.to_owned());
    }
    let whole = resolved(root);
    for data in &plan.data {
        let data = resolved(&plan.folder.join(data));
        if whole.starts_with(&data) || data.starts_with(&whole) {
            let why = "results and images must not lie in each other";
            return refuse(format!("{why} ({}); give another place with --out", data.display()));
        }
    }
    Ok(())
}

/// The path without links and dots, as far as it exists.
fn resolved(path: &Path) -> PathBuf {
    if let Ok(whole) = path.canonicalize() {
        return whole;
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) if parent.as_os_str().is_empty() => {
            resolved(Path::new(".")).join(name)
        }
        (Some(parent), Some(name)) => resolved(parent).join(name),
        _ => path.to_owned(),
    }
}

/// Makes the run directory, so that a place nobody may write to is told before any work.
pub(crate) fn make_place(root: &Path) -> Result<(), BadRequest> {
    let made = std::fs::create_dir_all(root).and_then(|()| tempfile::tempfile_in(root).map(drop));
    made.map_err(|error| {
        let place = root.display();
        BadRequest(vec![format!("{place}: {error}; give another place with --out")])
    })
}

/// Gives a former run a name of its own, so that nothing is lost.
pub(crate) fn set_aside(root: &Path) -> anyhow::Result<()> {
    if !root.exists() {
        return Ok(());
    }
    let root = &resolved(root);
    let numbered = |number: u32| {
        let mut name = root.clone().into_os_string();
        name.push(format!(".{number}"));
        PathBuf::from(name)
    };
    let kept = (1..).map(numbered).find(|path| !path.exists()).expect("some number is free");
    std::fs::rename(root, &kept).with_context(|| root.display().to_string())?;
    eprintln!("note: the former run is kept as {}", kept.display());
    Ok(())
}

/// Trials of another plan, other data or another program must not be mixed with new ones.
pub(crate) fn check_same_run(directory: &RunDirectory, manifest: &Manifest) -> anyhow::Result<()> {
    let Some(former) = directory.manifest()? else { return Ok(()) };
    let difference = if former.plan_sha256 != manifest.plan_sha256 {
        "another plan"
    } else if former.program_sha256 != manifest.program_sha256 {
        "another build of this program"
    } else {
        return Ok(());
    };
    let root = directory.root().display();
    bail!(BadRequest(vec![format!(
        "{root}: holds a run of {difference}; give --fresh to start over (the old run is kept \
         under a new name) or --out for another place"
    )]))
}
