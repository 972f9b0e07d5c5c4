//! Keys and certificates that a scenario names are looked at when it is checked.

use std::path::Path;

use rcgen::{CertificateParams, KeyPair};

use crate::scenario::{Overrides, Plan, ScenarioError, load};

fn read(folder: &Path, rest: &str, overrides: &Overrides) -> Result<Plan, ScenarioError> {
    let text = format!("name = \"x\"\n[[phase]]\nname = \"a\"\nfor = \"1s\"\n{rest}");
    let path = folder.join("x.toml");
    std::fs::write(&path, text).unwrap();
    load(&path, overrides)
}

/// A certificate and its key, and another key.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    put("cert.pem", &params.self_signed(&key).unwrap().pem());
    put("key.pem", &key.serialize_pem());
    put("other.pem", &KeyPair::generate().unwrap().serialize_pem());
    put("broken.pem", "-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n");
    folder
}

#[test]
fn every_file_that_cannot_serve_is_told_where_it_is_named() {
    let folder = folder();
    let tls = "[target]\nurl = \"https://localhost\"\n[target.tls]\n";
    let (missing, key) = ("[token]\nkey = \"none.pem\"\n", "key = \"other.pem\"\n");
    let rest = format!(
        "{missing}{tls}ca = [\"cert.pem\", \"none.pem\", \"broken.pem\"]\ncert = \"cert.pem\"\n{key}"
    );
    let error = read(folder.path(), &rest, &Overrides::default()).unwrap_err();
    let text = error.to_string();
    assert_eq!(error.count(), 4, "{text}");
    for (place, file, said) in [
        ("6:7: token.key: ", "none.pem", "give a PEM or JWK file"),
        ("10:19: target.tls.ca[1]: ", "none.pem", "expected certificates in PEM"),
        ("10:31: target.tls.ca[2]: ", "broken.pem", "expected certificates of authorities"),
        ("12:7: target.tls.key: ", "other.pem", "private key is not that of the certificate"),
    ] {
        let line = text.lines().find(|line| line.contains(place));
        let line = line.unwrap_or_else(|| panic!("{place} not in\n{text}"));
        assert!(line.contains(file) && line.contains(said), "{line}");
    }
    for name in ["KeyMismatch", "Other(", "BadEncoding", "BadDer"] {
        assert!(!text.contains(name), "{name} in\n{text}");
    }
}

#[test]
fn files_that_serve_are_no_mistake() {
    let folder = folder();
    let rest = "[token]\nkey = \"key.pem\"\n[target]\nurl = \"https://localhost\"\n[target.tls]\n\
                ca = [\"cert.pem\"]\ncert = \"cert.pem\"\nkey = \"key.pem\"\n";
    let plan = read(folder.path(), rest, &Overrides::default()).unwrap();
    assert!(plan.target.unwrap().approach.tls.unwrap().ca[0].is_absolute());
    let absent = "[token]\nkey = \"none.pem\"\n";
    let other_key = Overrides { other_key: true, ..Overrides::default() };
    assert!(read(folder.path(), absent, &other_key).is_ok(), "its own key is not used");
}
