//! Every kind of defect, in every variant, sent to the reference gateway: it answers each as the
//! registry says that a correct gateway does.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use substorm::clock::{Clock, unix_now};
use substorm::directory::serve::serve;
use substorm::directory::{SqliteStore, UserChange, lookup};
use substorm::gateway::{self, GatewayConfig, Mutant, Policies};
use substorm::identity::UserIndex;
use substorm::idp::keys;
use substorm::outcome::{Class, ClassSet, profiles};
use substorm::population::{Popularity, Population, PopulationPlan, SubjectScheme};
use substorm::seed::Seed;
use substorm::token::mutation::{PoolPlan, REGISTRY};
use substorm::token::{
    Algorithm, Expectation, KeySource, Minting, MutatedToken, MutatedTokens, Signer, TokenPlan,
    TokenSource,
};
use substorm::wire::http1::Limits;
use substorm::wire::transport::{Approach, Reach};
use substorm::wire::{
    Connection as _, Connector as _, RawConnector, RequestSpec, Template, Values,
};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const SEED: Seed = Seed(7);
const USERS_A_SCHEME: u32 = 20;

/// Users of every scheme, in turn.
fn populations() -> Vec<Population> {
    [
        SubjectScheme::UuidV4,
        SubjectScheme::UuidV7,
        SubjectScheme::Integer,
        SubjectScheme::Email,
        SubjectScheme::Prefixed("auth0|".to_owned()),
        // Composed and decomposed letters, so that normalisation has something to do.
        SubjectScheme::Prefixed("clé_".to_owned()),
        SubjectScheme::Prefixed("cle\u{301}s_".to_owned()),
        SubjectScheme::Opaque,
    ]
    .into_iter()
    .map(|scheme| {
        let popularity = Popularity::Uniform;
        let plan = PopulationPlan { users: USERS_A_SCHEME, spare: 0, scheme, popularity };
        Population::new(&plan, SEED)
    })
    .collect()
}

struct World {
    plan: TokenPlan,
    minting: Minting,
    users: u32,
    gateway: SocketAddr,
    stop: CancellationToken,
    tasks: JoinSet<std::io::Result<()>>,
    _folder: tempfile::TempDir,
}

async fn bind() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

impl World {
    async fn start(algorithm: Algorithm, policies: Policies) -> Self {
        let plan = TokenPlan {
            source: TokenSource::Minted,
            algorithm,
            key: KeySource::Generated,
            key_id: None,
            issuer: "https://idp.substorm.test".to_owned(),
            audience: "orders".to_owned(),
            lifetime: Duration::from_secs(300),
            claims: serde_json::Map::new(),
            mutations: vec![],
        };
        let populations = populations();
        let users = USERS_A_SCHEME * populations.len() as u32;
        let spell = move |user: UserIndex, out: &mut String| {
            let schemes = populations.len() as u32;
            let population = &populations[(user.0 % schemes) as usize];
            population.write_subject(UserIndex(user.0 / schemes), out);
        };
        let signer = Arc::new(Signer::from_plan(&plan).unwrap());
        let minting = Minting::new(&plan, SEED, Arc::clone(&signer), Arc::new(spell));

        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(&folder.path().join("users")).unwrap());
        let present: Vec<_> = (0..users)
            .map(|user| UserChange {
                subject: minting.subject(UserIndex(user)),
                active: Some(true),
            })
            .collect();
        store.apply(&present).unwrap();

