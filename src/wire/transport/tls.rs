//! TLS by rustls, with the cryptography of AWS-LC.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ClientConfig, Resumption};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{
    DigitallySignedStruct, RootCertStore, SignatureScheme, SupportedProtocolVersion, pki_types,
};

use super::approach::{TlsPlan, TlsVersion, Version};
use super::wording::words;

/// TLS cannot be spoken as the scenario asks.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is not what it should be.
    #[error("{}: {problem}; expected {expected} in PEM", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// What is wrong with it.
        problem: String,
        /// What it should hold.
        expected: &'static str,
    },
    /// The system trusts nobody.
    #[error(
        "this machine has no certificates of authorities ({0}); install ca-certificates, or name a \
         file in target.tls.ca"
    )]
    NoRoots(String),
    /// Certificate and key do not go together, or the name is none.
    #[error("{0}; check [target.tls]")]
    Unfit(String),
}

impl From<rustls::Error> for TlsError {
    fn from(error: rustls::Error) -> Self {
        Self::Unfit(words(&error))
    }
}

/// The configuration that a plan comes to. Reads the files that it names.
pub(super) fn config(plan: &TlsPlan, version: Version) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let versions: &[&SupportedProtocolVersion] = match plan.version {
        TlsVersion::Auto => &[&TLS13, &TLS12],
        TlsVersion::Tls12 => &[&TLS12],
        TlsVersion::Tls13 => &[&TLS13],
    };
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)?;
    let builder = if plan.insecure {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
    } else {
        builder.with_root_certificates(roots(&plan.ca)?)
    };
    let mut config = match &plan.client {
        Some((chain, key)) => {
            let key = private_key(key)?;
            builder.with_client_auth_cert(certificates(chain)?, key)?
        }
        None => builder.with_no_client_auth(),
    };
    config.resumption = if plan.resume { Resumption::default() } else { Resumption::disabled() };
    config.alpn_protocols = match version {
        Version::Http1 => vec![b"http/1.1".to_vec()],
        Version::Http2 => vec![b"h2".to_vec()],
        Version::Auto => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
    };
    Ok(config)
}

/// The name that is asked for.
pub(super) fn server_name(plan: &TlsPlan, host: &str) -> Result<ServerName<'static>, TlsError> {
    let name = plan.server_name.as_deref().unwrap_or(host);
    ServerName::try_from(name.to_owned())
        .map_err(|_| TlsError::Unfit(format!("\"{name}\" is no name that a certificate can hold")))
}

fn roots(files: &[PathBuf]) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for file in files {
        trust(file, &mut roots)?;
    }
    if files.is_empty() {
        let found = rustls_native_certs::load_native_certs();
        // Systems carry some certificates that cannot be used; the others do.
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            let why = found.errors.first().map_or("none found".to_owned(), ToString::to_string);
            return Err(TlsError::NoRoots(why));
        }
    }
    Ok(roots)
}

fn trust(file: &Path, roots: &mut RootCertStore) -> Result<(), TlsError> {
    for certificate in certificates(file)? {
        roots.add(certificate).map_err(|error| TlsError::File {
            file: file.to_owned(),
            problem: words(&error),
            expected: "certificates of authorities",
        })?;
    }
    Ok(())
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_file(file).map_err(|error| unfit(file, &error, "a private key"))
}

/// What is wrong with the files that a plan names and with its server name: the key of
/// `[target.tls]`, the number of the file where the key has a list, and why.
pub fn examine(plan: &TlsPlan) -> Vec<(&'static str, usize, TlsError)> {
    let mut found = Vec::new();
    for (n, file) in plan.ca.iter().enumerate() {
        found.extend(trust(file, &mut RootCertStore::empty()).err().map(|error| ("ca", n, error)));
    }
    if let Some((chain_file, key_file)) = &plan.client {
        match (certificates(chain_file), private_key(key_file)) {
            (Ok(chain), Ok(key)) => {
                let pair = CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider());
                found.extend(pair.err().map(|error| {
                    let is_certificate = matches!(error, rustls::Error::InvalidCertificate(_));
                    let (at, file) =
                        if is_certificate { ("cert", chain_file) } else { ("key", key_file) };
                    let expected = "a certificate and its private key";
                    let (file, problem) = (file.clone(), words(&error));
                    (at, 0, TlsError::File { file, problem, expected })
                }));
            }
            (chain, key) => {
                found.extend(chain.err().map(|error| ("cert", 0, error)));
                found.extend(key.err().map(|error| ("key", 0, error)));
            }
        }
    }
    if let Some(name) = &plan.server_name {
        found.extend(server_name(plan, name).err().map(|error| ("server_name", 0, error)));
    }
    found
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let expected = "certificates";
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = read.map_err(|error| unfit(file, &error, expected))?;
    if found.is_empty() {
        return Err(unfit(file, &pki_types::pem::Error::NoItemsFound, expected));
    }
    Ok(found)
}

fn unfit(file: &Path, error: &pki_types::pem::Error, expected: &'static str) -> TlsError {
    let problem = match error {
        pki_types::pem::Error::Io(error) => error.to_string(),
        pki_types::pem::Error::NoItemsFound => "there is none in it".to_owned(),
        other => other.to_string(),
    };
    TlsError::File { file: file.to_owned(), problem, expected }
}

/// Takes any certificate, as `insecure` asks. Signatures are checked all the same: whoever
/// answers has at least the key of the certificate that it shows.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(plan: &TlsPlan) -> String {
        config(plan, Version::Auto).map(drop).unwrap_err().to_string()
    }

    #[test]
    fn files_that_do_not_serve_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let empty = folder.path().join("empty.pem");
        std::fs::write(&empty, "nothing\n").unwrap();
        let ca = TlsPlan { ca: vec![empty.clone()], ..TlsPlan::default() };
        let text = message(&ca);
        assert!(text.contains("empty.pem: there is none in it; expected certificates"), "{text}");
        let client = Some((folder.path().join("absent.pem"), empty));
        let text =
            message(&TlsPlan { insecure: true, client: client.clone(), ..TlsPlan::default() });
        assert!(text.contains("empty.pem") && text.contains("a private key"), "{text}");
    }

    #[test]
    fn names_and_addresses_can_be_asked_for() {
        let plan = TlsPlan::default();
        for name in ["example.test", "127.0.0.1", "::1"] {
            assert!(server_name(&plan, name).is_ok(), "{name}");
        }
        assert!(server_name(&plan, "not a name").is_err());
        let other = TlsPlan { server_name: Some("other.test".into()), ..plan };
        assert_eq!(server_name(&other, "127.0.0.1").unwrap().to_str(), "other.test");
    }
}
