//! SCIM 2.0 over the primary directory, as far as a provisioner of users needs it.
//!
//! | request | answers |
//! |---|---|
//! | `POST /scim/v2/Users` | 201, or 409 `uniqueness` (RFC 7644 §3.3) |
//! | `GET /scim/v2/Users?filter=userName eq "…"` | a list of one or none (§3.4.2); no other filter |
//! | `GET /scim/v2/Users/{id}` | the user (§3.4.1) |
//! | `PATCH /scim/v2/Users/{id}` | 200; `active` alone can be replaced (§3.5.2) |
//! | `DELETE /scim/v2/Users/{id}` | 204 (§3.6) |
//!
//! A user's id follows from its subject ([`id_of`]). Unlike the
//! core schema's, this `userName` is compared byte for byte, as `sub` is. An answer means that
//! the change is committed.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::primary::{EditError, Primary};
use crate::directory::scim::{USER_SCHEMA, id_of, subject_of};
use crate::directory::store::Edit;

const LIST_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const ERROR_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// The SCIM routes over this primary.
pub fn routes(primary: Arc<Primary>) -> Router {
    Router::new()
        .route("/scim/v2/Users", post(create).get(search))
        .route("/scim/v2/Users/{id}", get(read).patch(patch).delete(delete))
        .with_state(primary)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewUser {
    user_name: String,
    #[serde(default = "yes")]
    active: bool,
}

fn yes() -> bool {
    true
}

async fn create(State(primary): State<Arc<Primary>>, headers: HeaderMap, body: String) -> Response {
    let user: NewUser = match serde_json::from_str(&body) {
        Ok(user) => user,
        Err(error) => return bad("invalidSyntax", &format!("expected a user: {error}")),
    };
    match primary.edit(&user.user_name, Edit::Create { active: user.active }) {
        Ok(true) => {
            let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
            let at = format!(
                "http://{}/scim/v2/Users/{}",
                host.unwrap_or("127.0.0.1"),
                id_of(&user.user_name)
            );
            let body = resource(&user.user_name, user.active);
            (StatusCode::CREATED, [(header::LOCATION, at)], scim(&body)).into_response()
        }
        Ok(false) => {
            let detail = format!("there is a user {:?} already", user.user_name);
            error(StatusCode::CONFLICT, Some("uniqueness"), &detail)
        }
        Err(failure) => unavailable(&failure),
    }
}

#[derive(Deserialize)]
struct Search {
    filter: Option<String>,
}

async fn search(State(primary): State<Arc<Primary>>, Query(search): Query<Search>) -> Response {
    let subject = match search.filter.as_deref().map(read_filter) {
        Some(Ok(subject)) => subject,
        Some(Err(detail)) => return bad("invalidFilter", &detail),
        None => {
            let detail = "a filter is needed: userName eq \"…\"";
            return error(StatusCode::FORBIDDEN, Some("tooMany"), detail);
        }
    };
    match primary.store().lookup(&subject) {
        Ok(found) => {
            let users: Vec<Value> =
                found.iter().map(|&active| resource(&subject, active)).collect();
            let body = json!({
                "schemas": [LIST_SCHEMA],
                "totalResults": users.len(),
                "startIndex": 1,
                "itemsPerPage": users.len(),
                "Resources": users,
            });
            scim(&body).into_response()
        }
        Err(failure) => unavailable(&failure.into()),
    }
}

/// The name in `userName eq "…"`; attribute and operator are case-insensitive (RFC 7644 §3.4.2.2).
fn read_filter(filter: &str) -> Result<String, String> {
    let wrong = || format!("found the filter {filter:?}; expected userName eq \"…\"");
    let (attribute, rest) = filter.trim().split_once(' ').ok_or_else(wrong)?;
    let (operator, value) = rest.trim_start().split_once(' ').ok_or_else(wrong)?;
    if !attribute.eq_ignore_ascii_case("userName") || !operator.eq_ignore_ascii_case("eq") {
        return Err(wrong());
    }
    serde_json::from_str(value.trim()).map_err(|_| wrong())
}

async fn read(State(primary): State<Arc<Primary>>, Path(id): Path<String>) -> Response {
    let Some(subject) = subject_of(&id) else {
        return nobody(&id);
    };
    match primary.store().lookup(&subject) {
        Ok(Some(active)) => scim(&resource(&subject, active)).into_response(),
        Ok(None) => nobody(&id),
        Err(failure) => unavailable(&failure.into()),
    }
}

#[derive(Deserialize)]
struct Patch {
    #[serde(rename = "Operations")]
    operations: Vec<Operation>,
}

#[derive(Deserialize)]
struct Operation {
    op: String,
    path: Option<String>,
    value: Option<Value>,
}

/// What the operations make of `active`.
fn read_patch(body: &str) -> Result<bool, (&'static str, String)> {
    let patch: Patch = serde_json::from_str(body)
        .map_err(|error| ("invalidSyntax", format!("expected a PatchOp: {error}")))?;
    let mut outcome = None;
    for operation in patch.operations {
        if !["replace", "add"].iter().any(|op| operation.op.eq_ignore_ascii_case(op)) {
            let detail = format!("found the op {:?}; expected replace or add", operation.op);
            return Err(("invalidSyntax", detail));
        }
        let value = operation.value.unwrap_or_default();
        let active = match operation.path.as_deref() {
            Some(attribute) if attribute.eq_ignore_ascii_case("active") => value,
            Some(attribute) => {
                return Err(("mutability", format!("{attribute:?} cannot be changed; active can")));
            }
            // Without a path the value is an object of attributes.
            None => value.get("active").cloned().unwrap_or_default(),
        };
        outcome = Some(read_flag(&active).ok_or_else(|| {
            ("invalidValue", format!("active is {active}; expected true or false"))
        })?);
    }
    outcome.ok_or_else(|| ("invalidSyntax", "Operations is empty".to_owned()))
}

/// A boolean, also in quotes, as a widespread provisioner sends it.
fn read_flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(word) if word.eq_ignore_ascii_case("true") => Some(true),
        Value::String(word) if word.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

async fn patch(
    State(primary): State<Arc<Primary>>,
    Path(id): Path<String>,
    body: String,
) -> Response {
    let Some(subject) = subject_of(&id) else {
        return nobody(&id);
    };
    let active = match read_patch(&body) {
        Ok(active) => active,
        Err((kind, detail)) => return bad(kind, &detail),
    };
    match primary.edit(&subject, Edit::SetActive(active)) {
        Ok(true) => scim(&resource(&subject, active)).into_response(),
        Ok(false) => nobody(&id),
        Err(failure) => unavailable(&failure),
    }
}

async fn delete(State(primary): State<Arc<Primary>>, Path(id): Path<String>) -> Response {
    let Some(subject) = subject_of(&id) else {
        return nobody(&id);
    };
    match primary.edit(&subject, Edit::Delete) {
        Ok(true) => StatusCode::NO_CONTENT.into_response(),
        Ok(false) => nobody(&id),
        Err(failure) => unavailable(&failure),
    }
}

fn resource(subject: &str, active: bool) -> Value {
    json!({
        "schemas": [USER_SCHEMA],
        "id": id_of(subject),
        "userName": subject,
        "active": active,
        "meta": { "resourceType": "User" },
    })
}

fn scim(body: &Value) -> impl IntoResponse + use<> {
    ([(header::CONTENT_TYPE, "application/scim+json")], body.to_string())
}

/// An error answer (RFC 7644 §3.12).
fn error(status: StatusCode, kind: Option<&str>, detail: &str) -> Response {
    let mut body = json!({
        "schemas": [ERROR_SCHEMA],
        "status": status.as_u16().to_string(),
        "detail": detail,
    });
    if let Some(kind) = kind {
        body["scimType"] = kind.into();
    }
    (status, scim(&body)).into_response()
}

fn bad(kind: &str, detail: &str) -> Response {
    error(StatusCode::BAD_REQUEST, Some(kind), detail)
}

fn nobody(id: &str) -> Response {
    error(StatusCode::NOT_FOUND, None, &format!("there is no user with the id {id:?}"))
}

fn unavailable(failure: &EditError) -> Response {
    let retry = [(header::RETRY_AFTER, "1")];
    let answer = error(StatusCode::SERVICE_UNAVAILABLE, None, &failure.to_string());
    (retry, answer).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_names_one_user_byte_for_byte() {
        assert_eq!(read_filter(r#"userName eq "a b""#).unwrap(), "a b");
        assert_eq!(read_filter(r#"USERNAME EQ " A\"\u0000""#).unwrap(), " A\"\0");
        for wrong in ["", "userName", "userName eq a", r#"id eq "a""#, r#"userName co "a""#] {
            assert!(read_filter(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_patch_replaces_active_in_either_spelling() {
        let of = |operations: &str| read_patch(&format!(r#"{{"Operations":[{operations}]}}"#));
        assert_eq!(of(r#"{"op":"replace","path":"active","value":false}"#), Ok(false));
        assert_eq!(of(r#"{"op":"Replace","value":{"active":"True"}}"#), Ok(true));
        for (wrong, kind) in [
            ("", "invalidSyntax"),
            (r#"{"op":"remove","path":"active"}"#, "invalidSyntax"),
            (r#"{"op":"replace","path":"userName","value":"x"}"#, "mutability"),
            (r#"{"op":"replace","path":"active","value":1}"#, "invalidValue"),
        ] {
            assert_eq!(of(wrong).unwrap_err().0, kind, "{wrong}");
        }
    }
}
