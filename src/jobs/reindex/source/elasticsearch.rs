//! An index of an Elasticsearch or OpenSearch cluster, read in the order of its documents' sequence numbers.
//!
//! A sequence number is a document's place in the history of its shard: it stays until the document is written again, whatever is
//! merged or moved. So a reading that broke off goes on behind a sequence number, in a new point in time: what it has read it does
//! not read again, and what was written meanwhile has a higher number and is still to come. Slices are ranges of these numbers.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use elasticsearch::http::Method;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::file::too_long;
use super::{Content, IndexOrigin, Options, Part, Place, Position, Record, Sink, SourceError, Surroundings, cluster};
use crate::change::Schema;
use crate::config;
use crate::config::SourceCluster;
use crate::elasticsearch::{Connection, ElasticsearchError, Hit, PageOptions};
use crate::jobs::reindex::job::Identity;
use crate::json;
use crate::member::MemberId;

/// Pieces that are read at the same time where nobody says how many.
const SLICES: u16 = 2;
const MOST_SLICES: u16 = 64;

/// So many documents are looked at before the job begins.
const SAMPLE: u32 = 100;

/// A page is to have about so many bytes…
const PAGE_BYTES: usize = 8 << 20;

/// …and so many documents.
const PAGE: std::ops::RangeInclusive<usize> = 10..=2_000;

/// The names of the indices stand in the address of requests, which nodes take up to 4,096 bytes.
const NAMES_BYTES: usize = 3_000;

/// Looks at the index, and divides it.
pub(super) fn look(
    origin: &IndexOrigin,
    options: &Options,
    around: Surroundings<'_>,
) -> Result<Vec<Part>, SourceError> {
    check(origin)?;
    let (name, settings) = cluster(origin, around.clusters)?;
    let runtime = runtime()?;
    runtime.block_on(async {
        let connection = Connection::connect(&connection_settings(settings)).await?;
        let indices = indices(&connection, origin, name).await?;
        let mappings = Mappings::read(&connection, &indices).await?;
        mappings.check_sources()?;
        let filter = filter(origin, options, mappings.dates(around.schema).as_deref());
        let slices = usize::from(origin.slices.unwrap_or(SLICES).clamp(1, MOST_SLICES));
        let sample = sample(&connection, &indices, filter, slices).await?;
        check_fields(&sample.hits, &mappings, origin, around.schema)?;
        Ok(parts(origin, &indices, &sample, slices))
    })
}

/// Reads one range.
pub(super) fn read(
    origin: &IndexOrigin,
    options: &Options,
    part: &Part,
    around: Surroundings<'_>,
    sink: &mut Sink<'_>,
) -> Result<(), SourceError> {
    let other = || SourceError::OtherIndices { index: origin.index.clone() };
    let Identity::Range { indices: begun_with, first, last } = &part.identity else { return Err(other()) };
    let (name, settings) = cluster(origin, around.clusters)?;
    let runtime = runtime()?;
    runtime.block_on(async {
        let halted = around.brake.token().cancelled();
        let reading = async {
            let connection = Connection::connect(&connection_settings(settings)).await?;
            if indices(&connection, origin, name).await? != *begun_with {
                return Err(other());
            }
            let mappings = Mappings::read(&connection, begun_with).await?;
            let (from, seen) = match &part.position {
                Position::Hit { seq_no, ids } => (*seq_no, ids.as_slice()),
                Position::Start | Position::File { .. } => (*first, [].as_slice()),
            };
            let mut bounds = json!({"gte": from});
            if let Some(last) = last {
                bounds["lte"] = json!(last);
            }
            let mut filter = filter(origin, options, mappings.dates(around.schema).as_deref());
            filter.push(json!({"range": {"_seq_no": bounds}}));
            let mut range =
                Range { seq_no: from, ids: seen.to_vec(), read: part.read, document_bytes: around.document_bytes };
            range.read(&connection, &names(begun_with), filter, sink).await
        };
        tokio::select! {
            _ = halted => Ok(()),
            read = reading => read,
        }
    })
}

