//! A SCIM client (RFC 7643, RFC 7644): changes users in a primary directory, ours or another's.
//!
//! A subject is a user's `userName`. Each method returns once the directory has acknowledged the
//! change. Against the embedded stack, whose ids follow from the subject ([`id_of`]) and which
//! takes users in bulk, a change is one request; elsewhere the id is remembered from the creation
//! or asked for with a filter.
//!
//! What it does not do: retry. A change of unknown outcome is the caller's to judge.

use std::collections::HashMap;
use std::error::Error as _;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::{StreamExt, TryStreamExt, stream};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::identity::Change;

/// The schema of users (RFC 7643 §4.1).
pub const USER_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The schema of PATCH requests (RFC 7644 §3.5.2).
pub const PATCH_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// From a request to its answer.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// From the first byte of a bulk load to its acknowledgement.
const BULK_TIME_LIMIT: Duration = Duration::from_secs(900);
/// Bytes of a bulk load that are sent in one piece.
const CHUNK: usize = 256 * 1024;
/// Users created at a time where there is no bulk load.
const ABREAST: usize = 16;
/// Ids that are remembered; beyond, the directory is asked.
const REMEMBERED: usize = 100_000;
/// The largest answer that is read, in bytes.
const LARGEST_ANSWER: usize = 1 << 20;
/// Characters of an unexpected answer that are shown.
const SHOWN: usize = 300;

/// The id that the embedded stack's primary gives a user: base64url of the subject, unpadded
/// (RFC 4648 §5); `=` for the empty subject, since an id is never empty.
pub fn id_of(subject: &str) -> String {
    if subject.is_empty() { "=".to_owned() } else { URL_SAFE_NO_PAD.encode(subject) }
}

/// The subject behind an id of [`id_of`].
pub fn subject_of(id: &str) -> Option<String> {
    if id == "=" {
        return Some(String::new());
    }
    let bytes = URL_SAFE_NO_PAD.decode(id).ok().filter(|bytes| !bytes.is_empty())?;
    String::from_utf8(bytes).ok()
}

/// A change that was not acknowledged, or an answer that makes no sense. Each names the address.
#[derive(Debug, thiserror::Error)]
pub enum ScimError {
    /// No connection, or it broke. Whether the change was made is unknown.
    #[error("the primary directory at {url} cannot be reached: {cause}; check that it runs there")]
    Unreachable {
        /// What was asked.
        url: String,
        /// What went wrong, in the transport's words.
        cause: String,
    },
    /// No answer in time. Whether the change was made is unknown.
    #[error("the primary directory at {url} did not answer within {} s", limit.as_secs())]
    Late {
        /// What was asked.
        url: String,
        /// How long it had.
        limit: Duration,
    },
    /// The directory has no such user.
    #[error("the primary directory at {url} has no user {subject:?}")]
    NoSuchUser {
        /// What was asked.
        url: String,
        /// Who was meant.
        subject: String,
    },
    /// The directory has such a user already (RFC 7644 §3.3, `uniqueness`).
    #[error("the primary directory at {url} has a user {subject:?} already")]
    AlreadyThere {
        /// What was asked.
        url: String,
        /// Who was meant.
        subject: String,
    },
    /// The directory said no.
    #[error("the primary directory at {url} answered {status}: {detail}")]
    Refused {
        /// What was asked.
        url: String,
        /// The answer's status.
        status: u16,
        /// The head of the answer's body.
        detail: String,
    },
    /// The answer is not SCIM.
    #[error("the primary directory at {url} gave an answer that is not SCIM: {detail}")]
    Unreadable {
        /// What was asked.
        url: String,
        /// What is wrong with it.
        detail: String,
    },
}

/// Changes users in one directory. Methods may run side by side.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    /// Up to and without `/Users`.
    base: String,
    bearer: Option<String>,
    /// Where the embedded stack takes users in bulk; `None` for other directories.
    bulk: Option<String>,
    ids: Mutex<HashMap<String, String>>,
}

