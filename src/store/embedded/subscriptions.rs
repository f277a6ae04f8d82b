//! Subscriptions, by id and by tenant.

use std::collections::BTreeSet;

use jiff::Timestamp;
use redb::{ReadableTable, WriteTransaction};
use serde::{Deserialize, Serialize};

use super::tables::{self, damaged, decode, encode};
use super::{EmbeddedStore, events, outbox};
use crate::change::ChangeKind;
use crate::member::MemberId;
use crate::store::{Page, Stamp, StoreError, Stored, SubscriptionStore};
use crate::subscription::{Cadence, Format, PausedBy, Selector, Status, Subscription, SubscriptionId, Tenant};

/// A page ends early when its `ids` selectors hold so many ids together: a page of a hundred selectors of 300,000 ids
/// would take hundreds of megabytes.
const IDS_PER_PAGE: usize = 1_000_000;

/// A row of `subscriptions`: postcard needs shapes that it can tell apart without names.
#[derive(Serialize, Deserialize)]
struct SubscriptionRow {
    tenant: Tenant,
    created_at: i64,
    expires_at: Option<i64>,
    status: StatusRow,
    webhook_url: String,
    webhook_secret: String,
    selector: SelectorRow,
    format: Format,
    changes: BTreeSet<ChangeKind>,
    notify_first_seen: bool,
    match_flips: bool,
    cadence: Cadence,
    description: Option<String>,
}

#[derive(Serialize, Deserialize)]
enum StatusRow {
    Active,
    Paused { by: PausedBy, reason: String },
    Expired,
    Ended { reason: String },
    Initializing,
}

#[derive(Serialize, Deserialize)]
enum SelectorRow {
    /// As JSON.
    EsDsl(String),
    /// Each id less the one before it: ascending ids make small numbers, which postcard writes in few bytes.
    Ids(Vec<u64>),
    All,
}

impl SubscriptionStore for EmbeddedStore {
    fn subscription(&self, id: &SubscriptionId) -> Result<Option<Stored<Subscription>>, StoreError> {
        let table = self.read()?.open_table(tables::SUBSCRIPTIONS)?;
        table.get(id.as_str())?.map(|row| from_row(id.clone(), row.value()).map(stored)).transpose()
    }

    fn current_subscriptions(&self, ids: &[SubscriptionId]) -> Result<Vec<Option<Stored<Subscription>>>, StoreError> {
        ids.iter().map(|id| self.subscription(id)).collect()
    }

    fn all_nodes_follow(&self) -> Result<bool, StoreError> {
        Ok(true)
    }

    fn subscriptions(&self, tenant: &Tenant, after: Option<&SubscriptionId>, limit: usize) -> Result<Page, StoreError> {
        let transaction = self.read()?;
        let by_tenant = transaction.open_table(tables::SUBSCRIPTIONS_BY_TENANT)?;
        let table = transaction.open_table(tables::SUBSCRIPTIONS)?;
        let mut page = Page { subscriptions: Vec::new(), next: None };
        let mut ids = 0;
        for entry in by_tenant.range((tenant.as_str(), after.map_or("", SubscriptionId::as_str))..)? {
            let key = entry?.0;
            let (owner, id) = key.value();
            if owner != tenant.as_str() {
                break;
            }
            let id = SubscriptionId::from(id);
            if after == Some(&id) {
                continue;
            }
            if page.subscriptions.len() >= limit || ids > IDS_PER_PAGE {
                page.next = page.subscriptions.last().map(|last| last.id.clone());
                break;
            }
            let Some(row) = table.get(id.as_str())? else { continue };
            let subscription = from_row(id, row.value())?;
            if let Selector::Ids(selected) = &subscription.selector {
                ids += selected.len();
            }
            page.subscriptions.push(subscription);
        }
        Ok(page)
    }

    fn has_subscriptions(&self, tenant: &Tenant, number: usize) -> Result<bool, StoreError> {
        let by_tenant = self.read()?.open_table(tables::SUBSCRIPTIONS_BY_TENANT)?;
        let mut found = 0;
        for entry in by_tenant.range((tenant.as_str(), "")..)? {
            if found >= number || entry?.0.value().0 != tenant.as_str() {
                break;
            }
            found += 1;
        }
        Ok(found >= number)
    }

