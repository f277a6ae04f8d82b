//! The life of subscriptions: each step is durable and seen by the percolator before it is answered.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::audience::Audience;
use super::{Engine, SubscriptionError};
use crate::change::ChangeKind;
use crate::event::{Event, Sequence};
use crate::json;
use crate::percolator::CompiledSelector;
use crate::query::{QueryError, QueryErrorKind};
use crate::store::{Page, StoreError, Stored};
use crate::subscription::{Cadence, Format, PausedBy, Selector, Status, Subscription, SubscriptionId, Tenant};

/// What a tenant asks for when it subscribes.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSubscription {
    /// Whose it is.
    pub tenant: Tenant,
    /// Where its events go; to be checked by [`crate::delivery`] before.
    pub webhook_url: url::Url,
    /// About whom.
    pub selector: Selector,
    /// The shape of the body.
    pub format: Format,
    /// The kinds of change it hears of; `None`: those that notify by default.
    pub changes: Option<BTreeSet<ChangeKind>>,
    /// Whether a member seen for the first time is told.
    pub notify_first_seen: bool,
    /// Whether a position change of any kind that makes the query start or stop matching is told.
    pub match_flips: bool,
    /// How soon.
    pub cadence: Cadence,
    /// The owner's own words.
    pub description: Option<String>,
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

/// What is to be changed of a subscription; `None` leaves as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SubscriptionPatch {
    /// Where its events go; to be checked by [`crate::delivery`] before.
    pub webhook_url: Option<url::Url>,
    /// About whom.
    pub selector: Option<Selector>,
    /// The shape of the body.
    pub format: Option<Format>,
    /// The kinds of change it hears of.
    pub changes: Option<BTreeSet<ChangeKind>>,
    /// How soon.
    pub cadence: Option<Cadence>,
    /// The owner's own words; `Some(None)` takes them away.
    pub description: Option<Option<String>>,
}

impl Engine {
    /// Makes a subscription. When this returns it is durable, and once it is active, which over a store of its own it is at once, no
    /// update that is sent from then on misses it.
    ///
    /// # Errors
    ///
    /// A query that cannot be matched, uses a forbidden field or does not fit the mapping; no ids or too many.
    pub fn subscribe(&self, new: NewSubscription) -> Result<Subscription, SubscriptionError> {
        let mut made = self.subscribe_all(vec![new])?;
        let unmade = || StoreError::Unwritable { table: "subscriptions", reason: "it was not made".to_owned() };
        Ok(made.pop().ok_or_else(unmade)?)
    }

    /// Makes subscriptions as [`Engine::subscribe`] does, in one commit: all of them or none.
    ///
    /// # Errors
    ///
    /// As [`Engine::subscribe`], for the first of them that cannot be made.
    pub fn subscribe_all(&self, new: Vec<NewSubscription>) -> Result<Vec<Subscription>, SubscriptionError> {
        let prepared = new.into_iter().map(|new| self.prepare(new)).collect::<Result<Vec<_>, _>>()?;
        let (mut subscriptions, compiled): (Vec<_>, Vec<_>) = prepared.into_iter().unzip();
        self.admit(subscriptions.iter().zip(compiled).collect())?;
        if self.store.is_shared() && self.store.all_nodes_follow()? {
            let ids: Vec<SubscriptionId> = subscriptions.iter().map(|new| new.id.clone()).collect();
            self.activated(&ids)?;
            subscriptions.iter_mut().for_each(|subscription| subscription.status = Status::Active);
        }
        Ok(subscriptions)
    }

    fn prepare(&self, new: NewSubscription) -> Result<(Subscription, CompiledSelector), SubscriptionError> {
        let selector = self.checked(new.selector)?;
        let compiled = self.compile(&selector)?;
        self.store.check_selector(&selector)?;
        let created_at = self.now();
        let subscription = Subscription {
            id: SubscriptionId::generate(),
            tenant: new.tenant,
            created_at,
            expires_at: self.end_of_life(created_at),
            status: if self.store.is_shared() { Status::Initializing } else { Status::Active },
            webhook_url: new.webhook_url,
            webhook_secret: generate_secret(),
            selector,
            format: new.format,
            changes: new.changes.unwrap_or_else(ChangeKind::notifying_by_default),
            notify_first_seen: new.notify_first_seen,
            match_flips: new.match_flips,
            cadence: new.cadence,
            description: new.description,
        };
        Ok((subscription, compiled))
    }

