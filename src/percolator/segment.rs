//! Segments: immutable sets of selectors with the index that finds the candidates among them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use rustc_hash::FxHashMap;

use crate::mapping::NestedId;
use crate::member::MemberId;
use crate::percolator::condition::Condition;
use crate::percolator::filing::{Demand, Filing};
use crate::percolator::queries::{Queries, QueriesBuilder, RootNumber, SubscriberNumber};
use crate::percolator::statistics::Statistics;
use crate::percolator::{CompiledSelector, SubscriptionId};

/// An immutable set of selectors, and how they are filed, which is learned anew from time to time.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub(super) content: Arc<Content>,
    pub(super) filing: Arc<Filing>,
}

/// The selectors themselves; only removals are marked in them, and what documents have is counted.
#[derive(Debug)]
pub(super) struct Content {
    /// Tells segments apart for as long as the percolator lives.
    pub(super) serial: u64,
    pub(super) queries: Queries,
    pub(super) demand: Demand,
    pub(super) statistics: Statistics,
    /// `ids` selectors: sorted pairs.
    listed: Vec<(MemberId, SubscriberNumber)>,
    /// `all` selectors.
    pub(super) everyone: Vec<SubscriberNumber>,
    subscribers: Vec<Subscriber>,
    removals: AtomicUsize,
}

#[derive(Debug)]
struct Subscriber {
    id: SubscriptionId,
    /// The first generation of the percolator that does not have it; [`STILL_THERE`] while all have.
    removed_in: AtomicU64,
}

/// No percolator lives for so many generations.
const STILL_THERE: u64 = u64::MAX;

/// Where a subscription of a merged segment came from: the segment's serial, and its number there.
pub(super) type Origin = (u64, SubscriberNumber);

impl Segment {
    /// The same selectors, filed by what has been learned since.
    pub(super) fn filed_anew(&self) -> Segment {
        let filing = Filing::new(&self.content.queries, &self.content.statistics);
        Segment { content: Arc::clone(&self.content), filing: Arc::new(filing) }
    }

    /// Several segments as one, with the origin of each of its subscriptions.
    pub(super) fn merged(segments: &[Segment], serial: u64) -> (Segment, Vec<Origin>) {
        let mut builder = SegmentBuilder::default();
        let mut origins = Vec::new();
        for segment in segments {
            builder.absorb(&segment.content, &mut origins);
        }
        let parts = segments.iter().map(|segment| (&segment.content.queries, &segment.content.statistics));
        (builder.finish_with(serial, |queries| Statistics::merged(queries, parts)), origins)
    }
}

impl Content {
    /// How many subscriptions it was built from.
    pub(super) fn len(&self) -> usize {
        self.subscribers.len()
    }

    /// How many of them are still there.
    pub(super) fn live(&self) -> usize {
        self.len().saturating_sub(self.removals.load(Ordering::Acquire))
    }

    /// The subscription of this number, if it is there in this generation.
    pub(super) fn subscriber(&self, number: SubscriberNumber, generation: u64) -> Option<&SubscriptionId> {
        let subscriber = self.subscribers.get(number as usize)?;
        (generation < subscriber.removed_in.load(Ordering::Acquire)).then_some(&subscriber.id)
    }

    /// Numbers and ids of the subscriptions that are still there.
    pub(super) fn subscribers(&self) -> impl Iterator<Item = (SubscriberNumber, &SubscriptionId)> {
        let numbered = (0..).zip(&self.subscribers);
        numbered
            .filter(|(_, subscriber)| subscriber.removed_in.load(Ordering::Acquire) == STILL_THERE)
            .map(|(number, subscriber)| (number, &subscriber.id))
    }

