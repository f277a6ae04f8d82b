//! `intervals` and span queries: what they promise beyond their answers, which `tests/differential` holds against real nodes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tripline::percolator::Percolator;
use tripline::query::QueryErrorKind;
use tripline::{Mapping, percolator::CompiledSelector};

fn percolator() -> Percolator {
    let mapping = json!({"properties": {
        "title": {"type": "text"}, "secret": {"type": "text", "fields": {"deep": {"type": "text"}}},
        "experience": {"type": "nested", "properties": {"title": {"type": "text"}}}
    }});
    Percolator::new(Arc::new(Mapping::from_json(&mapping).unwrap()))
}

fn finds(query: &Value, document: &Value) -> bool {
    let percolator = percolator();
    let compiled = percolator.compile(query).unwrap_or_else(|refused| panic!("{query}: {refused}"));
    percolator.insert("query".into(), CompiledSelector::Query(compiled));
    !percolator.matches(&percolator.document(None, document).unwrap()).is_empty()
}

fn rule(query: &str) -> Value {
    json!({"match": {"query": query}})
}

#[test]
fn a_forbidden_field_is_found_in_every_rule_and_span() {
    let percolator = percolator();
    let forbidden = ["secret".to_owned()];
    let term = |field: &str| json!({"span_term": {field: "a"}});
    let hiding = [
        json!({"intervals": {"secret": rule("a")}}),
        json!({"intervals": {"secret.deep": rule("a b")}}),
        json!({"intervals": {"title": {"match": {"query": "a", "use_field": "secret"}}}}),
        json!({"intervals": {"title": {"prefix": {"prefix": "a", "use_field": "secret"}}}}),
        json!({"intervals": {"title": {"all_of": {"intervals": [rule("a"), {"any_of": {"intervals": [
            {"fuzzy": {"term": "a", "use_field": "secret"}}]}}]}}}}),
        json!({"intervals": {"title": {"match": {"query": "a", "filter": {"not_overlapping":
            {"match": {"query": "b", "use_field": "secret"}}}}}}}),
        term("secret"),
        json!({"span_multi": {"match": {"prefix": {"secret": "a"}}}}),
        json!({"span_multi": {"match": {"range": {"secret": {"gte": "a"}}}}}),
        json!({"span_or": {"clauses": [term("secret")]}}),
        json!({"span_first": {"match": term("secret"), "end": 3}}),
        json!({"span_near": {"clauses": [{"span_gap": {"secret": 1}}, term("secret")]}}),
        json!({"span_not": {"include": term("title"), "exclude": {"span_field_masking": {
            "query": term("secret"), "field": "title"}}}}),
        json!({"span_field_masking": {"query": term("title"), "field": "secret"}}),
        json!({"span_within": {"big": term("secret"), "little": term("secret")}}),
        json!({"bool": {"must_not": {"constant_score": {"filter": {"span_containing": {
            "big": term("secret.deep"), "little": term("secret.deep")}}}}}}),
    ];
    for query in hiding {
        let refused = percolator.compile_restricted(&query, &forbidden).unwrap_err();
        assert_eq!(refused.kind, QueryErrorKind::ForbiddenField, "{query}: {refused}");
        assert!(percolator.compile(&query).is_ok(), "{query} is fine where nothing is forbidden");
    }
}

#[test]
fn a_refusal_names_the_rule_or_span_within() {
    let percolator = percolator();
    let intervals = json!({"intervals": {"title": {"all_of": {"intervals": [rule("a"), {"wildcard":
        {"pattern": "b*", "use_field": "titel"}}]}}}});
    let refused = percolator.compile(&intervals).unwrap_err();
    assert_eq!(refused.pointer, "/intervals/title/all_of/intervals/1/wildcard");
    assert_eq!(refused.reason, "unknown field \"titel\"; did you mean \"title\"?");
    let span = json!({"span_near": {"clauses": [{"span_term": {"title": "a"}}, {"span_term": {"titel": "b"}}]}});
    assert_eq!(percolator.compile(&span).unwrap_err().pointer, "/span_near/clauses/1/span_term");
}

