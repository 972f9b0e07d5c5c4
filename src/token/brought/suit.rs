//! Whether tokens that people bring are those that the scenario speaks of. One is looked at: it is
//! better to say at once what is wrong with all than to count a rejection for each.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use serde_json::Value;

use super::super::plan::TokenPlan;
use super::super::signer::Signer;
use super::{BroughtError, BroughtTokens};
use crate::identity::UserIndex;

impl BroughtTokens {
    /// Whether the first token is one that this signer's key set verifies and, for a gateway that
    /// is set up by the plan, one of the plan's issuer for its audience.
    pub fn suit(
        &self,
        signer: &Signer,
        plan: &TokenPlan,
        gateway_by_plan: bool,
    ) -> Result<(), BroughtError> {
        let unsuited = |problem| BroughtError::Unsuited { path: self.path.clone(), problem };
        let claims = self.verified(signer, plan).map_err(unsuited)?;
        if !gateway_by_plan {
            return Ok(());
        }
        for (claim, key, wanted) in
            [("iss", "issuer", &plan.issuer), ("aud", "audience", &plan.audience)]
        {
            let fits = match &claims[claim] {
                Value::Array(values) => values.iter().any(|value| value == wanted.as_str()),
                value => value == wanted.as_str(),
            };
            if !fits {
                let problem = format!(
                    "the first token's `{claim}` is {}, and the gateway is set up for \
                     \"{wanted}\"; set `{key}` in `[token]`",
                    claims[claim]
                );
                return Err(unsuited(problem));
            }
        }
        Ok(())
    }

    /// The claims of the first token, if the signer's key set verifies it.
    fn verified(&self, signer: &Signer, plan: &TokenPlan) -> Result<Value, String> {
        let token = self.token(UserIndex(0));
        let header = decode_header(token).map_err(|_| "the first token is no JWT".to_owned())?;
        if header.alg != plan.algorithm.library() {
            return Err(format!(
                "the first token is signed with {:?}, and `algorithm` is {}",
                header.alg, plan.algorithm
            ));
        }
        if let Some(kid) = header.kid.filter(|kid| kid != signer.key_id()) {
            return Err(format!(
                "the first token names the key {kid:?}, and `key` is called {:?}; set `key_id`",
                signer.key_id()
            ));
        }
        let set: Option<JwkSet> = serde_json::from_value(signer.verifier_jwks()).ok();
        let key = set.as_ref().and_then(|set| DecodingKey::from_jwk(set.keys.first()?).ok());
        let mut rules = Validation::new(header.alg);
        rules.required_spec_claims.clear();
        (rules.validate_exp, rules.validate_aud) = (false, false);
        let claims = key.and_then(|key| decode::<Value>(token, &key, &rules).ok());
        claims.map(|data| data.claims).ok_or_else(|| {
            "the first token was not signed with `key`; give the key that signed it".to_owned()
        })
    }
}
