//! Of the table `[target]`: how the gateway is reached, and `[target.tls]`.

use reqwest::Url;

use crate::scenario::node::abridged;
use crate::scenario::overrides::Overrides;
use crate::scenario::plan::is_loopback;
use crate::scenario::read::{Reader, TableAt};
use crate::scenario::tables::{LOAD, TARGET_TLS};
use crate::setting::Settings;
use crate::wire::transport::{Approach, Endpoint, Proxy, TlsPlan, TlsVersion, Version, Via};
use crate::wire::{EngineKind, full};

/// The address as written, the path before the routes' paths, and the way there.
pub(super) fn read(
    reader: &mut Reader<'_>,
    table: &TableAt<'_>,
    settings: &Settings,
    overrides: &Overrides,
) -> (String, String, Approach) {
    let via = via(reader, table, settings, overrides);
    let version = version(reader, table, settings);
    let tls = tls(reader, table);
    let endpoint = Endpoint { host: String::new(), port: 80 };
    let mut approach = Approach { endpoint, via, tls: None, version };
    let nothing = (String::new(), String::new());
    let Some(text) = settings.text("url") else { return (nothing.0, nothing.1, approach) };
    let url = match parse_url(&text, "http or https") {
        Ok(url) => url,
        Err(message) => {
            reader.reject(table, "url", message);
            return (nothing.0, nothing.1, approach);
        }
    };
    let host = url.host_str().unwrap_or_default();
    // Where something else is connected to, the URL's host is but a name.
    if matches!(approach.via, Via::Direct | Via::Proxy(_))
        && let Err(message) = allowed(host, overrides)
    {
        reader.reject(table, "url", message);
    }
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    approach.endpoint = Endpoint { host, port: url.port_or_known_default().unwrap_or(80) };
    if url.scheme() == "https" {
        approach.tls = Some(tls);
    } else if table.get("tls").is_some() {
        reader.reject(table, "tls", "has no meaning for an `http` target; write `https` in `url`");
    }
    let prefix = url.path().trim_end_matches('/').to_owned();
    (text.trim_end_matches('/').to_owned(), prefix, approach)
}