#[test]
fn an_arrangement_is_found_by_its_words_and_not_tried_on_every_document() {
    let percolator = percolator();
    let pattern = json!({"prefix": {"prefix": "b"}});
    let near = json!({"span_near": {"clauses": [{"span_gap": {"title": 1}}, {"span_or": {"clauses": [
        {"span_term": {"title": "chief"}}, {"span_term": {"title": "head"}}]}}]}});
    let cases = [
        (json!({"intervals": {"title": {"match": {"query": "data engineer", "ordered": true}}}}), vec!["engineer"]),
        (
            json!({"intervals": {"title": {"all_of": {"intervals": [pattern, rule("engineer")], "max_gaps": 1}}}}),
            vec!["engineer"],
        ),
        (
            json!({"intervals": {"title": {"match": {"query": "of", "filter": {"not_containing": rule("engineer")}}}}}),
            vec!["of"],
        ),
        (
            json!({"intervals": {"title": {"match": {"query": "of", "filter": {"before": rule("engineer")}}}}}),
            vec!["engineer"],
        ),
        (near, vec!["chief", "head"]),
    ];
    for (query, terms) in cases {
        let plan = percolator.plan(&percolator.compile(&query).unwrap());
        let expected: Vec<String> = terms.iter().map(|term| format!("title has the term {term:?}")).collect();
        assert_eq!((plan.anchors, plan.warning), (expected, None), "{query}");
    }
}

