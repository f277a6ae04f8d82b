//! Events: appended with the members that they are about, read in order, erased with the person, dropped with age.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{MemberWrite, StoreError};
use crate::change::{Change, ChangeKind};
use crate::event::{Event, EventStatus, MemberVersion, Sequence};
use crate::member::MemberId;
use crate::subscription::SubscriptionId;

/// One version of a member, and who is told of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Announcement {
    pub member: MemberId,
    pub version: MemberVersion,
    pub occurred_at: Timestamp,
    pub changes: Vec<Change>,
    pub told: Vec<Told>,
    pub entries: MatchedEntries,
}

/// One subscription that is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    pub subscription: SubscriptionId,
    pub status: EventStatus,
    pub kinds: Kinds,
    /// The places of the positions that its query found; `None` where nobody asked.
    pub places: Option<Vec<u32>>,
}

/// The entries of all positions that any subscription's query found, by their places: kept once, however many are told.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MatchedEntries {
    /// Of the old document.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub before: BTreeMap<u32, Value>,
    /// Of the new document.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub after: BTreeMap<u32, Value>,
}

impl MatchedEntries {
    /// The entries of the document that an event of this status tells of.
    pub fn told_by(&self, status: EventStatus) -> &BTreeMap<u32, Value> {
        match status {
            EventStatus::StoppedMatchingQuery => &self.before,
            EventStatus::Changed | EventStatus::StartedMatchingQuery => &self.after,
        }
    }

    /// [`MatchedEntries::told_by`], to be filled.
    pub fn told_by_mut(&mut self, status: EventStatus) -> &mut BTreeMap<u32, Value> {
        match status {
            EventStatus::StoppedMatchingQuery => &mut self.before,
            EventStatus::Changed | EventStatus::StartedMatchingQuery => &mut self.after,
        }
    }
}

/// A set of kinds of change, as small as it can be: it stands in every row of `events`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kinds(u8);

impl Kinds {
    pub const ALL: Kinds = Kinds(u8::MAX);

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

    pub fn contains(self, kind: ChangeKind) -> bool {
        self.0 & Self::bit(kind) != 0
    }
}

impl<'a> FromIterator<&'a ChangeKind> for Kinds {
    fn from_iter<I: IntoIterator<Item = &'a ChangeKind>>(kinds: I) -> Self {
        Kinds(kinds.into_iter().fold(0, |set, kind| set | Self::bit(*kind)))
    }
}

/// What became of a commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Committed {
    /// The sequence of the last event there is; `None` while there is none.
    pub last: Option<Sequence>,
    /// Members of which nothing was written, nor of their events: another node had written them since they were read.
    pub lost: Vec<MemberId>,
}

/// The events of a store.
pub trait EventStore {
    /// One commit for a batch: members, documents and events. Each member is there with its events or not at all.
    ///
    /// # Errors
    ///
    /// Where the store fails: then nothing of the batch is known to be stored.
    fn commit(&self, members: &[MemberWrite], announcements: &[Announcement]) -> Result<Committed, StoreError>;

    /// The events of a subscription behind `after`, oldest first: about `limit`, for those that share a sequence come together.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn events(
        &self,
        subscription: &SubscriptionId,
        after: Option<Sequence>,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError>;

    /// Drops changes that occurred before `cutoff`, and all events that tell them; returns how many were dropped.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn drop_events_before(&self, cutoff: Timestamp) -> Result<usize, StoreError>;

    /// The sequence of the last event of all subscriptions; `None` while there is none.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn last_sequence(&self) -> Result<Option<Sequence>, StoreError>;
}
