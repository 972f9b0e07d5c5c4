//! Tables about what the load is sent to: a gateway of one's own, or the embedded stack.

use std::time::Duration;

use super::{Form, FormKey, TableSpec};
use crate::gateway::Mutant;
use crate::setting::{ANY_SPAN, Absent, Kind, POSITIVE_SPAN, Setting};

pub(in crate::scenario) static TARGET: TableSpec = TableSpec {
    name: "target",
    repeated: false,
    about: "A gateway of your own. Without this table the run starts its own stack.",
    settings: &[
        Setting::required(
            "url",
            Kind::Text,
            "Where it listens: `http://HOST:PORT` or `https://HOST:PORT`, and perhaps a path that \
             goes before the routes'. Whatever host is connected to, if it is not this machine, \
             needs `--allow-target HOST`.",
        ),
        Setting::with_default(
            "http",
            Kind::Choice(&["auto", "1.1", "2"]),
            "auto",
            "Which HTTP is spoken. `2` is agreed on by ALPN over TLS, and taken for known \
             without; `auto` is what the gateway prefers over TLS, and 1.1 without. HTTP/3 is \
             not spoken.",
        ),
        Setting::optional(
            "connect_to",
            Kind::Text,
            "`HOST:PORT` to connect to instead of the URL's, which still stands in requests and \
             in TLS: one instance behind a load balancer, say.",
        ),
        Setting::optional(
            "unix",
            Kind::Text,
            "Connect to this Unix socket instead; the URL still stands in requests.",
        ),
        Setting::optional(
            "proxy",
            Kind::Text,
            "`http://HOST:PORT` of an HTTP proxy, perhaps with `USER:PASSWORD@`, through which \
             connections are made by `CONNECT`, whatever they then carry.",
        ),
        Setting::optional(
            "scim",
            Kind::Text,
            "Base URL of the directory's SCIM service (RFC 7644), which faults on users need. \
             Substorm changes only users that it created.",
        ),
        Setting::optional(
            "scim_token",
            Kind::Text,
            "The bearer token for it; write `${NAME}` to keep it out of the file.",
        ),
    ],
    forms: &[
        FormKey {
            key: "profile",
            form: Form::ProfileName,
            absent: Absent::Default("\"rfc6750\""),
            about: "How the gateway spells its answers.",
        },
        FormKey {
            key: "identity",
            form: Form::Identity,
            absent: Absent::Default("{ header = \"X-User-ID\" }"),
            about: "How an answer proves for whom the upstream was called: a header field, a \
                    place in the JSON body, or `\"none\"`, with which an identity swap cannot be \
                    seen.",
        },
    ],
    inner: &[&TARGET_TLS],
};

pub(in crate::scenario) static TARGET_TLS: TableSpec = TableSpec {
    name: "target.tls",
    repeated: false,
    about: "How TLS is spoken with an `https` target. Files are in PEM; relative paths start at \
            the scenario's folder.",
    settings: &[
        Setting::optional(
            "ca",
            Kind::Texts,
            "Files with the certificates that are trusted, instead of those of the system.",
        ),
        Setting::optional(
            "cert",
            Kind::Text,
            "The file with the client's certificate chain, where the gateway wants one.",
        ),
        Setting::optional("key", Kind::Text, "The file with its private key."),
        Setting::optional(
            "server_name",
            Kind::Text,
            "The name that is asked for (SNI) and that the certificate has to hold, instead of \
             the URL's.",
        ),
        Setting::with_default(
            "version",
            Kind::Choice(&["auto", "1.2", "1.3"]),
            "auto",
            "`auto` is the newest that both sides know.",
        ),
        Setting::with_default(
            "resume",
            Kind::Flag,
            "false",
            "Resume earlier sessions, as a client does that comes back. Without, each connection \
             costs a full handshake, as each new client does.",
        ),
        Setting::with_default(
            "insecure",
            Kind::Flag,
            "false",
            "Take any certificate. The summary says so.",
        ),
    ],
    forms: &[],
    inner: &[],
};

