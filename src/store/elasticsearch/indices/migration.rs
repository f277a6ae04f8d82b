//! An index of an older schema becomes one of the newer, while nodes read and write it.
//!
//! 1. One node takes the lease; the others wait until the alias has moved.
//! 2. The new index is made, without the alias. All documents are copied, then, again and again, those that were written meanwhile:
//!    found by their sequence numbers, above the global checkpoint of each shard at the beginning of the pass before.
//! 3. When few are left, writes to the old index are blocked; writers wait, readers do not. The last documents are copied, and those
//!    that were deleted since they were copied are deleted.
//! 4. The alias moves to the new index in one step. The old one stays blocked: who expects a stamp of it is told of a conflict and reads
//!    anew, so no write is lost however late it comes. The old index can be removed when all is well.
//!
//! A copy carries its sequence number as external version: copying twice, or late, never puts an older state over a newer one.

use std::collections::BTreeMap;
use std::time::Duration;

use elasticsearch::http::Method;
use futures::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::definition::Definition;
use super::error::IndicesError;
use super::lease::{BEAT, Lease, Watch};
use super::make_unless_there;
use crate::config;
use crate::elasticsearch::{
    Connection, DocumentId, ElasticsearchError, Hit, ItemResult, Operation, PageOptions, SourceFilter, Write,
    generation_of, index_of,
};

/// Documents of one page.
const PAGE: u32 = 500;
/// Shards that are copied side by side.
const SHARDS_AT_ONCE: usize = 4;
/// When a pass copies no more than this, writers are made to wait for the rest.
const FEW: usize = 1_000;
/// Passes after which they are made to wait in any case.
const MOST_PASSES: usize = 20;
/// How often a node that waits for another one looks.
const LOOK: Duration = Duration::from_millis(500);

/// Where the global checkpoint of each shard stood.
type Checkpoints = BTreeMap<u32, i64>;

/// Migrates an index of an older schema, or waits until another node has.
///
/// # Errors
///
/// When the cluster does not do what is needed, or a document does not fit into the new index. The alias then stands where it stood.
pub(super) async fn migrate(
    connection: &Connection,
    settings: &config::Elasticsearch,
    definition: &Definition,
    from: u32,
) -> Result<(), IndicesError> {
    let alias = definition.alias(settings);
    let leases = format!("{}-migrations", settings.prefix);
    let mut watch = Watch::default();
    while generation_behind(connection, &alias).await? < definition.schema() {
        let Some(mut lease) = Lease::take(connection, &leases, &alias, &mut watch).await? else {
            tokio::time::sleep(LOOK).await;
            continue;
        };
        let (source, target) = (index_of(&alias, from), definition.index(settings));
        // Another node may have ended between the look and the lease.
        if generation_behind(connection, &alias).await? == from {
            tracing::info!(source, target, "an index of an older schema is migrated");
            let migration = Migration { connection, alias: &alias, source, target };
            let migrated = migration.run(definition.body(settings), &mut lease).await;
            lease.end().await?;
            migrated?;
        } else {
            lease.end().await?;
        }
    }
    Ok(())
}

async fn generation_behind(connection: &Connection, alias: &str) -> Result<u32, ElasticsearchError> {
    let indices: BTreeMap<String, Value> = connection.ask(Method::Get, &format!("_alias/{alias}"), None).await?;
    Ok(indices.into_keys().map(|index| generation_of(&index)).max().unwrap_or(0))
}

struct Migration<'a> {
    connection: &'a Connection,
    alias: &'a str,
    source: String,
    target: String,
}

