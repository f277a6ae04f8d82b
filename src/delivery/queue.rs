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
use super::schedule::{Decision, Tries, Verdict, later};
use crate::batch::{Attempt, Batch, BatchNumber, BatchState};
use crate::store::{NewBatch, Queue, QueueWriter, Store, StoreError};
use crate::subscription::{Format, Status, SubscriptionId};

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

/// What a look at a subscription found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Look {
    /// Something is to be sent.
    Due(Due),
    /// Something is to be sent, but may not until the subscription's owner changes that.
    Parked,
    /// Nothing is to be sent.
    Idle,
    /// Nothing is to be sent, though it is on the to-do list: its events were dropped with age.
    Stale,
}

/// What is to be done for a subscription.
pub(super) fn look(store: &dyn Store, id: &SubscriptionId, options: &DeliveryOptions) -> Result<Look, StoreError> {
    let Some(subscription) = store.subscription(id)?.map(|stored| stored.row) else { return Ok(Look::Idle) };
    match subscription.status {
        Status::Initializing | Status::Active | Status::Expired => {}
        Status::Paused { .. } => return Ok(Look::Parked),
        Status::Ended { .. } => return Ok(Look::Idle),
    }
    let host = host(&subscription.webhook_url);
    let queue = match store.queue(id) {
        // When that node lets it go, it is found waiting.
        Err(StoreError::HeldElsewhere { .. }) => return Ok(Look::Idle),
        queue => queue?,
    };
    if let Some(batch) = store.head(id, &queue)?
        && let BatchState::Pending { next_attempt_at: at } = batch.state
    {
        return Ok(Look::Due(Due { at, oldest: batch.oldest_at, host, is_retry: batch.tries > 0 }));
    }
    Ok(match store.first_unbatched(id, &queue)? {
        Some(event) => {
            let oldest = event.occurred_at;
            let at = due(subscription.cadence, oldest, options.linger);
            let at = later(at, options.schedule.waits.first().copied().unwrap_or_default());
            Look::Due(Due { at, oldest, host, is_retry: false })
        }
        None if queue.is_waiting() => Look::Stale,
        None => Look::Idle,
    })
}

/// Takes a queue that has nothing to send off the to-do list; says whether it is off, for an event may have come.
pub(super) fn tidy(writer: &mut dyn QueueWriter, id: &SubscriptionId) -> Result<bool, StoreError> {
    let queue = writer.queue(id)?;
    writer.put_queue(id, queue)?;
    Ok(!writer.queue(id)?.is_waiting())
}

/// Whether a subscription's events are sent. What an expired one has heard of before it expired is still sent.
pub(super) fn delivers(status: &Status) -> bool {
    match status {
        Status::Initializing | Status::Active | Status::Expired => true,
        Status::Paused { .. } | Status::Ended { .. } => false,
    }
}

/// Host and port, as one name for the slots that they share.
fn host(url: &url::Url) -> Host {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
}

