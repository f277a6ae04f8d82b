//! Why a document matches or not, in the words that a subscriber reads.

use std::sync::Arc;

use serde_json::{Value, json};
use tripline::percolator::{Explanation, Percolator};
use tripline::{Mapping, MemberId};

fn percolator() -> Percolator {
    let mapping = json!({
        "settings": {"analysis": {"analyzer": {"english": {"type": "custom", "tokenizer": "standard", "filter": ["lowercase", "stop"]}}}},
        "mappings": {"properties": {
            "title": {"type": "text"}, "summary": {"type": "text", "analyzer": "english"}, "code": {"type": "keyword"},
            "level": {"type": "integer"}, "score": {"type": "double"}, "seen": {"type": "date"}, "address": {"type": "ip"},
            "valid": {"type": "date_range"}, "labels": {"type": "flattened"},
            "experience": {"type": "nested", "properties": {
                "company": {"type": "text"}, "open": {"type": "boolean"}, "title": {"type": "text"},
                "tasks": {"type": "nested", "properties": {"name": {"type": "keyword"}}}
            }}
        }}
    });
    Percolator::new(Arc::new(Mapping::from_json(&mapping).unwrap()))
}

fn explain(query: &Value, document: &Value) -> Explanation {
    let percolator = percolator();
    let id = MemberId::try_from(7).ok();
    percolator.explain(&percolator.compile(query).unwrap(), &percolator.document(id, document).unwrap())
}

#[track_caller]
fn assert_explained(query: Value, document: Value, expected: &str) {
    assert_eq!(squeezed(&explain(&query, &document).to_string()), squeezed(expected));
}

