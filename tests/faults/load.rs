//! Load: several senders of single updates and of streams, and a subscriber, until the process is dead.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join_all;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::promises::{Promises, Selection, Version};
use super::server::{Answer, Caller, Server, Unanswered};

/// Members of the senders of single updates, so many each, and behind them those of the sender of streams.
const SINGLE_SENDERS: u64 = 4;
const MEMBERS_EACH: u64 = 6;
const STREAMED: std::ops::Range<u64> = 1_000..1_016;

pub const MEMBER: &str = "/v1/professional_network/clean_member";
const SUBSCRIBE: &str = "/v1/subscriptions/professional_network/member_experience";

/// What is asked of the server, and what it promised so far.
pub struct Load {
    receiver: SocketAddr,
    promises: Arc<Mutex<Promises>>,
    next_hook: usize,
}

/// One sender: it ends when the process is dead.
struct Sender {
    caller: Caller,
    promises: Arc<Mutex<Promises>>,
    acknowledged: mpsc::UnboundedSender<()>,
    random: StdRng,
}

impl Load {
    pub fn new(receiver: SocketAddr) -> Load {
        Load { receiver, promises: Arc::default(), next_hook: 0 }
    }

    /// Makes the first subscriptions before anything is sent.
    pub async fn subscribed(mut self, server: &Server) -> Load {
        let sender = Sender {
            caller: server.caller(),
            promises: Arc::clone(&self.promises),
            acknowledged: mpsc::unbounded_channel().0,
            random: StdRng::seed_from_u64(0),
        };
        self.next_hook = sender.subscribe(self.receiver, self.next_hook).await;
        self
    }

    /// Sends again what no answer came for, as a client does that wants it known: from then on it is applied.
    pub async fn send_again(&self, server: &Server) {
        let open: Vec<Version> = {
            let promises = self.promises.lock().unwrap();
            promises.members.values().filter_map(|member| member.unanswered.clone()).collect()
        };
        for version in open {
            let sent = server.caller().put(&format!("{MEMBER}/{}", version.member), version.document()).await;
            let answer = sent.unwrap_or_else(|_| panic!("no answer to {version:?}"));
            expect_ok(&answer);
            let mut promises = self.promises.lock().unwrap();
            match answer.body.unwrap()["outcome"].as_str() {
                Some("unchanged") => promises.open_ends.0 += 1,
                _ => promises.open_ends.1 += 1,
            }
            promises.keep(version.member);
        }
    }

    pub fn into_promises(self) -> Promises {
        Arc::into_inner(self.promises).expect("all senders have ended").into_inner().unwrap()
    }

    /// Whatever was acknowledged is there. What was not answered is there wholly or not at all; which of the two is found
    /// out here, and must not change any more.
    pub async fn promises_hold(&mut self, server: &Server) {
        let members: Vec<u64> = self.promises.lock().unwrap().members.keys().copied().collect();
        let found = join_all(members.iter().map(|member| server.collect(*member))).await;
        let listed = server.subscriptions().await;

        let mut promises = self.promises.lock().unwrap();
        for (member, found) in members.into_iter().zip(found) {
            let known = promises.members.entry(member).or_default();
            let unanswered = known.unanswered.as_ref().map(Version::document);
            let stored = known.stored.as_ref().map(Version::document);
            if found == stored {
                promises.open_ends.1 += usize::from(unanswered.is_some());
                promises.drop_unanswered(member);
            } else if found == unanswered {
                promises.open_ends.0 += 1;
                promises.keep(member);
            } else {
                panic!("member {member} is {found:?}; {stored:?} was promised, {unanswered:?} may be");
            }
        }
        for (hook, id) in &promises.subscriptions {
            let there = listed.iter().any(|listed| listed.hook == *hook && listed.id == *id);
            assert!(there || promises.may_be_deleted(*hook), "subscription {id} to hook {hook} is lost");
        }
        for hook in &promises.gone {
            assert!(!listed.iter().any(|listed| listed.hook == *hook), "the subscription to hook {hook} is back");
        }
    }

    /// Sends until so many requests were acknowledged and a moment more, kills the process, and waits for the senders.
    pub async fn until_killed(mut self, server: Server, moment: (usize, Duration), random: &mut StdRng) -> Load {
        let (acknowledged, mut acknowledgements) = mpsc::unbounded_channel();
        let mut sender = || Sender {
            caller: server.caller(),
            promises: Arc::clone(&self.promises),
            acknowledged: acknowledged.clone(),
            random: StdRng::seed_from_u64(random.random()),
        };
        let mut senders: Vec<_> = (0..SINGLE_SENDERS)
            .map(|place| tokio::spawn(sender().send_single(place * MEMBERS_EACH..(place + 1) * MEMBERS_EACH)))
            .collect();
        senders.push(tokio::spawn(sender().send_streams()));
        let subscriber = tokio::spawn(sender().subscribe(self.receiver, self.next_hook));

        for _ in 0..moment.0 {
            let acknowledged = tokio::time::timeout(super::PATIENCE, acknowledgements.recv()).await;
            acknowledged.expect("the server answers in time").unwrap();
        }
        // The moment itself: anywhere within what the process is doing.
        tokio::time::sleep(moment.1).await;
        server.kill().await;

        for sender in senders {
            sender.await.unwrap();
        }
        self.next_hook = subscriber.await.unwrap();
        self
    }
}

