//! `run.json`: what a run was, what it measured, and what that means.
//!
//! Plain data. The harness fills it and writes it about once a second while the run goes (with
//! `partial` set) and once at the end; every format of this floor is made from it alone.
//!
//! Names are those of the file. Reading tolerates fields that it does not know and fills in those
//! that are missing, so that a report of another version still renders. `docs/run-folder.md`
//! describes each field for people who read the file; change both together, and raise
//! [`SCHEMA_VERSION`] when a field changes its meaning or goes away.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measure::LatencyKind;

use super::wording::retold;

pub use super::figures::{
    ALL, Around40Ms, LagBounds, LagPlace, LagReport, LatencyRow, Lookups, MalformedLine,
    Percentiles, ReplayReport, RouteReport, StageReport, ThresholdReport,
};
pub use super::finding::{Finding, Severity};
pub use super::setup::{
    Build, Connections, Generator, LateSeconds, Machine, SamplesReport, StackUse, WorkerUse,
};

/// The version of `run.json` that this build writes.
pub const SCHEMA_VERSION: u32 = 1;

/// Counts by name: of verdicts, of classes.
pub type ByName = BTreeMap<String, u64>;

/// Everything about one run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RunReport {
    /// [`SCHEMA_VERSION`] of the build that wrote it.
    pub schema_version: u32,
    /// The scenario's name.
    pub scenario: String,
    /// The scenario's own sentence about itself.
    pub about: String,
    /// The scenario file as it was read, before environment variables were put in.
    pub scenario_text: String,
    /// What all random streams of the run are derived from.
    pub seed: u64,
    /// A digest of the resolved plan: equal for two runs that were asked to do the same.
    pub plan_digest: String,
    /// The gateway's address, or `embedded`.
    pub target: String,
    /// How it is reached: protocol, TLS, and the way there; empty for the embedded stack.
    pub approach: String,
    /// The profile by which answers were read.
    pub profile: String,
    /// Which Substorm.
    pub build: Build,
    /// On what.
    pub machine: Machine,
    /// When the run began, RFC 3339, UTC.
    pub started_at: String,
    /// From start to end, preparation and healing included, in seconds.
    pub wall_s: f64,
    /// From the start of load to its end, in seconds.
    pub load_s: f64,
    /// Written on the way: the run had not ended.
    pub partial: bool,
    /// Ended by a signal.
    pub interrupted: bool,
    /// Whether the figures may be believed.
    pub valid: bool,
    /// Why not, one sentence each.
    pub reasons: Vec<String>,
    /// What the command ended with; `None` while it runs.
    pub exit_code: Option<u8>,
    /// The users.
    pub population: PopulationReport,
    /// The phases in their order.
    pub phases: Vec<PhaseReport>,
    /// Requests of all phases but warm-up.
    pub requests: Requests,
    /// Answers by verdict; `total` leaves warm-up out and adds up to `requests.done`.
    pub verdicts: Counts,
    /// Answers by class, likewise.
    pub classes: Counts,
    /// Answers by truth, then by class, warm-up left out, zeros left out.
    pub matrix: BTreeMap<String, ByName>,
    /// Of these answers: 401 without the challenge that the profile wants.
    pub missing_challenge: u64,
    /// Response and service times by phase and class.
    pub latency: Vec<LatencyRow>,
    /// The routes in the order of the scenario; none where every request is a recorded one.
    pub routes: Vec<RouteReport>,
    /// Stages of the target's work by name and phase, in the order in which its answers first told
    /// of them; none where they tell of none.
    pub stages: Vec<StageReport>,
    /// Stages that answers told of and that are in no row, because there were too many names or
    /// they could not be read, warm-up left out.
    pub stages_left_out: u64,
    /// sent − due, in microseconds, warm-up left out.
    pub send_lag: Percentiles,
    /// The same without waits for a connection: the generator's own part, by which it is judged.
    pub own_lag: Percentiles,
    /// From an answer's arrival in the kernel until the generator read it, in microseconds, warm-up
    /// left out; it is no part of response times. Counts the answers whose arrival is known.
    #[serde(default)]
    pub read_lag: Percentiles,
    /// Service times around 40 ms, where delayed acknowledgements show.
    pub around_40_ms: Around40Ms,
    /// From a removal's acknowledgement until the user is no longer let in.
    pub revocation_lag: LagReport,
    /// From a creation's acknowledgement until the user is let in.
    pub provisioning_lag: LagReport,
    /// Acknowledged changes of users, by name (`delete`, `create`, …).
    pub changes: ByName,
    /// Answers to requests with a defect, by mutation, then by verdict; zeros left out.
    pub mutations: BTreeMap<String, ByName>,
    /// The faults in the order of their start.
    pub faults: Vec<FaultReport>,
    /// The thresholds in the order of the scenario.
    pub thresholds: Vec<ThresholdReport>,
    /// The recordings that were replayed, in the order of their phases.
    pub replays: Vec<ReplayReport>,
    /// Queries that reached the store; `None` where no link of the harness carries them.
    pub lookups: Option<Lookups>,
    /// What the connections to the gateway went through.
    pub connections: Connections,
    /// What the generator itself took.
    pub generator: Generator,
    /// What the embedded stack took; `None` with a target of one's own.
    pub stack: Option<StackUse>,
    /// Single requests that were kept in a file; `None` where none were to be.
    pub samples: Option<SamplesReport>,
    /// The first answer of each unexpected kind.
    pub unexpected: Vec<UnexpectedAnswer>,
    /// What all this comes to, most serious first.
    pub findings: Vec<Finding>,
}

