//! Where each subscription with something to send stands, in memory; the store is the truth, this is rebuilt from it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rustc_hash::FxHashMap;

use super::lanes::{Host, LaneName};
use crate::subscription::SubscriptionId;

/// Where a subscription stands: in one place at a time, which is what makes it one sender a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing is to be done before this instant.
    Timer(Timestamp),
    /// It waits for a slot.
    Queued,
    /// An attempt is on the wire, with a slot of this lane.
    Sending(LaneName, Host),
}

/// All subscriptions with something to send that are not paused.
#[derive(Default)]
pub(super) struct Places {
    places: FxHashMap<SubscriptionId, (Place, Timestamp)>,
    timers: BTreeSet<(Timestamp, SubscriptionId)>,
    ages: BTreeSet<(Timestamp, SubscriptionId)>,
}

impl Places {
    /// Where the subscription stands; `None` where nothing is known to be sent.
    pub(super) fn get(&self, id: &SubscriptionId) -> Option<&Place> {
        self.places.get(id).map(|(place, _)| place)
    }

    /// Moves the subscription; `oldest` is when its oldest event was accepted.
    pub(super) fn put(&mut self, id: &SubscriptionId, place: Place, oldest: Timestamp) {
        self.remove(id);
        if let Place::Timer(at) = place {
            self.timers.insert((at, id.clone()));
        }
        self.ages.insert((oldest, id.clone()));
        self.places.insert(id.clone(), (place, oldest));
    }

    /// Moves the subscription, if it is there at all.
    pub(super) fn relocate(&mut self, id: &SubscriptionId, place: Place) {
        if let Some((_, oldest)) = self.places.get(id) {
            let oldest = *oldest;
            self.put(id, place, oldest);
        }
    }

    /// Forgets the subscription, and says where it stood.
    pub(super) fn remove(&mut self, id: &SubscriptionId) -> Option<Place> {
        let (place, oldest) = self.places.remove(id)?;
        if let Place::Timer(at) = place {
            self.timers.remove(&(at, id.clone()));
        }
        self.ages.remove(&(oldest, id.clone()));
        Some(place)
    }

    /// When the next timer ends.
    pub(super) fn next_timer(&self) -> Option<Timestamp> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// Those whose timer has ended, at most `limit`; they leave their place.
    pub(super) fn take_due(&mut self, now: Timestamp, limit: usize) -> Vec<SubscriptionId> {
        let due: Vec<_> =
            self.timers.iter().take_while(|(at, _)| *at <= now).take(limit).map(|(_, id)| id.clone()).collect();
        for id in &due {
            self.remove(id);
        }
        due
    }

    /// When the oldest event that waits was accepted.
    pub(super) fn oldest(&self) -> Option<Timestamp> {
        self.ages.first().map(|(oldest, _)| *oldest)
    }

    /// How many subscriptions have something to send.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_subscription_is_in_one_place_at_a_time() {
        let (mut places, id) = (Places::default(), SubscriptionId::from("a"));
        places.put(&id, Place::Timer(at(10)), at(1));
        places.put(&id, Place::Timer(at(20)), at(1));
        assert_eq!(places.next_timer(), Some(at(20)));
        places.relocate(&id, Place::Queued);
        assert_eq!(places.next_timer(), None);
        assert_eq!((places.len(), places.oldest()), (1, Some(at(1))));
        assert_eq!(places.remove(&id), Some(Place::Queued));
        assert_eq!((places.len(), places.oldest()), (0, None));
    }

    #[test]
    fn what_is_due_leaves_in_the_order_of_its_time() {
        let mut places = Places::default();
        for (id, second) in [("c", 3), ("a", 1), ("b", 2)] {
            places.put(&SubscriptionId::from(id), Place::Timer(at(second)), at(0));
        }
        assert_eq!(places.take_due(at(2), 9), [SubscriptionId::from("a"), SubscriptionId::from("b")]);
        assert_eq!(places.next_timer(), Some(at(3)));
    }
}
