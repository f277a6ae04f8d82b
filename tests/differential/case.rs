//! A case: a mapping, documents and queries; and what real nodes say of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What is asked of the nodes and of Tripline.
pub struct Case {
    pub name: String,
    pub mapping: Box<RawValue>,
    /// Ids and documents.
    pub documents: Vec<(u64, Box<RawValue>)>,
    pub queries: Vec<Query>,
}

#[derive(Deserialize)]
pub struct Query {
    pub id: String,
    pub query: Box<RawValue>,
}

/// What real nodes say of a case.
#[derive(Default, Serialize, Deserialize, PartialEq, Debug)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// The servers that were asked; the mapping is refused by the others.
    pub asked: Vec<String>,
    /// Documents that the first server refuses.
    pub refused_documents: BTreeSet<u64>,
    pub queries: BTreeMap<String, Answer>,
    /// What single servers say otherwise.
    #[serde(default)]
    pub disagreements: BTreeMap<String, Disagreement>,
    /// What the percolators of single servers say otherwise than their own searches. It decides nothing.
    #[serde(default)]
    pub percolators: BTreeMap<String, SecondOpinion>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Refused,
    #[serde(untagged)]
    Matches(BTreeSet<u64>),
}

/// How one server differs from the decided answers.
#[derive(Default, Serialize, Deserialize, PartialEq, Debug)]
#[serde(deny_unknown_fields)]
pub struct Disagreement {
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub refused_documents: BTreeSet<u64>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub accepted_documents: BTreeSet<u64>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub queries: BTreeMap<String, Answer>,
}

/// How one server's percolator differs from its search.
#[derive(Default, Serialize, Deserialize, PartialEq, Debug)]
#[serde(deny_unknown_fields)]
pub struct SecondOpinion {
    /// Documents that its index takes; a percolator reads them from a copy that is written anew.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub refused_documents: BTreeSet<u64>,
    /// Queries that its search takes.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub refused: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub queries: BTreeMap<String, Deviation>,
}

/// How what a stored query finds differs from what a search finds.
#[derive(Default, Serialize, Deserialize, PartialEq, Debug)]
#[serde(deny_unknown_fields)]
pub struct Deviation {
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub missing: BTreeSet<u64>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub extra: BTreeSet<u64>,
}
