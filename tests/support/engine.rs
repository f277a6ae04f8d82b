//! An engine over a store in a folder of its own, and members that read like sentences.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tripline::engine::{Clock, Engine, EngineOptions, NewSubscription, Outcome, Rejection, Update};
use tripline::event::Event;
use tripline::subscription::{Selector, Subscription, Tenant};
use tripline::{Mapping, MemberId};

use crate::backend::{Opened, Place};

/// An engine, the place where it keeps everything, and its clock.
pub struct Workshop {
    pub engine: Arc<Engine>,
    pub clock: TestClock,
    // Before the place: the engine ends first.
    opened: Opened,
    place: Place,
}

/// A clock that stands until it is moved.
#[derive(Clone)]
pub struct TestClock(Arc<AtomicI64>);

impl TestClock {
    pub fn advance(&self, by: SignedDuration) {
        self.0.fetch_add(by.as_micros() as i64, Ordering::SeqCst);
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

impl Workshop {
    pub fn new() -> Self {
        Workshop::with(|_| {})
    }

    /// An engine with options other than the defaults.
    pub fn with(adjust: impl FnOnce(&mut EngineOptions)) -> Self {
        let clock = TestClock(Arc::new(AtomicI64::new(1_700_000_000_000_000)));
        Workshop::open(Place::new(), clock, adjust)
    }

    fn open(place: Place, clock: TestClock, adjust: impl FnOnce(&mut EngineOptions)) -> Self {
        let mut options = options(place.folder(), &clock);
        adjust(&mut options);
        let opened = place.open(options, &mapping_json()).unwrap();
        Workshop { engine: Arc::clone(opened.engine()), clock, opened, place }
    }

    /// What this workshop's engine was opened with, less any adjustment.
    pub fn options(&self) -> EngineOptions {
        options(self.place.folder(), &self.clock)
    }

    /// Closes the engine and opens it again.
    pub fn reopened(self) -> Self {
        let Workshop { engine, clock, opened, place } = self;
        drop((engine, opened));
        Workshop::open(place, clock, |_| {})
    }

    /// Closes the engine; what it kept stays until what is returned is dropped.
    pub fn closed(self) -> Place {
        self.place
    }

    /// Applies a document that must be accepted.
    pub fn apply(&self, document: Value) -> Outcome {
        self.engine.apply(update(document)).unwrap()
    }

    /// Applies a document that must be refused.
    pub fn refusal(&self, update: Update) -> Rejection {
        self.engine.apply_batch(vec![update]).unwrap().remove(0).unwrap_err()
    }

    /// A subscription of the tenant "sales".
    pub fn subscribe(&self, selector: Selector) -> Subscription {
        self.engine.subscribe(wish(selector)).unwrap()
    }

    /// All events of a subscription.
    pub fn events(&self, subscription: &Subscription) -> Vec<Event> {
        self.engine.events(&subscription.tenant, &subscription.id, None, 1_000).unwrap()
    }

    /// A member's document as it is stored.
    pub fn stored(&self, id: u64) -> Option<String> {
        let document = self.engine.document(member_id(id)).unwrap();
        document.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
    }
}

fn options(folder: &Path, clock: &TestClock) -> EngineOptions {
    let clock = clock.clone();
    EngineOptions { clock: Clock::new(move || clock.now()), ..EngineOptions::new(folder, mapping()) }
}

/// The fields that these tests' documents have.
pub fn mapping() -> Mapping {
    Mapping::from_json(&mapping_json()).unwrap()
}

/// [`mapping`] as it is given to Elasticsearch.
pub fn mapping_json() -> Value {
    json!({"properties": {
        "id": {"type": "long"},
        "headline": {"type": "text"},
        "location": {"type": "keyword"},
        "connections": {"type": "integer"},
        "last_updated": {"type": "date"},
        "experience": {"type": "nested", "properties": {
            "company_name": {"type": "text"},
            "title": {"type": "text"}
        }}
    }})
}

pub fn sales() -> Tenant {
    Tenant::from("sales")
}

/// A subscription of the tenant "sales", with all defaults.
pub fn wish(selector: Selector) -> NewSubscription {
    NewSubscription::new(sales(), "https://example.com/hook".parse().unwrap(), selector)
}

/// A query for members with a position at this company.
pub fn works_at(company: &str) -> Selector {
    Selector::EsDsl(json!({"nested": {"path": "experience", "query": {"match": {"experience.company_name": company}}}}))
}

pub fn member_id(id: u64) -> MemberId {
    MemberId::try_from(id).unwrap()
}

/// A member's document with these positions.
pub fn member<const N: usize>(id: u64, positions: [Value; N]) -> Value {
    json!({"id": id, "experience": positions.as_slice()})
}

/// A member's document that says nothing of positions.
pub fn silent(id: u64) -> Value {
    json!({"id": id, "headline": "Engineer"})
}

/// An open position.
pub fn at(company: &str, title: &str) -> Value {
    json!({"company_name": company, "title": title, "date_from": "2020-01", "date_to": null})
}

/// The same position, ended.
pub fn formerly_at(company: &str, title: &str) -> Value {
    json!({"company_name": company, "title": title, "date_from": "2020-01", "date_to": "2024-01"})
}

/// A document with one more field, or another value of one.
pub fn having(mut document: Value, field: &str, value: impl Into<Value>) -> Value {
    document[field] = value.into();
    document
}

/// An update as the document says it.
pub fn update(document: Value) -> Update {
    Update::of_document(document.to_string())
}
