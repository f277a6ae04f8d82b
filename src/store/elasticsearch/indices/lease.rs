//! One node at a time migrates an index: a document with its name, which it writes again and again.

use std::time::{Duration, Instant};

use serde_json::json;
use serde_json::value::to_raw_value;
use uuid::Uuid;

use super::error::IndicesError;
use crate::elasticsearch::{Connection, DocumentId, ElasticsearchError, Operation, Stamp, Write};

/// A node that has not written its document for so long is thought to be gone.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is written: several times within the patience of the others.
pub(super) const BEAT: Duration = Duration::from_secs(7);

/// The right to migrate one index.
pub(super) struct Lease<'a> {
    connection: &'a Connection,
    /// The alias of the documents of all leases.
    documents: &'a str,
    /// The index that is migrated.
    index: &'a str,
    owner: String,
    stamp: Stamp,
}

/// What was seen of the document of another node. Only clocks of this machine are compared: the others' may be wrong.
#[derive(Debug, Default)]
pub(super) struct Watch {
    seen: Option<(Stamp, Instant)>,
}

impl<'a> Lease<'a> {
    /// Takes the lease if no other node has it.
    ///
    /// # Errors
    ///
    /// When the cluster does not answer.
    pub async fn take(
        connection: &'a Connection,
        documents: &'a str,
        index: &'a str,
        watch: &mut Watch,
    ) -> Result<Option<Self>, IndicesError> {
        let owner = Uuid::now_v7().to_string();
        let there = connection.get(documents, DocumentId::new(index)).await?.map(|found| found.stamp);
        if let Some(stamp) = there {
            match watch.seen {
                Some((seen, since)) if seen == stamp && since.elapsed() < PATIENCE => return Ok(None),
                Some((seen, _)) if seen == stamp => {}
                _ => {
                    watch.seen = Some((stamp, Instant::now()));
                    return Ok(None);
                }
            }
        }
        let written = write(connection, documents, index, &owner, there).await?;
        Ok(written.map(|stamp| Lease { connection, documents, index, owner, stamp }))
    }

    /// Says that this node is still there.
    ///
    /// # Errors
    ///
    /// [`IndicesError::LeaseLost`] when another node has taken over.
    pub async fn renew(&mut self) -> Result<(), IndicesError> {
        let written = write(self.connection, self.documents, self.index, &self.owner, Some(self.stamp)).await?;
        self.stamp = written.ok_or_else(|| IndicesError::LeaseLost { index: self.index.to_owned() })?;
        Ok(())
    }

    /// Lets others have it at once.
    ///
    /// # Errors
    ///
    /// When the cluster does not answer; then others wait for the time of `PATIENCE`.
    pub async fn end(self) -> Result<(), ElasticsearchError> {
        let delete = Write::new(self.documents, self.index, Operation::Delete).if_still_at(self.stamp);
        self.connection.write(&delete).await.map(|_| ())
    }
}

/// Writes the document if it is still at this stamp, or not there; its new stamp.
async fn write(
    connection: &Connection,
    documents: &str,
    index: &str,
    owner: &str,
    expected: Option<Stamp>,
) -> Result<Option<Stamp>, IndicesError> {
    let document = to_raw_value(&json!({"owner": owner}))
        .map_err(|error| IndicesError::Definition { name: "migrations", reason: error.to_string() })?;
    let write = match expected {
        None => Write::new(documents, index, Operation::Create(document)),
        Some(stamp) => Write::new(documents, index, Operation::Index(document)).if_still_at(stamp),
    };
    let result = connection.write(&write).await?;
    Ok(result.into_stamp(&format!("to write the lease of {index}"))?)
}
