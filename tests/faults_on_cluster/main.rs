//! What survives on a cluster when processes are killed or stopped, and when the cluster fails: real processes over a real one.
//!
//! `TRIPLINE_FAULTS_SEED` chooses other moments, `TRIPLINE_FAULTS_SOAK=N` makes each test go on for N times as long.

mod away;
mod busy;
mod data_node;
#[path = "../support/fault_proxy.rs"]
mod fault_proxy;
mod killed;
mod leases;
#[path = "../faults/load.rs"]
mod load;
#[allow(dead_code, reason = "the differential tests ask more of it")]
#[path = "../support/nodes.rs"]
mod nodes;
#[path = "../faults/promises.rs"]
mod promises;
#[path = "../faults/receiver.rs"]
mod receiver;
mod senders;
#[allow(dead_code, reason = "the tests of a store of its own ask more of it")]
#[path = "../faults/server.rs"]
mod server;
mod slow;
mod storm;
#[allow(dead_code, reason = "the tests of the connection ask more of it")]
#[path = "../support/three_nodes.rs"]
mod three_nodes;
mod world;

use std::time::Duration;

/// Long enough for a lease to end, and for a round over everything that waits, on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(150);

/// Where the random moments begin.
fn seed() -> u64 {
    let seed = std::env::var("TRIPLINE_FAULTS_SEED").map_or(20_260_101, |seed| seed.parse().expect("a number"));
    eprintln!("TRIPLINE_FAULTS_SEED={seed}");
    seed
}

/// How much longer than usual the tests are to go on.
fn soak() -> usize {
    std::env::var("TRIPLINE_FAULTS_SOAK").map_or(1, |times| times.parse().expect("a number"))
}
