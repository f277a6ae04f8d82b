//! A cluster that is slow, turns requests or parts of them away, loses answers, or has an index that cannot be written.

use std::time::Duration;

use rand::Rng;
use reqwest::Method;
use serde_json::{Value, json};

use super::fault_proxy::{Fault, FaultProxy};
use super::load::MEMBER;
use super::senders::{Senders, expect_busy};
use super::server::{Home, Server};
use super::soak;
use super::world::{World, one_node};

#[tokio::test(flavor = "multi_thread")]
async fn what_a_loaded_cluster_does_to_requests_breaks_no_promise() {
    let node = one_node();
    let proxy = FaultProxy::new(&node).await;
    let world = World::over("busy", &node, vec![proxy.address.clone()], 0).await;
    let (first_home, second_home) = (world.home(), world.home());
    let (first, second) = (Server::start(&first_home).await, Server::start(&second_home).await);
    for hook in 0..3 {
        world.subscribe(&first, hook).await;
    }
    let mut senders = Senders::start(&world, &[&first, &second]);
    senders.until_acknowledged(20).await;

    proxy.choose(|_, _| Fault::Delay(Duration::from_millis(rand::rng().random_range(0..300))));
    senders.until_acknowledged(40 * soak()).await;
    proxy.choose(|_, _| some(0.3, Fault::Answer(429)));
    senders.until_acknowledged(40 * soak()).await;
    proxy.choose(|_, _| Fault::RefuseSome(0.3));
    senders.until_acknowledged(40 * soak()).await;
    proxy.choose(|_, uri| if uri.path() == "/_bulk" { some(0.15, Fault::LoseAnswer) } else { Fault::None });
    senders.until_acknowledged(40 * soak()).await;
    proxy.choose(|_, _| match rand::rng().random_range(0..10) {
        0 => Fault::Delay(Duration::from_secs(1)),
        1 => Fault::Answer(429),
        2 => Fault::RefuseSome(0.5),
        3 => Fault::LoseAnswer,
        4 => Fault::Lose,
        _ => Fault::None,
    });
    senders.until_acknowledged(40 * soak()).await;
    proxy.choose(|_, _| Fault::None);
    senders.until_acknowledged(20).await;
    senders.stop().await;
    world.promises_hold(&second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_cannot_be_written_is_named_and_nothing_is_half_applied() {
    let world = World::new("blocked").await;
    let (first_home, second_home) = (world.home(), world.home());
    let (first, second) = (Server::start(&first_home).await, Server::start(&second_home).await);
    for hook in 0..3 {
        world.subscribe(&first, hook).await;
    }
    let mut senders = Senders::start(&world, &[&first, &second]);
    senders.until_acknowledged(20).await;
    for kind in ["members", "events", "queues"] {
        let index = world.index(kind);
        set(&world, &index, json!({"index.blocks.write": true})).await;
        if kind == "members" {
            refused(&first).await;
            named(&first_home, "cluster_block_exception");
        } else {
            senders.until_acknowledged(5).await;
        }
        set(&world, &index, json!({"index.blocks.write": null})).await;
        senders.until_acknowledged(20).await;
    }

    // Its shard has no node that may have it: the index is red.
    let index = world.index("members");
    set(&world, &index, json!({"index.routing.allocation.require._name": "nowhere"})).await;
    let shards = world.ask_cluster(Method::GET, &format!("_cat/shards/{index}?format=json"), Value::Null).await;
    let taken_away: Vec<Value> = shards.as_array().unwrap().iter().map(cancellation).collect();
    world.ask_cluster(Method::POST, "_cluster/reroute", json!({"commands": taken_away})).await;
    refused(&first).await;
    named(&first_home, "shard");
    set(&world, &index, json!({"index.routing.allocation.require._name": null})).await;
    senders.until_acknowledged(20).await;
    senders.stop().await;
    world.promises_hold(&second).await;
}

fn some(share: f64, fault: Fault) -> Fault {
    if rand::rng().random_bool(share) { fault } else { Fault::None }
}

async fn set(world: &World, index: &str, settings: Value) {
    world.ask_cluster(Method::PUT, &format!("{index}/_settings"), settings).await;
}

fn cancellation(shard: &Value) -> Value {
    let number: u64 = shard["shard"].as_str().unwrap().parse().unwrap();
    json!({"cancel": {"index": shard["index"], "shard": number, "node": shard["node"], "allow_primary": true}})
}

async fn refused(server: &Server) {
    let document = r#"{"id": 5000, "experience": []}"#.to_owned();
    expect_busy(&server.caller().put(&format!("{MEMBER}/5000"), document).await.unwrap());
}

fn named(home: &Home, words: &str) {
    let log = home.log();
    assert!(log.contains(words), "{log}");
}
