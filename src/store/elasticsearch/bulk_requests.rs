//! Bulk Collect requests, a document each.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Cluster, ElasticsearchStore, damaged, from_json, not_written, to_json};
use crate::elasticsearch::{DocumentId, Hit, ItemResult, Operation, Write};
use crate::jobs::bulk_collect::{BulkRequest, BulkRequestId};
use crate::member::MemberId;
use crate::store::{BulkRequestStore, StoreError};

/// So many are read at once.
const PAGE: usize = 100;

/// A request's document; `id`, `created_at` and `members` are mapped.
#[derive(Serialize, Deserialize)]
struct BulkRequestDocument {
    id: BulkRequestId,
    created_at: jiff::Timestamp,
    members: Vec<MemberId>,
    request: BulkRequest,
}

impl BulkRequestStore for ElasticsearchStore {
    fn add_bulk_request(&self, request: &BulkRequest) -> Result<(), StoreError> {
        self.put_bulk_request(request)
    }

    fn put_bulk_request(&self, request: &BulkRequest) -> Result<(), StoreError> {
        let request = request.clone();
        self.ask(move |cluster| async move { cluster.put_bulk_request(request).await })
    }

    fn bulk_request(&self, id: &BulkRequestId) -> Result<Option<BulkRequest>, StoreError> {
        let id = id.clone();
        self.ask(move |cluster| async move {
            let found = cluster.connection.get(&cluster.names.bulk_requests, DocumentId::new(id.as_str())).await?;
            let Some(found) = found else { return Ok(None) };
            let document: BulkRequestDocument = from_json("bulk_requests", id.as_str(), &found.source)?;
            Ok(Some(document.request))
        })
    }

    fn for_each_bulk_request(&self, visit: &mut dyn FnMut(BulkRequest)) -> Result<(), StoreError> {
        let all = self.ask(|cluster| async move { cluster.bulk_requests(json!({"match_all": {}})).await })?;
        all.into_iter().for_each(visit);
        Ok(())
    }

    fn bulk_requests_naming(&self, member: MemberId) -> Result<Vec<BulkRequestId>, StoreError> {
        let naming = json!({"term": {"members": member}});
        let found = self.ask(|cluster| async move { cluster.bulk_requests(naming).await })?;
        Ok(found.into_iter().map(|request| request.id).collect())
    }

    fn remove_bulk_request(&self, request: &BulkRequest) -> Result<(), StoreError> {
        let id = request.id.clone();
        self.ask(move |cluster| async move {
            let remove = Write::new(&cluster.names.bulk_requests, id.as_str(), Operation::Delete);
            cluster.write_all("bulk_requests", &[remove]).await
        })
    }
}

impl Cluster {
    async fn put_bulk_request(&self, request: BulkRequest) -> Result<(), StoreError> {
        let id = request.id.as_str().to_owned();
        let document = BulkRequestDocument {
            id: request.id.clone(),
            created_at: request.created_at,
            members: request.ids.clone(),
            request,
        };
        let put = Operation::Index(to_json("bulk_requests", &document)?);
        match self.connection.write(&Write::new(&self.names.bulk_requests, id, put)).await? {
            ItemResult::Done(_) => Ok(()),
            other => Err(not_written("bulk_requests", &other)),
        }
    }

    async fn bulk_requests(&self, query: Value) -> Result<Vec<BulkRequest>, StoreError> {
        self.connection.refresh(&[&self.names.bulk_requests]).await?;
        let mut all = Vec::new();
        let mut after: Option<Value> = None;
        loop {
            let mut search = json!({"size": PAGE, "query": query, "sort": [{"created_at": "asc"}, {"id": "asc"}]});
            if let Some(after) = after.take() {
                search["search_after"] = after;
            }
            let found = self.connection.search(&self.names.bulk_requests, None, &search).await?.hits;
            for hit in &found {
                all.push(read(hit)?);
            }
            match found.last() {
                Some(last) if found.len() == PAGE => after = Some(Value::Array(last.sort.clone())),
                _ => return Ok(all),
            }
        }
    }
}

fn read(hit: &Hit) -> Result<BulkRequest, StoreError> {
    let source = hit.source.as_deref().ok_or_else(|| damaged("bulk_requests", hit.id.as_str(), "it has no source"))?;
    let document: BulkRequestDocument = from_json("bulk_requests", &hit.id, source)?;
    Ok(document.request)
}
