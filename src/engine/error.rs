//! What can go wrong around the engine.

use std::fmt;
use std::path::PathBuf;

use crate::member::MemberId;
use crate::percolator::DocumentError;
use crate::query::QueryError;
use crate::store::StoreError;
use crate::subscription::SubscriptionId;

use super::preview::MAX_SAMPLE;
use super::update::Rejection;

/// Why an engine does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store does not open.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The data directory cannot be made.
    #[error("cannot make the data directory {}: {source}", .directory.display())]
    DataDirectory {
        /// The directory.
        directory: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Stored queries no longer fit the mapping.
    #[error(
        "stored queries no longer fit the mapping: {}; start with the old mapping, \
         or accept the change, which pauses these subscriptions", List(.0)
    )]
    MappingChanged(Vec<Misfit>),
}

/// A stored query that no longer fits the mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Whose query it is.
    pub subscription: SubscriptionId,
    /// What is wrong with it.
    pub error: QueryError,
}

/// The first misfits, and how many there are besides: the message of a start that fails must stay readable.
struct List<'a>(&'a [Misfit]);

impl List<'_> {
    const SHOWN: usize = 20;
}

impl fmt::Display for List<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, misfit) in self.0.iter().take(Self::SHOWN).enumerate() {
            let separator = if place == 0 { "" } else { "; " };
            write!(formatter, "{separator}subscription {}: {}", misfit.subscription, misfit.error)?;
        }
        match self.0.len().saturating_sub(Self::SHOWN) {
            0 => Ok(()),
            more => write!(formatter, "; and {more} more"),
        }
    }
}

/// Why one update was not applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The update is refused.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The store failed; whether the update is stored is seen by sending it again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why there is no preview.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// The selector would not be accepted.
    #[error(transparent)]
    Selector(#[from] SubscriptionError),
    /// No document is stored of the member.
    #[error("there is no member {0}")]
    UnknownMember(MemberId),
    /// The mapping refuses the document.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A document that is no object.
    #[error("a member's document must be a JSON object, not {found}")]
    NotAnObject {
        /// What it is instead.
        found: &'static str,
    },
    /// Too large a sample.
    #[error("\"sample\" is {given}; at most {limit} members are looked at", limit = MAX_SAMPLE)]
    SampleTooLarge {
        /// How many were asked for.
        given: usize,
    },
}

impl From<StoreError> for PreviewError {
    fn from(error: StoreError) -> PreviewError {
        PreviewError::Selector(error.into())
    }
}

/// Why a subscription was not made, found or changed.
#[derive(Debug, thiserror::Error)]
pub enum SubscriptionError {
    /// The tenant has no such subscription.
    #[error("there is no subscription {0}")]
    Unknown(SubscriptionId),
    /// The query is refused.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// An `ids` selector without an id.
    #[error("\"ids\" is empty; at least one member id is expected")]
    NoIds,
    /// An `ids` selector with too many ids.
    #[error("\"ids\" has {given} ids; at most {limit} are allowed")]
    TooManyIds {
        /// How many there are, repeats left out.
        given: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// Not all nodes know of the subscription yet.
    #[error("subscription {0} is being made known to all nodes; try again in a moment")]
    Initializing(SubscriptionId),
    /// The subscription is over for good.
    #[error("subscription {id} has ended ({reason}); make a new one")]
    Ended {
        /// The subscription.
        id: SubscriptionId,
        /// Why it ended.
        reason: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
