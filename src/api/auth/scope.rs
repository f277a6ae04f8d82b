//! What a token allows.

use std::fmt;

/// One thing that a token may allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    SubscriptionsRead,
    SubscriptionsWrite,
    MembersRead,
    MembersWrite,
    Jobs,
    Metrics,
    /// All of them.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Scope; 7] = [
        Scope::SubscriptionsRead,
        Scope::SubscriptionsWrite,
        Scope::MembersRead,
        Scope::MembersWrite,
        Scope::Jobs,
        Scope::Metrics,
        Scope::Admin,
    ];

    /// As the claim has it: `members:read`.
    pub fn name(self) -> &'static str {
        match self {
            Scope::SubscriptionsRead => "subscriptions:read",
            Scope::SubscriptionsWrite => "subscriptions:write",
            Scope::MembersRead => "members:read",
            Scope::MembersWrite => "members:write",
            Scope::Jobs => "jobs",
            Scope::Metrics => "metrics",
            Scope::Admin => "admin",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The scopes of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scopes(Vec<Scope>);

/// A word of a scope claim that names no scope.
#[derive(Debug, thiserror::Error)]
#[error("unknown scope {given:?}; known are {}", Scopes(Scope::ALL.to_vec()))]
pub struct UnknownScope {
    given: String,
}

impl Scopes {
    /// Reads a claim, separated by spaces; words that are no scope of ours are another service's and allow nothing here.
    pub fn of_claim(claim: &str) -> Self {
        Scopes(claim.split_ascii_whitespace().filter_map(known).collect())
    }

    /// Reads what a token shall allow; a word that is no scope is an error.
    pub fn checked(text: &str) -> Result<Self, UnknownScope> {
        let word = |word| known(word).ok_or_else(|| UnknownScope { given: String::from(word) });
        text.split_ascii_whitespace().map(word).collect::<Result<_, _>>().map(Scopes)
    }

    /// Every scope.
    pub fn all() -> Self {
        Scopes(Scope::ALL.to_vec())
    }

    /// Whether `scope` is among them, or `admin`, which includes all.
    pub fn allow(&self, scope: Scope) -> bool {
        self.0.contains(&scope) || self.0.contains(&Scope::Admin)
    }

    /// As the claim has it.
    pub fn claim(&self) -> String {
        self.0.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(" ")
    }
}

fn known(word: &str) -> Option<Scope> {
    Scope::ALL.into_iter().find(|scope| scope.name() == word)
}

impl fmt::Display for Scopes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { formatter.write_str("none") } else { write!(formatter, "\"{}\"", self.claim()) }
    }
}
