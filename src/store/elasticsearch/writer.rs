//! Queues as they are written: read together, changed in memory, written together.
//!
//! The order in which a batch is made is what nothing is lost by and nothing is told twice in two batches:
//!
//! 1. the queue is read, and what its last write left to be done is done;
//! 2. the events that wait are searched, and read by their ids;
//! 3. the batch's bytes are written, under an id that no other node makes;
//! 4. the events are read again: has one changed (batched by another, or its person erased), the bytes go and all begins anew;
//! 5. the queue is written, dependent on what was read in 1: from here on the batch is there;
//! 6. the events are marked.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use rustc_hash::FxHashMap;
use serde_json::json;

use super::queue::{BatchDocument, Follows, QueueDocument, Taken, batch_id};
use super::{Cluster, ElasticsearchStore, damaged, from_json, not_written, to_json};
use crate::batch::{Batch, BatchNumber};
use crate::elasticsearch::{DocumentId, ItemResult, Operation, SourceFilter, Stamp, Write};
use crate::event::Event;
use crate::store::{NewBatch, Queue, QueueWork, QueueWriter, StoreError, Unwritten};
use crate::subscription::{Format, SubscriptionId};

/// A queue that is being changed.
struct Open {
    /// The write that it was read at; `None` where there was none.
    before: Option<Stamp>,
    document: QueueDocument,
    changed: bool,
    /// A batch that is being made.
    new: Option<New>,
    /// Batches whose bytes are needed no more.
    dropped: BTreeSet<BatchNumber>,
}

/// A batch that is being made.
struct New {
    document: BatchDocument,
    webhook_id: String,
    taken: Vec<Taken>,
}

/// The queues of one call.
struct Writer<'s> {
    store: &'s ElasticsearchStore,
    open: HashMap<SubscriptionId, Open>,
    /// What was read of events that wait, by their ids.
    read: RefCell<FxHashMap<String, Taken>>,
}

impl ElasticsearchStore {
    pub(super) fn write_queues_of(
        &self,
        ids: &[&SubscriptionId],
        work: &mut QueueWork<'_>,
    ) -> Result<Unwritten, StoreError> {
        let mut unique: Vec<SubscriptionId> = ids.iter().map(|id| (*id).clone()).collect();
        unique.sort_unstable();
        unique.dedup();
        let open = self.ask(move |cluster| async move { cluster.open_queues(unique).await })?;
        let mut writer = Writer { store: self, open, read: RefCell::default() };
        work(&mut writer)?;
        let changed: Vec<Open> = writer.open.into_values().filter(|open| open.changed).collect();
        self.ask(move |cluster| async move { cluster.write_queues(changed).await })
    }
}

impl Writer<'_> {
    fn open(&self, id: &SubscriptionId) -> Result<&Open, StoreError> {
        let open = self.open.get(id).ok_or_else(|| damaged("queues", id.as_str(), "it was not asked for"))?;
        match open.document.held_by_another(self.store.node(), Timestamp::now()) {
            Some(owner) => Err(StoreError::HeldElsewhere { subscription: id.clone(), owner: owner.to_owned() }),
            None => Ok(open),
        }
    }

    fn open_mut(&mut self, id: &SubscriptionId) -> Result<&mut Open, StoreError> {
        self.open(id)?;
        let open = self.open.get_mut(id).ok_or_else(|| damaged("queues", id.as_str(), "it was not asked for"))?;
        open.changed = true;
        Ok(open)
    }
}