/// An address that this can be: scheme, host, and nothing secret.
pub(super) fn parse_url(text: &str, schemes: &str) -> Result<Url, String> {
    let example = "expected such as http://127.0.0.1:8080";
    let url = Url::parse(text)
        .map_err(|error| format!("found \"{}\": {error}; {example}", abridged(text)))?;
    if !schemes.split(" or ").any(|scheme| scheme == url.scheme()) {
        return Err(format!(
            "found the scheme {}; this takes {schemes}; {example}",
            abridged(url.scheme())
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the address holds a user or a password; leave them out".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("the address holds `?` or `#`; leave out what follows it".to_owned());
    }
    Ok(url)
}

/// Whether load and changes may be sent to a host.
pub(super) fn allowed(host: &str, overrides: &Overrides) -> Result<(), String> {
    if is_loopback(host) || overrides.allow_targets.iter().any(|allowed| allowed == host) {
        return Ok(());
    }
    Err(format!(
        "{host} is not this machine; if you may send load there, say --allow-target {host}"
    ))
}

fn via(
    reader: &mut Reader<'_>,
    table: &TableAt<'_>,
    settings: &Settings,
    overrides: &Overrides,
) -> Via {
    let ways = ["connect_to", "unix", "proxy"];
    let mut given = ways.into_iter().filter(|key| settings.has(key));
    let Some(key) = given.next() else { return Via::Direct };
    if let Some(other) = given.next() {
        reader.reject(table, other, format!("does not go with `{key}`; leave one of them out"));
    }
    let text = settings.text(key).unwrap_or_default();
    let read = match key {
        "unix" if text.is_empty() => Err("found \"\"; name a socket".to_owned()),
        "unix" => Ok((Via::Unix(text.into()), "localhost".to_owned())),
        "connect_to" => Endpoint::parse(&text)
            .map(|endpoint| (Via::Instead(endpoint.clone()), endpoint.host))
            .ok_or_else(|| {
                format!("found \"{}\"; expected such as 127.0.0.1:8080", abridged(&text))
            }),
        _ => proxy(&text).map(|proxy| (Via::Proxy(proxy.clone()), proxy.endpoint.host)),
    };
    let checked = read.and_then(|(via, host)| allowed(&host, overrides).map(|()| via));
    checked.unwrap_or_else(|message| {
        reader.reject(table, key, message);
        Via::Direct
    })
}

/// The text may hold a password, so no message shows it.
fn proxy(text: &str) -> Result<Proxy, String> {
    let expected = "expected such as http://127.0.0.1:3128, perhaps with USER:PASSWORD@";
    let url = Url::parse(text).map_err(|error| format!("{error}; {expected}"))?;
    let host = url.host_str().unwrap_or_default();
    let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    if url.scheme() != "http" || host.is_empty() || !bare {
        return Err(expected.to_owned());
    }
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let decoded = |part: &str| {
        percent_encoding::percent_decode_str(part)
            .decode_utf8()
            .map(std::borrow::Cow::into_owned)
            .map_err(|_| "the proxy's user or password is not UTF-8".to_owned())
    };
    let credentials = match url.username() {
        "" => None,
        user => Some((decoded(user)?, decoded(url.password().unwrap_or_default())?)),
    };
    let endpoint = Endpoint { host, port: url.port_or_known_default().unwrap_or(80) };
    Ok(Proxy { endpoint, credentials })
}

/// Records what the chosen client cannot do.
pub(super) fn fits_engine(
    reader: &mut Reader<'_>,
    root: &TableAt<'_>,
    approach: &Approach,
    engine: EngineKind,
) {
    if engine == EngineKind::Reqwest
        && let Some(key) = full::unfit(approach)
    {
        let load = super::section(reader, root, &LOAD);
        let message = format!("\"reqwest\" knows no `target.{key}`; leave it out, or use \"raw\"");
        reader.reject(&load, "engine", message);
    }
}

fn version(reader: &mut Reader<'_>, table: &TableAt<'_>, settings: &Settings) -> Version {
    if let Some(entry) = table.get("http")
        && entry.node.described().trim_matches('"') == "3"
    {
        let message = "HTTP/3 is not spoken: the HTTP client that could offers it only as an \
                       unstable build option, whose figures nobody could compare";
        reader.problems.instead(&entry.node.place, &entry.node.path, message);
    }
    match settings.text("http").as_deref() {
        Some("1.1") => Version::Http1,
        Some("2") => Version::Http2,
        _ => Version::Auto,
    }
}

fn tls(reader: &mut Reader<'_>, target: &TableAt<'_>) -> TlsPlan {
    let table = super::section(reader, target, &TARGET_TLS);
    let settings = super::read(reader, &table, &TARGET_TLS);
    let client = match (settings.text("cert"), settings.text("key")) {
        (Some(chain), Some(key)) => Some((chain.into(), key.into())),
        (Some(_), None) => {
            reader.reject(&table, "cert", "has no meaning without `key`");
            None
        }
        (None, Some(_)) => {
            reader.reject(&table, "key", "has no meaning without `cert`");
            None
        }
        (None, None) => None,
    };
    let insecure = settings.flag("insecure").unwrap_or(false);
    let ca = settings.texts("ca").unwrap_or_default();
    if insecure && !ca.is_empty() {
        reader.reject(&table, "insecure", "does not go with `ca`; leave one of them out");
    }
    TlsPlan {
        ca: ca.into_iter().map(Into::into).collect(),
        client,
        server_name: settings.text("server_name"),
        version: match settings.text("version").as_deref() {
            Some("1.2") => TlsVersion::Tls12,
            Some("1.3") => TlsVersion::Tls13,
            _ => TlsVersion::Auto,
        },
        insecure,
        resume: settings.flag("resume").unwrap_or(false),
    }
}