/// Whether the cluster has let go of what it kept for the reading: it is begun anew from the same place.
pub(super) fn is_lost_context(error: &ElasticsearchError) -> bool {
    matches!(error.refusal(), Some((404, kind)) if kind != "index_not_found_exception")
}

/// A range that is being read.
struct Range {
    /// The sequence number of the last document, and all documents read so far that have it: each shard may have one.
    seq_no: u64,
    ids: Vec<String>,
    read: u64,
    document_bytes: usize,
}

impl Range {
    async fn read(
        &mut self,
        connection: &Connection,
        index: &str,
        filter: Vec<Value>,
        sink: &mut Sink<'_>,
    ) -> Result<(), SourceError> {
        let query = json!({"bool": {"filter": filter}});
        let size = page_size(connection, index, &query).await?;
        let options = PageOptions { query, sort: vec![json!("_seq_no")], size, ..PageOptions::default() };
        let mut pages = connection.pages(index, options).await?;
        loop {
            let hits = pages.next().await?;
            let is_last = hits.is_empty();
            let taken = hits.into_iter().try_for_each(|hit| self.take(hit, sink));
            if is_last || taken.is_break() {
                // Everything was read; what the cluster keeps it forgets by itself.
                if let Err(error) = pages.close().await {
                    tracing::debug!(%error, "the cluster keeps a point in time that is no longer needed");
                }
                return Ok(());
            }
        }
    }

    fn take(&mut self, hit: Hit, sink: &mut Sink<'_>) -> ControlFlow<()> {
        let seq_no = hit.sort.first().and_then(Value::as_u64).unwrap_or(self.seq_no);
        if seq_no != self.seq_no {
            self.seq_no = seq_no;
            self.ids.clear();
        } else if self.ids.contains(&hit.id) {
            return ControlFlow::Continue(());
        }
        self.ids.push(hit.id.clone());
        self.read += 1;
        let content = match hit.source.map(|source| Box::<str>::from(source).into_string()) {
            None => Content::Unreadable("the index keeps no \"_source\" of this document".to_owned()),
            Some(text) if text.len() > self.document_bytes => Content::Unreadable(too_long(self.document_bytes)),
            Some(text) => Content::Document(text.into()),
        };
        let after = Position::Hit { seq_no, ids: self.ids.clone() };
        sink(Record { place: Place::Document(hit.id), content, after, read: self.read })
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, SourceError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(SourceError::Runtime)
}

/// A source has the settings of a connection that its reading needs.
fn connection_settings(source: &SourceCluster) -> config::Elasticsearch {
    let SourceCluster { urls, username, password_file, api_key_file, ca_file, request_timeout, compression } =
        source.clone();
    config::Elasticsearch {
        urls,
        username,
        password_file,
        api_key_file,
        ca_file,
        request_timeout,
        compression,
        ..config::Elasticsearch::default()
    }
}

/// What can be refused without asking anybody. The name goes into the address of requests.
fn check(origin: &IndexOrigin) -> Result<(), SourceError> {
    let refused = |reason| Err(SourceError::IndexName { index: origin.index.clone(), reason });
    let name = origin.index.as_str();
    let plain = |char: char| char.is_alphanumeric() || matches!(char, '-' | '_' | '.' | '+' | '*' | ',');
    if name.is_empty() || !name.chars().all(plain) {
        return refused("letters, digits and - _ . + are expected, * in a pattern, commas between several");
    }
    if name.split(',').any(|part| part.is_empty() || part.starts_with(['.', '_', '-'])) {
        return refused("names that begin with \".\", \"_\" or \"-\" are the cluster's own");
    }
    if origin.query.as_ref().is_some_and(|query| !query.is_object()) {
        return Err(SourceError::Query);
    }
    Ok(())
}

/// The indices behind a name, with their UUIDs.
async fn indices(
    connection: &Connection,
    origin: &IndexOrigin,
    cluster: &str,
) -> Result<BTreeMap<String, String>, SourceError> {
    #[derive(Deserialize)]
    struct Answer {
        settings: IndexSettings,
    }
    #[derive(Deserialize)]
    struct IndexSettings {
        index: Uuid,
    }
    #[derive(Deserialize)]
    struct Uuid {
        uuid: String,
    }
    let none = || SourceError::NoIndex { index: origin.index.clone(), cluster: cluster.to_owned() };
    let path = format!("{}/_settings/index.uuid", origin.index);
    let answer: BTreeMap<String, Answer> = match connection.ask(Method::Get, &path, None).await {
        Err(error) if error.refusal().is_some_and(|(status, _)| status == 404) => return Err(none()),
        answer => answer?,
    };
    if answer.is_empty() {
        return Err(none());
    }
    let indices: BTreeMap<_, _> = answer.into_iter().map(|(name, answer)| (name, answer.settings.index.uuid)).collect();
    if names(&indices).len() > NAMES_BYTES {
        let reason = "so many indices cannot be read in one job; name fewer";
        return Err(SourceError::IndexName { index: origin.index.clone(), reason });
    }
    Ok(indices)
}

fn names(indices: &BTreeMap<String, String>) -> String {
    indices.keys().map(String::as_str).collect::<Vec<_>>().join(",")
}

/// The mappings of the indices.
struct Mappings(BTreeMap<String, Value>);

impl Mappings {
    async fn read(connection: &Connection, indices: &BTreeMap<String, String>) -> Result<Mappings, SourceError> {
        let path = format!("{}/_mapping", names(indices));
        let answer: BTreeMap<String, Value> = connection.ask(Method::Get, &path, None).await?;
        Ok(Mappings(answer))
    }

