//! What the owner of a subscription does reaches delivery.

use std::time::Duration;

use tripline::delivery::{DeliveryOptions, Schedule};
use tripline::engine::SubscriptionPatch;
use tripline::store::Mark;

use crate::receiver::{Answer, Receiver};
use crate::world::{World, fast, tenant, waits};

#[tokio::test]
async fn events_wait_while_the_subscription_is_paused_and_nothing_is_missing_after_resume() {
    let receiver = Receiver::start().await;
    let mut world = World::start(fast());
    let subscription = world.subscribe(&receiver.url, 1..=3);
    world.update_all(1..=3);
    world.engine().pause(&tenant(), &subscription.id, "holiday").unwrap();
    for member in 1..=3 {
        world.update(member);
    }
    // Another subscription's delivery, made later, shows that delivery has seen the events by now.
    let other = Receiver::start().await;
    world.subscribe(&other.url, [3]);
    world.update(3);
    other.next().await;
    assert!(receiver.is_empty().await);

    world.engine().resume(&tenant(), &subscription.id).unwrap();
    world.handle().wake(&subscription.id);
    assert_eq!(receiver.next().await.members(), [1, 2, 3, 3]);
}

#[tokio::test]
async fn a_resume_is_noticed_without_a_wake() {
    let receiver = Receiver::start().await;
    let mut world = World::start(fast());
    let subscription = world.subscribe(&receiver.url, [1]);
    world.update(1);
    world.engine().pause(&tenant(), &subscription.id, "holiday").unwrap();
    world.update(1);
    tokio::time::sleep(Duration::from_millis(100)).await;
    world.engine().resume(&tenant(), &subscription.id).unwrap();
    assert_eq!(receiver.next().await.members(), [1]);
}

#[tokio::test]
async fn a_changed_url_holds_for_the_batch_that_is_being_retried() {
    let old = Receiver::answering(|_, _| Answer::Status(500)).await;
    let new = Receiver::start().await;
    let schedule = Schedule { waits: waits(&[0, 600_000]), ..fast().schedule };
    let mut world = World::start(DeliveryOptions { schedule, ..fast() });
    let subscription = world.subscribe(&old.url, [1]);
    world.update(1);
    world.update(1);
    let failed = old.next().await;
    world.batch_when(&subscription, |batch| batch.tries == 1).await;

    let patch = SubscriptionPatch { webhook_url: Some(new.url.clone()), ..SubscriptionPatch::default() };
    world.engine().change(&tenant(), &subscription.id, patch).unwrap();
    world.handle().wake(&subscription.id);
    let delivered = new.next().await;
    assert_eq!((delivered.webhook_id(), &delivered.body), (failed.webhook_id(), &failed.body));
}

#[tokio::test]
async fn a_new_secret_signs_the_next_attempt() {
    let receiver = Receiver::answering(|count, _| Answer::Status(if count == 0 { 500 } else { 200 })).await;
    let schedule = Schedule { waits: waits(&[0, 600_000]), ..fast().schedule };
    let mut world = World::start(DeliveryOptions { schedule, ..fast() });
    let subscription = world.subscribe(&receiver.url, [1]);
    world.update(1);
    world.update(1);
    assert!(receiver.next().await.is_signed_with(&subscription.webhook_secret));
    world.batch_when(&subscription, |batch| batch.tries == 1).await;

    let rotated = world.engine().rotate_secret(&tenant(), &subscription.id).unwrap();
    world.handle().wake(&subscription.id);
    let again = receiver.next().await;
    assert!(again.is_signed_with(&rotated.webhook_secret) && !again.is_signed_with(&subscription.webhook_secret));
}

#[tokio::test]
async fn a_deleted_subscription_leaves_nothing_behind() {
    let receiver = Receiver::answering(|_, _| Answer::Status(500)).await;
    let mut world = World::start(fast());
    let subscription = world.subscribe(&receiver.url, [1]);
    world.update(1);
    world.update(1);
    world.batch_when(&subscription, |batch| batch.tries >= 1).await;

    world.engine().delete(&tenant(), &subscription.id).unwrap();
    world.handle().wake(&subscription.id);
    // What was on the wire has ended when the restart returns.
    world.restart().await;
    let store = world.engine().store();
    assert!(store.batches(&subscription.id, None, 10).unwrap().is_empty());
    assert!(store.waiting(&Mark::default(), 10).unwrap().subscriptions.is_empty());
}