impl Migration<'_> {
    async fn run(&self, body: Value, lease: &mut Lease<'_>) -> Result<(), IndicesError> {
        if let Err(error) = self.copy(body, lease).await {
            // Else another node goes on with it.
            if !matches!(error, IndicesError::LeaseLost { .. }) {
                self.withdraw(&error)
                    .await
                    .unwrap_or_else(|problem| tracing::error!(%problem, "cannot withdraw a migration"));
            }
            return Err(error);
        }
        lease.renew().await?;
        self.move_alias().await?;
        self.put(&format!("{}/_settings", self.target), Some(&json!({"index": {"gc_deletes": null}}))).await?;
        tracing::info!(source = self.source, "the migration is done; the old index can be removed when all is well");
        Ok(())
    }

    /// Makes the new index the same as the old one, which takes no more writes then.
    async fn copy(&self, mut body: Value, lease: &mut Lease<'_>) -> Result<(), IndicesError> {
        // Deleted documents are remembered for as long as a copy of them may still be on its way.
        body["settings"]["index"]["gc_deletes"] = json!("1h");
        make_unless_there(self.connection, &self.target, &body).await?;
        let mut copied_to = Checkpoints::new();
        for pass in 0..MOST_PASSES {
            let (copied, reached) = self.copy_what_came_after(&copied_to, lease).await?;
            tracing::info!(pass, copied, source = self.source, "copied what was written meanwhile");
            copied_to = reached;
            if copied <= FEW {
                break;
            }
        }
        self.put(&format!("{}/_block/write", self.source), None).await?;
        let (copied, _) = self.copy_what_came_after(&copied_to, lease).await?;
        let deleted = self.delete_what_is_gone(lease).await?;
        tracing::info!(copied, deleted, target = self.target, "copied the last documents while writers waited");
        Ok(())
    }

    /// Lets writers go on as before. A copy that can be gone on with is kept.
    async fn withdraw(&self, error: &IndicesError) -> Result<(), ElasticsearchError> {
        self.put(&format!("{}/_settings", self.source), Some(&json!({"index": {"blocks": {"write": null}}}))).await?;
        if !error.is_transient() {
            self.connection.ask::<Value>(Method::Delete, &self.target, None).await?;
        }
        Ok(())
    }

    /// Copies the documents whose last write came after these checkpoints; how many they were, and the checkpoints to go on from.
    async fn copy_what_came_after(
        &self,
        copied_to: &Checkpoints,
        lease: &mut Lease<'_>,
    ) -> Result<(usize, Checkpoints), IndicesError> {
        let reached = self.checkpoints().await?;
        // All copies of a shard have what is up to its global checkpoint; now they show it, too.
        self.connection.refresh(&[&self.source]).await?;
        let begins = |shard| (shard, copied_to.get(&shard).map_or(0, |checkpoint| checkpoint + 1));
        let shards: Vec<(u32, i64)> = reached.keys().copied().map(begins).collect();
        let mut copies =
            stream::iter(shards).map(|(shard, from)| self.copy_shard(shard, from)).buffer_unordered(SHARDS_AT_ONCE);
        let mut beat = tokio::time::interval(BEAT);
        let mut copied = 0;
        loop {
            tokio::select! {
                of_shard = copies.try_next() => match of_shard? {
                    Some(of_shard) => copied += of_shard,
                    None => break,
                },
                _ = beat.tick() => lease.renew().await?,
            }
        }
        drop(copies);
        lease.renew().await?;
        Ok((copied, reached))
    }

    async fn copy_shard(&self, shard: u32, from: i64) -> Result<usize, IndicesError> {
        let query = json!({"range": {"_seq_no": {"gte": from}}});
        let options = PageOptions { query, shard: Some(shard), size: PAGE, ..PageOptions::default() };
        let mut pages = self.connection.pages(&self.source, options).await?;
        let mut copied = 0;
        loop {
            let page = pages.next().await?;
            if page.is_empty() {
                break;
            }
            copied += page.len();
            self.write_copies(page).await?;
        }
        pages.close().await?;
        Ok(copied)
    }

    async fn write_copies(&self, page: Vec<Hit>) -> Result<(), IndicesError> {
        let copies: Vec<Write<'_>> = page.into_iter().map(|hit| copy(&self.target, hit)).collect();
        let results = self.connection.bulk(&copies).await?;
        for (write, result) in copies.iter().zip(results) {
            match result {
                // In conflict: a newer state is there already.
                ItemResult::Done(_) | ItemResult::Conflict => {}
                ItemResult::Failed { reason, .. } => {
                    return Err(IndicesError::NotTakenOver {
                        index: self.source.clone(),
                        target: self.target.clone(),
                        id: write.id().to_owned(),
                        reason,
                    });
                }
                busy => {
                    busy.into_stamp("to copy documents")?;
                }
            }
        }
        Ok(())
    }

    /// Deletes copies of documents that are no longer in the source, which takes no writes any more. The same number of documents
    /// on both sides are the same documents, for all of the source are in the target; else all ids are compared.
    async fn delete_what_is_gone(&self, lease: &mut Lease<'_>) -> Result<usize, IndicesError> {
        self.connection.refresh(&[&self.source, &self.target]).await?;
        if self.count(&self.source).await? == self.count(&self.target).await? {
            return Ok(0);
        }
        let options = PageOptions { size: PAGE, source: SourceFilter::None, ..PageOptions::default() };
        let mut pages = self.connection.pages(&self.target, options).await?;
        let mut deleted = 0;
        loop {
            let page = pages.next().await?;
            if page.is_empty() {
                break;
            }
            let ids: Vec<DocumentId<'_>> =
                page.iter().map(|hit| DocumentId { id: &hit.id, routing: hit.routing.as_deref() }).collect();
            let found = self.connection.multi_get(&self.source, &ids, SourceFilter::None).await?;
            // What stood on this page was copied by us, unless another node has taken over meanwhile.
            lease.renew().await?;
            let gone = page.iter().zip(found).filter(|(_, found)| found.is_none());
            let deletes: Vec<Write<'_>> = gone.filter_map(|(hit, _)| deletion(&self.target, hit)).collect();
            deleted += deletes.len();
            for result in self.connection.bulk(&deletes).await? {
                result.into_stamp("to delete copies of documents that are gone")?;
            }
        }
        pages.close().await?;
        Ok(deleted)
    }

    async fn move_alias(&self) -> Result<(), ElasticsearchError> {
        let actions = json!({"actions": [
            {"remove": {"index": self.source, "alias": self.alias}},
            {"add": {"index": self.target, "alias": self.alias, "is_write_index": true}},
        ]});
        self.connection.ask::<Value>(Method::Post, "_aliases", Some(&actions)).await.map(|_| ())
    }

    async fn count(&self, index: &str) -> Result<u64, ElasticsearchError> {
        #[derive(Deserialize)]
        struct Count {
            count: u64,
        }
        let count: Count = self.connection.ask(Method::Get, &format!("{index}/_count"), None).await?;
        Ok(count.count)
    }

    async fn put(&self, path: &str, body: Option<&Value>) -> Result<(), ElasticsearchError> {
        self.connection.ask::<Value>(Method::Put, path, body).await.map(|_| ())
    }

    /// The global checkpoint of each shard: all copies of it have made all writes up to there.
    async fn checkpoints(&self) -> Result<Checkpoints, IndicesError> {
        #[derive(Deserialize)]
        struct Stats {
            indices: BTreeMap<String, IndexStats>,
        }
        #[derive(Deserialize)]
        struct IndexStats {
            shards: BTreeMap<u32, Vec<ShardStats>>,
        }
        #[derive(Deserialize)]
        struct ShardStats {
            seq_no: SeqNoStats,
        }
        #[derive(Deserialize)]
        struct SeqNoStats {
            global_checkpoint: i64,
        }
        let path = format!("{}/_stats/docs?level=shards&filter_path=indices.*.shards.*.seq_no", self.source);
        let stats: Stats = self.connection.ask(Method::Get, &path, None).await?;
        let shards = stats.indices.into_values().flat_map(|index| index.shards);
        let lowest = |copies: Vec<ShardStats>| copies.iter().map(|copy| copy.seq_no.global_checkpoint).min();
        Ok(shards.filter_map(|(shard, copies)| Some((shard, lowest(copies)?))).collect())
    }
}

/// The document as it was found, at a version of its own count that grows with each of its writes.
fn copy<'a>(target: &'a str, hit: Hit) -> Write<'a> {
    let version = hit.stamp().map_or(1, |stamp| stamp.seq_no.saturating_add(1));
    let document = hit.source.unwrap_or_else(|| RawValue::NULL.to_owned());
    let write = Write::new(target, hit.id, Operation::Index(document)).to_index().at_version(version);
    match hit.routing {
        Some(routing) => write.routed_by(routing),
        None => write,
    }
}

/// The deletion of this very copy, and of no later write.
fn deletion<'a>(target: &'a str, hit: &'a Hit) -> Option<Write<'a>> {
    let write = Write::new(target, hit.id.as_str(), Operation::Delete).to_index().if_still_at(hit.stamp()?);
    Some(match hit.routing.as_deref() {
        Some(routing) => write.routed_by(routing),
        None => write,
    })
}
