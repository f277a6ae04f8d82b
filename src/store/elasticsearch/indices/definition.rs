//! What each index looks like: a file of `mappings/` with the settings of the configuration.

use serde_json::{Map, Value, json};

use super::error::IndicesError;
use crate::config;
use crate::elasticsearch::index_of;

/// One index: its name, and the body that it is made with.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    name: &'static str,
    schema: u32,
    body: Value,
}

/// A file and the name of its index.
struct File {
    name: &'static str,
    text: &'static str,
}

const FILES: [File; 9] = [
    // First, for what all migrations need.
    File { name: "migrations", text: include_str!("../../../../mappings/migrations.json") },
    File { name: "members", text: include_str!("../../../../mappings/members.json") },
    File { name: "events", text: include_str!("../../../../mappings/events.json") },
    File { name: "subscriptions", text: include_str!("../../../../mappings/subscriptions.json") },
    File { name: "queues", text: include_str!("../../../../mappings/queues.json") },
    File { name: "batches", text: include_str!("../../../../mappings/batches.json") },
    File { name: "nodes", text: include_str!("../../../../mappings/nodes.json") },
    File { name: "jobs", text: include_str!("../../../../mappings/jobs.json") },
    File { name: "bulk-requests", text: include_str!("../../../../mappings/bulk_requests.json") },
];

/// The indices of the store.
///
/// # Errors
///
/// None, as long as the files that were built in are sound; a test reads them.
pub fn definitions() -> Result<Vec<Definition>, IndicesError> {
    FILES.iter().map(|file| Definition::read(file.name, file.text)).collect()
}

impl Definition {
    /// Reads the body of an index.
    ///
    /// # Errors
    ///
    /// When it is no JSON or does not say its schema, a number from 1, at `/mappings/_meta/tripline/schema`.
    pub fn read(name: &'static str, text: &str) -> Result<Self, IndicesError> {
        let unsound = |reason: String| IndicesError::Definition { name, reason };
        let body: Value = serde_json::from_str(text).map_err(|error| unsound(error.to_string()))?;
        let schema =
            body.pointer(SCHEMA).and_then(schema_number).ok_or_else(|| unsound(format!("no number at {SCHEMA}")))?;
        Ok(Definition { name, schema, body })
    }

    /// `members`
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What reads and writes go through: `tripline-members`.
    pub fn alias(&self, settings: &config::Elasticsearch) -> String {
        format!("{}-{}", settings.prefix, self.name)
    }

    /// What stands behind the alias: `tripline-members-v1`.
    pub fn index(&self, settings: &config::Elasticsearch) -> String {
        index_of(&self.alias(settings), self.schema)
    }

    pub(super) fn schema(&self) -> u32 {
        self.schema
    }

    pub(super) fn mappings(&self) -> &Value {
        &self.body["mappings"]
    }

    /// The body that the index is made with. What the file says stands; the configuration says the rest.
    pub(super) fn body(&self, settings: &config::Elasticsearch) -> Value {
        let mut index = Map::new();
        index.insert("number_of_shards".to_owned(), json!(settings.shards));
        index.insert("number_of_replicas".to_owned(), json!(settings.replicas));
        index.insert("refresh_interval".to_owned(), json!(format!("{}ms", settings.refresh_interval.as_millis())));
        if let Some(of_file) = self.body.pointer("/settings/index").and_then(Value::as_object) {
            index.extend(of_file.clone());
        }
        let mut body = self.body.clone();
        body["settings"] = json!({"index": index});
        body
    }
}

const SCHEMA: &str = "/mappings/_meta/tripline/schema";

/// The schema that the answer about an index says it has.
pub(super) fn schema_of(index: &Value) -> Option<u32> {
    index.pointer(SCHEMA).and_then(schema_number)
}

fn schema_number(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|number| u32::try_from(number).ok()).filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_sound() {
        let definitions = definitions().unwrap();
        assert_eq!(definitions.len(), FILES.len());
    }

    #[test]
    fn indices_that_grow_with_the_members_have_the_configured_shards() {
        let settings = config::Elasticsearch { shards: 7.try_into().unwrap(), ..config::Elasticsearch::default() };
        let grown: Vec<&str> = definitions()
            .unwrap()
            .iter()
            .filter(|definition| definition.body(&settings)["settings"]["index"]["number_of_shards"] == 7)
            .map(Definition::name)
            .collect();
        assert_eq!(grown, ["members", "events", "batches"]);
    }
}
