//! The rows.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

/// What rows are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    Queries,
    Fields,
    Analysis,
}

impl Room {
    pub const ALL: [Room; 3] = [Room::Queries, Room::Fields, Room::Analysis];

    fn folder(self) -> &'static str {
        match self {
            Room::Queries => "queries",
            Room::Fields => "fields",
            Room::Analysis => "analysis",
        }
    }
}

/// A file of rows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    pub title: String,
    /// The section of `settings.analysis` that holds the definitions.
    pub kind: Option<String>,
    pub rows: Vec<Row>,
    #[serde(skip, default = "nowhere")]
    pub room: Room,
    /// `queries/term_level`
    #[serde(skip)]
    pub file: String,
}

fn nowhere() -> Room {
    Room::Queries
}

/// What becomes of a clause, a type, a parameter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    #[default]
    Decides,
    Accepted,
    Refused,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub name: String,
    pub parameter: Option<String>,
    #[serde(default)]
    pub verdict: Verdict,
    #[serde(default)]
    pub open: bool,
    pub why: Option<String>,
    pub note: Option<String>,

    pub query: Option<Value>,
    /// Whether the query is refused under the mapping, which is fine by itself.
    #[serde(default)]
    pub query_refused: bool,
    pub mapping: Option<Value>,
    /// The definition of the field `f`.
    pub field: Option<Value>,
    /// A document's id is 1, unless `misses_id` gives that of the one that is missed.
    pub matches: Option<Value>,
    pub misses: Option<Value>,
    pub misses_id: Option<u64>,
    pub refuses: Option<Value>,
    pub otherwise: Option<Value>,
    pub otherwise_refused: Option<Value>,

    pub definition: Option<Value>,
    pub text: Option<Value>,
    #[serde(default)]
    pub has: Vec<String>,
    #[serde(default)]
    pub lacks: Vec<String>,
    /// A phrase that stands in the text.
    pub phrase: Option<String>,
    /// Other definitions that the one of the row uses.
    pub with: Option<Value>,
    /// Before a token filter; `whitespace` unless said.
    pub tokenizer: Option<String>,
    /// Token filters before and behind the one of the row.
    #[serde(default)]
    pub before: Vec<String>,
    #[serde(default)]
    pub then: Vec<String>,
}

impl Row {
    /// `match.operator`
    pub fn title(&self) -> String {
        match &self.parameter {
            Some(parameter) => format!("{}.{parameter}", self.name),
            None => self.name.clone(),
        }
    }
}

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/percolator/reference")
}

/// All families, by room and file name.
pub fn families() -> Vec<Family> {
    let mut families = Vec::new();
    for room in Room::ALL {
        let entries = fs::read_dir(folder().join(room.folder())).expect("a folder of rows");
        let mut files: Vec<_> = entries.map(|entry| entry.expect("a file").path()).collect();
        files.sort_unstable();
        families.extend(files.iter().map(|file| family(room, file)));
    }
    families
}

fn family(room: Room, file: &Path) -> Family {
    let text = fs::read_to_string(file).expect("a file of rows");
    let family: Family = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let stem = file.file_stem().and_then(|stem| stem.to_str()).expect("a name");
    let mut family = Family { room, file: format!("{}/{stem}", room.folder()), ..family };
    if stem == "refused" {
        family.rows.iter_mut().for_each(|row| row.verdict = Verdict::Refused);
    }
    family
}