impl RunReport {
    /// What each fault is called, in their order: its kind, and which of that kind it is where there
    /// are several.
    pub fn fault_names(&self) -> Vec<String> {
        let kinds: Vec<&str> = self.faults.iter().map(|fault| fault.kind.as_str()).collect();
        let told = |(fault, name): (&FaultReport, String)| match fault.name.as_str() {
            // By those that began, where the report does not know what was planned.
            "" => name,
            planned => planned.to_owned(),
        };
        self.faults.iter().zip(numbered(&kinds)).map(told).collect()
    }

    /// Response or service times of all answers, warm-up left out; `None` without an answer.
    pub fn overall(&self, kind: LatencyKind) -> Option<Percentiles> {
        self.times(ALL, kind)
    }

    /// The same of the answers of one class.
    pub fn times(&self, class: &str, kind: LatencyKind) -> Option<Percentiles> {
        let is_it = |row: &&LatencyRow| row.phase == ALL && row.class == class && row.kind == kind;
        let times = self.latency.iter().find(is_it).map(|row| row.percentiles);
        times.filter(|times| times.count > 0)
    }
}

/// Faults of these kinds by name: the kind, and which of that kind it is where there are several.
pub fn numbered(kinds: &[&str]) -> Vec<String> {
    let of = |kind: &str, upto: usize| kinds[..upto].iter().filter(|other| **other == kind).count();
    let name = |(n, kind): (usize, &&str)| match of(kind, kinds.len()) {
        1 => (*kind).to_owned(),
        _ => format!("{kind} {}", of(kind, n + 1)),
    };
    kinds.iter().enumerate().map(name).collect()
}

/// The users of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PopulationReport {
    /// Live at the start.
    pub users: u64,
    /// Kept back for creation while the run goes.
    pub spare: u64,
    /// Bytes of all their tokens.
    pub token_bytes: u64,
    /// `minted` for the run, from its `cache`, or from a `file` that the scenario names.
    pub tokens_from: String,
}

/// One phase, in seconds from the start of load.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PhaseReport {
    /// Its name.
    pub name: String,
    /// When it starts.
    pub at: f64,
    /// When it ends.
    pub until: f64,
    /// Left out of percentiles over phases and of thresholds that do not name it.
    pub warm_up: bool,
    /// Virtual users that wait for their answers: the load follows the target.
    pub closed: bool,
    /// Share of a core that requests took on the busiest worker; spinning is not counted.
    pub busy_share: f64,
    /// Its requests.
    pub requests: Requests,
}

/// What became of the requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Requests {
    /// Whose due instant came.
    pub due: u64,
    /// Written to a connection, or whose connection could not be made.
    pub sent: u64,
    /// With an answer, or a failure that counts as one.
    pub done: u64,
    /// Due, and never sent, because no connection was free in time.
    pub unsent: u64,
    /// Still in flight when the drain limit passed.
    pub censored: u64,
    /// Of `due`: follow-ups for users that were changed.
    pub probes: u64,
    /// Of `due`: asked again, after being told that the user does not exist.
    pub retries: u64,
    /// Retries that were let in.
    pub retries_recovered: u64,
    /// Requests whose last retry was turned away too.
    pub retries_exhausted: u64,
    /// Retries that were still to come when their phase or the run ended.
    pub retries_unsent: u64,
    /// Answers that let the user in but are not what the route expects.
    pub checks_failed: u64,
    /// Ages since due of the censored ones, in microseconds.
    pub censored_age: Percentiles,
}

/// Counts by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Counts {
    /// Of all phases but warm-up; every name is there, zeros too.
    pub total: ByName,
    /// Of each phase, warm-up too.
    pub by_phase: BTreeMap<String, ByName>,
}

impl Counts {
    /// The total of a name; 0 if it is not there.
    pub fn of(&self, name: &str) -> u64 {
        self.total.get(name).copied().unwrap_or(0)
    }

    /// The count of a name in a phase; 0 if either is not there.
    pub fn in_phase(&self, phase: &str, name: &str) -> u64 {
        self.by_phase.get(phase).and_then(|names| names.get(name)).copied().unwrap_or(0)
    }

    /// The sum over all names.
    pub fn sum(&self) -> u64 {
        self.total.values().sum()
    }
}

/// One fault as it happened. Times in seconds from the start of load.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct FaultReport {
    /// The kind's name.
    pub kind: String,
    /// The same, and which of that kind it is where several were planned. Empty in older reports.
    pub name: String,
    /// What was done, in words: `refuse the store link`, `delete 300 users`.
    pub text: String,
    /// When it started.
    pub at: f64,
    /// When it ended; `None` for one that happens at an instant.
    pub until: Option<f64>,
    /// How often it bit.
    pub hits: u64,
    /// What the hits are: `users`, `connections`, `requests`, `changes`, `entries`.
    pub hit_unit: String,
    /// Verdicts of the requests that were under way during it, in any phase; zeros left out.
    pub verdicts: ByName,
}

