//! What is a real position change: positions, their normalisation, their fingerprint and the difference of two versions.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The kinds of position change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// An open position that was not known, at a company where the member had none.
    Started,
    /// An open position that was not known, at a company where the member already had one.
    Promoted,
    /// A known open position now has an end.
    Closed,
    /// A known closed position is open again.
    Reopened,
    /// The same position with another title or start.
    Edited,
    /// A known open position is gone without an end, or the profile is marked deleted.
    Removed,
    /// A position that was not known arrives already closed.
    Backfilled,
}

/// One position change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Its kind.
    pub kind: ChangeKind,
    /// The position's entry in the old document, where it had one.
    pub before: Option<Value>,
    /// The position's entry in the new document, where it has one.
    pub after: Option<Value>,
}