        let (stop, mut tasks) = (CancellationToken::new(), JoinSet::new());
        let (around, around_at) = bind().await;
        let routes =
            lookup::routes(store).merge(keys::routes(plan.issuer.clone(), signer.verifier_jwks()));
        tasks.spawn(serve(around, routes, stop.clone()));
        let (upstream, upstream_at) = bind().await;
        tasks.spawn(gateway::upstream::serve(upstream, stop.clone()));
        let (listener, gateway) = bind().await;
        let config = GatewayConfig {
            policies,
            directory: format!("http://{around_at}"),
            primary: format!("http://{around_at}"),
            wrong_directory: format!("http://{around_at}"),
            changes: None,
            jwks: format!("http://{around_at}/jwks.json"),
            deny_list: None,
            upstream: format!("http://{upstream_at}"),
            issuer: plan.issuer.clone(),
            audience: plan.audience.clone(),
            algorithms: vec![algorithm.name().to_owned()],
        };
        tasks.spawn(gateway::serve(listener, bind().await.0, config, stop.clone()));
        Self { plan, minting, users, gateway, stop, tasks, _folder: folder }
    }

    fn tokens(&self) -> MutatedTokens {
        let from = PoolPlan {
            plan: &self.plan,
            minting: &self.minting,
            seed: SEED,
            users: self.users,
            issued: unix_now(),
            valid_for: Duration::from_secs(600),
        };
        let kinds: Vec<_> = REGISTRY.iter().map(|kind| kind.name).collect();
        MutatedTokens::prepare(&from, &kinds).unwrap()
    }

    /// Sends one request: what the answer may mean, and whom the upstream was called for.
    async fn ask(&self, token: &[u8]) -> (u16, ClassSet, Option<String>) {
        let profile = profiles::named("rfc6750").unwrap();
        let reach = Arc::new(Reach::new(Approach::plain(self.gateway)).unwrap());
        let connector = RawConnector::new(Clock::start(), reach, Limits::default());
        let spec = RequestSpec {
            method: "GET".to_owned(),
            path: "/orders".to_owned(),
            ..RequestSpec::default()
        };
        let template = Template::new(&spec, "gateway").unwrap();
        let exchange = async {
            let mut connection = connector.connect().await?.connection;
            connection.stage(&template, &Values { user: "", number: 0, seq: 0, uuid: 0, token });
            connection.send().await?;
            let received = connection.receive(|seen| {
                let user = seen.header_text("x-user-id").map(str::to_owned);
                let challenged = seen.status != 401 || seen.header("www-authenticate").is_some();
                assert!(challenged, "401 without a challenge (RFC 9110 §11.6.1)");
                (seen.status, (profile.read)(seen).meanings(), user)
            });
            received.await.map(|received| received.value)
        };
        let answer = tokio::time::timeout(Duration::from_secs(20), exchange).await.unwrap();
        answer.unwrap_or_else(|failure| (0, ClassSet::of(&[failure.class()]), None))
    }

    /// What is wrong with the answer to this token.
    async fn problem(&self, token: &MutatedToken<'_>) -> Option<String> {
        let (status, classes, user) = self.ask(token.bytes).await;
        let right = match token.expectation {
            Expectation::Accept => {
                classes == ClassSet::of(&[Class::Accepted])
                    && user == Some(self.minting.subject(token.user))
            }
            Expectation::Reject(reasons) => {
                user.is_none() && !classes.contains(Class::Accepted) && classes.meets(reasons)
            }
        };
        let classes: Vec<_> = classes.iter().map(Class::name).collect();
        let subject = self.minting.subject(token.user);
        let expected = token.expectation;
        (!right)
            .then(|| format!("{status} {classes:?} as {user:?} for {subject}, not {expected:?}"))
    }

    async fn stop(mut self) {
        self.stop.cancel();
        while let Some(joined) = self.tasks.join_next().await {
            joined.unwrap().unwrap();
        }
    }
}

/// A kind and its variant.
type Name = (&'static str, &'static str);

/// Sends every token: the variants that were tried, and those that were answered wrongly.
async fn send_all(
    algorithm: Algorithm,
    policies: Policies,
) -> (BTreeSet<Name>, BTreeMap<Name, String>) {
    let world = World::start(algorithm, policies).await;
    let pool = world.tokens();
    let (mut tried, mut problems) = (BTreeSet::new(), BTreeMap::new());
    for slot in 0..pool.kinds() {
        for token in pool.all(slot) {
            let name = (token.kind, token.variant);
            tried.insert(name);
            if let Some(problem) = world.problem(&token).await {
                problems.entry(name).or_insert(problem);
            }
        }
    }
    world.stop().await;
    (tried, problems)
}

async fn every_defect_is_answered_as_expected(algorithm: Algorithm) {
    let (tried, problems) = send_all(algorithm, Policies::default()).await;
    assert!(problems.is_empty(), "{algorithm}: {problems:#?}");
    for kind in REGISTRY {
        // A shared secret has no public key to misuse; that apart, each variant is tried.
        let tried = kind.variants.iter().filter(|v| tried.contains(&(kind.name, v.name))).count();
        let all = kind.variants.len();
        let excused = algorithm == Algorithm::HS256 && kind.name == "token-public-key-as-secret";
        assert!(tried == all || excused, "{algorithm}: {tried} of {all} variants of {}", kind.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_public_key() {
    every_defect_is_answered_as_expected(Algorithm::ES256).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_shared_secret() {
    every_defect_is_answered_as_expected(Algorithm::HS256).await;
}

/// That the tests above can fail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateways_with_known_bugs_are_found_out() {
    let cases: [(Mutant, &[Name]); 3] = [
        (
            Mutant::FoldsSubject,
            &[
                ("sub-case", "upper"),
                ("sub-whitespace", "leading-space"),
                ("sub-whitespace", "trailing-lf"),
                ("sub-email", "domain-case"),
            ],
        ),
        (Mutant::SkipsExpiry, &[("token-expired", "an-hour-ago"), ("token-expired", "in-1970")]),
        (Mutant::AcceptsAlgNone, &[("token-alg-none", "none")]),
    ];
    for (mutant, expected) in cases {
        let policies = Policies { mutant: Some(mutant), ..Policies::default() };
        let (_, problems) = send_all(Algorithm::EdDSA, policies).await;
        for name in expected {
            assert!(problems.contains_key(name), "{mutant:?} passes {name:?}: {problems:#?}");
        }
    }
}
