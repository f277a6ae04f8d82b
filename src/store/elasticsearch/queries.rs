//! Subscriptions' queries in an index of their own, where the cluster itself percolates.
//!
//! The index has the members' own fields, and a percolator field with its like under `tripline`. A query's document follows from
//! its subscription's: it is written before the subscription becomes what it is to be, so that no update misses it, and
//! what stands there of a subscription that is not (any more) nobody listens to.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::indices::{Definition, IndicesError};
use super::{Cluster, ElasticsearchStore, damaged, from_json, not_written, to_json};
use crate::elasticsearch::{ItemResult, Operation, Write};
use crate::mapping::Mapping;
use crate::member::MemberId;
use crate::percolator::Dialect;
use crate::query::QueryError;
use crate::store::{StoreError, SubscriptionStore};
use crate::subscription::{Selector, Status, Subscription, SubscriptionId};

/// What a cluster needs to percolate.
pub struct Percolation {
    /// The members' mapping, as it is given to Elasticsearch.
    pub mapping_json: Value,
    /// The same, read.
    pub mapping: std::sync::Arc<Mapping>,
    /// The field that holds a member's id.
    pub id_field: String,
    /// Fields that queries of all fields leave out.
    pub forbidden_fields: Vec<String>,
}

/// No list of ids in one clause may be longer.
const IDS: usize = 50_000;

/// So many queries are put at once when all of them are.
const PUT_AT_ONCE: usize = 1_000;

/// So many documents are percolated in one request.
const DOCUMENTS: usize = 100;

/// So many subscriptions come with one answer.
const PAGE: usize = 1_000;

impl Percolation {
    /// The index of queries.
    pub(super) fn definition(&self) -> Result<Definition, IndicesError> {
        let given = self.mapping_json.get("mappings").unwrap_or(&self.mapping_json);
        let mut mappings = given.as_object().cloned().unwrap_or_default();
        mappings.insert("_meta".to_owned(), json!({"tripline": {"schema": 1}}));
        let mut properties = mappings.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        let own = json!({"properties": {"id": {"type": "keyword"}, "query": {"type": "percolator"}}});
        properties.insert("tripline".to_owned(), own);
        mappings.insert("properties".to_owned(), Value::Object(properties));
        let settings = self.mapping_json.get("settings").cloned().unwrap_or(Value::Null);
        let mut index = settings.get("index").and_then(Value::as_object).cloned().unwrap_or_default();
        index.insert("number_of_shards".to_owned(), json!(1));
        if let Some(analysis) = settings.get("analysis") {
            index.insert("analysis".to_owned(), analysis.clone());
        }
        let body = json!({"settings": {"index": index}, "mappings": mappings});
        Definition::read("queries", &body.to_string())
    }

    fn dialect(&self, cluster: &Cluster) -> Dialect<'_> {
        Dialect {
            product: cluster.connection.server().product,
            mapping: &self.mapping,
            id_field: &self.id_field,
            forbidden: &self.forbidden_fields,
        }
    }

    /// The query that finds whom a selector selects.
    fn query(&self, cluster: &Cluster, selector: &Selector) -> Result<Value, QueryError> {
        Ok(match selector {
            Selector::All => json!({"match_all": {}}),
            Selector::Ids(ids) => {
                let some = |ids: &[MemberId]| json!({"terms": {self.id_field.as_str(): ids}});
                let clauses: Vec<Value> = ids.chunks(IDS).map(some).collect();
                json!({"bool": {"should": clauses}})
            }
            Selector::EsDsl(query) => self.dialect(cluster).write(query)?,
        })
    }
}

impl ElasticsearchStore {
    /// Puts the queries of all subscriptions into an index that has none: it was made now.
    pub(super) fn make_queries(&self) -> Result<(), StoreError> {
        if !self.ask(|cluster| async move { cluster.has_no_queries().await })? {
            return Ok(());
        }
        let mut some = Vec::new();
        self.for_each_subscription(&mut |stored| {
            some.push(stored.row);
            if some.len() == PUT_AT_ONCE { self.put_queries_of(std::mem::take(&mut some)) } else { Ok(()) }
        })?;
        self.put_queries_of(some)
    }

    fn put_queries_of(&self, subscriptions: Vec<Subscription>) -> Result<(), StoreError> {
        self.ask(move |cluster| async move { cluster.put_queries(&subscriptions.iter().collect::<Vec<_>>()).await })
    }

    /// Whether the cluster's percolator answers a selector as search does; fine where the cluster does not percolate.
    pub(super) fn selector_is_answered(&self, selector: &Selector) -> Result<(), QueryError> {
        match &self.cluster.percolation {
            Some(percolation) => percolation.query(&self.cluster, selector).map(drop),
            None => Ok(()),
        }
    }
}

