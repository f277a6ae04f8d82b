//! Events: appended with the members that they are about, read in order, erased with the person, dropped with age.

use jiff::Timestamp;
use redb::{ReadableTable, WriteTransaction};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::outbox::Arrivals;
use super::tables::{self, damaged, decode, encode, meta};
use super::{EmbeddedStore, members};
use crate::change::Change;
use crate::event::{Event, EventStatus, MatchedPosition, MemberVersion, Sequence};
use crate::member::MemberId;
use crate::store::{Announcement, Committed, EventStore, Kinds, MatchedEntries, MemberWrite, StoreError};
use crate::subscription::SubscriptionId;

/// A row of `changes`.
#[derive(Serialize, Deserialize)]
struct ChangesRow {
    /// Microseconds since 1970.
    occurred_at: i64,
    /// As JSON: postcard cannot hold the entries of documents, which have no fixed shape.
    changes: String,
    /// [`MatchedEntries`] as JSON.
    entries: String,
}

/// A row of `events`.
#[derive(Serialize, Deserialize)]
struct EventRow {
    member: u64,
    version: MemberVersion,
    status: EventStatus,
    kinds: Kinds,
    /// Of the positions that the query found; their entries stand in the row of `changes`, where a person is erased.
    places: Option<Vec<u32>>,
}

impl EventStore for EmbeddedStore {
    fn commit(&self, members: &[MemberWrite], announcements: &[Announcement]) -> Result<Committed, StoreError> {
        let last = self.write(|transaction| {
            members::write(transaction, members)?;
            append(transaction, announcements)
        })?;
        Ok(Committed { last, lost: Vec::new() })
    }

    fn events(
        &self,
        subscription: &SubscriptionId,
        after: Option<Sequence>,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let transaction = self.read()?;
        let (events, changes) = (transaction.open_table(tables::EVENTS)?, transaction.open_table(tables::CHANGES)?);
        page(&events, &changes, subscription, after, limit)
    }

    fn drop_events_before(&self, cutoff: Timestamp) -> Result<usize, StoreError> {
        let mut dropped = 0;
        loop {
            match self.write(|transaction| drop_before(transaction, cutoff))? {
                0 => return Ok(dropped),
                more => dropped += more,
            }
        }
    }

    fn last_sequence(&self) -> Result<Option<Sequence>, StoreError> {
        let meta = self.read()?.open_table(tables::META)?;
        let next = meta.get(meta::NEXT_SEQUENCE)?.map_or(FIRST_SEQUENCE, |next| next.value());
        Ok(next.checked_sub(1).filter(|last| *last >= FIRST_SEQUENCE).map(Sequence))
    }
}

/// The first event's sequence. Not 0, so that "behind 0" means all.
const FIRST_SEQUENCE: u64 = 1;

/// Appends the events of a batch, in the order of the announcements.
fn append(transaction: &WriteTransaction, announcements: &[Announcement]) -> Result<Option<Sequence>, StoreError> {
    let mut meta = transaction.open_table(tables::META)?;
    let mut changes = transaction.open_table(tables::CHANGES)?;
    let mut changes_by_time = transaction.open_table(tables::CHANGES_BY_TIME)?;
    let mut events = transaction.open_table(tables::EVENTS)?;
    let mut arrivals = Arrivals::open(transaction)?;
    let mut next = meta.get(meta::NEXT_SEQUENCE)?.map_or(FIRST_SEQUENCE, |next| next.value());

    for announcement in announcements.iter().filter(|announcement| !announcement.told.is_empty()) {
        let (member, version) = (announcement.member.get(), announcement.version);
        let occurred_at = announcement.occurred_at.as_microsecond();
        let (told_changes, entries) = (to_json(&announcement.changes)?, to_json(&announcement.entries)?);
        let row = ChangesRow { occurred_at, changes: told_changes, entries };
        changes.insert((member, version.0), encode("changes", &row)?.as_slice())?;
        for told in &announcement.told {
            let row = EventRow { member, version, status: told.status, kinds: told.kinds, places: told.places.clone() };
            events.insert((told.subscription.as_str(), next), encode("events", &row)?.as_slice())?;
            arrivals.note(&told.subscription, Sequence(next))?;
            next += 1;
        }
        changes_by_time.insert((occurred_at, member, version.0), next - 1)?;
    }
    meta.insert(meta::NEXT_SEQUENCE, next)?;
    Ok(next.checked_sub(1).filter(|last| *last >= FIRST_SEQUENCE).map(Sequence))
}

/// Removes events that occurred before `cutoff`, at most [`DROPPED_AT_ONCE`] changes with all their events; returns how
/// many changes. By sequence: should the clock have jumped, an event goes early rather than without its changes.
fn drop_before(transaction: &WriteTransaction, cutoff: Timestamp) -> Result<usize, StoreError> {
    let mut changes = transaction.open_table(tables::CHANGES)?;
    let mut changes_by_time = transaction.open_table(tables::CHANGES_BY_TIME)?;
    let mut old = Vec::new();
    let mut last_sequence = 0;
    for entry in changes_by_time.range(..(cutoff.as_microsecond(), 0, 0))?.take(DROPPED_AT_ONCE) {
        let (key, last) = entry?;
        last_sequence = last_sequence.max(last.value());
        old.push(key.value());
    }
    for (time, member, version) in &old {
        changes_by_time.remove((*time, *member, *version))?;
        changes.remove((*member, *version))?;
    }
    if !old.is_empty() {
        let subscriptions = transaction.open_table(tables::SUBSCRIPTIONS)?;
        let mut events = transaction.open_table(tables::EVENTS)?;
        for entry in subscriptions.iter()? {
            let id = entry?.0;
            events.retain_in((id.value(), 0)..=(id.value(), last_sequence), |_, _| false)?;
        }
    }
    Ok(old.len())
}

