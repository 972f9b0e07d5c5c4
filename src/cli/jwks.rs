//! `substorm jwks`: the key set with which a gateway verifies a scenario's tokens.

use std::io::{self, Write as _};
use std::path::PathBuf;

use super::overrides::OverrideArgs;
use super::{Failure, key};
use crate::harness::Exit;
use crate::token::{TokenCache, TokenSource};

/// Print the key set (JWKS) that verifies a scenario's tokens
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The scenario file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Key file to use in place of the scenario's: PEM, JWK or JWK set
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The cache whose own key signs, for a scenario without a key file
    #[arg(long, value_name = "DIR", conflicts_with = "key")]
    cache: Option<PathBuf>,
    /// For HMAC algorithms, which have no public key: print the secret itself
    #[arg(long)]
    secret: bool,
    #[command(flatten)]
    overrides: OverrideArgs,
}

/// Prints the set.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    let plan = args.overrides.plan_for(&args.file, args.key.is_some())?;
    let mut signer = key::from_file(&plan.token, args.key.as_deref())?;
    if signer.is_none()
        && let Some(folder) = args.cache.as_ref().filter(|folder| folder.exists())
    {
        signer = TokenCache::open(folder)?.kept_signer(&plan.token)?;
    }
    let Some(signer) = signer else {
        let brought = matches!(plan.token.source, TokenSource::Brought(_));
        return Err(Failure::bad_input(if brought { not_ours(args) } else { no_key(args) }));
    };
    if signer.is_symmetric() && !args.secret {
        return Err(Failure::bad_input(format!(
            "{} verifies with the secret it signs with, and has no public key; --secret prints \
             the secret",
            signer.algorithm()
        )));
    }
    let set = if args.secret { signer.verifier_jwks() } else { signer.jwks() };
    let text = serde_json::to_string_pretty(&set)?;
    match writeln!(io::stdout(), "{text}") {
        // The reader has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Passed),
        result => Ok(result.map(|()| Exit::Passed)?),
    }
}

/// Why there is nothing to print for tokens that were made elsewhere.
fn not_ours(args: &Args) -> String {
    format!(
        "{}: it brings its tokens, and only whoever signed them has their key set; if you have the \
         private key, name it with --key FILE or in the scenario",
        args.file.display()
    )
}

/// Why there is nothing to print.
fn no_key(args: &Args) -> String {
    let file = args.file.display();
    match &args.cache {
        Some(folder) => format!(
            "{file}: the cache {0} has no key for it yet; `substorm mint {file} --cache {0} \
             --format none` makes one",
            folder.display()
        ),
        None => format!(
            "{file}: its key is generated for each run, so there is no key set to print; keep one \
             with `substorm mint {file} --key-out FILE`, then run `substorm jwks {file} --key \
             FILE`; or name a key file in the scenario; or use the key of a --cache"
        ),
    }
}
