//! Servers killed at any moment, alone and beside another.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::load::Load;
use super::senders::Senders;
use super::server::Server;
use super::world::World;
use super::{PATIENCE, seed, soak};

const ROUNDS: usize = 6;

/// A queue is another node's to take after 30 seconds; found and sent it is a little later.
const TAKEN_OVER: Duration = Duration::from_secs(45);

/// As with a store of its own: a server takes updates and subscriptions and delivers, is killed, and starts again.
#[tokio::test(flavor = "multi_thread")]
async fn kill_nine_at_any_moment_loses_nothing_that_was_acknowledged() {
    let mut random = StdRng::seed_from_u64(seed());
    let world = World::new("killed").await;
    let home = world.home();
    let mut load = Load::new(world.receiver.address());
    let server = Server::start(&home).await;
    load = load.subscribed(&server).await;
    server.kill().await;
    for _ in 0..ROUNDS * soak() {
        let server = Server::start(&home).await;
        load.send_again(&server).await;
        load.promises_hold(&server).await;
        let moment = (random.random_range(3..60), Duration::from_micros(random.random_range(0..20_000)));
        load = load.until_killed(server, moment, &mut random).await;
    }
    let server = Server::start(&home).await;
    load.send_again(&server).await;
    load.promises_hold(&server).await;
    *world.promises.lock().unwrap() = load.into_promises();
    world.promises_hold(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queues_of_a_killed_node_are_taken_over_within_the_lease() {
    let world = World::new("take-over").await;
    let (first_home, second_home) = (world.home(), world.home());
    let first = Server::start(&first_home).await;
    for hook in 0..3 {
        world.subscribe(&first, hook).await;
    }
    let mut senders = Senders::start(&world, &[&first]);
    senders.until_acknowledged(50 * soak()).await;
    let second = Server::start(&second_home).await;
    senders.ask(&[&first, &second]);
    senders.until_acknowledged(50 * soak()).await;

    // In the middle of a delivery, of which nobody knows whether it was taken.
    let (arrived, taken) = world.receiver.hold_next();
    let batch = tokio::time::timeout(PATIENCE, arrived).await.expect("it delivers").unwrap();
    first.kill().await;
    let killed = Instant::now();
    senders.ask(&[&second]);
    tokio::time::timeout(PATIENCE, world.receiver.until_taken(&batch)).await.expect("the other takes it over");
    let passed = killed.elapsed();
    // The first one's went with its connection.
    drop(taken);
    assert!(passed < TAKEN_OVER, "it took {passed:?}");
    senders.until_acknowledged(50 * soak()).await;
    senders.stop().await;
    world.promises_hold(&second).await;
}
