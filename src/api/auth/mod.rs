//! Who is calling, and what they may do: bearer tokens, scopes, and the extractor that handlers name them by.

mod scope;
mod token;

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

pub use scope::{Scope, Scopes};
pub use token::{GENERATED_SECRET, KeyError, MIN_SECRET_BYTES, Verifier, generate_secret, mint, read_secret};

use super::App;
use super::problem::Problem;
use crate::subscription::Tenant;

/// Proof that the request carries a good token with the scope `S`; holds whose it is.
pub struct Authorized<S> {
    /// The token's `sub`.
    pub tenant: Tenant,
    scope: PhantomData<S>,
}

/// A scope that a handler can ask for in its signature.
pub trait Required {
    const SCOPE: Scope;
}

/// One type for each scope.
pub mod may {
    use super::{Required, Scope};

    pub struct ReadSubscriptions;
    pub struct WriteSubscriptions;
    pub struct ReadMembers;
    pub struct WriteMembers;
    pub struct RunJobs;
    pub struct ReadMetrics;

    impl Required for ReadSubscriptions {
        const SCOPE: Scope = Scope::SubscriptionsRead;
    }
    impl Required for WriteSubscriptions {
        const SCOPE: Scope = Scope::SubscriptionsWrite;
    }
    impl Required for ReadMembers {
        const SCOPE: Scope = Scope::MembersRead;
    }
    impl Required for WriteMembers {
        const SCOPE: Scope = Scope::MembersWrite;
    }
    impl Required for RunJobs {
        const SCOPE: Scope = Scope::Jobs;
    }
    impl Required for ReadMetrics {
        const SCOPE: Scope = Scope::Metrics;
    }
}

impl<S: Required> FromRequestParts<App> for Authorized<S> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let header = parts.headers.get(AUTHORIZATION).ok_or_else(Problem::no_token)?;
        let text = header.to_str().map_err(|_| Problem::no_token())?;
        let (scheme, token) = text.split_once(' ').ok_or_else(Problem::no_token)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Problem::no_token());
        }
        let caller = app.verifier.verify(token.trim()).map_err(|error| Problem::unauthenticated(error.to_string()))?;
        if !caller.scopes.allow(S::SCOPE) {
            let missing = S::SCOPE;
            return Err(Problem::forbidden(format!(
                "this needs the scope \"{missing}\"; the token has {}",
                caller.scopes
            )));
        }
        Ok(Authorized { tenant: caller.tenant, scope: PhantomData })
    }
}
