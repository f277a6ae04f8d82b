//! Who may send now: a bounded number of attempts at once, shared so that no receiver takes another's turn.
//!
//! One pool of slots would not do: a few hundred receivers that hang until the timeout would hold all of it. So there
//! are three lanes, each with its own slots, and an attempt goes to the lane that the receiver has earned:
//!
//! - [`LaneName::Fast`]: nothing is held against the receiver. An attempt that outlasts the *patience* leaves the lane,
//!   so that each slot comes free again within the patience, whatever the receivers do;
//! - [`LaneName::Slow`]: its last attempt succeeded, but took longer than the patience;
//! - [`LaneName::Failing`]: its last attempt failed. The dead do not even delay the slow.
//!
//! Inside a lane hosts take turns, and one host has a bounded number of slots: ten thousand subscriptions that point at
//! one host cost the others nothing.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use crate::subscription::SubscriptionId;

/// A receiver's host and port.
pub(super) type Host = String;

/// Which lane an attempt takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LaneName {
    Fast,
    Slow,
    Failing,
}

impl LaneName {
    pub(super) const ALL: [LaneName; 3] = [LaneName::Fast, LaneName::Slow, LaneName::Failing];

    /// For metrics.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            LaneName::Fast => "fast",
            LaneName::Slow => "slow",
            LaneName::Failing => "failing",
        }
    }
}

/// How many attempts may be on the wire at once, by lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneSizes {
    /// For receivers that nothing is held against.
    pub fast: usize,
    /// For receivers that are slow.
    pub slow: usize,
    /// For receivers whose last attempt failed.
    pub failing: usize,
    /// The most of each lane that one host (with port) may take.
    pub per_host: usize,
}

impl Default for LaneSizes {
    fn default() -> Self {
        LaneSizes { fast: 256, slow: 128, failing: 64, per_host: 16 }
    }
}

/// The three lanes.
pub(super) struct Lanes {
    fast: Lane,
    slow: Lane,
    failing: Lane,
}

impl Lanes {
    pub(super) fn new(sizes: LaneSizes) -> Self {
        let lane = |slots| Lane::new(slots, sizes.per_host);
        Lanes { fast: lane(sizes.fast), slow: lane(sizes.slow), failing: lane(sizes.failing) }
    }

    pub(super) fn lane(&mut self, name: LaneName) -> &mut Lane {
        match name {
            LaneName::Fast => &mut self.fast,
            LaneName::Slow => &mut self.slow,
            LaneName::Failing => &mut self.failing,
        }
    }
}

/// A bounded number of slots that hosts take turns at.
pub(super) struct Lane {
    slots: usize,
    per_host: usize,
    taken: usize,
    hosts: FxHashMap<Host, Queue>,
    /// Hosts with something waiting and a slot allowed: each once.
    turns: VecDeque<Host>,
}

#[derive(Default)]
struct Queue {
    taken: usize,
    waiting: VecDeque<SubscriptionId>,
    has_turn: bool,
}

impl Lane {
    fn new(slots: usize, per_host: usize) -> Self {
        let slots = slots.max(1);
        Lane { slots, per_host: per_host.max(1), taken: 0, hosts: FxHashMap::default(), turns: VecDeque::new() }
    }

    /// How many slots are taken.
    pub(super) fn taken(&self) -> usize {
        self.taken
    }

    /// Queues a subscription behind the others of its host.
    pub(super) fn push(&mut self, host: Host, id: SubscriptionId) {
        self.hosts.entry(host.clone()).or_default().waiting.push_back(id);
        self.give_turn(host);
    }

    /// The next subscription that may send, with a slot taken for it.
    pub(super) fn take(&mut self) -> Option<(Host, SubscriptionId)> {
        while self.taken < self.slots {
            let host = self.turns.pop_front()?;
            let Some(queue) = self.hosts.get_mut(&host) else { continue };
            queue.has_turn = false;
            let Some(id) = queue.waiting.pop_front() else { continue };
            queue.taken += 1;
            self.taken += 1;
            self.give_turn(host.clone());
            return Some((host, id));
        }
        None
    }

    /// Takes a slot for an attempt that comes from another lane; says whether there was one.
    pub(super) fn enter(&mut self, host: &Host) -> bool {
        if self.taken >= self.slots {
            return false;
        }
        let queue = self.hosts.entry(host.clone()).or_default();
        if queue.taken >= self.per_host {
            return false;
        }
        queue.taken += 1;
        self.taken += 1;
        true
    }

    /// Gives a slot back.
    pub(super) fn leave(&mut self, host: Host) {
        let Some(queue) = self.hosts.get_mut(&host) else { return };
        queue.taken = queue.taken.saturating_sub(1);
        self.taken = self.taken.saturating_sub(1);
        if queue.taken == 0 && queue.waiting.is_empty() {
            self.hosts.remove(&host);
        } else {
            self.give_turn(host);
        }
    }

    /// Puts a host at the end of the turns, if it has something to send, may send it, and is not there already.
    fn give_turn(&mut self, host: Host) {
        let Some(queue) = self.hosts.get_mut(&host) else { return };
        if !queue.has_turn && !queue.waiting.is_empty() && queue.taken < self.per_host {
            queue.has_turn = true;
            self.turns.push_back(host);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(slots: usize, per_host: usize, waiting: &[(&str, &str)]) -> Lane {
        let mut lane = Lane::new(slots, per_host);
        for (host, id) in waiting {
            lane.push((*host).to_owned(), SubscriptionId::from(*id));
        }
        lane
    }

    fn taken(lane: &mut Lane) -> Vec<String> {
        std::iter::from_fn(|| lane.take()).map(|(_, id)| id.to_string()).collect()
    }

    #[test]
    fn hosts_take_turns() {
        let mut lane = lane(9, 9, &[("a", "a1"), ("a", "a2"), ("a", "a3"), ("b", "b1"), ("c", "c1")]);
        assert_eq!(taken(&mut lane), ["a1", "b1", "c1", "a2", "a3"]);
    }

    #[test]
    fn a_host_never_takes_more_than_its_share_and_goes_on_when_a_slot_comes_free() {
        let mut lane = lane(9, 2, &[("a", "a1"), ("a", "a2"), ("a", "a3"), ("b", "b1")]);
        assert_eq!(taken(&mut lane), ["a1", "b1", "a2"]);
        lane.leave("a".to_owned());
        assert_eq!(taken(&mut lane), ["a3"]);
    }

    #[test]
    fn a_full_lane_lets_nobody_in_until_one_leaves() {
        let mut lane = lane(1, 1, &[("a", "a1"), ("b", "b1")]);
        assert_eq!(taken(&mut lane), ["a1"]);
        assert!(!lane.enter(&"c".to_owned()));
        lane.leave("a".to_owned());
        assert_eq!(taken(&mut lane), ["b1"]);
        lane.leave("b".to_owned());
        assert!(lane.enter(&"c".to_owned()));
        assert_eq!(lane.taken(), 1);
    }

    #[test]
    fn hosts_with_nothing_to_send_are_forgotten() {
        let mut lane = lane(4, 4, &[("a", "a1")]);
        assert_eq!(taken(&mut lane), ["a1"]);
        lane.leave("a".to_owned());
        assert!(lane.hosts.is_empty() && lane.turns.is_empty());
    }
}