#[test]
fn an_explanation_tells_missing_words_from_words_that_stand_otherwise() {
    let percolator = percolator();
    let query = json!({"nested": {"path": "experience", "query": {"intervals": {"experience.title": {
        "match": {"query": "data engineer", "ordered": true, "max_gaps": 1}}}}}});
    let document =
        json!({"experience": [{"title": "engineer of data"}, {"title": "data"}, {"title": "lead data engineer"}]});
    let explanation =
        percolator.explain(&percolator.compile(&query).unwrap(), &percolator.document(None, &document).unwrap());
    let expected = "\
✓ nested experience  (/nested)
  ✓ intervals experience.title  [objects 2]  (/nested/query/intervals)
    ✓ all of  [objects 0, 2]
      ✓ experience.title has the term \"data\"  [objects 0, 1, 2]
      ✓ experience.title has the term \"engineer\"  [objects 0, 2]
    ✓ the words of experience.title stand so: at most 1 gaps in (in order(\"data\", \"engineer\"))  [objects 2]
";
    assert_eq!(explanation.to_string(), expected);
}

#[test]
fn rules_of_too_many_alternatives_are_refused_by_the_name_of_the_limit() {
    let any = |part: usize| json!({"any_of": {"intervals": [rule("a b"), rule("c d"), rule(&format!("e f{part}"))]}});
    let of = |parts: usize| {
        json!({"intervals": {"title": {"all_of": {"intervals": (0..parts).map(any).collect::<Vec<_>>(),
        "ordered": true, "max_gaps": 5}}}})
    };
    let words: String = (0..12_000).map(|word| format!("{word:x} ")).collect();
    let without_overlap = (0..20).map(|word| format!("w{word} ")).collect::<String>();
    let refused = [
        of(30),
        json!({"intervals": {"title": {"match": {"query": words, "ordered": true}}}}),
        json!({"intervals": {"title": {"match": {"query": without_overlap, "mode": "unordered_no_overlap"}}}}),
    ];
    assert!(percolator().compile(&of(4)).is_ok());
    for query in refused {
        let started = Instant::now();
        let refused = percolator().compile(&query).expect_err("too many alternatives");
        assert_eq!(refused.kind, QueryErrorKind::Limit, "{refused}");
        assert!(refused.reason.contains("10000 words and rules"), "{refused}");
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    }
}

#[test]
fn rules_and_spans_count_as_clauses_and_nest_only_so_deep() {
    let deep = |wrap: fn(Value) -> Value, innermost: Value| (0..200).fold(innermost, |inner, _| wrap(inner));
    let rules = deep(|inner| json!({"any_of": {"intervals": [inner]}}), rule("a"));
    let spans = deep(|inner| json!({"span_or": {"clauses": [inner]}}), json!({"span_term": {"title": "a"}}));
    let filters = deep(|inner| json!({"match": {"query": "a", "filter": {"before": inner}}}), rule("a"));
    let many = vec![rule("a"); 10_001];
    let many_spans = vec![json!({"span_term": {"title": "a"}}); 10_001];
    for query in [
        json!({"intervals": {"title": rules}}),
        json!({"intervals": {"title": filters}}),
        spans,
        json!({"intervals": {"title": {"any_of": {"intervals": many}}}}),
        json!({"span_near": {"clauses": many_spans}}),
    ] {
        assert_eq!(percolator().compile(&query).unwrap_err().kind, QueryErrorKind::Limit);
    }
}

/// Each of these makes one of the iterators walk as far as it can; the product of words and parts is what they may take.
#[test]
fn hostile_arrangements_come_to_an_end() {
    let text = "a ".repeat(3_000);
    let document = json!({"title": format!("{text} b {text}")});
    let span = |term: &str| json!({"span_term": {"title": term}});
    let ab = json!({"span_or": {"clauses": [span("a"), span("b"), {"span_multi": {"match": {"wildcard": {"title": "*"}}}}]}});
    let near = |clauses: Vec<Value>, in_order: bool, slop: i32| json!({"span_near": {"clauses": clauses, "in_order": in_order, "slop": slop}});
    let nested_near = (0..30).fold(span("a"), |inner, _| near(vec![inner, ab.clone()], false, 1));
    let queries = [
        json!({"intervals": {"title": {"match": {"query": format!("{} c", "a b ".repeat(500)), "ordered": true}}}}),
        json!({"intervals": {"title": {"match": {"query": format!("{}b b", "a ".repeat(900)), "max_gaps": 0}}}}),
        json!({"intervals": {"title": {"all_of": {"intervals": vec![json!({"wildcard": {"pattern": "*"}}); 50],
            "max_gaps": -3}}}}),
        json!({"intervals": {"title": {"match": {"query": "a", "filter": {"not_overlapping": {"wildcard": {"pattern": "*"}}}}}}}),
        near(vec![ab.clone(); 100], false, -1_000_000),
        near(vec![ab.clone(); 100], true, -1),
        near(vec![json!({"span_gap": {"title": 2_000_000_000}}), span("b")], true, 0),
        json!({"span_not": {"include": nested_near, "exclude": ab, "dist": 2_000_000_000}}),
    ];
    for query in queries {
        let started = Instant::now();
        assert!(!finds(&query, &document));
        let shown: String = query.to_string().chars().take(120).collect();
        assert!(started.elapsed() < Duration::from_secs(10), "{:?}: {shown}", started.elapsed());
    }
}

#[test]
fn a_gap_at_the_beginning_does_not_walk_over_empty_positions() {
    let mapping = json!({"properties": {"t": {"type": "text", "position_increment_gap": 2_000_000_000}}});
    let percolator = Percolator::new(Arc::new(Mapping::from_json(&mapping).unwrap()));
    let query =
        json!({"span_near": {"clauses": [{"span_gap": {"t": 1}}, {"span_gap": {"t": 1}}, {"span_term": {"t": "b"}}]}});
    percolator.insert("b".into(), CompiledSelector::Query(percolator.compile(&query).unwrap()));
    let document = percolator.document(None, &json!({"t": ["a", "b"]})).unwrap();
    let started = Instant::now();
    assert_eq!(percolator.matches(&document), ["b".into()]);
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}
