//! What delivery remembers of each subscription: how far its events are batched, its batches, and who has something
//! to send.

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::StoreError;
use crate::batch::{Batch, BatchNumber, BatchState};
use crate::event::{Event, Sequence};
use crate::member::MemberId;
use crate::subscription::{Format, SubscriptionId};

/// How far a subscription's events are sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// Events up to here are in batches.
    pub batched: Option<Sequence>,
    /// The number of the next batch.
    pub next_batch: u64,
    /// The batches to be sent, in order.
    pub open: Vec<BatchNumber>,
    /// The batches that were set aside since the last one that was delivered: their bodies are kept, for the receiver
    /// may turn out to refuse everything.
    pub set_aside: Vec<BatchNumber>,
    /// Where this queue is in `waiting`; `None` while it is idle.
    pub(super) waiting: Option<Sequence>,
}

impl Queue {
    /// Whether it is on delivery's to-do list.
    pub fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }
}

/// A batch to be made: the rest of its row is made with it.
pub struct NewBatch<'a> {
    /// The `webhook-id` header of all its attempts.
    pub webhook_id: String,
    /// Its events, in order; never empty.
    pub events: &'a [Event],
    /// How its body is written.
    pub format: Format,
    /// The exact bytes of its body.
    pub body: &'a [u8],
    /// When it is made.
    pub made_at: Timestamp,
}

impl NewBatch<'_> {
    /// The batch's row as the next of its queue, which takes it in; `None` for one without events.
    pub(super) fn row(&self, queue: &mut Queue) -> Option<Batch> {
        let (first, last) = (self.events.first()?, self.events.last()?);
        let batch = Batch {
            number: BatchNumber(queue.next_batch),
            webhook_id: self.webhook_id.clone(),
            events: u32::try_from(self.events.len()).unwrap_or(u32::MAX),
            first: first.sequence,
            last: last.sequence,
            oldest_at: first.occurred_at,
            made_at: self.made_at,
            state: BatchState::Pending { next_attempt_at: self.made_at },
            tries: 0,
            refused: 0,
            attempts: Vec::new(),
        };
        queue.batched = Some(last.sequence);
        queue.next_batch += 1;
        queue.open.push(batch.number);
        Some(batch)
    }
}

/// Takes out of a batch's body what it says of a member; the kinds of its changes and the places of its positions stay.
///
/// # Errors
///
/// Where the body is no list of entries.
pub(super) fn without_person(member: MemberId, body: &[u8]) -> serde_json::Result<Vec<u8>> {
    let mut entries: Vec<Value> = serde_json::from_slice(body)?;
    for entry in entries.iter_mut().filter(|entry| member_of(entry) == Some(member.get())) {
        let changes = entry.get_mut("changes").and_then(Value::as_array_mut);
        for change in changes.into_iter().flatten().filter_map(Value::as_object_mut) {
            change.insert("before".to_owned(), Value::Null);
            change.insert("after".to_owned(), Value::Null);
        }
        let positions = entry.get_mut("matched_positions").and_then(Value::as_array_mut);
        for position in positions.into_iter().flatten().filter_map(Value::as_object_mut) {
            position.insert("position".to_owned(), Value::Null);
        }
    }
    serde_json::to_vec(&entries)
}

/// Whom an entry of a body says something of; nobody in a compact one, which only names the member.
pub(super) fn member_of(entry: &Value) -> Option<u64> {
    entry.get("changes")?;
    entry.get("member_id").and_then(Value::as_u64)
}

/// How far the list of those that wait is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mark {
    /// Of a store that keeps the list in the order in which the waiting began: the last that was read.
    pub(super) began: Option<Sequence>,
    /// Of a store that finds who waits by asking: the last of this round.
    pub(super) subscription: Option<SubscriptionId>,
}

/// Some of those that have something to send.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Who.
    pub subscriptions: Vec<SubscriptionId>,
    /// Where to go on.
    pub next: Mark,
    /// Whether there are more already.
    pub more: bool,
}