    fn check_sources(&self) -> Result<(), SourceError> {
        let disabled = |mapping: &Value| mapping["mappings"]["_source"]["enabled"] == json!(false);
        match self.0.iter().find(|(_, mapping)| disabled(mapping)) {
            Some((index, _)) => Err(SourceError::NoDocuments { index: index.clone() }),
            None => Ok(()),
        }
    }

    /// Whether some index has the field.
    fn have(&self, field: &str) -> bool {
        self.0.values().any(|mapping| definition(mapping, field).is_some())
    }

    /// The field of `last_updated`, where it is a date in all indices: then the cluster itself leaves out what is too old or too new.
    fn dates(&self, schema: &Schema) -> Option<String> {
        let mut names = schema.last_updated.iter();
        let (name, None) = (names.next()?, names.next()) else { return None };
        let is_date = |mapping: &Value| definition(mapping, name).is_some_and(|field| field["type"] == "date");
        self.0.values().all(is_date).then(|| name.to_owned())
    }
}

fn definition<'m>(mapping: &'m Value, field: &str) -> Option<&'m Value> {
    field.split('.').try_fold(&mapping["mappings"], |object, name| object.get("properties")?.get(name))
}

/// What documents must be to be read.
fn filter(origin: &IndexOrigin, options: &Options, last_updated: Option<&str>) -> Vec<Value> {
    let mut clauses: Vec<Value> = origin.query.iter().cloned().collect();
    if let (Some(field), true) = (last_updated, options.since.is_some() || options.until.is_some()) {
        let mut bounds = json!({"format": "strict_date_optional_time"});
        let text = |time: Timestamp| json!(time.to_string());
        if let Some(since) = options.since {
            bounds["gte"] = text(since);
        }
        if let Some(until) = options.until {
            bounds["lt"] = text(until);
        }
        clauses.push(json!({"range": {field: bounds}}));
    }
    clauses
}

/// A first look into the documents.
struct Sample {
    hits: Vec<Hit>,
    total: u64,
    /// Sequence numbers that divide the documents into slices of about the same size, ascending.
    borders: Vec<u64>,
}

