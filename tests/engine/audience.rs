//! Who is told, and what.

use jiff::SignedDuration;
use tripline::ChangeKind;
use tripline::engine::NewSubscription;
use tripline::event::EventStatus;
use tripline::subscription::Selector;

use super::support::*;

#[test]
fn a_member_who_leaves_is_told_to_those_whose_query_it_matched_before() {
    let workshop = Workshop::new();
    let acme = workshop.subscribe(works_at("Acme"));
    workshop.apply(member(125, [at("Acme", "Engineer")]));

    workshop.apply(member(125, [at("Globex", "Engineer")]));

    assert_eq!(workshop.events(&acme)[0].status, EventStatus::StoppedMatchingQuery);
}

#[test]
fn a_member_who_arrives_is_told_to_those_whose_query_it_matches_now() {
    let workshop = Workshop::new();
    let globex = workshop.subscribe(works_at("Globex"));
    let initech = workshop.subscribe(works_at("Initech"));
    workshop.apply(member(125, [at("Acme", "Engineer")]));

    let outcome = workshop.apply(member(125, [at("Globex", "Engineer")]));

    assert_eq!(outcome.notified, std::slice::from_ref(&globex.id));
    assert_eq!(workshop.events(&globex)[0].status, EventStatus::StartedMatchingQuery);
    assert!(workshop.events(&initech).is_empty());
}

#[test]
fn a_crawl_that_lost_all_positions_and_its_repair_are_told_to_nobody() {
    let workshop = Workshop::new();
    let acme = workshop.subscribe(works_at("Acme"));
    let document = member(125, [at("Acme", "Engineer"), at("Globex", "Adviser")]);
    workshop.apply(document.clone());

    workshop.apply(member(125, []));
    workshop.apply(document);

    assert!(workshop.events(&acme).is_empty());
}

#[test]
fn a_position_that_is_gone_alone_is_told_to_those_whose_query_it_matched() {
    let workshop = Workshop::new();
    let acme = workshop.subscribe(works_at("Acme"));
    workshop.apply(member(125, [at("Acme", "Engineer"), at("Globex", "Adviser")]));

    workshop.apply(member(125, [at("Globex", "Adviser")]));

    assert_eq!(workshop.events(&acme)[0].status, EventStatus::StoppedMatchingQuery);
}

#[test]
fn a_query_that_matches_before_and_after_hears_changed() {
    let workshop = Workshop::new();
    let acme = workshop.subscribe(works_at("Acme"));
    workshop.apply(member(125, [at("Acme", "Engineer")]));

    workshop.apply(member(125, [formerly_at("Acme", "Engineer"), at("Globex", "Engineer")]));

    assert_eq!(workshop.events(&acme)[0].status, EventStatus::Changed);
}

#[test]
fn ids_and_all_select_before_and_after_alike() {
    let workshop = Workshop::new();
    let everyone = workshop.subscribe(Selector::All);
    let named = workshop.subscribe(Selector::Ids(vec![member_id(7), member_id(125)]));
    let others = workshop.subscribe(Selector::Ids(vec![member_id(126)]));
    workshop.apply(member(125, [at("Acme", "Engineer")]));

    let outcome = workshop.apply(member(125, [at("Globex", "Engineer")]));

    assert_eq!(outcome.notified, [everyone.id.clone(), named.id.clone()]);
    assert_eq!(workshop.events(&everyone)[0].status, EventStatus::Changed);
    assert_eq!(workshop.events(&named)[0].status, EventStatus::Changed);
    assert!(workshop.events(&others).is_empty());
}

#[test]
fn kinds_that_nobody_asked_for_are_not_told_while_the_query_keeps_matching() {
    let workshop = Workshop::new();
    let closings = NewSubscription { changes: Some([ChangeKind::Closed].into()), ..wish(Selector::All) };
    let closings = workshop.engine.subscribe(closings).unwrap();
    workshop.apply(member(125, [at("Acme", "Engineer")]));

    let started = workshop.apply(member(125, [at("Acme", "Engineer"), at("Globex", "Engineer")]));
    let both =
        workshop.apply(member(125, [formerly_at("Acme", "Engineer"), at("Globex", "Engineer"), at("Initech", "CEO")]));

    assert!(started.notified.is_empty());
    assert_eq!(both.changes.len(), 2);
    let events = workshop.events(&closings);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].changes.iter().map(|change| change.kind).collect::<Vec<_>>(), [ChangeKind::Closed]);
}

#[test]
fn a_flip_is_told_with_a_change_of_any_kind() {
    let workshop = Workshop::new();
    let starts = NewSubscription { changes: Some([ChangeKind::Started].into()), ..wish(works_at("Acme")) };
    let starts = workshop.engine.subscribe(starts).unwrap();
    workshop.apply(member(125, [at("Acme", "Engineer"), at("Globex", "Engineer")]));

    // Gone without an end: `removed`, which this subscription does not ask for.
    workshop.apply(member(125, [at("Globex", "Engineer")]));

    let events = workshop.events(&starts);
    assert_eq!(events[0].status, EventStatus::StoppedMatchingQuery);
    assert_eq!(events[0].changes[0].kind, ChangeKind::Removed);
}

