//! Nodes of the cluster itself killed.

use super::nodes::Server as Product;
use super::senders::Senders;
use super::server::Server;
use super::soak;
use super::three_nodes::ThreeNodes;
use super::world::{World, skip};

/// Nodes of a cluster of three, with replicas, are killed one after the other while updates come and events go.
#[tokio::test(flavor = "multi_thread")]
async fn data_nodes_killed_one_after_the_other_take_nothing_with_them() {
    let started = tokio::task::block_in_place(|| ThreeNodes::start(Product::Elasticsearch9));
    let mut nodes = started.unwrap_or_else(|reason| skip(&reason));
    let addresses = nodes.addresses();
    let world = World::over("data-node", &addresses[0], addresses.clone(), 1).await;
    let (first_home, second_home) = (world.home(), world.home());
    let (first, second) = (Server::start(&first_home).await, Server::start(&second_home).await);
    for hook in 0..3 {
        world.subscribe(&first, hook).await;
    }
    tokio::task::block_in_place(|| nodes.wait_until_whole());
    let mut senders = Senders::start(&world, &[&first, &second]);
    senders.until_acknowledged(30).await;
    for node in [0, 1, 2].into_iter().cycle().take(3 * soak()) {
        tokio::task::block_in_place(|| nodes.kill(node));
        senders.until_acknowledged(30).await;
        nodes.restart(node);
        tokio::task::block_in_place(|| nodes.wait_until_whole());
        senders.until_acknowledged(30).await;
    }
    senders.stop().await;
    world.promises_hold(&second).await;
}
