//! Why a cluster did not do what it was asked.

use std::path::PathBuf;

use serde::Deserialize;

/// Why a cluster did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ElasticsearchError {
    /// A file that a setting names cannot be used.
    #[error("the file {path:?} of {setting} cannot be used: {reason}")]
    File { setting: &'static str, path: PathBuf, reason: String },
    /// No node answered. What was asked may have been done where `sent` is true.
    #[error("no answer from the cluster at {hosts}: {reason}")]
    Unreachable { hosts: String, reason: String, sent: bool },
    /// The nodes answer but have no elected master, or are still recovering.
    #[error("the cluster at {host} is not ready: {reason}; it needs an elected master")]
    NotReady { host: String, reason: String },
    /// The cluster asks who we are, or does not believe it.
    #[error(
        "the cluster at {host} does not accept our credentials: {reason}; \
         set elasticsearch.username and elasticsearch.password_file, or elasticsearch.api_key_file"
    )]
    Unauthorized { host: String, reason: String },
    /// We may not do this.
    #[error(
        "the cluster at {host} does not allow {action}: {reason}; docs/elasticsearch.md lists the privileges that are needed"
    )]
    Forbidden { host: String, action: String, reason: String },
    /// Something else answers, or a version that we do not know.
    #[error("{host} is {found}; Elasticsearch 7.17, 8 or 9, or OpenSearch 1, 2 or 3 is needed")]
    Unsupported { host: String, found: String },
    /// The cluster turned it away for now, and went on doing so for `elasticsearch.busy_timeout`.
    #[error("the cluster at {host} is too busy for {action}: {reason}")]
    Busy { host: String, action: String, reason: String },
    /// The cluster will not do this however often it is asked.
    #[error("the cluster at {host} refused {action} with status {status}: {kind}: {reason}")]
    Rejected { host: String, action: String, status: u16, kind: String, reason: String },
    /// An answer that does not read as what was asked for.
    #[error("the cluster at {host} answered {action} with something else than expected: {reason}")]
    Malformed { host: String, action: String, reason: String },
}

impl ElasticsearchError {
    /// Whether the same request may succeed later, without anybody changing a setting.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::NotReady { .. } | Self::Busy { .. } => true,
            Self::File { .. }
            | Self::Unauthorized { .. }
            | Self::Forbidden { .. }
            | Self::Unsupported { .. }
            | Self::Rejected { .. }
            | Self::Malformed { .. } => false,
        }
    }

    /// The status and the type of the error where the cluster refused: `(404, "index_not_found_exception")`.
    pub fn refusal(&self) -> Option<(u16, &str)> {
        match self {
            Self::Rejected { status, kind, .. } => Some((*status, kind)),
            _ => None,
        }
    }

    /// The error of a whole answer that is not a success.
    pub(super) fn of_answer(host: &str, action: &str, status: u16, body: &[u8]) -> Self {
        let cause = Cause::of_body(body);
        let (host, action, reason) = (host.to_owned(), action.to_owned(), cause.text());
        match status {
            401 => Self::Unauthorized { host, reason },
            // An index that may not be written is no matter of rights.
            403 if cause.kind != "cluster_block_exception" => Self::Forbidden { host, action, reason },
            503 if cause.says_no_master() => Self::NotReady { host, reason },
            _ if is_busy(status) => Self::Busy { host, action, reason },
            _ => Self::Rejected { host, action, status, kind: cause.kind, reason: cause.reason },
        }
    }

    /// The error of one part of an answer.
    pub(super) fn of_part(host: &str, action: &str, cause: Cause) -> Self {
        let (host, action) = (host.to_owned(), action.to_owned());
        if cause.passes() {
            return Self::Busy { host, action, reason: cause.text() };
        }
        let status = if cause.kind == "index_not_found_exception" { 404 } else { 400 };
        Self::Rejected { host, action, status, kind: cause.kind, reason: cause.reason }
    }
}

/// Statuses of what a cluster turns away for now: too many requests, and a shard or a node that is not there. Gateways in front of
/// it say 502 and 504.
pub(super) fn is_busy(status: u16) -> bool {
    matches!(status, 429 | 502..=504)
}

/// An error as clusters write it.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Cause {
    #[serde(rename = "type", default)]
    pub kind: String,
    #[serde(default)]
    pub reason: String,
    #[serde(default)]
    root_cause: Vec<Cause>,
    caused_by: Option<Box<Cause>>,
}

impl Cause {
    /// The error in the body of an answer; security plugins and gateways answer with plain text.
    fn of_body(body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Body {
            error: Cause,
        }
        #[derive(Deserialize)]
        struct Short {
            error: String,
        }
        const LONGEST: usize = 500;
        if let Ok(Body { error }) = serde_json::from_slice(body) {
            return error;
        }
        let reason = match serde_json::from_slice(body) {
            Ok(Short { error }) => error,
            Err(_) => String::from_utf8_lossy(body).trim().chars().take(LONGEST).collect(),
        };
        let reason = if reason.is_empty() { "it gave no reason".to_owned() } else { reason };
        Cause { kind: "unknown".to_owned(), reason, ..Cause::default() }
    }

    /// Type and reason, and the innermost cause where that says more.
    pub fn text(&self) -> String {
        let mut inner = self.root_cause.first().unwrap_or(self);
        while let Some(cause) = &inner.caused_by {
            inner = cause;
        }
        if inner.reason.is_empty() || inner.reason == self.reason {
            return format!("{}: {}", self.kind, self.reason);
        }
        format!("{}: {}: {}", self.kind, self.reason, inner.reason)
    }

    fn says_no_master(&self) -> bool {
        const NO_MASTER: [&str; 3] =
            ["master_not_discovered_exception", "cluster_manager_not_discovered_exception", "not_master_exception"];
        NO_MASTER.contains(&self.kind.as_str())
            || self.kind == "cluster_block_exception" && self.reason.contains("SERVICE_UNAVAILABLE")
    }

    /// Whether this is over when a node is back or has less to do.
    fn passes(&self) -> bool {
        const PASSING: [&str; 10] = [
            "no_shard_available_action_exception",
            "unavailable_shards_exception",
            "es_rejected_execution_exception",
            "rejected_execution_exception",
            "circuit_breaking_exception",
            "node_closed_exception",
            "node_disconnected_exception",
            "node_not_connected_exception",
            "receive_timeout_transport_exception",
            "index_shard_not_recovering_exception",
        ];
        PASSING.contains(&self.kind.as_str())
            || self.kind.starts_with("illegal_index_shard_state")
            || self.says_no_master()
    }
}
