//! The rivals that run in processes of their own, and ours measured beside them.

use super::Rival;
use super::measure::{Measured, paired, timed};
use super::rival::{Script, Worker};
use super::task::{Quality, Task};
use anyhow::{Context, Result};
use rayon::ThreadPoolBuilder;
use std::path::{Path, PathBuf};

/// Those that the works of a package ask.
pub(super) struct Workers {
    python: Worker,
    cpp: Option<Worker>,
    /// Names and versions of the rivals written in Rust.
    rust: &'static str,
}

impl Workers {
    /// For the works on `images`.
    pub(super) fn features(folder: &Path, images: &[PathBuf]) -> Result<Self> {
        let script =
            Script { name: "features.py", requirements: "requirements.txt", environment: "python" };
        let python = Worker::python(folder, &script, images)
            .context("OpenCV and scikit-image are installed from PyPI by python3 (with venv)")?;
        let cpp = Worker::cpp(folder, images).context(
            "dlib and VLFeat need the Debian packages g++, libdlib-dev and libvlfeat-dev",
        )?;
        Ok(Self { python, cpp: Some(cpp), rust: "imageproc 0.27" })
    }

    /// For the works on the problems in the folder `problems`.
    pub(super) fn classic(folder: &Path, problems: &Path) -> Result<Self> {
        let script = Script {
            name: "classic.py",
            requirements: "requirements-classic.txt",
            environment: "python-classic",
        };
        let python = Worker::python(folder, &script, &[problems.to_owned()]).context(
            "scikit-learn and its rivals are installed from PyPI by python3 (with venv)",
        )?;
        Ok(Self { python, cpp: None, rust: "linfa-svm 0.8.1, smartcore 0.7.0" })
    }

    pub(super) fn versions(&self) -> String {
        let workers = [Some(&self.python), self.cpp.as_ref()].into_iter().flatten();
        let all = workers.map(|worker| worker.versions.as_str()).chain([self.rust]);
        all.filter(|versions| !versions.is_empty()).collect::<Vec<_>>().join(", ")
    }

    /// Times of both, on so many threads.
    pub(super) fn pair(
        &mut self,
        threads: usize,
        ours: &mut dyn Task,
        rival: &mut Rival,
    ) -> Result<[Measured; 2]> {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build()?;
        let mut ours = timed(|| pool.install(|| ours.run()));
        match rival {
            Rival::Python(request) => {
                paired(&mut ours, &mut |loops| self.python.time(request, threads, loops))
            }
            Rival::Cpp(request) => {
                let cpp = self.cpp.as_mut().context("this package has no rival in C++")?;
                paired(&mut ours, &mut |loops| cpp.time(request, threads, loops))
            }
            Rival::Here(theirs) => paired(&mut ours, &mut timed(|| pool.install(|| theirs.run()))),
        }
    }

    /// What came out on both sides in [`Self::pair`], if ours tells.
    pub(super) fn qualities(
        &mut self,
        threads: usize,
        ours: &dyn Task,
        rival: &Rival,
    ) -> Result<Option<[Quality; 2]>> {
        let Some(ours) = ours.quality() else { return Ok(None) };
        let theirs = match rival {
            Rival::Python(request) => self.python.quality(request, threads)?,
            Rival::Cpp(_) => Quality::default(),
            Rival::Here(theirs) => theirs.quality().unwrap_or_default(),
        };
        Ok(Some([ours, theirs]))
    }
}
