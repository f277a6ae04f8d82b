//! Queues as they are read: who waits, what is next, what was sent.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use moka::sync::Cache;
use serde::Deserialize;
use serde_json::{Value, json};

use super::event::EventDocument;
use super::queue::{BatchDocument, QueueDocument, Taken};
use super::{Cluster, ElasticsearchStore, damaged, from_json};
use crate::batch::{Batch, BatchNumber};
use crate::elasticsearch::{DocumentId, Operation, SourceFilter, Stamp, Write};
use crate::event::{Event, Sequence};
use crate::member::MemberId;
use crate::store::queues::without_person;
use crate::store::{Mark, Queue, QueueStore, QueueWork, StoreError, Unwritten, Waiting};
use crate::subscription::SubscriptionId;

/// Between rounds over everything that waits, rounds look at what began to wait since this long ago.
const RECENT: SignedDuration = SignedDuration::from_secs(120);

/// So often a round looks at everything.
const FULL_ROUND: Duration = Duration::from_secs(60);

/// So many events are looked at to find one that really waits: searches still see events as waiting that were batched since the last refresh.
const LOOK: usize = 256;

/// So many batches, each of up to a megabyte, are read at once.
const BATCHES: usize = 20;

/// Delivered batches are kept to be looked at for so long.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What this node knows to be finished, so that it need not do it again: the last writes of queues.
pub(super) struct Finished {
    queues: Cache<SubscriptionId, Stamp>,
    last_full_round: Mutex<Option<Instant>>,
}

/// Of so many queues this is known; what follows from the last write of another is done twice, in vain.
const KNOWN_QUEUES: u64 = 100_000;

impl Default for Finished {
    fn default() -> Self {
        Finished { queues: Cache::new(KNOWN_QUEUES), last_full_round: Mutex::default() }
    }
}

impl Finished {
    /// What follows from a queue's write was done.
    pub(super) fn note(&self, id: &SubscriptionId, stamp: Stamp) {
        self.queues.insert(id.clone(), stamp);
    }

    /// Whether what follows from this write is done.
    pub(super) fn knows(&self, id: &SubscriptionId, stamp: Stamp) -> bool {
        self.queues.get(id) == Some(stamp)
    }

    pub(super) fn forget(&self, id: &SubscriptionId) {
        self.queues.invalidate(id);
    }

    /// From where on a round looks that begins now.
    fn begin_round(&self) -> Option<Sequence> {
        let mut last = self.last_full_round.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_none_or(|last| last.elapsed() >= FULL_ROUND) {
            *last = Some(Instant::now());
            return None;
        }
        let since = Timestamp::now().checked_sub(RECENT).ok()?;
        u64::try_from(since.as_microsecond()).ok().map(Sequence)
    }
}

impl QueueStore for ElasticsearchStore {
    fn waiting(&self, from: &Mark, limit: usize) -> Result<Waiting, StoreError> {
        let from = from.clone();
        self.ask(move |cluster| async move { cluster.waiting(from, limit).await })
    }

    fn queue(&self, id: &SubscriptionId) -> Result<Queue, StoreError> {
        let id = id.clone();
        self.ask(move |cluster| async move {
            match cluster.queue_documents(std::slice::from_ref(&id)).await?.pop().flatten() {
                Some((document, _)) => match document.held_by_another(&cluster.node, Timestamp::now()) {
                    Some(owner) => Err(StoreError::HeldElsewhere { subscription: id, owner: owner.to_owned() }),
                    None => Ok(document.queue),
                },
                None => Ok(Queue::default()),
            }
        })
    }

    fn head(&self, id: &SubscriptionId, queue: &Queue) -> Result<Option<Batch>, StoreError> {
        let Some(number) = queue.open.first().copied() else { return Ok(None) };
        let id = id.clone();
        self.ask(move |cluster| async move {
            let Some((document, _)) = cluster.queue_documents(std::slice::from_ref(&id)).await?.pop().flatten() else {
                return Ok(None);
            };
            Ok(document.rows.into_iter().find(|row| row.number == number))
        })
    }

    fn first_unbatched(&self, id: &SubscriptionId, _queue: &Queue) -> Result<Option<Event>, StoreError> {
        let id = id.clone();
        self.ask(move |cluster| async move {
            let mut waiting = cluster.really_waiting(&id, LOOK, &[]).await?;
            Ok((!waiting.is_empty()).then(|| waiting.swap_remove(0).event))
        })
    }

    fn batches(
        &self,
        id: &SubscriptionId,
        before: Option<BatchNumber>,
        limit: usize,
    ) -> Result<Vec<Batch>, StoreError> {
        let id = id.clone();
        self.ask(move |cluster| async move { cluster.batches(&id, before, limit).await })
    }

