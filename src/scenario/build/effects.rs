//! Settings that would not do what they say, held against the rest of the plan: a setting without
//! effect is a mistake that nobody notices.

use std::time::Duration;

use crate::arrival::{Arrival, PhasePlan};
use crate::load::{LoadPlan, ReceiveTime, Spin};
use crate::scenario::node::Content;
use crate::scenario::read::{Reader, TableAt};
use crate::scenario::tables::{LOAD, PHASE};
use crate::units::grouped;
use crate::wire::EngineKind;
use crate::wire::transport::{Approach, Version, Via};

/// Records what of `[load]` would have no effect or could not be kept to. Where the scenario does
/// not say how many connections there may be, closed phases have as many as they need.
pub(super) fn check(
    reader: &mut Reader<'_>,
    root: &TableAt<'_>,
    phases: &[PhasePlan],
    load: &mut LoadPlan,
    target: Option<&Approach>,
) {
    let table = super::section(reader, root, &LOAD);
    if let Some(target) = target {
        super::approach::fits_engine(reader, root, target, load.engine);
    }
    connections(reader, root, &table, phases, load, target);
    opened_ahead(reader, &table, load);
    waiting(reader, &table, load);
    receiving(reader, &table, load, target);
}

/// Requests that one connection surely carries at a time.
fn streams(load: &LoadPlan, target: Option<&Approach>) -> u32 {
    let is_http2 = target.is_some_and(|approach| approach.version == Version::Http2);
    if is_http2 && load.engine == EngineKind::Raw { load.streams_per_connection } else { 1 }
}

/// Each virtual user has a request under way of its own, so there must be room for all of them.
fn connections(
    reader: &mut Reader<'_>,
    root: &TableAt<'_>,
    table: &TableAt<'_>,
    phases: &[PhasePlan],
    load: &mut LoadPlan,
    target: Option<&Approach>,
) {
    let users = |phase: &PhasePlan| match phase.arrival {
        Arrival::Closed { users, .. } => users,
        Arrival::Open(_) | Arrival::Replay(_) => 0,
    };
    let streams = streams(load, target);
    if table.get("connections").is_none() {
        let needed = phases.iter().map(|phase| users(phase).div_ceil(streams)).max().unwrap_or(0);
        if needed > load.connections {
            load.connections = needed;
            let path = table.path_of("connections");
            reader.settled.retain(|(settled, _)| *settled != path);
            reader.settle(path, needed.to_string());
        }
        return;
    }
    let at_once = load.connections.saturating_mul(streams);
    for (phase, around) in phases.iter().zip(super::sections(reader, root, &PHASE)) {
        let users = users(phase);
        if users <= at_once {
            continue;
        }
        let carried =
            if streams > 1 { format!(", with {streams} streams each") } else { String::new() };
        let message = format!(
            "{} virtual users, and `load.connections` is {}{carried}: each user has a request \
             under way of its own; set load.connections to {} or more, or leave it out",
            grouped(u64::from(users)),
            grouped(u64::from(load.connections)),
            users.div_ceil(streams),
        );
        let arrival = around.get("arrival").map(|entry| &entry.node);
        let closed = match arrival.map(|node| &node.content) {
            Some(Content::Table(kinds)) => kinds.get("closed").map(|entry| &entry.node),
            _ => None,
        };
        match closed.or(arrival) {
            Some(node) => reader.problems.add(&node.place, &node.path, message),
            None => reader.reject(&around, "arrival", message),
        }
    }
}

fn opened_ahead(reader: &mut Reader<'_>, table: &TableAt<'_>, load: &LoadPlan) {
    if load.open_connections == 0 {
        return;
    }
    if load.engine == EngineKind::Reqwest {
        let message = "\"reqwest\" opens connections when it needs them; leave it out, or use the \
                       engine \"raw\"";
        reader.reject(table, "open_connections", message);
    } else if load.open_connections > load.connections {
        let message = format!(
            "found {}, which is more than `connections` allows ({})",
            grouped(u64::from(load.open_connections)),
            grouped(u64::from(load.connections))
        );
        reader.reject(table, "open_connections", message);
    }
}

fn waiting(reader: &mut Reader<'_>, table: &TableAt<'_>, load: &LoadPlan) {
    if load.grain > Duration::ZERO && load.spin == Spin::Always {
        let message = "does not go with `spin = \"always\"`: that takes a core to send each request \
                       at its own instant, and with a grain none is; leave one of them out";
        reader.reject(table, "grain", message);
    }
}

fn receiving(
    reader: &mut Reader<'_>,
    table: &TableAt<'_>,
    load: &LoadPlan,
    target: Option<&Approach>,
) {
    if load.receive_time != ReceiveTime::Kernel {
        return;
    }
    let remedy = "leave it out, or say \"read\"";
    if load.engine == EngineKind::Reqwest {
        let message = format!("\"reqwest\" cannot ask the kernel; {remedy}");
        reader.reject(table, "receive_time", message);
    } else if target.is_some_and(|approach| matches!(approach.via, Via::Unix(_))) {
        let message = format!("the kernel dates nothing on a Unix socket; {remedy}");
        reader.reject(table, "receive_time", message);
    }
}
