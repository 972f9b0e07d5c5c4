//! The identity provider: discovery, key set, deny list, and the primary directory.
//!
//! | request | answers |
//! |---|---|
//! | `GET /.well-known/openid-configuration` | the discovery document ([`keys`]) |
//! | `GET /jwks.json` | the key set |
//! | `GET /deny-list`, `POST /revoke` | the `jti` of revoked tokens ([`revocation`]) |
//! | `/scim/v2/Users`, `/scim/v2/Users/{id}` | SCIM ([`scim`]) |
//! | `POST /bulk` | users, many at once ([`bulk`]) |
//! | `GET /users/{subject}` | as on a replica, for gateways that fall back to the primary |

pub mod bulk;
pub mod keys;
pub mod primary;
pub mod revocation;
pub mod scim;

use std::sync::Arc;

use axum::Router;
use serde_json::Value;

pub use primary::Primary;

/// All routes of an identity provider with these keys over this directory.
pub fn routes(issuer: String, jwks: Value, primary: &Arc<Primary>) -> Router {
    keys::routes(issuer, jwks)
        .merge(revocation::routes())
        .merge(scim::routes(Arc::clone(primary)))
        .merge(bulk::routes(Arc::clone(primary)))
        .merge(crate::directory::lookup::routes(primary.store()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::Clock;
    use crate::directory::scim::{Client, ScimError};
    use crate::directory::sync::{Disturbance, Pump, Queue, SyncPlan, Trigger};
    use crate::directory::{SqliteStore, replica, serve::serve};
    use crate::seed::Seed;
    use futures_util::FutureExt;
    use tokio::net::TcpListener;
    use tokio::task::JoinSet;
    use tokio_util::sync::CancellationToken;

    /// Primary, pump and replica in this process.
    struct Systems {
        client: Client,
        pump: Arc<Pump>,
        replica: Arc<SqliteStore>,
        replica_url: String,
        stop: CancellationToken,
        tasks: JoinSet<()>,
        _dir: tempfile::TempDir,
    }

    async fn listen() -> (TcpListener, std::net::SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    async fn start(plan: SyncPlan) -> Systems {
        let dir = tempfile::tempdir().unwrap();
        let open = |name: &str| Arc::new(SqliteStore::open(&dir.path().join(name)).unwrap());
        let (primary_store, replica_store) = (open("primary"), open("replica"));
        let clock = Clock::start();
        let queue = Arc::new(Queue::new(plan, Seed(1).stream("sync")));
        let announcements = replica::announcements();
        let primary = Arc::new(Primary::new(primary_store.clone(), queue.clone(), clock));
        let pump = Arc::new(Pump::new(
            queue,
            primary_store,
            replica_store.clone(),
            clock,
            announcements.clone(),
        ));
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let (listener, address) = listen().await;
        let app = routes("https://idp.test".into(), serde_json::json!({"keys": []}), &primary);
        tasks.spawn(serve(listener, app, stop.clone()).map(Result::unwrap));
        let (listener, replica_address) = listen().await;
        let app = replica::routes(replica_store.clone(), announcements, stop.clone());
        tasks.spawn(serve(listener, app, stop.clone()).map(Result::unwrap));
        let (running, until) = (pump.clone(), stop.clone());
        tasks.spawn(async move { running.run(&until).await.unwrap() });
        Systems {
            client: Client::embedded(address).unwrap(),
            pump,
            replica: replica_store,
            replica_url: format!("http://{replica_address}"),
            stop,
            tasks,
            _dir: dir,
        }
    }

    impl Systems {
        /// How long until the replica says so of the user, up to ten seconds.
        async fn until(&self, subject: &str, active: Option<bool>) -> Duration {
            let clock = Clock::start();
            while self.replica.lookup(subject).unwrap() != active {
                assert!(clock.now().as_secs_f64() < 10.0, "{subject} never became {active:?}");
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            Duration::from_nanos(clock.now().as_nanos())
        }

        async fn end(mut self) {
            self.stop.cancel();
            let joined =
                async { while self.tasks.join_next().await.transpose().unwrap().is_some() {} };
            tokio::time::timeout(Duration::from_secs(5), joined).await.unwrap();
        }
    }

    #[tokio::test]
    async fn each_change_is_acknowledged_and_reaches_the_replica() {
        for trigger in [Trigger::Event, Trigger::Interval(Duration::from_millis(5))] {
            let systems = start(SyncPlan { trigger, lag: Duration::ZERO }).await;
            let client = &systems.client;
            let subject = "auth0|a/b\0 ";
            client.create(subject).await.unwrap();
            systems.until(subject, Some(true)).await;
            let again = client.create(subject).await.unwrap_err();
            assert!(matches!(again, ScimError::AlreadyThere { .. }), "{again}");
            client.set_active(subject, false).await.unwrap();
            systems.until(subject, Some(false)).await;
            assert_eq!(client.active(subject).await.unwrap(), Some(false));
            client.delete(subject).await.unwrap();
            systems.until(subject, None).await;
            let again = client.delete(subject).await.unwrap_err();
            assert!(matches!(again, ScimError::NoSuchUser { .. }), "{again}");
            assert_eq!(client.active(subject).await.unwrap(), None);
            systems.end().await;
        }
    }

    #[tokio::test]
    async fn a_client_that_does_not_know_our_ids_manages_too() {
        let systems = start(SyncPlan::default()).await;
        let foreign = Client::new(systems.client.base(), Some("secret".into())).unwrap();
        let subjects: Vec<String> = (0..40).map(|i| format!("user \"{i}\"")).collect();
        assert_eq!(foreign.seed(subjects.into_iter()).await.unwrap(), 40);
        foreign.delete("user \"7\"").await.unwrap();
        systems.client.create("elsewhere").await.unwrap();
        foreign.set_active("elsewhere", false).await.unwrap();
        systems.until("elsewhere", Some(false)).await;
        let nobody = foreign.delete("user \"7\"").await.unwrap_err();
        assert!(matches!(nobody, ScimError::NoSuchUser { .. }), "{nobody}");
        systems.end().await;
    }

    #[tokio::test]
    async fn lag_shows_as_lag() {
        let lag = Duration::from_millis(300);
        for trigger in [Trigger::Event, Trigger::Interval(Duration::from_millis(20))] {
            let systems = start(SyncPlan { trigger, lag }).await;
            systems.client.create("u").await.unwrap();
            let took = systems.until("u", Some(true)).await;
            // Acknowledged a moment before the watch started; 400 ms of slack for a busy machine.
            let range = Duration::from_millis(270)..Duration::from_millis(720);
            assert!(range.contains(&took), "{trigger:?}: {took:?}");
            systems.end().await;
        }
    }

    #[tokio::test]
    async fn seeding_is_bulk_and_a_snapshot_and_overtakes_what_waits() {
        let systems = start(SyncPlan::default()).await;
        let paused = Disturbance { pause: true, ..Disturbance::default() };
        let clock = systems.pump.clock();
        systems.pump.queue().disturb(paused, clock.now() + Duration::from_secs(60));
        systems.client.create("late").await.unwrap();
        let users = (0..120_000).map(|i| format!("user-{i}"));
        assert_eq!(systems.client.seed(users).await.unwrap(), 120_000);
        assert_eq!(systems.pump.snapshot().await.unwrap(), 120_001);
        assert_eq!(systems.pump.queue().status(clock.now()).pending, 0);
        assert_eq!(systems.replica.lookup("late").unwrap(), Some(true));
        assert_eq!(systems.replica.lookup("user-119999").unwrap(), Some(true));
        systems.end().await;
    }

    #[tokio::test]
    async fn an_announced_change_can_be_seen_already() {
        let systems = start(SyncPlan::default()).await;
        let url = format!("{}/changes", systems.replica_url);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut stream = http.get(url).send().await.unwrap();
        for i in 0..20 {
            let subject = format!("u{i}");
            systems.client.create(&subject).await.unwrap();
            let line = tokio::time::timeout(Duration::from_secs(10), stream.chunk()).await.unwrap();
            assert_eq!(systems.replica.lookup(&subject).unwrap(), Some(true));
            assert_eq!(line.unwrap().unwrap(), format!("{{\"subject\":\"{subject}\"}}\n"));
        }
        systems.end().await;
    }
}
