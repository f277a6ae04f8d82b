//! What the percolator promises to those who use the library, asked over its public functions.

mod command_line;
mod explain;
mod positions;
mod reference;
mod refusals;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use tripline::percolator::{CompiledSelector, Percolator};
use tripline::query::QueryErrorKind;
use tripline::{Mapping, MemberId, SubscriptionId};

fn percolator() -> Percolator {
    let mapping = json!({"properties": {
        "title": {"type": "text", "fields": {"exact": {"type": "keyword"}}},
        "last_updated": {"type": "date"},
        "level": {"type": "integer"},
        "experience": {"type": "nested", "properties": {
            "company": {"type": "text"}, "open": {"type": "boolean"},
            "tasks": {"type": "nested", "properties": {"name": {"type": "keyword"}}}
        }}
    }});
    Percolator::new(Arc::new(Mapping::from_json(&mapping).unwrap()))
}

fn store(percolator: &Percolator, id: &str, query: Value) {
    let compiled = percolator.compile(&query).unwrap();
    percolator.insert(id.into(), CompiledSelector::Query(compiled));
}

fn member(id: u64) -> MemberId {
    MemberId::try_from(id).unwrap()
}

fn matches(percolator: &Percolator, id: u64, document: &Value) -> Vec<String> {
    let document = percolator.document(Some(member(id)), document).unwrap();
    percolator.matches(&document).iter().map(ToString::to_string).collect()
}

#[test]
fn a_selector_is_seen_by_the_next_document_until_it_is_removed() {
    let percolator = percolator();
    let document = json!({"title": "Data Engineer"});
    assert!(matches(&percolator, 1, &document).is_empty());
    store(&percolator, "engineers", json!({"match": {"title": "engineer"}}));
    assert_eq!(matches(&percolator, 1, &document), ["engineers"]);
    assert!(percolator.remove(&"engineers".into()));
    assert!(!percolator.remove(&"engineers".into()));
    assert!(matches(&percolator, 1, &document).is_empty());
    assert!(percolator.is_empty());
}

#[test]
fn a_selector_of_a_known_id_takes_the_place_of_the_old_one() {
    let percolator = percolator();
    store(&percolator, "mine", json!({"match": {"title": "engineer"}}));
    store(&percolator, "mine", json!({"match": {"title": "nurse"}}));
    assert!(matches(&percolator, 1, &json!({"title": "engineer"})).is_empty());
    assert_eq!(matches(&percolator, 1, &json!({"title": "nurse"})), ["mine"]);
    assert_eq!(percolator.len(), 1);
}

#[test]
fn all_three_kinds_of_selector_answer_together() {
    let percolator = percolator();
    store(&percolator, "query", json!({"term": {"title.exact": "CEO"}}));
    percolator.insert("list".into(), CompiledSelector::Ids(vec![member(7), member(9)]));
    percolator.insert("everybody".into(), CompiledSelector::All);
    assert_eq!(matches(&percolator, 7, &json!({"title": "CEO"})), ["everybody", "list", "query"]);
    assert_eq!(matches(&percolator, 8, &json!({"title": "CEO"})), ["everybody", "query"]);
    assert_eq!(matches(&percolator, 9, &json!({"title": "CTO"})), ["everybody", "list"]);
}

#[test]
fn a_long_list_of_ids_and_a_thousand_subscriptions_to_all_are_fine() {
    let percolator = percolator();
    percolator.insert("long".into(), CompiledSelector::Ids((0..300_000).map(|id| member(id * 3)).collect()));
    let everybody =
        (0..1_000).map(|number| (SubscriptionId::from(format!("all-{number}").as_str()), CompiledSelector::All));
    percolator.insert_all(everybody);
    assert_eq!(matches(&percolator, 299_999 * 3, &json!({})).len(), 1_001);
    assert_eq!(matches(&percolator, 299_999 * 3 + 1, &json!({})).len(), 1_000);
}

#[test]
fn selectors_survive_the_merging_of_segments_one_by_one() {
    let percolator = percolator();
    for level in 0..500 {
        store(&percolator, &format!("{level:03}"), json!({"range": {"level": {"gte": level}}}));
    }
    for level in (0..500).step_by(2) {
        assert!(percolator.remove(&format!("{level:03}").as_str().into()));
    }
    let expected: Vec<String> = (1..=250).step_by(2).map(|level| format!("{level:03}")).collect();
    assert_eq!(matches(&percolator, 1, &json!({"level": 250})), expected);
    assert_eq!(percolator.len(), 250);
}

