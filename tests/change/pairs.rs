//! The labelled pairs: `{"rule", "name", "before", "after", "changes": [{"kind", "before", "after"}]}` a line, where a change names
//! positions by their places in the `experience` of the version before and after.

use std::path::PathBuf;
use std::process::Command;

use serde::Deserialize;
use serde_json::{Value, json};
use tripline::change::{Change, ChangeKind, Remembered, Schema, diff};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    pub rule: String,
    pub name: String,
    pub before: Option<Value>,
    pub after: Value,
    changes: Vec<Label>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Label {
    kind: ChangeKind,
    before: Option<usize>,
    after: Option<usize>,
}

impl Pair {
    /// The changes as labelled, with the entries that the labels name.
    pub fn expected(&self) -> Vec<Change> {
        let change = |label: &Label| Change {
            kind: label.kind,
            before: label.before.map(|place| entry(self.before.as_ref().expect("a version before"), place)),
            after: label.after.map(|place| entry(&self.after, place)),
        };
        self.changes.iter().map(change).collect()
    }

    /// The changes as the library finds them.
    pub fn found(&self) -> Vec<Change> {
        let Some(before) = &self.before else { return Vec::new() };
        changes(before, &self.after)
    }
}

fn entry(document: &Value, place: usize) -> Value {
    match &document["experience"] {
        Value::Array(entries) => entries[place].clone(),
        single => single.clone(),
    }
}

/// The changes between two versions of which nothing else is known.
pub fn changes(before: &Value, after: &Value) -> Vec<Change> {
    let schema = Schema::default();
    diff(&schema.positions(before), &schema.positions(after), &Remembered::default())
}

pub fn kinds(changes: &[Change]) -> Vec<ChangeKind> {
    changes.iter().map(|change| change.kind).collect()
}

pub fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/position_changes.ndjson")
}

pub fn all() -> Vec<Pair> {
    let text = std::fs::read_to_string(path()).expect("the labelled pairs");
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

/// Checks the pairs of one rule.
#[track_caller]
pub fn check(rule: &str) {
    let pairs: Vec<Pair> = all().into_iter().filter(|pair| pair.rule == rule).collect();
    assert!(!pairs.is_empty(), "no pair shows {rule:?}");
    for pair in pairs {
        assert_eq!(pair.found(), pair.expected(), "{rule}: {}", pair.name);
    }
}

#[test]
fn tripline_diff_finds_what_the_labels_say() {
    let pairs = all();
    let output = Command::new(env!("CARGO_BIN_EXE_tripline")).arg("diff").arg(path()).output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
    let lines: Vec<Value> =
        output.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    assert_eq!(lines.len(), pairs.len());
    for (pair, line) in pairs.iter().zip(lines) {
        assert_eq!(line, json!({"changes": pair.expected()}), "{}: {}", pair.rule, pair.name);
    }
}

#[test]
fn the_labels_show_every_kind() {
    use ChangeKind::{Backfilled, Closed, Edited, Promoted, Removed, Reopened, Started};
    let pairs = all();
    let shown = |kind: ChangeKind| pairs.iter().any(|pair| pair.changes.iter().any(|label| label.kind == kind));
    for kind in [Started, Promoted, Closed, Reopened, Edited, Removed, Backfilled] {
        assert!(shown(kind), "{kind:?}");
    }
}
