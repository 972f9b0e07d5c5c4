//! What the errors of TLS mean, in words, and what to do about them. The library's own texts show
//! the names of its types.

use std::io;

use rustls::{AlertDescription, CertificateError, Error, InconsistentKeys, InvalidMessage};

/// What happened: a clause about whoever answers.
pub(super) fn words(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(reason) => of_certificate(reason),
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            "the private key is not that of the certificate".to_owned()
        }
        Error::AlertReceived(alert) => of_alert(*alert),
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "what it answers is not TLS".to_owned()
        }
        Error::InvalidMessage(what) => format!("what it answers is malformed: {}", spaced(what)),
        Error::PeerIncompatible(why) => format!("it cannot do what is needed: {}", spaced(why)),
        Error::PeerMisbehaved(why) => format!("it breaks the protocol: {}", spaced(why)),
        Error::NoApplicationProtocol => of_alert(AlertDescription::NoApplicationProtocol),
        other => other.to_string(),
    }
}

/// The same of an error in which one of TLS may be wrapped.
pub(super) fn words_of(error: &io::Error) -> String {
    match (inside(error), error.kind()) {
        (Some(inner), _) => words(inner),
        (None, io::ErrorKind::UnexpectedEof) => "it hangs up".to_owned(),
        (None, _) => error.to_string(),
    }
}

/// The next step, after a semicolon; nothing where none is known.
pub(super) fn remedy(error: &io::Error) -> &'static str {
    match inside(error) {
        Some(Error::InvalidCertificate(_)) => {
            "; give its authority in target.tls.ca, its name in target.tls.server_name, or say \
             target.tls.insecure = true"
        }
        Some(
            Error::NoApplicationProtocol
            | Error::AlertReceived(AlertDescription::NoApplicationProtocol),
        ) => "; set target.http to another version, or to \"auto\"",
        Some(Error::AlertReceived(AlertDescription::ProtocolVersion)) => {
            "; set target.tls.version to another version, or to \"auto\""
        }
        Some(Error::PeerIncompatible(why)) if spaced(why).contains("version") => {
            "; set target.tls.version to another version, or to \"auto\""
        }
        Some(Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
            "; if it speaks no TLS, write http instead of https in target.url"
        }
        Some(Error::AlertReceived(alert)) if is_about_client(*alert) => {
            "; give a certificate that it knows in target.tls.cert and target.tls.key"
        }
        Some(Error::AlertReceived(AlertDescription::UnrecognisedName)) => {
            "; give its name in target.tls.server_name"
        }
        _ => "",
    }
}

fn inside(error: &io::Error) -> Option<&Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref::<Error>())
}

fn of_certificate(reason: &CertificateError) -> String {
    match reason {
        CertificateError::UnknownIssuer => {
            "nobody who is trusted vouches for the certificate".to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the certificate has expired".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the certificate is not valid yet".to_owned()
        }
        CertificateError::NotValidForName => "the certificate is for another name".to_owned(),
        // In the library's words, which tell the names.
        CertificateError::NotValidForNameContext { .. } => reason.to_string(),
        CertificateError::BadEncoding => "the certificate is malformed".to_owned(),
        other if format!("{other:?}").contains("UnsupportedCertVersion") => {
            "the certificate is not of X.509 version 3".to_owned()
        }
        CertificateError::Other(why) => {
            format!("the certificate cannot be used: {}", spaced(&why.0))
        }
        other => format!("the certificate cannot be used: {}", spaced(other)),
    }
}

fn is_about_client(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
    )
}

fn of_alert(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::NoApplicationProtocol => {
            "it does not speak the version of HTTP that is asked for (ALPN)".to_owned()
        }
        AlertDescription::ProtocolVersion => {
            "it does not speak the version of TLS that is asked for".to_owned()
        }
        AlertDescription::HandshakeFailure => {
            "it knows none of the algorithms that are offered".to_owned()
        }
        AlertDescription::CertificateRequired => "it wants a client certificate".to_owned(),
        AlertDescription::UnrecognisedName => "it knows nobody of this name".to_owned(),
        alert if is_about_client(alert) => "it does not accept the client certificate".to_owned(),
        other => format!("it ends the handshake with the alert \"{}\"", spaced(&other)),
    }
}

/// The name of a variant as words: `NoCipherSuitesInCommon` as `no cipher suites in common`.
fn spaced(name: &impl std::fmt::Debug) -> String {
    let name = format!("{name:?}");
    let name = name.split([' ', '(', '{']).next().unwrap_or_default();
    let mut words = String::with_capacity(name.len() + 8);
    for c in name.chars() {
        if c.is_ascii_uppercase() && words.ends_with(|last: char| last.is_ascii_lowercase()) {
            words.push(' ');
        }
        words.push(c.to_ascii_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handshakes_that_fail_say_what_to_change() {
        for (error, said, remedied) in [
            (
                Error::AlertReceived(AlertDescription::NoApplicationProtocol),
                "version of HTTP",
                "target.http",
            ),
            (Error::NoApplicationProtocol, "version of HTTP", "target.http"),
            (
                Error::AlertReceived(AlertDescription::ProtocolVersion),
                "version of TLS",
                "target.tls.version",
            ),
            (
                Error::InvalidMessage(InvalidMessage::InvalidContentType),
                "is not TLS",
                "write http instead of https",
            ),
            (
                Error::AlertReceived(AlertDescription::CertificateRequired),
                "wants a client certificate",
                "target.tls.cert",
            ),
            (
                Error::InvalidCertificate(CertificateError::UnknownIssuer),
                "nobody who is trusted",
                "target.tls.ca",
            ),
            (Error::AlertReceived(AlertDescription::InternalError), "\"internal error\"", ""),
        ] {
            let error = io::Error::other(error);
            let text = format!("{}{}", words_of(&error), remedy(&error));
            assert!(text.contains(said) && text.contains(remedied), "{text}");
            assert!(remedied.is_empty() == remedy(&error).is_empty(), "{text}");
        }
        let plain = io::Error::from(io::ErrorKind::ConnectionReset);
        assert_eq!((words_of(&plain), remedy(&plain)), (plain.to_string(), ""));
    }
}
