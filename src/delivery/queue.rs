//! A subscription's queue: what is due, the batch that is sent next, and what an attempt means for it.
//!
//! A batch is durable, with its `webhook-id` and exact bytes, before its first attempt, and the next one is made only
//! when it is done: so events arrive in the order of commits, and whoever repeats a batch repeats the same one.

use bytes::Bytes;
use jiff::Timestamp;

use super::cadence::due;
use super::lanes::Host;
use super::options::DeliveryOptions;
use super::payload;
use super::schedule::{Decision, Tries, Verdict};
use crate::batch::{Attempt, Batch, BatchNumber, BatchState};
use crate::store::embedded::{NewBatch, Queue, QueueWriter};
use crate::store::{Store, StoreError};
use crate::subscription::{Format, Status, Subscription, SubscriptionId};

/// What is to be done for a subscription, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Due {
    /// Not before.
    pub(super) at: Timestamp,
    /// When its oldest event was accepted.
    pub(super) oldest: Timestamp,
    /// Where it goes.
    pub(super) host: Host,
    /// Whether it is a repeat.
    pub(super) is_retry: bool,
}

/// A batch with all that its attempt needs.
#[derive(Debug, Clone)]
pub(super) struct Ready {
    pub(super) batch: Batch,
    pub(super) body: Bytes,
}

/// What an attempt means for the subscription as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Effect {
    /// It goes on.
    None,
    /// It is to be paused, with the reason.
    Pause(String),
    /// It is over, with the reason.
    End(String),
}

/// What is due for a subscription; `None` where there is nothing to send, or where it may not be sent: then whoever
/// changes that wakes us.
pub(super) fn look(
    store: &Store,
    subscription: &Subscription,
    options: &DeliveryOptions,
) -> Result<Option<Due>, StoreError> {
    if !delivers(&subscription.status) {
        return Ok(None);
    }
    let id = &subscription.id;
    let host = host(&subscription.webhook_url);
    if let Some(batch) = store.head(id)? {
        let BatchState::Pending { next_attempt_at: at } = batch.state else { return Ok(None) };
        return Ok(Some(Due { at, oldest: batch.oldest_at, host, is_retry: batch.tries > 0 }));
    }
    let oldest = store.oldest_unbatched(id)?;
    Ok(oldest.map(|oldest| Due {
        at: due(subscription.cadence, oldest, options.linger),
        oldest,
        host,
        is_retry: false,
    }))
}

/// Whether a subscription's events are sent. What an expired one has heard of before it expired is still sent.
pub(super) fn delivers(status: &Status) -> bool {
    match status {
        Status::Active | Status::Expired => true,
        Status::Paused { .. } | Status::Ended { .. } => false,
    }
}

/// Host and port, as one name for the slots that they share.
fn host(url: &url::Url) -> Host {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
}

/// The batch to be sent next, made now if it is not there yet; `None` where nothing is to be sent after all.
pub(super) fn prepare(
    writer: &mut QueueWriter<'_>,
    id: &SubscriptionId,
    format: Format,
    options: &DeliveryOptions,
    now: Timestamp,
) -> Result<Option<Ready>, StoreError> {
    let mut queue = writer.queue(id)?;
    if let Some(number) = queue.open.first().copied() {
        let Some(batch) = writer.batch(id, number)? else { return Ok(None) };
        let body = writer.body(id, number)?;
        return Ok(Some(Ready { batch, body }));
    }
    let events = writer.unbatched(id, &queue, options.batch_events)?;
    let payload = payload::write(format, &events, options.batch_bytes)
        .map_err(|error| StoreError::Unwritable { table: "batch_bodies", reason: error.to_string() })?;
    let new = NewBatch {
        webhook_id: format!("msg_{}", uuid::Uuid::now_v7().simple()),
        events: events.get(..payload.events).unwrap_or(&events),
        format,
        body: &payload.body,
        made_at: now,
    };
    let batch = writer.add_batch(id, &mut queue, new)?;
    writer.put_queue(id, queue)?;
    Ok(batch.map(|batch| Ready { batch, body: Bytes::from(payload.body) }))
}