#[test]
fn without_match_flips_the_kinds_decide_flips_too() {
    let workshop = Workshop::new();
    let only = |kind: ChangeKind| NewSubscription {
        changes: Some([kind].into()),
        match_flips: false,
        ..wish(works_at("Globex"))
    };
    let starts = workshop.engine.subscribe(only(ChangeKind::Started)).unwrap();
    let closings = workshop.engine.subscribe(only(ChangeKind::Closed)).unwrap();
    workshop.apply(member(125, [at("Acme", "Engineer")]));

    workshop.apply(member(125, [at("Acme", "Engineer"), at("Globex", "Engineer")]));

    assert_eq!(workshop.events(&starts)[0].status, EventStatus::StartedMatchingQuery);
    assert!(workshop.events(&closings).is_empty());
}

#[test]
fn a_flip_without_a_position_change_is_not_told() {
    let workshop = Workshop::new();
    let berlin = workshop.subscribe(Selector::EsDsl(serde_json::json!({"term": {"location": "Berlin"}})));
    let document = member(125, [at("Acme", "Engineer")]);
    workshop.apply(document.clone());

    workshop.apply(having(document, "location", "Berlin"));

    assert!(workshop.events(&berlin).is_empty());
}

#[test]
fn whoever_asks_for_it_hears_of_members_seen_for_the_first_time() {
    let workshop = Workshop::new();
    let curious = |selector| NewSubscription { notify_first_seen: true, ..wish(selector) };
    let acme = workshop.engine.subscribe(curious(works_at("Acme"))).unwrap();
    let globex = workshop.engine.subscribe(curious(works_at("Globex"))).unwrap();

    let outcome = workshop.apply(member(125, [at("Acme", "Engineer")]));

    assert_eq!(outcome.notified, std::slice::from_ref(&acme.id));
    let events = workshop.events(&acme);
    assert_eq!(events[0].status, EventStatus::StartedMatchingQuery);
    assert!(events[0].changes.is_empty());
    assert!(workshop.events(&globex).is_empty());
}

#[test]
fn events_for_a_paused_subscription_wait() {
    let workshop = Workshop::new();
    let everyone = workshop.subscribe(Selector::All);
    workshop.engine.pause(&sales(), &everyone.id, "holiday").unwrap();
    workshop.apply(member(125, [at("Acme", "Engineer")]));

    workshop.apply(member(125, [at("Globex", "Engineer")]));

    assert_eq!(workshop.events(&everyone).len(), 1);
}

#[test]
fn an_expired_subscription_selects_nobody_until_it_is_renewed() {
    let workshop = Workshop::with(|options| {
        options.subscription_lifetime = Some(std::time::Duration::from_secs(3600));
    });
    let everyone = workshop.subscribe(Selector::All);
    workshop.apply(member(125, [at("Acme", "Engineer")]));
    workshop.clock.advance(SignedDuration::from_hours(2));

    workshop.apply(member(125, [at("Globex", "Engineer")]));
    workshop.engine.renew(&sales(), &everyone.id).unwrap();
    workshop.apply(member(125, [at("Initech", "Engineer")]));

    let events = workshop.events(&everyone);
    assert_eq!(events.len(), 1);
    assert_eq!(
        events[0].changes.iter().filter_map(|change| change.after.clone()).collect::<Vec<_>>(),
        [at("Initech", "Engineer")]
    );
}

#[test]
fn an_ended_subscription_selects_nobody() {
    let workshop = Workshop::new();
    let everyone = workshop.subscribe(Selector::All);
    workshop.apply(member(125, [at("Acme", "Engineer")]));
    workshop.engine.end(&everyone.id, "410 Gone").unwrap();
    let workshop = workshop.reopened();

    let outcome = workshop.apply(member(125, [at("Globex", "Engineer")]));

    assert!(outcome.notified.is_empty());
}

#[test]
fn a_thousand_subscriptions_to_all_hear_of_one_change() {
    let workshop = Workshop::new();
    let everyone: Vec<_> = (0..1_000).map(|_| wish(Selector::All)).collect();
    let everyone = workshop.engine.subscribe_all(everyone).unwrap();
    workshop.apply(member(125, [at("Acme", "Engineer")]));

    let outcome = workshop.apply(member(125, [at("Globex", "Engineer")]));

    assert_eq!(outcome.notified.len(), 1_000);
    for subscription in everyone.iter().step_by(100) {
        assert_eq!(workshop.events(subscription).len(), 1);
    }
}

#[test]
fn an_event_has_the_same_id_whenever_it_is_read_and_sequences_rise() {
    let workshop = Workshop::new();
    let everyone = workshop.subscribe(Selector::All);
    for company in ["Acme", "Globex", "Initech"] {
        workshop.apply(member(125, [at(company, "Engineer")]));
    }

    let events = workshop.events(&everyone);
    let workshop = workshop.reopened();

    assert_eq!(workshop.events(&everyone), events);
    assert!(events[0].sequence < events[1].sequence);
    let behind = workshop.engine.events(&sales(), &everyone.id, Some(events[0].sequence), 10).unwrap();
    assert_eq!(behind, events[1..]);
}
