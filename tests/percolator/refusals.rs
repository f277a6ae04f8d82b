//! Every refusal leads to its place: over the whole corpus of the differential tests, malformed queries among them.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use tripline::Mapping;
use tripline::percolator::Percolator;

#[test]
fn every_refused_query_of_the_corpus_is_refused_with_a_place_in_it() {
    let mut refusals = 0;
    let mut wrong = Vec::new();
    for (mapping, queries) in corpus() {
        let percolator = Percolator::new(Arc::new(mapping));
        for query in queries {
            let Err(error) = percolator.compile(&query) else { continue };
            refusals += 1;
            if !leads_to_a_place(&query, &error.pointer) {
                wrong.push(format!("{query}: no {:?} ({})", error.pointer, error.reason));
            }
        }
    }
    assert!(refusals > 2_000, "only {refusals} refusals");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Below `/wrapper/query` the pointer goes on within what is written in base64.
fn leads_to_a_place(query: &Value, pointer: &str) -> bool {
    let outside = pointer.split_once("/wrapper/query").map(|(around, _)| format!("{around}/wrapper/query"));
    query.pointer(outside.as_deref().unwrap_or(pointer)).is_some()
}

/// Mappings that are taken, and queries over them.
fn corpus() -> Vec<(Mapping, Vec<Value>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential/corpus");
    let files = fs::read_dir(folder).expect("the corpus is there");
    let theme = |file: Result<fs::DirEntry, _>| {
        let text = fs::read_to_string(file.expect("a file").path()).expect("a theme");
        let mut theme: Value = serde_json::from_str(&text).expect("JSON");
        let mapping = Mapping::from_json(&theme["mapping"]).ok()?;
        let queries = theme["queries"].as_array_mut().expect("queries").iter_mut();
        Some((mapping, queries.map(|query| query["query"].take()).collect()))
    };
    files.filter_map(theme).collect()
}
