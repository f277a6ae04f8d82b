//! What goes in and what comes out: updates, outcomes and rejections.

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::change::Change;
use crate::json::JsonError;
use crate::member::MemberId;
use crate::percolator::DocumentError;
use crate::subscription::SubscriptionId;

/// A new version of a member's document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// Whose document it is: it must be the id that the document itself has. `None`: whatever the document says.
    pub id: Option<MemberId>,
    /// The document as raw JSON; these very bytes are what [`Engine::document`](super::Engine::document) gives back.
    pub document: Bytes,
    /// The sender's own version number; an update with a lower one than the last is stale.
    pub version: Option<u64>,
}

impl Update {
    /// An update of the member `id`.
    pub fn new(id: MemberId, document: impl Into<Bytes>) -> Self {
        Update { id: Some(id), document: document.into(), version: None }
    }

    /// An update of the member that the document itself names.
    pub fn of_document(document: impl Into<Bytes>) -> Self {
        Update { id: None, document: document.into(), version: None }
    }
}

/// What became of an update.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Whose update it was.
    pub id: MemberId,
    /// What kind of news it was.
    pub kind: OutcomeKind,
    /// The real position changes; empty unless the kind is `changed`.
    pub changes: Vec<Change>,
    /// The subscriptions that will be told, sorted.
    pub notified: Vec<SubscriptionId>,
}

/// What kind of news an update was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    /// A member seen for the first time: the baseline.
    New,
    /// The very same document, compared as JSON values: nothing was written.
    Unchanged,
    /// Another document without any position change: stored, nobody is told.
    Cosmetic,
    /// The member's positions really changed.
    Changed,
    /// Older than what is stored: not applied.
    Stale,
}

impl fmt::Display for OutcomeKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            OutcomeKind::New => "new",
            OutcomeKind::Unchanged => "unchanged",
            OutcomeKind::Cosmetic => "cosmetic",
            OutcomeKind::Changed => "changed",
            OutcomeKind::Stale => "stale",
        })
    }
}

/// Why an update was refused; nothing of it was stored.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{reason}")]
pub struct Rejection {
    /// Whose update it was, as far as that could be seen.
    pub id: Option<MemberId>,
    /// Why.
    #[source]
    pub reason: RejectionReason,
}

/// Why an update was refused.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RejectionReason {
    /// The document is no acceptable JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// The document is JSON, but no object.
    #[error("a member's document must be a JSON object, not {found}")]
    NotAnObject {
        /// What it is instead.
        found: &'static str,
    },
    /// The document does not say whose it is.
    #[error("the document has no {field:?}; a whole number from 0 to 9223372036854775807 is expected")]
    NoId {
        /// The field that holds the id.
        field: String,
    },
    /// The document's id is no member id.
    #[error("the document's {field:?} is {found}; a whole number from 0 to 9223372036854775807 is expected")]
    BadId {
        /// The field that holds the id.
        field: String,
        /// What it holds instead.
        found: String,
    },
    /// The document is another member's.
    #[error("the document's {field:?} is {found}, but the update is for member {expected}")]
    OtherId {
        /// The field that holds the id.
        field: String,
        /// The id in the document.
        found: MemberId,
        /// The id that the update was sent for.
        expected: MemberId,
    },
    /// The mapping refuses the document.
    #[error(transparent)]
    Document(#[from] DocumentError),
}
