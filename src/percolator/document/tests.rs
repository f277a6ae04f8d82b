//! What a document's values become, case by case; each was asked of Elasticsearch 9.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn mapping(properties: Value) -> Mapping {
    Mapping::from_json(&json!({"properties": properties})).unwrap()
}

fn read(mapping: &Mapping, json: &Value) -> Result<Document, DocumentError> {
    Document::read(mapping, None, json, Timestamp::UNIX_EPOCH)
}

/// The terms of a field in the root, with their positions.
fn terms(mapping: &Mapping, field: &str, json: &Value) -> Vec<(String, u32)> {
    let document = read(mapping, json).unwrap();
    scope_terms(&document, 0, mapping.field(field).unwrap().id)
}

fn scope_terms(document: &Document, scope: usize, field: FieldId) -> Vec<(String, u32)> {
    let Some(values) = document.values(scope, field) else { return Vec::new() };
    values.tokens.iter().map(|token| (document.term(token).to_owned(), token.position)).collect()
}

fn exists(mapping: &Mapping, field: &str, json: &Value) -> bool {
    let id = mapping.field(field).unwrap().id;
    read(mapping, json).unwrap().values(0, id).is_some_and(|values| values.exists)
}

#[test]
fn values_of_an_array_stand_a_gap_apart() {
    let mapping = mapping(json!({
        "t": {"type": "text"}, "g": {"type": "text", "position_increment_gap": 0}, "s": {"type": "text", "analyzer": "stop"}
    }));
    for (field, value, expected) in [
        ("t", json!("one two"), vec![("one", 0), ("two", 1)]),
        ("t", json!(["one", "two"]), vec![("one", 0), ("two", 101)]),
        ("t", json!(["one", "", ["two"]]), vec![("one", 0), ("two", 201)]),
        ("g", json!(["one", "two"]), vec![("one", 0), ("two", 1)]),
        ("s", json!(["one the", "two"]), vec![("one", 0), ("two", 102)]),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|(term, position)| (term.to_owned(), position)).collect();
        assert_eq!(terms(&mapping, field, &json!({field: value})), expected, "{value}");
    }
}

#[test]
fn only_what_can_be_searched_exists() {
    let mapping = mapping(json!({
        "t": {"type": "text"}, "k": {"type": "keyword", "ignore_above": 3}, "nv": {"type": "keyword", "null_value": "NULL"},
        "no": {"type": "keyword", "index": false, "doc_values": false}, "dv": {"type": "boolean", "index": false},
        "ti": {"type": "text", "index": false}, "i": {"type": "integer", "ignore_malformed": true}
    }));
    for (field, value, expected) in [
        ("t", json!(""), true),
        ("t", json!("!!!"), true),
        ("t", json!(null), false),
        ("t", json!([]), false),
        ("t", json!([null]), false),
        ("k", json!(""), true),
        ("k", json!("abc"), true),
        ("k", json!("abcd"), false),
        ("k", json!("😀😀"), false),
        ("nv", json!(null), true),
        ("nv", json!([null]), true),
        ("nv", json!([]), false),
        ("no", json!("a"), false),
        ("dv", json!(true), true),
        ("ti", json!("a"), false),
        ("i", json!("x"), false),
        ("i", json!(true), false),
        ("i", json!(["x", 1]), true),
    ] {
        assert_eq!(exists(&mapping, field, &json!({field: value})), expected, "{field} {value}");
    }
}

#[test]
fn scalars_become_text_as_json_writes_them() {
    let mapping = mapping(json!({"k": {"type": "keyword"}}));
    for (value, expected) in [(json!(true), "true"), (json!(1.0), "1.0"), (json!(5), "5"), (json!("5"), "5")] {
        assert_eq!(terms(&mapping, "k", &json!({"k": value})), [(expected.to_owned(), 0)], "{value}");
    }
}

#[test]
fn every_object_of_a_nested_list_is_a_scope_of_its_own() {
    let mapping = mapping(json!({"n": {"type": "nested", "properties": {
        "k": {"type": "keyword"}, "m": {"type": "nested", "properties": {"x": {"type": "keyword"}}}
    }}}));
    for (value, expected) in [
        (json!({"n": {"k": "a"}}), vec![(0, 0)]),
        (json!({"n": [{"k": "a"}, {"k": "b"}]}), vec![(0, 0), (0, 1)]),
        (json!({"n": [null, [{"k": "a"}], {}]}), vec![(0, 1), (0, 2)]),
        (json!({"n": null}), vec![]),
        (json!({"n": []}), vec![]),
        (json!({"n.k": "a"}), vec![(0, 0)]),
        (json!({"n.m.x": "a"}), vec![(0, 0), (1, 0)]),
        (
            json!({"n": [{"m": [{"x": "1"}, {"x": "2"}]}, {"m": {"x": "3"}}]}),
            vec![(0, 0), (1, 0), (1, 1), (0, 1), (4, 0)],
        ),
    ] {
        let document = read(&mapping, &value).unwrap();
        let scopes: Vec<_> = document.scopes().iter().skip(1).map(|scope| (scope.parent, scope.ordinal)).collect();
        assert_eq!(scopes, expected, "{value}");
    }
}