impl QueueWriter for Writer<'_> {
    fn queue(&self, id: &SubscriptionId) -> Result<Queue, StoreError> {
        Ok(self.open(id)?.document.queue.clone())
    }

    fn batch(&self, id: &SubscriptionId, number: BatchNumber) -> Result<Option<Batch>, StoreError> {
        Ok(self.open(id)?.document.rows.iter().find(|row| row.number == number).cloned())
    }

    fn head(&self, id: &SubscriptionId, queue: &Queue) -> Result<Option<Batch>, StoreError> {
        let Some(number) = queue.open.first().copied() else { return Ok(None) };
        match self.batch(id, number)? {
            Some(batch) => Ok(Some(batch)),
            None => Err(damaged("queues", id.as_str(), format!("it has no row of its open batch {}", number.0))),
        }
    }

    fn body(&self, id: &SubscriptionId, number: BatchNumber) -> Result<Bytes, StoreError> {
        let row = self.batch(id, number)?;
        let row = row.ok_or_else(|| damaged("queues", id.as_str(), format!("it has no row of batch {}", number.0)))?;
        let (key, routing) = (batch_id(id, number.0, &row.webhook_id), id.clone());
        self.store.ask(move |cluster| async move {
            let place = DocumentId { id: &key, routing: Some(routing.as_str()) };
            let found = cluster.connection.get(&cluster.names.batches, place).await?;
            let found = found.ok_or_else(|| damaged("batches", key.as_str(), "it is missing, but its queue has it"))?;
            let document: BatchDocument = from_json("batches", &key, &found.source)?;
            document.body.map(Bytes::from).ok_or_else(|| damaged("batches", key.as_str(), "its bytes are missing"))
        })
    }

    fn put_batch(&mut self, id: &SubscriptionId, batch: &Batch) -> Result<(), StoreError> {
        let rows = &mut self.open_mut(id)?.document.rows;
        match rows.iter_mut().find(|row| row.number == batch.number) {
            Some(row) => row.clone_from(batch),
            None => rows.push(batch.clone()),
        }
        Ok(())
    }

    fn put_queue(&mut self, id: &SubscriptionId, queue: Queue) -> Result<(), StoreError> {
        let document = &mut self.open_mut(id)?.document;
        document.open = !queue.open.is_empty();
        document.queue = queue;
        Ok(())
    }

    fn retire(&mut self, id: &SubscriptionId) -> Result<(), StoreError> {
        self.open_mut(id)?.document.open = false;
        Ok(())
    }

    fn unbatched(&self, id: &SubscriptionId, _queue: &Queue, limit: usize) -> Result<Vec<Event>, StoreError> {
        let (key, batched) = (id.clone(), self.open(id)?.document.follows.batched.clone());
        let waiting =
            self.store.ask(move |cluster| async move { cluster.really_waiting(&key, limit, &batched).await })?;
        let events = waiting.iter().map(|taken| taken.event.clone()).collect();
        self.read.borrow_mut().extend(waiting.into_iter().map(|taken| (taken.event.event_id.clone(), taken)));
        Ok(events)
    }

    fn add_batch(
        &mut self,
        id: &SubscriptionId,
        queue: &mut Queue,
        new: NewBatch<'_>,
    ) -> Result<Option<Batch>, StoreError> {
        let Some(batch) = new.row(queue) else { return Ok(None) };
        let body = std::str::from_utf8(new.body)
            .map_err(|error| StoreError::Unwritable { table: "batches", reason: error.to_string() })?;
        let taken = {
            let read = self.read.borrow();
            new.events.iter().filter_map(|event| read.get(&event.event_id).cloned()).collect()
        };
        let members: BTreeSet<_> = match new.format {
            Format::Detailed => new.events.iter().map(|event| event.member_id).collect(),
            Format::Compact => BTreeSet::new(),
        };
        let document = BatchDocument {
            subscription: id.clone(),
            number: batch.number.0,
            made_at: new.made_at,
            done: false,
            row: None,
            body: Some(body.to_owned()),
            members: members.into_iter().collect(),
        };
        self.open_mut(id)?.new = Some(New { document, webhook_id: new.webhook_id, taken });
        self.put_batch(id, &batch)?;
        Ok(Some(batch))
    }

    fn drop_body(&mut self, id: &SubscriptionId, number: BatchNumber) -> Result<(), StoreError> {
        self.open_mut(id)?.dropped.insert(number);
        Ok(())
    }
}

