//! Substorm: load and chaos testing for the path on which an API gateway turns a token's `sub`
//! claim into a user.
//!
//! The floors, lowest first; a module imports only from floors below its own. `docs/architecture.md`
//! says what lives where, and `tests/floors.rs` holds it to that.

// Floor 0
pub mod clock;
pub mod diagnostic;
pub mod histogram;
pub mod machine;
pub mod seed;
pub mod units;
// Floor 1
pub mod identity;
pub mod outcome;
pub mod setting;
// Floor 2
pub mod measure;
pub mod oracle;
pub mod population;
pub mod replay;
pub mod token;
// Floor 3
pub mod arrival;
pub mod directory;
pub mod proxy;
pub mod wire;
// Floor 4
pub mod fault;
pub mod gateway;
pub mod idp;
pub mod load;
pub mod record;
// Floor 5
pub mod report;
pub mod scenario;
pub mod stack;
// Floor 6
pub mod harness;
pub mod live;
// Floor 7
pub mod cli;
