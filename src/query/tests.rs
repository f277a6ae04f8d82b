use proptest::prelude::*;
use serde_json::{Value, json};

use super::parser::SUPPORTED;
use super::*;

fn read(query: Value) -> Result<Query, QueryError> {
    parse(&query, &Limits::default())
}

fn clause(query: Value) -> Clause {
    read(query.clone()).unwrap_or_else(|error| panic!("{query}: {error}")).clause
}

fn refusal(query: Value) -> QueryError {
    read(query.clone()).err().unwrap_or_else(|| panic!("{query} was taken"))
}

fn scalar(value: impl Into<Value>) -> Scalar {
    Scalar(value.into())
}

/// What becomes of a query, and the query: see the file.
const SHAPES: &str = include_str!("shapes.tsv");

#[test]
fn shapes_are_taken_and_refused_as_by_nodes() {
    let mut wrong = Vec::new();
    for line in SHAPES.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (expected, query) = line.split_once('\t').expect("two columns");
        let query: Value = serde_json::from_str(query).expect("JSON");
        let found = match read(query) {
            Ok(_) => "taken".to_owned(),
            Err(QueryError { kind: QueryErrorKind::Unsupported, pointer, .. }) => format!("unsupported {pointer}"),
            Err(QueryError { pointer, .. }) => format!("refused {pointer}"),
        };
        if found != expected {
            wrong.push(format!("{line}: {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_supported_name_is_read() {
    for name in SUPPORTED {
        let reason = refusal(json!({ name: null })).reason;
        assert!(!reason.contains("unknown clause") && !reason.contains("not supported"), "{name}: {reason}");
    }
}

#[test]
fn an_unknown_name_is_answered_with_the_nearest_one() {
    assert_eq!(
        refusal(json!({"mach": {"t": "a"}})).to_string(),
        "unknown clause \"mach\"; did you mean \"match\"? at /mach"
    );
    let parameter = refusal(json!({"match": {"t": {"query": "a", "operater": "and"}}}));
    assert_eq!(parameter.pointer, "/match/t/operater");
    assert!(parameter.reason.starts_with("unknown parameter \"operater\"; did you mean \"operator\"? (known: query, "));
}

#[test]
fn the_body_of_a_search_is_unwrapped_and_nothing_beside_the_query_is_ignored() {
    let query = json!({"match_all": {}});
    assert_eq!(unwrap_body(&json!({ "query": query })), Ok(&query));
    assert_eq!(unwrap_body(&query), Ok(&query));
    let refused = unwrap_body(&json!({"query": query, "size": 5})).expect_err("a size");
    assert_eq!(refused.pointer, "/size");
}

#[test]
fn the_pointer_of_a_clause_leads_to_it() {
    let query = json!({"bool": {"must": [{"match_all": {}}, {"nested": {"path": "n", "query": {"exists": {"field": "a/b"}}}}]}});
    let Clause::Bool(outer) = clause(query) else { panic!("a bool") };
    let Some(Query { clause: Clause::Nested { query, .. }, pointer }) = outer.must.last() else { panic!("a nested") };
    assert_eq!(pointer, "/bool/must/1/nested");
    assert_eq!(query.pointer, "/bool/must/1/nested/query/exists");
    let slash = refusal(json!({"term": {"a/b~c": null}}));
    assert_eq!(slash.pointer, "/term/a~1b~0c");
}

#[test]
fn short_and_long_forms_say_the_same() {
    let table = [
        (json!({"term": {"f": "v"}}), json!({"term": {"f": {"value": "v", "boost": 2, "_name": "x"}}})),
        (json!({"term": {"f": 5}}), json!({"term": {"f": {"term": 5, "case_insensitive": false}}})),
        (json!({"match": {"f": "v"}}), json!({"match": {"f": {"query": "v", "operator": "OR", "lenient": "false"}}})),
        (json!({"match_phrase": {"f": "v"}}), json!({"match_phrase": {"f": {"query": "v", "slop": "0"}}})),
        (
            json!({"match_phrase_prefix": {"f": "v"}}),
            json!({"match_phrase_prefix": {"f": {"query": "v", "max_expansions": 1}}}),
        ),
        (json!({"match_bool_prefix": {"f": "v"}}), json!({"match_bool_prefix": {"f": {"query": "v"}}})),
        (json!({"prefix": {"f": "v"}}), json!({"prefix": {"f": {"value": "v", "rewrite": "top_terms_5"}}})),
        (json!({"wildcard": {"f": "v*"}}), json!({"wildcard": {"f": {"wildcard": "v*"}}})),
        (json!({"regexp": {"f": "v"}}), json!({"regexp": {"f": {"value": "v", "flags": "ALL"}}})),
        (json!({"fuzzy": {"f": "v"}}), json!({"fuzzy": {"f": {"value": "v", "fuzziness": "AUTO:3,6"}}})),
        (json!({"ids": {"values": "1"}}), json!({"ids": {"values": [1], "type": "_doc"}})),
        (
            json!({"range": {"f": {"gt": 1, "lte": 5}}}),
            json!({"range": {"f": {"from": 1, "include_lower": false, "to": 5}}}),
        ),
    ];
    for (short, long) in table {
        assert_eq!(clause(short), clause(long.clone()), "{long}");
    }
}

#[test]
fn a_wrapped_query_stands_for_itself() {
    // {"bool":{"must":[{"term":{"f":"v"}}]}}
    let wrapped = json!({"wrapper": {"query": "eyJib29sIjp7Im11c3QiOlt7InRlcm0iOnsiZiI6InYifX1dfX0="}});
    let query = read(wrapped).expect("a query");
    assert_eq!(query.pointer, "/wrapper/query/bool");
    let Clause::Bool(inner) = query.clause else { panic!("a bool") };
    assert_eq!(inner.must.first().map(|term| term.pointer.as_str()), Some("/wrapper/query/bool/must/0/term"));
}

#[test]
fn only_must_not_matches_nothing_where_that_is_not_adjusted() {
    let Clause::Bool(adjusted) = clause(json!({"bool": {"mustNot": {"match_none": {}}}})) else { panic!("a bool") };
    assert_eq!((adjusted.must_not.len(), adjusted.filter.len()), (1, 0));
    let plain = json!({"bool": {"must_not": {"match_none": {}}, "adjust_pure_negative": false}});
    let Clause::Bool(plain) = clause(plain) else { panic!("a bool") };
    assert_eq!(plain.filter.first().map(|filter| &filter.clause), Some(&Clause::MatchNone));
}

#[test]
fn a_range_without_bounds_is_open_on_both_sides() {
    let open = clause(json!({"range": {"f": {"gte": null}}}));
    let Clause::Range(range) = open else { panic!("a range") };
    assert_eq!((range.lower, range.upper, range.includes_lower), (None, None, true));
}

#[test]
fn boosts_of_fields_are_dropped() {
    let Clause::MultiMatch(found) = clause(json!({"multi_match": {"query": "a", "fields": ["t^3", "u*^0.5", "k"]}}))
    else {
        panic!("a multi_match")
    };
    assert_eq!(found.fields, ["t", "u*", "k"]);
    assert_eq!(found.value, scalar("a"));
}

#[test]
fn regexp_flags_are_names_or_the_bits_of_lucene_ten() {
    let flags = |parameters: Value| match clause(json!({"regexp": {"f": parameters}})) {
        Clause::Regexp { flags, .. } => flags,
        other => panic!("{other:?}"),
    };
    assert_eq!(flags(json!({"value": "a"})), RegexpFlags::ALL);
    assert_eq!(flags(json!({"value": "a", "flags": null})), RegexpFlags::ALL);
    assert_eq!(flags(json!({"value": "a", "flags": "none"})), RegexpFlags::NONE);
    assert_eq!(flags(json!({"value": "a", "flags": "EMPTY|"})), RegexpFlags { empty: true, ..RegexpFlags::NONE });
    assert_eq!(flags(json!({"value": "a", "flags_value": 255})), RegexpFlags { complement: false, ..RegexpFlags::ALL });
    assert_eq!(
        flags(json!({"value": "a", "flags_value": 65536})),
        RegexpFlags { complement: true, ..RegexpFlags::NONE }
    );
}

#[test]
fn what_is_more_than_a_limit_is_refused_by_its_pointer() {
    let limits = Limits { depth: 3, clauses: 5, terms: 2, text_bytes: 8, pattern_units: 4, shape_points: 4 };
    let many: Vec<_> = (0..6).map(|_| json!({"match_all": {}})).collect();
    let table = [
        (
            json!({"bool": {"must": {"bool": {"must": {"bool": {"must": {"match_all": {}}}}}}}}),
            "/bool/must/bool/must/bool/must",
        ),
        (json!({"bool": {"should": many}}), "/bool/should"),
        (json!({"terms": {"f": [1, 2, 3]}}), "/terms/f"),
        (json!({"match": {"f": "123456789"}}), "/match/f"),
        (json!({"multi_match": {"query": "123456789"}}), "/multi_match/query"),
        (json!({"wildcard": {"f": "12345"}}), "/wildcard/f"),
        (json!({"query_string": {"query": "/12345/"}}), "/query_string/query"),
        (json!({"query_string": {"query": "((((a"}}), "/query_string/query"),
        (json!({"simple_query_string": {"query": "a+b|c+d|"}}), "/simple_query_string/query"),
    ];
    for (query, pointer) in table {
        let refused = parse(&query, &limits).expect_err("over a limit");
        assert_eq!((refused.kind, refused.pointer.as_str()), (QueryErrorKind::Limit, pointer), "{query}: {refused}");
    }
}

#[test]
fn the_leaves_of_texts_count_as_clauses() {
    let limits = Limits { clauses: 5, ..Limits::default() };
    let texts = json!({"dis_max": {"queries": [{"query_string": {"query": "\"a\" \"b\" \"c\""}}]}});
    assert!(parse(&texts, &Limits { clauses: 5, ..limits.clone() }).is_ok());
    assert!(parse(&texts, &Limits { clauses: 4, ..limits }).is_err());
}

#[test]
fn a_million_clauses_are_refused_at_once() {
    let million = Value::Array(vec![json!({"match_all": {}}); 1_000_000]);
    let query = json!({"bool": {"should": million}});
    let started = std::time::Instant::now();
    let refused = parse(&query, &Limits::default()).expect_err("too many");
    assert!(started.elapsed().as_millis() < 100, "the array was walked");
    assert_eq!(refused.kind, QueryErrorKind::Limit);
}

/// Each of these once made, or would make, a parser walk to the end again and again.
#[test]
fn hostile_texts_take_linear_time() {
    let fragments = [
        "\"",
        "/",
        "\\/",
        "/a\\/ ",
        "(",
        ")",
        "[",
        "[\" ",
        "[\"a TO b] ",
        "[\"\\\" TO b] ",
        "a~\\\"",
        "\"a~\\\"",
        "a~\\(",
        "(\"",
        "a b ",
        "a:",
        "~",
        "a^2 ",
        "\\",
        "\\u0041",
        "* ",
        "a* ",
        "-",
        "- ",
        "+a ",
        "a|",
        "a+b|",
        "\u{3000}",
        "AND ",
        "a AND ",
        "\"a\"~2|",
    ];
    let started = std::time::Instant::now();
    for fragment in fragments {
        let text = fragment.repeat(Limits::TEXT_BYTES / fragment.len());
        let _ = read(json!({"query_string": {"query": text}}));
        let _ = read(json!({"simple_query_string": {"query": text}}));
        let _ = read(json!({"query_string": {"query": text, "escape": true}}));
    }
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

/// JSON out of the words of the language, so that it is often nearly right.
fn near_query() -> impl Strategy<Value = Value> {
    let words = [
        "query",
        "fields",
        "value",
        "path",
        "must",
        "should",
        "filter",
        "minimum_should_match",
        "boost",
        "_name",
        "f",
        "t^2",
        "functions",
        "queries",
        "terms",
        "gte",
        "from",
        "fuzziness",
        "flags",
        "2<-25% 9<-3",
        "AUTO:2,5",
        "a AND (b",
        "AND",
        "",
    ];
    let name = prop_oneof![
        proptest::sample::select(SUPPORTED.to_vec()).prop_map(str::to_owned),
        proptest::sample::select(words.to_vec()).prop_map(str::to_owned),
        ".{0,8}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        name.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(name.clone(), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_json_makes_the_parser_panic(body in near_query(), name in proptest::sample::select(SUPPORTED.to_vec())) {
        let _ = read(body.clone());
        let _ = unwrap_body(&body);
        let _ = read(json!({ name: body.clone() }));
        let _ = read(json!({ name: { "f": body } }));
    }

    #[test]
    fn no_text_makes_the_parsers_panic(text in r#"([ab*?~^+\-!|&()\[\]{}:"/\\ \u{3000}é😀<>=0-9]|AND|OR|NOT| TO |\\u00){0,24}"#) {
        let _ = read(json!({"query_string": {"query": text, "default_operator": "and"}}));
        let simple = read(json!({"simple_query_string": {"query": text}}));
        prop_assert!(simple.is_ok(), "{simple:?}");
    }
}
