//! What a detailed delivery says of the positions that a query found.

use serde_json::{Value, json};
use tripline::engine::{NewSubscription, Update};
use tripline::subscription::{Format, Selector};

use crate::receiver::{Answer, Receiver};
use crate::world::{World, fast, tenant};

fn engineer(company: u64) -> Value {
    json!({"company_id": company, "title": "Engineer", "date_from": "2020-01", "date_to": null})
}

fn nurse(company: u64) -> Value {
    json!({"company_id": company, "title": "Nurse", "date_from": "2020-01", "date_to": null})
}

fn apply(world: &World, positions: &[Value]) {
    let document = json!({"id": 7, "experience": positions});
    world.engine().apply(Update::of_document(document.to_string())).unwrap();
}

#[tokio::test]
async fn a_detailed_delivery_names_the_positions_and_keeps_its_bytes_over_retries_and_restarts() {
    let receiver = Receiver::answering(|count, _| Answer::Status(if count < 2 { 500 } else { 204 })).await;
    let mut world = World::start(fast());
    let query = json!({"nested": {"path": "experience", "query": {"match": {"experience.title": "engineer"}}}});
    let new = NewSubscription::new(tenant(), receiver.url.clone(), Selector::EsDsl(query));
    world.engine().subscribe(NewSubscription { format: Format::Detailed, ..new.clone() }).unwrap();
    apply(&world, &[nurse(1)]);
    apply(&world, &[nurse(1), engineer(2)]);

    let first = receiver.next().await;
    let entry = &first.entries()[0];
    assert_eq!(entry["status"], "started_matching_query");
    assert_eq!(entry["matched_positions"], json!([{"place": 1, "position": engineer(2)}]));
    assert_eq!(entry["matched_positions"][0]["position"], entry["changes"][0]["after"]);

    // The member changes, and the process starts anew, before the receiver takes the delivery.
    apply(&world, &[engineer(3), nurse(1)]);
    world.restart().await;
    loop {
        let delivery = receiver.next().await;
        if delivery.webhook_id() != first.webhook_id() {
            let entry = &delivery.entries()[0];
            assert_eq!(entry["matched_positions"], json!([{"place": 0, "position": engineer(3)}]));
            break;
        }
        assert_eq!(delivery.body, first.body);
    }
}

#[tokio::test]
async fn compact_deliveries_stay_as_they_are() {
    let receiver = Receiver::start().await;
    let world = World::start(fast());
    let query = json!({"nested": {"path": "experience", "query": {"match": {"experience.title": "engineer"}}}});
    let new = NewSubscription::new(tenant(), receiver.url.clone(), Selector::EsDsl(query));
    world.engine().subscribe(new).unwrap();
    apply(&world, &[engineer(1)]);
    apply(&world, &[engineer(2)]);
    assert_eq!(receiver.next().await.body, r#"[{"member_id":7,"status":"changed"}]"#);
}
