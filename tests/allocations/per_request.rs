//! Once its books have had their share of memory, a worker takes none: neither for a request nor
//! for handing over, and whoever gathers takes none either.

use std::time::Duration;

use substorm::identity::UserIndex;
use substorm::measure::Recorder;
use substorm::oracle::{Cohort, LagKind, LagTracker};
use substorm::outcome::Class;

use super::counting::here;
use super::work::{BEGIN, USERS, World, ledger, shape};

/// Requests between two hand-overs.
const A_SECOND: u64 = 5_000;

#[test]
fn judging_recording_and_handing_over_take_no_memory() {
    let (world, mut ledger) = (World::new(), ledger());
    let (mut second, mut totals) = (Recorder::new(&shape()), Recorder::new(&shape()));
    let mut lags = LagTracker::default();
    let draws = world.draws("second");
    for user in (0..USERS).step_by(100).map(UserIndex) {
        let asked = BEGIN.saturating_sub(Duration::from_secs(50));
        let acknowledged = asked + Duration::from_millis(2);
        lags.changed(user, LagKind::Revocation, Cohort::Probed, asked, acknowledged);
    }
    let (mut for_requests, mut for_hand_overs) = (0, 0);
    for round in 0..8_u64 {
        let begin = here().taken;
        for n in 0..A_SECOND {
            // The same requests in each second, so that no value is new after the first ones.
            let due = BEGIN + Duration::from_secs(round) + Duration::from_micros(200 * n);
            let class = match draws.named("class").at(n) % 100 {
                0 => Class::StoreUnavailable,
                1 => Class::Timeout,
                2..5 => Class::UserNotFound,
                _ => Class::Accepted,
            };
            let service = Duration::from_micros(300 + draws.at(n) % 3_000);
            world.request(&mut ledger, n, (2, class), due, service);
        }
        let asked = here().taken;
        let entries = ledger.hand_over();
        second.merge(&entries.recorder);
        for sighting in &entries.sightings {
            lags.saw(sighting);
        }
        assert!(entries.sightings.len() > 20, "{} sightings", entries.sightings.len());
        drop(entries);
        totals.merge(&second);
        second.clear();
        let handed_over = here().taken;
        // Two books go round, so the second has its memory after two rounds.
        if round >= 2 {
            for_requests += asked - begin;
            for_hand_overs += handed_over - asked;
        } else {
            assert!(asked > begin, "nothing was counted in the first rounds");
        }
    }
    assert_eq!((for_requests, for_hand_overs), (0, 0));
    let done: u64 = totals.phases().iter().map(|record| record.done).sum();
    assert_eq!(done, 8 * A_SECOND);
    let summary = lags.summary(LagKind::Revocation, Cohort::Probed).unwrap();
    assert!(summary.users > 20 && summary.wrong_users > 0, "{summary:?}");
}
