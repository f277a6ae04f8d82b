//! A restart loses nothing and changes nothing.

use std::time::Duration;

use tripline::delivery::{DeliveryOptions, Schedule};

use crate::receiver::{Answer, Receiver};
use crate::world::{World, fast, waits};

#[tokio::test]
async fn a_restart_in_the_middle_of_the_backoff_goes_on_with_the_same_id_and_bytes() {
    let receiver = Receiver::answering(|count, _| Answer::Status(if count == 0 { 500 } else { 200 })).await;
    let schedule = Schedule { waits: waits(&[0, 500]), ..fast().schedule };
    let mut world = World::start(DeliveryOptions { schedule, ..fast() });
    let subscription = world.subscribe(&receiver.url, [1]);
    world.update(1);
    world.update(1);
    let first = receiver.next().await;
    world.batch_when(&subscription, |batch| batch.tries == 1).await;

    world.restart().await;
    let second = receiver.next().await;
    assert_eq!((second.webhook_id(), &second.body), (first.webhook_id(), &first.body));
    assert!(second.at.duration_since(first.at) >= Duration::from_millis(400), "the wait goes on where it was");
    assert!(second.is_signed_with(&subscription.webhook_secret));
}

#[tokio::test]
async fn a_shutdown_waits_for_the_attempt_on_the_wire_which_is_then_not_repeated() {
    let receiver = Receiver::answering(|_, _| Answer::Late(Duration::from_millis(300))).await;
    // Even one that outlasts the patience, and has nobody left to ask for another lane.
    let mut world = World::start(DeliveryOptions { patience: Duration::from_millis(100), ..fast() });
    let subscription = world.subscribe(&receiver.url, [1]);
    world.update(1);
    world.update(1);
    receiver.next().await;

    world.restart().await;
    let batch = world.batch_when(&subscription, |_| true).await;
    assert!(batch.state.is_delivered() && batch.attempts.len() == 1, "{batch:?}");
}

#[tokio::test]
async fn an_attempt_that_a_shutdown_abandons_is_repeated_with_the_same_id_and_bytes() {
    let receiver = Receiver::answering(|count, _| if count == 0 { Answer::Hang } else { Answer::Status(200) }).await;
    let mut world = World::start(DeliveryOptions { drain: Duration::from_millis(10), ..fast() });
    world.subscribe(&receiver.url, [1]);
    world.update(1);
    world.update(1);
    let first = receiver.next().await;

    world.restart().await;
    let second = receiver.next().await;
    assert_eq!((second.webhook_id(), &second.body), (first.webhook_id(), &first.body));
}

#[tokio::test]
async fn events_that_were_never_looked_at_are_sent_by_the_next_run() {
    let receiver = Receiver::start().await;
    let mut world = World::start(DeliveryOptions { linger: Duration::from_millis(300), ..fast() });
    world.subscribe(&receiver.url, [1]);
    world.update(1);
    world.update(1);
    world.restart().await;
    assert_eq!(receiver.next().await.members(), [1]);
}
