//! JSON documents as mokaccino's multimaps of fields and values: texts by their words, everything else as it is.

use std::collections::{HashMap, HashSet};

use anyhow::Context;
use mokaccino::prelude::Document;
use serde_json::Value;
use unicode_segmentation::UnicodeSegmentation;

/// The fields of a flat mapping, by their full names.
pub struct Fields {
    by_name: HashMap<String, Field>,
}

pub struct Field {
    pub is_text: bool,
    pub is_number: bool,
    sub_fields: Vec<String>,
}

impl Fields {
    pub fn of_mapping(body: &Value) -> anyhow::Result<Fields> {
        let mut fields = Fields { by_name: HashMap::new() };
        fields.add("", body["mappings"]["properties"].as_object().context("the mapping has no properties")?);
        Ok(fields)
    }

    fn add(&mut self, path: &str, properties: &serde_json::Map<String, Value>) {
        for (name, field) in properties {
            let name = format!("{path}{name}");
            if let Some(properties) = field["properties"].as_object() {
                self.add(&format!("{name}."), properties);
                continue;
            }
            let sub_fields = field["fields"].as_object().into_iter().flatten();
            let sub_fields = sub_fields.map(|(sub, field)| (format!("{name}.{sub}"), field)).collect::<Vec<_>>();
            let names = sub_fields.iter().map(|(name, _)| name.clone()).collect();
            for (name, field) in sub_fields {
                self.by_name.insert(name, Field::of(field, Vec::new()));
            }
            self.by_name.insert(name, Field::of(field, names));
        }
    }

    /// Leaves out the fields that no query asks for.
    pub fn retain(&mut self, asked: &HashSet<String>) {
        for field in self.by_name.values_mut() {
            field.sub_fields.retain(|name| asked.contains(name));
        }
        self.by_name.retain(|name, field| asked.contains(name) || !field.sub_fields.is_empty());
    }

    pub fn get(&self, name: &str) -> Option<&Field> {
        self.by_name.get(name)
    }

    pub fn document(&self, json: &Value) -> Document {
        let mut document = Document::default();
        self.read("", json, &mut document);
        document
    }

    fn read(&self, path: &str, json: &Value, document: &mut Document) {
        match json {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let name = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    self.read(&name, value, document);
                }
            }
            Value::Array(values) => values.iter().for_each(|value| self.read(path, value, document)),
            Value::Null => {}
            Value::String(text) => self.add_value(path, text, document),
            other => self.add_value(path, &other.to_string(), document),
        }
    }

    fn add_value(&self, name: &str, value: &str, document: &mut Document) {
        let Some(field) = self.by_name.get(name) else { return };
        match field.is_text {
            true => words(value).for_each(|word| document.with_value_mut(name, word)),
            false => document.with_value_mut(name, value),
        }
        for name in &field.sub_fields {
            self.add_value(name, value, document);
        }
    }
}

impl Field {
    fn of(field: &Value, sub_fields: Vec<String>) -> Field {
        let is_number = matches!(field["type"].as_str(), Some("long" | "integer" | "short" | "byte"));
        Field { is_text: field["type"] == "text", is_number, sub_fields }
    }
}

/// The words of a text as the standard analyzer has them, for the texts of the workload.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    text.unicode_words().map(str::to_lowercase)
}
