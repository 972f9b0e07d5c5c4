//! An authority, and what it vouches for, as PEM files in a folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ServerConfig, WebPkiClientVerifier};

/// An authority and its folder.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: PathBuf,
    name: String,
}

impl Authority {
    /// Makes one; its certificate is `NAME.pem`.
    pub fn new(folder: &Path, name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        std::fs::write(folder.join(format!("{name}.pem")), issuer.pem()).unwrap();
        Self { issuer, folder: folder.to_owned(), name: name.to_owned() }
    }

    /// Issues a certificate for names: the files of chain and key.
    pub fn issue(&self, file: &str, names: &[&str]) -> (PathBuf, PathBuf) {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(names).unwrap().signed_by(&key, &self.issuer).unwrap();
        let chain = self.folder.join(format!("{file}.pem"));
        let key_file = self.folder.join(format!("{file}.key"));
        std::fs::write(&chain, certificate.pem()).unwrap();
        std::fs::write(&key_file, key.serialize_pem()).unwrap();
        (chain, key_file)
    }

    /// A server that shows a certificate for these names.
    pub fn server(&self, names: &[&str], clients: Clients<'_>) -> ServerConfig {
        let (chain, key) = self.issue("server", names);
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match clients {
            Clients::Anybody => builder.with_no_client_auth(),
            Clients::Of(authority) => {
                let mut roots = RootCertStore::empty();
                let file = authority.folder.join(format!("{}.pem", authority.name));
                roots.add(CertificateDer::from_pem_file(file).unwrap()).unwrap();
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let chain = vec![CertificateDer::from_pem_file(chain).unwrap()];
        builder.with_single_cert(chain, PrivateKeyDer::from_pem_file(key).unwrap()).unwrap()
    }
}

/// Whom a server lets connect.
#[derive(Clone, Copy)]
pub enum Clients<'a> {
    Anybody,
    /// Those with a certificate of this authority.
    Of(&'a Authority),
}
