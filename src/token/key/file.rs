//! Reading a key file: which form it is in, and what to say when it does not fit.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::super::algorithm::{Algorithm, Family};
use super::{SigningKey, jwk, pem};

/// More than any key file has: enough for a set of dozens of keys.
const LONGEST: u64 = 1 << 20;

/// A key that could not be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file could not be read.
    #[error("key file {path}: {source}; give a PEM or JWK file that this user can read")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file does not hold a key that the algorithm can sign with.
    #[error("key file {path}: found {found}; {algorithm} needs {needs}{help}", needs = algorithm.family().needs())]
    Unfit {
        /// The file.
        path: PathBuf,
        /// The algorithm that the scenario asks for.
        algorithm: Algorithm,
        /// What the file holds.
        found: String,
        /// What to do, after a semicolon; empty where it is plain.
        help: String,
    },
    /// The crypto library gave no key.
    #[error("no {algorithm} key could be generated: the crypto library reported a failure")]
    NotGenerated {
        /// The algorithm that the scenario asks for.
        algorithm: Algorithm,
    },
}

/// Why the text of a file is not the key that is wanted.
#[derive(Debug)]
pub(super) struct Unfit {
    /// What was found: a noun phrase.
    pub found: String,
    /// What to do: an imperative phrase, or nothing.
    pub help: String,
}

impl Unfit {
    pub(super) fn found(found: impl Into<String>) -> Self {
        Self { found: found.into(), help: String::new() }
    }

    pub(super) fn help(self, help: impl Into<String>) -> Self {
        Self { help: help.into(), ..self }
    }
}

/// A key from a file, and the `kid` that the file gives it.
#[derive(Debug)]
pub(in super::super) struct KeyFromFile {
    pub key: SigningKey,
    pub key_id: Option<String>,
}

/// Reads a private key in PEM (PKCS#8, PKCS#1, SEC 1) or as a JWK or JWK set; for HMAC a JWK, or
/// any other file as the secret itself, byte for byte but for one line end after it. `key_id`
/// chooses among the keys of a set.
pub(in super::super) fn read(
    path: &Path,
    algorithm: Algorithm,
    key_id: Option<&str>,
) -> Result<KeyFromFile, KeyError> {
    let bytes = read_bytes(path)
        .map_err(|source| KeyError::Unreadable { path: path.to_owned(), source })?;
    read_text(path, &bytes, algorithm, key_id)
}

/// The same of a file that was read already.
pub(in super::super) fn read_text(
    path: &Path,
    bytes: &[u8],
    algorithm: Algorithm,
    key_id: Option<&str>,
) -> Result<KeyFromFile, KeyError> {
    parse(bytes, algorithm, key_id).map_err(|unfit| KeyError::Unfit {
        path: path.to_owned(),
        algorithm,
        found: unfit.found,
        help: if unfit.help.is_empty() { unfit.help } else { format!("; {}", unfit.help) },
    })
}

fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(io::Error::other("it is larger than 1 MiB, which no key file is"));
    }
    Ok(bytes)
}

fn parse(bytes: &[u8], algorithm: Algorithm, key_id: Option<&str>) -> Result<KeyFromFile, Unfit> {
    let text = std::str::from_utf8(bytes).ok().map(str::trim).unwrap_or_default();
    if bytes.is_empty() {
        return Err(Unfit::found("an empty file"));
    }
    if text.contains("-----BEGIN ") {
        let key = pem::read(text, algorithm)?;
        return Ok(KeyFromFile { key, key_id: None });
    }
    if text.starts_with('{') {
        return jwk::read(text, algorithm, key_id);
    }
    if algorithm.family() != Family::Hmac {
        let found = Unfit::found("neither PEM (\"-----BEGIN …\") nor JSON (\"{…}\")");
        return Err(found.help("convert DER with `openssl pkey -inform DER -in FILE`"));
    }
    let secret = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let secret = secret.strip_suffix(b"\r").unwrap_or(secret);
    if secret.is_empty() {
        return Err(Unfit::found("an empty line"));
    }
    Ok(KeyFromFile { key: SigningKey::from_secret(algorithm, secret), key_id: None })
}
