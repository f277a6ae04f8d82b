//! What delivery remembers of each subscription: how far its events are batched, its batches, and who has something
//! to send.
//!
//! | table | key | holds |
//! | --- | --- | --- |
//! | `queues` | subscription | [`Queue`] |
//! | `waiting` | the sequence with which a queue went from idle to waiting | the subscription: delivery's to-do list, which costs nothing for the idle |
//! | `batches` | subscription, number | [`Batch`] |
//! | `batch_bodies` | subscription, number | the exact bytes, until they are delivered |
//! | `batch_members` | member, subscription, number | the bodies that say something of a person, until they are delivered |

use std::collections::BTreeSet;

use bytes::Bytes;
use redb::{ReadableTable, Table, TableDefinition, WriteTransaction};
use serde_json::Value;

use super::tables::{damaged, decode, encode};
use super::{EmbeddedStore, events};
use crate::batch::{Batch, BatchNumber};
use crate::event::{Event, Sequence};
use crate::member::MemberId;
use crate::store::queues::{member_of, without_person};
use crate::store::{
    EventStore, Mark, NewBatch, Queue, QueueStore, QueueWork, QueueWriter, StoreError, Unwritten, Waiting,
};
use crate::subscription::{Format, SubscriptionId};

const QUEUES: TableDefinition<&str, &[u8]> = TableDefinition::new("queues");
const WAITING: TableDefinition<u64, &str> = TableDefinition::new("waiting");
const BATCHES: TableDefinition<(&str, u64), &[u8]> = TableDefinition::new("batches");
const BODIES: TableDefinition<(&str, u64), &[u8]> = TableDefinition::new("batch_bodies");
const MEMBERS_OF_BODIES: TableDefinition<(u64, &str, u64), ()> = TableDefinition::new("batch_members");

/// So many delivered batches of a subscription are kept to be looked at.
const KEPT_BATCHES: u64 = 100;

/// Notes which subscriptions have something to send, in the very commit that appends the events.
pub(super) struct Arrivals<'t> {
    queues: Table<'t, &'static str, &'static [u8]>,
    waiting: Table<'t, u64, &'static str>,
}

impl<'t> Arrivals<'t> {
    pub(super) fn open(transaction: &'t WriteTransaction) -> Result<Self, StoreError> {
        Ok(Arrivals { queues: transaction.open_table(QUEUES)?, waiting: transaction.open_table(WAITING)? })
    }

    /// An event was appended for the subscription.
    pub(super) fn note(&mut self, id: &SubscriptionId, sequence: Sequence) -> Result<(), StoreError> {
        let mut queue = read_queue(&self.queues, id)?;
        if queue.waiting.is_some() {
            return Ok(());
        }
        queue.waiting = Some(sequence);
        self.waiting.insert(sequence.0, id.as_str())?;
        self.queues.insert(id.as_str(), encode("queues", &queue)?.as_slice())?;
        Ok(())
    }
}

/// Makes the tables, so that readers always find them.
pub(super) fn create_tables(transaction: &WriteTransaction) -> Result<(), StoreError> {
    transaction.open_table(QUEUES)?;
    transaction.open_table(WAITING)?;
    transaction.open_table(BATCHES)?;
    transaction.open_table(BODIES)?;
    transaction.open_table(MEMBERS_OF_BODIES)?;
    Ok(())
}

/// Forgets everything of a deleted subscription.
pub(super) fn forget(transaction: &WriteTransaction, id: &SubscriptionId) -> Result<(), StoreError> {
    let queue = read_queue(&transaction.open_table(QUEUES)?, id)?;
    if let Some(sequence) = queue.waiting {
        transaction.open_table(WAITING)?.remove(sequence.0)?;
    }
    transaction.open_table(QUEUES)?.remove(id.as_str())?;
    let all = (id.as_str(), 0)..=(id.as_str(), u64::MAX);
    transaction.open_table(BATCHES)?.retain_in(all.clone(), |_, _| false)?;
    let (mut bodies, mut members) = (transaction.open_table(BODIES)?, transaction.open_table(MEMBERS_OF_BODIES)?);
    for entry in bodies.extract_from_if(all, |_, _| true)? {
        let (key, body) = entry?;
        forget_members(&mut members, key.value(), body.value())?;
    }
    Ok(())
}

