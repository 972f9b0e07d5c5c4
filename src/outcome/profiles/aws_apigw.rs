//! AWS API Gateway with a Lambda authorizer.

use super::rule::{ANY_REJECT, FAILED, Rule, on, read};
use super::{Class, Profile, Reading, example};

/// See the module.
pub static PROFILE: Profile = Profile {
    name: "aws-apigw",
    about: "AWS API Gateway with a Lambda authorizer, as documented. Its verdicts are \
            cached by token, 300 s by default.",
    wants_challenge: false,
    read: |seen| read(RULES, seen),
    examples: &[
        example("let in", 200, &[], r#"{"user":"u1"}"#, Reading::certain(Class::Accepted)),
        example(
            "the function says Unauthorized",
            401,
            &[],
            r#"{"message":"Unauthorized"}"#,
            Reading::ambiguous(Class::TokenInvalid, ANY_REJECT),
        ),
        example(
            "the function's policy denies",
            403,
            &[],
            r#"{"Message":"User is not authorized to access this resource with an explicit deny"}"#,
            Reading::ambiguous(Class::Forbidden, ANY_REJECT),
        ),
        example("the function failed", 500, &[], r#"{"message":null}"#, FAILED),
    ],
};

const RULES: &[Rule] = &[
    on(401).may_be(Class::TokenInvalid, ANY_REJECT),
    on(403).may_be(Class::Forbidden, ANY_REJECT),
    on(500).body("\"message\":null").reads(FAILED),
];
