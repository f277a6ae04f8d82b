//! Updates that are refused, and leave nothing behind.

use serde_json::json;
use tripline::MemberId;
use tripline::engine::Update;

use super::support::*;

#[track_caller]
fn assert_refused(document: impl Into<bytes::Bytes>, reason: &str) {
    let workshop = Workshop::new();
    let rejection = workshop.refusal(Update::new(member_id(125), document));
    assert_eq!(rejection.to_string(), reason);
    assert_eq!(workshop.stored(125), None);
}

#[test]
fn what_is_no_json_is_refused_with_the_place() {
    assert_refused("{\"id\": 125,}", "trailing comma at line 1 column 12");
    assert_refused("{\"id\": 125, \"id\": 125}", "duplicate key \"id\" at line 1 column 16");
}

#[test]
fn what_is_no_object_is_refused() {
    assert_refused("[125]", "a member's document must be a JSON object, not a list");
    assert_refused("null", "a member's document must be a JSON object, not null");
}

#[test]
fn a_document_without_its_id_is_refused() {
    assert_refused(
        "{\"headline\": \"CEO\"}",
        "the document has no \"id\"; a whole number from 0 to 9223372036854775807 is expected",
    );
}

#[test]
fn ids_that_are_no_member_id_are_refused() {
    for id in ["-1", "1.5", "9223372036854775808", "\"125\"", "null", "1e30", "[125]"] {
        let workshop = Workshop::new();
        let rejection = workshop.refusal(Update::of_document(format!("{{\"id\": {id}}}")));
        assert!(rejection.to_string().starts_with("the document's \"id\" is "), "{id}: {rejection}");
    }
    let workshop = Workshop::new();
    workshop.apply(json!({"id": MemberId::MAX.get()}));
}

#[test]
fn a_document_of_another_member_is_refused() {
    assert_refused("{\"id\": 126}", "the document's \"id\" is 126, but the update is for member 125");
}

#[test]
fn a_document_that_the_mapping_refuses_is_refused_and_the_old_one_stays() {
    let workshop = Workshop::new();
    let unfit = having(member(125, []), "connections", "many");
    assert!(workshop.refusal(update(unfit.clone())).to_string().contains("\"connections\""));
    assert_eq!(workshop.stored(125), None);

    workshop.apply(member(125, []));
    workshop.refusal(update(unfit));
    assert_eq!(workshop.stored(125), Some(member(125, []).to_string()));
}

#[test]
fn a_rejection_names_the_member_as_far_as_that_can_be_seen() {
    let workshop = Workshop::new();
    let unfit = having(member(125, []), "connections", "many");
    assert_eq!(workshop.refusal(update(unfit)).id, Some(member_id(125)));
    assert_eq!(workshop.refusal(Update::of_document("{")).id, None);
}
