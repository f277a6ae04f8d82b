//! The checked-in mappings and fixtures are what they say they are.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

#[path = "../examples/generate_fixtures/data_set.rs"]
mod data_set;
#[path = "../examples/generate_fixtures/members.rs"]
mod members;
#[path = "../examples/generate_fixtures/noise.rs"]
mod noise;
#[path = "../examples/generate_fixtures/random.rs"]
mod random;
#[path = "../examples/generate_fixtures/versions.rs"]
mod versions;
#[path = "../examples/generate_fixtures/vocabulary.rs"]
mod vocabulary;

fn text(path: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

#[test]
fn the_checked_in_members_are_the_generators_output() {
    for (name, generated) in data_set::files() {
        let same = lines(&text(&format!("fixtures/{name}"))) == lines(&generated);
        assert!(same, "fixtures/{name} differs: run `cargo run --example generate_fixtures`");
    }
}

#[test]
fn both_versions_hold_at_least_300_members_in_files_of_reasonable_size() {
    for name in ["fixtures/members_v1.ndjson", "fixtures/members_v2.ndjson"] {
        let text = text(name);
        assert!(text.lines().count() >= 300, "{name} is short");
        assert!(text.len() < 2 << 20, "{name} is long");
        assert!(text.lines().all(|line| line.len() < 8_000), "{name} has a huge member");
    }
}

#[test]
fn every_kind_of_change_and_every_noise_is_expected_of_somebody() {
    let expected = lines(&text("fixtures/expected_changes.ndjson"));
    let kinds: BTreeSet<&str> = expected
        .iter()
        .flat_map(|row| row["changes"].as_array().into_iter().flatten())
        .filter_map(|change| change["kind"].as_str())
        .collect();
    assert_eq!(
        kinds.into_iter().collect::<Vec<_>>(),
        ["backfilled", "closed", "edited", "promoted", "removed", "reopened", "started"]
    );
    let mut outcomes = BTreeMap::new();
    expected.iter().for_each(|row| *outcomes.entry(row["outcome"].to_string()).or_insert(0) += 1);
    assert_eq!(outcomes.len(), 6, "{outcomes:?}");
    let noises: BTreeSet<&str> = expected
        .iter()
        .flat_map(|row| row["noise"].as_array().into_iter().flatten())
        .filter_map(Value::as_str)
        .collect();
    assert!(noise::Noise::ALL.iter().all(|noise| noises.contains(noise.label())));
}

#[test]
fn queries_have_ids_of_their_own() {
    let queries = lines(&text("fixtures/queries.ndjson"));
    let ids: BTreeSet<&str> = queries.iter().filter_map(|query| query["id"].as_str()).collect();
    assert!(ids.len() >= 60);
    assert_eq!(ids.len(), queries.len());
    assert!(queries.iter().all(|query| query["description"].is_string() && query["query"].is_object()));
}
