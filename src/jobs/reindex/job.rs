//! What a job is to do, and how far it is: one row of the store, written after each commit of members.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::config::SourceCluster;
use crate::engine::{Outcome, OutcomeKind};
use crate::subscription::Tenant;

/// The id of a job: a UUID version 7.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct JobId(Arc<str>);

impl JobId {
    pub(super) fn generate() -> Self {
        JobId(uuid::Uuid::now_v7().to_string().into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for JobId {
    fn from(id: String) -> Self {
        JobId(id.into())
    }
}

impl From<JobId> for String {
    fn from(id: JobId) -> String {
        id.0.as_ref().to_owned()
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A stored job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Sorts by the time of its making.
    pub id: JobId,
    /// The data directory that has its files: only there it runs and is resumed.
    pub home: String,
    /// Who asked for it; `None` where it was a command line.
    pub created_by: Option<Tenant>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it ended, for good or until it is resumed.
    pub ended_at: Option<Timestamp>,
    /// Where the members come from.
    pub from: Origin,
    /// What is done with them.
    pub options: Options,
    /// Whether it runs, and why not.
    pub state: JobState,
    /// What is read, piece by piece, and how far each is.
    pub parts: Vec<Part>,
    /// How many members met what.
    pub figures: Figures,
    /// The lengths of the files beside the store that belong to the last checkpoint, in bytes.
    pub files: BTreeMap<OutputFile, u64>,
    /// What the reader of the figures must know.
    pub notes: Vec<String>,
}

/// Where members come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Origin {
    /// NDJSON, JSON arrays (both also packed with gzip or zstd), Parquet, or exports of Tripline.
    #[schema(value_type = Vec<String>)]
    Files(Vec<PathBuf>),
    /// An index of a cluster.
    Elasticsearch(IndexOrigin),
}

/// An index to be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IndexOrigin {
    /// The cluster: the name of a `[sources.<name>]` of the configuration.
    #[schema(value_type = String)]
    pub source: ClusterOrigin,
    /// An index, an alias, or a pattern.
    #[schema(example = "members-2026-11")]
    pub index: String,
    /// Only the documents that this query finds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub query: Option<Value>,
    /// How many pieces are read at the same time; default 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slices: Option<u16>,
}

/// The cluster that an index is in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ClusterOrigin {
    /// A `[sources.<name>]` of the configuration.
    Named(String),
    /// What a command line said itself: where secrets are, never a secret.
    Given(Box<SourceCluster>),
}

/// What is done with the members that are read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Take documents over as though their members were seen for the first time: positions are not compared, nobody is told.
    pub baseline: bool,
    /// Tell subscribers of what really changed.
    pub notify: bool,
    /// At most so many members a second.
    #[schema(value_type = Option<u32>, minimum = 1)]
    pub rate_limit: Option<NonZeroU32>,
    /// Store nothing and tell nobody; write down who would be told of whom.
    pub dry_run: bool,
    /// Only documents whose `last_updated` is not before this.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// Only documents whose `last_updated` is before this.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// What becomes of members that the source does not have.
    pub missing: Missing,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            baseline: false,
            notify: true,
            rate_limit: None,
            dry_run: false,
            since: None,
            until: None,
            missing: Missing::Ignore,
        }
    }
}

/// What becomes of members that are stored and that the source does not have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// They are not looked for.
    #[default]
    Ignore,
    /// Their ids are counted and listed in a file.
    Report,
    /// They are listed and erased.
    Delete,
}

/// Whether a job runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// It runs, or goes on when the server starts again.
    Running,
    /// All was read.
    Finished,
    /// Somebody stopped it.
    Cancelled,
    /// It could not go on; resumed, it does so where it stopped.
    Failed { reason: String },
}

/// One piece of the source: a file, or a range of an index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// For people.
    pub name: String,
    /// What it must still be when it is opened again.
    pub identity: Identity,
    /// Behind the last member that is dealt with.
    pub position: Position,
    /// Whether nothing is left of it.
    pub done: bool,
    /// How large it is: bytes of a file, rows or documents.
    pub size: u64,
    /// How much of that is dealt with.
    pub read: u64,
}

/// What a part must still be when it is opened again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Identity {
    /// A file of this size, last written at this microsecond.
    File { path: PathBuf, bytes: u64, modified: i64 },
    /// The documents of these indices (name and UUID) with sequence numbers from `first`, up to `last` where that is bounded.
    Range { indices: BTreeMap<String, String>, first: u64, last: Option<u64> },
}

/// Where reading goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Position {
    /// At the beginning.
    Start,
    /// In a file: behind so many records and lines, and, where it can be jumped to, at this byte.
    File { records: u64, line: u64, byte: Option<u64> },
    /// In an index: behind these documents, the last ones in the order of sequence numbers.
    Hit { seq_no: u64, ids: Vec<String> },
}

/// How many members met what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Figures {
    /// Documents that were read.
    pub received: u64,
    /// Members seen for the first time.
    pub new: u64,
    /// The very same documents.
    pub unchanged: u64,
    /// Other documents without a position change; in a baseline all other documents.
    pub cosmetic: u64,
    /// Members whose positions changed.
    pub changed: u64,
    /// Documents older than what is stored.
    pub stale: u64,
    /// Events made, or that would be made: one a changed member and subscription concerned.
    pub notified: u64,
    /// Documents outside of `since` and `until`.
    pub skipped: u64,
    /// Documents that were refused.
    pub rejected: u64,
    /// Those of them that do not say whose they are.
    pub rejected_without_id: u64,
    /// Stored members that the source does not have.
    pub missing: u64,
    /// Those of them that were erased.
    pub deleted: u64,
}

impl Figures {
    pub(super) fn count(&mut self, outcome: &Outcome) {
        self.received += 1;
        match outcome.kind {
            OutcomeKind::New => self.new += 1,
            OutcomeKind::Unchanged => self.unchanged += 1,
            OutcomeKind::Cosmetic => self.cosmetic += 1,
            OutcomeKind::Changed => self.changed += 1,
            OutcomeKind::Stale => self.stale += 1,
        }
        self.notified += outcome.notified.len() as u64;
    }
}

/// The files that a job writes into its folder beside the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputFile {
    /// Refused documents: place, member and reason, a JSON object a line.
    Rejected,
    /// Who would be told of whom, a JSON object a line.
    DryRun,
    /// Members that the source does not have, an id a line.
    Missing,
    /// The members that were seen, eight bytes each; for the job alone.
    Seen,
}

impl OutputFile {
    /// Those that are of use to others.
    pub const PUBLIC: [OutputFile; 3] = [OutputFile::Rejected, OutputFile::DryRun, OutputFile::Missing];

    /// Its name in the job's folder.
    pub fn name(self) -> &'static str {
        match self {
            OutputFile::Rejected => "rejected.ndjson",
            OutputFile::DryRun => "dry_run.ndjson",
            OutputFile::Missing => "missing.txt",
            OutputFile::Seen => "seen.ids",
        }
    }
}