/// The batch to be sent next, made now if it is not there yet; `None` where nothing is to be sent after all.
pub(super) fn prepare(
    writer: &mut dyn QueueWriter,
    id: &SubscriptionId,
    format: Format,
    options: &DeliveryOptions,
    now: Timestamp,
) -> Result<Option<Ready>, StoreError> {
    let mut queue = writer.queue(id)?;
    if let Some(batch) = writer.head(id, &queue)? {
        let body = writer.body(id, batch.number)?;
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
    writer: &mut dyn QueueWriter,
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
pub(super) fn hurry(writer: &mut dyn QueueWriter, id: &SubscriptionId, now: Timestamp) -> Result<(), StoreError> {
    let queue = writer.queue(id)?;
    let Some(mut batch) = writer.head(id, &queue)? else { return Ok(()) };
    renew(&mut batch, now);
    writer.put_batch(id, &batch)
}

/// Puts the batches that were set aside back to the head of the queue: not they are refused but everything, and nothing
/// may be missing when the receiver is mended.
fn take_back(
    writer: &mut dyn QueueWriter,
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::change::{Change, ChangeKind};
    use crate::delivery::schedule::Schedule;
    use crate::event::{EventStatus, MemberVersion};
    use crate::member::MemberId;
    use crate::store::{
        Announcement, EmbeddedStore, EventStore, Kinds, Mark, MatchedEntries, QueueStore, SubscriptionStore, Told,
        write_queue,
    };
    use crate::subscription::{Cadence, Selector, Subscription, Tenant};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    struct World {
        store: EmbeddedStore,
        id: SubscriptionId,
        options: DeliveryOptions,
        next_member: u64,
        _directory: tempfile::TempDir,
    }

    fn subscription() -> Subscription {
        Subscription {
            id: SubscriptionId::from("acme"),
            tenant: Tenant::from("tenant"),
            created_at: NOW,
            expires_at: None,
            status: Status::Active,
            webhook_url: "https://example.com/".parse().unwrap(),
            webhook_secret: crate::delivery::new_secret(),
            selector: Selector::All,
            format: Format::Compact,
            changes: [ChangeKind::Started].into(),
            notify_first_seen: false,
            match_flips: true,
            cadence: Cadence::Immediate,
            description: None,
        }
    }

    impl World {
        fn new() -> World {
            let directory = tempfile::tempdir().unwrap();
            let schedule = Schedule { waits: vec![Duration::ZERO; 4], jitter: 0.0, refused_tries: 2 };
            let store = EmbeddedStore::open(directory.path(), 1 << 20).unwrap();
            let subscription = subscription();
            store.add_subscriptions(&[&subscription]).unwrap();
            World {
                store,
                id: subscription.id,
                options: DeliveryOptions {
                    schedule,
                    batch_events: 2,
                    refused_batches: 2,
                    ..DeliveryOptions::default()
                },
                next_member: 1,
                _directory: directory,
            }
        }

        fn announce(&mut self, events: u64) {
            for _ in 0..events {
                let told = Told {
                    subscription: self.id.clone(),
                    status: EventStatus::Changed,
                    kinds: Kinds::ALL,
                    places: Some(vec![0]),
                };
                let position = serde_json::json!({"title": "CTO"});
                let entries = MatchedEntries { after: [(0, position.clone())].into(), ..MatchedEntries::default() };
                let announcement = Announcement {
                    member: MemberId::try_from(self.next_member).unwrap(),
                    version: MemberVersion(1),
                    occurred_at: NOW,
                    changes: vec![Change { kind: ChangeKind::Started, before: None, after: Some(position) }],
                    told: vec![told],
                    entries,
                };
                self.store.commit(&[], &[announcement]).unwrap();
                self.next_member += 1;
            }
        }

        fn prepare(&self, format: Format) -> Option<Ready> {
            write_queue(&self.store, &self.id, |writer| prepare(writer, &self.id, format, &self.options, NOW)).unwrap()
        }

        fn settle(&self, ready: &Ready, verdict: Verdict) -> Effect {
            let attempt = Attempt { at: NOW, duration_ms: 1, status: None, error: Some("no".to_owned()) };
            let made = Made { number: ready.batch.number, verdict, retry_after: None, attempt };
            write_queue(&self.store, &self.id, |writer| settle(writer, &self.id, &made, &self.options, NOW)).unwrap()
        }

        fn send(&self, verdict: Verdict) -> Effect {
            self.settle(&self.prepare(Format::Compact).unwrap(), verdict)
        }

        fn is_waiting(&self) -> bool {
            !self.store.waiting(&Mark::default(), 10).unwrap().subscriptions.is_empty()
        }
    }

    #[test]
    fn a_batch_stays_the_same_until_it_is_delivered() {
        let mut world = World::new();
        world.announce(1);
        let first = world.prepare(Format::Compact).unwrap();
        world.announce(1);
        world.settle(&first, Verdict::Failed);
        // Even a change of the format does not change what is already batched.
        let again = world.prepare(Format::Detailed).unwrap();
        assert_eq!((again.batch.webhook_id, again.body), (first.batch.webhook_id, first.body));
        assert_eq!((again.batch.tries, again.batch.attempts.len()), (1, 1));
    }

    #[test]
    fn batches_hold_all_events_in_order_and_a_queue_that_is_drained_waits_for_nothing() {
        let mut world = World::new();
        assert!(!world.is_waiting());
        world.announce(5);
        let mut sizes = Vec::new();
        let mut last = None;
        while let Some(ready) = world.prepare(Format::Compact) {
            assert!(world.is_waiting());
            assert!(last < Some(ready.batch.first), "in the order of commits");
            last = Some(ready.batch.last);
            sizes.push(ready.batch.events);
            world.settle(&ready, Verdict::Delivered);
        }
        assert_eq!(sizes, [2, 2, 1]);
        assert!(!world.is_waiting());
        world.announce(1);
        assert!(world.is_waiting());
    }

    #[test]
    fn a_batch_that_alone_is_refused_is_set_aside_and_the_queue_goes_on() {
        let mut world = World::new();
        world.announce(4);
        assert_eq!(world.send(Verdict::Refused), Effect::None);
        assert_eq!(world.send(Verdict::Refused), Effect::None);
        assert_eq!(world.send(Verdict::Delivered), Effect::None);
        let states: Vec<_> =
            world.store.batches(&world.id, None, 9).unwrap().into_iter().map(|batch| batch.state).collect();
        assert_eq!(states, [BatchState::Delivered, BatchState::SetAside]);
        assert!(!world.is_waiting());
    }

    #[test]
    fn a_webhook_that_refuses_every_batch_is_paused_and_nothing_is_missing_after_that() {
        let mut world = World::new();
        world.announce(6);
        let first = world.prepare(Format::Compact).unwrap();
        for _ in 0..3 {
            assert_eq!(world.send(Verdict::Refused), Effect::None);
        }
        assert!(matches!(world.send(Verdict::Refused), Effect::Pause(reason) if reason.contains("every batch")));
        let mut members = 0;
        assert_eq!(world.prepare(Format::Compact).unwrap().body, first.body);
        while let Some(ready) = world.prepare(Format::Compact) {
            members += ready.batch.events;
            world.settle(&ready, Verdict::Delivered);
        }
        assert_eq!(members, 6);
    }

    #[test]
    fn when_the_whole_schedule_failed_the_subscription_is_paused_and_resumes_with_a_whole_schedule() {
        let mut world = World::new();
        world.announce(1);
        for _ in 0..3 {
            assert_eq!(world.send(Verdict::Failed), Effect::None);
        }
        assert!(matches!(world.send(Verdict::Failed), Effect::Pause(reason) if reason.contains("4 times")));
        assert_eq!(world.send(Verdict::Failed), Effect::None);
        assert_eq!(world.send(Verdict::Delivered), Effect::None);
    }

    #[test]
    fn a_receiver_that_is_gone_ends_the_subscription_and_waits_no_more() {
        let mut world = World::new();
        world.announce(3);
        assert!(matches!(world.send(Verdict::Gone), Effect::End(_)));
        assert!(!world.is_waiting());
    }

    #[test]
    fn events_that_were_dropped_with_age_leave_the_to_do_list_so_that_the_next_one_is_seen() {
        let mut world = World::new();
        world.announce(1);
        world.store.drop_events_before(Timestamp::from_second(1).unwrap()).unwrap();
        assert_eq!(look(&world.store, &world.id, &world.options).unwrap(), Look::Stale);
        assert!(write_queue(&world.store, &world.id, |writer| tidy(writer, &world.id)).unwrap());
        world.announce(1);
        assert!(matches!(look(&world.store, &world.id, &world.options).unwrap(), Look::Due(_)));
        assert!(world.is_waiting());
    }

    #[test]
    fn erasing_a_member_takes_the_person_out_of_batches_on_their_way() {
        let mut world = World::new();
        world.announce(2);
        let before = world.prepare(Format::Detailed).unwrap();
        world
            .store
            .write(|transaction| {
                crate::store::embedded::erase_from_batches(transaction, MemberId::try_from(1).unwrap())
            })
            .unwrap();
        let after = world.prepare(Format::Detailed).unwrap();
        let entries: serde_json::Value = serde_json::from_slice(&after.body).unwrap();
        assert_eq!(entries[0]["changes"], serde_json::json!([{"kind": "started", "before": null, "after": null}]));
        assert_eq!(entries[0]["matched_positions"], serde_json::json!([{"place": 0, "position": null}]));
        assert_eq!(entries[1]["changes"][0]["after"]["title"], "CTO");
        assert_eq!(entries[1]["matched_positions"][0]["position"]["title"], "CTO");
        assert_eq!(after.batch.webhook_id, before.batch.webhook_id);
    }
}
