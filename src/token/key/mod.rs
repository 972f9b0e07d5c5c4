//! A signing key, parsed once.
//!
//! `jsonwebtoken::encode` parses its key for every token, which about halves the rate of minting,
//! and its own RSA signer does so for every signature. Its [`JwtSigner`] trait is the seam: a
//! [`SigningKey`] implements it over an `aws-lc-rs` key that was parsed when it was made.
//!
//! Files are read in `file`, `pem` and `jwk`.

mod file;
mod jwk;
mod pem;

use std::fmt;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self as lc, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaEncoding,
    RsaKeyPair, RsaPublicKeyComponents,
};
use aws_lc_rs::{error::Unspecified, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::JwtSigner;
use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, EllipticCurveKeyParameters, EllipticCurveKeyType,
    OctetKeyPairParameters, OctetKeyPairType, OctetKeyParameters, OctetKeyType, RSAKeyParameters,
    RSAKeyType,
};
use jsonwebtoken::signature as traits;

pub use file::KeyError;
pub(super) use file::{KeyFromFile, read, read_text};

use super::algorithm::{Algorithm, Family};

/// A private key (or an HMAC secret) and the algorithm it signs with.
pub(super) struct SigningKey {
    algorithm: Algorithm,
    parsed: Parsed,
}

/// A key in the form that its algorithm signs with.
pub(super) enum Parsed {
    Hmac { key: Box<hmac::Key>, secret: Box<[u8]> },
    Rsa(Box<RsaKeyPair>),
    Ec(Box<EcdsaKeyPair>),
    Ed(Box<Ed25519KeyPair>),
}

impl fmt::Debug for SigningKey {
    /// Shows the algorithm and never the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

impl SigningKey {
    /// A fresh key from the system's random source. Not from the seed: whoever knows a scenario
    /// must not be able to sign as its issuer.
    pub(super) fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let made = match algorithm.family() {
            Family::Hmac => random_secret(algorithm).map(|secret| hmac_key(algorithm, secret)),
            Family::Rsa => {
                RsaKeyPair::generate(KeySize::Rsa2048).map(|pair| Parsed::Rsa(Box::new(pair)))
            }
            Family::P256 | Family::P384 => {
                EcdsaKeyPair::generate(curve(algorithm)).map(|pair| Parsed::Ec(Box::new(pair)))
            }
            Family::Ed25519 => Ed25519KeyPair::generate().map(|pair| Parsed::Ed(Box::new(pair))),
        };
        let parsed = made.map_err(|Unspecified| KeyError::NotGenerated { algorithm })?;
        Ok(Self { algorithm, parsed })
    }

    /// A key for HMAC algorithms.
    pub(super) fn from_secret(algorithm: Algorithm, secret: impl Into<Box<[u8]>>) -> Self {
        Self { algorithm, parsed: hmac_key(algorithm, secret.into()) }
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The parameters that a verifier needs (RFC 7518 §6, RFC 8037 §2). For HMAC that is the
    /// secret itself.
    pub(super) fn verifying_parameters(&self) -> AlgorithmParameters {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match &self.parsed {
            Parsed::Hmac { secret, .. } => AlgorithmParameters::OctetKey(OctetKeyParameters {
                key_type: OctetKeyType::Octet,
                value: text(secret),
            }),
            Parsed::Rsa(pair) => {
                let parts = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                AlgorithmParameters::RSA(RSAKeyParameters {
                    key_type: RSAKeyType::RSA,
                    n: text(&parts.n),
                    e: text(&parts.e),
                })
            }
            Parsed::Ec(pair) => {
                // An uncompressed point (SEC 1 §2.3.3): the byte 4, then both coordinates.
                let point = &pair.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                let p384 = self.algorithm.family() == Family::P384;
                AlgorithmParameters::EllipticCurve(EllipticCurveKeyParameters {
                    key_type: EllipticCurveKeyType::EC,
                    curve: if p384 { EllipticCurve::P384 } else { EllipticCurve::P256 },
                    x: text(x),
                    y: text(y),
                })
            }
            Parsed::Ed(pair) => AlgorithmParameters::OctetKeyPair(OctetKeyPairParameters {
                key_type: OctetKeyPairType::OctetKeyPair,
                curve: EllipticCurve::Ed25519,
                x: text(pair.public_key().as_ref()),
            }),
        }
    }

    /// The public key as a `SubjectPublicKeyInfo` (RFC 5280 §4.1); `None` for HMAC.
    pub(super) fn public_der(&self) -> Option<Vec<u8>> {
        let der: Result<PublicKeyX509Der<'_>, Unspecified> = match &self.parsed {
            Parsed::Hmac { .. } => return None,
            Parsed::Rsa(pair) => pair.public_key().as_der(),
            Parsed::Ec(pair) => pair.public_key().as_der(),
            Parsed::Ed(pair) => pair.public_key().as_der(),
        };
        der.ok().map(|der| der.as_ref().to_vec())
    }

