//! Two nodes that both believe they have a queue.

use super::senders::Senders;
use super::server::Server;
use super::world::World;
use super::{PATIENCE, soak};

/// A node is stopped in the middle of a delivery, for longer than its lease; another takes over; the first goes on as though nothing
/// had been.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_slept_through_the_end_of_its_lease_does_no_harm() {
    let world = World::new("leases").await;
    let (first_home, second_home) = (world.home(), world.home());
    let first = Server::start(&first_home).await;
    for hook in 0..3 {
        world.subscribe(&first, hook).await;
    }
    let mut senders = Senders::start(&world, &[&first]);
    senders.until_acknowledged(50 * soak()).await;

    let (arrived, release) = world.receiver.hold_next();
    let batch = tokio::time::timeout(PATIENCE, arrived).await.expect("it delivers").unwrap();
    first.pause().await;
    let second = Server::start(&second_home).await;
    senders.ask(&[&second]);
    senders.until_acknowledged(50 * soak()).await;
    // The very batch that the first has on the wire.
    tokio::time::timeout(PATIENCE, world.receiver.until_taken(&batch)).await.expect("the other takes it over");
    senders.until_acknowledged(20 * soak()).await;

    release.send(()).unwrap();
    first.go_on().await;
    senders.ask(&[&first, &second]);
    senders.until_acknowledged(50 * soak()).await;
    senders.stop().await;
    world.promises_hold(&second).await;
}
