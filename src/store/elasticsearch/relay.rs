//! From members to `events`: what a member's one write announced becomes documents of its own.

use std::sync::Arc;

use serde_json::json;

use super::member::{HEAD, Head, State, Unrelayed};
use super::{Cluster, ElasticsearchStore, damaged, from_json, not_written, to_json};
use crate::elasticsearch::{DocumentId, ItemResult, Operation, SourceFilter, Stamp, Write};
use crate::member::MemberId;
use crate::store::StoreError;

/// So many members are looked after in one go.
const SWEPT: usize = 500;

/// What others are just writing is left to them for so long.
const PATIENCE: &str = "now-5s";

impl ElasticsearchStore {
    /// Finishes what a node left that went away: relays events of members that have any, and ends erasures. Returns how many members
    /// were looked after.
    ///
    /// # Errors
    ///
    /// Where the cluster fails; it is to be called again.
    pub fn sweep(&self) -> Result<usize, StoreError> {
        self.ask(|cluster| async move { cluster.sweep().await })
    }
}

impl Cluster {
    /// Creates the events of announcements, in order: those of a member's earlier version before those of a later one. What is there
    /// already was relayed by another.
    pub(super) async fn relay(&self, announcements: &[&Unrelayed]) -> Result<(), StoreError> {
        let mut left: Vec<&Unrelayed> = announcements.to_vec();
        // A shard writes them in this order, and delivery may look in between.
        left.sort_unstable_by_key(|unrelayed| unrelayed.sequence);
        while !left.is_empty() {
            // Of each member the earliest: what a shard turns away for now is written after the rest of the request.
            let mut members = rustc_hash::FxHashSet::default();
            let (now, later): (Vec<_>, Vec<_>) =
                left.into_iter().partition(|unrelayed| members.insert(unrelayed.announcement.member));
            let mut writes = Vec::new();
            for event in now.iter().flat_map(|unrelayed| unrelayed.events()) {
                writes.push(event.creation(&self.names.events)?);
            }
            for result in self.connection.bulk(&writes).await? {
                match result {
                    ItemResult::Done(_) | ItemResult::Conflict => {}
                    other => return Err(not_written("events", &other)),
                }
            }
            left = later;
        }
        Ok(())
    }

    /// Says of members that all their events are relayed. Where another write came between, that one carries the list on, and whoever
    /// finds it relays it once more, in vain.
    pub(super) async fn clear(&self, members: &[(MemberId, Stamp)]) -> Result<(), StoreError> {
        let cleared = to_json("members", &json!({"pending": false, "pending_since": null, "announcements": []}))?;
        let write = |(id, stamp): &(MemberId, Stamp)| {
            Write::new(&self.names.members, id.to_string(), Operation::Update(cleared.clone())).if_still_at(*stamp)
        };
        let writes: Vec<Write<'_>> = members.iter().map(write).collect();
        for result in self.connection.bulk(&writes).await? {
            match result {
                ItemResult::Done(_) | ItemResult::Conflict | ItemResult::Missing => {}
                other => return Err(not_written("members", &other)),
            }
        }
        Ok(())
    }

    async fn sweep(self: Arc<Self>) -> Result<usize, StoreError> {
        let search = json!({
            "size": SWEPT,
            "query": {"bool": {"filter": [
                {"term": {"pending": true}},
                {"range": {"pending_since": {"lt": PATIENCE}}}
            ]}},
            "sort": [{"pending_since": "asc"}],
            "_source": false
        });
        let found = self.connection.search(&self.names.members, None, &search).await?;
        let mut ids = Vec::with_capacity(found.hits.len());
        for hit in found.hits {
            ids.push(hit.id.parse::<MemberId>().map_err(|error| damaged("members", hit.id.as_str(), error))?);
        }
        let swept = ids.len();
        self.settle(&ids).await?;
        Ok(swept)
    }

    /// Relays what these members have to be relayed, and ends their erasures.
    pub(super) async fn settle(&self, ids: &[MemberId]) -> Result<(), StoreError> {
        let confirmed = self.confirm(ids).await?;
        let all: Vec<&Unrelayed> = confirmed.iter().flat_map(|(_, head, _)| &head.announcements).collect();
        self.relay(&all).await?;
        for (id, head, _) in confirmed.iter().filter(|(_, head, _)| head.state == State::Erased) {
            self.scrub(*id, head.version).await?;
        }
        let stamps: Vec<(MemberId, Stamp)> = confirmed.iter().map(|(id, _, stamp)| (*id, *stamp)).collect();
        self.clear(&stamps).await
    }

    /// Writes pending members once more as they are. What is read may be a write that no replica has and that goes with
    /// its shard; what is written and acknowledged is on all of them, and only such events may be told.
    async fn confirm(&self, ids: &[MemberId]) -> Result<Vec<(MemberId, Head, Stamp)>, StoreError> {
        let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let keys: Vec<DocumentId<'_>> = names.iter().map(|id| DocumentId::new(id)).collect();
        let found = self.connection.multi_get(&self.names.members, &keys, SourceFilter::Only(HEAD)).await?;
        let mut pending = Vec::new();
        for (id, found) in ids.iter().zip(found) {
            let Some(found) = found else { continue };
            let head: Head = from_json("members", &id.to_string(), &found.source)?;
            if head.pending {
                pending.push((*id, head, found.stamp));
            }
        }
        let mut writes = Vec::with_capacity(pending.len());
        for (id, head, stamp) in &pending {
            // A field that changes each time: a cluster leaves out updates that change nothing.
            let touched = json!({"confirmed_by": {"node": self.node, "sequence": self.sequences.next(head.sequence)}});
            let update = Operation::Update(to_json("members", &touched)?);
            writes.push(Write::new(&self.names.members, id.to_string(), update).if_still_at(*stamp));
        }
        let results = self.connection.bulk(&writes).await?;
        let confirmed = pending.into_iter().zip(results).filter_map(|((id, head, _), result)| match result {
            ItemResult::Done(stamp) => Some((id, head, stamp)),
            // Whoever wrote it looks after it.
            _ => None,
        });
        Ok(confirmed.collect())
    }
}
