//! Batches: one after the other, in one commit.

use tripline::engine::{OutcomeKind, Update};
use tripline::subscription::Selector;

use super::support::*;

#[test]
fn later_updates_of_a_batch_see_earlier_ones() {
    let workshop = Workshop::new();
    let everyone = workshop.subscribe(Selector::All);
    let documents = [
        member(125, [at("Acme", "Engineer")]),
        member(125, [at("Acme", "Engineer")]),
        silent(125),
        having(silent(125), "connections", 1),
        member(125, [at("Acme", "Engineer"), at("Globex", "Engineer")]),
        silent(125),
        member(125, [at("Acme", "Engineer"), at("Globex", "Engineer")]),
        member(125, [formerly_at("Acme", "Engineer"), at("Globex", "Engineer")]),
    ];

    let outcomes = workshop.engine.apply_batch(documents.map(update).into()).unwrap();

    let kinds: Vec<_> = outcomes.into_iter().map(|outcome| outcome.unwrap().kind).collect();
    use OutcomeKind::*;
    assert_eq!(kinds, [New, Unchanged, Cosmetic, Cosmetic, Changed, Cosmetic, Cosmetic, Changed]);
    assert_eq!(workshop.events(&everyone).len(), 2);
}

#[test]
fn a_batch_ends_as_its_updates_one_by_one_would() {
    let documents = || {
        [
            member(1, [at("Acme", "Engineer")]),
            member(2, [at("Acme", "Engineer")]),
            silent(1),
            member(2, [at("Globex", "CTO")]),
            silent(2),
            member(1, [formerly_at("Acme", "Engineer"), at("Initech", "CEO")]),
            silent(1),
        ]
    };
    let (one_by_one, at_once) = (Workshop::new(), Workshop::new());
    let expected = documents().map(|document| one_by_one.apply(document));

    let outcomes = at_once.engine.apply_batch(documents().map(update).into()).unwrap();

    assert_eq!(outcomes.into_iter().map(Result::unwrap).collect::<Vec<_>>(), expected);
    for id in [1, 2] {
        assert_eq!(at_once.stored(id), one_by_one.stored(id));
        let later = member(id, [at("Hooli", "Engineer")]);
        assert_eq!(at_once.apply(later.clone()), one_by_one.apply(later));
    }
}

#[test]
fn a_bad_update_is_rejected_alone() {
    let workshop = Workshop::new();
    let batch = vec![update(member(1, [])), Update::of_document("{"), update(member(2, []))];

    let outcomes = workshop.engine.apply_batch(batch).unwrap();

    assert_eq!(outcomes.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    assert!(workshop.stored(1).is_some() && workshop.stored(2).is_some());
}

#[test]
fn updates_of_one_member_from_many_threads_are_never_interleaved() {
    let workshop = Workshop::new();
    let everyone = workshop.subscribe(Selector::All);
    workshop.apply(member(125, []));

    std::thread::scope(|scope| {
        for worker in 0..4 {
            let workshop = &workshop;
            scope.spawn(move || {
                for round in 0..5 {
                    workshop.apply(member(125, [at(&format!("Company {worker} {round}"), "Engineer")]));
                }
            });
        }
    });

    // Each update left the one before it, whichever that was: twenty changes, twenty events.
    let mut sequences: Vec<_> = workshop.events(&everyone).iter().map(|event| event.sequence.0).collect();
    assert!(sequences.is_sorted());
    sequences.dedup();
    assert_eq!(sequences.len(), 20);
}
