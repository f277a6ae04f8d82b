//! Subscriptions: a document each. One that is removed leaves a tombstone for a while, for other nodes follow what is written.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Cluster, ElasticsearchStore, Written, damaged, from_json, not_written, to_json};
use crate::elasticsearch::{self, DocumentId, Hit, ItemResult, Operation, PageOptions, SourceFilter, Write};
use crate::event::Sequence;
use crate::store::{Page, Stamp, StoreError, Stored, SubscriptionStore};
use crate::subscription::{Selector, Subscription, SubscriptionId, Tenant};

/// A page ends early when its `ids` selectors hold so many ids together.
const IDS_PER_PAGE: usize = 1_000_000;

/// So many come with one answer when all are read: one may have 300,000 ids.
const PAGE: u32 = 500;

/// Tombstones go with this age: a node that has not followed for so long starts anew.
const TOMBSTONES: SignedDuration = SignedDuration::from_hours(24);

/// A subscription's document. All but `subscription` is mapped.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SubscriptionDocument {
    pub(super) id: SubscriptionId,
    /// Whose it is; nobody's of one that is removed.
    pub(super) tenant: Option<Tenant>,
    pub(super) written_at: Timestamp,
    /// What is written of it; nothing of one that is removed.
    pub(super) subscription: Option<Subscription>,
}

impl SubscriptionDocument {
    fn of(subscription: &Subscription) -> SubscriptionDocument {
        SubscriptionDocument {
            id: subscription.id.clone(),
            tenant: Some(subscription.tenant.clone()),
            written_at: Timestamp::now(),
            subscription: Some(subscription.clone()),
        }
    }

    fn removed(id: &SubscriptionId) -> SubscriptionDocument {
        SubscriptionDocument { id: id.clone(), tenant: None, written_at: Timestamp::now(), subscription: None }
    }
}

impl SubscriptionStore for ElasticsearchStore {
    fn subscription(&self, id: &SubscriptionId) -> Result<Option<Stored<Subscription>>, StoreError> {
        let ids = [id.clone()];
        let mut found = self.ask(move |cluster| async move { cluster.current_subscriptions(&ids).await })?;
        Ok(found.pop().flatten())
    }

    fn current_subscriptions(&self, ids: &[SubscriptionId]) -> Result<Vec<Option<Stored<Subscription>>>, StoreError> {
        let ids = ids.to_vec();
        self.ask(move |cluster| async move { cluster.current_subscriptions(&ids).await })
    }

    fn all_nodes_follow(&self) -> Result<bool, StoreError> {
        self.wait_for_others()
    }

    fn subscriptions(&self, tenant: &Tenant, after: Option<&SubscriptionId>, limit: usize) -> Result<Page, StoreError> {
        let (tenant, after) = (tenant.clone(), after.cloned());
        self.ask(move |cluster| async move { cluster.subscriptions(&tenant, after.as_ref(), limit).await })
    }

    fn has_subscriptions(&self, tenant: &Tenant, number: usize) -> Result<bool, StoreError> {
        let tenant = tenant.clone();
        self.ask(move |cluster| async move {
            let search = json!({"size": 0, "track_total_hits": true, "query": {"term": {"tenant": tenant}}});
            let found = cluster.connection.search(&cluster.names.subscriptions, None, &search).await?;
            Ok(found.total.is_some_and(|total| usize::try_from(total).is_ok_and(|total| total >= number)))
        })
    }