    /// Takes a subscription out of this generation and all after it; readers of an older one still find it.
    pub(super) fn remove(&self, number: SubscriberNumber, generation: u64) {
        if let Some(subscriber) = self.subscribers.get(number as usize)
            && subscriber.removed_in.swap(generation, Ordering::AcqRel) == STILL_THERE
        {
            self.removals.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Whether a subscription has been removed.
    pub(super) fn is_removed(&self, number: SubscriberNumber) -> bool {
        let subscriber = self.subscribers.get(number as usize);
        subscriber.is_none_or(|subscriber| subscriber.removed_in.load(Ordering::Acquire) != STILL_THERE)
    }

    /// The subscriptions whose list holds the member.
    pub(super) fn listing(&self, member: MemberId) -> impl Iterator<Item = SubscriberNumber> + '_ {
        let from = self.listed.partition_point(|(listed, _)| *listed < member);
        self.listed.iter().skip(from).take_while(move |(listed, _)| *listed == member).map(|(_, number)| *number)
    }
}

/// Builds a segment.
#[derive(Debug, Default)]
pub(super) struct SegmentBuilder {
    queries: QueriesBuilder,
    listed: Vec<(MemberId, SubscriberNumber)>,
    everyone: Vec<SubscriberNumber>,
    subscribers: Vec<SubscriptionId>,
}

impl SegmentBuilder {
    /// Adds a subscription; its number.
    pub(super) fn add(&mut self, id: SubscriptionId, selector: &CompiledSelector) -> SubscriberNumber {
        let number = self.subscriber(id);
        match selector {
            CompiledSelector::All => self.everyone.push(number),
            CompiledSelector::Ids(ids) => self.listed.extend(ids.iter().map(|id| (*id, number))),
            CompiledSelector::Query(query) => {
                let node = self.queries.condition(&query.condition, NestedId::ROOT);
                self.queries.subscribe(node, number);
            }
        }
        number
    }

    /// A condition on the objects of `path`, for whoever asks for parts of a query; no subscription asks for it.
    pub(super) fn part(&mut self, condition: &Condition, path: NestedId) -> RootNumber {
        let node = self.queries.condition(condition, path);
        self.queries.root(node)
    }

    /// How many subscriptions were added.
    pub(super) fn len(&self) -> usize {
        self.subscribers.len()
    }

    /// Adds what is still there of another segment.
    fn absorb(&mut self, other: &Content, origins: &mut Vec<Origin>) {
        let mut numbers: FxHashMap<SubscriberNumber, SubscriberNumber> = FxHashMap::default();
        for (old, id) in other.subscribers() {
            numbers.insert(old, self.subscriber(id.clone()));
            origins.push((other.serial, old));
        }
        let renumbered = |old: &SubscriberNumber| numbers.get(old).copied();
        self.everyone.extend(other.everyone.iter().filter_map(renumbered));
        self.listed.extend(other.listed.iter().filter_map(|(member, old)| Some((*member, renumbered(old)?))));
        let mut imported = FxHashMap::default();
        for (root, node) in (0..).zip(other.queries.roots()) {
            for subscriber in other.queries.subscribers(other.queries.subscribed(root)).iter().filter_map(renumbered) {
                let node = self.queries.import(&other.queries, *node, &mut imported);
                self.queries.subscribe(node, subscriber);
            }
        }
    }

    /// The finished segment.
    pub(super) fn finish(self, serial: u64) -> Segment {
        self.finish_with(serial, Statistics::of)
    }

    fn finish_with(mut self, serial: u64, statistics: impl FnOnce(&Queries) -> Statistics) -> Segment {
        self.listed.sort_unstable();
        self.listed.dedup();
        let queries = self.queries.finish();
        let statistics = statistics(&queries);
        let filing = Arc::new(Filing::new(&queries, &statistics));
        let subscriber = |id| Subscriber { id, removed_in: AtomicU64::new(STILL_THERE) };
        let content = Content {
            serial,
            demand: Demand::of(&queries),
            queries,
            statistics,
            listed: self.listed,
            everyone: self.everyone,
            subscribers: self.subscribers.into_iter().map(subscriber).collect(),
            removals: AtomicUsize::new(0),
        };
        Segment { content: Arc::new(content), filing }
    }

    fn subscriber(&mut self, id: SubscriptionId) -> SubscriberNumber {
        self.subscribers.push(id);
        // Fewer than 2³² fit memory.
        u32::try_from(self.subscribers.len() - 1).unwrap_or(u32::MAX)
    }
}
