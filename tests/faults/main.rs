//! What survives when a process is killed.

mod load;
mod promises;
mod receiver;
mod server;

use std::collections::HashSet;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use load::Load;
use promises::Promises;
use receiver::Receiver;
use server::{Home, Server};

const ROUNDS: usize = 25;

/// Long enough for a loaded machine; nothing waits that long when all is well.
const PATIENCE: Duration = Duration::from_secs(30);

/// A real process takes updates and subscriptions and delivers, is killed at a random moment, and starts again,
/// [`ROUNDS`] times. Then whatever was answered with 2xx is there, every event of it has arrived, and nothing else has.
///
/// `TRIPLINE_FAULTS_SEED` chooses other moments.
#[tokio::test(flavor = "multi_thread")]
async fn kill_nine_at_any_moment_loses_nothing_that_was_acknowledged() {
    let seed = std::env::var("TRIPLINE_FAULTS_SEED").map_or(20_260_101, |seed| seed.parse().expect("a number"));
    eprintln!("TRIPLINE_FAULTS_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let home = Home::new();
    let receiver = Receiver::start(seed).await;
    let mut load = Load::new(receiver.address());

    for _ in 0..ROUNDS {
        if random.random_ratio(1, 5) {
            kill_while_it_starts(&home, &mut random).await;
        }
        let server = Server::start(&home).await;
        load.promises_hold(&server).await;
        let moment = (random.random_range(3..60), Duration::from_micros(random.random_range(0..5_000)));
        load = load.until_killed(server, moment, &mut random).await;
    }

    let server = Server::start(&home).await;
    load.promises_hold(&server).await;
    let promises = load.into_promises();
    everything_arrives(&promises, &server, &receiver).await;
    receiver.check(&promises);
}

/// Opening the store after a crash must survive a crash itself.
async fn kill_while_it_starts(home: &Home, random: &mut StdRng) {
    let starting = Server::spawn(home);
    tokio::time::sleep(Duration::from_micros(random.random_range(0..100_000))).await;
    starting.kill().await;
}

/// Waits until every event that the server keeps has arrived, and finds every expected one among them.
async fn everything_arrives(promises: &Promises, server: &Server, receiver: &Receiver) {
    let mut kept = HashSet::new();
    for subscription in server.subscriptions().await {
        let events = server.event_ids(&subscription.id).await;
        kept.extend(events.into_iter().map(|event| (subscription.hook, event)));
    }
    let arrived = receiver.until_arrived(&kept);
    assert!(
        tokio::time::timeout(PATIENCE, arrived).await.is_ok(),
        "events that never arrived: {:?}",
        receiver.missing(&kept)
    );
    for (hook, event) in receiver.arrived_ids() {
        let known = kept.contains(&(hook, event.clone())) || promises.may_be_deleted(hook);
        assert!(known, "hook {hook} got {event}, which the server does not know");
    }
}