    fn write_queues(&self, ids: &[&SubscriptionId], work: &mut QueueWork<'_>) -> Result<Unwritten, StoreError> {
        self.write_queues_of(ids, work)
    }
}

impl Cluster {
    /// Subscriptions with batches to send, and those with events in no batch; not those that another node has.
    async fn waiting(&self, from: Mark, limit: usize) -> Result<Waiting, StoreError> {
        let begins = from.subscription.is_none();
        let since = if begins { self.queues.begin_round() } else { from.began };
        let mut found = Vec::new();
        if begins {
            let search = json!({
                "size": limit,
                "query": {"bool": {
                    "filter": [{"term": {"open": true}}],
                    "should": [
                        {"term": {"owner": self.node}},
                        {"bool": {"must_not": [{"range": {"lease_until": {"gte": "now"}}}]}}
                    ],
                    "minimum_should_match": 1
                }},
                "sort": [{"lease_until": "asc"}],
                "_source": false
            });
            let open = self.connection.search(&self.names.queues, None, &search).await?;
            found.extend(open.hits.into_iter().map(|hit| SubscriptionId::from(hit.id.as_str())));
        }
        let (with_events, last) = self.with_waiting_events(since, from.subscription.as_ref(), limit).await?;
        let queues = self.queue_documents(&with_events).await?;
        let now = Timestamp::now();
        let free = |queue: &Option<(QueueDocument, Stamp)>| match queue {
            Some((document, _)) => document.held_by_another(&self.node, now).is_none(),
            None => true,
        };
        found.extend(with_events.into_iter().zip(queues).filter(|(_, queue)| free(queue)).map(|(id, _)| id));
        found.sort_unstable();
        found.dedup();
        let more = last.is_some();
        let next = Mark { began: since.filter(|_| more), subscription: last };
        Ok(Waiting { subscriptions: found, next, more })
    }

    /// Subscriptions with events in no batch, behind `after`; and where to go on, if there may be more.
    async fn with_waiting_events(
        &self,
        since: Option<Sequence>,
        after: Option<&SubscriptionId>,
        limit: usize,
    ) -> Result<(Vec<SubscriptionId>, Option<SubscriptionId>), StoreError> {
        #[derive(Deserialize)]
        struct Aggregations {
            subscriptions: Buckets,
        }
        #[derive(Deserialize)]
        struct Buckets {
            buckets: Vec<Bucket>,
        }
        #[derive(Deserialize)]
        struct Bucket {
            key: Key,
        }
        #[derive(Deserialize)]
        struct Key {
            subscription: String,
        }
        let mut composite = json!({"size": limit, "sources": [{"subscription": {"terms": {"field": "subscription"}}}]});
        if let Some(after) = after {
            composite["after"] = json!({"subscription": after});
        }
        let mut filter = vec![json!({"term": {"waiting": true}})];
        filter.extend(since.map(|since| json!({"range": {"sequence": {"gte": since}}})));
        let search = json!({
            "size": 0,
            "track_total_hits": false,
            "query": {"bool": {"filter": filter}},
            "aggs": {"subscriptions": {"composite": composite}}
        });
        let found = self.connection.search(&self.names.events, None, &search).await?;
        let Some(aggregations) = found.aggregations else { return Ok((Vec::new(), None)) };
        let aggregations: Aggregations = from_json("events", "aggregations", &aggregations)?;
        let buckets = aggregations.subscriptions.buckets;
        let ids: Vec<_> = buckets.iter().map(|bucket| SubscriptionId::from(bucket.key.subscription.as_str())).collect();
        let last = (ids.len() >= limit).then(|| ids.last().cloned()).flatten();
        Ok((ids, last))
    }

    /// The documents of queues, as they were last written.
    pub(super) async fn queue_documents(
        &self,
        ids: &[SubscriptionId],
    ) -> Result<Vec<Option<(QueueDocument, Stamp)>>, StoreError> {
        let keys: Vec<DocumentId<'_>> = ids.iter().map(|id| DocumentId::new(id.as_str())).collect();
        let found = self.connection.multi_get(&self.names.queues, &keys, SourceFilter::All).await?;
        ids.iter()
            .zip(found)
            .map(|(id, found)| {
                let Some(found) = found else { return Ok(None) };
                Ok(Some((from_json("queues", id.as_str(), &found.source)?, found.stamp)))
            })
            .collect()
    }