#[test]
fn nested_values_are_seen_outside_only_where_they_are_included() {
    let mapping = mapping(json!({
        "n": {"type": "nested", "properties": {"k": {"type": "keyword"}}},
        "p": {"type": "nested", "include_in_parent": true, "properties": {
            "t": {"type": "text"}, "r": {"type": "nested", "include_in_root": true, "properties": {"k": {"type": "keyword"}}}
        }}
    }));
    assert!(!exists(&mapping, "n.k", &json!({"n": {"k": "a"}})));
    assert!(exists(&mapping, "p.r.k", &json!({"p": {"r": {"k": "a"}}})));
    let twice = terms(&mapping, "p.t", &json!({"p": [{"t": "one"}, {"t": "two"}]}));
    assert_eq!(twice, [("one".to_owned(), 0), ("two".to_owned(), 101)]);
}

#[test]
fn copies_go_to_their_target_and_its_sub_fields_once() {
    let mapping = mapping(json!({
        "a": {"type": "keyword", "copy_to": ["all"]}, "b": {"type": "integer", "copy_to": "all"},
        "all": {"type": "text", "copy_to": "last", "fields": {"raw": {"type": "keyword"}}}, "last": {"type": "keyword"},
        "n": {"type": "nested", "properties": {"k": {"type": "keyword", "copy_to": ["all", "n.c"]}, "c": {"type": "keyword"}}}
    }));
    let document = json!({"a": "One", "b": 5, "n": {"k": "x"}});
    let texts = |field| terms(&mapping, field, &document).into_iter().map(|(term, _)| term).collect::<Vec<_>>();
    assert_eq!(texts("all"), ["one", "5", "x"]);
    assert_eq!(texts("all.raw"), ["One", "5", "x"]);
    assert!(texts("last").is_empty() && texts("n.c").is_empty());
    let read = read(&mapping, &document).unwrap();
    assert_eq!(scope_terms(&read, 1, mapping.field("n.c").unwrap().id), [("x".to_owned(), 0)]);
}

#[test]
fn flattened_objects_are_keywords_with_and_without_their_keys() {
    let mapping = mapping(json!({"f": {"type": "flattened"}}));
    let json = json!({"f": {"a": "x", "b": {"c": [1, true, null]}}});
    let texts: Vec<_> = terms(&mapping, "f", &json).into_iter().map(|(term, _)| term).collect();
    assert_eq!(texts, ["x", "1", "true"]);
    let (keyed, _) = mapping.flattened_key("f.b.c").unwrap();
    let keyed: Vec<_> =
        scope_terms(&read(&mapping, &json).unwrap(), 0, keyed.id).into_iter().map(|(term, _)| term).collect();
    assert_eq!(keyed, ["a\0x", "b.c\x001", "b.c\0true"]);
}

#[test]
fn what_does_not_fit_refuses_the_document_and_says_where() {
    let mapping = Mapping::from_json(&json!({"dynamic": "strict", "properties": {
        "t": {"type": "text"}, "i": {"type": "integer"}, "m": {"type": "integer", "ignore_malformed": true},
        "d": {"type": "date", "format": "yyyy-MM"}, "b": {"type": "boolean"}, "ip": {"type": "ip"}, "k": {"type": "keyword"},
        "o": {"properties": {"x": {"type": "long"}}}, "n": {"type": "nested", "properties": {}}, "al": {"type": "alias", "path": "i"},
        "r": {"type": "integer_range"}, "g": {"type": "geo_point"}, "off": {"type": "object", "enabled": false}
    }}))
    .unwrap();
    for (json, field, reason) in [
        (json!({"t": {"a": 1}}), "t", "an object does not fit the type text"),
        (json!({"i": "abc"}), "i", "\"abc\" does not fit the type integer"),
        (json!({"i": 3_000_000_000_i64}), "i", "out of range"),
        (json!({"i": true}), "i", "a number is expected"),
        (json!({"m": {"a": 1}}), "m", "an object"),
        (json!({"d": "2020-01-01"}), "d", "\"yyyy-MM\""),
        (json!({"b": "yes"}), "b", "true or false"),
        (json!({"b": 1}), "b", "true or false"),
        (json!({"ip": "10.0.0"}), "ip", "no address"),
        (json!({"o": 5}), "o", "an object is expected"),
        (json!({"o": {"x": "y"}}), "o.x", "long"),
        (json!({"o.x": "y"}), "o.x", "long"),
        (json!({"n": 5}), "n", "a nested object is expected"),
        (json!({"n": [5]}), "n", "a nested object is expected"),
        (json!({"al": 1}), "al", "alias"),
        (json!({"r": {"gte": 5, "lte": 1}}), "r", "above"),
        (json!({"g": "x!"}), "g", "is expected"),
        (json!({"zz": null}), "zz", "strict"),
        (json!({"o": {"zz": []}}), "o.zz", "strict"),
        (json!({"": 1}), "", "empty part"),
        (json!({"o..x": 1}), "", "empty part"),
        (json!({"o": {".x": 1}}), "o", "empty part"),
        (json!({"_id": 1}), "_id", "metadata"),
        (json!({"k": "x".repeat(32_767)}), "k", "32766"),
        (json!([1]), "", "JSON object"),
    ] {
        let error = read(&mapping, &json).unwrap_err();
        assert!(error.field == field && error.reason.contains(reason), "{json}: {error}");
    }
    for right in
        [json!({"off": 5}), json!({"off": {"a": {"b": 1}}}), json!({"o": null}), json!({"o": [{"x": 1}, null]})]
    {
        assert!(read(&mapping, &right).is_ok(), "{right}");
    }
}

