//! `substorm jwks`: the key set with which a gateway verifies a scenario's tokens.

use std::io::{self, Write as _};
use std::path::PathBuf;

use super::overrides::OverrideArgs;
use super::{Failure, key};
use crate::harness::Exit;

/// Print the key set (JWKS) that verifies a scenario's tokens
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The scenario file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Key file to use in place of the scenario's: PEM, JWK or JWK set
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// For HMAC algorithms, which have no public key: print the secret itself
    #[arg(long)]
    secret: bool,
    #[command(flatten)]
    overrides: OverrideArgs,
}

/// Prints the set.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    let plan = args.overrides.plan(&args.file)?;
    let Some(signer) = key::from_file(&plan.token, args.key.as_deref())? else {
        return Err(Failure::bad_input(format!(
            "{0}: its key is generated for each run, so there is no key set to print; keep one \
             with `substorm mint {0} --key-out FILE`, then run `substorm jwks {0} --key FILE`; \
             or name a key file in the scenario",
            args.file.display()
        )));
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