#[test]
fn nested_objects_are_told_apart_however_many_there_are() {
    let percolator = percolator();
    let at = |company: &str| {
        json!({"nested": {"path": "experience", "query": {"bool": {
        "must": [{"match": {"experience.company": company}}, {"term": {"experience.open": true}}]}}}})
    };
    store(&percolator, "open at acme", at("acme"));
    store(&percolator, "open at initech", at("initech"));
    let mut positions: Vec<Value> = (0..200).map(|_| json!({"company": "acme", "open": false})).collect();
    positions.push(json!({"company": "initech", "open": true}));
    assert_eq!(matches(&percolator, 1, &json!({"experience": positions})), ["open at initech"]);
}

#[test]
fn a_nested_clause_reaches_two_levels_down_and_stays_within_its_object() {
    let percolator = percolator();
    let task = json!({"nested": {"path": "experience.tasks", "query": {"term": {"experience.tasks.name": "sales"}}}});
    store(&percolator, "anywhere", task.clone());
    store(
        &percolator,
        "at acme",
        json!({"nested": {"path": "experience", "query": {"bool": {
        "must": [{"match": {"experience.company": "acme"}}, task]}}}}),
    );
    let elsewhere = json!({"experience": [{"company": "acme"}, {"company": "initech", "tasks": [{"name": "sales"}]}]});
    assert_eq!(matches(&percolator, 1, &elsewhere), ["anywhere"]);
    let there = json!({"experience": {"company": "acme", "tasks": {"name": "sales"}}});
    assert_eq!(matches(&percolator, 1, &there), ["anywhere", "at acme"]);
}

#[test]
fn a_forbidden_field_is_found_wherever_it_hides_and_left_out_of_expansions() {
    let percolator = percolator();
    let forbidden = ["last_updated".to_owned()];
    let hiding = [
        json!({"range": {"last_updated": {"gte": "2024-01-01"}}}),
        json!({"exists": {"field": "last_updated"}}),
        json!({"exists": {"field": "last_*"}}),
        json!({"query_string": {"query": "title:x OR last_updated:[2024 TO *]"}}),
        json!({"query_string": {"query": "_exists_:last_updated"}}),
        json!({"query_string": {"query": "2024", "fields": ["last*"]}}),
        json!({"multi_match": {"query": "2024", "fields": ["title", "last_updated"]}}),
        json!({"simple_query_string": {"query": "2024", "fields": ["last_updated"]}}),
        json!({"bool": {"must_not": {"bool": {"filter": {"term": {"last_updated": "2024-01-01"}}}}}}),
        json!({"distance_feature": {"field": "last_updated", "origin": "now", "pivot": "7d"}}),
        json!({"function_score": {"field_value_factor": {"field": "last_updated"}}}),
        json!({"function_score": {"random_score": {"seed": 1, "field": "last_updated"}}}),
        json!({"function_score": {"functions": [{"gauss": {"last_updated": {"origin": "now", "scale": "7d"}}}]}}),
        json!({"terms_set": {"last_updated": {"terms": [], "minimum_should_match": 1}}}),
    ];
    for query in hiding {
        let refused = percolator.compile_restricted(&query, &forbidden).unwrap_err();
        assert_eq!(refused.kind, QueryErrorKind::ForbiddenField, "{query}: {refused}");
        assert!(percolator.compile(&query).is_ok(), "{query} is fine where nothing is forbidden");
    }
    let everywhere = json!({"query_string": {"query": "\"2024-05-01\""}});
    percolator.insert(
        "anywhere".into(),
        CompiledSelector::Query(percolator.compile_restricted(&everywhere, &forbidden).unwrap()),
    );
    assert!(matches(&percolator, 1, &json!({"last_updated": "2024-05-01"})).is_empty());
    assert_eq!(matches(&percolator, 1, &json!({"title": "since 2024-05-01"})), ["anywhere"]);
}

#[test]
fn a_forbidden_place_is_found_in_every_clause_about_places() {
    let mapping = Mapping::from_json(&json!({"properties": {"home": {"type": "geo_point"}}}));
    let percolator = Percolator::new(Arc::new(mapping.unwrap()));
    let shape = json!({"type": "envelope", "coordinates": [[0, 1], [1, 0]]});
    for query in [
        json!({"geo_distance": {"home": [13.4, 52.5], "distance": "1km"}}),
        json!({"geo_distance": {"home.lat": 52.5, "home.lon": 13.4, "distance": "1km", "ignore_unmapped": true}}),
        json!({"geo_bounding_box": {"home": {"top": 1, "left": 0, "bottom": 0, "right": 1}}}),
        json!({"geo_polygon": {"home": {"points": ["0,0", "0,1", "1,1"]}}}),
        json!({"geo_shape": {"home": {"shape": shape, "relation": "disjoint"}}}),
        json!({"distance_feature": {"field": "home", "origin": "0,0", "pivot": "1km"}}),
    ] {
        let refused = percolator.compile_restricted(&query, &["home".to_owned()]).unwrap_err();
        assert_eq!(refused.kind, QueryErrorKind::ForbiddenField, "{query}: {refused}");
        assert!(percolator.compile(&query).is_ok(), "{query} is fine where nothing is forbidden");
    }
}

