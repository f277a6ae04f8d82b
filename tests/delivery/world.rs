//! An engine with delivery over a throw-away store.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tripline::batch::Batch;
use tripline::delivery::{Delivery, DeliveryHandle, DeliveryOptions, Schedule, Timeouts};
use tripline::engine::{EngineOptions, NewSubscription, Update};
use tripline::subscription::{Format, Selector, Subscription, Tenant};
use tripline::{Engine, Mapping, MemberId};
use url::Url;

use crate::backend::{Opened, Place};
use crate::receiver::PATIENCE;

pub struct World {
    running: Option<(Opened, Delivery)>,
    options: DeliveryOptions,
    jobs: u64,
    place: Place,
}

/// The real thing, only faster: retries after 20 ms, a linger of 20 ms, webhooks on loopback.
pub fn fast() -> DeliveryOptions {
    DeliveryOptions {
        schedule: Schedule { waits: waits(&[0, 20, 20, 20, 20]), jitter: 0.0, refused_tries: 3 },
        timeouts: Timeouts { connect: Duration::from_secs(5), answer: Duration::from_secs(10) },
        linger: Duration::from_millis(20),
        allow_private_webhooks: true,
        ..DeliveryOptions::default()
    }
}

pub fn waits(milliseconds: &[u64]) -> Vec<Duration> {
    milliseconds.iter().copied().map(Duration::from_millis).collect()
}

pub fn tenant() -> Tenant {
    Tenant::from("acme")
}

fn member(id: u64) -> MemberId {
    MemberId::try_from(id).unwrap()
}

impl World {
    pub fn start(options: DeliveryOptions) -> World {
        let mut world = World { running: None, options, jobs: 0, place: Place::new() };
        world.open();
        world
    }

    fn open(&mut self) {
        let json = json!({"properties": {
            "id": {"type": "long"},
            "experience": {"type": "nested", "properties": {
                "company_id": {"type": "long"},
                "title": {"type": "text"},
                "date_from": {"type": "keyword"},
                "date_to": {"type": "keyword"},
            }},
        }});
        let mapping = Mapping::from_json(&json).unwrap();
        let opened = self.place.open(EngineOptions::new(self.place.folder(), mapping), &json).unwrap();
        let delivery = Delivery::start(Arc::clone(opened.engine()), self.options.clone()).unwrap();
        self.running = Some((opened, delivery));
    }

    /// Ends delivery and engine, as a stop of the process does, and starts both again over the same store.
    pub async fn restart(&mut self) {
        let (opened, delivery) = self.running.take().unwrap();
        delivery.shutdown().await;
        drop(opened);
        self.open();
    }

    pub fn engine(&self) -> &Engine {
        self.running.as_ref().unwrap().0.engine()
    }

    pub fn handle(&self) -> DeliveryHandle {
        self.running.as_ref().unwrap().1.handle()
    }

    /// Subscribes a webhook to the changes of some members.
    pub fn subscribe(&self, url: &Url, members: impl IntoIterator<Item = u64>) -> Subscription {
        self.subscribe_with(url, members, Format::Compact)
    }

    pub fn subscribe_with(&self, url: &Url, members: impl IntoIterator<Item = u64>, format: Format) -> Subscription {
        let selector = Selector::Ids(members.into_iter().map(member).collect());
        let new = NewSubscription { format, ..NewSubscription::new(tenant(), url.clone(), selector) };
        self.engine().subscribe(new).unwrap()
    }

    /// The member is seen for the first time (nobody is told), or takes a new job (all who want to know are).
    pub fn update(&mut self, id: u64) {
        self.update_all([id]);
    }

    pub fn update_all(&mut self, ids: impl IntoIterator<Item = u64>) {
        self.jobs += 1;
        let updates = ids
            .into_iter()
            .map(|id| {
                let document = json!({"id": id, "experience": [
                    {"company_id": self.jobs, "title": "Engineer", "date_from": "2020-01", "date_to": null},
                ]});
                Update::new(member(id), document.to_string())
            })
            .collect();
        for outcome in self.engine().apply_batch(updates).unwrap() {
            outcome.unwrap();
        }
    }

    /// The newest batch of a subscription, once it is as the test waits for.
    pub async fn batch_when(&self, subscription: &Subscription, ready: impl Fn(&Batch) -> bool) -> Batch {
        let newest = || self.engine().store().batches(&subscription.id, None, 1).unwrap().pop();
        let waiting = async {
            loop {
                match newest() {
                    Some(batch) if ready(&batch) => return batch,
                    _ => tokio::time::sleep(Duration::from_millis(5)).await,
                }
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("no such batch: {:?}", newest()))
    }

    /// The subscription, once it is as the test waits for.
    pub async fn subscription_when(
        &self,
        subscription: &Subscription,
        ready: impl Fn(&Subscription) -> bool,
    ) -> Subscription {
        let mut changes = self.engine().subscriptions_changed();
        let waiting = async {
            loop {
                let now = self.engine().subscription(&tenant(), &subscription.id).unwrap();
                if ready(&now) {
                    return now;
                }
                changes.changed().await.unwrap();
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("the subscription did not get there in time")
    }
}
