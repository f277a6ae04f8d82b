//! The written cases: the themes of `corpus/` and the data sets of `fixtures/`, with their recorded answers.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::case::{Answers, Case, Query};

/// One theme of the corpus, or one data set of `fixtures/`.
pub struct Theme {
    pub case: Case,
    /// Where Tripline deliberately answers otherwise.
    pub expect: Vec<Expectation>,
    pub answers_file: PathBuf,
}

/// A deliberate difference from the recorded answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The query's id; without it the expectation is about reading the document.
    pub query: Option<String>,
    pub document: Option<u64>,
    pub tripline: Verdict,
    /// Why that is right.
    #[serde(rename = "reason")]
    pub _reason: String,
}

#[derive(Deserialize, Debug, Clone, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Refuses,
    Accepts,
    Matches(BTreeSet<u64>),
}

/// A file of the corpus.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CorpusFile {
    #[serde(rename = "notes", default)]
    _notes: String,
    mapping: Box<RawValue>,
    documents: Vec<Box<RawValue>>,
    queries: Vec<Query>,
    #[serde(default)]
    expect: Vec<Expectation>,
}

/// The themes of `corpus/`, by name.
pub fn corpus() -> Vec<Theme> {
    let folder = manifest_folder().join("tests/differential/corpus");
    let mut files: Vec<PathBuf> =
        fs::read_dir(&folder).expect("the corpus is there").flatten().map(|entry| entry.path()).collect();
    files.sort();
    files.iter().map(|path| read_corpus_file(path)).collect()
}

fn read_corpus_file(path: &Path) -> Theme {
    let name = path.file_stem().and_then(|name| name.to_str()).expect("a corpus file has a name").to_owned();
    let file: CorpusFile =
        serde_json::from_str(&read(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let ids: BTreeSet<&str> = file.queries.iter().map(|query| query.id.as_str()).collect();
    assert_eq!(ids.len(), file.queries.len(), "{name}: a query's id is used twice");
    Theme {
        answers_file: manifest_folder().join(format!("tests/differential/answers/{name}.json")),
        case: Case {
            name,
            mapping: file.mapping,
            documents: (0..).zip(file.documents).collect(),
            queries: file.queries,
        },
        expect: file.expect,
    }
}

/// All queries of `fixtures/` over one version of its members.
pub fn fixtures(version: &str) -> Theme {
    #[derive(Deserialize)]
    struct Id {
        id: u64,
    }
    let folder = manifest_folder().join("fixtures");
    let parse = |line: &str| serde_json::from_str(line).expect("a line of the fixtures is JSON");
    let members = read(&folder.join(format!("members_{version}.ndjson")));
    let id = |line: &str| serde_json::from_str::<Id>(line).expect("a member has an id").id;
    Theme {
        case: Case {
            name: format!("fixtures-{version}"),
            mapping: serde_json::from_str(&read(&manifest_folder().join("mappings/clean_member.json"))).expect("JSON"),
            documents: members.lines().map(|line| (id(line), parse(line))).collect(),
            queries: read(&folder.join("queries.ndjson"))
                .lines()
                .map(|line| serde_json::from_str(line).expect("a query has an id"))
                .collect(),
        },
        expect: Vec::new(),
        answers_file: folder.join(format!("expected_matches_{version}.json")),
    }
}

impl Theme {
    /// The recorded answers.
    pub fn answers(&self) -> Answers {
        let text = fs::read_to_string(&self.answers_file).unwrap_or_else(|_| {
            panic!("{}: no recorded answers; run the tests with TRIPLINE_RECORD=1", self.case.name)
        });
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", self.answers_file.display()))
    }
}

impl Answers {
    /// JSON with a line a query, so that a change of answers can be read.
    pub fn to_text(&self) -> String {
        let mut text = String::from("{\n");
        let _ = writeln!(text, "  \"asked\": {},", json(&self.asked));
        if !self.percolators.is_empty() {
            let _ = writeln!(text, "  \"percolators\": {},", json(&self.percolators));
        }
        let _ = writeln!(text, "  \"refused_documents\": {},", json(&self.refused_documents));
        text.push_str("  \"queries\": {");
        for (index, (id, answer)) in self.queries.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let _ = write!(text, "{comma}\n    {}: {}", json(id), json(answer));
        }
        let _ = write!(text, "\n  }},\n  \"disagreements\": {}\n}}\n", json(&self.disagreements));
        text
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("answers are plain JSON")
}

fn manifest_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