/// Without the alignment of the column on the right, which depends on all lines.
fn squeezed(tree: &str) -> Vec<String> {
    let line = |line: &str| {
        let words = line.trim_start();
        let indent = line.len() - words.len();
        format!("{}{}", " ".repeat(indent), words.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    tree.trim().lines().map(line).collect()
}

#[test]
fn each_clause_says_which_objects_fulfil_it() {
    assert_explained(
        json!({"nested": {"path": "experience", "query": {"bool": {"must": [
            {"match": {"experience.company": "acme"}}, {"term": {"experience.open": true}}]}}}}),
        json!({"experience": [{"company": "acme", "open": false}, {"company": "globex", "open": true}]}),
        r#"
✗ nested experience                                                      /nested
  ✗ bool                                                                 /query/bool
    ✓ match experience.company: "acme" → has the term "acme"  [objects 0]  /must/0/match
    ✓ term experience.open: true → has the term "true"  [objects 1]        /must/1/term
"#,
    );
}

#[test]
fn a_text_that_is_not_found_stands_beside_what_the_objects_hold() {
    assert_explained(
        json!({"nested": {"path": "experience", "query": {"match": {"experience.title": "Engineer"}}}}),
        json!({"experience": [{"title": "Head of Engineering"}, null, {"title": "Nurse"}, {"company": "Acme"}]}),
        r#"
✗ nested experience                                            /nested
  ✗ match experience.title: "Engineer" → has the term "engineer"  /query/match
    · experience[0].title holds "engineering", "head", "of"
    · experience[2].title holds "nurse"
    · experience[3].title holds nothing
"#,
    );
}

#[test]
fn of_several_words_each_has_its_answer() {
    assert_explained(
        json!({"match": {"title": {"query": "Senior Data Engineer", "minimum_should_match": 2}}}),
        json!({"title": "data scientist"}),
        r#"
✗ match title: "Senior Data Engineer"  /match
  ✗ at least 2 of 3
    ✗ title has the term "senior"
    ✓ title has the term "data"
    ✗ title has the term "engineer"
  · title holds "data", "scientist"
"#,
    );
}

#[test]
fn analysis_is_seen_in_the_terms() {
    assert_explained(
        json!({"match_phrase": {"summary": {"query": "leading the engineers", "slop": 1}}}),
        json!({"summary": "engineering leads"}),
        r#"
✗ match_phrase summary: "leading the engineers" → has the phrase "leading _ engineers" with slop 1  /match_phrase
  · summary holds "engineering", "leads"
"#,
    );
}

#[test]
fn numbers_dates_and_addresses_are_spelled() {
    let document = json!({"level": 3, "score": 1.5, "seen": "2024-02-29T12:00:00Z", "address": "10.0.0.1",
        "valid": {"gte": "2020", "lt": "2021"}});
    for (query, demands, holds) in [
        (json!({"range": {"level": {"gt": 5, "lte": 9}}}), "is 6 to 9", "3"),
        (json!({"range": {"level": {"gte": 5}}}), "is at least 5", "3"),
        (json!({"term": {"level": 5}}), "is 5", "3"),
        (json!({"range": {"score": {"lte": 0.25}}}), "is at most 0.25", "1.5"),
        (
            json!({"range": {"seen": {"gte": "2020-01", "lt": "2021-06-15||/M"}}}),
            "is 2020-01-01T00:00:00Z to 2021-05-31T23:59:59.999Z",
            "2024-02-29T12:00:00Z",
        ),
        (json!({"term": {"address": "10.1.0.0/16"}}), "is 10.1.0.0 to 10.1.255.255", "10.0.0.1"),
        (
            json!({"range": {"valid": {"gte": "2022", "relation": "within"}}}),
            "lies within what is at least 2022-01-01T00:00:00Z",
            "2020-01-01T00:00:00Z to 2020-12-31T23:59:59.999Z",
        ),
    ] {
        let explanation = explain(&query, &document);
        assert_eq!(explanation.demands.as_deref(), Some(demands), "{query}");
        assert_eq!(explanation.holds[0].values, [holds], "{query}");
    }
}

#[test]
fn patterns_are_shown_as_they_are_compared() {
    for (query, demands) in [
        (json!({"wildcard": {"title": "Eng?neer*"}}), r#"has a term like "Eng?neer*""#),
        (
            json!({"wildcard": {"code": {"value": "a\\*b*", "case_insensitive": true}}}),
            r#"has a term like "a\\*b*" in any case"#,
        ),
        (json!({"prefix": {"code": "AB"}}), r#"has a term that begins with "AB""#),
        (json!({"regexp": {"code": "a[bc]+"}}), "has a term that fits /a[bc]+/"),
        (
            json!({"fuzzy": {"code": {"value": "hello", "prefix_length": 1}}}),
            r#"has a term at most 1 edit from "hello", beginning with "h""#,
        ),
        (json!({"range": {"code": {"gte": "b", "lt": "c"}}}), r#"has a term from "b" before "c""#),
        (json!({"range": {"code": {"lte": "c"}}}), r#"has a term up to "c""#),
        (json!({"match_phrase_prefix": {"title": "head of eng"}}), r#"has the phrase "head of eng*""#),
        (json!({"exists": {"field": "code"}}), "has a value"),
    ] {
        assert_eq!(explain(&query, &json!({})).demands.as_deref(), Some(demands), "{query}");
    }
}

#[test]
fn what_is_excluded_and_there_is_shown() {
    assert_explained(
        json!({"bool": {"must": {"term": {"code": "a"}}, "must_not": [{"match": {"title": "intern"}}, {"term": {"level": 1}}]}}),
        json!({"code": "a", "title": "Intern in sales"}),
        r#"
✗ bool                                           /bool
  ✓ term code: "a" → has the term "a"              /must/term
  ✗ not
    ✓ match title: "intern" → has the term "intern"  /must_not/0/match
      · title holds "intern", "in", "sales"
  ✓ not
    ✗ term level: 1 → is 1                           /must_not/1/term
"#,
    );
}

#[test]
fn clauses_that_decide_nothing_stand_apart() {
    assert_explained(
        json!({"bool": {"must": {"term": {"code": "a"}}, "should": {"match": {"title": "nurse"}}}}),
        json!({"code": "a"}),
        r#"
✓ bool                                         /bool
  ✓ term code: "a" → has the term "a"            /must/term
  · beside that, deciding nothing:
    ✗ match title: "nurse" → has the term "nurse"  /should/match
"#,
    );
}

#[test]
fn a_field_that_is_asked_in_the_wrong_place_has_a_hint() {
    let holds =
        explain(&json!({"match": {"experience.title": "nurse"}}), &json!({"experience": {"title": "nurse"}})).holds;
    assert!(
        holds[0].hint.as_deref().unwrap().contains("a \"nested\" clause with the path \"experience\""),
        "{holds:?}"
    );
    let inside = json!({"nested": {"path": "experience", "query": {"match": {"title": "nurse"}}}});
    let explanation = explain(&inside, &json!({"title": "nurse", "experience": {"title": "nurse"}}));
    let hint = explanation.parts[0].holds[0].hint.as_deref().unwrap();
    assert!(hint.contains("outside of a \"nested\" clause"), "{hint}");
}

#[test]
fn deeper_objects_are_named_by_all_their_places() {
    assert_explained(
        json!({"nested": {"path": "experience", "query": {"nested": {"path": "experience.tasks", "query":
            {"term": {"experience.tasks.name": "sales"}}}}}}),
        json!({"experience": [{"tasks": [{"name": "a"}]}, {"tasks": [{"name": "b"}, {"name": "c"}]}]}),
        r#"
✗ nested experience                                              /nested
  ✗ nested experience.tasks                                      /query/nested
    ✗ term experience.tasks.name: "sales" → has the term "sales"  /query/term
      · experience[0].tasks[0].name holds "a"
      · experience[1].tasks[0].name holds "b"
      · experience[1].tasks[1].name holds "c"
"#,
    );
}

#[test]
fn an_explanation_stays_short_whatever_the_document_holds() {
    let words: Vec<String> = (0..3_000).map(|number| format!("word{number}")).collect();
    let objects: Vec<Value> = (0..20).map(|_| json!({"title": words.join(" ")})).collect();
    let queries: Vec<Value> =
        (0..200).map(|number| json!({"match": {"experience.title": format!("x{number}")}})).collect();
    let query = json!({"nested": {"path": "experience", "query": {"bool": {"should": queries}}}});
    let explanation = explain(&query, &json!({"experience": objects}));
    let any_of = &explanation.parts[0].parts[0];
    assert_eq!(any_of.parts.len(), 50);
    assert!(any_of.description.contains("150 parts not shown"), "{}", any_of.description);
    let holds = &any_of.parts[0].holds;
    assert_eq!((holds.len(), holds[0].values.len(), holds[0].more), (10, 8, 2_992));
    let long = explain(&json!({"term": {"code": "x".repeat(5_000)}}), &json!({"code": "y".repeat(5_000)}));
    assert!(long.to_string().chars().count() < 400, "{long}");
}

#[test]
fn lists_of_ids_and_flattened_keys_can_be_read() {
    let ids: Vec<String> = (100..200).map(|id| id.to_string()).collect();
    let explanation = explain(&json!({"ids": {"values": ids}}), &json!({}));
    assert!(explanation.to_string().contains("and 90 more"), "{explanation}");
    let explanation = explain(&json!({"term": {"labels.priority": "high"}}), &json!({"labels": {"priority": "low"}}));
    assert!(explanation.to_string().contains("\"priority=high\""), "{explanation}");
    assert_eq!(explanation.holds[0].values, ["priority=low"]);
}
