//! The embedded engine: takes updates, decides what really changed, and who is told.

mod error;
mod options;
mod update;

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::watch;

use crate::change::ChangeKind;
use crate::event::{Event, Sequence};
use crate::member::MemberId;
use crate::percolator::Percolator;
use crate::store::embedded::Page;
use crate::store::{Store, StoreError};
use crate::subscription::{Cadence, Format, Selector, Subscription, SubscriptionId, Tenant};

pub use error::{ApplyError, Misfit, OpenError, SubscriptionError};
pub use options::{Clock, EngineOptions};
pub use update::{Outcome, OutcomeKind, Rejection, RejectionReason, Update};

/// The embedded engine.
pub struct Engine {
    store: Arc<Store>,
    percolator: Percolator,
}

/// What a tenant asks for when it subscribes.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSubscription {
    /// Whose it is.
    pub tenant: Tenant,
    /// Where its events go; checked by [`crate::delivery`] before.
    pub webhook_url: url::Url,
    /// About whom.
    pub selector: Selector,
    /// The shape of the body.
    pub format: Format,
    /// The kinds of change it hears of; `None`: those that notify by default.
    pub changes: Option<std::collections::BTreeSet<ChangeKind>>,
    /// Whether a member seen for the first time is told.
    pub notify_first_seen: bool,
    /// Whether a position change of any kind that makes the query start or stop matching is told.
    pub match_flips: bool,
    /// How soon.
    pub cadence: Cadence,
    /// The owner's own words.
    pub description: Option<String>,
}

/// What is to be changed of a subscription; `None` leaves as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SubscriptionPatch {
    /// Where its events go.
    pub webhook_url: Option<url::Url>,
    /// About whom.
    pub selector: Option<Selector>,
    /// The shape of the body.
    pub format: Option<Format>,
    /// The kinds of change it hears of.
    pub changes: Option<std::collections::BTreeSet<ChangeKind>>,
    /// How soon.
    pub cadence: Option<Cadence>,
    /// The owner's own words; `Some(None)` takes them away.
    pub description: Option<Option<String>>,
}

impl NewSubscription {
    /// A subscription with all defaults.
    pub fn new(tenant: Tenant, webhook_url: url::Url, selector: Selector) -> Self {
        NewSubscription {
            tenant,
            webhook_url,
            selector,
            format: Format::default(),
            changes: None,
            notify_first_seen: false,
            match_flips: true,
            cadence: Cadence::default(),
            description: None,
        }
    }
}

#[expect(unused_variables, clippy::todo, reason = "signatures first; the bodies follow at once")]
impl Engine {
    /// Opens the store, compiles all stored subscriptions.
    pub fn open(options: EngineOptions) -> Result<Engine, OpenError> {
        todo!()
    }
    /// Applies one update: [`Engine::apply_batch`] of one.
    pub fn apply(&self, update: Update) -> Result<Outcome, ApplyError> {
        todo!()
    }
    /// Applies updates one after the other in one commit; a bad update is rejected alone.
    pub fn apply_batch(&self, updates: Vec<Update>) -> Result<Vec<Result<Outcome, Rejection>>, StoreError> {
        todo!()
    }
    /// Erases a member; false where there was none.
    pub fn erase(&self, id: MemberId) -> Result<bool, StoreError> {
        todo!()
    }
    /// The document: exactly the bytes that were last accepted.
    pub fn document(&self, id: MemberId) -> Result<Option<Bytes>, StoreError> {
        todo!()
    }
    /// Makes a subscription: when this returns, no update accepted from now on is missed by it.
    pub fn subscribe(&self, new: NewSubscription) -> Result<Subscription, SubscriptionError> {
        todo!()
    }
    /// A tenant's subscription.
    pub fn subscription(&self, tenant: &Tenant, id: &SubscriptionId) -> Result<Subscription, SubscriptionError> {
        todo!()
    }
    /// A page of a tenant's subscriptions; `page.next` is the next page's `after`.
    pub fn subscriptions(
        &self,
        tenant: &Tenant,
        after: Option<&SubscriptionId>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        todo!()
    }
    /// Changes a subscription.
    pub fn change(
        &self,
        tenant: &Tenant,
        id: &SubscriptionId,
        patch: SubscriptionPatch,
    ) -> Result<Subscription, SubscriptionError> {
        todo!()
    }
    /// Removes a subscription, its events and its queue.
    pub fn delete(&self, tenant: &Tenant, id: &SubscriptionId) -> Result<(), SubscriptionError> {
        todo!()
    }
    /// Holds its events back until [`Engine::resume`].
    pub fn pause(&self, tenant: &Tenant, id: &SubscriptionId, reason: &str) -> Result<Subscription, SubscriptionError> {
        todo!()
    }
    /// Lets its events go again.
    pub fn resume(&self, tenant: &Tenant, id: &SubscriptionId) -> Result<Subscription, SubscriptionError> {
        todo!()
    }
    /// Moves its expiry to the configured lifetime from now.
    pub fn renew(&self, tenant: &Tenant, id: &SubscriptionId) -> Result<Subscription, SubscriptionError> {
        todo!()
    }
    /// Gives it a new secret.
    pub fn rotate_secret(&self, tenant: &Tenant, id: &SubscriptionId) -> Result<Subscription, SubscriptionError> {
        todo!()
    }
    /// Delivery: its webhook failed for days; events wait until the owner resumes it.
    pub fn pause_by_system(&self, id: &SubscriptionId, reason: &str) -> Result<Subscription, SubscriptionError> {
        todo!()
    }
    /// Delivery: the receiver said 410 Gone.
    pub fn end(&self, id: &SubscriptionId, reason: &str) -> Result<Subscription, SubscriptionError> {
        todo!()
    }
    /// A tenant's subscription's events behind `after`, oldest first; kept for the retention, delivered or not.
    pub fn events(
        &self,
        tenant: &Tenant,
        id: &SubscriptionId,
        after: Option<Sequence>,
        limit: usize,
    ) -> Result<Vec<Event>, SubscriptionError> {
        todo!()
    }
    /// Drops events older than the retention; returns how many. To be called now and then.
    pub fn drop_old_events(&self) -> Result<usize, StoreError> {
        todo!()
    }
    /// The sequence of the last event; moves after each commit that made events.
    pub fn committed(&self) -> watch::Receiver<Sequence> {
        todo!()
    }
    /// Moves whenever a subscription is made, changed, paused, resumed or removed.
    pub fn subscriptions_changed(&self) -> watch::Receiver<u64> {
        todo!()
    }
    /// The store.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }
    /// The percolator.
    pub fn percolator(&self) -> &Percolator {
        &self.percolator
    }
}
