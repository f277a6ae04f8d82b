//! A node so slow that it does not follow.

use std::time::Duration;

use super::load::MEMBER;
use super::senders::{Senders, expect_busy};
use super::server::Server;
use super::world::World;

/// Members that only the slow node is asked about.
const ITS_OWN: std::ops::Range<u64> = 2_000..2_020;

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_that_a_slow_node_does_not_know_is_not_active_and_then_misses_nothing() {
    let world = World::new("slow").await;
    let (slow_home, home) = (world.home(), world.home());
    let (slow, server) = (Server::start(&slow_home).await, Server::start(&home).await);
    world.subscribe(&slow, 0).await;
    let mut senders = Senders::start(&world, &[&slow, &server]);
    senders.until_acknowledged(50).await;
    baselines(&world, &slow).await;

    // It comes back in time: it is waited for.
    slow.pause().await;
    senders.ask(&[&server]);
    let id = world.ask_for_subscription(&server, 1).await;
    assert_eq!(world.state(&server, &id).await, "initializing");
    slow.go_on().await;
    world.until_active(&server, 1, &id).await;
    senders.ask(&[&slow, &server]);
    senders.until_acknowledged(50).await;

    // It does not: it is given up, and what reaches it then it may not take by what it knew.
    slow.pause().await;
    senders.ask(&[&server]);
    let id = world.ask_for_subscription(&server, 2).await;
    assert_eq!(world.state(&server, &id).await, "initializing");
    world.until_active(&server, 2, &id).await;
    let late: Vec<_> = ITS_OWN
        .map(|member| {
            let version = world.promises.lock().unwrap().members.get_mut(&member).unwrap().advance(member, 3);
            let (caller, document) = (slow.caller(), version.document());
            tokio::spawn(async move { caller.put(&format!("{MEMBER}/{member}"), document).await })
        })
        .collect();
    // Until they lie before its door.
    tokio::time::sleep(Duration::from_secs(1)).await;
    slow.go_on().await;
    for (member, answer) in ITS_OWN.zip(late) {
        let answer = answer.await.unwrap().unwrap();
        if answer.status.is_success() {
            world.promises.lock().unwrap().keep(member);
        } else {
            expect_busy(&answer);
            world.promises.lock().unwrap().drop_unanswered(member);
        }
    }
    senders.ask(&[&slow, &server]);
    senders.until_acknowledged(50).await;
    senders.stop().await;
    world.promises_hold(&server).await;
}

/// The first versions of the slow node's members.
async fn baselines(world: &World, slow: &Server) {
    for member in ITS_OWN {
        let version = {
            let mut promises = world.promises.lock().unwrap();
            promises.members.entry(member).or_default().advance(member, 1)
        };
        let answer = slow.caller().put(&format!("{MEMBER}/{member}"), version.document()).await.unwrap();
        assert!(answer.status.is_success(), "{:?}", answer.body);
        world.promises.lock().unwrap().keep(member);
    }
}