    /// Makes new subscriptions durable, then seen.
    fn admit(&self, new: Vec<(&Subscription, CompiledSelector)>) -> Result<(), StoreError> {
        let mut audience = self.audience_mut();
        self.store.add_subscriptions(&new.iter().map(|(subscription, _)| *subscription).collect::<Vec<_>>())?;
        for (subscription, _) in &new {
            if subscription.status == Status::Initializing {
                self.initializing.lock().unwrap_or_else(PoisonError::into_inner).insert(subscription.id.clone());
            }
            audience.admit(subscription);
        }
        let selectors = new.into_iter().map(|(subscription, compiled)| (subscription.id.clone(), compiled));
        if !self.store.percolates() {
            self.percolator.insert_all(selectors);
        }
        drop(audience);
        self.announce_subscriptions();
        Ok(())
    }

    /// A tenant's subscription.
    ///
    /// # Errors
    ///
    /// [`SubscriptionError::Unknown`] where there is none, or where it is another tenant's.
    pub fn subscription(&self, tenant: &Tenant, id: &SubscriptionId) -> Result<Subscription, SubscriptionError> {
        let found = self.store.subscription(id)?.filter(|found| found.row.tenant == *tenant);
        found.map(|found| self.as_of_now(found.row)).ok_or_else(|| SubscriptionError::Unknown(id.clone()))
    }

