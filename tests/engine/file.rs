//! What only a store of its own promises.

use tripline::event::Sequence;
use tripline::subscription::Selector;

use crate::support::*;

#[test]
fn whoever_waits_for_events_is_woken_by_a_commit_that_made_some() {
    let workshop = Workshop::new();
    workshop.subscribe(Selector::All);
    let mut committed = workshop.engine.committed();

    workshop.apply(member(125, [at("Acme", "Engineer")]));
    assert!(!committed.has_changed().unwrap());

    workshop.apply(member(125, [at("Globex", "Engineer")]));
    assert!(committed.has_changed().unwrap());
    assert_eq!(*committed.borrow_and_update(), Sequence(1));
    assert_eq!(*workshop.reopened().engine.committed().borrow(), Sequence(1));
}

#[test]
fn three_hundred_thousand_ids_are_stored_in_few_bytes_each() {
    let workshop = Workshop::new();
    let ids: Vec<_> = (0..300_000).map(|place| member_id(1_000_000_000 + place * 250)).collect();
    let subscription = workshop.subscribe(Selector::Ids(ids));
    let workshop = workshop.reopened();

    assert_eq!(workshop.engine.subscription(&sales(), &subscription.id).unwrap(), subscription);
    workshop.apply(member(1_000_000_250, [at("Acme", "Engineer")]));
    assert_eq!(workshop.apply(member(1_000_000_250, [at("Globex", "Engineer")])).notified, [subscription.id]);
    let file = std::fs::metadata(workshop.engine.data_dir().join("tripline.redb")).unwrap();
    assert!(file.len() < 8 << 20, "the store has {} bytes", file.len());
}