    /// The private key in a form that [`read`] takes: PKCS#8 in PEM (RFC 5958), or for HMAC a JWK.
    pub(super) fn private_text(&self) -> Option<String> {
        let der = match &self.parsed {
            Parsed::Hmac { secret, .. } => {
                let jwk = serde_json::json!({
                    "kty": "oct",
                    "alg": self.algorithm.name(),
                    "k": URL_SAFE_NO_PAD.encode(secret),
                });
                return Some(format!("{jwk:#}\n"));
            }
            Parsed::Rsa(pair) => AsDer::<Pkcs8V1Der<'_>>::as_der(&**pair).ok()?.as_ref().to_vec(),
            Parsed::Ec(pair) => pair.to_pkcs8v1().ok()?.as_ref().to_vec(),
            Parsed::Ed(pair) => pair.to_pkcs8v1().ok()?.as_ref().to_vec(),
        };
        Some(pem::write("PRIVATE KEY", der))
    }
}

impl traits::Signer<Vec<u8>> for SigningKey {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, traits::Error> {
        match &self.parsed {
            Parsed::Hmac { key, .. } => Ok(hmac::sign(key, message).as_ref().to_vec()),
            Parsed::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding(self.algorithm), &SystemRandom::new(), message, &mut signature)
                    .map_err(traits::Error::from_source)?;
                Ok(signature)
            }
            Parsed::Ec(pair) => pair
                .sign(&SystemRandom::new(), message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(traits::Error::from_source),
            Parsed::Ed(pair) => pair
                .try_sign(message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(traits::Error::from_source),
        }
    }
}

impl JwtSigner for SigningKey {
    fn algorithm(&self) -> jsonwebtoken::Algorithm {
        self.algorithm.library()
    }
}

fn hmac_key(algorithm: Algorithm, secret: Box<[u8]>) -> Parsed {
    let hash = match algorithm {
        Algorithm::HS384 => hmac::HMAC_SHA384,
        Algorithm::HS512 => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    };
    Parsed::Hmac { key: Box::new(hmac::Key::new(hash, &secret)), secret }
}

/// As long as the hash, which is the least that RFC 7518 §3.2 allows.
fn random_secret(algorithm: Algorithm) -> Result<Box<[u8]>, Unspecified> {
    let mut secret = vec![0; algorithm.signature_length()];
    aws_lc_rs::rand::fill(&mut secret)?;
    Ok(secret.into())
}

fn curve(algorithm: Algorithm) -> &'static EcdsaSigningAlgorithm {
    if algorithm.family() == Family::P384 {
        &lc::ECDSA_P384_SHA384_FIXED_SIGNING
    } else {
        &lc::ECDSA_P256_SHA256_FIXED_SIGNING
    }
}

fn padding(algorithm: Algorithm) -> &'static dyn RsaEncoding {
    match algorithm {
        Algorithm::RS384 => &lc::RSA_PKCS1_SHA384,
        Algorithm::RS512 => &lc::RSA_PKCS1_SHA512,
        Algorithm::PS256 => &lc::RSA_PSS_SHA256,
        Algorithm::PS384 => &lc::RSA_PSS_SHA384,
        Algorithm::PS512 => &lc::RSA_PSS_SHA512,
        _ => &lc::RSA_PKCS1_SHA256,
    }
}

#[cfg(test)]
mod tests;
