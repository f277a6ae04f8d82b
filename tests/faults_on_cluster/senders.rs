//! Senders that keep what a client has to keep: they send again until they are answered, each member's versions in order.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use reqwest::StatusCode;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::load::MEMBER;
use super::promises::{Promises, Version};
use super::server::{Answer, Caller, Server, Unanswered};
use super::world::World;

const SENDERS: u64 = 4;
const MEMBERS_EACH: u64 = 6;
const STREAMED: std::ops::Range<u64> = 1_000..1_012;

/// An answer that takes longer is given up.
const ANSWER: Duration = Duration::from_secs(10);

/// The time between two requests of a sender, and before it sends again.
pub const PAUSE: Duration = Duration::from_millis(50);

pub struct Senders {
    shared: Arc<Shared>,
    running: Vec<JoinHandle<()>>,
    acknowledged: watch::Receiver<usize>,
}

struct Shared {
    promises: Arc<Mutex<Promises>>,
    servers: Mutex<Vec<Caller>>,
    acknowledged: watch::Sender<usize>,
    stop: CancellationToken,
}

/// What is sent until it is answered.
pub enum Request {
    Put { member: u64, document: String },
    Stream { lines: String },
}

impl Senders {
    pub fn start(world: &World, servers: &[&Server]) -> Senders {
        let (count, acknowledged) = watch::channel(0);
        let shared = Arc::new(Shared {
            promises: Arc::clone(&world.promises),
            servers: Mutex::default(),
            acknowledged: count,
            stop: CancellationToken::new(),
        });
        let mut random = StdRng::seed_from_u64(super::seed());
        let mut sender = || Sender { shared: Arc::clone(&shared), random: StdRng::seed_from_u64(random.random()) };
        let mut running: Vec<_> = (0..SENDERS)
            .map(|place| tokio::spawn(sender().send_single(place * MEMBERS_EACH..(place + 1) * MEMBERS_EACH)))
            .collect();
        running.push(tokio::spawn(sender().send_streams()));
        let senders = Senders { shared, running, acknowledged };
        senders.ask(servers);
        senders
    }

    /// From now on these are asked.
    pub fn ask(&self, servers: &[&Server]) {
        *self.shared.servers.lock().unwrap() = servers.iter().map(|server| server.caller().within(ANSWER)).collect();
    }

    /// Returns when so many more requests were acknowledged.
    pub async fn until_acknowledged(&mut self, more: usize) {
        let enough = *self.acknowledged.borrow() + more;
        let acknowledged = tokio::time::timeout(super::PATIENCE, self.acknowledged.wait_for(|count| *count >= enough));
        acknowledged.await.expect("updates are taken in time").unwrap();
    }

    /// Returns when the last update of each is acknowledged.
    pub async fn stop(self) {
        self.shared.stop.cancel();
        for sender in self.running {
            tokio::time::timeout(super::PATIENCE, sender).await.expect("each is answered in time").unwrap();
        }
    }
}

struct Sender {
    shared: Arc<Shared>,
    random: StdRng,
}

impl Sender {
    async fn send_single(mut self, members: std::ops::Range<u64>) {
        while !self.shared.stop.is_cancelled() {
            let member = self.random.random_range(members.clone());
            let version = self.advance(member);
            let request = Request::Put { member, document: version.document() };
            let servers = || self.shared.servers.lock().unwrap().clone();
            let (answer, is_first) = send(&request, servers, &mut self.random).await;
            let expected = if version.follows.is_some() { "changed" } else { "new" };
            let outcome = answer["outcome"].as_str().unwrap();
            assert!(outcome == expected || !is_first && outcome == "unchanged", "{outcome}: {version:?}");
            self.keep(&[version]);
            tokio::time::sleep(PAUSE.mul_f64(self.random.random_range(0.0..1.0))).await;
        }
    }

    async fn send_streams(mut self) {
        while !self.shared.stop.is_cancelled() {
            let first = self.random.random_range(STREAMED);
            let versions: Vec<_> = (first..STREAMED.end).map(|member| self.advance(member)).collect();
            let lines: String = versions.iter().map(|version| version.document() + "\n").collect();
            let servers = || self.shared.servers.lock().unwrap().clone();
            let (answer, is_first) = send(&Request::Stream { lines }, servers, &mut self.random).await;
            let count = |outcome: &str| answer[outcome].as_u64().unwrap();
            let applied = count("new") + count("changed") + if is_first { 0 } else { count("unchanged") };
            assert_eq!(applied, versions.len() as u64, "{answer}");
            self.keep(&versions);
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn advance(&self, member: u64) -> Version {
        let mut promises = self.shared.promises.lock().unwrap();
        let subscriptions = promises.subscriptions.len();
        promises.members.entry(member).or_default().advance(member, subscriptions)
    }

    fn keep(&self, versions: &[Version]) {
        let mut promises = self.shared.promises.lock().unwrap();
        versions.iter().for_each(|version| promises.keep(version.member));
        self.shared.acknowledged.send_modify(|count| *count += 1);
    }
}

/// Sends to one of the servers after the other until one answers that it is done; gives the answer, and whether the first try
/// got it.
pub async fn send(request: &Request, servers: impl Fn() -> Vec<Caller>, random: &mut StdRng) -> (Value, bool) {
    let mut is_first = true;
    loop {
        let mut servers = servers();
        let server = servers.swap_remove(random.random_range(0..servers.len()));
        match request.send(&server).await {
            Ok(Answer { status: StatusCode::OK, body: Some(body), .. }) => return (body, is_first),
            // Its body did not arrive: the process died meanwhile.
            Ok(Answer { status: StatusCode::OK, body: None, .. }) | Err(Unanswered) => {}
            Ok(answer) => expect_busy(&answer),
        }
        is_first = false;
        tokio::time::sleep(PAUSE).await;
    }
}

/// 503, with the time after which it may be sent again.
#[track_caller]
pub fn expect_busy(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{:?}", answer.body);
    assert!(answer.retry_after.is_some(), "without Retry-After: {:?}", answer.body);
}

impl Request {
    async fn send(&self, server: &Caller) -> Result<Answer, Unanswered> {
        match self {
            Request::Put { member, document } => server.put(&format!("{MEMBER}/{member}"), document.clone()).await,
            Request::Stream { lines } => {
                server.post(&format!("{MEMBER}/_bulk"), "application/x-ndjson", lines.clone()).await
            }
        }
    }
}