impl Cluster {
    /// Reads queues to be changed, and does what their last writes left to be done.
    async fn open_queues(
        self: Arc<Self>,
        ids: Vec<SubscriptionId>,
    ) -> Result<HashMap<SubscriptionId, Open>, StoreError> {
        let found = self.queue_documents(&ids).await?;
        let mut open = HashMap::with_capacity(ids.len());
        for (id, found) in ids.into_iter().zip(found) {
            let (document, before) = match found {
                Some((document, stamp)) => (document, Some(stamp)),
                None => (QueueDocument::new(id.clone()), None),
            };
            if let Some(stamp) = before
                && !document.follows.is_empty()
                && !self.queues.knows(&id, stamp)
            {
                self.follow(&[&document]).await?;
                self.queues.note(&id, stamp);
            }
            open.insert(id, Open { before, document, changed: false, new: None, dropped: BTreeSet::new() });
        }
        Ok(open)
    }

    /// Writes changed queues; each is written with all that belongs to it, or fails for itself.
    async fn write_queues(self: Arc<Self>, mut queues: Vec<Open>) -> Result<Unwritten, StoreError> {
        let mut failures = Vec::new();
        self.write_bodies(&mut queues, &mut failures).await?;
        self.verify_events(&mut queues, &mut failures).await?;

        let now = Timestamp::now();
        let mut writes = Vec::with_capacity(queues.len());
        for open in &mut queues {
            open.complete(&self.node, now);
            let document = to_json("queues", &open.document)?;
            let id = open.document.subscription.as_str().to_owned();
            writes.push(match open.before {
                Some(stamp) => Write::new(&self.names.queues, id, Operation::Index(document)).if_still_at(stamp),
                None => Write::new(&self.names.queues, id, Operation::Create(document)),
            });
        }
        let results = self.connection.bulk(&writes).await?;
        let (mut written, mut lost) = (Vec::new(), Vec::new());
        for (open, result) in queues.into_iter().zip(results) {
            match result {
                ItemResult::Done(stamp) => written.push((open.document, stamp)),
                result => {
                    failures.push((open.document.subscription.clone(), not_written("queues", &result)));
                    lost.push(open);
                }
            }
        }
        self.remove_bodies(&lost).await;
        let documents: Vec<&QueueDocument> = written.iter().map(|(document, _)| document).collect();
        match self.follow(&documents).await {
            Ok(()) => written.iter().for_each(|(document, stamp)| self.queues.note(&document.subscription, *stamp)),
            Err(error) => {
                tracing::warn!(%error, "batched events are not marked yet; the next write of their queues does it")
            }
        }
        Ok(failures)
    }

    /// Writes the bytes of new batches; queues whose bytes are not taken fail.
    async fn write_bodies(&self, queues: &mut Vec<Open>, failures: &mut Unwritten) -> Result<(), StoreError> {
        let (with, without): (Vec<Open>, Vec<Open>) =
            std::mem::take(queues).into_iter().partition(|open| open.new.is_some());
        queues.extend(without);
        let mut writes = Vec::with_capacity(with.len());
        for new in with.iter().filter_map(|open| open.new.as_ref()) {
            let document = &new.document;
            let id = batch_id(&document.subscription, document.number, &new.webhook_id);
            let write = Write::new(&self.names.batches, id, Operation::Create(to_json("batches", document)?));
            writes.push(write.routed_by(document.subscription.as_str().to_owned()));
        }
        let results = self.connection.bulk(&writes).await?;
        for (open, result) in with.into_iter().zip(results) {
            match result {
                ItemResult::Done(_) | ItemResult::Conflict => queues.push(open),
                result => failures.push((open.document.subscription.clone(), not_written("batches", &result))),
            }
        }
        Ok(())
    }