/// An attempt that was made.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) number: BatchNumber,
    pub(super) verdict: Verdict,
    pub(super) retry_after: Option<std::time::Duration>,
    pub(super) attempt: Attempt,
}

/// Writes down an attempt and what follows from it.
pub(super) fn settle(
    writer: &mut QueueWriter<'_>,
    id: &SubscriptionId,
    made: &Made,
    options: &DeliveryOptions,
    now: Timestamp,
) -> Result<Effect, StoreError> {
    let mut queue = writer.queue(id)?;
    // Deleted while it was on the wire.
    let Some(mut batch) = writer.batch(id, made.number)? else { return Ok(Effect::None) };
    batch.tries += 1;
    batch.refused += u32::from(made.verdict == Verdict::Refused);
    batch.remember(made.attempt.clone());
    let error = made.attempt.error.clone().unwrap_or_default();
    let tries = Tries { all: batch.tries, refused: batch.refused };
    let effect = match options.schedule.decide(made.verdict, tries, made.retry_after, now) {
        Decision::Delivered => {
            batch.state = BatchState::Delivered;
            close(&mut queue, made.number);
            writer.drop_body(id, made.number)?;
            // It takes others: those that it refused were refused for themselves.
            for number in std::mem::take(&mut queue.set_aside) {
                writer.drop_body(id, number)?;
            }
            Effect::None
        }
        Decision::Retry { at } => {
            batch.state = BatchState::Pending { next_attempt_at: at };
            Effect::None
        }
        Decision::SetAside => {
            batch.state = BatchState::SetAside;
            close(&mut queue, made.number);
            queue.set_aside.push(made.number);
            Effect::None
        }
        Decision::Pause => {
            let reason = format!("the webhook failed {} times in a row, at last: {error}", batch.tries);
            renew(&mut batch, now);
            Effect::Pause(reason)
        }
        Decision::End => Effect::End(error.clone()),
    };
    writer.put_batch(id, &batch)?;
    let effect = match effect {
        Effect::None if queue.set_aside.len() >= options.refused_batches => {
            take_back(writer, id, &mut queue, now)?;
            Effect::Pause(format!("the webhook refuses every batch, at last: {error}"))
        }
        effect => effect,
    };
    writer.put_queue(id, queue)?;
    if let Effect::End(_) = effect {
        writer.retire(id)?;
    }
    Ok(effect)
}

/// Tries the head of a queue at once, with the whole schedule before it: its owner has changed something.
pub(super) fn hurry(writer: &mut QueueWriter<'_>, id: &SubscriptionId, now: Timestamp) -> Result<(), StoreError> {
    let queue = writer.queue(id)?;
    let Some(number) = queue.open.first() else { return Ok(()) };
    let Some(mut batch) = writer.batch(id, *number)? else { return Ok(()) };
    renew(&mut batch, now);
    writer.put_batch(id, &batch)
}

/// Puts the batches that were set aside back to the head of the queue: not they are refused but everything, and nothing
/// may be missing when the receiver is mended.
fn take_back(
    writer: &mut QueueWriter<'_>,
    id: &SubscriptionId,
    queue: &mut Queue,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut open = std::mem::take(&mut queue.set_aside);
    for number in &open {
        if let Some(mut batch) = writer.batch(id, *number)? {
            renew(&mut batch, now);
            writer.put_batch(id, &batch)?;
        }
    }
    open.append(&mut queue.open);
    queue.open = open;
    Ok(())
}

/// As if the batch had just been made; its id, bytes and past attempts stay.
fn renew(batch: &mut Batch, now: Timestamp) {
    batch.state = BatchState::Pending { next_attempt_at: now };
    batch.tries = 0;
    batch.refused = 0;
}

fn close(queue: &mut Queue, number: BatchNumber) {
    queue.open.retain(|open| *open != number);
}
