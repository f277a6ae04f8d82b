//! A theme: analyzers and texts, and what a node made of them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tripline::Mapping;

use crate::nodes::Node;

/// A file of `components/`.
pub struct Component {
    pub name: String,
    file: File,
    pub answers_file: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "notes", default)]
    _notes: String,
    /// Settings of the index beside `analysis`.
    #[serde(default)]
    index: Value,
    /// `settings.analysis`
    #[serde(default)]
    analysis: Value,
    /// Built-in analyzers that are asked beside those that `analysis` defines.
    #[serde(default)]
    built_in: Vec<String>,
    texts: Vec<String>,
    /// Texts of single analyzers.
    #[serde(default)]
    texts_of: BTreeMap<String, Vec<String>>,
}

/// What a node made of every text, by analyzer: tokens as `tokens` writes them.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// The node that answered: the first that has all of the analyzers.
    pub asked: String,
    pub tokens: BTreeMap<String, Vec<Vec<String>>>,
}

pub fn components() -> Vec<Component> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/analysis");
    let wanted = std::env::var("TRIPLINE_THEME").unwrap_or_default();
    let mut files: Vec<PathBuf> = fs::read_dir(folder.join("components"))
        .expect("components are there")
        .flatten()
        .map(|file| file.path())
        .collect();
    files.sort();
    let named = files.into_iter().map(|path| {
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a component has a name").to_owned();
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let file = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        Component { answers_file: folder.join(format!("answers/{name}.json")), name, file }
    });
    named.filter(|component| component.name.starts_with(&wanted)).collect()
}

impl Component {
    pub fn new(name: &str, analysis: Value, built_in: Vec<String>, texts: Vec<String>) -> Component {
        let file =
            File { _notes: String::new(), index: Value::Null, analysis, built_in, texts, texts_of: BTreeMap::new() };
        Component { name: name.to_owned(), file, answers_file: PathBuf::new() }
    }

    fn index(&self) -> Value {
        let mut settings = if self.file.index.is_object() { self.file.index.clone() } else { json!({}) };
        settings["analysis"] = self.file.analysis.clone();
        settings["analyze"] = json!({"max_token_count": 100_000});
        json!({"settings": {"index": settings}})
    }

    fn analyzers(&self) -> Vec<String> {
        let defined = self.file.analysis.get("analyzer").and_then(Value::as_object);
        let mut names: Vec<String> = defined.into_iter().flat_map(|named| named.keys().cloned()).collect();
        names.extend(self.file.built_in.iter().cloned());
        names
    }

    fn texts_of<'c>(&'c self, analyzer: &str) -> impl Iterator<Item = &'c String> {
        self.file.texts.iter().chain(self.file.texts_of.get(analyzer).into_iter().flatten())
    }

    /// What the first node that has all of the analyzers makes of the texts.
    pub fn ask(&self, nodes: &[&Node]) -> Result<Answers, String> {
        let mut refusals = Vec::new();
        for node in nodes {
            match self.ask_one(node) {
                Ok(answers) => return Ok(answers),
                Err(reason) => refusals.push(format!("{}: {reason}", node.server.name())),
            }
        }
        Err(refusals.join("; "))
    }

    fn ask_one(&self, node: &Node) -> Result<Answers, String> {
        let index = format!("analysis-{}-{}", std::process::id(), self.name);
        node.delete_index(&index);
        node.create_index(&index, &self.index().to_string())?;
        let mut tokens = BTreeMap::new();
        for analyzer in self.analyzers() {
            let answers: Result<Vec<_>, String> = self
                .texts_of(&analyzer)
                .map(|text| analyze(node, &index, &analyzer, text).map(|tokens| written(tokens.into_iter())))
                .collect();
            tokens.insert(analyzer.clone(), answers.map_err(|reason| format!("{analyzer}: {reason}"))?);
        }
        node.delete_index(&index);
        Ok(Answers { asked: node.server.name().to_owned(), tokens })
    }

    pub fn answers(&self) -> Answers {
        let text = fs::read_to_string(&self.answers_file)
            .unwrap_or_else(|_| panic!("{}: no recorded tokens; run the tests with TRIPLINE_RECORD=1", self.name));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", self.answers_file.display()))
    }

    pub fn differences(&self) -> Vec<String> {
        self.differences_from(&self.answers())
    }

    pub fn differences_from(&self, answers: &Answers) -> Vec<String> {
        let mapping = match Mapping::from_json(&self.index()) {
            Ok(mapping) => mapping,
            Err(error) => return vec![format!("{}: {error}", self.name)],
        };
        let mut differences = Vec::new();
        for name in self.analyzers() {
            let Some(analyzer) = mapping.analyzer(&name) else {
                differences.push(format!("{}: no analyzer {name:?}", self.name));
                continue;
            };
            let expected = answers.tokens.get(&name).map_or(&[][..], Vec::as_slice);
            for (text, expected) in self.texts_of(&name).zip(expected) {
                let tokens = analyzer.query_tokens(text).expect("few tokens");
                let found = written(
                    tokens.into_iter().map(|token| (token.term, u64::from(token.position), u64::from(token.length))),
                );
                if found != *expected {
                    differences.push(format!("{}: {name}: {}", self.name, first_difference(text, &found, expected)));
                }
                let mut without_paths = Vec::new();
                let mut put = |term: &str, position: u32| without_paths.push((term.to_owned(), position));
                analyzer.tokens(text, &mut put).expect("few tokens");
                let of_query = analyzer.query_tokens(text).expect("few tokens").into_iter();
                let of_query: Vec<_> = of_query.map(|token| (token.term, token.position)).collect();
                assert_eq!(without_paths, of_query, "{name}: documents and queries, {text:?}");
            }
        }
        differences
    }
}