impl FaultReport {
    /// What was done, as all forms for people tell it.
    pub fn told(&self) -> String {
        retold(&self.text)
    }
}

/// An answer that is not what it should be, as an example of its kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct UnexpectedAnswer {
    /// `no_identity` (let in, and does not show as whom), `check` (let in, and not what the route
    /// expects), or `class` (the wrong class).
    pub kind: String,
    /// Its class.
    pub class: String,
    /// The route that was asked; empty for a recorded request.
    pub route: String,
    /// Its status code.
    pub status: u16,
    /// What of it is not as it should be, in words; empty for a `class`.
    pub why: String,
    /// The first 80 bytes of its body, escaped, without tokens and subjects; empty where there was
    /// none, or where the request was a recorded one.
    pub body: String,
}

#[cfg(test)]
mod tests {
    use crate::outcome::{Class, Truth, Verdict};

    use super::super::sample;
    use super::*;

    const RUN_FOLDER: &str = include_str!("../../docs/run-folder.md");
    const GLOSSARY: &str = include_str!("../../docs/glossary.md");

    #[test]
    fn faults_of_one_kind_are_numbered_as_they_were_planned_if_that_is_known() {
        let fault = |kind: &str, name: &str| FaultReport {
            kind: kind.into(),
            name: name.into(),
            ..FaultReport::default()
        };
        let faults = ["churn", "store-slow", "churn"].map(|kind| fault(kind, "")).into();
        let report = RunReport { faults, ..RunReport::default() };
        assert_eq!(report.fault_names(), ["churn 1", "store-slow", "churn 2"]);
        // The first of them never began.
        let report = RunReport { faults: vec![fault("churn", "churn 2")], ..report };
        assert_eq!(report.fault_names(), ["churn 2"]);
    }

    fn keys(value: &serde_json::Value, found: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(fields) => {
                for (name, value) in fields {
                    found.push(name.clone());
                    keys(value, found);
                }
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| keys(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_field_of_the_file_is_described() {
        let mut report = sample::deleted_users();
        // Names in these are data.
        report.verdicts = Counts::default();
        report.classes = Counts::default();
        report.matrix.clear();
        report.changes.clear();
        report.faults.iter_mut().for_each(|fault| fault.verdicts.clear());
        report.revocation_lag.intervals.push(LagBounds::default());
        report.revocation_lag.distribution.push(LagPlace::default());
        let first_malformed = vec![MalformedLine::default()];
        report.routes.push(RouteReport::default());
        report.stages.push(StageReport::default());
        report.samples = Some(SamplesReport::default());
        report.replays.push(ReplayReport { first_malformed, ..ReplayReport::default() });
        let mut found = Vec::new();
        keys(&serde_json::to_value(&report).unwrap(), &mut found);
        // Described in words where they are used.
        let in_words =
            ["version", "debug", "system", "kernel", "processor", "cores", "memory_bytes"];
        for name in found.iter().filter(|name| !in_words.contains(&name.as_str())) {
            let described = RUN_FOLDER
                .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                .any(|word| word == name);
            assert!(described, "docs/run-folder.md does not describe {name}");
        }
    }

    #[test]
    fn every_verdict_truth_and_class_is_in_the_glossary() {
        let names = Verdict::ALL.map(Verdict::name).into_iter();
        let names = names.chain(Class::ALL.map(Class::name)).chain(Truth::ALL.map(Truth::name));
        for name in names {
            assert!(GLOSSARY.contains(&format!("| `{name}` |")), "{name}");
        }
    }

    #[test]
    fn times_of_a_class_and_of_all_are_found_where_there_is_an_answer() {
        let mut report = sample::deleted_users();
        let times = |report: &RunReport, class| {
            report.times(class, LatencyKind::Service).map(|times| (times.count, times.p50))
        };
        assert_eq!(times(&report, "accepted"), Some((65_116, 360)));
        assert_eq!(times(&report, "dns"), None);
        let overall = report.overall(LatencyKind::Response).unwrap();
        assert_eq!((overall.count, overall.p50), (70_318, 440));
        report.latency.iter_mut().for_each(|row| row.percentiles = Percentiles::default());
        assert_eq!(report.overall(LatencyKind::Response), None);
    }

    #[test]
    fn a_report_survives_the_file() {
        let report = sample::deleted_users();
        let text = serde_json::to_string(&report).unwrap();
        assert_eq!(serde_json::from_str::<RunReport>(&text).unwrap(), report);
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["verdicts"]["total"]["false_accept"], 1_204);
        assert_eq!(json["latency"][0]["kind"], "response");
        assert_eq!(json["revocation_lag"]["max"]["high_ms"], 2_108.2);
        assert_eq!(json["schema_version"], SCHEMA_VERSION);
    }
}
