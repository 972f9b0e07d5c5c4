//! Which key the subcommands about tokens use.
//!
//! A run with a generated key draws it afresh and keeps it in memory. `mint` and `jwks` are two
//! processes that must agree, so for them a key lies in a file: the scenario's, or one that
//! `mint --key-out` wrote.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;

use super::Failure;
use crate::token::{KeySource, Signer, TokenPlan};

/// A signer with the key of `--key` or of the scenario; `None` if the scenario wants a fresh one.
pub(super) fn from_file(plan: &TokenPlan, key: Option<&Path>) -> anyhow::Result<Option<Signer>> {
    let source = match key {
        Some(path) => KeySource::File(path.to_owned()),
        None => plan.key.clone(),
    };
    match source {
        KeySource::Generated => Ok(None),
        KeySource::File(_) => {
            Ok(Some(Signer::new(plan.algorithm, &source, plan.key_id.as_deref())?))
        }
    }
}

/// A signer with a fresh key, which is kept in a new file that only its owner can read.
pub(super) fn fresh(plan: &TokenPlan, out: &Path) -> anyhow::Result<Signer> {
    let signer = Signer::new(plan.algorithm, &KeySource::Generated, plan.key_id.as_deref())?;
    let text = signer
        .private_key()
        .ok_or_else(|| anyhow::anyhow!("the crypto library could not export the fresh key"))?;
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(out).map_err(|error| {
            match error.kind() {
                std::io::ErrorKind::AlreadyExists => Failure::bad_input(format!(
                    "--key-out {}: the file exists; use its key with --key {0}, or name a new file",
                    out.display()
                )),
                _ => anyhow::Error::new(error).context(format!("--key-out {}", out.display())),
            }
        })?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .with_context(|| format!("--key-out {}: the key could not be written", out.display()))?;
    Ok(signer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::{Algorithm, TokenSource};
    use std::os::unix::fs::PermissionsExt as _;

    fn plan() -> TokenPlan {
        TokenPlan {
            source: TokenSource::Minted,
            algorithm: Algorithm::ES256,
            key: KeySource::Generated,
            key_id: None,
            issuer: "i".to_owned(),
            audience: "a".to_owned(),
            lifetime: std::time::Duration::from_secs(60),
            claims: serde_json::Map::new(),
            mutations: vec![],
        }
    }

    #[test]
    fn a_fresh_key_is_private_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        let signer = fresh(&plan(), &path).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = from_file(&plan(), Some(&path)).unwrap().unwrap();
        assert_eq!(again.jwks(), signer.jwks());
        let text = std::fs::read_to_string(&path).unwrap();
        let error = fresh(&plan(), &path).unwrap_err().to_string();
        assert!(error.contains("exists") && error.contains("--key "), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "the old key was overwritten");
        assert!(from_file(&plan(), None).unwrap().is_none());
    }
}
