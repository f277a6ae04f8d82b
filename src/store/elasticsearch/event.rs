//! An event as a document of the cluster.

use serde::{Deserialize, Serialize};

use super::member::Unrelayed;
use crate::elasticsearch::{Operation, Write};
use crate::event::{Event, MatchedPosition, MemberVersion, Sequence};
use crate::member::MemberId;
use crate::store::{StoreError, Told};
use crate::subscription::SubscriptionId;

/// An event's document; its id is the event's, and the subscription decides about its shard, so that what was
/// written earlier for a subscription is found earlier.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct EventDocument {
    pub(super) subscription: SubscriptionId,
    pub(super) member: MemberId,
    pub(super) version: MemberVersion,
    pub(super) sequence: Sequence,
    /// Whether it is in no batch yet.
    pub(super) waiting: bool,
    pub(super) occurred_at: jiff::Timestamp,
    pub(super) event: Event,
}

impl Unrelayed {
    /// Its events.
    pub(super) fn events(&self) -> impl Iterator<Item = EventDocument> {
        self.announcement.told.iter().map(|told| self.event(told))
    }

    fn event(&self, told: &Told) -> EventDocument {
        let announcement = &self.announcement;
        let entries = announcement.entries.told_by(told.status);
        let position = |place: &u32| MatchedPosition { place: *place, position: entries.get(place).cloned() };
        let event = Event {
            event_id: Event::id(announcement.member, announcement.version, &told.subscription),
            sequence: self.sequence,
            subscription_id: told.subscription.clone(),
            member_id: announcement.member,
            status: told.status,
            changes: announcement.changes.iter().filter(|change| told.kinds.contains(change.kind)).cloned().collect(),
            matched_positions: told.places.as_ref().map(|places| places.iter().map(position).collect()),
            occurred_at: announcement.occurred_at,
        };
        EventDocument {
            subscription: told.subscription.clone(),
            member: announcement.member,
            version: announcement.version,
            sequence: self.sequence,
            waiting: true,
            occurred_at: announcement.occurred_at,
            event,
        }
    }

    /// Takes out what it says of the person; the kinds of changes and the places of positions stay.
    pub(super) fn scrub(&mut self) {
        for change in &mut self.announcement.changes {
            change.before = None;
            change.after = None;
        }
        self.announcement.entries = crate::store::MatchedEntries::default();
    }
}

impl EventDocument {
    /// Takes out what it says of the person.
    pub(super) fn scrub(&mut self) {
        for change in &mut self.event.changes {
            change.before = None;
            change.after = None;
        }
        for position in self.event.matched_positions.iter_mut().flatten() {
            position.position = None;
        }
    }

    /// The write that makes it, once.
    pub(super) fn creation<'a>(&self, alias: &'a str) -> Result<Write<'a>, StoreError> {
        let document = super::to_json("events", self)?;
        let write = Write::new(alias, self.event.event_id.clone(), Operation::Create(document));
        Ok(write.routed_by(self.subscription.as_str().to_owned()))
    }
}