    /// Reads the events of new batches again: queues of which one has changed since fail, and their bytes go.
    async fn verify_events(&self, queues: &mut Vec<Open>, failures: &mut Unwritten) -> Result<(), StoreError> {
        let places: Vec<(&str, &str, Stamp)> = queues
            .iter()
            .filter_map(|open| Some((open.document.subscription.as_str(), open.new.as_ref()?)))
            .flat_map(|(routing, new)| {
                new.taken.iter().map(move |taken| (taken.event.event_id.as_str(), routing, taken.stamp))
            })
            .collect();
        let keys: Vec<DocumentId<'_>> =
            places.iter().map(|(id, routing, _)| DocumentId { id, routing: Some(routing) }).collect();
        let found = self.connection.multi_get(&self.names.events, &keys, SourceFilter::None).await?;
        let changed: BTreeSet<SubscriptionId> = places
            .iter()
            .zip(found)
            .filter(|((_, _, stamp), found)| found.as_ref().map(|found| found.stamp) != Some(*stamp))
            .map(|((_, subscription, _), _)| SubscriptionId::from(*subscription))
            .collect();
        let (stale, good): (Vec<Open>, Vec<Open>) =
            std::mem::take(queues).into_iter().partition(|open| changed.contains(&open.document.subscription));
        *queues = good;
        self.remove_bodies(&stale).await;
        let failed = |open: Open| {
            let reason = "an event was changed while its batch was made".to_owned();
            (open.document.subscription, StoreError::Busy { table: "queues", reason })
        };
        failures.extend(stale.into_iter().map(failed));
        Ok(())
    }

    /// Removes the bytes of batches that no queue names. What cannot be removed now goes with age.
    async fn remove_bodies(&self, queues: &[Open]) {
        let remove = |new: &New| {
            let document = &new.document;
            let id = batch_id(&document.subscription, document.number, &new.webhook_id);
            let write = Write::new(&self.names.batches, id, Operation::Delete);
            write.routed_by(document.subscription.as_str().to_owned())
        };
        let writes: Vec<Write<'_>> = queues.iter().filter_map(|open| open.new.as_ref()).map(remove).collect();
        if let Err(error) = self.connection.bulk(&writes).await {
            tracing::warn!(%error, "bytes of batches that are not sent are left behind");
        }
    }

    /// Does what follows from the writes of queues: their events wait no more, and their batches that are done keep only a row.
    async fn follow(&self, queues: &[&QueueDocument]) -> Result<(), StoreError> {
        let batched = to_json("events", &json!({"waiting": false}))?;
        let mut writes = Vec::new();
        for document in queues {
            let routing = document.subscription.as_str();
            for event in &document.follows.batched {
                let write = Write::new(&self.names.events, event.as_str(), Operation::Update(batched.clone()));
                writes.push(write.routed_by(routing.to_owned()));
            }
            for row in &document.follows.done {
                let id = batch_id(&document.subscription, row.number.0, &row.webhook_id);
                let done = to_json("batches", &json!({"done": true, "row": row, "body": null, "members": []}))?;
                let write = Write::new(&self.names.batches, id, Operation::Update(done));
                writes.push(write.routed_by(routing.to_owned()));
            }
        }
        for result in self.connection.bulk(&writes).await? {
            match result {
                // Gone with age, or with its subscription.
                ItemResult::Done(_) | ItemResult::Missing => {}
                other => return Err(not_written("events", &other)),
            }
        }
        Ok(())
    }
}

impl Open {
    /// Makes the document that is written of what was changed.
    fn complete(&mut self, node: &str, now: Timestamp) {
        let document = &mut self.document;
        let (done, rows) = std::mem::take(&mut document.rows)
            .into_iter()
            .partition(|row| row.state.is_delivered() || self.dropped.contains(&row.number));
        document.rows = rows;
        let taken = self.new.iter().flat_map(|new| &new.taken);
        document.follows = Follows { batched: taken.map(|taken| taken.event.event_id.clone()).collect(), done };
        document.lease(node, now);
    }
}
