//! Subscriptions, by id and by tenant.

use super::{StoreError, Stored};
use crate::subscription::{Subscription, SubscriptionId, Tenant};

/// A page of a tenant's subscriptions.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// In order of their ids, which is the order in which they were made.
    pub subscriptions: Vec<Subscription>,
    /// Where the next page begins: give it as `after`. `None` on the last page.
    pub next: Option<SubscriptionId>,
}

/// The subscriptions of a store.
pub trait SubscriptionStore {
    /// A subscription, whosever it is.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn subscription(&self, id: &SubscriptionId) -> Result<Option<Stored<Subscription>>, StoreError>;

    /// Subscriptions, whosever they are, in the order of the question.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn current_subscriptions(&self, ids: &[SubscriptionId]) -> Result<Vec<Option<Stored<Subscription>>>, StoreError>;

    /// Waits, not for long, until every node that takes updates has seen what was written of subscriptions before this call; says
    /// whether all have.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn all_nodes_follow(&self) -> Result<bool, StoreError>;

    /// A page of a tenant's subscriptions, from the first id behind `after`.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn subscriptions(&self, tenant: &Tenant, after: Option<&SubscriptionId>, limit: usize) -> Result<Page, StoreError>;

    /// Whether a tenant has so many subscriptions, or more.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn has_subscriptions(&self, tenant: &Tenant, number: usize) -> Result<bool, StoreError>;

    /// Calls `visit` with every subscription of every tenant.
    ///
    /// # Errors
    ///
    /// Where the store fails, and what `visit` says.
    fn for_each_subscription(
        &self,
        visit: &mut dyn FnMut(Stored<Subscription>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// Writes new subscriptions: all of them or none.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn add_subscriptions(&self, subscriptions: &[&Subscription]) -> Result<(), StoreError>;

    /// Writes subscriptions anew, and says of each whether it could: another node may have changed it since it was read.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn replace_subscriptions(&self, subscriptions: Vec<Stored<Subscription>>) -> Result<Vec<bool>, StoreError>;

    /// Removes a subscription with its events and its queue.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn remove_subscription(&self, subscription: &Subscription) -> Result<(), StoreError>;
}
