//! Other programs, each in a process of its own that answers requests on stdin.

use super::task::Quality;
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// Where this project keeps its sources and the versions of its rivals.
const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/rivals");

/// A worker written in Python.
pub(super) struct Script {
    pub(super) name: &'static str,
    pub(super) requirements: &'static str,
    /// Name of its virtual environment.
    pub(super) environment: &'static str,
}

/// A running program that times other libraries.
#[derive(Debug)]
pub(super) struct Worker {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Names and versions of the libraries.
    pub(super) versions: String,
}

impl Script {
    /// The command that runs it in its virtual environment in `folder`, made if it is not there.
    pub(super) fn install(&self, folder: &Path) -> Result<Command> {
        let sources = Path::new(SOURCES);
        let venv = folder.join(self.environment);
        let python = venv.join("bin/python");
        let requirements = sources.join(self.requirements);
        let wanted = fs::read_to_string(&requirements)?;
        // Written last, so that what is half installed is installed again.
        let mark = venv.join("requirements.txt");
        if fs::read_to_string(&mark).ok().as_deref() != Some(wanted.as_str()) {
            run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
            let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
            run(Command::new(&python).args(pip).arg(&requirements))?;
            fs::write(&mark, wanted)?;
        }
        let mut command = Command::new(python);
        // Nothing compiled beside the sources.
        command.arg("-B").arg(sources.join(self.name));
        Ok(command)
    }
}

impl Worker {
    /// A script of ours that is given `files`.
    pub(super) fn python(folder: &Path, script: &Script, files: &[PathBuf]) -> Result<Self> {
        let mut command = script.install(folder)?;
        // One thread in the libraries below, too.
        command.envs([("OMP_NUM_THREADS", "1"), ("OPENBLAS_NUM_THREADS", "1")]);
        Self::start(command.args(files))
    }

    /// dlib and VLFeat in a program compiled into `folder`.
    pub(super) fn cpp(folder: &Path, images: &[PathBuf]) -> Result<Self> {
        let program = folder.join("features-cpp");
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        run(Command::new("g++")
            .args(["-std=c++17", "-O3", "-march=native", "-DNDEBUG", "-o"])
            .arg(&program)
            .arg(Path::new(SOURCES).join("features.cpp"))
            .args(["-ldlib", "-lvl"]))?;
        Self::start(Command::new(program).args(images))
    }

    /// A program that says its versions and then answers.
    pub(super) fn start(command: &mut Command) -> Result<Self> {
        let name = command.get_program().display().to_string();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let requests = child.stdin.take().context("stdin is piped")?;
        let answers = BufReader::new(child.stdout.take().context("stdout is piped")?);
        let mut worker = Self { child, requests, answers, versions: String::new() };
        worker.versions = worker.line()?;
        Ok(worker)
    }

    /// How long the library took for `loops` repetitions.
    pub(super) fn time(&mut self, request: &str, threads: usize, loops: u32) -> Result<Duration> {
        self.seconds(&format!("{request} {threads} {loops}"))
    }

    /// The answer to a request for a time.
    pub(super) fn seconds(&mut self, request: &str) -> Result<Duration> {
        let answer = self.ask(request)?;
        let seconds: f64 = answer.parse().with_context(|| format!("answer `{answer}`"))?;
        Ok(Duration::try_from_secs_f64(seconds)?)
    }

    /// What came out of the last run of this request, on a worker that tells.
    pub(super) fn quality(&mut self, request: &str, threads: usize) -> Result<Quality> {
        let answer = self.ask(&format!("{request} {threads} 0"))?;
        serde_json::from_str(&answer).with_context(|| format!("answer `{answer}`"))
    }

    /// The answer to a request.
    pub(super) fn ask(&mut self, request: &str) -> Result<String> {
        writeln!(self.requests, "{request}")?;
        self.requests.flush()?;
        self.line().with_context(|| format!("asked for `{request}`"))
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        ensure!(self.answers.read_line(&mut line)? > 0, "the rival's program ended early");
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It ends by itself when its stdin does; a slow one is not waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command that must succeed; what it says on stderr is part of the error.
fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().display().to_string();
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {name}: is it installed?"))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!("{name} failed ({}):\n{}", output.status, stderr.trim_end());
    }
    Ok(())
}
