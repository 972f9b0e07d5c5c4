//! A running gateway: its listeners and the tasks that keep its knowledge fresh.

use std::io;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Request, Response};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::admit::Admission;
use super::client::Client;
use super::config::{Addresses, GatewayConfig};
use super::deny_list::DenyList;
use super::forward::{Forward, REQUEST_ID};
use super::key_source::KeySource;
use super::lookup::Lookup;
use super::misconfig::Misconfig;
use super::mutant::Bugs;
use super::refusal::{Body, Refusal};
use super::resolve::{Manner, Store};
use super::stats::Stats;
use super::timing::{Lap, Timing};
use super::{changes, control, listen};
use crate::clock::{Clock, unix_now};

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Serves requests on `listener` and orders on `control_listener` until cancelled.
///
/// # Errors
/// A configuration that cannot work, a listener that failed, or a task that ended by a panic.
pub async fn serve(
    listener: TcpListener,
    control_listener: TcpListener,
    config: GatewayConfig,
    cancel: CancellationToken,
) -> io::Result<()> {
    let addresses = config.check()?;
    let client = Client::default();
    let gateway = Arc::new(Gateway::new(&config, &addresses, &client));
    let admission = &gateway.admission;
    // The tasks end together: when cancelled, or when one of them ends by itself.
    let stop = cancel.child_token();
    let mut tasks: JoinSet<io::Result<()>> = JoinSet::new();
    let (keys, token) = (Arc::clone(&admission.keys), stop.clone());
    tasks.spawn(async move {
        keys.keep_up(token).await;
        Ok(())
    });
    if let Some(list) = admission.deny_list.clone() {
        let token = stop.clone();
        tasks.spawn(async move {
            list.poll(token).await;
            Ok(())
        });
    }
    if let Some(uri) = addresses.changes {
        tasks.spawn(hear_changes(Arc::clone(admission), client.clone(), uri, stop.clone()));
    }
    tasks.spawn(control::serve(control_listener, Arc::clone(admission), stop.clone()));
    tasks.spawn(listen::listen(listener, stop.clone(), move |request| {
        let gateway = Arc::clone(&gateway);
        async move { gateway.answer(request).await }
    }));
    let mut outcome = Ok(());
    while let Some(joined) = tasks.join_next().await {
        let mut ended = joined.map_err(io::Error::other).and_then(|ended| ended);
        if ended.is_ok() && !stop.is_cancelled() {
            ended = Err(io::Error::other("a task of the gateway ended before it was told to"));
        }
        stop.cancel();
        outcome = outcome.and(ended);
    }
    client.close().await;
    outcome
}

async fn hear_changes(
    admission: Arc<Admission>,
    client: Client,
    uri: hyper::Uri,
    stop: CancellationToken,
) -> io::Result<()> {
    let stats = Arc::clone(&admission.manner.stats);
    changes::listen(&client, &uri, &stats, stop, |subject| {
        let admission = Arc::clone(&admission);
        async move { admission.hear(&subject).await }
    })
    .await;
    Ok(())
}

/// What answers requests.
struct Gateway {
    admission: Arc<Admission>,
    forward: Forward,
}

impl Gateway {
    fn new(config: &GatewayConfig, addresses: &Addresses, client: &Client) -> Self {
        let (clock, stats) = (Clock::start(), Arc::new(Stats::default()));
        let policies = &config.policies;
        let bugs = Bugs::of(policies.mutant);
        let negative = bugs.negative_life(policies.cache.negative_ttl);
        let store = |directory| Store::of(policies, directory, &config.primary, negative);
        let keys = KeySource::new(
            client.clone(),
            addresses.jwks.clone(),
            config.algorithms.clone(),
            clock,
            Arc::clone(&stats),
        );
        let deny_list = addresses.deny_list.clone();
        let admission = Admission {
            rules: Admission::rules(config, &bugs),
            keys: Arc::new(keys),
            deny_list: deny_list.map(|uri| Arc::new(DenyList::new(client.clone(), uri))),
            store: store(&config.directory),
            wrong_store: store(&config.wrong_directory),
            manner: Manner {
                lookup: Lookup::new(client.clone(), policies.lookup_timeout, Arc::clone(&stats)),
                single_flight: policies.single_flight,
                retries: policies.retry_on_not_found,
                clock,
                stats,
            },
            bugs,
            misconfig: Misconfig::default(),
            clock,
            policies: policies.clone(),
        };
        let forward = Forward::new(client.clone(), addresses.upstream.clone(), unix_now());
        Self { admission: Arc::new(admission), forward }
    }

    /// Answers one request.
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let stats = &self.admission.manner.stats;
        stats.requests.count();
        let request_id = self.forward.request_id(request.headers());
        let mut timing = Timing::default();
        let answer = self.let_in(request, &request_id, &mut timing).await;
        let mut answer = answer.unwrap_or_else(|refusal| {
            stats.refused.count();
            refusal.answer(self.admission.bugs.sends_challenge())
        });
        let headers = answer.headers_mut();
        headers.insert(REQUEST_ID, request_id);
        if let Some(field) = timing.field() {
            headers.append(SERVER_TIMING, field);
        }
        answer
    }

    async fn let_in(
        &self,
        request: Request<Incoming>,
        request_id: &HeaderValue,
        timing: &mut Timing,
    ) -> Result<Response<Body>, Refusal> {
        let (method, uri, headers) = (request.method(), request.uri(), request.headers());
        let user = self.admission.admit(method, uri, headers, timing).await?;
        self.admission.manner.stats.forwarded.count();
        let (name, _under_way) = self.admission.bugs.name_for(&user);
        let mut lap = Lap::begin(self.admission.clock);
        let answer = self.forward.send(request, &name, request_id).await;
        timing.upstream = Some(lap.end());
        answer
    }
}