/// Takes out of the batches that are not delivered what they say of a person: the one thing that changes their bytes.
pub(crate) fn erase_from_batches(transaction: &WriteTransaction, member: MemberId) -> Result<(), StoreError> {
    let (mut bodies, mut members) = (transaction.open_table(BODIES)?, transaction.open_table(MEMBERS_OF_BODIES)?);
    let mut told = Vec::new();
    for entry in members.extract_from_if((member.get(), "", 0)..(member.get() + 1, "", 0), |_, ()| true)? {
        let (key, ()) = (entry?.0, ());
        let (_, subscription, number) = key.value();
        told.push((subscription.to_owned(), number));
    }
    for (subscription, number) in told {
        let key = (subscription.as_str(), number);
        let scrubbed = bodies.get(key)?.map(|body| without_person(member, body.value())).transpose();
        let scrubbed = scrubbed.map_err(|error| damaged("batch_bodies", place(key.0, key.1), error))?;
        if let Some(body) = scrubbed {
            bodies.insert(key, body.as_slice())?;
        }
    }
    Ok(())
}

fn read_entries(key: (&str, u64), body: &[u8]) -> Result<Vec<Value>, StoreError> {
    serde_json::from_slice(body).map_err(|error| damaged("batch_bodies", place(key.0, key.1), error))
}

/// Forgets whom a body is about.
fn forget_members(
    members: &mut Table<'_, (u64, &'static str, u64), ()>,
    key: (&str, u64),
    body: &[u8],
) -> Result<(), StoreError> {
    let told: BTreeSet<_> = read_entries(key, body)?.iter().filter_map(member_of).collect();
    for member in told {
        members.remove((member, key.0, key.1))?;
    }
    Ok(())
}

impl QueueStore for EmbeddedStore {
    fn waiting(&self, from: &Mark, limit: usize) -> Result<Waiting, StoreError> {
        let first = from.began.map_or(0, |sequence| sequence.0.saturating_add(1));
        let table = self.read()?.open_table(WAITING)?;
        let mut found = Waiting { next: from.clone(), ..Waiting::default() };
        for row in table.range(first..)?.take(limit) {
            let (sequence, id) = row?;
            found.next.began = Some(Sequence(sequence.value()));
            found.subscriptions.push(SubscriptionId::from(id.value()));
        }
        found.more = !found.subscriptions.is_empty();
        Ok(found)
    }

    fn queue(&self, id: &SubscriptionId) -> Result<Queue, StoreError> {
        read_queue(&self.read()?.open_table(QUEUES)?, id)
    }

    fn head(&self, id: &SubscriptionId, queue: &Queue) -> Result<Option<Batch>, StoreError> {
        read_head(&self.read()?.open_table(BATCHES)?, id, queue)
    }

    fn first_unbatched(&self, id: &SubscriptionId, queue: &Queue) -> Result<Option<Event>, StoreError> {
        Ok(self.events(id, queue.batched, 1)?.pop())
    }

    fn batches(
        &self,
        id: &SubscriptionId,
        before: Option<BatchNumber>,
        limit: usize,
    ) -> Result<Vec<Batch>, StoreError> {
        let table = self.read()?.open_table(BATCHES)?;
        let end = before.map_or(u64::MAX, |number| number.0);
        let mut found = Vec::new();
        for row in table.range((id.as_str(), 0)..(id.as_str(), end))?.rev().take(limit) {
            let (key, row) = row?;
            let (_, number) = key.value();
            found.push(decode("batches", || place(id.as_str(), number), row.value())?);
        }
        Ok(found)
    }

    fn write_queues(&self, _ids: &[&SubscriptionId], work: &mut QueueWork<'_>) -> Result<Unwritten, StoreError> {
        self.write(|transaction| work(&mut Queues::open(transaction)?))?;
        Ok(Vec::new())
    }
}

/// The queues inside of a transaction.
struct Queues<'t> {
    transaction: &'t WriteTransaction,
    queues: Table<'t, &'static str, &'static [u8]>,
    waiting: Table<'t, u64, &'static str>,
    batches: Table<'t, (&'static str, u64), &'static [u8]>,
    bodies: Table<'t, (&'static str, u64), &'static [u8]>,
    members: Table<'t, (u64, &'static str, u64), ()>,
}

impl<'t> Queues<'t> {
    fn open(transaction: &'t WriteTransaction) -> Result<Self, StoreError> {
        Ok(Queues {
            transaction,
            queues: transaction.open_table(QUEUES)?,
            waiting: transaction.open_table(WAITING)?,
            batches: transaction.open_table(BATCHES)?,
            bodies: transaction.open_table(BODIES)?,
            members: transaction.open_table(MEMBERS_OF_BODIES)?,
        })
    }

    /// Each new batch pushes a delivered one out of the memory. Batches that were set aside stay.
    fn forget_old(&mut self, id: &SubscriptionId, newest: BatchNumber) -> Result<(), StoreError> {
        let Some(old) = newest.0.checked_sub(KEPT_BATCHES) else { return Ok(()) };
        let delivered = self.batch(id, BatchNumber(old))?.is_some_and(|batch| batch.state.is_delivered());
        if delivered {
            self.batches.remove((id.as_str(), old))?;
        }
        Ok(())
    }
}

