//! Detailed events of queries say which positions the query found.

use serde_json::{Value, json};
use tripline::engine::{NewSubscription, SubscriptionPatch};
use tripline::event::{EventStatus, MatchedPosition};
use tripline::subscription::{Format, Selector, Subscription};

use super::support::*;

fn subscribe(workshop: &Workshop, selector: Selector, format: Format) -> Subscription {
    workshop.engine.subscribe(NewSubscription { format, ..wish(selector) }).unwrap()
}

/// What the last event of a subscription says of positions.
fn told(workshop: &Workshop, subscription: &Subscription) -> (EventStatus, Option<Vec<MatchedPosition>>) {
    let event = workshop.events(subscription).pop().unwrap();
    (event.status, event.matched_positions)
}

fn position(place: u32, entry: Value) -> MatchedPosition {
    MatchedPosition { place, position: Some(entry) }
}

#[test]
fn positions_are_those_of_the_new_document_and_of_the_old_one_where_the_match_stopped() {
    let workshop = Workshop::new();
    let acme = subscribe(&workshop, works_at("Acme"), Format::Detailed);
    workshop.apply(member(125, [at("Globex", "Nurse")]));

    workshop.apply(member(125, [at("Globex", "Nurse"), at("Acme", "Engineer"), at("Acme", "Adviser")]));
    let both = vec![position(1, at("Acme", "Engineer")), position(2, at("Acme", "Adviser"))];
    assert_eq!(told(&workshop, &acme), (EventStatus::StartedMatchingQuery, Some(both)));

    workshop.apply(member(125, [formerly_at("Acme", "Engineer"), at("Globex", "Nurse")]));
    let one = vec![position(0, formerly_at("Acme", "Engineer"))];
    assert_eq!(told(&workshop, &acme), (EventStatus::Changed, Some(one.clone())));

    workshop.apply(member(125, [at("Globex", "Nurse"), at("Initech", "Nurse")]));
    assert_eq!(told(&workshop, &acme), (EventStatus::StoppedMatchingQuery, Some(one)));
}

#[test]
fn only_detailed_events_of_queries_say_positions() {
    let workshop = Workshop::new();
    let silent = [
        subscribe(&workshop, works_at("Acme"), Format::Compact),
        subscribe(&workshop, Selector::Ids(vec![member_id(125)]), Format::Detailed),
        subscribe(&workshop, Selector::All, Format::Detailed),
    ];
    let by_headline = Selector::EsDsl(json!({"match": {"headline": "engineer"}}));
    let without_nested = subscribe(&workshop, by_headline, Format::Detailed);
    for title in ["Engineer", "Manager"] {
        workshop.apply(having(member(125, [at("Acme", title)]), "headline", "Engineer"));
        workshop.apply(having(member(125, [formerly_at("Acme", title)]), "headline", "Engineer"));
    }
    for subscription in &silent {
        assert_eq!(told(&workshop, subscription).1, None);
    }
    assert_eq!(told(&workshop, &without_nested).1, Some(vec![]), "its query asks nothing of positions");
}

#[test]
fn a_member_seen_for_the_first_time_has_positions_too() {
    let workshop = Workshop::new();
    let new = NewSubscription { format: Format::Detailed, notify_first_seen: true, ..wish(works_at("Acme")) };
    let acme = workshop.engine.subscribe(new).unwrap();
    workshop.apply(member(125, [at("Acme", "Engineer")]));
    assert_eq!(told(&workshop, &acme).1, Some(vec![position(0, at("Acme", "Engineer"))]));
}

#[test]
fn a_changed_query_names_other_positions_from_then_on_and_old_events_stay() {
    let workshop = Workshop::new();
    let subscription = subscribe(&workshop, works_at("Acme"), Format::Detailed);
    workshop.apply(member(125, [at("Acme", "Engineer"), at("Globex", "Nurse")]));
    workshop.apply(member(125, [formerly_at("Acme", "Engineer"), at("Globex", "Nurse")]));
    let patch = SubscriptionPatch { selector: Some(works_at("Globex")), ..SubscriptionPatch::default() };
    workshop.engine.change(&sales(), &subscription.id, patch).unwrap();
    workshop.apply(member(125, [formerly_at("Acme", "Engineer"), formerly_at("Globex", "Nurse")]));

    let events = workshop.events(&subscription);
    let places: Vec<Vec<u32>> = events
        .iter()
        .map(|event| event.matched_positions.iter().flatten().map(|position| position.place).collect())
        .collect();
    assert_eq!(places, [[0], [1]]);
}

#[test]
fn places_are_those_of_the_document_with_its_nulls_and_inner_lists() {
    let workshop = Workshop::new();
    let acme = subscribe(&workshop, works_at("Acme"), Format::Detailed);
    workshop.apply(member(125, [at("Globex", "Nurse")]));
    let listed = json!([null, at("Globex", "Nurse"), [null, at("Acme", "Adviser")], at("Acme", "Engineer")]);
    workshop.apply(json!({"id": 125, "experience": listed}));
    let expected = vec![position(3, at("Acme", "Adviser")), position(4, at("Acme", "Engineer"))];
    assert_eq!(told(&workshop, &acme).1, Some(expected));
}

#[test]
fn events_survive_a_restart_and_lose_the_person_when_it_is_erased() {
    let workshop = Workshop::new();
    let acme = subscribe(&workshop, works_at("Acme"), Format::Detailed);
    workshop.apply(member(125, [at("Acme", "Engineer")]));
    workshop.apply(member(125, [formerly_at("Acme", "Engineer")]));
    let before = workshop.events(&acme);

    let workshop = workshop.reopened();
    assert_eq!(workshop.events(&acme), before);
    workshop.apply(member(125, [formerly_at("Acme", "Engineer"), at("Acme", "Adviser")]));
    assert_eq!(told(&workshop, &acme).1.unwrap().len(), 2, "its query is compiled again");

    workshop.engine.erase(member_id(125)).unwrap();
    for event in workshop.events(&acme) {
        assert!(event.matched_positions.unwrap().iter().all(|position| position.position.is_none()));
    }
}

#[test]
fn no_event_names_more_than_a_hundred_positions() {
    let workshop = Workshop::new();
    let acme = subscribe(&workshop, works_at("Acme"), Format::Detailed);
    let mut positions: Vec<Value> = (0..150).map(|number| at("Acme", &format!("Engineer {number}"))).collect();
    workshop.apply(json!({"id": 125, "experience": positions}));
    positions.push(at("Globex", "Nurse"));
    workshop.apply(json!({"id": 125, "experience": positions}));
    let named = told(&workshop, &acme).1.unwrap();
    assert_eq!((named.len(), named[99].place), (100, 99));
}
