//! Private keys in PEM (RFC 7468): PKCS#8, PKCS#1 for RSA, SEC 1 for elliptic curves.

use aws_lc_rs::error::KeyRejected;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    RsaKeyPair,
};
use pem::{EncodeConfig, LineEnding, Pem};

use super::super::algorithm::{Algorithm, Family};
use super::file::Unfit;
use super::{Parsed, SigningKey, curve};

/// Writes one block.
pub(super) fn write(label: &str, der: Vec<u8>) -> String {
    let config = EncodeConfig::new().set_line_ending(LineEnding::LF);
    pem::encode_config(&Pem::new(label, der), config)
}

/// Reads the private key of a file, which may hold other blocks too (certificates, curve names).
pub(super) fn read(text: &str, algorithm: Algorithm) -> Result<SigningKey, Unfit> {
    let blocks = pem::parse_many(text)
        .map_err(|error| Unfit::found(format!("PEM that does not parse ({error})")))?;
    let private = blocks.iter().find(|block| block.tag().ends_with("PRIVATE KEY"));
    let Some(block) = private.or(blocks.first()) else {
        return Err(Unfit::found("a PEM header without its end"));
    };
    check_label(block)?;
    if algorithm.family() == Family::Hmac {
        // The very mistake that lets a public key pass as an HMAC secret (RFC 8725 §2.1).
        let found = Unfit::found(format!("a PEM block \"{}\"", block.tag()));
        return Err(found.help("a key pair is no shared secret"));
    }
    let parsed = parse(block, algorithm).map_err(|rejected| misfit(block, rejected))?;
    Ok(SigningKey { algorithm, parsed })
}

/// Says why a block can hold no key for any algorithm.
fn check_label(block: &Pem) -> Result<(), Unfit> {
    let label = block.tag();
    let found = || Unfit::found(format!("a PEM block \"{label}\""));
    let encrypted = block.headers().get("Proc-Type").is_some_and(|v| v.contains("ENCRYPTED"));
    match label {
        _ if encrypted || label == "ENCRYPTED PRIVATE KEY" => {
            let found = Unfit::found("a private key that is encrypted");
            Err(found.help("decrypt it with `openssl pkey -in FILE -out PLAIN`"))
        }
        "PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY" => Ok(()),
        "OPENSSH PRIVATE KEY" => {
            Err(found().help("convert a copy with `ssh-keygen -p -N '' -m PKCS8 -f COPY`"))
        }
        _ if label.contains("PUBLIC KEY") || label.contains("CERTIFICATE") => {
            Err(found().help("give the private key that belongs to it"))
        }
        _ => Err(found().help("give PKCS#8, PKCS#1 or SEC 1")),
    }
}

fn parse(block: &Pem, algorithm: Algorithm) -> Result<Parsed, KeyRejected> {
    let der = block.contents();
    match algorithm.family() {
        Family::Rsa if block.tag() == "RSA PRIVATE KEY" => rsa(RsaKeyPair::from_der(der)),
        Family::Rsa => rsa(RsaKeyPair::from_pkcs8(der)),
        Family::P256 | Family::P384 => {
            let pair = EcdsaKeyPair::from_private_key_der(curve(algorithm), der)?;
            Ok(Parsed::Ec(Box::new(pair)))
        }
        Family::Ed25519 => Ok(Parsed::Ed(Box::new(Ed25519KeyPair::from_pkcs8(der)?))),
        Family::Hmac => Err(KeyRejected::from(aws_lc_rs::error::Unspecified)),
    }
}

fn rsa(pair: Result<RsaKeyPair, KeyRejected>) -> Result<Parsed, KeyRejected> {
    Ok(Parsed::Rsa(Box::new(pair?)))
}

/// Finds out which key it is instead.
fn misfit(block: &Pem, rejected: KeyRejected) -> Unfit {
    let der = block.contents();
    let on = |curve| EcdsaKeyPair::from_private_key_der(curve, der).is_ok();
    let rsa = if block.tag() == "RSA PRIVATE KEY" {
        RsaKeyPair::from_der(der)
    } else {
        RsaKeyPair::from_pkcs8(der)
    };
    let found = match rsa.map_err(|error| error.to_string()) {
        Ok(pair) => format!("an RSA key of {} bits", pair.public_modulus_len() * 8),
        Err(error) if error == "TooSmall" => "an RSA key of fewer than 2048 bits".to_owned(),
        Err(error) if error == "TooLarge" => "an RSA key of more than 8192 bits".to_owned(),
        Err(_) if on(&ECDSA_P256_SHA256_FIXED_SIGNING) => "a key on the curve P-256".to_owned(),
        Err(_) if on(&ECDSA_P384_SHA384_FIXED_SIGNING) => "a key on the curve P-384".to_owned(),
        Err(_) if Ed25519KeyPair::from_pkcs8(der).is_ok() => "an Ed25519 key".to_owned(),
        Err(_) => {
            format!("a PEM block \"{}\" that holds no usable key ({rejected})", block.tag())
        }
    };
    Unfit::found(found).help("change the algorithm or the key")
}
