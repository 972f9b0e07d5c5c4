//! What a process has used: read from `/proc` (proc(5)).

use std::fs;
use std::io;
use std::time::Duration;

use serde::Serialize;

/// CPU time and memory of one process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Time on a CPU since the process began, all threads, in user and kernel mode. Counted in
    /// steps of 10 ms.
    pub cpu: Duration,
    /// Memory that is resident now, in bytes.
    pub resident: u64,
    /// The most memory that was ever resident, in bytes.
    pub peak: u64,
}

/// The unit of times in `/proc`: `USER_HZ` is 100 on every architecture that Rust has a Linux for.
const TICK: Duration = Duration::from_millis(10);

impl Usage {
    /// What the process with this number has used so far.
    pub fn of(pid: u32) -> io::Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let ticks = cpu_ticks(&stat)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "/proc/PID/stat"))?;
        Ok(Self {
            cpu: TICK * u32::try_from(ticks).unwrap_or(u32::MAX),
            resident: bytes(&status, "VmRSS:"),
            peak: bytes(&status, "VmHWM:"),
        })
    }
}

/// User and system time. The second field is the program's name and may hold anything, so fields
/// are counted from the last parenthesis.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// A line such as `VmRSS:     2048 kB`; zero where there is none, as for a process that has ended.
fn bytes(status: &str, key: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
    line.split_ascii_whitespace().next().and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) * 1_024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_may_have_any_name() {
        let stat = "7 (a) b) 1) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 3 5 6";
        assert_eq!(cpu_ticks(stat), Some(300));
        assert_eq!(cpu_ticks("7 (a"), None);
        assert_eq!(bytes("VmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n", "VmRSS:"), 1_048_576);
    }

    #[test]
    fn this_process_uses_something() {
        let usage = Usage::of(std::process::id()).unwrap();
        assert!(usage.resident > 0 && usage.peak >= usage.resident, "{usage:?}");
        assert!(Usage::of(u32::MAX).is_err());
    }
}
