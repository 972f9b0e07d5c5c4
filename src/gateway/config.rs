//! What a gateway is told when it starts.

use hyper::Uri;
use serde::{Deserialize, Serialize};

use super::keys::{UnknownAlgorithm, check_algorithms};
use super::policy::Policies;

/// Everything about one gateway. Addresses are `http://host:port`, with a path where it says so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GatewayConfig {
    /// How it behaves.
    pub policies: Policies,
    /// The directory that it asks.
    pub directory: String,
    /// The primary directory, for the fall-back.
    pub primary: String,
    /// The directory that it asks by mistake when so misconfigured.
    pub wrong_directory: String,
    /// The stream of changes (with its path), if there is one.
    pub changes: Option<String>,
    /// The key set (with its path).
    pub jwks: String,
    /// The deny list (with its path), if there is one.
    pub deny_list: Option<String>,
    /// Where requests are passed on to.
    pub upstream: String,
    /// The only issuer whose tokens are taken.
    pub issuer: String,
    /// The audience that tokens must name.
    pub audience: String,
    /// The only algorithms that are taken, by their names in RFC 7518 and RFC 8037.
    pub algorithms: Vec<String>,
}

/// What is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// An address is not one.
    #[error("`{field}` is \"{found}\"; expected an address such as \"http://127.0.0.1:8080\"")]
    Address {
        /// The field.
        field: &'static str,
        /// Its value.
        found: String,
    },
    /// An algorithm is not one.
    #[error(transparent)]
    Algorithm(#[from] UnknownAlgorithm),
    /// No algorithm is configured, so no token could ever be taken.
    #[error("`algorithms` is empty; name at least one, such as \"ES256\"")]
    NoAlgorithm,
    /// The policy wants a list, and there is none.
    #[error("the deny list is switched on, and `deny_list` has no address")]
    NoDenyList,
}

/// The addresses of a configuration that are asked as they are.
#[derive(Clone, Debug)]
pub(super) struct Addresses {
    pub changes: Option<Uri>,
    pub jwks: Uri,
    pub deny_list: Option<Uri>,
    pub upstream: Uri,
}

impl GatewayConfig {
    /// Checks the configuration and reads its addresses.
    pub(super) fn check(&self) -> Result<Addresses, ConfigError> {
        check_algorithms(&self.algorithms)?;
        if self.algorithms.is_empty() {
            return Err(ConfigError::NoAlgorithm);
        }
        address("directory", &self.directory)?;
        address("primary", &self.primary)?;
        address("wrong_directory", &self.wrong_directory)?;
        let deny_list = match &self.deny_list {
            _ if !self.policies.deny_list => None,
            Some(text) => Some(address("deny_list", text)?),
            None => return Err(ConfigError::NoDenyList),
        };
        let changes = match &self.changes {
            Some(text) if self.policies.cache.invalidation => Some(address("changes", text)?),
            _ => None,
        };
        let jwks = address("jwks", &self.jwks)?;
        let upstream = address("upstream", &self.upstream)?;
        Ok(Addresses { changes, jwks, deny_list, upstream })
    }
}

fn address(field: &'static str, text: &str) -> Result<Uri, ConfigError> {
    let uri = text.parse::<Uri>().ok();
    uri.filter(|uri| uri.scheme_str() == Some("http") && uri.authority().is_some())
        .ok_or_else(|| ConfigError::Address { field, found: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> GatewayConfig {
        let address = "http://127.0.0.1:1".to_owned();
        GatewayConfig {
            policies: Policies::default(),
            directory: address.clone(),
            primary: address.clone(),
            wrong_directory: address.clone(),
            changes: Some(format!("{address}/changes")),
            jwks: format!("{address}/jwks.json"),
            deny_list: None,
            upstream: address,
            issuer: "https://idp.test".to_owned(),
            audience: "orders".to_owned(),
            algorithms: vec!["ES256".to_owned()],
        }
    }

    #[test]
    fn a_configuration_survives_its_text() {
        let text = serde_json::to_string(&config()).unwrap();
        assert_eq!(serde_json::from_str::<GatewayConfig>(&text).unwrap(), config());
    }

    #[test]
    fn changes_are_listened_to_only_where_they_are_heeded() {
        assert!(config().check().unwrap().changes.is_none());
        let mut heeding = config();
        heeding.policies.cache.invalidation = true;
        assert!(heeding.check().unwrap().changes.is_some());
    }

    #[test]
    fn mistakes_are_named_with_what_was_found() {
        let error = |change: fn(&mut GatewayConfig)| {
            let mut config = config();
            change(&mut config);
            config.check().unwrap_err().to_string()
        };
        assert!(error(|c| c.jwks = "ftp://x/".to_owned()).contains("`jwks` is \"ftp://x/\""));
        assert!(error(|c| c.directory = String::new()).contains("`directory` is \"\""));
        assert!(error(|c| c.algorithms[0] = "none".to_owned()).contains("\"none\""));
        assert!(error(|c| c.algorithms.clear()).contains("empty"));
        assert!(error(|c| c.policies.deny_list = true).contains("deny list"));
    }
}