    /// A page of a tenant's subscriptions in order of their making; its `next` is the `after` of the page that follows.
    /// A page may be shorter than `limit` although others follow.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    pub fn subscriptions(
        &self,
        tenant: &Tenant,
        after: Option<&SubscriptionId>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let mut page = self.store.subscriptions(tenant, after, limit)?;
        page.subscriptions = page.subscriptions.into_iter().map(|found| self.as_of_now(found)).collect();
        Ok(page)
    }

    /// Changes a subscription. Events that wait for delivery go out by its new settings.
    ///
    /// # Errors
    ///
    /// As [`Engine::subscription`] and [`Engine::subscribe`]; [`SubscriptionError::Ended`] for one that is over.
    pub fn change(
        &self,
        tenant: &Tenant,
        id: &SubscriptionId,
        patch: SubscriptionPatch,
    ) -> Result<Subscription, SubscriptionError> {
        let selector = patch.selector.map(|selector| self.checked(selector)).transpose()?;
        let compiled = selector.as_ref().map(|selector| self.compile(selector)).transpose()?;
        if let Some(selector) = &selector {
            self.store.check_selector(selector)?;
        }
        self.revise(tenant, id, |subscription| {
            if let Some(webhook_url) = &patch.webhook_url {
                subscription.webhook_url = webhook_url.clone();
            }
            if let Some(selector) = &selector {
                subscription.selector = selector.clone();
            }
            if let Some(format) = patch.format {
                subscription.format = format;
            }
            if let Some(changes) = &patch.changes {
                subscription.changes = changes.clone();
            }
            if let Some(cadence) = patch.cadence {
                subscription.cadence = cadence;
            }
            if let Some(description) = &patch.description {
                subscription.description = description.clone();
            }
            Ok(compiled.clone())
        })
    }

    /// Removes a subscription with its events and its queue.
    ///
    /// # Errors
    ///
    /// As [`Engine::subscription`].
    pub fn delete(&self, tenant: &Tenant, id: &SubscriptionId) -> Result<(), SubscriptionError> {
        let mut audience = self.audience_mut();
        let subscription = self.subscription(tenant, id)?;
        self.store.remove_subscription(&subscription)?;
        self.queries.forget(id);
        self.stop(&mut audience, id);
        drop(audience);
        self.announce_subscriptions();
        Ok(())
    }

    /// Holds a subscription's events back, for the owner: they wait, and new ones with them. One that the system paused stays
    /// paused for the system's reason.
    ///
    /// # Errors
    ///
    /// As [`Engine::subscription`]; [`SubscriptionError::Ended`] for one that is over.
    pub fn pause(&self, tenant: &Tenant, id: &SubscriptionId, reason: &str) -> Result<Subscription, SubscriptionError> {
        self.revise(tenant, id, |subscription| {
            // What the system paused stays so, with its reason: `resume` must see that it may have to be compiled again.
            if !matches!(subscription.status, Status::Paused { by: PausedBy::System, .. }) {
                subscription.status = Status::Paused { by: PausedBy::Owner, reason: reason.to_owned() };
            }
            Ok(None)
        })
    }

    /// Holds a subscription's events back because its webhook fails.
    ///
    /// # Errors
    ///
    /// [`SubscriptionError::Unknown`] when it was deleted, [`SubscriptionError::Ended`] for one that is over.
    pub fn pause_by_system(&self, id: &SubscriptionId, reason: &str) -> Result<Subscription, SubscriptionError> {
        self.revise_any(id, |subscription| {
            subscription.status = Status::Paused { by: PausedBy::System, reason: reason.to_owned() };
            Ok(None)
        })
    }

    /// Lets a paused subscription's events go.
    ///
    /// # Errors
    ///
    /// As [`Engine::subscription`]; the query's error where it was paused because its query no longer fits the mapping.
    pub fn resume(&self, tenant: &Tenant, id: &SubscriptionId) -> Result<Subscription, SubscriptionError> {
        self.revise(tenant, id, |subscription| {
            // One that no longer fitted the mapping at the start is not in the percolator.
            let compiled = match subscription.status {
                Status::Paused { by: PausedBy::System, .. } => Some(self.compile(&subscription.selector)?),
                _ => None,
            };
            subscription.status = Status::Active;
            Ok(compiled)
        })
    }

    /// Moves a subscription's end to the configured lifetime from now.
    ///
    /// # Errors
    ///
    /// As [`Engine::subscription`]; [`SubscriptionError::Ended`] for one that is over.
    pub fn renew(&self, tenant: &Tenant, id: &SubscriptionId) -> Result<Subscription, SubscriptionError> {
        self.revise(tenant, id, |subscription| {
            subscription.expires_at = self.end_of_life(self.now());
            Ok(None)
        })
    }

    /// Gives a subscription a new secret; batches that are sent from now on are signed with it.
    ///
    /// # Errors
    ///
    /// As [`Engine::subscription`]; [`SubscriptionError::Ended`] for one that is over.
    pub fn rotate_secret(&self, tenant: &Tenant, id: &SubscriptionId) -> Result<Subscription, SubscriptionError> {
        self.revise(tenant, id, |subscription| {
            subscription.webhook_secret = generate_secret();
            Ok(None)
        })
    }

    /// Ends a subscription for good: its receiver is gone. It selects nobody any more.
    ///
    /// # Errors
    ///
    /// [`SubscriptionError::Unknown`] when it was deleted, [`SubscriptionError::Ended`] when it had ended before.
    pub fn end(&self, id: &SubscriptionId, reason: &str) -> Result<Subscription, SubscriptionError> {
        self.revise_any(id, |subscription| {
            subscription.status = Status::Ended { reason: reason.to_owned() };
            Ok(None)
        })
    }

    /// A subscription's events behind `after`, oldest first; they are kept for the retention, delivered or not.
    ///
    /// # Errors
    ///
    /// As [`Engine::subscription`].
    pub fn events(
        &self,
        tenant: &Tenant,
        id: &SubscriptionId,
        after: Option<Sequence>,
        limit: usize,
    ) -> Result<Vec<Event>, SubscriptionError> {
        self.subscription(tenant, id)?;
        Ok(self.store.events(id, after, limit)?)
    }

    /// [`Engine::revise_any`] of a tenant's own.
    fn revise(
        &self,
        tenant: &Tenant,
        id: &SubscriptionId,
        revision: impl Fn(&mut Subscription) -> Result<Option<CompiledSelector>, SubscriptionError>,
    ) -> Result<Subscription, SubscriptionError> {
        self.revise_any(id, |subscription| match subscription.tenant == *tenant {
            true if subscription.status == Status::Initializing => Err(SubscriptionError::Initializing(id.clone())),
            true => revision(subscription),
            false => Err(SubscriptionError::Unknown(id.clone())),
        })
    }

    /// Changes what is stored of a subscription, and what the percolator and the audience hold of it.
    fn revise_any(
        &self,
        id: &SubscriptionId,
        revision: impl Fn(&mut Subscription) -> Result<Option<CompiledSelector>, SubscriptionError>,
    ) -> Result<Subscription, SubscriptionError> {
        let mut audience = self.audience_mut();
        for _ in 0..super::RACES {
            let stored = self.store.subscription(id)?.ok_or_else(|| SubscriptionError::Unknown(id.clone()))?;
            let (mut subscription, status_before) = (stored.row.clone(), stored.row.status);
            let compiled = revision(&mut subscription)?;
            if let Status::Ended { reason } = status_before {
                return Err(SubscriptionError::Ended { id: id.clone(), reason });
            }
            let new = Stored { row: subscription.clone(), stamp: stored.stamp };
            if self.store.replace_subscriptions(vec![new])? != [true] {
                continue;
            }
            if let Some(compiled) = compiled {
                self.queries.forget(id);
                if !self.store.percolates() {
                    self.percolator.insert(id.clone(), compiled);
                }
            }
            match subscription.status {
                Status::Ended { .. } => self.stop(&mut audience, id),
                Status::Initializing | Status::Active | Status::Paused { .. } | Status::Expired => {
                    audience.admit(&subscription);
                }
            }
            drop(audience);
            self.announce_subscriptions();
            return Ok(self.as_of_now(subscription));
        }
        Err(StoreError::Contended { member: None, races: super::RACES }.into())
    }

    /// A selector as it is stored: a query that can be read again, ids sorted, without repeats, within the limit.
    pub(super) fn checked(&self, selector: Selector) -> Result<Selector, SubscriptionError> {
        let mut ids = match selector {
            Selector::EsDsl(query) => return Ok(Selector::EsDsl(readable(query)?)),
            Selector::All => return Ok(Selector::All),
            Selector::Ids(ids) => ids,
        };
        ids.sort_unstable();
        ids.dedup();
        match ids.len() {
            0 => Err(SubscriptionError::NoIds),
            given if given > self.options.max_ids => {
                Err(SubscriptionError::TooManyIds { given, limit: self.options.max_ids })
            }
            _ => Ok(Selector::Ids(ids)),
        }
    }

    /// A selector for the percolator.
    pub(super) fn compile(&self, selector: &Selector) -> Result<CompiledSelector, QueryError> {
        Ok(match selector {
            Selector::EsDsl(query) => {
                CompiledSelector::Query(self.percolator.compile_restricted(query, &self.options.forbidden_fields)?)
            }
            Selector::Ids(ids) => CompiledSelector::Ids(ids.clone()),
            Selector::All => CompiledSelector::All,
        })
    }

    /// A stored subscription as it stands at this moment: one whose time is over is expired, though nobody wrote so.
    fn as_of_now(&self, subscription: Subscription) -> Subscription {
        let is_over = subscription.expires_at.is_some_and(|end| end <= self.now());
        match subscription.status {
            Status::Initializing | Status::Active | Status::Paused { .. } if is_over => {
                Subscription { status: Status::Expired, ..subscription }
            }
            Status::Initializing | Status::Active | Status::Paused { .. } | Status::Expired | Status::Ended { .. } => {
                subscription
            }
        }
    }

    fn end_of_life(&self, from: Timestamp) -> Option<Timestamp> {
        let lifetime = self.options.subscription_lifetime?;
        let end = SignedDuration::try_from(lifetime).ok().and_then(|lifetime| from.checked_add(lifetime).ok());
        Some(end.unwrap_or(Timestamp::MAX))
    }

    /// A subscription selects nobody any more.
    pub(super) fn stop(&self, audience: &mut Audience, id: &SubscriptionId) {
        self.percolator.remove(id);
        audience.dismiss(id);
    }

    pub(super) fn announce_subscriptions(&self) {
        self.subscriptions_changed.send_modify(|revision| *revision += 1);
    }
}

/// A query that the next start reads again: one that was built in code may be deeper than JSON is read.
fn readable(query: Value) -> Result<Value, QueryError> {
    match json::parse(query.to_string().as_bytes()) {
        Ok(_) => Ok(query),
        Err(error) => Err(QueryError { pointer: String::new(), reason: error.reason, kind: QueryErrorKind::Limit }),
    }
}

/// A secret of the Standard Webhooks specification: 24 random bytes in base64 behind `whsec_`.
fn generate_secret() -> String {
    format!("whsec_{}", STANDARD.encode(rand::random::<[u8; 24]>()))
}
