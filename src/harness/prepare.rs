//! Before the load: users, keys, tokens, defective tokens, and the system under test.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, unix_now};
use crate::population::{Lifecycle, Population};
use crate::scenario::Plan;
use crate::stack::{Embedded, StackConfig};
use crate::token::mutation::PoolPlan;
use crate::token::{Minting, MutatedTokens, Origin, Signer, TokenCache, TokenStore};
use crate::units::grouped;

use super::error::RunError;
use super::load_setup::defect_kinds;
use super::observer::{Observer, Step};
use super::run::Options;
use super::system::{System, Target};

/// Defective tokens are good for their defect so much longer than the load: minting and seeding
/// come before it.
const POOL_MARGIN: Duration = Duration::from_secs(600);

/// Everything that a run makes for itself before it touches anything else.
pub struct Prepared {
    /// The users.
    pub population: Population,
    /// What happens to them.
    pub lifecycle: Arc<Lifecycle>,
    /// Signs their tokens.
    pub signer: Arc<Signer>,
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
    let cache = cache.map(TokenCache::open).transpose()?;
    let signer = Arc::new(match &cache {
        Some(cache) => cache.signer(&plan.token)?,
        None => Signer::from_plan(&plan.token)?,
    });
    let spell = population.clone();
    let subjects = Arc::new(move |user, out: &mut String| spell.write_subject(user, out));
    let minting = Minting::new(&plan.token, plan.seed, Arc::clone(&signer), subjects);
    let issued = unix_now();
    let total = u64::from(population.len());
    let progress = |done| {
        observer.step(&Step::Minting { done, total });
        if stop.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let kinds = defect_kinds(plan);
    let pool = PoolPlan {
        plan: &plan.token,
        minting: &minting,
        seed: plan.seed,
        users: population.initial(),
        issued,
        valid_for: plan.length() + plan.load.drain + POOL_MARGIN,
    };
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    let mutated = MutatedTokens::prepare(&pool, &kinds)?;
    let made = match &cache {
        Some(cache) => cache
            .store(minting, population.len(), issued, progress)
            .map(|(tokens, origin)| (tokens, Some(origin)))
            .map_err(RunError::from),
        None => TokenStore::mint(minting, population.len(), issued, progress)
            .map(|tokens| (tokens, None))
            .map_err(RunError::from),
    };
    if stop.is_cancelled() {
        return Err(RunError::Interrupted);
    }
    let (tokens, origin) = made?;
    if let Some(origin) = &origin {
        observer.remark(&format!("{} tokens {origin}", grouped(total)));
    }
    Ok(Prepared {
        population,
        lifecycle,
        signer,
        tokens: Arc::new(tokens),
        tokens_from: match origin {
            Some(Origin::Kept { .. }) => "cache",
            _ => "minted",
        },
        mutated: Arc::new(mutated),
    })
}

/// Starts the embedded stack, or reaches the target.
pub async fn start_system(
    plan: &Plan,
    prepared: &Prepared,
    program: &Path,
    clock: Clock,
) -> Result<System, RunError> {
    if let Some(target) = &plan.target {
        return Ok(System::Target(Target::reach(target).await?));
    }
    let config = StackConfig {
        policies: plan.policies.clone(),
        sync: plan.sync,
        jwks: prepared.signer.verifier_jwks(),
        issuer: plan.token.issuer.clone(),
        audience: plan.token.audience.clone(),
        algorithms: vec![plan.token.algorithm.name().to_owned()],
        seed: plan.seed,
    };
    Ok(System::Embedded(Box::new(Embedded::start(&config, program, clock).await?)))
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
