//! Tokens that were withdrawn before their end: the identity provider's list of `jti`, polled.
//!
//! A withdrawn token is let in until the next poll. When the provider cannot be reached, the last
//! list stays in force; before the first list there is no telling, and nobody is let in.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use hyper::{StatusCode, Uri};
use tokio_util::sync::CancellationToken;

use super::client::Client;
use super::refusal::Refusal;

/// How often the list is fetched.
pub const POLL_GAP: Duration = Duration::from_millis(500);

/// How long a fetch may take.
const FETCH_LIMIT: Duration = Duration::from_secs(2);

/// The largest list that is read, in bytes: about 400,000 identifiers.
const MAX_LIST: usize = 16 << 20;

/// The withdrawn tokens.
pub struct DenyList {
    client: Client,
    uri: Uri,
    list: ArcSwapOption<HashSet<String>>,
}

impl DenyList {
    /// A list that was not fetched yet.
    pub fn new(client: Client, uri: Uri) -> Self {
        Self { client, uri, list: ArcSwapOption::empty() }
    }

    /// Refuses withdrawn tokens. One without `jti` cannot be on the list.
    pub fn check(&self, token_id: Option<&str>) -> Result<(), Refusal> {
        match self.list.load().as_ref() {
            None => Err(Refusal::Unavailable("the deny list could not be fetched")),
            Some(list) if token_id.is_some_and(|id| list.contains(id)) => Err(Refusal::Revoked),
            Some(_) => Ok(()),
        }
    }

    /// Fetches the list once.
    pub async fn fetch(&self) {
        let answer = self.client.get(&self.uri, FETCH_LIMIT, MAX_LIST).await;
        let list = answer
            .ok()
            .filter(|answer| answer.status == StatusCode::OK)
            .and_then(|answer| serde_json::from_slice::<HashSet<String>>(&answer.body).ok());
        if let Some(list) = list {
            self.list.store(Some(Arc::new(list)));
        }
    }

    /// Polls until cancelled.
    pub async fn poll(&self, cancel: CancellationToken) {
        let rounds = async {
            loop {
                self.fetch().await;
                tokio::time::sleep(POLL_GAP).await;
            }
        };
        cancel.run_until_cancelled(rounds).await;
    }
}