impl QueueWriter for Queues<'_> {
    fn queue(&self, id: &SubscriptionId) -> Result<Queue, StoreError> {
        read_queue(&self.queues, id)
    }

    fn batch(&self, id: &SubscriptionId, number: BatchNumber) -> Result<Option<Batch>, StoreError> {
        read_batch(&self.batches, id, number)
    }

    fn head(&self, id: &SubscriptionId, queue: &Queue) -> Result<Option<Batch>, StoreError> {
        read_head(&self.batches, id, queue)
    }

    fn body(&self, id: &SubscriptionId, number: BatchNumber) -> Result<Bytes, StoreError> {
        match self.bodies.get((id.as_str(), number.0))? {
            Some(body) => Ok(Bytes::copy_from_slice(body.value())),
            None => Err(damaged("batch_bodies", place(id.as_str(), number.0), "it is missing")),
        }
    }

    fn put_batch(&mut self, id: &SubscriptionId, batch: &Batch) -> Result<(), StoreError> {
        self.batches.insert((id.as_str(), batch.number.0), encode("batches", batch)?.as_slice())?;
        Ok(())
    }

    fn put_queue(&mut self, id: &SubscriptionId, mut queue: Queue) -> Result<(), StoreError> {
        let idle = queue.open.is_empty() && self.unbatched(id, &queue, 1)?.is_empty();
        if idle && let Some(sequence) = queue.waiting.take() {
            self.waiting.remove(sequence.0)?;
        }
        if queue == Queue::default() {
            // Of a subscription that was deleted meanwhile.
            self.queues.remove(id.as_str())?;
        } else {
            self.queues.insert(id.as_str(), encode("queues", &queue)?.as_slice())?;
        }
        Ok(())
    }

    fn retire(&mut self, id: &SubscriptionId) -> Result<(), StoreError> {
        let mut queue = self.queue(id)?;
        if let Some(sequence) = queue.waiting.take() {
            self.waiting.remove(sequence.0)?;
            self.queues.insert(id.as_str(), encode("queues", &queue)?.as_slice())?;
        }
        Ok(())
    }

    fn unbatched(&self, id: &SubscriptionId, queue: &Queue, limit: usize) -> Result<Vec<Event>, StoreError> {
        events::events_after(self.transaction, id, queue.batched, limit)
    }

    fn add_batch(
        &mut self,
        id: &SubscriptionId,
        queue: &mut Queue,
        new: NewBatch<'_>,
    ) -> Result<Option<Batch>, StoreError> {
        let Some(batch) = new.row(queue) else { return Ok(None) };
        self.put_batch(id, &batch)?;
        self.bodies.insert((id.as_str(), batch.number.0), new.body)?;
        if new.format == Format::Detailed {
            for event in new.events {
                self.members.insert((event.member_id.get(), id.as_str(), batch.number.0), ())?;
            }
        }
        self.forget_old(id, batch.number)?;
        Ok(Some(batch))
    }

    fn drop_body(&mut self, id: &SubscriptionId, number: BatchNumber) -> Result<(), StoreError> {
        let key = (id.as_str(), number.0);
        if let Some(body) = self.bodies.remove(key)? {
            forget_members(&mut self.members, key, body.value())?;
        }
        Ok(())
    }
}

/// A row's key in words.
fn place(id: &str, number: u64) -> String {
    format!("({id}, {number})")
}

fn read_queue(
    table: &impl ReadableTable<&'static str, &'static [u8]>,
    id: &SubscriptionId,
) -> Result<Queue, StoreError> {
    match table.get(id.as_str())? {
        Some(row) => decode("queues", || id.to_string(), row.value()),
        None => Ok(Queue::default()),
    }
}

fn read_head(
    table: &impl ReadableTable<(&'static str, u64), &'static [u8]>,
    id: &SubscriptionId,
    queue: &Queue,
) -> Result<Option<Batch>, StoreError> {
    let Some(number) = queue.open.first().copied() else { return Ok(None) };
    match read_batch(table, id, number)? {
        Some(batch) => Ok(Some(batch)),
        None => Err(damaged("batches", place(id.as_str(), number.0), "it is missing, but its queue has it")),
    }
}

fn read_batch(
    table: &impl ReadableTable<(&'static str, u64), &'static [u8]>,
    id: &SubscriptionId,
    number: BatchNumber,
) -> Result<Option<Batch>, StoreError> {
    match table.get((id.as_str(), number.0))? {
        Some(row) => decode("batches", || place(id.as_str(), number.0), row.value()).map(Some),
        None => Ok(None),
    }
}
