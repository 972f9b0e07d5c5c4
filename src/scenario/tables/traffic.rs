//! Tables about users, tokens, requests, faults and what must hold.

use std::time::Duration;

use super::{Form, FormKey, TableSpec};
use crate::setting::{ANY_SPAN, Absent, Kind, POSITIVE_SPAN, Setting};

pub(in crate::scenario) static POPULATION: TableSpec = TableSpec {
    name: "population",
    repeated: false,
    about: "The users, and how popular each is.",
    settings: &[
        Setting::with_default(
            "users",
            Kind::Count { min: 1, max: 10_000_000 },
            "10000",
            "Users that are there when the run starts. Those that faults create come on top.",
        ),
        Setting::with_default(
            "subject",
            Kind::Text,
            "uuid",
            "How `sub` is spelt: `uuid` (version 4), `uuid-v7`, `integer`, `email`, `opaque`, or \
             `prefixed:` and a prefix, such as `prefixed:usr_` or `prefixed:auth0|`.",
        ),
    ],
    forms: &[FormKey {
        key: "popularity",
        form: Form::Popularity,
        absent: Absent::Default("\"uniform\""),
        about: "How often each user is chosen: `\"uniform\"`, or `{ zipf = 1.1 }` with an \
                exponent above 0, up to 5.",
    }],
    inner: &[],
};

pub(in crate::scenario) static TOKEN: TableSpec = TableSpec {
    name: "token",
    repeated: false,
    about: "How tokens are made.",
    settings: &[
        Setting::with_default(
            "algorithm",
            Kind::Choice(super::super::build::ALGORITHMS),
            "ES256",
            "How they are signed (RFC 7518 §3.1, RFC 8037 §3.1).",
        ),
        Setting::optional(
            "key",
            Kind::Text,
            "A PEM or JWK file with the private key or the HMAC secret, relative to the scenario; \
             a fresh key if left out.",
        ),
        Setting::optional("key_id", Kind::Text, "The `kid` header; made from the key if left out."),
        Setting::with_default(
            "issuer",
            Kind::Text,
            "https://idp.substorm.test",
            "The `iss` claim.",
        ),
        Setting::with_default("audience", Kind::Text, "substorm", "The `aud` claim."),
        Setting::with_default(
            "lifetime",
            Kind::Span { min: Duration::from_secs(2), max: Duration::from_secs(30 * 86_400) },
            "15m",
            "From `iat` to `exp`. Tokens are renewed before they expire.",
        ),
    ],
    forms: &[
        FormKey {
            key: "claims",
            form: Form::Claims,
            absent: Absent::Nothing,
            about: "Further claims of every token, as a table.",
        },
        FormKey {
            key: "send",
            form: Form::TokenPlace,
            absent: Absent::Default("{ header = \"Authorization\", prefix = \"Bearer \" }"),
            about: "Where requests carry their token: in a header field behind a prefix, in a \
                    cookie, in a query parameter, or, with `\"placeholder\"`, only where a route \
                    says `{token}`.",
        },
        FormKey {
            key: "source",
            form: Form::Source,
            absent: Absent::Nothing,
            about: "Tokens of your own instead of minted ones, one a line in a file, relative to \
                    the scenario. They are sent as they are and never renewed; `users` is how \
                    many there are, unless it says fewer. What makes tokens anew needs the `key` \
                    that signed them.",
        },
    ],
    inner: &[&MUTATION],
};

pub(in crate::scenario) static MUTATION: TableSpec = TableSpec {
    name: "token.mutation",
    repeated: true,
    about: "A defect that a share of all requests carries, during the whole run.",
    settings: &[Setting::required("share", Kind::Share, "Of all requests; together at most 100%.")],
    forms: &[FormKey {
        key: "kind",
        form: Form::MutationName,
        absent: Absent::Required,
        about: "The defect.",
    }],
    inner: &[],
};

pub(in crate::scenario) static ROUTE: TableSpec = TableSpec {
    name: "route",
    repeated: true,
    about: "One kind of request. Without any, every request is `GET /me`. In path, header fields \
            and body stand `{user}` (or `{user.id}`) for the subject, `{user.email}`, `{token}`, \
            `{seq}` for the request's number and `{uuid}` for a random one; each is escaped for \
            its place. Other braces in a body stand for themselves.",
    settings: &[
        Setting::required(
            "request",
            Kind::Text,
            "Method, path and query, such as `GET /orders/{user}?page={seq}`.",
        ),
        Setting::with_default(
            "weight",
            Kind::Count { min: 1, max: 1_000_000 },
            "1",
            "The chance of being chosen, relative to the other routes'.",
        ),
        Setting::optional(
            "body",
            Kind::Text,
            "The body. Values are escaped as JSON or encoded as in a form where `Content-Type` says \
             that it is one.",
        ),
    ],
    forms: &[FormKey {
        key: "headers",
        form: Form::Headers,
        absent: Absent::Nothing,
        about: "Further header fields, as a table of names and strings.",
    }],
    inner: &[&EXPECT],
};

