//! `substorm stack`: the embedded stack alone, for other tools to be pointed at.

use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

use super::Failure;
use super::overrides::OverrideArgs;
use crate::clock::{Clock, unix_now};
use crate::harness::Exit;
use crate::identity::UserIndex;
use crate::population::Population;
use crate::scenario::{self, Plan};
use crate::stack::{Embedded, StackConfig};
use crate::token::{BroughtTokens, KeySource, Minting, Signer, TokenSource};
use crate::units::grouped;

/// Run the embedded stack alone, with a scenario's users, until Ctrl-C
///
/// Nothing is sent and nothing goes wrong: target, phases, faults and thresholds of the scenario
/// are passed over. Every listener is on 127.0.0.1.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The scenario file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Write a token for each user to this file, one a line, readable by you alone
    #[arg(long, value_name = "FILE")]
    tokens: Option<PathBuf>,
    #[command(flatten)]
    overrides: OverrideArgs,
}

/// Runs the stack until a signal.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    let plan = scenario::load(&args.file, &args.overrides.overrides())
        .map_err(|error| Failure::bad_input(error.to_string()))?;
    if let TokenSource::Brought(tokens) = &plan.token.source {
        brought_tokens_suit(args, &plan, tokens)?;
    }
    let signer = Arc::new(Signer::from_plan(&plan.token)?);
    let population = Arc::new(Population::new(&plan.population, plan.seed));
    if let Some(path) = &args.tokens {
        write_tokens(path, &plan, &signer, &population)
            .with_context(|| format!("tokens cannot be written to {}", path.display()))?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(live(args, &plan, &signer, population))
}

/// Whether the stack's gateway can take the tokens that a scenario brings.
fn brought_tokens_suit(args: &Args, plan: &Plan, tokens: &BroughtTokens) -> anyhow::Result<()> {
    let (file, path) = (args.file.display(), tokens.path().display());
    if args.tokens.is_some() {
        return Err(Failure::bad_input(format!(
            "{file}: it brings its tokens, so there are none to write; they are in {path}"
        )));
    }
    if plan.token.key == KeySource::Generated {
        return Err(Failure::bad_input(format!(
            "{file}: the stack verifies tokens, so it must know who signed those in {path}; give \
             the private key as `key` in [token]"
        )));
    }
    Ok(tokens.suit(&Signer::from_plan(&plan.token)?, &plan.token, true)?)
}

fn write_tokens(
    path: &Path,
    plan: &Plan,
    signer: &Arc<Signer>,
    population: &Arc<Population>,
) -> anyhow::Result<()> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    let mut file = BufWriter::new(file);
    let users = Arc::clone(population);
    let subjects = Arc::new(move |user, out: &mut String| users.write_subject(user, out));
    let minting = Minting::new(&plan.token, plan.seed, Arc::clone(signer), subjects);
    let mut written = Ok(());
    let minted = minting.each(
        population.initial(),
        unix_now(),
        |_| ControlFlow::Continue(()),
        |_, token| {
            written = file.write_all(token).and_then(|()| file.write_all(b"\n"));
            if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        },
    );
    // That it was stopped is the consequence, the failed write is the cause.
    written?;
    minted?;
    file.flush()?;
    Ok(())
}

async fn live(
    args: &Args,
    plan: &Plan,
    signer: &Signer,
    population: Arc<Population>,
) -> anyhow::Result<Exit> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let config = StackConfig {
        policies: plan.policies.clone(),
        sync: plan.sync,
        jwks: signer.verifier_jwks(),
        issuer: plan.token.issuer.clone(),
        audience: plan.token.audience.clone(),
        algorithms: vec![plan.token.algorithm.name().to_owned()],
        seed: plan.seed,
    };
    let stack = Embedded::start(&config, &Embedded::this_program()?, Clock::start()).await?;
    let ended = tokio::select! {
        ended = serve(args, plan, &stack, population) => ended,
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    };
    match ended {
        Ok(()) => stack.stop().await?,
        Err(error) => {
            // The first error says more than how the stack then ended.
            drop(stack.stop().await);
            return Err(error);
        }
    }
    Ok(Exit::Passed)
}

/// Seeds the users, prints the addresses, and waits for the stack to die, which it should not.
async fn serve(
    args: &Args,
    plan: &Plan,
    stack: &Embedded,
    population: Arc<Population>,
) -> anyhow::Result<()> {
    let initial = population.initial();
    let users =
        stack.seed((0..initial).map(move |user| population.subject(UserIndex(user)))).await?;
    print(&describe(args, plan, stack, users))?;
    Err(stack.died().await.into())
}

fn describe(args: &Args, plan: &Plan, stack: &Embedded, users: u64) -> String {
    let (systems, links) = (stack.systems(), stack.links());
    let line = |name: &str, at: SocketAddr, path: &str| format!("  {name:<20} http://{at}{path}\n");
    let mut text = format!(
        "{}: {} users, seed {}. Ctrl-C ends the stack.\n\n",
        plan.name,
        grouped(users),
        plan.seed
    );
    text += &line("gateway", stack.gateway(), "");
    text += &line("gateway control", stack.gateway_control(), "/stats");
    text += &line("primary (SCIM)", systems.idp, "/scim/v2/Users");
    text += &line("identity provider", systems.idp, "/.well-known/openid-configuration");
    text += &line("replica directory", systems.directory, "/users/");
    text += &line("sync control", systems.sync_control, "/sync");
    text += &line("upstream", systems.upstream, "");
    text += "\nThe gateway goes through these links:\n\n";
    text += &line("store", links.store.address(), "");
    text += &line("cache", links.cache.address(), "/changes");
    text += &line("identity provider", links.idp.address(), "/jwks.json");
    text += &token_advice(args, plan);
    text
}

/// How to come by tokens that the gateway takes.
fn token_advice(args: &Args, plan: &Plan) -> String {
    if let TokenSource::Brought(tokens) = &plan.token.source {
        return format!("\nTokens of all users: {}\n", tokens.path().display());
    }
    match (&args.tokens, &plan.token.key) {
        (Some(path), _) => format!("\nTokens of all users: {}\n", path.display()),
        (None, KeySource::File(_)) => {
            format!("\nFor tokens: substorm mint {}\n", args.file.display())
        }
        // A key that was drawn for this process is unknown to any other.
        (None, KeySource::Generated) => {
            "\nFor tokens, start again with --tokens FILE: the key is this stack's own.\n"
                .to_owned()
        }
    }
}

fn print(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
