//! Collecting a member.

use tripline::engine::Update;

use super::support::*;

#[test]
fn collect_gives_exactly_the_bytes_that_were_accepted_last() {
    let workshop = Workshop::new();
    let bytes = "{ \"id\":125,\n\t\"headline\": \"caf\\u00e9 \u{1F600}\", \"experience\": [ ] }";
    workshop.engine.apply(Update::new(member_id(125), bytes)).unwrap();

    assert_eq!(workshop.stored(125).as_deref(), Some(bytes));
    assert_eq!(workshop.reopened().stored(125).as_deref(), Some(bytes));
}

#[test]
fn collect_gives_the_document_of_a_cosmetic_update_too() {
    let workshop = Workshop::new();
    workshop.apply(member(125, []));
    let cosmetic = having(member(125, []), "headline", "Engineer");
    workshop.apply(cosmetic.clone());

    assert_eq!(workshop.stored(125), Some(cosmetic.to_string()));
}

#[test]
fn a_member_that_was_never_seen_has_no_document() {
    assert_eq!(Workshop::new().stored(125), None);
}
