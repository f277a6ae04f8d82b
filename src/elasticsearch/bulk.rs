//! Writing documents, many in a request.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use elasticsearch::http::Method;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::backoff::Backoff;
use super::error::{Cause, is_busy};
use super::hosts::{Content, Request};
use super::{Connection, ElasticsearchError, read};

/// Which write a document stands at: what the next one is made dependent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stamp {
    /// Which of the indices that stood behind the alias in turn counts so: 3 of `members-v3`, 0 of an index that is not named so.
    pub generation: u32,
    pub seq_no: u64,
    pub primary_term: u64,
}

/// The name of the index that stands behind an alias in a generation.
pub(crate) fn index_of(alias: &str, generation: u32) -> String {
    format!("{alias}-v{generation}")
}

/// The generation that an index's name says, 0 for other names.
pub(crate) fn generation_of(index: &str) -> u32 {
    index.rsplit_once("-v").and_then(|(_, number)| number.parse().ok()).unwrap_or(0)
}

/// The write of one document.
#[derive(Debug, Clone)]
pub struct Write<'a> {
    /// An alias (or, see `to_index`, an index).
    target: &'a str,
    id: Cow<'a, str>,
    routing: Option<Cow<'a, str>>,
    expected: Option<Stamp>,
    version: Option<u64>,
    operation: Operation,
    require_alias: bool,
}

/// What a write does.
#[derive(Debug, Clone)]
pub enum Operation {
    /// Puts the document, whether there is one or not.
    Index(Box<RawValue>),
    /// Puts the document where there is none; else it is a conflict.
    Create(Box<RawValue>),
    /// Lays these fields over those of the document that is there.
    Update(Box<RawValue>),
    /// Takes the document away.
    Delete,
}

impl<'a> Write<'a> {
    /// A write through an alias. That the alias is there is required: else a cluster would make an index of its name.
    pub fn new(alias: &'a str, id: impl Into<Cow<'a, str>>, operation: Operation) -> Self {
        Write {
            target: alias,
            id: id.into(),
            routing: None,
            expected: None,
            version: None,
            operation,
            require_alias: true,
        }
    }

    /// Writes into an index of this very name, which the cluster makes where it is not there.
    pub fn to_index(mut self) -> Self {
        self.require_alias = false;
        self
    }

    /// The document's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The text that decides about the shard.
    pub fn routed_by(mut self, routing: impl Into<Cow<'a, str>>) -> Self {
        self.routing = Some(routing.into());
        self
    }

    /// Only if this is still the document's last write; else it is a conflict. It is one, too, when a migration has put another index
    /// behind the alias since.
    pub fn if_still_at(mut self, stamp: Stamp) -> Self {
        self.expected = Some(stamp);
        self
    }

    /// Only if the document is at no higher version of its keeper's own count; else it is a conflict.
    pub fn at_version(mut self, version: u64) -> Self {
        self.version = Some(version);
        self
    }

    /// The generation of the target that the expected stamp is from: its numbers mean nothing in another index.
    fn generation(&self) -> Option<u32> {
        let generation = self.expected.filter(|_| self.require_alias)?.generation;
        (generation > 0).then_some(generation)
    }

    /// Its lines of a bulk request.
    fn lines(&self) -> Result<Vec<u8>, serde_json::Error> {
        let (name, document) = match &self.operation {
            Operation::Index(document) => ("index", Some(document)),
            Operation::Create(document) => ("create", Some(document)),
            Operation::Update(document) => ("update", Some(document)),
            Operation::Delete => ("delete", None),
        };
        let mut lines = format!("{{\"{name}\":").into_bytes();
        let generation = self.generation();
        serde_json::to_writer(
            &mut lines,
            &Action {
                index: &generation.map_or(Cow::Borrowed(self.target), |number| index_of(self.target, number).into()),
                id: &self.id,
                routing: self.routing.as_deref(),
                if_seq_no: self.expected.map(|stamp| stamp.seq_no),
                if_primary_term: self.expected.map(|stamp| stamp.primary_term),
                version: self.version,
                version_type: self.version.map(|_| "external_gte"),
                // Deletes make no index.
                require_alias: self.require_alias && generation.is_none() && document.is_some(),
            },
        )?;
        lines.extend_from_slice(b"}\n");
        if let Some(document) = document {
            let is_update = matches!(self.operation, Operation::Update(_));
            lines.extend_from_slice(if is_update { b"{\"doc\":" } else { b"" });
            // A document is one line: line breaks within JSON are only ever white space.
            lines.extend(document.get().bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { byte }));
            lines.extend_from_slice(if is_update { b"}\n" } else { b"\n" });
        }
        Ok(lines)
    }
}