impl Client {
    /// A client for any SCIM directory, such as `https://idp.example/scim/v2`.
    pub fn new(base: &str, bearer: Option<String>) -> Result<Self, ScimError> {
        Self::build(reqwest::Client::builder(), base.trim_end_matches('/').to_owned(), bearer, None)
    }

    /// A client for the embedded stack's primary at this address.
    pub fn embedded(address: SocketAddr) -> Result<Self, ScimError> {
        // A proxy of the environment has no business between a process and its child.
        let http = reqwest::Client::builder().no_proxy();
        let bulk = Some(format!("http://{address}/bulk"));
        Self::build(http, format!("http://{address}/scim/v2"), None, bulk)
    }

    fn build(
        http: reqwest::ClientBuilder,
        base: String,
        bearer: Option<String>,
        bulk: Option<String>,
    ) -> Result<Self, ScimError> {
        // Looking for certificates takes time, and fails on a machine that has none.
        let plain = base.starts_with("http://");
        let http = if plain { http.tls_certs_only([]) } else { http };
        let http = http.tcp_nodelay(true).timeout(TIME_LIMIT).build();
        let http = http.map_err(|error| ScimError::Unreachable {
            url: base.clone(),
            cause: innermost(&error),
        })?;
        Ok(Self { http, base, bearer, bulk, ids: Mutex::default() })
    }

    /// Where the directory is.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Makes this change of the user with this subject.
    pub async fn change(&self, subject: &str, change: Change) -> Result<(), ScimError> {
        match change {
            Change::Create | Change::Recreate => self.create(subject).await,
            Change::Disable => self.set_active(subject, false).await,
            Change::Enable => self.set_active(subject, true).await,
            Change::Delete => self.delete(subject).await,
        }
    }

    /// Makes the user, active (RFC 7644 §3.3).
    pub async fn create(&self, subject: &str) -> Result<(), ScimError> {
        let url = format!("{}/Users", self.base);
        let user = json!({ "schemas": [USER_SCHEMA], "userName": subject, "active": true });
        let (status, body) = self.send(Method::POST, &url, Some(&user)).await?;
        match status {
            StatusCode::CONFLICT => {
                Err(ScimError::AlreadyThere { url, subject: subject.to_owned() })
            }
            status if status.is_success() => {
                if self.bulk.is_none() {
                    let id = read(&url, &body)?;
                    if let Some(id) = id["id"].as_str() {
                        self.remember(subject, id);
                    }
                }
                Ok(())
            }
            status => Err(refused(url, status, &body)),
        }
    }

    /// Sets `active` (RFC 7644 §3.5.2).
    pub async fn set_active(&self, subject: &str, active: bool) -> Result<(), ScimError> {
        let operation = json!({ "op": "replace", "path": "active", "value": active });
        let patch = json!({ "schemas": [PATCH_SCHEMA], "Operations": [operation] });
        self.on_user(Method::PATCH, subject, Some(&patch)).await
    }

