//! The parts of `run.json` that say what the run was made with, and what that took.

use std::fs;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::figures::Percentiles;

/// Which Substorm.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Build {
    /// The package's version.
    pub version: String,
    /// Built without optimisation: its latencies are not the gateway's alone.
    pub debug: bool,
}

impl Build {
    /// This build.
    pub fn this() -> Self {
        Self { version: env!("CARGO_PKG_VERSION").to_owned(), debug: cfg!(debug_assertions) }
    }
}

/// What became of the single requests that were to be kept in a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SamplesReport {
    /// The file's name, without its folder.
    pub file: String,
    /// `all` requests, or those with a `wrong` verdict.
    pub of: String,
    /// The part of those that were drawn, 0 to 1.
    pub share: f64,
    /// Requests in the file.
    pub written: u64,
    /// Requests that were drawn and are not in it.
    pub lost: u64,
    /// Why nothing more was written from some time on.
    pub trouble: Option<String>,
}

/// The machine of the generator. No names of hosts or people: reports are passed on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Machine {
    /// Operating system and architecture, such as `linux x86_64`.
    pub system: String,
    /// The kernel's release; empty where unknown.
    pub kernel: String,
    /// The processor's name; empty where unknown.
    pub processor: String,
    /// Threads that can run at once, as this process is allowed.
    pub cores: u64,
    /// Memory in bytes; 0 where unknown.
    pub memory_bytes: u64,
}

impl Machine {
    /// This machine. What the system does not tell stays empty.
    pub fn this() -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let memory = value_of(&read("/proc/meminfo"), "MemTotal")
            .and_then(|value| value.split(' ').next()?.parse::<u64>().ok());
        Self {
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            processor: value_of(&read("/proc/cpuinfo"), "model name").unwrap_or_default(),
            cores: std::thread::available_parallelism().map_or(1, |n| n.get() as u64),
            memory_bytes: memory.unwrap_or(0) * 1024,
        }
    }
}

/// The value of the first `key : value` line with this key.
fn value_of(text: &str, key: &str) -> Option<String> {
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(name, _)| name.trim() == key).map(|(_, value)| value.trim().to_owned())
}

/// What the connections to the gateway went through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Connections {
    /// Made.
    pub opened: u64,
    /// Could not be made.
    pub failed: u64,
    /// Closed by the other side, or broken.
    pub lost: u64,
    /// From the start of a connection to its being usable, without TLS, in microseconds.
    pub connect: Percentiles,
    /// From there to the end of the TLS handshake, in microseconds.
    pub tls: Percentiles,
    /// Service times of the first request on each connection, in microseconds. One that had to
    /// wait for its connection contains that.
    pub first_request: Percentiles,
    /// Requests that were due while every connection was busy, and had to wait for one.
    pub waited: u64,
    /// Send lags of those that were sent in the end, in microseconds.
    pub waited_lag: Percentiles,
    /// Requests for which the generator's machine had no port left.
    pub port_exhausted: u64,
    /// Requests for which the generator's process had no file descriptor left.
    pub descriptor_exhausted: u64,
    /// Times that a request was sent again because the target had said that it did nothing with it.
    pub resent: u64,
}

/// What the generator itself took.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Generator {
    /// Its worker threads.
    pub workers: Vec<WorkerUse>,
    /// Peak resident memory of its process in bytes; 0 where unknown.
    pub peak_memory_bytes: u64,
    /// Share of the machine's time, while the load ran, that the hypervisor gave to others though
    /// there was work; `None` where the system does not tell.
    pub steal_share: Option<f64>,
    /// What there was in the seconds whose send lag was beyond the limit; `None` without any.
    pub late: Option<LateSeconds>,
}

/// What there was in the seconds, warm-up left out, whose p99 of the send lag was beyond the limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LateSeconds {
    /// How many.
    pub seconds: u64,
    /// Share of a core that requests took on the busiest worker; spinning is not counted.
    pub busy_share: f64,
    /// Share of the time in which a worker was ready and did not run; `None` where the system does
    /// not tell.
    pub run_delay_share: Option<f64>,
    /// Share of the machine's time that the hypervisor gave to others; `None` likewise.
    pub steal_share: Option<f64>,
    /// Share of the requests sent in them that had waited because every connection was busy.
    pub waited_share: f64,
    /// Share of all the lag in them that was such waiting.
    pub connections_share: f64,
}

/// What one worker took.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct WorkerUse {
    /// Share of one core, while the load ran.
    pub cpu_share: f64,
    /// Requests it sent.
    pub sent: u64,
    /// Of `cpu_share`: spent waiting for due instants without sleeping.
    pub spin_share: f64,
    /// Share of the time in which it was ready and did not run; `None` where the system does not
    /// tell.
    pub run_delay_share: Option<f64>,
}

/// What the embedded stack took.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct StackUse {
    /// In units of one core, while the load ran.
    pub cpu_share: f64,
    /// Peak resident memory of its process in bytes; 0 where unknown.
    pub peak_memory_bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_a_system_and_a_core() {
        let machine = Machine::this();
        assert!(machine.cores >= 1);
        assert!(machine.system.contains(std::env::consts::ARCH));
    }

    #[test]
    fn reads_the_first_line_with_the_key() {
        let text = "model\t: 1\nmodel name\t: Some CPU: fast\nmodel name\t: Other\n";
        assert_eq!(value_of(text, "model name").as_deref(), Some("Some CPU: fast"));
        assert_eq!(value_of(text, "flags"), None);
    }
}
