//! The nodes that work on the cluster: each writes a heartbeat, and says with it how far it has followed subscriptions.

use std::collections::HashMap;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Cluster, ElasticsearchStore, damaged, from_json, not_written, to_json};
use crate::elasticsearch::{DocumentId, Hit, ItemResult, Operation, Write};
use crate::store::StoreError;

/// A node takes no updates when its last heartbeat that was written is older than this.
pub(crate) const TRUST: Duration = Duration::from_secs(10);

/// A node whose heartbeat has not moved for so long, by the watcher's own clock, is gone: what it was writing when its
/// trust ended has come to an end by then too.
const GONE: Duration = Duration::from_secs(60);

/// Heartbeats of nodes that were gone for so long are removed.
const FORGOTTEN: &str = "now-1h";

/// How long is waited for the other nodes to follow.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often they are asked.
const ASK_EACH: Duration = Duration::from_millis(200);

/// So many queues are let go at once.
const RELEASED: usize = 1_000;

/// A node's document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct NodeDocument {
    seen_at: jiff::Timestamp,
    /// How often it has followed the subscriptions to the end since its start; 0 while it takes no updates yet.
    rounds: u64,
}

/// What a node remembers of the others: when it saw each move last.
#[derive(Debug, Default)]
pub(crate) struct Neighbours(HashMap<String, (u64, Instant)>);

impl ElasticsearchStore {
    /// Writes that this node is alive and has followed for so many rounds.
    pub(crate) fn beat(&self, rounds: u64) -> Result<(), StoreError> {
        self.ask(move |cluster| async move { cluster.beat(rounds).await })
    }

    /// Takes this node's heartbeat and its leases away: it takes no updates any more, and sends nothing.
    pub(crate) fn leave(&self) -> Result<(), StoreError> {
        self.ask(|cluster| async move {
            cluster.release_queues().await?;
            let leave = Write::new(&cluster.names.nodes, cluster.node.as_str(), Operation::Delete);
            cluster.write_all("nodes", &[leave]).await?;
            let old = json!({"range": {"seen_at": {"lt": FORGOTTEN}}});
            cluster.remove_where(&cluster.names.nodes, "nodes", old).await.map(|_| ())
        })
    }

    /// Waits until every other node that is alive has followed twice more from now on, the second time from its beginning, so
    /// that it has seen all that was written before this call; says whether all have, within ten seconds.
    pub(crate) fn wait_for_others(&self) -> Result<bool, StoreError> {
        self.ask(|cluster| async move { cluster.wait_for_others().await })
    }
}

impl Cluster {
    async fn beat(&self, rounds: u64) -> Result<(), StoreError> {
        let document = NodeDocument { seen_at: jiff::Timestamp::now(), rounds };
        let write = Operation::Index(to_json("nodes", &document)?);
        match self.connection.write(&Write::new(&self.names.nodes, self.node.as_str(), write)).await? {
            // Who makes a subscription must see a node from its first heartbeat on.
            ItemResult::Done(_) if rounds == 0 => Ok(self.connection.refresh(&[&self.names.nodes]).await?),
            ItemResult::Done(_) => Ok(()),
            other => Err(not_written("nodes", &other)),
        }
    }

    async fn wait_for_others(&self) -> Result<bool, StoreError> {
        let ends = Instant::now() + PATIENCE;
        let others = self.others().await?;
        let mut behind: Vec<(String, u64)> =
            others.into_iter().map(|(id, document)| (id, document.rounds.saturating_add(2))).collect();
        while !behind.is_empty() {
            if Instant::now() >= ends {
                return Ok(false);
            }
            tokio::time::sleep(ASK_EACH).await;
            let ids: Vec<String> = behind.iter().map(|(id, _)| id.clone()).collect();
            let keys: Vec<DocumentId<'_>> = ids.iter().map(|id| DocumentId::new(id)).collect();
            let found =
                self.connection.multi_get(&self.names.nodes, &keys, crate::elasticsearch::SourceFilter::All).await?;
            let mut still = Vec::new();
            for ((id, rounds), found) in behind.into_iter().zip(found) {
                // A node that has left takes no updates.
                let Some(found) = found else { continue };
                let document: NodeDocument = from_json("nodes", &id, &found.source)?;
                if document.rounds < rounds && !self.is_gone(&id, document.rounds) {
                    still.push((id, rounds));
                }
            }
            behind = still;
        }
        Ok(true)
    }

    /// Lets others have the queues that this node has.
    async fn release_queues(&self) -> Result<(), StoreError> {
        self.connection.refresh(&[&self.names.queues]).await?;
        let held = json!({
            "query": {"bool": {"filter": [{"term": {"owner": self.node}}, {"range": {"lease_until": {"gte": "now"}}}]}},
            "size": RELEASED, "_source": false
        });
        let released = to_json("queues", &json!({"lease_until": null}))?;
        loop {
            let found = self.connection.search(&self.names.queues, None, &held).await?;
            let release =
                |hit: &Hit| Write::new(&self.names.queues, hit.id.clone(), Operation::Update(released.clone()));
            let writes: Vec<Write<'_>> = found.hits.iter().map(release).collect();
            self.write_all("queues", &writes).await?;
            self.connection.refresh(&[&self.names.queues]).await?;
            if writes.len() < RELEASED {
                return Ok(());
            }
        }
    }

    fn is_gone(&self, id: &str, rounds: u64) -> bool {
        self.neighbours.lock().unwrap_or_else(PoisonError::into_inner).is_gone(id, rounds)
    }

    /// The other nodes' documents.
    async fn others(&self) -> Result<Vec<(String, NodeDocument)>, StoreError> {
        self.connection.refresh(&[&self.names.nodes]).await?;
        let search = json!({
            "size": 1_000,
            "query": {"bool": {"must_not": [{"ids": {"values": [self.node]}}], "filter": [{"range": {"seen_at": {"gte": FORGOTTEN}}}]}}
        });
        let found = self.connection.search(&self.names.nodes, None, &search).await?;
        let read = |hit: Hit| {
            let source = hit.source.ok_or_else(|| damaged("nodes", hit.id.as_str(), "it has no source"))?;
            let document = from_json("nodes", &hit.id, &source)?;
            Ok((hit.id, document))
        };
        found.hits.into_iter().map(read).collect()
    }
}

impl Neighbours {
    /// Notes a node's heartbeat; says whether it has not moved for so long that it must be gone.
    pub(crate) fn is_gone(&mut self, id: &str, rounds: u64) -> bool {
        match self.0.get_mut(id) {
            Some((last, since)) if *last == rounds => since.elapsed() >= GONE,
            Some(seen) => {
                *seen = (rounds, Instant::now());
                false
            }
            None => {
                self.0.insert(id.to_owned(), (rounds, Instant::now()));
                false
            }
        }
    }
}
