//! `tripline match` and `tripline explain`, as processes.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder with the files of one call.
struct Desk(TempDir);

impl Desk {
    fn new() -> Desk {
        let desk = Desk(tempfile::tempdir().unwrap());
        let mapping = json!({"mappings": {"properties": {"title": {"type": "text"}, "level": {"type": "integer"}}}});
        desk.file("mapping.json", &mapping.to_string());
        desk
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_tripline")).args(arguments).current_dir(self.0.path()).output().unwrap()
    }

    fn matching(&self, queries: &[Value], documents: &str, more: &[&str]) -> Output {
        let lines: Vec<String> = queries.iter().map(Value::to_string).collect();
        self.file("queries.ndjson", &lines.join("\n"));
        self.file("documents.ndjson", documents);
        let mut arguments = vec!["match", "--mapping", "mapping.json", "--subscriptions", "queries.ndjson"];
        arguments.extend(more);
        arguments.push("documents.ndjson");
        self.run(&arguments)
    }
}

fn json_lines(output: &[u8]) -> Vec<Value> {
    String::from_utf8(output.to_vec()).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn engineers() -> Value {
    json!({"id": "engineers", "query": {"match": {"title": "engineer"}}})
}

fn seniors() -> Value {
    json!({"id": "a senior", "query": {"query": {"range": {"level": {"gte": 5}}}}})
}

#[test]
fn a_line_is_printed_for_each_document_in_order_with_the_ids_sorted() {
    let documents = "{\"title\": \"Engineer\", \"level\": 7}\n\n{\"level\": 5}\n{}";
    let output = Desk::new().matching(&[engineers(), seniors()], documents, &[]);
    assert_eq!(output.status.code(), Some(0));
    let expected = [
        json!({"doc": 0, "matches": ["a senior", "engineers"]}),
        json!({"doc": 1, "matches": ["a senior"]}),
        json!({"doc": 2, "matches": []}),
    ];
    assert_eq!(json_lines(&output.stdout), expected);
}

#[test]
fn a_document_that_cannot_be_read_is_named_and_the_next_is_matched() {
    let documents = "{\"level\": \"high\"}\nno json\n{\"level\": 1, \"level\": 2}\n[]\n{\"level\": 9}\n";
    let output = Desk::new().matching(&[seniors()], documents, &[]);
    assert_eq!(output.status.code(), Some(0));
    let lines = json_lines(&output.stdout);
    let reasons = ["does not fit the type integer", "line 1 column", "duplicate key", "not a list"];
    for (line, (number, reason)) in lines.iter().zip(reasons.iter().enumerate()) {
        assert_eq!(line["doc"], json!(number));
        assert!(line["error"].as_str().unwrap().contains(reason), "{line}");
    }
    assert_eq!(lines.last(), Some(&json!({"doc": 4, "matches": ["a senior"]})));
}

#[test]
fn a_query_that_cannot_be_supported_ends_it_with_code_2_and_its_place() {
    let unsupported = json!({"id": "kin", "query": {"bool": {"must": [{"has_child": {"type": "x", "query": {}}}]}}});
    let output = Desk::new().matching(&[engineers(), unsupported], "{}", &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let refused = json_lines(&output.stderr);
    assert_eq!((&refused[0]["id"], &refused[0]["pointer"]), (&json!("kin"), &json!("/bool/must/0/has_child")));
    assert!(refused[0]["reason"].as_str().unwrap().contains("not supported"), "{}", refused[0]);
}

#[test]
fn queries_that_cannot_be_supported_are_skipped_where_that_is_asked_for() {
    let mut deep = json!({"match_all": {}});
    for _ in 0..200 {
        deep = json!({"bool": {"must": deep}});
    }
    let queries = [
        json!({"id": "unknown", "query": {"match": {"titel": "x"}}}),
        json!({"id": "deep", "query": deep}),
        json!({"id": "no query"}),
        engineers(),
    ];
    let output = Desk::new().matching(&queries, "{\"title\": \"engineer\"}", &["--skip-unsupported"]);
    assert_eq!(output.status.code(), Some(0));
    let refused = json_lines(&output.stderr);
    let ids: Vec<&Value> = refused.iter().map(|refused| &refused["id"]).collect();
    assert_eq!(ids, [&json!("unknown"), &json!("deep"), &Value::Null]);
    assert_eq!(json_lines(&output.stdout), [json!({"doc": 0, "matches": ["engineers"]})]);
}

#[test]
fn figures_are_the_last_line_of_standard_error() {
    let output = Desk::new().matching(&[engineers()], "{}\n{}\n", &["--stats"]);
    let stats = json_lines(&output.stderr).pop().unwrap();
    assert_eq!(stats["subscriptions"], json!(1));
    for figure in ["load_s", "docs_per_s", "p50_ms", "p99_ms"] {
        assert!(stats[figure].as_f64().unwrap() > 0.0, "{figure} in {stats}");
    }
    assert!(stats["rss_mb"].is_number() || cfg!(not(target_os = "linux")));
}

#[test]
fn inner_hits_are_said_beside_the_matches_where_they_are_asked_for() {
    let desk = Desk::new();
    let mapping = json!({"properties": {"title": {"type": "text"}, "job": {"type": "nested", "properties": {
        "company": {"type": "text"}, "task": {"type": "nested", "properties": {"name": {"type": "keyword"}}}}}}});
    desk.file("mapping.json", &mapping.to_string());
    let works_at_acme =
        json!({"id": "acme", "query": {"nested": {"path": "job", "query": {"match": {"job.company": "acme"}}}}});
    let sells = json!({"id": "sells", "query": {"query": {"nested": {"path": "job.task", "query": {"term": {"job.task.name": "sales"}}}}}});
    let documents = [
        json!({"title": "Engineer", "job": [{"company": "Acme"}, null, {"company": "Acme Ltd", "task": [{"name": "x"}, {"name": "sales"}]}]}),
        json!({"title": "Engineer", "job": []}),
        json!([]),
    ];
    let lines: Vec<String> = documents.iter().map(Value::to_string).collect();
    let output = desk.matching(&[engineers(), works_at_acme, sells], &lines.join("\n"), &["--inner-hits"]);
    let answers = json_lines(&output.stdout);
    let expected = json!({"doc": 0, "matches": ["acme", "engineers", "sells"], "inner_hits": {
        "acme": [{"path": "job", "pointer": "/nested", "objects": [[0], [2]]}],
        "sells": [{"path": "job.task", "pointer": "/query/nested", "objects": [[2, 1]]}]}});
    assert_eq!(answers[0], expected);
    assert_eq!(answers[1], json!({"doc": 1, "matches": ["engineers"], "inner_hits": {}}));
    assert!(answers[2]["error"].is_string());
}

#[test]
fn an_explanation_is_a_tree_or_json_and_says_how_the_query_is_found() {
    let desk = Desk::new();
    let query =
        json!({"bool": {"must": {"match": {"title": "engineer"}}, "must_not": {"range": {"level": {"gt": 3}}}}});
    desk.file("query.json", &query.to_string());
    desk.file("document.json", "{\"title\": \"Engineer\", \"level\": 4}");
    let explain = ["explain", "--mapping", "mapping.json", "--query", "query.json"];

    let output = desk.run(&[&explain[..], &["document.json"]].concat());
    assert_eq!(output.status.code(), Some(0));
    let expected = r#"does not match

✗ bool                                                 /bool
  ✓ match title: "engineer" → has the term "engineer"  /must/match
  ✗ not
    ✓ range level → is at least 4                      /must_not/range
      · level holds "4"

found by  title has the term "engineer"
"#;
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);

    let output = desk.run(&[&explain[..], &["--json", "document.json"]].concat());
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["matches"], json!(false));
    assert_eq!(answer["explanation"]["parts"][0]["pointer"], "/bool/must/match");
    assert_eq!(answer["matched_objects"], json!([]));

    let output = desk.run(&[&explain[..], &["--json"]].concat());
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["plan"]["anchors"], json!(["title has the term \"engineer\""]));
    assert!(answer.get("matches").is_none(), "nothing is said of a document without one");

    desk.file("query.json", "{\"bool\": {\"must_not\": {\"exists\": {\"field\": \"title\"}}}}");
    let words = String::from_utf8(desk.run(&explain).stdout).unwrap();
    assert!(words.contains("warning   nothing that a document has leads to this query"), "{words}");
}