#[derive(Serialize)]
struct Action<'a> {
    #[serde(rename = "_index")]
    index: &'a str,
    #[serde(rename = "_id")]
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    routing: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    if_seq_no: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    if_primary_term: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_type: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    require_alias: bool,
}

/// What became of one write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemResult {
    /// It is durable.
    Done(Stamp),
    /// The document is at another write than expected, or there although it was to be created. That other write may be this very
    /// one: clusters repeat writes themselves when a shard moves, and we after a lost answer.
    Conflict,
    /// There is no document to update or to delete.
    Missing,
    /// Not done: the cluster was too busy for it all the time, or its shard is not there.
    TooBusy { reason: String },
    /// Not done, and never will be.
    Failed { status: u16, kind: String, reason: String },
}

impl ItemResult {
    /// The stamp of a write that was made, none where it was in conflict or its document missing.
    ///
    /// # Errors
    ///
    /// When it was turned away or refused; `action` says what it was.
    pub fn into_stamp(self, action: &str) -> Result<Option<Stamp>, ElasticsearchError> {
        let (host, action) = ("elasticsearch.urls".to_owned(), action.to_owned());
        match self {
            ItemResult::Done(stamp) => Ok(Some(stamp)),
            ItemResult::Conflict | ItemResult::Missing => Ok(None),
            ItemResult::TooBusy { reason } => Err(ElasticsearchError::Busy { host, action, reason }),
            ItemResult::Failed { status, kind, reason } => {
                Err(ElasticsearchError::Rejected { host, action, status, kind, reason })
            }
        }
    }
}