    fn for_each_subscription(
        &self,
        visit: &mut dyn FnMut(Stored<Subscription>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let (page, pages) = std::sync::mpsc::sync_channel(2);
        let reading = self.start(|cluster| async move { cluster.read_subscriptions(page).await })?;
        // Whoever reads stops when nobody takes pages any more.
        for stored in pages.into_iter().flatten() {
            visit(stored)?;
        }
        reading.recv().unwrap_or(Err(StoreError::Closed))
    }

    fn add_subscriptions(&self, subscriptions: &[&Subscription]) -> Result<(), StoreError> {
        let documents: Vec<_> = subscriptions.iter().map(|new| SubscriptionDocument::of(new)).collect();
        let subscriptions: Vec<Subscription> = subscriptions.iter().map(|new| (*new).clone()).collect();
        self.ask(move |cluster| async move {
            cluster.put_queries(&subscriptions.iter().collect::<Vec<_>>()).await?;
            cluster.add_subscriptions(&documents).await
        })
    }

    fn replace_subscriptions(&self, subscriptions: Vec<Stored<Subscription>>) -> Result<Vec<bool>, StoreError> {
        self.ask(move |cluster| async move {
            let rows: Vec<&Subscription> = subscriptions.iter().map(|new| &new.row).collect();
            cluster.put_queries(&rows).await?;
            let replaced = cluster.replace_subscriptions(&subscriptions).await?;
            cluster.restore_queries(&rows, &replaced).await?;
            Ok(replaced)
        })
    }

    fn remove_subscription(&self, subscription: &Subscription) -> Result<(), StoreError> {
        let id = subscription.id.clone();
        self.ask(move |cluster| async move { cluster.remove_subscription(&id).await })
    }
}

impl Cluster {
    pub(super) async fn current_subscriptions(
        &self,
        ids: &[SubscriptionId],
    ) -> Result<Vec<Option<Stored<Subscription>>>, StoreError> {
        let keys: Vec<DocumentId<'_>> = ids.iter().map(|id| DocumentId::new(id.as_str())).collect();
        let found = self.connection.multi_get(&self.names.subscriptions, &keys, SourceFilter::All).await?;
        ids.iter()
            .zip(found)
            .map(|(id, found)| {
                let Some(found) = found else { return Ok(None) };
                let document: SubscriptionDocument = from_json("subscriptions", id.as_str(), &found.source)?;
                Ok(document.subscription.map(|row| Stored { row, stamp: stamp(found.stamp) }))
            })
            .collect()
    }

    async fn subscriptions(
        &self,
        tenant: &Tenant,
        after: Option<&SubscriptionId>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let mut page = Page { subscriptions: Vec::new(), next: None };
        let (mut ids, mut after) = (0, after.cloned());
        loop {
            // One more than asked for says whether there is another page; few at once, for each may be large.
            let left = limit.saturating_sub(page.subscriptions.len());
            let size = left.saturating_add(1).min(100);
            let mut search = json!({"size": size, "query": {"term": {"tenant": tenant}}, "sort": [{"id": "asc"}], "seq_no_primary_term": true});
            if let Some(after) = &after {
                search["search_after"] = json!([after]);
            }
            let found = self.connection.search(&self.names.subscriptions, None, &search).await?.hits;
            let is_last = found.len() < size;
            for hit in &found {
                if page.subscriptions.len() >= limit || ids > IDS_PER_PAGE {
                    page.next = page.subscriptions.last().map(|last: &Subscription| last.id.clone());
                    return Ok(page);
                }
                let Some(Stored { row, .. }) = read(hit)? else { continue };
                if let Selector::Ids(selected) = &row.selector {
                    ids += selected.len();
                }
                page.subscriptions.push(row);
            }
            after = found.last().map(|hit| SubscriptionId::from(hit.id.as_str()));
            if is_last {
                return Ok(page);
            }
        }
    }

    /// Reads all subscriptions into `pages`, until nobody takes them.
    async fn read_subscriptions(
        &self,
        pages: std::sync::mpsc::SyncSender<Vec<Stored<Subscription>>>,
    ) -> Result<(), StoreError> {
        self.connection.refresh(&[&self.names.subscriptions]).await?;
        let options =
            PageOptions { query: json!({"exists": {"field": "tenant"}}), size: PAGE, ..PageOptions::default() };
        let mut reading = self.connection.pages(&self.names.subscriptions, options).await?;
        loop {
            let hits = reading.next().await?;
            if hits.is_empty() {
                break;
            }
            let mut page = Vec::with_capacity(hits.len());
            for hit in &hits {
                page.extend(read(hit)?);
            }
            // Blocks this thread of the runtime for a moment: whoever visits a page compiles its queries.
            if tokio::task::block_in_place(|| pages.send(page)).is_err() {
                break;
            }
        }
        Ok(reading.close().await?)
    }

