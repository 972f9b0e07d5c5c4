//! What scenarios come to, and what is said of wrong ones.

use std::time::Duration;

use super::*;
use crate::fault::Action;
use crate::identity::Change;

const SMALLEST: &str = "name = \"x\"\n[[phase]]\nname = \"steady\"\nfor = \"10s\"\n";

#[test]
fn the_smallest_scenario_is_a_name_and_a_phase() {
    let plan = parse(SMALLEST).unwrap();
    assert_eq!((plan.name.as_str(), plan.seed.0), ("x", 1));
    assert_eq!(plan.length(), Duration::from_secs(10));
    assert_eq!(plan.policies, crate::gateway::Policies::default());
    assert_eq!(plan.sync, crate::directory::sync::SyncPlan::default());
    assert_eq!(plan.estimate.requests, 1_000);
    assert!(plan.target.is_none() && plan.faults.is_empty());
    assert_eq!(plan.load.routes[0].path, "/me");
}

#[test]
fn faults_find_their_place_on_the_timeline() {
    let text = format!(
        "{SMALLEST}[[phase]]\nname = \"late\"\nfor = \"20s\"\n\
         [[fault]]\nkind = \"user-create\"\nat = \"late+5s\"\ncount = 7\n\
         [[fault]]\nkind = \"churn\"\nat = \"2s\"\nfor = \"4s\"\nrate = \"5/s\"\n\
         [[fault]]\nkind = \"cache-flush\"\nat = \"steady\"\nevery = \"10s\"\n"
    );
    let plan = parse(&text).unwrap();
    let at: Vec<_> = plan.faults.iter().map(|f| (f.kind, f.at.as_secs())).collect();
    let flush = "cache-flush";
    assert_eq!(at, [(flush, 0), ("churn", 2), (flush, 10), ("user-create", 15), (flush, 20)]);
    assert_eq!(plan.population.spare, 17);
    assert!(matches!(plan.faults[3].action, Action::ChangeUsers { change: Change::Create, .. }));
    assert_eq!(plan.faults[3].until, Some(Duration::from_secs(16)));
}