impl Sender {
    /// One update after the other, each of one member.
    async fn send_single(mut self, members: std::ops::Range<u64>) {
        loop {
            let member = self.random_of(&members);
            let version = self.advance(member);

            let Ok(answer) = self.caller.put(&format!("{MEMBER}/{member}"), version.document()).await else { return };
            expect_ok(&answer);
            if let Some(body) = &answer.body {
                let outcome = if version.follows.is_some() { "changed" } else { "new" };
                assert_eq!(body["outcome"], outcome, "{version:?}");
            }
            self.promises.lock().unwrap().keep(member);
            let _ = self.acknowledged.send(());
        }
    }

    /// One stream after the other, each with many members.
    async fn send_streams(mut self) {
        loop {
            let first = self.random.random_range(STREAMED);
            let versions: Vec<_> = (first..STREAMED.end).map(|member| self.advance(member)).collect();
            let lines: String = versions.iter().map(|version| version.document() + "\n").collect();
            let Ok(answer) = self.caller.post(&format!("{MEMBER}/_bulk"), "application/x-ndjson", lines).await else {
                return;
            };
            expect_ok(&answer);
            if let Some(body) = &answer.body {
                assert_eq!(
                    body["new"].as_u64().zip(body["changed"].as_u64()).map(|(new, changed)| new + changed),
                    Some(versions.len() as u64),
                    "{body}"
                );
            }
            let mut promises = self.promises.lock().unwrap();
            for version in versions {
                promises.keep(version.member);
            }
            drop(promises);
            let _ = self.acknowledged.send(());
        }
    }

    /// Makes a few subscriptions, of all kinds, and deletes every fourth at once. Returns the number of the next hook.
    async fn subscribe(mut self, receiver: SocketAddr, first: usize) -> usize {
        for hook in first.. {
            // Each event of each subscription is one more to wait for at the end.
            let enough = if first == 0 { 4 } else { 1 };
            if hook >= first + enough {
                return hook;
            }
            if self.make(receiver, hook).await.is_err() {
                return hook + 1;
            }
            let _ = self.acknowledged.send(());
        }
        first
    }

    async fn make(&mut self, receiver: SocketAddr, hook: usize) -> Result<(), Unanswered> {
        let selection = Selection::of_hook(hook);
        if selection == Selection::Nobody {
            self.promises.lock().unwrap().deleted.push(hook);
        }
        let answer = subscribe(&self.caller, receiver, hook).await?;
        expect_ok(&answer);
        // Without a body its id is not known: it may be there, but nothing can be asked of it.
        let Some(created) = answer.body else { return Err(Unanswered) };
        let id = created["subscription_id"].as_str().unwrap().to_owned();
        self.promises.lock().unwrap().subscriptions.push((hook, id.clone()));
        if selection == Selection::Nobody {
            let answer = self.caller.delete(&format!("/v1/subscriptions/{id}")).await?;
            assert!(answer.status.is_success(), "{}", answer.status);
            self.promises.lock().unwrap().gone.push(hook);
        }
        Ok(())
    }

    fn advance(&self, member: u64) -> Version {
        let mut promises = self.promises.lock().unwrap();
        let subscriptions = promises.subscriptions.len();
        promises.members.entry(member).or_default().advance(member, subscriptions)
    }

    fn random_of(&mut self, members: &std::ops::Range<u64>) -> u64 {
        self.random.random_range(members.clone())
    }
}

/// Asks for the subscription of a hook.
pub async fn subscribe(caller: &Caller, receiver: SocketAddr, hook: usize) -> Result<Answer, Unanswered> {
    let selection = Selection::of_hook(hook);
    let common = json!({"webhook_url": format!("http://{receiver}/hook/{hook}"), "format": "detailed"});
    let (kind, body) = match selection {
        Selection::Everyone | Selection::Nobody => ("all", common),
        Selection::Even => {
            let even = (0..2_000).filter(|member| selection.selects(*member));
            ("ids", with(common, "ids", even.collect::<Vec<u64>>().into()))
        }
        Selection::Welders => {
            let query = json!({"nested": {
                "path": "experience", "query": {"match": {"experience.title": "welder"}}
            }});
            ("es_dsl", with(common, "es_dsl_query", json!({"query": query})))
        }
    };
    caller.post(&format!("{SUBSCRIBE}/{kind}"), "application/json", body.to_string()).await
}

fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

#[track_caller]
fn expect_ok(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
}