    /// Writes new subscriptions: where one cannot be written, none is left.
    async fn add_subscriptions(&self, documents: &[SubscriptionDocument]) -> Result<(), StoreError> {
        let mut writes = Vec::with_capacity(documents.len());
        for document in documents {
            let create = Operation::Create(to_json("subscriptions", document)?);
            writes.push(Write::new(&self.names.subscriptions, document.id.as_str(), create));
        }
        let results = self.connection.bulk(&writes).await?;
        let failure = results.iter().find(|result| !matches!(result, ItemResult::Done(_)));
        if let Some(failure) = failure {
            let failure = not_written("subscriptions", failure);
            for document in documents {
                self.bury(&document.id).await?;
            }
            return Err(failure);
        }
        Ok(self.connection.refresh(&[&self.names.subscriptions]).await?)
    }

    async fn replace_subscriptions(&self, subscriptions: &[Stored<Subscription>]) -> Result<Vec<bool>, StoreError> {
        let mut writes = Vec::with_capacity(subscriptions.len());
        for Stored { row, stamp } in subscriptions {
            let document = Operation::Index(to_json("subscriptions", &SubscriptionDocument::of(row))?);
            let write = Write::new(&self.names.subscriptions, row.id.as_str(), document);
            let written =
                stamp.0.as_ref().ok_or_else(|| damaged("subscriptions", row.id.as_str(), "it has no stamp"))?;
            writes.push(write.if_still_at(written.stamp));
        }
        let results = self.connection.bulk(&writes).await?;
        self.connection.refresh(&[&self.names.subscriptions]).await?;
        let replaced = |result: ItemResult| match result {
            ItemResult::Done(_) => Ok(true),
            ItemResult::Conflict | ItemResult::Missing => Ok(false),
            other => Err(not_written("subscriptions", &other)),
        };
        results.into_iter().map(replaced).collect()
    }

    /// Its tombstone first: from then on nobody matches it. What is left of it after that, no queue sends.
    async fn remove_subscription(&self, id: &SubscriptionId) -> Result<(), StoreError> {
        self.bury(id).await?;
        self.remove_query(id).await?;
        self.connection.refresh(&[&self.names.subscriptions]).await?;
        let its = json!({"term": {"subscription": id}});
        let queue = Write::new(&self.names.queues, id.as_str(), Operation::Delete);
        self.write_all("queues", &[queue]).await?;
        self.queues.forget(id);
        self.remove_where(&self.names.batches, "batches", its.clone()).await?;
        self.remove_where(&self.names.events, "events", its).await?;
        let old = Timestamp::now().checked_sub(TOMBSTONES).unwrap_or(Timestamp::MIN);
        let tombstones = json!({"bool": {
            "must_not": [{"exists": {"field": "tenant"}}],
            "filter": [{"range": {"written_at": {"lt": old}}}]
        }});
        self.remove_where(&self.names.subscriptions, "subscriptions", tombstones).await.map(|_| ())
    }

    async fn bury(&self, id: &SubscriptionId) -> Result<(), StoreError> {
        let tombstone = Operation::Index(to_json("subscriptions", &SubscriptionDocument::removed(id))?);
        let write = Write::new(&self.names.subscriptions, id.as_str(), tombstone);
        self.write_all("subscriptions", &[write]).await
    }
}

/// The subscription of a hit, unless it is removed.
fn read(hit: &Hit) -> Result<Option<Stored<Subscription>>, StoreError> {
    let source = hit.source.as_deref().ok_or_else(|| damaged("subscriptions", hit.id.as_str(), "it has no source"))?;
    let found = hit.stamp().ok_or_else(|| damaged("subscriptions", hit.id.as_str(), "it has no sequence number"))?;
    let document: SubscriptionDocument = from_json("subscriptions", &hit.id, source)?;
    Ok(document.subscription.map(|row| Stored { row, stamp: stamp(found) }))
}

fn stamp(stamp: elasticsearch::Stamp) -> Stamp {
    Stamp(Some(std::sync::Arc::new(Written { stamp, sequence: Sequence(0), announcements: Vec::new() })))
}
