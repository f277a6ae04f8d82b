//! Where Tripline differs from the nodes on purpose, and how such a difference is recognised.
//!
//! `docs/query-dsl.md` says the same to users.

use super::verdict::{Difference, Kind};

/// Refusals: a part of Tripline's error, and why it is right.
const REFUSALS: &[(&str, &str)] = &[
    ("unknown field", "a typo must not become silence"),
    ("minimum_should_match", "nodes read it only where it decides"),
];

/// Why the difference is deliberate; `None` where it is not.
pub fn reason(difference: &Difference) -> Option<&'static str> {
    match difference.kind {
        Kind::QueryRefused => {
            REFUSALS.iter().find(|(error, _)| difference.reason.contains(error)).map(|(_, reason)| *reason)
        }
        _ => None,
    }
}
