//! What one batch goes through until it is delivered, set aside or given up.

use std::time::Duration;

use tripline::batch::BatchState;
use tripline::subscription::{PausedBy, Status};

use crate::receiver::{Answer, Receiver};
use crate::world::{World, fast, tenant};

#[tokio::test]
async fn a_delivery_is_signed_so_that_the_specifications_own_crate_verifies_it() {
    let receiver = Receiver::start().await;
    let mut world = World::start(fast());
    let subscription = world.subscribe(&receiver.url, [1]);
    world.update(1);
    world.update(1);

    let delivery = receiver.next().await;
    assert!(delivery.is_signed_with(&subscription.webhook_secret));
    assert!(!delivery.is_signed_with(&tripline::delivery::new_secret()));
    assert_eq!(delivery.headers["content-type"], "application/json");
    assert_eq!(delivery.body, r#"[{"member_id":1,"status":"changed"}]"#);
}

#[tokio::test]
async fn a_failed_batch_is_repeated_with_the_same_id_and_bytes_until_it_is_taken() {
    let receiver = Receiver::answering(|count, _| Answer::Status(if count < 2 { 500 } else { 204 })).await;
    let mut world = World::start(fast());
    let subscription = world.subscribe(&receiver.url, [1]);
    world.update(1);
    world.update(1);

    let first = receiver.next().await;
    world.update(1);
    for _ in 0..2 {
        let again = receiver.next().await;
        assert_eq!((again.webhook_id(), &again.body), (first.webhook_id(), &first.body));
        assert!(again.is_signed_with(&subscription.webhook_secret));
    }
    let next = receiver.next().await;
    assert_ne!(next.webhook_id(), first.webhook_id());

    world.batch_when(&subscription, |batch| batch.number.0 == 1 && batch.state == BatchState::Delivered).await;
    let batches = world.engine().store().batches(&subscription.id, None, 10).unwrap();
    let statuses: Vec<_> = batches[1].attempts.iter().map(|attempt| attempt.status).collect();
    assert_eq!(statuses, [Some(500), Some(500), Some(204)]);
}

#[tokio::test]
async fn retry_after_is_obeyed() {
    let receiver = Receiver::answering(|count, _| match count {
        0 => Answer::With(503, "retry-after", "1".to_owned()),
        _ => Answer::Status(200),
    })
    .await;
    let mut world = World::start(fast());
    world.subscribe(&receiver.url, [1]);
    world.update(1);
    world.update(1);

    let (first, second) = (receiver.next().await, receiver.next().await);
    assert!(second.at.duration_since(first.at) >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_receiver_that_is_gone_ends_the_subscription() {
    let receiver = Receiver::answering(|_, _| Answer::Status(410)).await;
    let mut world = World::start(fast());
    let subscription = world.subscribe(&receiver.url, [1]);
    world.update(1);
    world.update(1);

    let ended = world.subscription_when(&subscription, |now| now.status != Status::Active).await;
    assert!(matches!(ended.status, Status::Ended { reason } if reason.contains("410")));
}

#[tokio::test]
async fn a_batch_that_alone_is_refused_is_set_aside_after_three_tries_and_the_queue_goes_on() {
    let receiver =
        Receiver::answering(|_, delivery| Answer::Status(if delivery.members() == [1] { 400 } else { 200 })).await;
    let mut world = World::start(fast());
    let subscription = world.subscribe(&receiver.url, [1, 2]);
    world.update_all([1, 2]);
    world.update(1);
    let refused = receiver.next().await;
    world.update(2);

    for _ in 0..2 {
        assert_eq!(receiver.next().await.webhook_id(), refused.webhook_id());
    }
    assert_eq!(receiver.next().await.members(), [2]);
    world.batch_when(&subscription, |batch| batch.number.0 == 1 && batch.state == BatchState::Delivered).await;
    let batches = world.engine().store().batches(&subscription.id, None, 10).unwrap();
    assert_eq!((batches[1].state.clone(), batches[1].attempts.len()), (BatchState::SetAside, 3));
}

#[tokio::test]
async fn when_the_whole_schedule_failed_the_subscription_is_paused_and_resume_goes_on_with_the_same_batch() {
    let receiver = Receiver::answering(|count, _| Answer::Status(if count < 5 { 500 } else { 200 })).await;
    let mut world = World::start(fast());
    let subscription = world.subscribe(&receiver.url, [1]);
    world.update(1);
    world.update(1);

    let paused = world.subscription_when(&subscription, |now| now.status != Status::Active).await;
    assert!(matches!(paused.status, Status::Paused { by: PausedBy::System, reason } if reason.contains("5 times")));
    let first = receiver.next().await;
    for _ in 1..5 {
        receiver.next().await;
    }
    world.engine().resume(&tenant(), &subscription.id).unwrap();
    world.handle().wake(&subscription.id);
    assert_eq!(receiver.next().await.webhook_id(), first.webhook_id());
    world.batch_when(&subscription, |batch| batch.state == BatchState::Delivered).await;
}

#[tokio::test]
async fn an_example_is_signed_sent_and_reported() {
    let receiver = Receiver::answering(|_, _| Answer::Status(418)).await;
    let world = World::start(fast());
    let subscription = world.subscribe(&receiver.url, [1]);

    let example = world.handle().test(&subscription).await.unwrap();
    let delivery = receiver.next().await;
    assert!(delivery.is_signed_with(&subscription.webhook_secret));
    assert_eq!((delivery.webhook_id(), &delivery.body[..]), (&*example.webhook_id, example.body.as_bytes()));
    assert_eq!(example.attempt.status, Some(418));

    let simulated = world.handle().simulate(&receiver.url, subscription.format).await.unwrap();
    assert!(receiver.next().await.is_signed_with(&simulated.secret));
    assert_ne!(simulated.secret, subscription.webhook_secret);
}
