//! What survives when a process is killed.

#[allow(dead_code, reason = "the tests over a cluster ask more of it")]
mod load;
mod promises;
#[allow(dead_code, reason = "the tests over a cluster ask more of it")]
mod receiver;
#[allow(dead_code, reason = "the tests over a cluster ask more of it")]
mod server;

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use load::Load;
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
    receiver.until_everything_arrived(&promises, &server).await;
    receiver.check(&promises);
    let expected = promises.expected().count();
    assert!(expected > 1_000, "the load was too light to prove anything: {expected} events");
    let (applied, not_applied) = promises.open_ends;
    assert!(applied > 0 && not_applied > 0, "no kill came between: {applied} applied, {not_applied} not");
}

/// Opening the store after a crash must survive a crash itself.
async fn kill_while_it_starts(home: &Home, random: &mut StdRng) {
    let starting = Server::spawn(home);
    tokio::time::sleep(Duration::from_micros(random.random_range(0..100_000))).await;
    starting.kill().await;
}