#[test]
fn unknown_fields_are_not_read() {
    let mapping = mapping(json!({"k": {"type": "keyword"}}));
    let document = read(&mapping, &json!({"other": {"deep": [{"k": [1, {}]}]}, "k": "a"})).unwrap();
    assert_eq!(document.scopes().len(), 1);
    assert_eq!(document.holdings().len(), 1);
}

/// Any JSON, with the names and values that the mapping below cares about more often than others.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        prop::sample::select(vec![
            "now",
            "2020-01-01",
            "2020-01-01||/d",
            "10.0.0.0/8",
            "1e999",
            "POINT (1 2)",
            "NaN",
            "😀é"
        ])
        .prop_map(Value::from),
    ];
    let name = prop_oneof![
        4 => prop::sample::select(vec![
            "properties", "type", "fields", "t", "i", "d", "n", "k", "o.x", "n.k", "f", "r", "g", "gte", "lt", "format", "analyzer",
            "text", "settings", "mappings", "analysis", "copy_to", "path",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,6}",
    ];
    leaf.prop_recursive(6, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map(name.clone(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_document_panics(json in any_json()) {
        let mapping = Mapping::from_json(&json!({"properties": {
            "t": {"type": "text", "copy_to": "k", "fields": {"c": {"type": "token_count", "analyzer": "simple"}}},
            "k": {"type": "keyword"}, "i": {"type": "short", "ignore_malformed": true}, "d": {"type": "date"},
            "n": {"type": "nested", "include_in_root": true, "properties": {"k": {"type": "wildcard"}, "d": {"type": "date_nanos"}}},
            "o": {"properties": {"x": {"type": "scaled_float", "scaling_factor": 0.3}}}, "f": {"type": "flattened"},
            "r": {"type": "date_range"}, "g": {"type": "geo_point"}, "fields": {"type": "rank_features"}, "path": {"type": "version"},
            "type": {"type": "date", "format": "week_date||weekyear||strict_date"}, "text": {"type": "ip_range"}
        }})).unwrap();
        let _ = read(&mapping, &json);
    }

    #[test]
    fn no_mapping_panics(json in any_json()) {
        let _ = Mapping::from_json(&json);
        let _ = Mapping::from_json(&json!({"properties": json}));
        let _ = Mapping::from_json(&json!({"settings": {"analysis": json}}));
        let _ = Mapping::from_json(&json!({"dynamic_templates": [{"t": json}]}));
        if let Ok(mapping) = Mapping::from_json(&json!({"dynamic_templates": [{"t": {"match": "*", "mapping": json}}]})) {
            let _ = mapping.field("any.name");
        }
    }

    #[test]
    fn no_bound_of_a_query_panics(json in any_json(), other in any_json()) {
        let mapping = Mapping::from_json(&json!({"properties": {
            "i": {"type": "byte"}, "u": {"type": "unsigned_long"}, "h": {"type": "half_float"}, "d": {"type": "date"}, "ip": {"type": "ip"},
            "s": {"type": "scaled_float", "scaling_factor": 1e300}, "b": {"type": "boolean"}, "r": {"type": "ip_range"}
        }})).unwrap();
        let (json, other) = (crate::query::Scalar(json), crate::query::Scalar(other));
        for field in mapping.fields() {
            let _ = field.term_point(&json);
            for includes in [true, false] {
                if let Ok(range) = field.range(Some(&json), includes, Some(&other), includes, None, None) {
                    let _ = range.resolve(Timestamp::MAX);
                }
            }
        }
    }

    #[test]
    fn no_text_panics_any_analyzer(text in "\\PC{0,40}") {
        let mapping = Mapping::from_json(&json!({})).unwrap();
        for name in ["standard", "simple", "whitespace", "keyword", "stop", "pattern"] {
            let analyzer = mapping.analyzer(name).unwrap();
            let mut last = 0;
            let end = analyzer.tokens(&text, &mut |_, position| last = position).unwrap();
            prop_assert!(last <= end);
            let _ = analyzer.normalize(&text);
        }
    }
}
