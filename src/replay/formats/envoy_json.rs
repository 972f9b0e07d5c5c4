//! JSON access logs of Envoy and Istio, whose keys are what the administrator chose; known are
//! those of Istio's default and of Envoy's own examples.
//!
//! `START_TIME` is when the request came, in milliseconds.

use super::json_log::{self, Defaults, Role};
use super::{Format, first_object};

const DEFAULTS: Defaults = &[
    (Role::Start, &["start_time", "startTime", "@timestamp", "timestamp"]),
    (Role::Method, &["method", ":method", "request_method", "x_request_method"]),
    (Role::Path, &["path", ":path", "x_envoy_original_path", "x-envoy-original-path", "uri_path"]),
    (Role::Authorization, &["authorization"]),
    (Role::Address, &["x_forwarded_for", "x-forwarded-for", "downstream_remote_address"]),
];

/// See the module.
pub static FORMAT: Format = Format {
    name: "envoy-json",
    about: "JSON access logs of Envoy and Istio, which tell when each request came.",
    roles: json_log::NAMED,
    takes: |name| !name.is_empty(),
    recognises: |head| {
        first_object(head).is_some_and(|line| {
            DEFAULTS[0].1[..2].iter().any(|key| line.contains_key(*key))
                && DEFAULTS[2].1.iter().any(|key| line.contains_key(*key))
        })
    },
    read: |reader, fields, sink| json_log::read_all(reader, fields, DEFAULTS, sink),
};
