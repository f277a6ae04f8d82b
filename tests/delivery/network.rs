//! A webhook may not reach into the operator's network.

use tripline::delivery::DeliveryOptions;

use crate::receiver::{Answer, Receiver};
use crate::world::{World, fast};

#[tokio::test]
async fn loopback_is_refused_at_connect_however_it_is_written() {
    for host in ["localhost", "127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"] {
        let receiver = Receiver::start().await;
        let mut world = World::start(DeliveryOptions { allow_private_webhooks: false, ..fast() });
        // As if it had been stored while private addresses were allowed.
        let subscription = world.subscribe(&receiver.url_with_host(host), [1]);
        world.update(1);
        world.update(1);

        let batch = world.batch_when(&subscription, |batch| !batch.attempts.is_empty()).await;
        let error = batch.attempts[0].error.clone().unwrap();
        assert!(error.contains("not public"), "{host}: {error}");
        assert!(receiver.is_empty().await, "{host}");
    }
}

#[tokio::test]
async fn a_redirect_is_a_failed_attempt_and_is_not_followed() {
    let inner = Receiver::start().await;
    let target = inner.url.to_string();
    let outer = Receiver::answering(move |_, _| Answer::With(307, "location", target.clone())).await;
    let mut world = World::start(fast());
    let subscription = world.subscribe(&outer.url, [1]);
    world.update(1);
    world.update(1);

    let batch = world.batch_when(&subscription, |batch| !batch.attempts.is_empty()).await;
    let attempt = &batch.attempts[0];
    assert_eq!(attempt.status, Some(307));
    assert!(attempt.error.as_ref().unwrap().contains("redirects are not followed"), "{attempt:?}");
    assert!(inner.is_empty().await);
}

#[tokio::test]
async fn an_example_goes_through_the_same_guard() {
    let receiver = Receiver::start().await;
    let world = World::start(DeliveryOptions { allow_private_webhooks: false, ..fast() });
    let url = receiver.url_with_host("localhost");
    let example = world.handle().simulate(&url, tripline::subscription::Format::Compact).await.unwrap();
    assert!(example.attempt.error.unwrap().contains("not public"));
    assert!(receiver.is_empty().await);
}
