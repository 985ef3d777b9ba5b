//! Where a run happens, and with which sources: for the record, never for a decision.

use eval::record::{Environment, sha256_hex};
use eval::trial::yardstick_seconds;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The machine and the compiler.
pub(crate) fn environment() -> Environment {
    Environment {
        target: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        cpu: cpu_model(),
        available_threads: std::thread::available_parallelism().map_or(1, usize::from),
        threads: rayon::current_num_threads(),
        cpu_features: cpu_features(),
        rustc: env!("RUSTC_VERSION").to_owned(),
        yardstick_seconds: yardstick_seconds(),
    }
}

/// Top of the repository the program was built in.
pub(crate) fn repository() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().unwrap_or(root)
}

/// Revision of the repository, with `-dirty` if files differ from it; `None` without git.
pub(crate) fn git_revision() -> Option<String> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").current_dir(repository()).args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let revision = git(&["rev-parse", "HEAD"])?;
    let dirty = !git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty();
    Some(if dirty { revision + "-dirty" } else { revision })
}

/// Hash of the versions of all dependencies.
pub(crate) fn lock_sha256() -> String {
    sha256_hex(include_bytes!("../../../Cargo.lock"))
}

/// Hash of this very program.
pub(crate) fn program_sha256() -> anyhow::Result<String> {
    Ok(sha256_hex(&std::fs::read(std::env::current_exe()?)?))
}

/// Linux tells in a file; elsewhere the name of the architecture must do.
fn cpu_model() -> Option<String> {
    let info = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = info.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn cpu_features() -> Vec<String> {
    let mut found = Vec::new();
    #[cfg(target_arch = "x86_64")]
    for (name, there) in [
        ("avx2", std::arch::is_x86_feature_detected!("avx2")),
        ("fma", std::arch::is_x86_feature_detected!("fma")),
        ("avx512f", std::arch::is_x86_feature_detected!("avx512f")),
    ] {
        if there {
            found.push(name.to_owned());
        }
    }
    #[cfg(target_arch = "aarch64")]
    if std::arch::is_aarch64_feature_detected!("neon") {
        found.push("neon".to_owned());
    }
    found
}
