//! What stands in the cluster under our names, and whether it can be used. Nothing is changed here.

use std::collections::BTreeMap;

use elasticsearch::http::Method;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::definition::{Definition, schema_of};
use super::error::IndicesError;
use crate::config;
use crate::elasticsearch::{Backoff, Connection, ElasticsearchError, generation_of};

/// What stands behind an alias.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inspection {
    Missing,
    /// What is needed.
    Current,
    /// An older Tripline made it.
    Outdated {
        schema: u32,
    },
}

/// # Errors
///
/// The first thing that is not as it should be.
pub(super) async fn inspect(
    connection: &Connection,
    settings: &config::Elasticsearch,
    definitions: &[Definition],
) -> Result<Vec<Inspection>, IndicesError> {
    let aliases: Vec<String> = definitions.iter().map(|definition| definition.alias(settings)).collect();
    let names: Vec<String> = aliases.iter().map(|alias| format!("{alias},{alias}-v*")).collect();
    let path = format!(
        "{}?ignore_unavailable=true&allow_no_indices=true&expand_wildcards=open,closed,hidden",
        names.join(",")
    );
    let indices: BTreeMap<String, Value> = connection.ask(Method::Get, &path, None).await?;
    let mut in_use = Vec::new();
    let mut inspections = Vec::new();
    for (definition, alias) in definitions.iter().zip(&aliases) {
        match behind(alias, &indices)? {
            None => inspections.push(Inspection::Missing),
            Some((index, answer)) => {
                inspections.push(look_at(definition, alias, index, answer)?);
                in_use.push(index);
            }
        }
    }
    wait_until_none_is_red(connection, settings, &in_use).await?;
    Ok(inspections)
}

/// The one index behind an alias, if there is an alias.
fn behind<'i>(alias: &str, indices: &'i BTreeMap<String, Value>) -> Result<Option<(&'i str, &'i Value)>, IndicesError> {
    if indices.contains_key(alias) {
        return Err(IndicesError::AlienIndex { alias: alias.to_owned() });
    }
    let has_alias = |index: &Value| index["aliases"].get(alias).is_some();
    let behind: Vec<(&str, &Value)> =
        indices.iter().filter(|(_, index)| has_alias(index)).map(|(name, index)| (name.as_str(), index)).collect();
    match behind.as_slice() {
        [] => {
            let versions = indices.iter().filter(|(name, _)| is_version_of(alias, name));
            match versions.max_by_key(|(name, _)| generation_of(name)) {
                None => Ok(None),
                Some((index, _)) => Err(IndicesError::LostAlias { alias: alias.to_owned(), index: index.clone() }),
            }
        }
        [(index, answer)] if is_version_of(alias, index) && schema_of(answer) == Some(generation_of(index)) => {
            Ok(Some((index, answer)))
        }
        others => {
            let indices = others.iter().map(|(index, _)| format!("{index:?}")).collect::<Vec<_>>().join(", ");
            Err(IndicesError::AlienAlias { alias: alias.to_owned(), indices })
        }
    }
}

fn is_version_of(alias: &str, index: &str) -> bool {
    let version = index.strip_prefix(alias).and_then(|rest| rest.strip_prefix("-v"));
    version.is_some_and(|version| version.parse::<u32>().is_ok())
}

fn look_at(definition: &Definition, alias: &str, index: &str, answer: &Value) -> Result<Inspection, IndicesError> {
    let schema = generation_of(index);
    if schema > definition.schema() {
        return Err(IndicesError::NewerSchema { index: index.to_owned(), found: schema, known: definition.schema() });
    }
    check_alias(alias, index, &answer["aliases"][alias])?;
    if answer.pointer("/settings/index/verified_before_close").is_some_and(is_true) {
        return Err(IndicesError::Closed { index: index.to_owned() });
    }
    let outdated = schema < definition.schema();
    check_blocks(index, &answer["settings"]["index"]["blocks"], outdated)?;
    if outdated {
        return Ok(Inspection::Outdated { schema });
    }
    match difference("", definition.mappings(), &answer["mappings"]) {
        None => Ok(Inspection::Current),
        Some(Difference { place, found, needed }) => {
            Err(IndicesError::ChangedMapping { alias: alias.to_owned(), index: index.to_owned(), place, found, needed })
        }
    }
}

