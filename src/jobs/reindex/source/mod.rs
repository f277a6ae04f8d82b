//! Where members are read from: files of several kinds, or indices of a cluster.
//!
//! A source is looked at once, before anything of it is applied: what cannot be read at all is said then, and its parts are noted. A
//! part is then read from any position on, document by document.

mod array;
mod elasticsearch;
mod file;
mod parquet;

use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;

use bytes::Bytes;

use super::brake::Brake;
use super::job::{ClusterOrigin, IndexOrigin, Options, Origin, Part, Position};
use crate::change::Schema;
use crate::config::SourceCluster;
use crate::elasticsearch::ElasticsearchError;

pub use file::EXPORT_MARK;

/// One document as it stands in the source.
pub struct Record {
    pub place: Place,
    pub content: Content,
    /// Where reading goes on behind it.
    pub after: Position,
    /// How much of the part is read with it, in the unit of its size.
    pub read: u64,
}

/// Where a document stands, for people.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// A line of a text, from 1.
    Line(u64),
    /// A row of a table, from 1.
    Row(u64),
    /// The `_id` of a document of an index.
    Document(String),
}

/// What stands there.
pub enum Content {
    /// A member's document.
    Document(Bytes),
    /// A line of an export: a member with all that is known of it.
    Exported(Bytes),
    /// Nothing that could be a document.
    Unreadable(String),
}

/// What reading needs beside the source.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    pub clusters: &'a BTreeMap<String, SourceCluster>,
    pub schema: &'a Schema,
    /// Larger documents are refused.
    pub document_bytes: usize,
    pub brake: &'a Brake,
}

/// Takes what is read; says when that is enough.
pub type Sink<'s> = dyn FnMut(Record) -> ControlFlow<()> + 's;

/// Why a source cannot be read, or not further.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error("no file is named; at least one is expected")]
    NoFiles,
    #[error("cannot read {path:?}: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("cannot read {path:?} beyond line {line}: {source}; the file may be cut short or damaged")]
    Broken { path: PathBuf, line: u64, source: io::Error },
    #[error("{path:?} is no file; a file of NDJSON, of a JSON array or of Parquet is expected")]
    NoFile { path: PathBuf },
    #[error(
        "{path:?} is not the file that the job began with: its size or the time of its last change is another; start a new job"
    )]
    OtherFile { path: PathBuf },
    #[error("{path:?} is no whole Parquet file: {reason}; it may be cut short")]
    Parquet { path: PathBuf, reason: String },
    #[error("the row {row} of the Parquet file {path:?} cannot be read: {reason}")]
    ParquetRow { path: PathBuf, row: u64, reason: String },
    #[error("the JSON array in {path:?} goes wrong at line {line}: {reason}")]
    Array { path: PathBuf, line: u64, reason: String },
    #[error("the export {path:?} is not whole: {reason}; export again")]
    Export { path: PathBuf, reason: String },
    #[error("there is no source {name:?} in the configuration; {known}")]
    UnknownCluster { name: String, known: String },
    #[error("the source {name:?}: {reason}")]
    Settings { name: String, reason: String },
    #[error("{index:?} is no name of an index, an alias or a pattern of them: {reason}")]
    IndexName { index: String, reason: &'static str },
    #[error(
        "\"query\" is not a query: an object of the Query DSL is expected, such as {{\"term\": {{\"is_deleted\": 0}}}}"
    )]
    Query,
    #[error("{index:?} names no index of the cluster at {cluster}")]
    NoIndex { index: String, cluster: String },
    #[error(
        "the index {index:?} keeps no documents (\"_source\" is disabled), so there is nothing to read; index the members with their source"
    )]
    NoDocuments { index: String },
    #[error(
        "none of the first {sampled} documents of {index:?} has the field {field:?} ({setting}){mapped}; \
         {setting} says which field of a document that is"
    )]
    NoField { index: String, field: String, setting: &'static str, sampled: usize, mapped: &'static str },
    #[error("the indices behind {index:?} are not those that the job began with; start a new job")]
    OtherIndices { index: String },
    #[error(transparent)]
    Cluster(#[from] ElasticsearchError),
    #[error("cannot start what reads the cluster: {0}")]
    Runtime(io::Error),
}

impl SourceError {
    /// Whether it may be over after a while, without anybody doing anything.
    pub fn is_transient(&self) -> bool {
        match self {
            SourceError::Cluster(error) => error.is_transient() || elasticsearch::is_lost_context(error),
            _ => false,
        }
    }
}

/// Looks at a source and notes its parts.
///
/// # Errors
///
/// When it cannot be read, or is none of members.
pub fn look(origin: &Origin, options: &Options, around: Surroundings<'_>) -> Result<Vec<Part>, SourceError> {
    match origin {
        Origin::Files(paths) if paths.is_empty() => Err(SourceError::NoFiles),
        Origin::Files(paths) => paths.iter().map(|path| file::look(path)).collect(),
        Origin::Elasticsearch(origin) => elasticsearch::look(origin, options, around),
    }
}

/// Reads a part from where it stands to its end, or until the sink has enough.
///
/// # Errors
///
/// When it cannot be read (further), or is not what it was.
pub fn read(
    origin: &Origin,
    options: &Options,
    part: &Part,
    around: Surroundings<'_>,
    sink: &mut Sink<'_>,
) -> Result<(), SourceError> {
    match origin {
        Origin::Files(_) => file::read(part, around.document_bytes, sink),
        Origin::Elasticsearch(origin) => elasticsearch::read(origin, options, part, around, sink),
    }
}

/// How the cluster of an index is reached, and what it is called.
fn cluster<'a>(
    origin: &'a IndexOrigin,
    clusters: &'a BTreeMap<String, SourceCluster>,
) -> Result<(&'a str, &'a SourceCluster), SourceError> {
    let (name, settings) = match &origin.source {
        ClusterOrigin::Given(settings) => ("--url", settings.as_ref()),
        ClusterOrigin::Named(name) => match clusters.get(name) {
            Some(settings) => (name.as_str(), settings),
            None => {
                let names: Vec<&str> = clusters.keys().map(String::as_str).collect();
                let known = match names.as_slice() {
                    [] => "none is configured; [sources.<name>] is expected".to_owned(),
                    names => format!("configured are {}", names.join(", ")),
                };
                return Err(SourceError::UnknownCluster { name: name.clone(), known });
            }
        },
    };
    match settings.fault() {
        Some(reason) => Err(SourceError::Settings { name: name.to_owned(), reason }),
        None => Ok((name, settings)),
    }
}
