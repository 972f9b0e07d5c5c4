//! How gateways and auth servers spell their answers: one file each, one line each in
//! [`REGISTRY`].
//!
//! Most profiles are tables of rules (`rule`). Where a system answers several causes alike, its
//! reading is ambiguous and names them all; what it was then follows from the truth, not from the
//! answer. That an answer reads as accepted is not proof: some systems say 200 and mean nobody.

mod apache_oidc;
mod apisix;
mod argocd;
mod aws_apigw;
mod caddy;
mod devise_jwt;
mod envoy;
mod fastapi_users;
mod flask_jwt_extended;
mod grafana;
mod haproxy;
mod hasura;
mod keycloak;
mod kong;
mod laravel_jwt;
mod lexik_jwt;
mod nginx_auth_request;
mod oathkeeper;
mod passport;
mod pocketbase;
mod postgrest;
mod rfc6750;
mod rule;
mod simplejwt;
mod spring;
mod supabase_auth;
mod traefik;

use super::{Class, ClassSet, Observation};

/// How one system spells its answers.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// The name in scenarios.
    pub name: &'static str,
    /// One sentence: which system, which versions, where the facts come from.
    pub about: &'static str,
    /// Whether a 401 without `WWW-Authenticate` counts as a wrong code (RFC 9110 §11.6.1).
    pub wants_challenge: bool,
    /// Reads an answer. Pure, and never panics whatever the bytes.
    pub read: fn(&Observation<'_>) -> Reading,
    /// Answers of this system and what they mean; shown in `docs/profiles.md`, and tested.
    pub examples: &'static [Example],
}

/// An answer as one system gives it, and what it means.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// What has happened.
    pub says: &'static str,
    /// The status code.
    pub status: u16,
    /// The header fields that matter.
    pub headers: &'static [(&'static str, &'static str)],
    /// The body.
    pub body: &'static str,
    /// What the profile makes of it.
    pub reading: Reading,
}

const fn example(
    says: &'static str,
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    reading: Reading,
) -> Example {
    Example { says, status, headers, body, reading }
}

/// What a profile makes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The most likely meaning.
    pub class: Class,
    /// Other meanings that this system spells the same way; the truth decides among them.
    pub may_be: ClassSet,
}

impl Reading {
    /// An answer that can mean only this.
    pub const fn certain(class: Class) -> Self {
        Self { class, may_be: ClassSet::NONE }
    }

    /// An answer that this system gives for other reasons too.
    pub const fn ambiguous(class: Class, may_be: &[Class]) -> Self {
        Self { class, may_be: ClassSet::of(may_be) }
    }

    /// Everything that the answer may mean.
    pub const fn meanings(self) -> ClassSet {
        self.may_be.with(self.class)
    }
}

/// Every profile.
pub const REGISTRY: &[&Profile] = &[
    &rfc6750::PROFILE,
    &apache_oidc::PROFILE,
    &apisix::PROFILE,
    &argocd::PROFILE,
    &aws_apigw::PROFILE,
    &caddy::PROFILE,
    &devise_jwt::PROFILE,
    &envoy::PROFILE,
    &fastapi_users::PROFILE,
    &flask_jwt_extended::PROFILE,
    &grafana::PROFILE,
    &haproxy::PROFILE,
    &hasura::PROFILE,
    &keycloak::PROFILE,
    &kong::PROFILE,
    &laravel_jwt::PROFILE,
    &lexik_jwt::PROFILE,
    &nginx_auth_request::PROFILE,
    &oathkeeper::PROFILE,
    &passport::PROFILE,
    &pocketbase::PROFILE,
    &postgrest::PROFILE,
    &simplejwt::PROFILE,
    &spring::PROFILE,
    &supabase_auth::PROFILE,
    &traefik::PROFILE,
];

/// The profile with this name.
pub fn named(name: &str) -> Option<&'static Profile> {
    REGISTRY.iter().copied().find(|profile| profile.name == name)
}
