//! Erasing a member: nothing of the person stays.

use tripline::ChangeKind;
use tripline::engine::{NewSubscription, OutcomeKind, Update};
use tripline::subscription::Selector;

use super::support::*;

#[test]
fn an_erased_member_has_no_document_and_nobody_is_told() {
    let workshop = Workshop::new();
    let everyone = workshop.subscribe(Selector::All);
    workshop.apply(member(125, [at("Acme", "Engineer")]));

    assert!(workshop.engine.erase(member_id(125)).unwrap());

    assert_eq!(workshop.stored(125), None);
    assert!(workshop.events(&everyone).is_empty());
    assert!(!workshop.engine.erase(member_id(125)).unwrap());
    assert!(!workshop.engine.erase(member_id(126)).unwrap());
}

#[test]
fn events_about_an_erased_member_stay_without_what_they_said_of_the_person() {
    let workshop = Workshop::new();
    let everyone = workshop.subscribe(Selector::All);
    for id in [125, 126] {
        workshop.apply(member(id, [at("Acme", "Engineer")]));
        workshop.apply(member(id, [formerly_at("Acme", "Engineer")]));
    }
    let before = workshop.events(&everyone);

    workshop.engine.erase(member_id(125)).unwrap();

    let after = workshop.events(&everyone);
    assert_eq!(after[0].event_id, before[0].event_id);
    assert_eq!(after[0].changes.len(), 1);
    assert_eq!(after[0].changes[0].kind, ChangeKind::Closed);
    assert_eq!((&after[0].changes[0].before, &after[0].changes[0].after), (&None, &None));
    assert_eq!(after[1], before[1]);
}

#[test]
fn a_member_that_returns_is_new() {
    let workshop = Workshop::new();
    let curious = NewSubscription { notify_first_seen: true, ..wish(Selector::All) };
    let curious = workshop.engine.subscribe(curious).unwrap();
    workshop.apply(member(125, [at("Acme", "Engineer")]));
    workshop.engine.erase(member_id(125)).unwrap();
    let workshop = workshop.reopened();

    let outcome = workshop.apply(member(125, [at("Globex", "Engineer")]));

    assert_eq!(outcome.kind, OutcomeKind::New);
    let events = workshop.events(&curious);
    assert_eq!(events.len(), 2);
    assert_ne!(events[0].event_id, events[1].event_id, "an id never names two contents");
}

#[test]
fn a_late_update_under_a_lower_version_does_not_bring_an_erased_member_back() {
    let workshop = Workshop::new();
    let versioned = |version| Update { version: Some(version), ..update(member(125, [])) };
    workshop.engine.apply(versioned(7)).unwrap();
    workshop.engine.erase(member_id(125)).unwrap();

    assert_eq!(workshop.engine.apply(versioned(6)).unwrap().kind, OutcomeKind::Stale);
    assert_eq!(workshop.stored(125), None);
}

#[test]
fn the_baseline_behind_a_silent_document_is_erased_too() {
    let workshop = Workshop::new();
    workshop.apply(member(125, [at("Acme", "Engineer")]));
    workshop.apply(silent(125));
    workshop.engine.erase(member_id(125)).unwrap();
    workshop.apply(silent(125));

    assert_eq!(workshop.apply(member(125, [at("Globex", "Engineer")])).kind, OutcomeKind::Cosmetic);
}
