//! One slow or dead receiver never delays another's.

use std::time::Duration;

use tripline::delivery::{DeliveryOptions, LaneSizes, Timeouts};

use crate::receiver::{Answer, Receiver};
use crate::world::{World, fast};

/// One slot a lane, and receivers that hang far longer than the test waits for.
fn narrow() -> DeliveryOptions {
    DeliveryOptions {
        lanes: LaneSizes { fast: 1, slow: 1, failing: 1, per_host: 1 },
        patience: Duration::from_millis(100),
        timeouts: Timeouts { connect: Duration::from_secs(5), answer: Duration::from_secs(600) },
        drain: Duration::from_millis(10),
        ..fast()
    }
}

#[tokio::test]
async fn receivers_that_hang_do_not_delay_one_that_answers() {
    let mut hanging = Vec::new();
    for _ in 0..4 {
        hanging.push(Receiver::answering(|_, _| Answer::Hang).await);
    }
    let healthy = Receiver::start().await;
    let mut world = World::start(narrow());
    // The ids of the hanging ones are older, so they come first.
    for (receiver, member) in hanging.iter().zip(1..) {
        world.subscribe(&receiver.url, [member]);
    }
    world.subscribe(&healthy.url, [9]);
    world.update_all([1, 2, 3, 4, 9]);
    world.update_all([1, 2, 3, 4, 9]);
    for receiver in &hanging {
        receiver.next().await;
    }
    assert_eq!(healthy.next().await.members(), [9]);
    // Again, now that the others are known.
    world.update(9);
    assert_eq!(healthy.next().await.members(), [9]);
}

#[tokio::test]
async fn a_receiver_that_is_slow_once_but_answers_is_delivered_and_counts_as_one_attempt() {
    let slow = Receiver::start().await;
    let mut world = World::start(DeliveryOptions { patience: Duration::ZERO, ..narrow() });
    let subscription = world.subscribe(&slow.url, [1]);
    world.update(1);
    world.update(1);
    slow.next().await;
    let batch = world.batch_when(&subscription, |batch| batch.state.is_delivered()).await;
    assert_eq!(batch.attempts.len(), 1);
}

#[tokio::test]
async fn a_host_with_many_subscriptions_that_hang_takes_only_its_share() {
    let hanging = Receiver::answering(|_, _| Answer::Hang).await;
    let healthy = Receiver::start().await;
    // Nobody leaves the fast lane here: the share of one host alone keeps the second slot free.
    let lanes = LaneSizes { fast: 2, ..narrow().lanes };
    let mut world = World::start(DeliveryOptions { lanes, patience: Duration::from_secs(600), ..narrow() });
    for _ in 0..10 {
        world.subscribe(&hanging.url, [1]);
    }
    world.subscribe(&healthy.url, [1]);
    world.update(1);
    world.update(1);
    assert_eq!(healthy.next().await.members(), [1]);
}
