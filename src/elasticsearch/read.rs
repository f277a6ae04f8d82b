//! Reading documents: by their ids as they were last written, and by searches as they were last refreshed.

use bytes::Bytes;
use elasticsearch::http::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::bulk::generation_of;
use super::error::Cause;
use super::hosts::Request;
use super::{Connection, ElasticsearchError, Stamp, read};

/// What finds one document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DocumentId<'a> {
    #[serde(rename = "_id")]
    pub id: &'a str,
    /// Where the document was written with one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routing: Option<&'a str>,
}

impl<'a> DocumentId<'a> {
    /// The id of a document that is not routed.
    pub fn new(id: &'a str) -> Self {
        DocumentId { id, routing: None }
    }
}

/// Which fields of a document are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceFilter<'a> {
    All,
    None,
    Only(&'a [&'a str]),
}

/// A document read by its id.
#[derive(Debug)]
pub struct Found {
    /// `null` where no field was asked for.
    pub source: Box<RawValue>,
    pub stamp: Stamp,
}

/// What a search found.
#[derive(Debug)]
pub struct Hits {
    pub hits: Vec<Hit>,
    /// How many there are; counted up to 10,000 unless the search says `track_total_hits`.
    pub total: Option<u64>,
    pub aggregations: Option<Box<RawValue>>,
}

/// One document of a search.
#[derive(Debug, Deserialize)]
pub struct Hit {
    #[serde(rename = "_index")]
    index: String,
    #[serde(rename = "_id")]
    pub id: String,
    #[serde(rename = "_routing")]
    pub routing: Option<String>,
    #[serde(rename = "_source")]
    pub source: Option<Box<RawValue>>,
    #[serde(default)]
    pub sort: Vec<Value>,
    #[serde(default)]
    pub fields: Option<Box<RawValue>>,
    #[serde(rename = "_seq_no")]
    seq_no: Option<u64>,
    #[serde(rename = "_primary_term")]
    primary_term: Option<u64>,
}

impl Hit {
    /// Its last write, where the search asked for `seq_no_primary_term`.
    pub fn stamp(&self) -> Option<Stamp> {
        let generation = generation_of(&self.index);
        Some(Stamp { generation, seq_no: self.seq_no?, primary_term: self.primary_term? })
    }
}

impl Connection {
    /// Documents by their ids, as they were last written, in the order of the ids.
    ///
    /// # Errors
    ///
    /// When the request fails, or the cluster cannot say of one of them whether it is there.
    pub async fn multi_get(
        &self,
        index: &str,
        ids: &[DocumentId<'_>],
        source: SourceFilter<'_>,
    ) -> Result<Vec<Option<Found>>, ElasticsearchError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut request = Request::read(Method::Post, &format!("{index}/_mget"));
        request.query = match source {
            SourceFilter::All => Vec::new(),
            SourceFilter::None => vec![("_source", "false".to_owned())],
            SourceFilter::Only(fields) => vec![("_source_includes", fields.join(","))],
        };
        let ids = serde_json::json!({"docs": ids});
        request.body = Some(ids.to_string().into());
        let answer = self.send(&request).await?;
        let documents: MultiGetAnswer = read(&request, &answer)?;
        let found = |document: DocumentAnswer| match document {
            DocumentAnswer { error: Some(cause), .. } => {
                Err(ElasticsearchError::of_part(&answer.host, &request.action(), cause))
            }
            DocumentAnswer {
                found: true,
                index,
                source,
                seq_no: Some(seq_no),
                primary_term: Some(primary_term),
                ..
            } => {
                let generation = generation_of(&index);
                let source = source.unwrap_or_else(|| RawValue::NULL.to_owned());
                Ok(Some(Found { source, stamp: Stamp { generation, seq_no, primary_term } }))
            }
            _ => Ok(None),
        };
        documents.docs.into_iter().map(found).collect()
    }

    /// One document by its id, as it was last written.
    ///
    /// # Errors
    ///
    /// When the request fails.
    pub async fn get(&self, index: &str, id: DocumentId<'_>) -> Result<Option<Found>, ElasticsearchError> {
        let found = self.multi_get(index, &[id], SourceFilter::All).await?;
        Ok(found.into_iter().next().flatten())
    }

    /// What a search finds on all shards; where one of them does not answer, the search fails.
    ///
    /// # Errors
    ///
    /// When the cluster refuses the search, or cannot do it on every shard.
    pub async fn search(&self, index: &str, routing: Option<&str>, body: &Value) -> Result<Hits, ElasticsearchError> {
        let mut request = search_request(&format!("{index}/_search"), body);
        request.query.extend(routing.map(|routing| ("routing", routing.to_owned())));
        let answer = self.send(&request).await?;
        read::<SearchAnswer>(&request, &answer)?.whole(&request, &answer.host)
    }
}

/// A search that fails where it would find only a part.
pub(super) fn search_request(path: &str, body: &Value) -> Request {
    let mut request = Request::read(Method::Post, path);
    request.query = vec![("allow_partial_search_results", "false".to_owned())];
    request.body = Some(Bytes::from(body.to_string()));
    request
}

#[derive(Deserialize)]
struct MultiGetAnswer {
    docs: Vec<DocumentAnswer>,
}

#[derive(Deserialize)]
struct DocumentAnswer {
    #[serde(rename = "_index", default)]
    index: String,
    #[serde(default)]
    found: bool,
    #[serde(rename = "_source")]
    source: Option<Box<RawValue>>,
    #[serde(rename = "_seq_no")]
    seq_no: Option<u64>,
    #[serde(rename = "_primary_term")]
    primary_term: Option<u64>,
    error: Option<Cause>,
}

#[derive(Deserialize)]
pub(super) struct SearchAnswer {
    #[serde(default)]
    timed_out: bool,
    pub hits: HitsAnswer,
    pub aggregations: Option<Box<RawValue>>,
    pub pit_id: Option<String>,
    #[serde(rename = "_scroll_id")]
    pub scroll_id: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct HitsAnswer {
    pub hits: Vec<Hit>,
    total: Option<Total>,
}

#[derive(Deserialize)]
struct Total {
    value: u64,
}

impl SearchAnswer {
    fn whole(self, request: &Request, host: &str) -> Result<Hits, ElasticsearchError> {
        if self.timed_out {
            let (host, action) = (host.to_owned(), request.action());
            return Err(ElasticsearchError::Busy { host, action, reason: "the search timed out".to_owned() });
        }
        let total = self.hits.total.map(|total| total.value);
        Ok(Hits { hits: self.hits.hits, total, aggregations: self.aggregations })
    }
}
