//! JSON access logs of nginx (`log_format … escape=json`), whose keys are what the administrator
//! chose; most choose the names of the variables.
//!
//! nginx writes a line when the request has ended. Where `request_time` is logged too, the request
//! is placed at its start.

use super::json_log::{self, Defaults, Role};
use super::{Format, first_object};

const DEFAULTS: Defaults = &[
    (Role::End, &["msec", "time_iso8601", "time_local", "time", "timestamp", "@timestamp"]),
    (Role::TookSeconds, &["request_time"]),
    (Role::Method, &["request_method", "method"]),
    (Role::Path, &["request_uri", "uri", "path"]),
    (Role::Request, &["request"]),
    (Role::Authorization, &["http_authorization", "authorization"]),
    (Role::RemoteUser, &["remote_user"]),
    (Role::Address, &["remote_addr", "client_ip", "http_x_forwarded_for"]),
];

/// See the module.
pub static FORMAT: Format = Format {
    name: "nginx-json",
    about: "JSON access logs of nginx and others that write a line when a request has ended.",
    roles: json_log::NAMED,
    takes: |name| !name.is_empty(),
    recognises: |head| {
        let has_path = |line: &serde_json::Map<_, _>| {
            ["request_uri", "request", "uri"].iter().any(|key| line.contains_key(*key))
        };
        first_object(head).is_some_and(|line| {
            has_path(&line)
                && DEFAULTS[0].1.iter().any(|key| line.contains_key(*key))
                && !line.contains_key("start_time")
        })
    },
    read: |reader, fields, sink| json_log::read_all(reader, fields, DEFAULTS, sink),
};