impl Cluster {
    async fn has_no_queries(&self) -> Result<bool, StoreError> {
        if self.percolation.is_none() {
            return Ok(false);
        }
        let search = json!({"size": 0, "track_total_hits": 1});
        Ok(self.connection.search(&self.names.queries, None, &search).await?.total == Some(0))
    }

    /// Puts the queries of subscriptions that select members, and takes those of others away.
    pub(super) async fn put_queries(&self, subscriptions: &[&Subscription]) -> Result<(), StoreError> {
        let Some(percolation) = &self.percolation else { return Ok(()) };
        let mut writes = Vec::with_capacity(subscriptions.len());
        for subscription in subscriptions {
            let id = subscription.id.as_str();
            if let Status::Ended { .. } = subscription.status {
                writes.push(Write::new(&self.names.queries, id, Operation::Delete));
                continue;
            }
            let query = match percolation.query(self, &subscription.selector) {
                Ok(query) => query,
                // Paused because it no longer fits: it selects nobody.
                Err(_) if matches!(subscription.status, Status::Paused { .. }) => {
                    writes.push(Write::new(&self.names.queries, id, Operation::Delete));
                    continue;
                }
                Err(error) => return Err(StoreError::QueryRefused { reason: error.to_string() }),
            };
            let document = to_json("queries", &json!({"tripline": {"id": id, "query": query}}))?;
            writes.push(Write::new(&self.names.queries, id, Operation::Index(document)));
        }
        for result in self.connection.bulk(&writes).await? {
            match result {
                ItemResult::Done(_) | ItemResult::Missing => {}
                ItemResult::Failed { status: 400, reason, .. } => return Err(StoreError::QueryRefused { reason }),
                other => return Err(not_written("queries", &other)),
            }
        }
        Ok(self.connection.refresh(&[&self.names.queries]).await?)
    }

    /// Puts the queries back of subscriptions that could not be written: another node's stand.
    pub(super) async fn restore_queries(
        &self,
        subscriptions: &[&Subscription],
        written: &[bool],
    ) -> Result<(), StoreError> {
        let lost = subscriptions.iter().zip(written).filter(|(_, written)| !**written);
        let lost: Vec<SubscriptionId> = lost.map(|(subscription, _)| subscription.id.clone()).collect();
        if self.percolation.is_none() || lost.is_empty() {
            return Ok(());
        }
        let current = self.current_subscriptions(&lost).await?;
        let rows: Vec<&Subscription> = current.iter().flatten().map(|stored| &stored.row).collect();
        self.put_queries(&rows).await
    }

    pub(super) async fn remove_query(&self, id: &SubscriptionId) -> Result<(), StoreError> {
        if self.percolation.is_none() {
            return Ok(());
        }
        let remove = Write::new(&self.names.queries, id.as_str(), Operation::Delete);
        self.write_all("queries", &[remove]).await
    }

    /// The subscriptions that select each of these documents, sorted.
    pub(super) async fn percolate(&self, documents: &[Value]) -> Result<Vec<Vec<SubscriptionId>>, StoreError> {
        let mut selecting = Vec::with_capacity(documents.len());
        for some in documents.chunks(DOCUMENTS) {
            selecting.extend(self.percolate_some(some).await?);
        }
        Ok(selecting)
    }

    async fn percolate_some(&self, documents: &[Value]) -> Result<Vec<Vec<SubscriptionId>>, StoreError> {
        #[derive(Deserialize)]
        struct Fields {
            #[serde(rename = "_percolator_document_slot")]
            slots: Vec<usize>,
        }
        let mut found: BTreeMap<usize, Vec<SubscriptionId>> = BTreeMap::new();
        let mut search = json!({
            "size": PAGE,
            "query": {"constant_score": {"filter": {"percolate": {"field": "tripline.query", "documents": documents}}}},
            "sort": [{"tripline.id": "asc"}],
            "track_total_hits": false,
            "_source": false
        });
        loop {
            let hits = self.connection.search(&self.names.queries, None, &search).await?.hits;
            for hit in &hits {
                let fields =
                    hit.fields.as_deref().ok_or_else(|| damaged("queries", hit.id.as_str(), "it has no slots"))?;
                let Fields { slots } = from_json("queries", &hit.id, fields)?;
                for slot in slots {
                    found.entry(slot).or_default().push(SubscriptionId::from(hit.id.as_str()));
                }
            }
            match hits.last() {
                Some(last) if hits.len() == PAGE => search["search_after"] = Value::Array(last.sort.clone()),
                _ => break,
            }
        }
        let mut selecting: Vec<Vec<SubscriptionId>> =
            (0..documents.len()).map(|slot| found.remove(&slot).unwrap_or_default()).collect();
        selecting.iter_mut().for_each(|ids| ids.sort_unstable());
        Ok(selecting)
    }
}
