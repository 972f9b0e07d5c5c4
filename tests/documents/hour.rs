//! What it takes to make the page of an hour at 20,000 requests a second, as one who types the command
//! has it: time and memory of the whole process.

use serde_json::Value;

use crate::tools;
use crate::world::{scratch, text};

#[path = "../charts/hour.rs"]
mod synthetic;

/// Peak of resident memory.
const MOST_BYTES: u64 = 200_000_000;
/// Seconds. The first is the goal; a build without optimisation, on a machine that others use too,
/// takes several times as long.
const MOST_SECONDS: f64 = if cfg!(debug_assertions) { 60.0 } else { 2.0 };

#[test]
fn the_page_of_an_hour_takes_little_time_and_memory() {
    let room = scratch("hour");
    let folder = synthetic::write(&room, 3_600);
    let page = room.join("report.html");
    let program = env!("CARGO_BIN_EXE_substorm");
    let arguments = [program, "report", text(&folder), "--format", "html", "--out", text(&room)];
    let cost: Value =
        serde_json::from_str(&tools::python("documents/cost.py", &arguments)).unwrap();
    let (seconds, peak) = (cost["seconds"].as_f64().unwrap(), cost["peak_bytes"].as_u64().unwrap());
    assert!(peak < MOST_BYTES, "{peak} bytes at the peak");
    assert!(seconds < MOST_SECONDS, "{seconds} s");
    // That something was made of it, and that it is one page that can be sent.
    let made = std::fs::read_to_string(&page).unwrap();
    assert!(made.contains("id=\"chart-verdicts\""), "{}", made.len());
    assert!((100_000..2_000_000).contains(&made.len()), "{} bytes", made.len());
    assert!(peak > 5_000_000 && seconds > 0.01, "{cost}");
    let _ = std::fs::remove_dir_all(&folder);
}
