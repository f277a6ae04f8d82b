//! A cluster as the store: any number of nodes work on it, and nothing stands between them.
//!
//! Elasticsearch has no transactions, but the write of one document is atomic and can be made dependent on the write before. All
//! that this store promises is built of that:
//!
//! | what | the one atomic write | what follows from it, and is done again by whoever comes next |
//! | --- | --- | --- |
//! | a member with its events (`members`) | the member's document, with the events that are not relayed yet | the events' own documents, under ids derived from what they tell, created once |
//! | a batch (`queues`, `writer`) | the queue's document, which names the batch; its bytes were written before | the events are marked as being in a batch |
//! | a lease | the queue's document too: who lost it cannot write it | |
//! | a subscription (`subscriptions`) | its document | other nodes follow (`feed`) |
//!
//! Searches see what was refreshed, reads by id what was written: what must not be old is read by id.
//! `docs/architecture.md` has the whole protocol, and `tests/model` checks it over all interleavings.

mod bulk_requests;
mod event;
mod events;
mod feed;
pub mod indices;
mod jobs;
mod member;
mod members;
mod nodes;
mod queries;
mod queue;
mod queues;
mod relay;
mod subscriptions;
mod writer;

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::runtime::Runtime;

pub(crate) use feed::{Feed, Followed};
pub(crate) use member::Written;
pub(crate) use nodes::TRUST;
pub use queries::Percolation;

use super::{Store, StoreError};
use crate::config;
use crate::elasticsearch::{Connection, ElasticsearchError, ItemResult};
use crate::event::Sequence;
use crate::query::QueryError;
use crate::subscription::{Selector, SubscriptionId};
use indices::{Definition, IndicesError};

/// The names of the indices' aliases.
#[derive(Debug, Clone)]
pub struct Names {
    members: String,
    events: String,
    subscriptions: String,
    queues: String,
    batches: String,
    nodes: String,
    bulk_requests: String,
    jobs: String,
    queries: String,
}

impl Names {
    /// The aliases of a prefix: `tripline-members` and so on.
    pub fn new(prefix: &str) -> Names {
        let name = |kind: &str| format!("{prefix}-{kind}");
        Names {
            members: name("members"),
            events: name("events"),
            subscriptions: name("subscriptions"),
            queues: name("queues"),
            batches: name("batches"),
            nodes: name("nodes"),
            bulk_requests: name("bulk-requests"),
            jobs: name("jobs"),
            queries: name("queries"),
        }
    }
}

/// A cluster as the store.
pub struct ElasticsearchStore {
    cluster: Arc<Cluster>,
    /// Asks the cluster while the caller waits, whatever thread that is. There until the store is dropped.
    runtime: Option<Runtime>,
}

/// What a server without the percolator's module says of its field type.
const NO_PERCOLATOR: &str = "No handler for type [percolator]";

/// Where an answer of the cluster comes.
type Answer<T> = mpsc::Receiver<Result<T, StoreError>>;

/// What asks the cluster.
struct Cluster {
    connection: Connection,
    names: Names,
    /// Who we are among the nodes, new with each start: a node that comes back is another one.
    node: String,
    sequences: Sequences,
    queues: queues::Finished,
    neighbours: Mutex<nodes::Neighbours>,
    /// `None` where each node percolates in memory.
    percolation: Option<Percolation>,
}

impl ElasticsearchStore {
    /// Connects to a cluster, which percolates itself where it is told how.
    ///
    /// # Errors
    ///
    /// When the cluster is not there, not ready, or not what is needed; when the operating system gives no thread.
    pub fn open(
        settings: &config::Elasticsearch,
        percolation: Option<Percolation>,
    ) -> Result<ElasticsearchStore, StoreError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("elasticsearch")
            .enable_all()
            .build()
            .map_err(StoreError::Thread)?;
        // On the runtime that asks later: connections live and die with the one that they were made on.
        let settings = settings.clone();
        let queries = percolation.as_ref().map(Percolation::definition).transpose()?;
        let (reply, connected) = mpsc::sync_channel(1);
        runtime.spawn(async move {
            // Whoever asked waits for it below.
            let _ = reply.send(connect(&settings, queries).await);
        });
        let (connection, names) = match connected.recv().unwrap_or(Err(StoreError::Closed)) {
            Ok(connected) => connected,
            Err(error) => {
                // Within another runtime's task nothing may wait for it to end.
                runtime.shutdown_background();
                return Err(error);
            }
        };
        let cluster = Arc::new(Cluster {
            connection,
            names,
            node: uuid::Uuid::now_v7().to_string(),
            sequences: Sequences::default(),
            queues: queues::Finished::default(),
            neighbours: Mutex::default(),
            percolation,
        });
        let store = ElasticsearchStore { cluster, runtime: Some(runtime) };
        store.make_queries()?;
        Ok(store)
    }

    /// Who we are among the nodes.
    pub fn node(&self) -> &str {
        &self.cluster.node
    }

    /// Asks the cluster and waits for the answer; may be called within another runtime's tasks, which a runtime's own waiting may not.
    fn ask<T, F>(&self, ask: impl FnOnce(Arc<Cluster>) -> F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        self.start(ask)?.recv().unwrap_or(Err(StoreError::Closed))
    }

    /// Asks the cluster; the answer comes later.
    fn start<T, F>(&self, ask: impl FnOnce(Arc<Cluster>) -> F) -> Result<Answer<T>, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let asking = ask(Arc::clone(&self.cluster));
        let (reply, answer) = mpsc::sync_channel(1);
        let Some(runtime) = &self.runtime else { return Err(StoreError::Closed) };
        runtime.spawn(async move {
            // Whoever asked may have given up waiting.
            let _ = reply.send(asking.await);
        });
        Ok(answer)
    }
}

