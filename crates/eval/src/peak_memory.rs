//! The most memory that this program has held at once, where the system tells (Linux).
//!
//! Source: `VmHWM` of `/proc/self/status`, which writing 5 to `/proc/self/clear_refs` sets back to
//! what is held now (proc(5)).

use std::fs;

/// Starts measuring anew; `false` where the system does not allow it.
pub fn restart() -> bool {
    fs::write("/proc/self/clear_refs", "5").is_ok()
}

/// Most bytes resident since the last [`restart`]; `None` where the system does not tell.
pub fn bytes() -> Option<u64> {
    peak(&fs::read_to_string("/proc/self/status").ok()?)
}

fn peak(status: &str) -> Option<u64> {
    let rest = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = rest.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hint::black_box;

    #[test]
    fn the_line_is_found_and_anything_else_is_none() {
        assert_eq!(peak("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n"), Some(2_097_152));
        assert_eq!(peak("VmRSS:\t 1 kB\n"), None);
        assert_eq!(peak("VmHWM:\t many kB\n"), None);
    }

    /// 200 MB held for a moment are seen, and forgotten after a restart.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_large_block_leaves_a_mark_until_the_next_restart() {
        if !restart() {
            return; // some containers forbid it; then no peak is claimed either
        }
        let before = bytes().unwrap();
        drop(black_box(vec![1_u8; 200_000_000]));
        assert!(bytes().unwrap() >= before + 150_000_000);
        assert!(restart() && bytes().unwrap() < before + 100_000_000);
    }
}
