//! What an update is: new, unchanged, cosmetic, changed or stale.

use tripline::ChangeKind;
use tripline::engine::{OutcomeKind, Update};

use super::support::*;
use tripline::subscription::Selector;

#[test]
fn a_member_seen_for_the_first_time_notifies_nobody() {
    let workshop = Workshop::new();
    let everyone = workshop.subscribe(Selector::All);

    let outcome = workshop.apply(member(125, [at("Acme", "Engineer")]));

    assert_eq!(outcome.kind, OutcomeKind::New);
    assert!(outcome.changes.is_empty() && outcome.notified.is_empty());
    assert!(workshop.events(&everyone).is_empty());
}

#[test]
fn a_new_position_is_a_change() {
    let workshop = Workshop::new();
    let everyone = workshop.subscribe(Selector::All);
    workshop.apply(member(125, [at("Acme", "Engineer")]));

    let outcome = workshop.apply(member(125, [at("Acme", "Engineer"), at("Globex", "Head of Engineering")]));

    assert_eq!(outcome.kind, OutcomeKind::Changed);
    assert_eq!(outcome.changes.iter().map(|change| change.kind).collect::<Vec<_>>(), [ChangeKind::Started]);
    assert_eq!(outcome.notified, std::slice::from_ref(&everyone.id));
    let events = workshop.events(&everyone);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].changes, outcome.changes);
    assert_eq!(events[0].occurred_at, workshop.clock.now());
}

#[test]
fn the_same_update_twice_is_one_change() {
    let workshop = Workshop::new();
    let everyone = workshop.subscribe(Selector::All);
    workshop.apply(member(125, [at("Acme", "Engineer")]));

    let changed = member(125, [at("Globex", "Engineer")]);
    assert_eq!(workshop.apply(changed.clone()).kind, OutcomeKind::Changed);
    assert_eq!(workshop.apply(changed).kind, OutcomeKind::Unchanged);

    assert_eq!(workshop.events(&everyone).len(), 1);
}

#[test]
fn the_very_same_json_value_is_unchanged_however_it_is_written() {
    let workshop = Workshop::new();
    let written = r#"{"id": 125, "headline": "Engineer", "experience": []}"#;
    workshop.engine.apply(Update::of_document(written)).unwrap();

    let rewritten = "{\n  \"experience\": [],\n  \"headline\": \"Engin\\u0065er\", \"id\": 125}";
    let outcome = workshop.engine.apply(Update::of_document(rewritten)).unwrap();

    assert_eq!(outcome.kind, OutcomeKind::Unchanged);
    assert_eq!(workshop.stored(125).as_deref(), Some(written));
}

#[test]
fn another_document_with_the_same_positions_is_cosmetic() {
    let workshop = Workshop::new();
    let everyone = workshop.subscribe(Selector::All);
    let document = member(125, [at("Acme", "Engineer")]);
    workshop.apply(document.clone());

    let outcome = workshop.apply(having(document, "connections", 501));

    assert_eq!(outcome.kind, OutcomeKind::Cosmetic);
    assert!(outcome.notified.is_empty());
    assert!(workshop.events(&everyone).is_empty());
}

#[test]
fn there_and_back_and_there_again_are_three_changes_and_three_events() {
    let workshop = Workshop::new();
    let everyone = workshop.subscribe(Selector::All);
    let (open, ended) = (member(1, [at("Acme", "Engineer")]), member(1, [formerly_at("Acme", "Engineer")]));
    workshop.apply(open.clone());

    for document in [ended.clone(), open, ended] {
        workshop.apply(document);
    }

    // `reopened` is told to nobody by default, so two of the three are told.
    let events = workshop.events(&everyone);
    assert_eq!(events.len(), 2);
    assert_ne!(events[0].event_id, events[1].event_id);
}

#[test]
fn a_document_that_is_older_by_last_updated_is_stale() {
    let workshop = Workshop::new();
    let now = having(member(125, [at("Acme", "Engineer")]), "last_updated", "2024-06-02T00:00:00Z");
    let earlier = having(member(125, [at("Globex", "Engineer")]), "last_updated", "2024-06-01T00:00:00Z");
    workshop.apply(now.clone());

    assert_eq!(workshop.apply(earlier).kind, OutcomeKind::Stale);
    assert_eq!(workshop.stored(125), Some(now.to_string()));
}

#[test]
fn an_equal_or_missing_last_updated_is_applied_in_order_of_arrival() {
    let workshop = Workshop::new();
    let dated = |company| having(member(125, [at(company, "Engineer")]), "last_updated", "2024-06-02T00:00:00Z");
    workshop.apply(dated("Acme"));

    assert_eq!(workshop.apply(dated("Globex")).kind, OutcomeKind::Changed);
    assert_eq!(workshop.apply(member(125, [at("Initech", "Engineer")])).kind, OutcomeKind::Changed);
}