    /// Removes the user (RFC 7644 §3.6).
    pub async fn delete(&self, subject: &str) -> Result<(), ScimError> {
        let done = self.on_user(Method::DELETE, subject, None).await;
        // A user that is made again gets another id.
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).remove(subject);
        done
    }

    /// Whether the user is active; `None` where there is no such user.
    pub async fn active(&self, subject: &str) -> Result<Option<bool>, ScimError> {
        Ok(self.find(subject).await?.map(|user| user["active"].as_bool().unwrap_or(true)))
    }

    /// Makes all these users, active; gives how many. On the embedded stack the replica does not
    /// hear of them: it gets them with a snapshot.
    pub async fn seed<S>(&self, subjects: S) -> Result<u64, ScimError>
    where
        S: Iterator<Item = String> + Send + 'static,
    {
        let Some(url) = self.bulk.clone() else {
            return stream::iter(subjects)
                .map(|subject| async move { self.create(&subject).await })
                .buffer_unordered(ABREAST)
                .try_fold(0, |made, ()| async move { Ok(made + 1) })
                .await;
        };
        let body = reqwest::Body::wrap_stream(stream::iter(lines_in_chunks(subjects)));
        let request = self.http.post(&url).timeout(BULK_TIME_LIMIT).body(body);
        let (status, body) = self.finish(request, &url, BULK_TIME_LIMIT).await?;
        if !status.is_success() {
            return Err(refused(url, status, &body));
        }
        read(&url, &body)?["users"].as_u64().ok_or_else(|| ScimError::Unreadable {
            url,
            detail: format!("no count of users in {}", head(&body)),
        })
    }

    async fn on_user(
        &self,
        method: Method,
        subject: &str,
        body: Option<&Value>,
    ) -> Result<(), ScimError> {
        let id = self.id(subject).await?;
        let url = format!("{}/Users/{}", self.base, utf8_percent_encode(&id, NON_ALPHANUMERIC));
        let (status, body) = self.send(method, &url, body).await?;
        match status {
            StatusCode::NOT_FOUND => {
                Err(ScimError::NoSuchUser { url, subject: subject.to_owned() })
            }
            status if status.is_success() => Ok(()),
            status => Err(refused(url, status, &body)),
        }
    }

    async fn id(&self, subject: &str) -> Result<String, ScimError> {
        if self.bulk.is_some() {
            return Ok(id_of(subject));
        }
        let known = self.ids.lock().unwrap_or_else(PoisonError::into_inner).get(subject).cloned();
        if let Some(id) = known {
            return Ok(id);
        }
        let url = format!("{}/Users", self.base);
        let user = self.find(subject).await?;
        let user = user.ok_or_else(|| ScimError::NoSuchUser {
            url: url.clone(),
            subject: subject.to_owned(),
        })?;
        let id = user["id"].as_str().ok_or_else(|| ScimError::Unreadable {
            url,
            detail: format!("the user {subject:?} has no id"),
        })?;
        self.remember(subject, id);
        Ok(id.to_owned())
    }

    fn remember(&self, subject: &str, id: &str) {
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        if ids.len() < REMEMBERED {
            ids.insert(subject.to_owned(), id.to_owned());
        }
    }

    /// Asks for the user by filter (RFC 7644 §3.4.2.2).
    async fn find(&self, subject: &str) -> Result<Option<Value>, ScimError> {
        let filter = format!("userName eq {}", Value::from(subject));
        let filter = utf8_percent_encode(&filter, NON_ALPHANUMERIC);
        let url = format!("{}/Users?filter={filter}", self.base);
        let (status, body) = self.send(Method::GET, &url, None).await?;
        if !status.is_success() {
            return Err(refused(url, status, &body));
        }
        // Most directories compare names without regard to case (RFC 7643 §4.1.1), subjects are
        // not to be taken so.
        let mut answer = read(&url, &body)?;
        let users = answer["Resources"].as_array_mut().map(std::mem::take).unwrap_or_default();
        Ok(users.into_iter().find(|user| user["userName"] == subject))
    }

    async fn send(
        &self,
        method: Method,
        url: &str,
        body: Option<&Value>,
    ) -> Result<(StatusCode, String), ScimError> {
        let mut request = self.http.request(method, url).header("accept", "application/scim+json");
        if let Some(body) = body {
            request =
                request.header("content-type", "application/scim+json").body(body.to_string());
        }
        self.finish(request, url, TIME_LIMIT).await
    }

    async fn finish(
        &self,
        mut request: RequestBuilder,
        url: &str,
        limit: Duration,
    ) -> Result<(StatusCode, String), ScimError> {
        if let Some(token) = &self.bearer {
            request = request.bearer_auth(token);
        }
        let fail = |error: reqwest::Error| {
            let url = url.to_owned();
            if error.is_timeout() {
                ScimError::Late { url, limit }
            } else {
                ScimError::Unreachable { url, cause: innermost(&error) }
            }
        };
        let mut answer = request.send().await.map_err(fail)?;
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(fail)? {
            if body.len() + piece.len() > LARGEST_ANSWER {
                let detail = format!("it is larger than {LARGEST_ANSWER} bytes");
                return Err(ScimError::Unreadable { url: url.to_owned(), detail });
            }
            body.extend_from_slice(&piece);
        }
        Ok((answer.status(), String::from_utf8_lossy(&body).into_owned()))
    }
}

