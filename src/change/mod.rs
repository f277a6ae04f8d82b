//! What is a real position change: positions, their normalisation, their fingerprint and the difference of two versions.
//!
//! In the order in which an update meets them: [`document_digest`] tells whether it is the very same document;
//! [`Schema::positions`] reads the positions, with names and titles [normalised](normalise()) and dates at the precision
//! in which they are written; [`Positions::fingerprint`] tells whether they are the same; [`diff()`] tells what really changed;
//! [`Remembered`] keeps what vanished, so that a broken crawl and its repair are no news.
//!
//! ```
//! use serde_json::json;
//! use tripline::change::{ChangeKind, Remembered, Schema, diff};
//!
//! let schema = Schema::default();
//! let before = json!({"experience": [{"company_name": "Acme", "title": "Engineer", "date_from": "2021-03-01"}]});
//! let after = json!({"experience": [
//!     {"company_name": "ACME 🚀", "title": "engineer", "date_from": "March 2021", "date_to": "2024-05"},
//!     {"company_name": "Globex", "title": "Lead Engineer", "date_from": "2024-06", "date_to": "Present"},
//! ]});
//!
//! let changes = diff(&schema.positions(&before), &schema.positions(&after), &Remembered::default());
//! let kinds: Vec<ChangeKind> = changes.iter().map(|change| change.kind).collect();
//! assert_eq!(kinds, [ChangeKind::Closed, ChangeKind::Started]);
//! ```

mod diff;
mod digest;
mod identity;
mod known;
mod normalise;
mod pairing;
mod partial_date;
mod positions;
mod remembered;
mod schema;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use diff::diff;
pub use digest::{DocumentDigest, document_digest};
pub use normalise::normalise;
pub use positions::{Fingerprint, Positions};
pub use remembered::{MAX_REMEMBERED, Remembered};
pub use schema::{FieldNames, InvalidFieldNames, Schema};

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

impl ChangeKind {
    /// The kinds that a subscription hears of unless it chooses: starts, promotions and ends of positions.
    pub fn notifying_by_default() -> BTreeSet<ChangeKind> {
        [ChangeKind::Started, ChangeKind::Promoted, ChangeKind::Closed].into()
    }
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
