//! The corpus of the differential tests as the stock that inputs are made of.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// A mapping with documents and queries that belong to it.
pub struct Theme {
    pub name: String,
    pub mapping: Value,
    pub documents: Vec<Value>,
    pub queries: Vec<Value>,
}

/// All themes, in order of their names.
pub fn themes() -> Vec<Theme> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential/corpus");
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("the corpus is there").map(|file| file.expect("a file").path()).collect();
    files.sort_unstable();
    files.iter().map(|file| theme(file)).collect()
}

fn theme(file: &Path) -> Theme {
    let text = fs::read_to_string(file).expect("a theme");
    let mut theme: Value = serde_json::from_str(&text).expect("JSON");
    let list = |value: &mut Value| value.as_array_mut().map(std::mem::take).expect("a list");
    let queries = list(&mut theme["queries"]).into_iter().map(|mut query| query["query"].take()).collect();
    Theme {
        name: file.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned(),
        mapping: theme["mapping"].take(),
        documents: list(&mut theme["documents"]),
        queries,
    }
}

/// Every name and every short text of the themes.
pub fn words(themes: &[Theme]) -> Vec<String> {
    let mut words = BTreeSet::new();
    for theme in themes {
        for value in theme.queries.iter().chain(&theme.documents).chain([&theme.mapping]) {
            gather(value, &mut words);
        }
    }
    words.into_iter().collect()
}

fn gather(value: &Value, words: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if text.len() <= 60 => {
            words.insert(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, words)),
        Value::Object(object) => {
            for (name, inner) in object {
                words.insert(name.clone());
                gather(inner, words);
            }
        }
        _ => {}
    }
}
