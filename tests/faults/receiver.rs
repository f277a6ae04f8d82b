//! The subscribers' end: takes what is delivered, and checks what no crash may break.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;
use tokio::sync::{oneshot, watch};

use super::promises::{Promises, company};
use super::server::Server;

pub struct Receiver {
    address: SocketAddr,
    desk: Arc<Desk>,
}

struct Desk {
    book: Mutex<Book>,
    deliveries: watch::Sender<u64>,
    held: Mutex<Option<Held>>,
}

/// The next delivery is held: who is told of it, and who lets it go.
type Held = (oneshot::Sender<String>, oneshot::Receiver<()>);

struct Book {
    random: StdRng,
    /// By hook and event id, in order of first arrival.
    events: Vec<(usize, String, Value)>,
    places: HashMap<(usize, String), usize>,
    bodies: HashMap<String, Bytes>,
    /// Promises that were broken.
    broken: Vec<String>,
}

impl Receiver {
    pub async fn start(seed: u64) -> Receiver {
        let book = Book {
            random: StdRng::seed_from_u64(seed),
            events: Vec::new(),
            places: HashMap::new(),
            bodies: HashMap::new(),
            broken: Vec::new(),
        };
        let desk = Arc::new(Desk { book: Mutex::new(book), deliveries: watch::Sender::new(0), held: Mutex::default() });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().route("/hook/{hook}", post(receive)).with_state(Arc::clone(&desk));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Receiver { address, desk }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until every expected event has arrived, and everything else that the server keeps; all that arrived must be among it.
    pub async fn until_everything_arrived(&self, promises: &Promises, server: &Server) {
        let expected: HashSet<_> = promises.expected().collect();
        let told = tokio::time::timeout(super::PATIENCE, self.until_told(&expected)).await;
        let missing = || expected.difference(&self.told()).copied().collect::<Vec<_>>();
        assert!(told.is_ok(), "never told (hook, member, version): {:?}", missing());

        let mut kept = HashSet::new();
        for subscription in server.subscriptions().await {
            let events = server.event_ids(&subscription.id).await;
            kept.extend(events.into_iter().map(|event| (subscription.hook, event)));
        }
        let arrived = tokio::time::timeout(super::PATIENCE, self.until_arrived(&kept)).await;
        assert!(arrived.is_ok(), "events that never arrived: {:?}", self.missing(&kept));
        for (hook, event) in self.arrived_ids() {
            let known = kept.contains(&(hook, event.clone())) || promises.may_be_deleted(hook);
            assert!(known, "hook {hook} got {event}, which the server does not know");
        }
    }

    async fn until_told(&self, events: &HashSet<(usize, u64, u32)>) {
        let mut deliveries = self.desk.deliveries.subscribe();
        while !events.is_subset(&self.told()) {
            deliveries.changed().await.unwrap();
        }
    }

    /// What was told: hook, member, number of the version.
    fn told(&self) -> HashSet<(usize, u64, u32)> {
        let book = self.desk.book.lock().unwrap();
        let told = |(hook, _, event): &(usize, String, Value)| {
            let member = event["member_id"].as_u64().unwrap();
            (*hook, member, started(event, member))
        };
        book.events.iter().map(told).collect()
    }

    /// Holds the next delivery: says its `webhook-id` when it is there, and takes it when what is returned second is used or
    /// dropped.
    pub fn hold_next(&self) -> (oneshot::Receiver<String>, oneshot::Sender<()>) {
        let (arrived, has_arrived) = oneshot::channel();
        let (release, released) = oneshot::channel();
        *self.desk.held.lock().unwrap() = Some((arrived, released));
        (has_arrived, release)
    }

    /// Returns when a delivery was taken.
    pub async fn until_taken(&self, webhook_id: &str) {
        let mut deliveries = self.desk.deliveries.subscribe();
        while !self.desk.book.lock().unwrap().bodies.contains_key(webhook_id) {
            deliveries.changed().await.unwrap();
        }
    }

    /// What a hook was told of a member, in order of arrival.
    pub fn events(&self, hook: usize, member: u64) -> Vec<Value> {
        let book = self.desk.book.lock().unwrap();
        let its = book.events.iter().filter(|(to, _, event)| *to == hook && event["member_id"] == member);
        its.map(|(_, _, event)| event.clone()).collect()
    }

    /// Returns when so many events of a member have come to a hook.
    pub async fn until_events(&self, hook: usize, member: u64, count: usize) {
        let mut deliveries = self.desk.deliveries.subscribe();
        while self.events(hook, member).len() < count {
            deliveries.changed().await.unwrap();
        }
    }

    /// Returns when all of these have arrived.
    async fn until_arrived(&self, events: &HashSet<(usize, String)>) {
        let mut deliveries = self.desk.deliveries.subscribe();
        while !self.missing(events).is_empty() {
            deliveries.changed().await.unwrap();
        }
    }

    fn missing(&self, events: &HashSet<(usize, String)>) -> Vec<(usize, String)> {
        let book = self.desk.book.lock().unwrap();
        events.iter().filter(|event| !book.places.contains_key(event)).cloned().collect()
    }

    fn arrived_ids(&self) -> Vec<(usize, String)> {
        self.desk.book.lock().unwrap().places.keys().cloned().collect()
    }

    /// Checks what arrived against what was promised.
    pub fn check(&self, promises: &Promises) {
        let book = self.desk.book.lock().unwrap();
        assert!(book.broken.is_empty(), "{:#?}", book.broken);

        let mut told = HashSet::new();
        let mut last = HashMap::new();
        for (hook, id, event) in &book.events {
            let member = event["member_id"].as_u64().unwrap();
            let number = started(event, member);
            let Some(version) = promises.version(member, number) else {
                panic!("{id} tells version {number} of member {member}, which was never applied: {event}");
            };
            let before = version.follows.unwrap_or_else(|| panic!("{id} tells a baseline: {event}"));
            assert_eq!(ended(event), [company(member, before)], "{id} tells another past: {event}");
            assert!(told.insert((*hook, member, number)), "{id} tells a change that another event told: {event}");
            let earlier = last.insert((*hook, member), number);
            assert!(earlier.is_none_or(|earlier| earlier < number), "{id} came behind {earlier:?}: {event}");
        }
        let expected: Vec<_> = promises.expected().collect();
        let missing: Vec<_> = expected.iter().filter(|event| !told.contains(event)).collect();
        assert!(missing.is_empty(), "never told (hook, member, version): {missing:?}");
        let (applied, not_applied) = promises.open_ends;
        eprintln!("unanswered updates: {applied} were applied, {not_applied} were not");
        eprintln!("{} events expected, {} arrived, in {} batches", expected.len(), told.len(), book.bodies.len());
    }
}

/// The version that an event tells: the number of the company where a position started.
pub fn started(event: &Value, member: u64) -> u32 {
    let companies = companies(event, "started", "after");
    let [company] = companies.as_slice() else { panic!("not one position started: {event}") };
    let number = company.strip_prefix(&format!("Works {member} "));
    number.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("a position of another member: {event}"))
}

