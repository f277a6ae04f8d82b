//! An engine over a store that other nodes work on: it takes over what they do to subscriptions, and stops taking updates
//! when it cannot.

use std::sync::PoisonError;
use std::time::Instant;

use rustc_hash::FxHashSet;

use super::Engine;
use super::audience::Audience;
use crate::percolator::CompiledSelector;
use crate::query::QueryError;
use crate::store::{StoreError, Stored};
use crate::subscription::{PausedBy, Status, Subscription, SubscriptionId};

/// So many subscriptions are taken over at once: updates wait for them.
const CHUNK: usize = 500;

impl Engine {
    /// Lets updates be taken until then; `None` for not now.
    pub(crate) fn trust_until(&self, until: Option<Instant>) {
        *self.trusted_until.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }

    /// Whether this node knows the subscriptions well enough to take updates.
    pub(super) fn check_trust(&self) -> Result<(), StoreError> {
        if !self.store.is_shared() {
            return Ok(());
        }
        let until = *self.trusted_until.lock().unwrap_or_else(PoisonError::into_inner);
        match until {
            Some(until) if Instant::now() < until => Ok(()),
            _ => Err(StoreError::Fenced),
        }
    }

    /// Takes over what has become of these subscriptions. They are read while updates wait, so that nothing older replaces what
    /// this node itself has done meanwhile.
    pub(crate) fn follow(&self, ids: &[SubscriptionId]) -> Result<(), StoreError> {
        for chunk in ids.chunks(CHUNK) {
            let mut audience = self.audience_mut();
            for (id, found) in chunk.iter().zip(self.store.current_subscriptions(chunk)?) {
                self.take_over(&mut audience, id, found.map(|found| found.row));
            }
        }
        if !ids.is_empty() {
            self.announce_subscriptions();
        }
        Ok(())
    }

    /// Reads all subscriptions, and forgets those that are not there any more.
    pub(crate) fn resynchronise(&self) -> Result<(), StoreError> {
        let mut seen = FxHashSet::default();
        self.store.for_each_subscription(&mut |Stored { row, .. }| {
            seen.insert(row.id.clone());
            let mut audience = self.audience_mut();
            let id = row.id.clone();
            self.take_over(&mut audience, &id, Some(row));
            Ok(())
        })?;
        let gone: Vec<SubscriptionId> = self.audience().ids().filter(|id| !seen.contains(*id)).cloned().collect();
        // One that was made since the reading began is read now.
        self.follow(&gone)
    }

    /// Makes active what all nodes have followed.
    pub(crate) fn activate(&self) -> Result<(), StoreError> {
        let waiting = self.initializing.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if waiting.is_empty() || !self.store.all_nodes_follow()? {
            return Ok(());
        }
        self.activated(&waiting.into_iter().collect::<Vec<_>>())
    }

    /// Makes subscriptions active that all nodes have followed, unless another did so or something else became of them.
    pub(super) fn activated(&self, ids: &[SubscriptionId]) -> Result<(), StoreError> {
        let mut left = ids.to_vec();
        while !left.is_empty() {
            let current = self.store.current_subscriptions(&left)?.into_iter().flatten();
            let activate =
                |Stored { row, stamp }| Stored { row: Subscription { status: Status::Active, ..row }, stamp };
            let new: Vec<Stored<Subscription>> =
                current.filter(|found| found.row.status == Status::Initializing).map(activate).collect();
            left = new.iter().map(|new| new.row.id.clone()).collect();
            let mut replaced = self.store.replace_subscriptions(new)?.into_iter();
            left.retain(|_| replaced.next() == Some(false));
        }
        let mut initializing = self.initializing.lock().unwrap_or_else(PoisonError::into_inner);
        for id in ids {
            initializing.remove(id);
        }
        Ok(())
    }

    /// Has delivery look for events that other nodes made.
    pub(crate) fn look_for_events(&self) {
        self.committed.send_modify(|_| {});
    }

    fn take_over(&self, audience: &mut Audience, id: &SubscriptionId, subscription: Option<Subscription>) {
        self.queries.forget(id);
        let compiled = subscription.and_then(|subscription| match self.selector_of(&subscription) {
            Ok(compiled) => compiled.map(|compiled| (subscription, compiled)),
            Err(error) => {
                // A node with another mapping took it, which its start would have refused.
                tracing::error!(subscription = %id, %error, "a subscription that another node took does not fit this node's mapping");
                None
            }
        });
        let mut initializing = self.initializing.lock().unwrap_or_else(PoisonError::into_inner);
        match compiled {
            Some((subscription, compiled)) => {
                if subscription.status == Status::Initializing {
                    initializing.insert(id.clone());
                }
                audience.admit(&subscription);
                if !self.store.percolates() {
                    self.percolator.insert(id.clone(), compiled);
                }
            }
            None => {
                initializing.remove(id);
                self.stop(audience, id);
            }
        }
    }

    /// What of a subscription the percolator holds, if anything.
    fn selector_of(&self, subscription: &Subscription) -> Result<Option<CompiledSelector>, QueryError> {
        match &subscription.status {
            Status::Ended { .. } => Ok(None),
            Status::Paused { by: PausedBy::System, .. } => Ok(self.compile(&subscription.selector).ok()),
            Status::Initializing | Status::Active | Status::Paused { .. } | Status::Expired => {
                self.compile(&subscription.selector).map(Some)
            }
        }
    }
}