/// Work on queues.
pub type QueueWork<'w> = dyn FnMut(&mut dyn QueueWriter) -> Result<(), StoreError> + 'w;

/// Queues that were not written, and why.
pub type Unwritten = Vec<(SubscriptionId, StoreError)>;

/// The queues of a store.
pub trait QueueStore {
    /// Some of those that have something to send, which did not have it, or were not seen to have it, before `from`.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn waiting(&self, from: &Mark, limit: usize) -> Result<Waiting, StoreError>;

    /// How far the subscription's events are sent.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn queue(&self, id: &SubscriptionId) -> Result<Queue, StoreError>;

    /// The batch that is sent next, if it is made already.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn head(&self, id: &SubscriptionId, queue: &Queue) -> Result<Option<Batch>, StoreError>;

    /// The first event that is in no batch.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn first_unbatched(&self, id: &SubscriptionId, queue: &Queue) -> Result<Option<Event>, StoreError>;

    /// The subscription's batches, newest first, those before `before`.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn batches(&self, id: &SubscriptionId, before: Option<BatchNumber>, limit: usize)
    -> Result<Vec<Batch>, StoreError>;

    /// Does `work` on these queues, and returns those that were not written, with the reason; all that was done to the others is
    /// durable. [`write_queue`] gives a result.
    ///
    /// # Errors
    ///
    /// What `work` says, or where the store fails: then nothing is known to be written.
    fn write_queues(&self, ids: &[&SubscriptionId], work: &mut QueueWork<'_>) -> Result<Unwritten, StoreError>;
}

/// [`QueueStore::write_queues`] for one queue, with the result of the work.
///
/// # Errors
///
/// As [`QueueStore::write_queues`].
pub fn write_queue<T, S: QueueStore + ?Sized>(
    store: &S,
    id: &SubscriptionId,
    work: impl Fn(&mut dyn QueueWriter) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut result = None;
    let unwritten = store.write_queues(&[id], &mut |writer| {
        result = Some(work(writer)?);
        Ok(())
    })?;
    if let Some((_, error)) = unwritten.into_iter().next() {
        return Err(error);
    }
    result.ok_or(StoreError::Unwritable { table: "queues", reason: "the work was not done".to_owned() })
}

/// The queues while they are being written.
pub trait QueueWriter {
    /// How far the subscription's events are sent.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn queue(&self, id: &SubscriptionId) -> Result<Queue, StoreError>;

    /// One batch.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn batch(&self, id: &SubscriptionId, number: BatchNumber) -> Result<Option<Batch>, StoreError>;

    /// The batch that is sent next, if it is made already.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn head(&self, id: &SubscriptionId, queue: &Queue) -> Result<Option<Batch>, StoreError>;

    /// The exact bytes of a batch that is not delivered.
    ///
    /// # Errors
    ///
    /// Where the store fails or has none.
    fn body(&self, id: &SubscriptionId, number: BatchNumber) -> Result<Bytes, StoreError>;

    /// Writes a batch's row back.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn put_batch(&mut self, id: &SubscriptionId, batch: &Batch) -> Result<(), StoreError>;

    /// Writes a queue back; one without an open batch and without an event that is in no batch is idle from now on.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn put_queue(&mut self, id: &SubscriptionId, queue: Queue) -> Result<(), StoreError>;

    /// Takes a queue that will never be sent from delivery's to-do list.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn retire(&mut self, id: &SubscriptionId) -> Result<(), StoreError>;

    /// The first events that are in no batch.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn unbatched(&self, id: &SubscriptionId, queue: &Queue, limit: usize) -> Result<Vec<Event>, StoreError>;

    /// Makes a batch, to be sent at once; its events are batched from now on. `None` for one without events.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn add_batch(
        &mut self,
        id: &SubscriptionId,
        queue: &mut Queue,
        new: NewBatch<'_>,
    ) -> Result<Option<Batch>, StoreError>;

    /// Drops the bytes of a batch that is done.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn drop_body(&mut self, id: &SubscriptionId, number: BatchNumber) -> Result<(), StoreError>;
}