pub(in crate::scenario) static GATEWAY: TableSpec = TableSpec {
    name: "gateway",
    repeated: false,
    about: "The switches of the reference gateway. Only for the embedded stack.",
    settings: &[
        Setting::with_default(
            "single_flight",
            Kind::Flag,
            "true",
            "At most one lookup of a subject at a time; other requests wait for it.",
        ),
        Setting::with_default(
            "stale_if_error",
            ANY_SPAN,
            "0s",
            "Serve a cache entry that is past its life for this long when the store cannot be \
             asked.",
        ),
        Setting::with_default(
            "retry_on_not_found",
            Kind::Count { min: 0, max: 20 },
            "0",
            "Ask again this many times, 50 ms apart, before believing that a user is not there.",
        ),
        Setting::with_default(
            "primary_fallback",
            Kind::Flag,
            "false",
            "Ask the primary directory when the replica has no such user.",
        ),
        Setting::with_default(
            "trim",
            Kind::Flag,
            "false",
            "Remove white space around `sub` before looking it up.",
        ),
        Setting::with_default(
            "lower_case",
            Kind::Flag,
            "false",
            "Lower-case `sub` before looking it up.",
        ),
        Setting::with_default(
            "deny_list",
            Kind::Flag,
            "false",
            "Refuse tokens whose `jti` is on the identity provider's deny list.",
        ),
        Setting::with_default("claim", Kind::Text, "sub", "The claim that names the user."),
        Setting::with_default(
            "prefix",
            Kind::Text,
            "",
            "Put before the claim's value before looking it up.",
        ),
        Setting::with_default(
            "lookup_timeout",
            POSITIVE_SPAN,
            "500ms",
            "Time limit of one lookup.",
        ),
        Setting::with_default(
            "leeway",
            Kind::Span { min: Duration::ZERO, max: Duration::from_secs(600) },
            "0s",
            "Clock leeway for `exp` and `nbf` (RFC 7519 §4.1.4).",
        ),
        Setting::optional(
            "mutant",
            Kind::Choice(Mutant::NAMES),
            "Build a known bug in, to see it caught.",
        ),
    ],
    forms: &[],
    inner: &[&CACHE],
};

pub(in crate::scenario) static CACHE: TableSpec = TableSpec {
    name: "gateway.cache",
    repeated: false,
    about: "What the gateway remembers of earlier lookups.",
    settings: &[
        Setting::with_default(
            "ttl",
            ANY_SPAN,
            "2s",
            "Life of an entry for a user that is there; 0s for none.",
        ),
        Setting::with_default(
            "negative_ttl",
            ANY_SPAN,
            "0s",
            "Life of an entry for a user that is not there; 0s for none.",
        ),
        Setting::with_default(
            "capacity",
            Kind::Count { min: 0, max: 100_000_000 },
            "1000000",
            "Entries that may be held.",
        ),
        Setting::with_default(
            "invalidation",
            Kind::Flag,
            "false",
            "Drop entries when the directory announces a change.",
        ),
    ],
    forms: &[],
    inner: &[],
};

pub(in crate::scenario) static SYNC: TableSpec = TableSpec {
    name: "sync",
    repeated: false,
    about: "How changes travel from the primary directory to the gateway's replica when nothing \
            is wrong. Only for the embedded stack.",
    settings: &[
        Setting::with_default(
            "trigger",
            Kind::Choice(&["interval", "event"]),
            "interval",
            "What starts a round: the clock, or each change.",
        ),
        Setting::with_default(
            "interval",
            Kind::Span { min: Duration::from_millis(1), max: Duration::from_secs(3_600) },
            "20ms",
            "With `trigger = \"interval\"`: from one round to the next.",
        ),
        Setting::with_default(
            "lag",
            Kind::Span { min: Duration::ZERO, max: Duration::from_secs(86_400) },
            "0s",
            "From a change's acknowledgement to its being carried over.",
        ),
    ],
    forms: &[],
    inner: &[],
};