async fn sample(
    connection: &Connection,
    indices: &BTreeMap<String, String>,
    filter: Vec<Value>,
    slices: usize,
) -> Result<Sample, SourceError> {
    #[derive(Deserialize)]
    struct Aggregations {
        borders: Borders,
    }
    #[derive(Deserialize)]
    struct Borders {
        values: BTreeMap<String, Option<f64>>,
    }
    let mut search = json!({
        "query": {"bool": {"filter": filter}},
        "size": SAMPLE,
        "track_total_hits": true,
    });
    if slices > 1 {
        let percents: Vec<f64> = (1..slices).map(|slice| 100.0 * slice as f64 / slices as f64).collect();
        search["aggs"] = json!({"borders": {"percentiles": {"field": "_seq_no", "percents": percents}}});
    }
    let found = connection.search(&names(indices), None, &search).await?;
    let aggregations = found.aggregations.as_deref().map(RawValue::get);
    let borders = aggregations.and_then(|text| serde_json::from_str::<Aggregations>(text).ok());
    let values = borders.into_iter().flat_map(|found| found.borders.values.into_values()).flatten();
    let mut borders: Vec<u64> = values.filter_map(whole).collect();
    borders.sort_unstable();
    borders.dedup();
    Ok(Sample { total: found.total.unwrap_or(0), hits: found.hits, borders })
}

/// A sequence number near a percentile, which lies between two.
fn whole(value: f64) -> Option<u64> {
    format!("{:.0}", value.max(0.0)).parse().ok()
}

/// Refuses an index whose documents are none of members.
fn check_fields(hits: &[Hit], mappings: &Mappings, origin: &IndexOrigin, schema: &Schema) -> Result<(), SourceError> {
    if hits.is_empty() {
        return Ok(());
    }
    let texts = hits.iter().filter_map(|hit| hit.source.as_ref());
    let documents: Vec<Value> = texts.filter_map(|text| json::parse(text.get().as_bytes()).ok()).collect();
    let missing = |field: &str, setting, is_mapped| {
        Err(SourceError::NoField {
            index: origin.index.clone(),
            field: field.to_owned(),
            setting,
            sampled: hits.len(),
            mapped: if is_mapped { ", though its mapping has it" } else { "" },
        })
    };
    let has_id = |document: &Value| document.get(&schema.id).is_some_and(|id| MemberId::try_from(id).is_ok());
    if !documents.iter().any(has_id) {
        return missing(&schema.id, "schema.id", mappings.have(&schema.id));
    }
    let is_mapped = schema.experience.iter().any(|name| mappings.have(name));
    if !is_mapped && !documents.iter().any(|document| schema.experience_in(document).is_some()) {
        let name = schema.experience.iter().next().unwrap_or_default();
        return missing(name, "schema.experience", false);
    }
    Ok(())
}

/// Ranges of sequence numbers, the last one without an end: what is written while the job runs is behind it.
fn parts(origin: &IndexOrigin, indices: &BTreeMap<String, String>, sample: &Sample, slices: usize) -> Vec<Part> {
    let mut bounds = Vec::new();
    let mut first = 0;
    for border in sample.borders.iter().filter(|border| **border > 0) {
        bounds.push((first, Some(border - 1)));
        first = *border;
    }
    bounds.push((first, None));
    let size = sample.total.div_ceil(slices as u64);
    let of_range = |(number, (first, last)): (usize, (u64, Option<u64>))| Part {
        name: format!("{} ({} of {})", origin.index, number + 1, bounds.len()),
        identity: Identity::Range { indices: indices.clone(), first, last },
        position: Position::Start,
        done: false,
        size,
        read: 0,
    };
    bounds.iter().copied().enumerate().map(of_range).collect()
}

/// How many documents make a page, from the size of some.
async fn page_size(connection: &Connection, index: &str, query: &Value) -> Result<u32, SourceError> {
    let search = json!({"query": query, "size": *PAGE.start(), "track_total_hits": false});
    let found = connection.search(index, None, &search).await?;
    let bytes: usize = found.hits.iter().filter_map(|hit| hit.source.as_ref()).map(|text| text.get().len()).sum();
    let average = bytes.checked_div(found.hits.len()).unwrap_or(0).max(1);
    let size = (PAGE_BYTES / average).clamp(*PAGE.start(), *PAGE.end());
    Ok(u32::try_from(size).unwrap_or(1_000))
}
