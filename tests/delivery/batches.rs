//! Which events go together, and in which order.

use std::time::Duration;

use tripline::delivery::DeliveryOptions;
use tripline::subscription::Format;

use crate::receiver::Receiver;
use crate::world::{World, fast};

#[tokio::test]
async fn events_of_one_linger_share_a_delivery() {
    let receiver = Receiver::start().await;
    let mut world = World::start(DeliveryOptions { linger: Duration::from_secs(2), ..fast() });
    world.subscribe(&receiver.url, 1..=3);
    world.update_all(1..=3);
    for member in 1..=3 {
        world.update(member);
    }
    assert_eq!(receiver.next().await.members(), [1, 2, 3]);
}

#[tokio::test]
async fn all_events_arrive_once_and_in_the_order_of_commits_in_batches_of_at_most_the_limit() {
    let receiver = Receiver::start().await;
    let mut world = World::start(DeliveryOptions { batch_events: 10, ..fast() });
    let subscription = world.subscribe_with(&receiver.url, 1..=55, Format::Detailed);
    world.update_all(1..=55);
    world.update_all(1..=55);

    let mut entries = Vec::new();
    while entries.len() < 55 {
        let delivery = receiver.next().await;
        assert!(delivery.entries().len() <= 10);
        entries.extend(delivery.entries());
    }
    let sequences: Vec<_> = entries.iter().map(|entry| entry["sequence"].as_u64().unwrap()).collect();
    assert!(sequences.is_sorted_by(|before, after| before < after), "{sequences:?}");
    let members: Vec<_> = entries.iter().map(|entry| entry["member_id"].as_u64().unwrap()).collect();
    assert_eq!(members, (1..=55).collect::<Vec<_>>());
    let first = &entries[0];
    assert_eq!(first["subscription_id"], subscription.id.as_str());
    assert_eq!(first["status"], "changed");
    assert!(first["event_id"].as_str().unwrap().starts_with("evt_"));
    assert!(first["changes"].as_array().is_some_and(|changes| !changes.is_empty()));
}
