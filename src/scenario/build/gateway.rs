//! The tables `[gateway]`, `[gateway.cache]` and `[sync]`.

use std::time::Duration;

use crate::directory::sync::{SyncPlan, Trigger};
use crate::gateway::{CachePolicy, Mutant, Policies};
use crate::scenario::read::{Reader, TableAt};
use crate::scenario::tables::{CACHE, GATEWAY, SYNC};

/// The reference gateway's switches.
pub(super) fn policies(reader: &mut Reader<'_>, root: &TableAt<'_>) -> Policies {
    let table = super::section(reader, root, &GATEWAY);
    let settings = super::read(reader, &table, &GATEWAY);
    let flag = |key: &str| settings.flag(key).unwrap_or(false);
    let span = |key: &str| settings.span(key).unwrap_or_default();
    let retries = settings.count("retry_on_not_found").unwrap_or(0);
    let claim = settings.text("claim").unwrap_or_default();
    if claim.is_empty() {
        reader.reject(&table, "claim", "found \"\"; name a claim, such as \"sub\"");
    }
    Policies {
        cache: cache(reader, &table),
        single_flight: flag("single_flight"),
        stale_if_error: span("stale_if_error"),
        retry_on_not_found: u32::try_from(retries).unwrap_or(0),
        primary_fallback: flag("primary_fallback"),
        trim: flag("trim"),
        lower_case: flag("lower_case"),
        deny_list: flag("deny_list"),
        claim,
        prefix: settings.text("prefix").unwrap_or_default(),
        lookup_timeout: span("lookup_timeout"),
        leeway: span("leeway"),
        mutant: settings.text("mutant").and_then(|name| Mutant::named(&name)),
    }
}

fn cache(reader: &mut Reader<'_>, gateway: &TableAt<'_>) -> CachePolicy {
    let table = super::section(reader, gateway, &CACHE);
    let settings = super::read(reader, &table, &CACHE);
    CachePolicy {
        ttl: settings.span("ttl").unwrap_or_default(),
        negative_ttl: settings.span("negative_ttl").unwrap_or_default(),
        capacity: settings.count("capacity").unwrap_or(0),
        invalidation: settings.flag("invalidation").unwrap_or(false),
    }
}

/// The embedded stack's sync.
pub(super) fn sync(reader: &mut Reader<'_>, root: &TableAt<'_>) -> SyncPlan {
    let table = super::section(reader, root, &SYNC);
    let settings = super::read(reader, &table, &SYNC);
    let by_event = settings.text("trigger").as_deref() == Some("event");
    if by_event && table.get("interval").is_some() {
        let message = "has no meaning with trigger = \"event\"; leave it out";
        reader.reject(&table, "interval", message);
    }
    let interval = settings.span("interval").unwrap_or(Duration::from_millis(20));
    SyncPlan {
        trigger: if by_event { Trigger::Event } else { Trigger::Interval(interval) },
        lag: settings.span("lag").unwrap_or_default(),
    }
}