impl Connection {
    /// Makes many writes, in as many requests as their size needs; the results are in the order of the writes. What the cluster is
    /// too busy for is asked again for `elasticsearch.busy_timeout`. Two writes of one call must not be of the same document, for
    /// the first may be made after the second.
    ///
    /// # Errors
    ///
    /// When a request fails as a whole. Then any of the writes may have been made.
    pub async fn bulk(&self, writes: &[Write<'_>]) -> Result<Vec<ItemResult>, ElasticsearchError> {
        let mut results: Vec<Option<ItemResult>> = vec![None; writes.len()];
        let mut open: Vec<(&Write<'_>, &mut Option<ItemResult>)> = writes.iter().zip(&mut results).collect();
        let mut backoff = Backoff::until(self.busy_timeout);
        loop {
            let mut rest = open.as_mut_slice();
            while !rest.is_empty() {
                let (count, body) = self.next_body(rest)?;
                let (now, later) = rest.split_at_mut(count);
                let answers = self.bulk_once(body, count).await?;
                for ((_, result), answer) in now.iter_mut().zip(answers) {
                    **result = Some(answer);
                }
                rest = later;
            }
            open.retain(|(_, result)| matches!(result, Some(ItemResult::TooBusy { .. })));
            self.settle_writes_to_former_indices(&mut open).await?;
            if open.is_empty() || !backoff.wait().await {
                break;
            }
        }
        Ok(results.into_iter().flatten().collect())
    }

    /// Makes one write.
    ///
    /// # Errors
    ///
    /// When the request fails. Then the write may have been made.
    pub async fn write(&self, write: &Write<'_>) -> Result<ItemResult, ElasticsearchError> {
        let mut results = self.bulk(std::slice::from_ref(write)).await?;
        results.pop().ok_or_else(|| self.malformed("POST /_bulk", "no item".to_owned()))
    }

    /// A write that expects a stamp goes to the index that the stamp is from. When a migration has put another one behind the alias,
    /// that one will never be written again: the write is in conflict, for the document is to be read anew.
    async fn settle_writes_to_former_indices(
        &self,
        open: &mut Vec<(&Write<'_>, &mut Option<ItemResult>)>,
    ) -> Result<(), ElasticsearchError> {
        let mut current: Vec<(&str, u32)> = Vec::new();
        for (write, result) in open.iter_mut() {
            let Some(generation) = write.generation() else { continue };
            let known = current.iter().find(|(target, _)| *target == write.target).map(|(_, generation)| *generation);
            let now = match known {
                Some(now) => now,
                None => {
                    let now = self.generation_behind(write.target).await?;
                    current.push((write.target, now));
                    now
                }
            };
            if now != generation {
                **result = Some(ItemResult::Conflict);
            }
        }
        open.retain(|(_, result)| matches!(result, Some(ItemResult::TooBusy { .. })));
        Ok(())
    }

    async fn generation_behind(&self, alias: &str) -> Result<u32, ElasticsearchError> {
        let indices: BTreeMap<String, IgnoredAny> = self.ask(Method::Get, &format!("_alias/{alias}"), None).await?;
        Ok(indices.into_keys().map(|index| generation_of(&index)).max().unwrap_or(0))
    }

    /// As many of these writes as fit into one request, at least one.
    fn next_body<T>(&self, writes: &[(&Write<'_>, T)]) -> Result<(usize, Bytes), ElasticsearchError> {
        let mut body = Vec::new();
        for (count, (write, _)) in writes.iter().enumerate() {
            let lines = write.lines().map_err(|error| self.malformed("POST /_bulk", error.to_string()))?;
            if count > 0 && body.len() + lines.len() > self.bulk_bytes {
                return Ok((count, body.into()));
            }
            body.extend_from_slice(&lines);
        }
        Ok((writes.len(), body.into()))
    }

    async fn bulk_once(&self, body: Bytes, count: usize) -> Result<Vec<ItemResult>, ElasticsearchError> {
        let request = Request {
            // How long a shard that is not there is waited for: the answer should come before we stop waiting for it.
            query: vec![
                ("timeout", format!("{}ms", self.request_timeout.as_millis() / 2)),
                (
                    "filter_path",
                    "error,status,items.*.status,items.*._index,items.*._seq_no,items.*._primary_term,items.*.error"
                        .to_owned(),
                ),
            ],
            body: Some(body),
            content: Content::Lines,
            repeatable: false,
            ..Request::read(Method::Post, "_bulk")
        };
        let answer = self.send(&request).await?;
        let items: BulkAnswer = read(&request, &answer)?;
        if items.items.len() != count {
            let reason = format!("{} items where {count} were asked for", items.items.len());
            return Err(ElasticsearchError::Malformed { host: answer.host, action: request.action(), reason });
        }
        Ok(items.items.into_iter().map(|item| item.into_inner().result()).collect())
    }

    fn malformed(&self, action: &str, reason: String) -> ElasticsearchError {
        ElasticsearchError::Malformed { host: self.server.to_string(), action: action.to_owned(), reason }
    }
}

#[derive(Deserialize)]
struct BulkAnswer {
    #[serde(default)]
    items: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Item {
    Index(ItemAnswer),
    Create(ItemAnswer),
    Update(ItemAnswer),
    Delete(ItemAnswer),
}

impl Item {
    fn into_inner(self) -> ItemAnswer {
        match self {
            Item::Index(answer) | Item::Create(answer) | Item::Update(answer) | Item::Delete(answer) => answer,
        }
    }
}

#[derive(Deserialize)]
struct ItemAnswer {
    status: u16,
    #[serde(rename = "_index", default)]
    index: String,
    #[serde(rename = "_seq_no")]
    seq_no: Option<u64>,
    #[serde(rename = "_primary_term")]
    primary_term: Option<u64>,
    error: Option<Cause>,
}

impl ItemAnswer {
    fn result(self) -> ItemResult {
        match (self.status, self.seq_no, self.primary_term, self.error) {
            (200..300, Some(seq_no), Some(primary_term), None) => {
                ItemResult::Done(Stamp { generation: generation_of(&self.index), seq_no, primary_term })
            }
            (404, _, _, None) => ItemResult::Missing,
            (404, _, _, Some(cause)) if cause.kind == "document_missing_exception" => ItemResult::Missing,
            (409, ..) => ItemResult::Conflict,
            // A migration lets no more writes into the index that it is leaving.
            (403, _, _, Some(cause)) if cause.kind == "cluster_block_exception" => {
                ItemResult::TooBusy { reason: cause.text() }
            }
            (status, _, _, cause) => {
                let cause = cause.unwrap_or_default();
                if is_busy(status) {
                    ItemResult::TooBusy { reason: cause.text() }
                } else {
                    ItemResult::Failed { status, reason: cause.text(), kind: cause.kind }
                }
            }
        }
    }
}
