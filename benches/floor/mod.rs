//! The floor under any percolator: the bytes parsed, their text cut into words, each word looked up once in a table of the words
//! that queries ask for.

use rustc_hash::FxHashSet;
use serde_json::Value;
use unicode_segmentation::UnicodeSegmentation;

/// Keys whose strings say where and how to look, not what for.
const NO_WORDS: [&str; 5] = ["path", "field", "fields", "default_field", "operator"];

/// The words that any query asks for.
#[derive(Default)]
pub struct Floor {
    words: FxHashSet<String>,
}

impl Floor {
    /// Takes a query's words in.
    pub fn add(&mut self, query: &Value) {
        visit(query, &NO_WORDS, &mut |text| self.words.extend(text.unicode_words().map(str::to_owned)));
    }

    /// How many words of the document any query asks for.
    pub fn known_words(&self, document: &[u8]) -> usize {
        let json: Value = serde_json::from_slice(document).expect("documents are JSON");
        let mut known = 0;
        visit(&json, &[], &mut |text| {
            known += text.unicode_words().filter(|word| self.words.contains(*word)).count();
        });
        known
    }
}

fn visit(json: &Value, but_under: &[&str], text: &mut impl FnMut(&str)) {
    match json {
        Value::String(value) => text(value),
        Value::Array(values) => values.iter().for_each(|value| visit(value, but_under, text)),
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(name, _)| !but_under.contains(&name.as_str()));
            fields.for_each(|(_, value)| visit(value, but_under, text));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