fn check_alias(alias: &str, index: &str, options: &Value) -> Result<(), IndicesError> {
    let altered =
        ["filter", "routing", "index_routing", "search_routing"].into_iter().find(|key| options.get(key).is_some());
    let no_writes = options.get("is_write_index").is_some_and(|value| !is_true(value));
    let what = altered.map(|key| format!("a {key}")).or(no_writes.then(|| "is_write_index false".to_owned()));
    match what {
        None => Ok(()),
        Some(what) => Err(IndicesError::AlteredAlias { alias: alias.to_owned(), index: index.to_owned(), what }),
    }
}

/// Who blocks writes, and what to do. A migration blocks those of the index that it is leaving, and goes on.
fn check_blocks(index: &str, blocks: &Value, outdated: bool) -> Result<(), IndicesError> {
    const REMEDIES: [(&str, &str); 4] = [
        (
            "read_only_allow_delete",
            "its node had too little disk: free some, or take the setting back (PUT /<index>/_settings, null)",
        ),
        ("read_only", "take the setting back (PUT /<index>/_settings, null)"),
        ("write", "a migration that did not end, or somebody, set it: take it back (PUT /<index>/_settings, null)"),
        ("read", "take the setting back (PUT /<index>/_settings, null)"),
    ];
    let set = REMEDIES
        .into_iter()
        .filter(|(block, _)| !(outdated && *block == "write"))
        .find(|(block, _)| blocks.get(block).is_some_and(is_true));
    match set {
        None => Ok(()),
        Some((block, remedy)) => {
            Err(IndicesError::Blocked { index: index.to_owned(), block: block.to_owned(), remedy })
        }
    }
}

/// A place of a mapping that is not what is needed.
struct Difference {
    place: String,
    found: String,
    needed: String,
}

/// The first thing that is needed and is not there. More may be there: it is not ours.
fn difference(place: &str, needed: &Value, found: &Value) -> Option<Difference> {
    let (Some(needed), Some(found)) = (needed.as_object(), found.as_object()) else {
        // Servers give settings back as text.
        let same = needed == found || text(needed) == text(found);
        return (!same).then(|| Difference { place: place.to_owned(), found: text(found), needed: text(needed) });
    };
    let missing = Value::Object(Map::new());
    needed.iter().find_map(|(key, needed)| {
        let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
        match found.get(key) {
            Some(found) => difference(&place, needed, found),
            None if *needed == missing => None,
            None => Some(Difference { place, found: "missing".to_owned(), needed: text(needed) }),
        }
    })
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn is_true(value: &Value) -> bool {
    text(value) == "true"
}

/// Indices that were just made, or whose node has just come back, are red for a moment.
async fn wait_until_none_is_red(
    connection: &Connection,
    settings: &config::Elasticsearch,
    indices: &[&str],
) -> Result<(), IndicesError> {
    #[derive(Deserialize)]
    struct Health {
        indices: BTreeMap<String, IndexHealth>,
    }
    #[derive(Deserialize)]
    struct IndexHealth {
        status: String,
    }
    if indices.is_empty() {
        return Ok(());
    }
    let path = format!("_cluster/health/{}?level=indices", indices.join(","));
    let mut backoff = Backoff::until(settings.busy_timeout);
    loop {
        let health: Result<Health, ElasticsearchError> = connection.ask(Method::Get, &path, None).await;
        let Some(index) = health?.indices.into_iter().find_map(|(name, index)| (index.status == "red").then_some(name))
        else {
            return Ok(());
        };
        if !backoff.wait().await {
            return Err(IndicesError::Red { index });
        }
    }
}