/// The tokens that an analyzer of an index makes of a text, as (term, position, position length).
fn analyze(node: &Node, index: &str, analyzer: &str, text: &str) -> Result<Vec<(String, u64, u64)>, String> {
    let body = json!({"analyzer": analyzer, "text": text}).to_string();
    let answer = node.send(reqwest::Method::POST, &format!("{index}/_analyze"), body, "application/json")?;
    let token = |token: &Value| {
        let term = token["token"].as_str()?.to_owned();
        Some((term, token["position"].as_u64()?, token["positionLength"].as_u64().unwrap_or(1)))
    };
    let tokens = answer["tokens"].as_array().and_then(|tokens| tokens.iter().map(token).collect());
    tokens.ok_or_else(|| answer.to_string())
}

/// Each token as its term, with its step where that is not 1 and its length where that is not 1: `fast+0`, `wifi:2`.
fn written(tokens: impl Iterator<Item = (String, u64, u64)>) -> Vec<String> {
    let mut next = 0;
    let one = |(term, position, length): (String, u64, u64)| {
        let mut text = term;
        if position != next {
            let step = (position + 1).wrapping_sub(next) as i64;
            let _ = write!(text, "{step:+}");
        }
        if length != 1 {
            let _ = write!(text, ":{length}");
        }
        next = position + 1;
        text
    };
    tokens.map(one).collect()
}

fn first_difference(text: &str, found: &[String], expected: &[String]) -> String {
    let at = found.iter().zip(expected).take_while(|(one, other)| one == other).count();
    let around = |tokens: &[String]| {
        let start = at.saturating_sub(2).min(tokens.len());
        tokens[start..tokens.len().min(at + 6)].join(" | ")
    };
    let count = found.iter().zip(expected).filter(|(one, other)| one != other).count();
    let shown: String = text.chars().take(80).collect();
    format!(
        "{count} of {} differ in {shown:?}, at token {at}:\n    found    {}\n    expected {}",
        expected.len(),
        around(found),
        around(expected)
    )
}

impl Answers {
    /// JSON with a line a text.
    pub fn to_text(&self) -> String {
        let mut text = format!("{{\n  \"asked\": {:?},\n  \"tokens\": {{", self.asked);
        for (index, (analyzer, answers)) in self.tokens.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let _ = write!(text, "{comma}\n    {}: [", json!(analyzer));
            for (index, answer) in answers.iter().enumerate() {
                let comma = if index == 0 { "" } else { "," };
                let _ = write!(text, "{comma}\n      {}", json!(answer));
            }
            text.push_str("\n    ]");
        }
        text.push_str("\n  }\n}\n");
        text
    }
}
