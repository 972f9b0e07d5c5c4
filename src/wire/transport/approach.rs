//! What is connected to, and which way leads there: a target as a scenario describes it.

use std::fmt;
use std::path::PathBuf;

/// A host and a TCP port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// A name or an address; IPv6 without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Endpoint {
    /// Reads `HOST:PORT`; an IPv6 address stands in brackets.
    pub fn parse(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let port = port.parse().ok().filter(|port| *port > 0)?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let legal = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        let is_host = match bare {
            Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
            None => !host.is_empty() && host.chars().all(legal),
        };
        is_host.then(|| Self { host: bare.unwrap_or(host).to_owned(), port })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// The way to a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// To its own address.
    Direct,
    /// To another address, as if it were the target's.
    Instead(Endpoint),
    /// Through an HTTP proxy, by `CONNECT` (RFC 9110 §9.3.6) whatever the target speaks.
    Proxy(Proxy),
    /// A Unix domain socket.
    Unix(PathBuf),
}

/// An HTTP proxy.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Where it listens.
    pub endpoint: Endpoint,
    /// User and password for it (RFC 7617). Never printed.
    pub credentials: Option<(String, String)>,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("endpoint", &self.endpoint)
            .field("credentials", &self.credentials.as_ref().map(|_| "…"))
            .finish()
    }
}

/// Which HTTP is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.1 (RFC 9112).
    Http1,
    /// HTTP/2 (RFC 9113): over TLS agreed on by ALPN, else with prior knowledge (§3.3).
    Http2,
    /// Over TLS what the target prefers (ALPN, RFC 7301); else HTTP/1.1.
    #[default]
    Auto,
}

impl Version {
    /// The name in scenarios and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http1 => "1.1",
            Self::Http2 => "2",
            Self::Auto => "auto",
        }
    }
}

/// Which TLS is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsVersion {
    /// The newest that both sides know.
    #[default]
    Auto,
    /// TLS 1.2 only (RFC 5246).
    Tls12,
    /// TLS 1.3 only (RFC 8446).
    Tls13,
}

impl TlsVersion {
    /// The name in scenarios.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Tls12 => "1.2",
            Self::Tls13 => "1.3",
        }
    }
}

/// How TLS is spoken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsPlan {
    /// Files with the certificates, in PEM, of whoever may vouch for the target; empty for those
    /// that the system trusts.
    pub ca: Vec<PathBuf>,
    /// Files with the client's certificate chain and its private key, in PEM.
    pub client: Option<(PathBuf, PathBuf)>,
    /// The name that is asked for (SNI, RFC 6066 §3) and that the certificate has to hold; `None`
    /// for the target's host.
    pub server_name: Option<String>,
    /// The protocol's version.
    pub version: TlsVersion,
    /// Take any certificate.
    pub insecure: bool,
    /// Resume sessions; without, each handshake is a full one.
    pub resume: bool,
}

/// A target and the way to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approach {
    /// The target itself.
    pub endpoint: Endpoint,
    /// The way.
    pub via: Via,
    /// TLS, if it is spoken.
    pub tls: Option<TlsPlan>,
    /// Which HTTP.
    pub version: Version,
}

impl Approach {
    /// Straight to an address, without TLS, in HTTP/1.1.
    pub fn plain(address: std::net::SocketAddr) -> Self {
        let endpoint = Endpoint { host: address.ip().to_string(), port: address.port() };
        Self { endpoint, via: Via::Direct, tls: None, version: Version::Http1 }
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// The target as requests name it (RFC 9110 §7.2): without the port where it is the scheme's
    /// own.
    pub fn authority(&self) -> String {
        let own = if self.tls.is_some() { 443 } else { 80 };
        if self.endpoint.port != own {
            return self.endpoint.to_string();
        }
        match &self.endpoint.host {
            host if host.contains(':') => format!("[{host}]"),
            host => host.clone(),
        }
    }
}

impl fmt::Display for Approach {
    /// How it is reached, without its address and without secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.version {
            Version::Auto if self.tls.is_some() => "HTTP by ALPN",
            Version::Auto | Version::Http1 => "HTTP/1.1",
            Version::Http2 => "HTTP/2",
        })?;
        if let Some(tls) = &self.tls {
            f.write_str(" over TLS")?;
            if tls.version != TlsVersion::Auto {
                write!(f, " {}", tls.version.name())?;
            }
            if let Some(name) = &tls.server_name {
                write!(f, " as {name}")?;
            }
            let notes = [
                (tls.insecure, ", with any certificate (insecure)"),
                (tls.client.is_some(), ", with a client certificate"),
                (tls.resume, ", resuming sessions"),
            ];
            for (_, note) in notes.iter().filter(|(holds, _)| *holds) {
                f.write_str(note)?;
            }
        }
        match &self.via {
            Via::Direct => Ok(()),
            Via::Instead(endpoint) => write!(f, ", at {endpoint}"),
            Via::Proxy(proxy) => write!(f, ", through the proxy {}", proxy.endpoint),
            Via::Unix(path) => write!(f, ", at the socket {}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_read_as_they_are_shown() {
        for text in ["localhost:80", "127.0.0.1:8443", "[::1]:443", "a_b.example:1"] {
            assert_eq!(Endpoint::parse(text).map(|e| e.to_string()).as_deref(), Some(text));
        }
        for text in ["localhost", ":80", "a:0", "a:65536", "::1:80", "[::1:80", "a b:80", "[x]:80"]
        {
            assert_eq!(Endpoint::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_approach_is_described_without_its_secrets() {
        let mut approach = Approach::plain(([127, 0, 0, 1], 80).into());
        assert_eq!(approach.to_string(), "HTTP/1.1");
        let endpoint = Endpoint { host: "proxy.test".into(), port: 3128 };
        let credentials = Some(("mary".to_owned(), "hunter2".to_owned()));
        approach.via = Via::Proxy(Proxy { endpoint, credentials });
        approach.version = Version::Http2;
        approach.tls = Some(TlsPlan {
            server_name: Some("other.test".into()),
            version: TlsVersion::Tls13,
            insecure: true,
            ..TlsPlan::default()
        });
        assert_eq!(
            approach.to_string(),
            "HTTP/2 over TLS 1.3 as other.test, with any certificate (insecure), through the proxy \
             proxy.test:3128"
        );
        assert!(!format!("{approach:?}").contains("hunter2"));
    }

    #[test]
    fn requests_name_the_port_only_where_it_is_not_the_schemes() {
        let mut approach = Approach::plain(([127, 0, 0, 1], 443).into());
        assert_eq!(approach.authority(), "127.0.0.1:443");
        approach.tls = Some(TlsPlan::default());
        assert_eq!(approach.authority(), "127.0.0.1");
        "::1".clone_into(&mut approach.endpoint.host);
        assert_eq!(approach.authority(), "[::1]");
    }
}
