//! Where everything durable lives: members with their documents, subscriptions, events and what delivery remembers.
//!
//! [`Store`] is the seam. Two stand behind it: [`embedded`], a single transactional file with nothing else installed, and
//! [`elasticsearch`], a cluster that any number of nodes share. A file here for each of the six things that a store keeps, with
//! the shapes of its rows and what can be done with them.
//!
//! All methods block until they are done, and may be called from many threads.

mod bulk_requests;
pub mod elasticsearch;
pub mod embedded;
mod error;
mod events;
mod jobs;
mod members;
mod queues;
mod subscriptions;

use serde_json::Value;

use crate::query::QueryError;
use crate::subscription::{Selector, SubscriptionId};

pub use bulk_requests::BulkRequestStore;
pub use elasticsearch::ElasticsearchStore;
pub use embedded::EmbeddedStore;
pub use error::StoreError;
pub use events::{Announcement, Committed, EventStore, Kinds, MatchedEntries, Told};
pub use jobs::JobStore;
pub use members::{
    BaselineWrite, MemberRow, MemberState, MemberStore, MemberWrite, Profile, Stamp, Stored, StoredMember,
    VisitDocument,
};
pub use queues::{Mark, NewBatch, Queue, QueueStore, QueueWork, QueueWriter, Unwritten, Waiting, write_queue};
pub use subscriptions::{Page, SubscriptionStore};

/// All that Tripline keeps.
pub trait Store:
    MemberStore + EventStore + SubscriptionStore + QueueStore + BulkRequestStore + JobStore + Send + Sync
{
    /// Whether other nodes work on the same store: then what was read may be changed by them at any time, and
    /// whoever writes must be ready to have lost a race.
    fn is_shared(&self) -> bool;

    /// Whether the store itself percolates: then it is asked, and not the engine's own percolator.
    fn percolates(&self) -> bool;

    /// The subscriptions that select each of these documents, sorted; nobody where the store does not percolate.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn percolate(&self, documents: &[&Value]) -> Result<Vec<Vec<SubscriptionId>>, StoreError>;

    /// Whether a selector is one that the store, where it percolates, answers as search does.
    ///
    /// # Errors
    ///
    /// The clause that it would answer otherwise.
    fn check_selector(&self, selector: &Selector) -> Result<(), QueryError>;

    /// Whether the store answers at all.
    ///
    /// # Errors
    ///
    /// Why it does not.
    fn check(&self) -> Result<(), StoreError>;
}
