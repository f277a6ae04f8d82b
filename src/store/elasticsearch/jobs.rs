//! Reindex jobs, a document each.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Cluster, ElasticsearchStore, damaged, from_json, not_written, to_json};
use crate::elasticsearch::{DocumentId, Hit, ItemResult, Operation, Write};
use crate::jobs::reindex::{Job, JobId};
use crate::store::{JobStore, StoreError};

/// So many are read at once.
const PAGE: usize = 100;

/// A job's document; `id` and `created_at` are mapped.
#[derive(Serialize, Deserialize)]
struct JobDocument {
    id: JobId,
    created_at: jiff::Timestamp,
    job: Job,
}

impl JobStore for ElasticsearchStore {
    fn put_job(&self, job: &Job) -> Result<(), StoreError> {
        let document = JobDocument { id: job.id.clone(), created_at: job.created_at, job: job.clone() };
        self.ask(move |cluster| async move {
            let put = Operation::Index(to_json("jobs", &document)?);
            match cluster.connection.write(&Write::new(&cluster.names.jobs, document.id.as_str(), put)).await? {
                ItemResult::Done(_) => Ok(()),
                other => Err(not_written("jobs", &other)),
            }
        })
    }

    fn job(&self, id: &JobId) -> Result<Option<Job>, StoreError> {
        let id = id.clone();
        self.ask(move |cluster| async move {
            let found = cluster.connection.get(&cluster.names.jobs, DocumentId::new(id.as_str())).await?;
            let Some(found) = found else { return Ok(None) };
            let document: JobDocument = from_json("jobs", id.as_str(), &found.source)?;
            Ok(Some(document.job))
        })
    }

    fn jobs(&self) -> Result<Vec<Job>, StoreError> {
        self.ask(|cluster| async move { cluster.jobs().await })
    }

    fn remove_job(&self, id: &JobId) -> Result<(), StoreError> {
        let id = id.clone();
        self.ask(move |cluster| async move {
            let remove = Write::new(&cluster.names.jobs, id.as_str(), Operation::Delete);
            cluster.write_all("jobs", &[remove]).await
        })
    }
}

impl Cluster {
    async fn jobs(&self) -> Result<Vec<Job>, StoreError> {
        self.connection.refresh(&[&self.names.jobs]).await?;
        let mut jobs = Vec::new();
        let mut after: Option<Value> = None;
        loop {
            // Their ids sort by the time of their making.
            let mut search = json!({"size": PAGE, "sort": [{"id": "desc"}]});
            if let Some(after) = after.take() {
                search["search_after"] = after;
            }
            let found = self.connection.search(&self.names.jobs, None, &search).await?.hits;
            for hit in &found {
                jobs.push(read(hit)?);
            }
            match found.last() {
                Some(last) if found.len() == PAGE => after = Some(Value::Array(last.sort.clone())),
                _ => return Ok(jobs),
            }
        }
    }
}

fn read(hit: &Hit) -> Result<Job, StoreError> {
    let source = hit.source.as_deref().ok_or_else(|| damaged("jobs", hit.id.as_str(), "it has no source"))?;
    let document: JobDocument = from_json("jobs", &hit.id, source)?;
    Ok(document.job)
}