#[test]
fn a_refusal_names_the_clause_and_what_would_be_right() {
    let percolator = percolator();
    let query = json!({"query": {"bool": {"must": [{"match": {"title": "x"}}, {"nested": {"path": "experience",
        "query": {"match": {"experience.compny": "acme"}}}}]}}});
    let refused = percolator.compile(&query).unwrap_err();
    assert_eq!(refused.pointer, "/query/bool/must/1/nested/query/match");
    assert_eq!(refused.reason, "unknown field \"experience.compny\"; did you mean \"experience.company\"?");
}

#[test]
fn while_a_selector_is_replaced_every_document_finds_the_old_or_the_new_one() {
    let percolator = Arc::new(percolator());
    store(&percolator, "swap", json!({"match": {"title": "engineer"}}));
    let done = Arc::new(AtomicBool::new(false));
    let reader = std::thread::spawn({
        let (percolator, done) = (Arc::clone(&percolator), Arc::clone(&done));
        move || {
            let mut documents = 0_u64;
            while !done.load(Ordering::Acquire) || documents == 0 {
                assert_eq!(matches(&percolator, 1, &json!({"title": "engineer nurse"})), ["swap"]);
                documents += 1;
            }
        }
    });
    for round in 0..300 {
        let word = if round % 2 == 0 { "nurse" } else { "engineer" };
        store(&percolator, "swap", json!({"match": {"title": word}}));
        store(&percolator, &format!("other-{round}"), json!({"match": {"title": "pilot"}}));
    }
    done.store(true, Ordering::Release);
    reader.join().unwrap();
}

#[test]
fn a_document_that_was_read_before_a_query_names_a_field_of_a_template_is_found_by_it() {
    let mapping = json!({
        "dynamic_templates": [
            {"ids": {"match": "*_id", "mapping": {"type": "keyword"}}},
            {"labels": {"match": "labels", "mapping": {"type": "flattened"}}}
        ],
        "properties": {"jobs": {"type": "nested", "properties": {"title": {"type": "text"}}}}
    });
    let percolator = Percolator::new(Arc::new(Mapping::from_json(&mapping).unwrap()));
    store(&percolator, "first", json!({"term": {"first_id": "a"}}));
    let member = json!({
        "first_id": "a", "second_id": ["x", "b"], "labels": {"level": "c"}, "other": {"third_id": "d"},
        "jobs": [{"job_id": "e"}, {"job_id": "f"}]
    });
    let document = percolator.document(None, &member).unwrap();
    let nested = |query| json!({"nested": {"path": "jobs", "query": query}});
    for (id, query) in [
        ("second", json!({"term": {"second_id": "b"}})),
        ("key", json!({"term": {"labels.level": "c"}})),
        ("object", json!({"term": {"other.third_id": "d"}})),
        ("nested", nested(json!({"term": {"jobs.job_id": "f"}}))),
        (
            "nobody",
            nested(json!({"bool": {"filter": [{"term": {"jobs.job_id": "e"}}, {"term": {"jobs.job_id": "f"}}]}})),
        ),
    ] {
        store(&percolator, id, query);
    }
    let found: Vec<String> = percolator.matches(&document).iter().map(ToString::to_string).collect();
    assert_eq!(found, ["first", "key", "nested", "object", "second"]);
}

#[test]
fn a_document_that_was_read_before_a_selector_is_found_by_what_nobody_had_asked_for() {
    let percolator = percolator();
    store(&percolator, "level", json!({"term": {"level": 3}}));
    let member_document = json!({
        "title": ["Data Engineer", "Nurse"], "level": 3,
        "experience": [{"company": "a b"}, {"company": ["c", "d e"], "tasks": {"name": "x"}}]
    });
    let document = percolator.document(None, &member_document).unwrap();
    assert_eq!(percolator.matches(&document), ["level".into()]);
    let nested = |query| json!({"nested": {"path": "experience", "query": query}});
    for (id, query) in [
        ("exact", json!({"term": {"title.exact": "Nurse"}})),
        ("gap", json!({"match_phrase": {"title": {"query": "engineer nurse", "slop": 100}}})),
        ("no gap", json!({"match_phrase": {"title": {"query": "engineer nurse", "slop": 99}}})),
        ("nested", nested(json!({"match_phrase": {"experience.company": "d e"}}))),
        ("nobody", nested(json!({"match": {"experience.company": {"query": "a c", "operator": "and"}}}))),
        ("task", json!({"nested": {"path": "experience.tasks", "query": {"term": {"experience.tasks.name": "x"}}}})),
    ] {
        store(&percolator, id, query);
    }
    let found: Vec<String> = percolator.matches(&document).iter().map(ToString::to_string).collect();
    assert_eq!(found, ["exact", "gap", "level", "nested", "task"]);
}