/// So many changes are dropped in one transaction: other writers wait for it.
const DROPPED_AT_ONCE: usize = 10_000;

/// Takes out of a member's changes what they say of the person; their kinds stay.
pub(super) fn erase(transaction: &WriteTransaction, member: MemberId) -> Result<(), StoreError> {
    let mut table = transaction.open_table(tables::CHANGES)?;
    let mut erased = Vec::new();
    for entry in table.range((member.get(), 0)..=(member.get(), u64::MAX))? {
        let (key, row) = entry?;
        let key = key.value();
        let mut row = read_changes(key, row.value())?;
        let kinds = from_json::<Vec<Change>>(key, &row.changes)?
            .into_iter()
            .map(|change| Change { kind: change.kind, before: None, after: None })
            .collect::<Vec<_>>();
        row.changes = to_json(&kinds)?;
        row.entries = to_json(&MatchedEntries::default())?;
        erased.push((key, encode("changes", &row)?));
    }
    for (key, row) in erased {
        table.insert(key, row.as_slice())?;
    }
    Ok(())
}

/// Removes all events of a subscription.
pub(super) fn forget(transaction: &WriteTransaction, subscription: &SubscriptionId) -> Result<(), StoreError> {
    let mut events = transaction.open_table(tables::EVENTS)?;
    let key = subscription.as_str();
    events.retain_in((key, 0)..=(key, u64::MAX), |_, _| false)?;
    Ok(())
}

/// [`EventStore::events`] within a transaction that writes.
pub(super) fn events_after(
    transaction: &WriteTransaction,
    subscription: &SubscriptionId,
    after: Option<Sequence>,
    limit: usize,
) -> Result<Vec<Event>, StoreError> {
    let (events, changes) = (transaction.open_table(tables::EVENTS)?, transaction.open_table(tables::CHANGES)?);
    page(&events, &changes, subscription, after, limit)
}

fn page(
    events: &impl ReadableTable<(&'static str, u64), &'static [u8]>,
    changes: &impl ReadableTable<(u64, u64), &'static [u8]>,
    subscription: &SubscriptionId,
    after: Option<Sequence>,
    limit: usize,
) -> Result<Vec<Event>, StoreError> {
    let Some(first) = after.map_or(Some(0), |after| after.0.checked_add(1)) else { return Ok(Vec::new()) };
    let key = subscription.as_str();
    let mut page = Vec::new();
    for entry in events.range((key, first)..=(key, u64::MAX))?.take(limit) {
        let (place, row) = entry?;
        let sequence = Sequence(place.value().1);
        let row: EventRow = decode("events", || format!("{key} {}", sequence.0), row.value())?;
        page.push(event(changes, subscription, sequence, row)?);
    }
    Ok(page)
}

/// A row of `events` with the changes that it refers to.
fn event(
    changes: &impl ReadableTable<(u64, u64), &'static [u8]>,
    subscription: &SubscriptionId,
    sequence: Sequence,
    row: EventRow,
) -> Result<Event, StoreError> {
    let broken = |reason: &dyn std::fmt::Display| damaged("events", format!("{subscription} {}", sequence.0), reason);
    let member_id = MemberId::try_from(row.member).map_err(|error| broken(&error))?;
    let key = (row.member, row.version.0);
    let told = changes.get(key)?.ok_or_else(|| broken(&"its changes are missing"))?;
    let told = read_changes(key, told.value())?;
    let changes: Vec<Change> = from_json(key, &told.changes)?;
    let matched_positions = row.places.map(|places| matched_positions(key, &told, row.status, &places)).transpose()?;
    Ok(Event {
        event_id: Event::id(member_id, row.version, subscription),
        sequence,
        subscription_id: subscription.clone(),
        member_id,
        status: row.status,
        changes: changes.into_iter().filter(|change| row.kinds.contains(change.kind)).collect(),
        matched_positions,
        occurred_at: Timestamp::from_microsecond(told.occurred_at).map_err(|error| broken(&error))?,
    })
}

fn read_changes(key: (u64, u64), bytes: &[u8]) -> Result<ChangesRow, StoreError> {
    decode("changes", || format!("{} {}", key.0, key.1), bytes)
}

fn matched_positions(
    key: (u64, u64),
    told: &ChangesRow,
    status: EventStatus,
    places: &[u32],
) -> Result<Vec<MatchedPosition>, StoreError> {
    let entries: MatchedEntries = from_json(key, &told.entries)?;
    let entries = entries.told_by(status);
    let position = |place: &u32| MatchedPosition { place: *place, position: entries.get(place).cloned() };
    Ok(places.iter().map(position).collect())
}

fn to_json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Unwritable { table: "changes", reason: error.to_string() })
}

fn from_json<T: DeserializeOwned>(key: (u64, u64), json: &str) -> Result<T, StoreError> {
    serde_json::from_str(json).map_err(|error| damaged("changes", format!("{} {}", key.0, key.1), error))
}
