//! Events: appended with the members that they are about, read in order, erased with the person, dropped with age.

use jiff::Timestamp;
use redb::{ReadTransaction, ReadableTable, WriteTransaction};
use serde::{Deserialize, Serialize};

use super::tables::{self, damaged, decode, encode, meta};
use super::{MemberWrite, Store, members};
use crate::change::{Change, ChangeKind};
use crate::event::{Event, EventStatus, MemberVersion, Sequence};
use crate::member::MemberId;
use crate::store::StoreError;
use crate::subscription::SubscriptionId;

/// One version of a member, and who is told of it.
pub(crate) struct Announcement {
    pub(crate) member: MemberId,
    pub(crate) version: MemberVersion,
    pub(crate) occurred_at: Timestamp,
    pub(crate) changes: Vec<Change>,
    pub(crate) told: Vec<Told>,
}

/// One subscription that is told.
pub(crate) struct Told {
    pub(crate) subscription: SubscriptionId,
    pub(crate) status: EventStatus,
    pub(crate) kinds: Kinds,
}

/// A set of kinds of change, as small as it can be: it stands in every row of `events`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kinds(u8);

impl Kinds {
    pub(crate) const ALL: Kinds = Kinds(u8::MAX);

    /// The set's bit of a kind: stored, so a kind keeps its bit for ever.
    fn bit(kind: ChangeKind) -> u8 {
        match kind {
            ChangeKind::Started => 1,
            ChangeKind::Promoted => 1 << 1,
            ChangeKind::Closed => 1 << 2,
            ChangeKind::Reopened => 1 << 3,
            ChangeKind::Edited => 1 << 4,
            ChangeKind::Removed => 1 << 5,
            ChangeKind::Backfilled => 1 << 6,
        }
    }

    pub(crate) fn contains(self, kind: ChangeKind) -> bool {
        self.0 & Self::bit(kind) != 0
    }
}

impl<'a> FromIterator<&'a ChangeKind> for Kinds {
    fn from_iter<I: IntoIterator<Item = &'a ChangeKind>>(kinds: I) -> Self {
        Kinds(kinds.into_iter().fold(0, |set, kind| set | Self::bit(*kind)))
    }
}

/// A row of `changes`.
#[derive(Serialize, Deserialize)]
struct ChangesRow {
    /// Microseconds since 1970.
    occurred_at: i64,
    /// As JSON: postcard cannot hold the entries of documents, which have no fixed shape.
    changes: String,
}

/// A row of `events`.
#[derive(Serialize, Deserialize)]
struct EventRow {
    member: u64,
    version: MemberVersion,
    status: EventStatus,
    kinds: Kinds,
}

impl Store {
    /// One commit for a batch: members, documents and events. Returns the sequence of the last event there is.
    pub(crate) fn commit(
        &self,
        members: &[MemberWrite],
        announcements: &[Announcement],
    ) -> Result<Option<Sequence>, StoreError> {
        self.write(|transaction| {
            members::write(transaction, members)?;
            append(transaction, announcements)
        })
    }

    /// The events of a subscription behind `after`, oldest first.
    pub fn events(
        &self,
        subscription: &SubscriptionId,
        after: Option<Sequence>,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let transaction = self.read()?;
        let events = transaction.open_table(tables::EVENTS)?;
        let Some(first) = after.map_or(Some(0), |after| after.0.checked_add(1)) else { return Ok(Vec::new()) };
        let key = subscription.as_str();
        let mut page = Vec::new();
        for entry in events.range((key, first)..=(key, u64::MAX))?.take(limit) {
            let (place, row) = entry?;
            let sequence = Sequence(place.value().1);
            let row: EventRow = decode("events", &format_args!("{key} {}", sequence.0), row.value())?;
            page.push(event(&transaction, subscription, sequence, row)?);
        }
        Ok(page)
    }

    /// The sequence of the last event of all subscriptions; `None` while there is none.
    pub fn last_sequence(&self) -> Result<Option<Sequence>, StoreError> {
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
    let mut next = meta.get(meta::NEXT_SEQUENCE)?.map_or(FIRST_SEQUENCE, |next| next.value());

    for announcement in announcements.iter().filter(|announcement| !announcement.told.is_empty()) {
        let (member, version) = (announcement.member.get(), announcement.version);
        let occurred_at = announcement.occurred_at.as_microsecond();
        let row = ChangesRow { occurred_at, changes: changes_to_json(&announcement.changes)? };
        changes.insert((member, version.0), encode("changes", &row)?.as_slice())?;
        changes_by_time.insert((occurred_at, member, version.0), ())?;
        for told in &announcement.told {
            let row = EventRow { member, version, status: told.status, kinds: told.kinds };
            events.insert((told.subscription.as_str(), next), encode("events", &row)?.as_slice())?;
            next += 1;
        }
    }
    meta.insert(meta::NEXT_SEQUENCE, next)?;
    Ok(next.checked_sub(1).filter(|last| *last >= FIRST_SEQUENCE).map(Sequence))
}

/// Takes out of a member's changes what they say of the person; their kinds stay.
pub(super) fn erase(transaction: &WriteTransaction, member: MemberId) -> Result<(), StoreError> {
    let mut table = transaction.open_table(tables::CHANGES)?;
    let mut erased = Vec::new();
    for entry in table.range((member.get(), 0)..=(member.get(), u64::MAX))? {
        let (key, row) = entry?;
        let key = key.value();
        let mut row = read_changes(key, row.value())?;
        let kinds = changes_from_json(key, &row.changes)?
            .into_iter()
            .map(|change| Change { kind: change.kind, before: None, after: None })
            .collect::<Vec<_>>();
        row.changes = changes_to_json(&kinds)?;
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

/// A row of `events` with what it refers to.
fn event(
    transaction: &ReadTransaction,
    subscription: &SubscriptionId,
    sequence: Sequence,
    row: EventRow,
) -> Result<Event, StoreError> {
    let key = (row.member, row.version.0);
    let member_id = MemberId::try_from(row.member).map_err(|error| damaged("events", &sequence.0, error))?;
    let changes = transaction.open_table(tables::CHANGES)?;
    let told = changes.get(key)?.ok_or_else(|| damaged("events", &sequence.0, "its changes are missing"))?;
    let told = read_changes(key, told.value())?;
    let changes = changes_from_json(key, &told.changes)?;
    Ok(Event {
        event_id: Event::id(member_id, row.version, subscription),
        sequence,
        subscription_id: subscription.clone(),
        member_id,
        status: row.status,
        changes: changes.into_iter().filter(|change| row.kinds.contains(change.kind)).collect(),
        occurred_at: Timestamp::from_microsecond(told.occurred_at)
            .map_err(|error| damaged("changes", &sequence.0, error))?,
    })
}

fn read_changes(key: (u64, u64), bytes: &[u8]) -> Result<ChangesRow, StoreError> {
    decode("changes", &format_args!("{} {}", key.0, key.1), bytes)
}

fn changes_to_json(changes: &[Change]) -> Result<String, StoreError> {
    serde_json::to_string(changes)
        .map_err(|error| StoreError::Unwritable { table: "changes", reason: error.to_string() })
}

fn changes_from_json(key: (u64, u64), json: &str) -> Result<Vec<Change>, StoreError> {
    serde_json::from_str(json).map_err(|error| damaged("changes", &format_args!("{} {}", key.0, key.1), error))
}
