//! The load engine: workers that send what is due and judge what comes back.
//!
//! The way of one request: the [`Schedule`](schedule) says when it is due, the [`Mix`](mix) what
//! it is; the worker's pacer hands it to a lane; the lane fills in the template, sends, receives;
//! [`examine`] turns the answer into a judged sample; the ledger counts it and is handed over once
//! a second.
//!
//! It owns threads, and nothing else of a run: when to start, what to inject and when to stop is
//! the harness's part.

mod alarm;
mod check;
mod context;
mod deadline;
mod engine;
mod examine;
mod gather;
mod lane;
mod ledger;
mod mix;
mod pace;
mod plan;
mod pointer;
mod pool;
mod precedence;
mod probe;
mod retry;
mod schedule;
mod specimen;
mod tap;
mod virtual_user;
mod worker;

pub use check::Expectations;
pub use context::{Context, Job};
pub use engine::{Engine, Errands, LoadError};
pub use examine::Examined;
pub use gather::Gather;
pub use ledger::Report;
pub use ledger::{Entries, Ledger};
pub use mix::{Credentials, DefectShare, Mix};
pub use plan::{IdentityProof, LoadPlan, ProbePlan, ReceiveTime, RetryPlan, Route, Spin};
pub use probe::{Errand, ProbeQueue};
pub use specimen::{Oddity, Specimen, Specimens};
pub use tap::{Drain, Tap, TapPlan, Tapped, taps};