pub(in crate::scenario) static EXPECT: TableSpec = TableSpec {
    name: "route.expect",
    repeated: false,
    about: "What an answer that lets the user in has to look like. One that does not is an \
            `error`, whatever its status, unless it lets in the wrong user or whom it must not.",
    settings: &[Setting::optional(
        "body",
        Kind::Text,
        "Text that the first 16 KiB of the body hold. `{user}` in it stands for the subject.",
    )],
    forms: &[
        FormKey {
            key: "status",
            form: Form::Statuses,
            absent: Absent::Nothing,
            about: "The status that it has, or a list of which it has one.",
        },
        FormKey {
            key: "json",
            form: Form::JsonValues,
            absent: Absent::Nothing,
            about: "Values that the JSON body holds, as a table of JSON pointers (RFC 6901) and \
                    values, such as `{ \"/data/0/state\" = \"open\" }`. In strings `{user}` (or \
                    `{user.id}`) stands for the subject, and no other placeholder may.",
        },
    ],
    inner: &[],
};

pub(in crate::scenario) static PHASE: TableSpec = TableSpec {
    name: "phase",
    repeated: true,
    about: "A stretch of load. Phases follow one another without gaps; there is at least one.",
    settings: &[
        Setting::required("name", Kind::Text, "The name, unique in the scenario, without `+`."),
        Setting::required("for", POSITIVE_SPAN, "How long it lasts."),
        Setting::with_default(
            "warm_up",
            Kind::Flag,
            "false",
            "Recorded, but left out of thresholds, validity and totals.",
        ),
    ],
    forms: &[FormKey {
        key: "arrival",
        form: Form::Arrival,
        absent: Absent::Default("{ poisson = \"100/s\" }"),
        about: "When requests are due: one of the arrival processes below.",
    }],
    inner: &[],
};

pub(in crate::scenario) static FAULT: TableSpec = TableSpec {
    name: "fault",
    repeated: true,
    about: "Something wrong on purpose. Each kind has keys of its own beside these.",
    settings: &[
        Setting::required(
            "at",
            Kind::Text,
            "When it starts: a phase and a time into it, such as `steady+5s` or `steady`, or a \
             time from the start of load, such as `12s`.",
        ),
        Setting::optional("every", POSITIVE_SPAN, "Start it again each time this has gone by."),
        Setting::optional(
            "times",
            Kind::Count { min: 1, max: 10_000 },
            "With `every`: how often in all; until the end of the load if left out.",
        ),
    ],
    forms: &[FormKey {
        key: "kind",
        form: Form::FaultName,
        absent: Absent::Required,
        about: "What goes wrong.",
    }],
    inner: &[],
};

pub(in crate::scenario) static THRESHOLDS: TableSpec = TableSpec {
    name: "thresholds",
    repeated: false,
    about: "What must hold, or the run fails: metrics and conditions. A threshold on something \
            that was never measured fails too.",
    settings: &[],
    forms: &[FormKey {
        key: "METRIC",
        form: Form::Conditions,
        absent: Absent::Nothing,
        about: "A condition on the metric, such as `\"== 0 after 5s\"`.",
    }],
    inner: &[],
};

