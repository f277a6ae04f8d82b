//! Events as they are listed, scrubbed and dropped.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::event::EventDocument;
use super::{Cluster, ElasticsearchStore, damaged, from_json, not_written, to_json};
use crate::elasticsearch::{Hit, ItemResult, Operation, Write};
use crate::event::{Event, MemberVersion, Sequence};
use crate::member::MemberId;
use crate::store::{Announcement, Committed, EventStore, MemberWrite, StoreError};
use crate::subscription::SubscriptionId;

/// So many are changed or removed at once.
const PAGE: usize = 1_000;

impl EventStore for ElasticsearchStore {
    fn commit(&self, members: &[MemberWrite], announcements: &[Announcement]) -> Result<Committed, StoreError> {
        let (members, announcements) = (members.to_vec(), announcements.to_vec());
        self.ask(|cluster| async move { cluster.commit(&members, &announcements).await })
    }

    fn events(
        &self,
        subscription: &SubscriptionId,
        after: Option<Sequence>,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let subscription = subscription.clone();
        self.ask(move |cluster| async move { cluster.events(&subscription, after, limit).await })
    }

    fn drop_events_before(&self, cutoff: Timestamp) -> Result<usize, StoreError> {
        self.ask(move |cluster| async move { cluster.drop_events_before(cutoff).await })
    }

    fn last_sequence(&self) -> Result<Option<Sequence>, StoreError> {
        self.ask(|cluster| async move {
            let search = json!({"size": 1, "sort": [{"sequence": "desc"}], "_source": ["sequence"]});
            let found = cluster.connection.search(&cluster.names.events, None, &search).await?;
            Ok(found.hits.first().and_then(|hit| hit.sort.first()).and_then(Value::as_u64).map(Sequence))
        })
    }
}

impl Cluster {
    async fn events(
        &self,
        subscription: &SubscriptionId,
        after: Option<Sequence>,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        // Whoever lists events wants to see what was answered before.
        self.connection.refresh(&[&self.names.events]).await?;
        let behind = json!({"range": {"sequence": {"gt": after.unwrap_or(Sequence(0))}}});
        let mut found = self.events_of(subscription, behind, limit).await?;
        // Two nodes may give the same sequence to two members: a page never ends between them.
        let last = found.last().map(|last| last.sequence);
        if let (Some(last), true) = (last, found.len() >= limit) {
            found.retain(|event| event.sequence != last);
            found.extend(self.events_of(subscription, json!({"term": {"sequence": last}}), PAGE).await?);
        }
        Ok(found.into_iter().map(|document| document.event).collect())
    }

    async fn events_of(
        &self,
        subscription: &SubscriptionId,
        condition: Value,
        size: usize,
    ) -> Result<Vec<EventDocument>, StoreError> {
        let search = json!({
            "size": size,
            "query": {"bool": {"filter": [{"term": {"subscription": subscription}}, condition]}},
            "sort": [{"sequence": "asc"}]
        });
        let found = self.connection.search(&self.names.events, Some(subscription.as_str()), &search).await?;
        found.hits.iter().map(read).collect()
    }

    /// Takes a person out of what events, up to a version, and batches say.
    pub(super) async fn scrub(&self, member: MemberId, up_to: MemberVersion) -> Result<(), StoreError> {
        // Events are overwritten and not deleted: one that is gone could be relayed anew by somebody who is late.
        self.connection.refresh(&[&self.names.events]).await?;
        let mut after: Option<Value> = None;
        loop {
            let mut search = json!({
                "size": PAGE,
                "query": {"term": {"member": member}},
                "sort": [{"sequence": "asc"}, {"subscription": "asc"}]
            });
            if let Some(after) = after.take() {
                search["search_after"] = after;
            }
            let found = self.connection.search(&self.names.events, None, &search).await?;
            let mut writes = Vec::with_capacity(found.hits.len());
            for hit in &found.hits {
                let mut document = read(hit)?;
                if document.version > up_to {
                    continue;
                }
                document.scrub();
                // Of these fields alone: whether it waits is delivery's matter.
                let scrubbed = Operation::Update(to_json("events", &json!({"event": document.event}))?);
                let routing = document.subscription.as_str().to_owned();
                writes.push(Write::new(&self.names.events, hit.id.as_str(), scrubbed).routed_by(routing));
            }
            self.write_all("events", &writes).await?;
            match found.hits.last() {
                Some(last) if found.hits.len() == PAGE => after = Some(Value::Array(last.sort.clone())),
                _ => break,
            }
        }
        self.scrub_batches(member).await
    }

    async fn drop_events_before(&self, cutoff: Timestamp) -> Result<usize, StoreError> {
        let old = json!({"range": {"occurred_at": {"lt": cutoff}}});
        let mut dropped = self.remove_where(&self.names.events, "events", old).await?;
        dropped += self.forget_old_batches(cutoff).await?;
        Ok(dropped)
    }

    /// Removes every document that a query finds; returns how many.
    pub(super) async fn remove_where(
        &self,
        alias: &str,
        table: &'static str,
        query: Value,
    ) -> Result<usize, StoreError> {
        let mut removed = 0;
        loop {
            self.connection.refresh(&[alias]).await?;
            let search = json!({"size": PAGE, "query": query, "sort": ["_doc"], "_source": false});
            let found = self.connection.search(alias, None, &search).await?;
            if found.hits.is_empty() {
                return Ok(removed);
            }
            let remove = |hit: &Hit| {
                let write = Write::new(alias, hit.id.clone(), Operation::Delete);
                match &hit.routing {
                    Some(routing) => write.routed_by(routing.clone()),
                    None => write,
                }
            };
            let writes: Vec<Write<'_>> = found.hits.iter().map(remove).collect();
            self.write_all(table, &writes).await?;
            removed += writes.len();
        }
    }

    /// Makes writes that depend on nothing; a document that is gone needs none.
    pub(super) async fn write_all(&self, table: &'static str, writes: &[Write<'_>]) -> Result<(), StoreError> {
        for result in self.connection.bulk(writes).await? {
            match result {
                ItemResult::Done(_) | ItemResult::Missing => {}
                other => return Err(not_written(table, &other)),
            }
        }
        Ok(())
    }
}

/// The event of a hit.
pub(super) fn read(hit: &Hit) -> Result<EventDocument, StoreError> {
    let source = hit.source.as_deref().ok_or_else(|| damaged("events", hit.id.as_str(), "it has no source"))?;
    from_json("events", &hit.id, source)
}
