//! The whole cluster away for a while, and back.

use std::time::{Duration, Instant};

use super::fault_proxy::{Fault, FaultProxy};
use super::load::{MEMBER, subscribe};
use super::senders::{Senders, expect_busy};
use super::server::Server;
use super::soak;
use super::world::{World, one_node};

/// Longer than a node may trust what it knows.
const AWAY: Duration = Duration::from_secs(15);

/// What updates that cannot be taken may cost in memory.
const MORE_MEMORY: u64 = 200 << 20;

const SENDERS_AT_ONCE: usize = 64;
const LARGE: usize = 100_000;

#[tokio::test(flavor = "multi_thread")]
async fn while_the_cluster_is_away_clients_are_told_to_come_back_and_then_all_goes_on() {
    let node = one_node();
    let proxy = FaultProxy::new(&node).await;
    let world = World::over("away", &node, vec![proxy.address.clone()], 0).await;
    let (first_home, second_home) = (world.home(), world.home());
    let (first, second) = (Server::start(&first_home).await, Server::start(&second_home).await);
    for hook in 0..3 {
        world.subscribe(&first, hook).await;
    }
    let mut senders = Senders::start(&world, &[&first, &second]);
    senders.until_acknowledged(50).await;

    proxy.go_away();
    everything_is_refused(&world, &first).await;
    bounded(&first).await;
    proxy.come_back().await;
    senders.until_acknowledged(50).await;

    // Its answers stay out instead.
    proxy.choose(|_, _| Fault::Silence);
    everything_is_refused(&world, &second).await;
    bounded(&second).await;
    proxy.choose(|_, _| Fault::None);
    senders.until_acknowledged(50).await;
    senders.stop().await;
    world.promises_hold(&second).await;
}

/// Everything that needs the cluster is answered with 503 and when to come back.
async fn everything_is_refused(world: &World, server: &Server) {
    let caller = server.caller();
    let document = r#"{"id": 5000, "experience": []}"#.to_owned();
    let [member, stream, collected] = ["5000", "_bulk", "collect/5000"].map(|name| format!("{MEMBER}/{name}"));
    let (put, stream, collect, list, subscribed) = tokio::join!(
        caller.put(&member, document.clone()),
        caller.post(&stream, "application/x-ndjson", document),
        caller.ask(&collected),
        caller.ask("/v1/subscriptions"),
        subscribe(&caller, world.receiver.address(), 9),
    );
    for (name, answer) in
        [("put", put), ("stream", stream), ("collect", collect), ("list", list), ("subscribe", subscribed)]
    {
        let answer = answer.unwrap_or_else(|_| panic!("{name} got no answer"));
        eprintln!("{name}: {} {:?}", answer.status, answer.retry_after);
        expect_busy(&answer);
    }
}

/// Many large updates, of which none can be taken, cost no memory that stays.
async fn bounded(server: &Server) {
    let before = server.peak_memory();
    let ends = Instant::now() + AWAY * u32::try_from(soak()).unwrap();
    let flood: Vec<_> = (0..SENDERS_AT_ONCE)
        .map(|sender| {
            let caller = server.caller();
            let document = format!(r#"{{"id": {}, "headline": "{}"}}"#, 6_000 + sender, "x".repeat(LARGE));
            tokio::spawn(async move {
                while Instant::now() < ends {
                    let answer = caller.put(&format!("{MEMBER}/{}", 6_000 + sender), document.clone()).await;
                    expect_busy(&answer.expect("an answer"));
                }
            })
        })
        .collect();
    for sender in flood {
        sender.await.unwrap();
    }
    let grown = server.peak_memory() - before;
    eprintln!("{} MiB more", grown >> 20);
    assert!(grown < MORE_MEMORY, "{} MiB more", grown >> 20);
}