fn ended(event: &Value) -> Vec<String> {
    companies(event, "closed", "before")
}

fn companies(event: &Value, kind: &str, side: &str) -> Vec<String> {
    let changes = event["changes"].as_array().unwrap();
    let of_kind = changes.iter().filter(|change| change["kind"] == kind);
    of_kind.map(|change| change[side]["company_name"].as_str().unwrap().to_owned()).collect()
}

async fn receive(
    State(desk): State<Arc<Desk>>,
    Path(hook): Path<usize>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let webhook_id = headers["webhook-id"].to_str().unwrap();
    let held = desk.held.lock().unwrap().take();
    if let Some((arrived, released)) = held {
        arrived.send(webhook_id.to_owned()).unwrap();
        let _ = released.await;
    }
    let status = desk.book.lock().unwrap().take(hook, webhook_id, body);
    desk.deliveries.send_modify(|count| *count += 1);
    status
}

impl Book {
    fn take(&mut self, hook: usize, webhook_id: &str, body: Bytes) -> StatusCode {
        let events: Vec<Value> = serde_json::from_slice(&body).unwrap();
        let known = self.bodies.entry(webhook_id.to_owned()).or_insert_with(|| body.clone());
        if *known != body {
            self.broken.push(format!("{webhook_id} came with two bodies: {known:?} and {body:?}"));
        }
        for event in events {
            let id = event["event_id"].as_str().unwrap().to_owned();
            match self.places.get(&(hook, id.clone())) {
                Some(place) if self.events[*place].2 != event => {
                    self.broken.push(format!("{id} has two contents: {} and {event}", self.events[*place].2));
                }
                Some(_) => {}
                None => {
                    self.places.insert((hook, id.clone()), self.events.len());
                    self.events.push((hook, id, event));
                }
            }
        }
        // Now and then it has taken the events, and says that it has not.
        if self.random.random_ratio(1, 20) { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
    }
}