async fn connect(
    settings: &config::Elasticsearch,
    queries: Option<Definition>,
) -> Result<(Connection, Names), StoreError> {
    let connection = Connection::connect(settings).await?;
    indices::ensure(&connection, settings, &indices::definitions()?).await?;
    if let Some(queries) = queries {
        let made = indices::ensure(&connection, settings, &[queries]).await;
        made.map_err(|error| match error {
            IndicesError::Elasticsearch(error) if error.to_string().contains(NO_PERCOLATOR) => {
                StoreError::NoPercolator { server: connection.server().to_string() }
            }
            error => error.into(),
        })?;
    }
    Ok((connection, Names::new(&settings.prefix)))
}

impl Drop for ElasticsearchStore {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Within another runtime's task nothing may wait for it to end.
            runtime.shutdown_background();
        }
    }
}

impl Store for ElasticsearchStore {
    fn is_shared(&self) -> bool {
        true
    }

    fn percolates(&self) -> bool {
        self.cluster.percolation.is_some()
    }

    fn percolate(&self, documents: &[&Value]) -> Result<Vec<Vec<SubscriptionId>>, StoreError> {
        let documents: Vec<Value> = documents.iter().map(|document| (*document).clone()).collect();
        self.ask(move |cluster| async move { cluster.percolate(&documents).await })
    }

    fn check_selector(&self, selector: &Selector) -> Result<(), QueryError> {
        self.selector_is_answered(selector)
    }

    fn check(&self) -> Result<(), StoreError> {
        self.ask(|cluster| async move {
            cluster
                .connection
                .multi_get(&cluster.names.nodes, &[cluster.id()], crate::elasticsearch::SourceFilter::None)
                .await?;
            Ok(())
        })
    }
}

impl Cluster {
    fn id(&self) -> crate::elasticsearch::DocumentId<'_> {
        crate::elasticsearch::DocumentId::new(&self.node)
    }
}

/// Makes sequences: the clock in microseconds, but never twice the same nor a smaller one.
#[derive(Debug, Default)]
struct Sequences(AtomicU64);

impl Sequences {
    /// The next one, behind `after`.
    fn next(&self, after: Sequence) -> Sequence {
        let now = u64::try_from(Timestamp::now().as_microsecond()).unwrap_or(0).max(after.0.saturating_add(1));
        let last = self.0.fetch_max(now, Ordering::Relaxed);
        if last < now {
            return Sequence(now);
        }
        Sequence(self.0.fetch_add(1, Ordering::Relaxed).saturating_add(1))
    }
}

/// A row as JSON.
fn to_json(table: &'static str, row: &impl Serialize) -> Result<Box<RawValue>, StoreError> {
    serde_json::value::to_raw_value(row).map_err(|error| StoreError::Unwritable { table, reason: error.to_string() })
}

/// JSON as a row.
fn from_json<T: DeserializeOwned>(table: &'static str, key: &str, json: &RawValue) -> Result<T, StoreError> {
    serde_json::from_str(json.get()).map_err(|error| damaged(table, key, error))
}

/// The error of a document that does not read as what its index holds.
fn damaged(table: &'static str, key: impl Into<String>, reason: impl std::fmt::Display) -> StoreError {
    StoreError::Damaged { table, key: key.into(), reason: reason.to_string() }
}

/// The error of a write that the cluster did not do.
fn not_written(table: &'static str, result: &ItemResult) -> StoreError {
    let reason = match result {
        ItemResult::Done(_) => "it was written".to_owned(),
        ItemResult::Conflict => {
            return StoreError::Busy { table, reason: "another node has written it".to_owned() };
        }
        ItemResult::Missing => "it is not there".to_owned(),
        ItemResult::TooBusy { reason } => return StoreError::Busy { table, reason: reason.clone() },
        ItemResult::Failed { status, kind, reason } => format!("{status} {kind}: {reason}"),
    };
    StoreError::Unwritable { table, reason }
}

impl From<IndicesError> for StoreError {
    fn from(error: IndicesError) -> Self {
        StoreError::Indices(Box::new(error))
    }
}

impl From<ElasticsearchError> for StoreError {
    fn from(error: ElasticsearchError) -> Self {
        StoreError::Cluster(Box::new(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_rise_whatever_was_before() {
        let sequences = Sequences::default();
        let first = sequences.next(Sequence(0));
        let ahead = Sequence(first.0 + 1_000_000_000);
        let second = sequences.next(ahead);
        assert!(second > ahead);
        assert!(sequences.next(Sequence(0)) > second);
    }
}