/// Each subject as a JSON string on a line of its own, in chunks of a good size to send.
fn lines_in_chunks(
    mut subjects: impl Iterator<Item = String>,
) -> impl Iterator<Item = Result<Vec<u8>, std::convert::Infallible>> {
    std::iter::from_fn(move || {
        let mut chunk = Vec::with_capacity(CHUNK + 1_024);
        while chunk.len() < CHUNK {
            let Some(subject) = subjects.next() else { break };
            chunk.extend(Value::from(subject).to_string().into_bytes());
            chunk.push(b'\n');
        }
        (!chunk.is_empty()).then_some(Ok(chunk))
    })
}

/// What lies at the bottom of an error, such as "Connection refused (os error 111)".
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    // An error without a source of its own would name the URL a second time.
    if error.source().is_none() {
        "the request could not be sent".to_owned()
    } else {
        cause.to_string()
    }
}

fn read(url: &str, body: &str) -> Result<Value, ScimError> {
    serde_json::from_str(body).map_err(|error| ScimError::Unreadable {
        url: url.to_owned(),
        detail: format!("{error} in {}", head(body)),
    })
}

fn refused(url: String, status: StatusCode, body: &str) -> ScimError {
    ScimError::Refused { url, status: status.as_u16(), detail: head(body) }
}

fn head(body: &str) -> String {
    body.chars().take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_lead_back_to_their_subjects() {
        for subject in ["", "a", "auth0|1/2?3", "\0", "é\u{200b}", "="] {
            let id = id_of(subject);
            assert!(!id.is_empty());
            assert!(id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_=".contains(&b)), "{id}");
            assert_eq!(subject_of(&id).as_deref(), Some(subject));
        }
        assert_eq!(subject_of(""), None);
        assert_eq!(subject_of("not base64!"), None);
        assert_eq!(subject_of("_w"), None, "0xFF is not UTF-8");
    }

    #[test]
    fn bulk_lines_are_whole_and_complete() {
        let subjects: Vec<String> = (0..50_000).map(|i| format!("user\n{i}")).collect();
        let mut back = Vec::new();
        let mut chunks = 0;
        for chunk in lines_in_chunks(subjects.clone().into_iter()) {
            let chunk = String::from_utf8(chunk.unwrap()).unwrap();
            assert!(chunk.ends_with('\n'));
            back.extend(chunk.lines().map(|line| serde_json::from_str::<String>(line).unwrap()));
            chunks += 1;
        }
        assert!(chunks > 1);
        assert_eq!(back, subjects);
    }

    #[tokio::test]
    async fn an_endless_answer_is_given_up() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _request = stream.read(&mut [0; 4_096]).await.unwrap();
            let head = b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n";
            stream.write_all(head).await.unwrap();
            while stream.write_all(&vec![b'x'; 65_536]).await.is_ok() {}
        });
        let asked = Client::embedded(address).unwrap().active("u").await;
        assert!(matches!(asked, Err(ScimError::Unreadable { .. })), "{asked:?}");
        tokio::time::timeout(Duration::from_secs(10), server).await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn nobody_there_is_an_error_that_names_the_address() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let error = Client::embedded(address).unwrap().create("u").await.unwrap_err();
        assert!(matches!(error, ScimError::Unreachable { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains(&address.to_string()) && text.contains("refused"), "{text}");
    }
}
