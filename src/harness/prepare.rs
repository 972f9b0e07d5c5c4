//! Before the load: users, keys, tokens, defective tokens, and the system under test.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, unix_now};
use crate::population::{Lifecycle, Population};
use crate::report::{Observer, Step};
use crate::scenario::Plan;
use crate::stack::{Embedded, StackConfig};
use crate::token::mutation::PoolPlan;
use crate::token::{
    KeySource, Minting, MutatedTokens, Origin, Signer, TokenCache, TokenSource, TokenStore,
};
use crate::units::grouped;

use super::error::RunError;
use super::load_setup::defect_kinds;
use super::run::Options;
use super::system::{System, SystemError, Target};

/// Defective tokens are good for their defect so much longer than the load: minting and seeding
/// come before it.
const POOL_MARGIN: Duration = Duration::from_secs(600);

/// Everything that a run makes for itself before it touches anything else.
pub struct Prepared {
    /// The users.
    pub population: Population,
    /// What happens to them.
    pub lifecycle: Arc<Lifecycle>,
    /// Signs their tokens; `None` if people bring them and do not say with which key.
    pub signer: Option<Arc<Signer>>,
    /// Their tokens.
    pub tokens: Arc<TokenStore>,
    /// Where those come from, in one word for the report.
    pub tokens_from: &'static str,
    /// Tokens with defects.
    pub mutated: Arc<MutatedTokens>,
}

/// Makes users, keys and tokens, on all cores.
pub async fn prepare(
    plan: &Arc<Plan>,
    options: &Options,
    observer: &Arc<dyn Observer>,
    stop: &CancellationToken,
) -> Result<Prepared, RunError> {
    let (plan, observer, stop) = (Arc::clone(plan), Arc::clone(observer), stop.clone());
    let cache = options.token_cache.clone();
    let work = move || make(&plan, cache.as_deref(), observer.as_ref(), &stop);
    let made = tokio::task::spawn_blocking(work);
    made.await.map_err(|error| RunError::bug("the preparation", &error))?
}

fn make(
    plan: &Plan,
    cache: Option<&Path>,
    observer: &dyn Observer,
    stop: &CancellationToken,
) -> Result<Prepared, RunError> {
    let population = Population::new(&plan.population, plan.seed);
    let lifecycle = Arc::new(Lifecycle::new(population.initial(), population.len()));
    let cache = match (&plan.token.source, cache) {
        (TokenSource::Minted, Some(path)) => Some(TokenCache::open(path)?),
        (TokenSource::Brought(_), Some(_)) => {
            observer.remark("the token cache is not used: the scenario brings its tokens");
            None
        }
        (_, None) => None,
    };
    let signer = signer(plan, cache.as_ref())?.map(Arc::new);
    let spell = population.clone();
    let subjects = Arc::new(move |user, out: &mut String| spell.write_subject(user, out));
    let minting = signer
        .as_ref()
        .map(|signer| Minting::new(&plan.token, plan.seed, Arc::clone(signer), subjects));
    let issued = unix_now();
    let mutated = match &minting {
        Some(minting) => mutated(plan, minting, population.initial(), issued)?,
        None => MutatedTokens::default(),
    };
    let total = u64::from(population.len());
    let progress = |done| {
        observer.step(&Step::Minting { done, total });
        if stop.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let ready = match (&plan.token.source, minting, &cache) {
        (TokenSource::Brought(tokens), _, _) => Ok((TokenStore::brought(tokens), "file")),
        (TokenSource::Minted, Some(minting), Some(cache)) => {
            let kept = cache.store(minting, population.len(), issued, progress);
            kept.map_err(RunError::from).map(|(store, origin)| {
                observer.remark(&format!("{} tokens {origin}", grouped(total)));
                let kept = matches!(origin, Origin::Kept { .. });
                (store, if kept { "cache" } else { "minted" })
            })
        }
        (TokenSource::Minted, Some(minting), None) => {
            let minted = TokenStore::mint(minting, population.len(), issued, progress);
            minted.map_err(RunError::from).map(|store| (store, "minted"))
        }
        (TokenSource::Minted, None, _) => {
            Err(RunError::Bug { part: "minting", message: "there is no key".to_owned() })
        }
    };
    if stop.is_cancelled() {
        return Err(RunError::Interrupted);
    }
    let (tokens, tokens_from) = ready?;
    Ok(Prepared {
        population,
        lifecycle,
        signer,
        tokens: Arc::new(tokens),
        tokens_from,
        mutated: Arc::new(mutated),
    })
}

/// Tokens with the defects that the plan asks for.
fn mutated(
    plan: &Plan,
    minting: &Minting,
    users: u32,
    issued: u64,
) -> Result<MutatedTokens, RunError> {
    let kinds = defect_kinds(plan);
    let pool = PoolPlan {
        plan: &plan.token,
        minting,
        seed: plan.seed,
        users,
        issued,
        valid_for: plan.length() + plan.load.drain + POOL_MARGIN,
    };
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    Ok(MutatedTokens::prepare(&pool, &kinds)?)
}

/// The signer of a plan, with the cache's key where the plan names none.
fn signer(plan: &Plan, cache: Option<&TokenCache>) -> Result<Option<Signer>, RunError> {
    let known = matches!(plan.token.key, KeySource::File(_));
    match (&plan.token.source, cache) {
        (TokenSource::Brought(tokens), _) if known => {
            let signer = Signer::from_plan(&plan.token)?;
            tokens.suit(&signer, &plan.token, plan.target.is_none())?;
            Ok(Some(signer))
        }
        (TokenSource::Brought(_), _) => Ok(None),
        (TokenSource::Minted, Some(cache)) => Ok(Some(cache.signer(&plan.token)?)),
        (TokenSource::Minted, None) => Ok(Some(Signer::from_plan(&plan.token)?)),
    }
}

/// A key set that verifies nothing.
fn no_keys() -> serde_json::Value {
    serde_json::json!({"keys": []})
}

/// Starts the embedded stack, or reaches the target.
pub async fn start_system(
    plan: &Plan,
    prepared: &Prepared,
    program: &Path,
    clock: Clock,
) -> Result<System, RunError> {
    if let Some(target) = &plan.target {
        return Ok(System::Target(Target::reach(target, clock).await?));
    }
    let config = StackConfig {
        policies: plan.policies.clone(),
        sync: plan.sync,
        jwks: prepared.signer.as_ref().map_or_else(no_keys, |signer| signer.verifier_jwks()),
        issuer: plan.token.issuer.clone(),
        audience: plan.token.audience.clone(),
        algorithms: vec![plan.token.algorithm.name().to_owned()],
        seed: plan.seed,
    };
    let stack = Embedded::start(&config, program, clock).await.map_err(SystemError::from)?;
    Ok(System::of_stack(stack)?)
}

/// Renews tokens before they expire, until told to stop. Gives how often it came too late. The
/// first failure ends it.
pub async fn keep_fresh(tokens: Arc<TokenStore>, stop: CancellationToken) -> Result<u64, RunError> {
    let mut late = 0;
    loop {
        let store = Arc::clone(&tokens);
        let renewed = tokio::task::spawn_blocking(move || store.renew_due(unix_now())).await;
        let pause = match renewed.map_err(|error| RunError::bug("token renewal", &error))?? {
            // The rest of the second belongs to the load.
            Some(renewal) => {
                late += u64::from(renewal.late);
                Duration::from_millis(20)
            }
            None => Duration::from_millis(500),
        };
        tokio::select! {
            () = stop.cancelled() => return Ok(late),
            () = tokio::time::sleep(pause) => {}
        }
    }
}