#[test]
fn a_lower_explicit_version_is_stale() {
    let workshop = Workshop::new();
    let versioned =
        |version, company| Update { version: Some(version), ..update(member(125, [at(company, "Engineer")])) };
    workshop.engine.apply(versioned(7, "Acme")).unwrap();

    let lower = workshop.engine.apply(versioned(6, "Globex")).unwrap();
    let equal = workshop.engine.apply(versioned(7, "Initech")).unwrap();

    assert_eq!(lower.kind, OutcomeKind::Stale);
    assert_eq!(equal.kind, OutcomeKind::Changed);
}

#[test]
fn the_same_document_under_a_higher_version_makes_the_versions_between_stale() {
    let workshop = Workshop::new();
    let versioned =
        |version, company| Update { version: Some(version), ..update(member(125, [at(company, "Engineer")])) };
    workshop.engine.apply(versioned(1, "Acme")).unwrap();
    assert_eq!(workshop.engine.apply(versioned(10, "Acme")).unwrap().kind, OutcomeKind::Unchanged);

    let workshop = workshop.reopened();

    assert_eq!(workshop.engine.apply(versioned(5, "Globex")).unwrap().kind, OutcomeKind::Stale);
}

#[test]
fn stale_is_tested_before_anything_else() {
    let workshop = Workshop::new();
    workshop.engine.apply(Update { version: Some(7), ..update(member(125, [])) }).unwrap();

    let unfit = having(member(125, []), "connections", "many");
    let outcome = workshop.engine.apply(Update { version: Some(6), ..update(unfit) }).unwrap();

    assert_eq!(outcome.kind, OutcomeKind::Stale);
}

#[test]
fn a_document_that_says_nothing_of_positions_keeps_the_old_baseline() {
    let workshop = Workshop::new();
    let everyone = workshop.subscribe(Selector::All);
    workshop.apply(member(125, [at("Acme", "Engineer")]));

    assert_eq!(workshop.apply(silent(125)).kind, OutcomeKind::Cosmetic);
    assert_eq!(workshop.stored(125), Some(silent(125).to_string()));
    assert_eq!(workshop.apply(having(silent(125), "connections", 3)).kind, OutcomeKind::Cosmetic);
    let workshop = workshop.reopened();

    assert_eq!(workshop.apply(member(125, [at("Acme", "Engineer")])).kind, OutcomeKind::Cosmetic);
    assert!(workshop.events(&everyone).is_empty());
}

#[test]
fn a_change_behind_a_silent_document_is_told_from_the_old_baseline() {
    let workshop = Workshop::new();
    let acme = workshop.subscribe(works_at("Acme"));
    workshop.apply(member(125, [at("Acme", "Engineer")]));
    workshop.apply(silent(125));

    let outcome = workshop.apply(member(125, [formerly_at("Acme", "Engineer")]));

    assert_eq!(outcome.kind, OutcomeKind::Changed);
    assert_eq!(outcome.changes[0].kind, ChangeKind::Closed);
    assert_eq!(workshop.events(&acme)[0].status, tripline::event::EventStatus::Changed);
}

#[test]
fn the_first_positions_of_a_member_without_any_are_its_baseline() {
    let workshop = Workshop::new();
    let everyone = workshop.subscribe(Selector::All);
    assert_eq!(workshop.apply(silent(125)).kind, OutcomeKind::New);

    assert_eq!(workshop.apply(member(125, [at("Acme", "Engineer")])).kind, OutcomeKind::Cosmetic);
    assert_eq!(workshop.apply(member(125, [at("Globex", "Engineer")])).kind, OutcomeKind::Changed);

    assert_eq!(workshop.events(&everyone).len(), 1);
}

#[test]
fn positions_that_vanished_and_come_back_are_not_started_again() {
    let workshop = Workshop::new();
    workshop.apply(member(125, [at("Acme", "Engineer")]));
    workshop.apply(member(125, []));
    let workshop = workshop.reopened();

    let outcome = workshop.apply(member(125, [at("Acme", "Engineer")]));

    assert!(outcome.changes.iter().all(|change| change.kind != ChangeKind::Started));
}

#[test]
fn a_profile_marked_deleted_is_removed_once() {
    let workshop = Workshop::new();
    let document = member(125, [at("Acme", "Engineer")]);
    workshop.apply(document.clone());

    let deleted = having(document, "is_deleted", 1);
    let outcome = workshop.apply(deleted.clone());
    assert_eq!(outcome.changes.iter().map(|change| change.kind).collect::<Vec<_>>(), [ChangeKind::Removed]);

    assert_eq!(workshop.apply(having(deleted, "connections", 3)).kind, OutcomeKind::Cosmetic);
}

#[test]
fn outcomes_are_the_same_with_and_without_the_cache() {
    let small = Workshop::with(|options| options.member_cache_bytes = 0);
    let large = Workshop::new();
    for workshop in [small, large] {
        let changed = member(125, [at("Globex", "Engineer")]);
        assert_eq!(workshop.apply(member(125, [at("Acme", "Engineer")])).kind, OutcomeKind::New);
        assert_eq!(workshop.apply(changed.clone()).kind, OutcomeKind::Changed);
        assert_eq!(workshop.apply(changed).kind, OutcomeKind::Unchanged);
    }
}