    /// The first events of a subscription that are in no batch, in order; read by their ids, for a search may not
    /// have seen yet that they were batched.
    pub(super) async fn really_waiting(
        &self,
        id: &SubscriptionId,
        limit: usize,
        batched: &[String],
    ) -> Result<Vec<Taken>, StoreError> {
        let search = json!({
            "size": limit.max(LOOK),
            "query": {"bool": {
                "filter": [{"term": {"subscription": id}}, {"term": {"waiting": true}}],
                "must_not": [{"ids": {"values": batched}}]
            }},
            "sort": [{"sequence": "asc"}],
            "_source": false
        });
        let found = self.connection.search(&self.names.events, Some(id.as_str()), &search).await?;
        let keys: Vec<DocumentId<'_>> =
            found.hits.iter().map(|hit| DocumentId { id: hit.id.as_str(), routing: Some(id.as_str()) }).collect();
        let read = self.connection.multi_get(&self.names.events, &keys, SourceFilter::All).await?;
        let mut waiting = Vec::new();
        for (hit, found) in found.hits.iter().zip(read) {
            let Some(found) = found else { continue };
            let document: EventDocument = from_json("events", &hit.id, &found.source)?;
            if document.waiting && waiting.len() < limit {
                waiting.push(Taken { event: document.event, stamp: found.stamp });
            }
        }
        Ok(waiting)
    }

    async fn batches(
        &self,
        id: &SubscriptionId,
        before: Option<BatchNumber>,
        limit: usize,
    ) -> Result<Vec<Batch>, StoreError> {
        let document =
            self.queue_documents(std::slice::from_ref(id)).await?.pop().flatten().map(|(document, _)| document);
        let mut rows: Vec<Batch> = document
            .map(|document| document.rows.into_iter().chain(document.follows.done).collect())
            .unwrap_or_default();
        self.connection.refresh(&[&self.names.batches]).await?;
        let mut filter = vec![json!({"term": {"subscription": id}}), json!({"term": {"done": true}})];
        filter.extend(before.map(|before| json!({"range": {"number": {"lt": before}}})));
        let search = json!({
            "size": limit,
            "query": {"bool": {"filter": filter}},
            "sort": [{"number": "desc"}],
            "_source": ["row"]
        });
        #[derive(Deserialize)]
        struct Row {
            row: Option<Batch>,
        }
        for hit in self.connection.search(&self.names.batches, Some(id.as_str()), &search).await?.hits {
            let source = hit.source.ok_or_else(|| damaged("batches", hit.id.as_str(), "it has no source"))?;
            rows.extend(from_json::<Row>("batches", &hit.id, &source)?.row);
        }
        rows.retain(|row| before.is_none_or(|before| row.number < before));
        rows.sort_by_key(|row| std::cmp::Reverse(row.number));
        rows.dedup_by_key(|row| row.number);
        rows.truncate(limit);
        Ok(rows)
    }

    /// Takes a person out of the bytes of batches that are not delivered.
    pub(super) async fn scrub_batches(&self, member: MemberId) -> Result<(), StoreError> {
        self.connection.refresh(&[&self.names.batches]).await?;
        let mut after: Option<Value> = None;
        loop {
            let mut search = json!({
                "size": BATCHES,
                "query": {"term": {"members": member}},
                "sort": [{"subscription": "asc"}, {"number": "asc"}]
            });
            if let Some(after) = after.take() {
                search["search_after"] = after;
            }
            let found = self.connection.search(&self.names.batches, None, &search).await?.hits;
            let mut writes = Vec::with_capacity(found.len());
            for hit in &found {
                let source =
                    hit.source.as_deref().ok_or_else(|| damaged("batches", hit.id.as_str(), "it has no source"))?;
                let document: BatchDocument = from_json("batches", &hit.id, source)?;
                let Some(body) = document.body else { continue };
                let wrong = |error: &dyn std::fmt::Display| damaged("batches", hit.id.as_str(), error);
                let body = without_person(member, body.as_bytes()).map_err(|error| wrong(&error))?;
                let body = String::from_utf8(body).map_err(|error| wrong(&error))?;
                let update = Operation::Update(super::to_json("batches", &json!({"body": body}))?);
                let routing = document.subscription.as_str().to_owned();
                writes.push(Write::new(&self.names.batches, hit.id.as_str(), update).routed_by(routing));
            }
            self.write_all("batches", &writes).await?;
            match found.last() {
                Some(last) if found.len() == BATCHES => after = Some(Value::Array(last.sort.clone())),
                _ => return Ok(()),
            }
        }
    }

    /// Removes batches that are done, and bytes that no queue ever named, with age.
    pub(super) async fn forget_old_batches(&self, cutoff: Timestamp) -> Result<usize, StoreError> {
        let done_before = Timestamp::now().checked_sub(KEPT).unwrap_or(Timestamp::MIN).max(cutoff);
        let old: Value = json!({"bool": {
            "should": [
                {"bool": {"filter": [{"term": {"done": true}}, {"range": {"made_at": {"lt": done_before}}}]}},
                {"range": {"made_at": {"lt": cutoff}}}
            ],
            "minimum_should_match": 1
        }});
        self.remove_where(&self.names.batches, "batches", old).await
    }
}