    fn for_each_subscription(
        &self,
        visit: &mut dyn FnMut(Stored<Subscription>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let table = self.read()?.open_table(tables::SUBSCRIPTIONS)?;
        for entry in table.iter()? {
            let (id, row) = entry?;
            visit(stored(from_row(SubscriptionId::from(id.value()), row.value())?))?;
        }
        Ok(())
    }

    fn add_subscriptions(&self, subscriptions: &[&Subscription]) -> Result<(), StoreError> {
        self.write(|transaction| subscriptions.iter().try_for_each(|subscription| put(transaction, subscription)))
    }

    fn replace_subscriptions(&self, subscriptions: Vec<Stored<Subscription>>) -> Result<Vec<bool>, StoreError> {
        self.write(|transaction| subscriptions.iter().try_for_each(|new| put(transaction, &new.row)))?;
        Ok(vec![true; subscriptions.len()])
    }

    fn remove_subscription(&self, subscription: &Subscription) -> Result<(), StoreError> {
        let (tenant, id) = (subscription.tenant.as_str(), subscription.id.as_str());
        self.write(|transaction| {
            transaction.open_table(tables::SUBSCRIPTIONS)?.remove(id)?;
            transaction.open_table(tables::SUBSCRIPTIONS_BY_TENANT)?.remove((tenant, id))?;
            outbox::forget(transaction, &subscription.id)?;
            events::forget(transaction, &subscription.id)
        })
    }
}

fn stored(row: Subscription) -> Stored<Subscription> {
    Stored { row, stamp: Stamp::default() }
}

fn put(transaction: &WriteTransaction, subscription: &Subscription) -> Result<(), StoreError> {
    let row = encode("subscriptions", &to_row(subscription))?;
    let (tenant, id) = (subscription.tenant.as_str(), subscription.id.as_str());
    transaction.open_table(tables::SUBSCRIPTIONS)?.insert(id, row.as_slice())?;
    transaction.open_table(tables::SUBSCRIPTIONS_BY_TENANT)?.insert((tenant, id), ())?;
    Ok(())
}

fn to_row(subscription: &Subscription) -> SubscriptionRow {
    SubscriptionRow {
        tenant: subscription.tenant.clone(),
        created_at: subscription.created_at.as_microsecond(),
        expires_at: subscription.expires_at.map(Timestamp::as_microsecond),
        status: match subscription.status.clone() {
            Status::Active => StatusRow::Active,
            Status::Paused { by, reason } => StatusRow::Paused { by, reason },
            Status::Expired => StatusRow::Expired,
            Status::Ended { reason } => StatusRow::Ended { reason },
            Status::Initializing => StatusRow::Initializing,
        },
        webhook_url: subscription.webhook_url.to_string(),
        webhook_secret: subscription.webhook_secret.clone(),
        selector: match &subscription.selector {
            Selector::EsDsl(query) => SelectorRow::EsDsl(query.to_string()),
            Selector::Ids(ids) => SelectorRow::Ids(steps(ids)),
            Selector::All => SelectorRow::All,
        },
        format: subscription.format,
        changes: subscription.changes.clone(),
        notify_first_seen: subscription.notify_first_seen,
        match_flips: subscription.match_flips,
        cadence: subscription.cadence,
        description: subscription.description.clone(),
    }
}

fn from_row(id: SubscriptionId, bytes: &[u8]) -> Result<Subscription, StoreError> {
    let row: SubscriptionRow = decode("subscriptions", || id.to_string(), bytes)?;
    let instant =
        |micros| Timestamp::from_microsecond(micros).map_err(|error| damaged("subscriptions", id.as_str(), error));
    Ok(Subscription {
        tenant: row.tenant,
        created_at: instant(row.created_at)?,
        expires_at: row.expires_at.map(instant).transpose()?,
        status: match row.status {
            StatusRow::Active => Status::Active,
            StatusRow::Paused { by, reason } => Status::Paused { by, reason },
            StatusRow::Expired => Status::Expired,
            StatusRow::Ended { reason } => Status::Ended { reason },
            StatusRow::Initializing => Status::Initializing,
        },
        webhook_url: row.webhook_url.parse().map_err(|error| damaged("subscriptions", id.as_str(), error))?,
        webhook_secret: row.webhook_secret,
        selector: match row.selector {
            SelectorRow::EsDsl(query) => Selector::EsDsl(
                serde_json::from_str(&query).map_err(|error| damaged("subscriptions", id.as_str(), error))?,
            ),
            SelectorRow::Ids(steps) => {
                Selector::Ids(ids(&steps).map_err(|error| damaged("subscriptions", id.as_str(), error))?)
            }
            SelectorRow::All => Selector::All,
        },
        format: row.format,
        changes: row.changes,
        notify_first_seen: row.notify_first_seen,
        match_flips: row.match_flips,
        cadence: row.cadence,
        description: row.description,
        id,
    })
}

/// Each id less the one before it.
fn steps(ids: &[MemberId]) -> Vec<u64> {
    let mut before = 0;
    ids.iter()
        .map(|id| {
            let step = id.get().wrapping_sub(before);
            before = id.get();
            step
        })
        .collect()
}

/// The ids that [`steps`] made.
fn ids(steps: &[u64]) -> Result<Vec<MemberId>, crate::member::InvalidMemberId> {
    let mut id = 0_u64;
    steps
        .iter()
        .map(|step| {
            id = id.wrapping_add(*step);
            MemberId::try_from(id)
        })
        .collect()
}
