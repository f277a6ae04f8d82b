//! Who is told: what each subscription wants to hear, kept in memory beside its compiled selector.

use jiff::Timestamp;
use rustc_hash::FxHashMap;

use crate::change::{Change, ChangeKind};
use crate::event::EventStatus;
use crate::store::{Kinds, Told};
use crate::subscription::{Format, Selector, Subscription, SubscriptionId};

/// The subscriptions that select members: those that are active or paused.
#[derive(Debug, Default)]
pub(super) struct Audience {
    interests: FxHashMap<SubscriptionId, Interest>,
    /// How many want to hear of members that are seen for the first time.
    wanting_first_seen: usize,
}

/// What a subscription wants to hear of the members that it selects.
#[derive(Debug, Clone, Copy)]
struct Interest {
    kinds: Kinds,
    match_flips: bool,
    notify_first_seen: bool,
    /// Whether its events say which positions its query found.
    names_positions: bool,
    expires_at: Option<Timestamp>,
}

impl Audience {
    /// Takes a subscription in, or what has become of it.
    pub(super) fn admit(&mut self, subscription: &Subscription) {
        let interest = Interest {
            kinds: subscription.changes.iter().collect(),
            match_flips: subscription.match_flips,
            notify_first_seen: subscription.notify_first_seen,
            names_positions: subscription.format == Format::Detailed
                && matches!(subscription.selector, Selector::EsDsl(_)),
            expires_at: subscription.expires_at,
        };
        self.dismiss(&subscription.id);
        self.wanting_first_seen += usize::from(interest.notify_first_seen);
        self.interests.insert(subscription.id.clone(), interest);
    }

    /// Tells a subscription nothing any more.
    pub(super) fn dismiss(&mut self, id: &SubscriptionId) {
        if let Some(interest) = self.interests.remove(id) {
            self.wanting_first_seen -= usize::from(interest.notify_first_seen);
        }
    }

    /// Everybody who selects members.
    pub(super) fn ids(&self) -> impl Iterator<Item = &SubscriptionId> {
        self.interests.keys()
    }

    /// Whether anybody may want to hear of members that are seen for the first time: if not, they need not be percolated.
    pub(super) fn wants_first_seen(&self) -> bool {
        self.wanting_first_seen > 0
    }

    /// Whether a subscription's events say which positions its query found.
    pub(super) fn names_positions(&self, id: &SubscriptionId) -> bool {
        self.interests.get(id).is_some_and(|interest| interest.names_positions)
    }

    /// Who is told of a member that is seen for the first time; `matching` is sorted.
    pub(super) fn told_of_first_seen(&self, matching: Vec<SubscriptionId>, now: Timestamp) -> Vec<Told> {
        let wants = |id: &SubscriptionId| self.live(id, now).is_some_and(|interest| interest.notify_first_seen);
        matching
            .into_iter()
            .filter(wants)
            .map(|subscription| told(subscription, EventStatus::StartedMatchingQuery, Kinds::ALL))
            .collect()
    }

    /// Who is told of position changes, sorted; `before` and `after` are the subscriptions, sorted, that select the member
    /// as it was and as it is. Where all positions are gone at once flips do not count: such a crawl is likely broken, its
    /// repair would tell nobody that the match began again, and so nobody hears that it stopped.
    pub(super) fn told_of_changes(
        &self,
        before: &[SubscriptionId],
        after: &[SubscriptionId],
        changes: &[Change],
        lists_none: bool,
        now: Timestamp,
    ) -> Vec<Told> {
        let kept = before.iter().filter(|id| after.binary_search(id).is_ok()).map(|id| (id, EventStatus::Changed));
        let stopped = before
            .iter()
            .filter(|id| after.binary_search(id).is_err())
            .map(|id| (id, EventStatus::StoppedMatchingQuery));
        let started = after
            .iter()
            .filter(|id| before.binary_search(id).is_err())
            .map(|id| (id, EventStatus::StartedMatchingQuery));

        let mut all: Vec<Told> = kept
            .chain(stopped)
            .chain(started)
            .filter_map(|(id, status)| {
                let kinds = self.live(id, now)?.hears(status, changes, !lists_none)?;
                Some(told(id.clone(), status, kinds))
            })
            .collect();
        all.sort_unstable_by(|one, other| one.subscription.cmp(&other.subscription));
        all
    }

    fn live(&self, id: &SubscriptionId, now: Timestamp) -> Option<&Interest> {
        self.interests.get(id).filter(|interest| interest.is_live(now))
    }
}

/// Told without positions: those are found for the few that want them.
fn told(subscription: SubscriptionId, status: EventStatus, kinds: Kinds) -> Told {
    Told { subscription, status, kinds, places: None }
}

impl Interest {
    fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }

    /// The kinds of change that an event of this status tells; `None` where there is nothing to tell.
    fn hears(&self, status: EventStatus, changes: &[Change], flips_count: bool) -> Option<Kinds> {
        let flipped = status != EventStatus::Changed;
        if flipped && flips_count && self.match_flips {
            return Some(Kinds::ALL);
        }
        let wanted: Vec<ChangeKind> =
            changes.iter().map(|change| change.kind).filter(|kind| self.kinds.contains(*kind)).collect();
        (!wanted.is_empty()).then(|| wanted.iter().collect())
    }
}