pub(in crate::scenario) static LOAD: TableSpec = TableSpec {
    name: "load",
    repeated: false,
    about: "How requests are sent, and when the sending itself was too poor to judge by.",
    settings: &[
        Setting::with_default(
            "engine",
            Kind::Choice(&["raw", "reqwest"]),
            "raw",
            "Which client sends the requests. `raw` sends bytes as they are, at little cost; \
             `reqwest` follows redirects within the target, keeps cookies for each connection \
             and decodes bodies, at a multiple of the cost. It knows neither `target.connect_to` \
             nor `target.tls.server_name`, which are refused with it.",
        ),
        Setting::with_default(
            "workers",
            Kind::Count { min: 0, max: 256 },
            "0",
            "Worker threads; 0 lets the machine decide.",
        ),
        Setting::with_default(
            "connections",
            Kind::Count { min: 1, max: 100_000 },
            "256",
            "Most connections. In open phases requests that are due while all are busy wait. The \
             virtual users of a closed phase must find room on them, one on a connection or, with \
             `target.http = \"2\"`, one on a stream; if the key is left out and they need more, there \
             are as many as they need.",
        ),
        Setting::with_default(
            "streams_per_connection",
            Kind::Count { min: 1, max: 1_000 },
            "10",
            "In HTTP/2: requests that may be under way on one connection at a time.",
        ),
        Setting::with_default(
            "backlog",
            Kind::Count { min: 0, max: 10_000_000 },
            "10000",
            "Requests that may wait for a connection; more are counted as unsent.",
        ),
        Setting::with_default(
            "connect_timeout",
            POSITIVE_SPAN,
            "1s",
            "Time limit for opening a connection.",
        ),
        Setting::with_default(
            "request_timeout",
            POSITIVE_SPAN,
            "5s",
            "Time limit from sending a request to its whole answer.",
        ),
        Setting::with_default(
            "requests_per_connection",
            Kind::Count { min: 0, max: 1_000_000_000 },
            "0",
            "Requests after which a connection is closed and replaced; 0 for never. With 1 \
             nothing is kept alive, and each request says `Connection: close`.",
        ),
        Setting::with_default(
            "idle_timeout",
            ANY_SPAN,
            "0s",
            "A connection that was not used for longer is closed and replaced; 0s for never.",
        ),
        Setting::with_default(
            "open_connections",
            Kind::Count { min: 0, max: 100_000 },
            "0",
            "Connections that open phases find already open, of those that `connections` allows; \
             further ones are opened when a request finds none idle. Only with `engine = \"raw\"`.",
        ),
        Setting::with_default(
            "spin",
            Kind::Choice(&["auto", "never", "always"]),
            "auto",
            "What a worker does until the next request is due. `never` sleeps, and is woken tens \
             of microseconds late; `always` looks at the clock again and again, which takes the \
             whole core; `auto` sleeps until shortly before the instant.",
        ),
        Setting::with_default(
            "grain",
            Kind::Span { min: Duration::ZERO, max: Duration::from_millis(100) },
            "0s",
            "Requests that come due within one grain are sent together at its end, which saves \
             CPU time and costs send lag; 0s sends each at its own instant. wrk2 has a grain of \
             1 to 2 ms. Does not go with `spin = \"always\"`.",
        ),
        Setting::with_default(
            "receive_time",
            Kind::Choice(&["auto", "kernel", "read"]),
            "auto",
            "When an answer counts as received: when the `kernel` had its last byte, so that what \
             the generator takes to come and read it is no part of it, or when it was `read`. \
             `auto` is `kernel`, but `read` in a run of closed phases only, where it costs most. \
             The kernel tells for TCP and the raw engine, and `kernel` is refused for others.",
        ),
        Setting::with_default(
            "drain",
            ANY_SPAN,
            "5s",
            "How long requests under way may take after the last phase.",
        ),
        Setting::with_default(
            "send_lag_limit",
            POSITIVE_SPAN,
            "20ms",
            "The run is invalid if the 99th percentile of the send lag is above this.",
        ),
        Setting::with_default(
            "unsent_limit",
            Kind::Share,
            "0.1%",
            "The run is invalid if more of the due requests stayed unsent.",
        ),
    ],
    forms: &[],
    inner: &[&RETRY],
};

pub(in crate::scenario) static RETRY: TableSpec = TableSpec {
    name: "load.retry",
    repeated: false,
    about: "What a client does when it is told that its user does not exist. Retries are counted \
            and judged as requests of their own.",
    settings: &[
        Setting::with_default(
            "times",
            Kind::Count { min: 0, max: 100 },
            "0",
            "How often it asks again, at most; 0 for a client that believes it.",
        ),
        Setting::with_default("backoff", ANY_SPAN, "100ms", "The pause before the first retry."),
        Setting::with_default(
            "growth",
            Kind::Number { min: 1.0, max: 10.0 },
            "2",
            "By how much the pause grows from one retry to the next, as a factor.",
        ),
    ],
    forms: &[],
    inner: &[],
};

pub(in crate::scenario) static PROBE: TableSpec = TableSpec {
    name: "probe",
    repeated: false,
    about: "Follow-up requests for users that were changed, which find out how long a change \
            takes to show.",
    settings: &[
        Setting::with_default(
            "gap",
            POSITIVE_SPAN,
            "30ms",
            "The shortest gap between two probes of one user, which holds just after the change.",
        ),
        Setting::with_default(
            "growth",
            Kind::Number { min: 0.0, max: 10.0 },
            "0.15",
            "The longest gap, as a fraction of the time since the change.",
        ),
        Setting::with_default(
            "until",
            POSITIVE_SPAN,
            "10s",
            "How long after the change a user is followed.",
        ),
        Setting::with_default(
            "prime",
            ANY_SPAN,
            "1s",
            "Each user to be changed is asked for once in this time before the change, so that \
             caches know it.",
        ),
        Setting::with_default(
            "quiet",
            Kind::Share,
            "10%",
            "Of the changed users: probed only once, at age `until`, to see whether probing \
             keeps cache entries warm.",
        ),
    ],
    forms: &[],
    inner: &[],
};
