//! Bulk Collect requests: what was asked for, and how far it is. The files themselves lie beside the store.

use jiff::Timestamp;
use redb::{ReadableTable, TableDefinition, WriteTransaction};
use serde::{Deserialize, Serialize};

use super::EmbeddedStore;
use super::tables::{damaged, decode, encode};
use crate::jobs::bulk_collect::{BulkRequest, BulkRequestId, BulkState, DataFile, DataFormat};
use crate::member::MemberId;
use crate::store::{BulkRequestStore, StoreError};
use crate::subscription::Tenant;

/// Request → postcard.
const REQUESTS: TableDefinition<&str, &[u8]> = TableDefinition::new("bulk_requests");

/// (member, request): which files may hold a member's document, for the day when it is erased.
const REQUESTS_BY_MEMBER: TableDefinition<(u64, &str), ()> = TableDefinition::new("bulk_requests_by_member");

/// A row of `bulk_requests`.
#[derive(Serialize, Deserialize)]
struct RequestRow {
    tenant: Tenant,
    created_at: i64,
    format: DataFormat,
    ids: Vec<u64>,
    state: StateRow,
}

#[derive(Serialize, Deserialize)]
enum StateRow {
    InProgress,
    Finished { files: Vec<FileRow> },
    Failed { reason: String },
}

#[derive(Serialize, Deserialize)]
struct FileRow {
    file_name: String,
    size: u64,
    members: u64,
}

/// Makes the tables, so that readers always find them.
pub(super) fn prepare(transaction: &WriteTransaction) -> Result<(), StoreError> {
    transaction.open_table(REQUESTS)?;
    transaction.open_table(REQUESTS_BY_MEMBER)?;
    Ok(())
}

impl BulkRequestStore for EmbeddedStore {
    fn add_bulk_request(&self, request: &BulkRequest) -> Result<(), StoreError> {
        self.write(|transaction| {
            put(transaction, request)?;
            let mut by_member = transaction.open_table(REQUESTS_BY_MEMBER)?;
            for member in &request.ids {
                by_member.insert((member.get(), request.id.as_str()), ())?;
            }
            Ok(())
        })
    }

    fn put_bulk_request(&self, request: &BulkRequest) -> Result<(), StoreError> {
        self.write(|transaction| put(transaction, request))
    }

    fn bulk_request(&self, id: &BulkRequestId) -> Result<Option<BulkRequest>, StoreError> {
        let table = self.read()?.open_table(REQUESTS)?;
        table.get(id.as_str())?.map(|row| from_row(id.clone(), row.value())).transpose()
    }

    fn for_each_bulk_request(&self, visit: &mut dyn FnMut(BulkRequest)) -> Result<(), StoreError> {
        let table = self.read()?.open_table(REQUESTS)?;
        for entry in table.iter()? {
            let (id, row) = entry?;
            visit(from_row(BulkRequestId::from(id.value()), row.value())?);
        }
        Ok(())
    }

    fn bulk_requests_naming(&self, member: MemberId) -> Result<Vec<BulkRequestId>, StoreError> {
        let table = self.read()?.open_table(REQUESTS_BY_MEMBER)?;
        let mut requests = Vec::new();
        for entry in table.range((member.get(), "")..)? {
            let key = entry?.0;
            let (found, request) = key.value();
            if found != member.get() {
                break;
            }
            requests.push(BulkRequestId::from(request));
        }
        Ok(requests)
    }

    fn remove_bulk_request(&self, request: &BulkRequest) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.open_table(REQUESTS)?.remove(request.id.as_str())?;
            let mut by_member = transaction.open_table(REQUESTS_BY_MEMBER)?;
            for member in &request.ids {
                by_member.remove((member.get(), request.id.as_str()))?;
            }
            Ok(())
        })
    }
}

fn put(transaction: &WriteTransaction, request: &BulkRequest) -> Result<(), StoreError> {
    let row = RequestRow {
        tenant: request.tenant.clone(),
        created_at: request.created_at.as_microsecond(),
        format: request.format,
        ids: request.ids.iter().map(|id| id.get()).collect(),
        state: match &request.state {
            BulkState::InProgress => StateRow::InProgress,
            BulkState::Finished { files } => StateRow::Finished {
                files: files
                    .iter()
                    .map(|file| FileRow { file_name: file.file_name.clone(), size: file.size, members: file.members })
                    .collect(),
            },
            BulkState::Failed { reason } => StateRow::Failed { reason: reason.clone() },
        },
    };
    let bytes = encode("bulk_requests", &row)?;
    transaction.open_table(REQUESTS)?.insert(request.id.as_str(), bytes.as_slice())?;
    Ok(())
}

fn from_row(id: BulkRequestId, bytes: &[u8]) -> Result<BulkRequest, StoreError> {
    let row: RequestRow = decode("bulk_requests", || id.to_string(), bytes)?;
    let member = |member: u64| MemberId::try_from(member).map_err(|error| damaged("bulk_requests", id.as_str(), error));
    Ok(BulkRequest {
        tenant: row.tenant,
        created_at: Timestamp::from_microsecond(row.created_at)
            .map_err(|error| damaged("bulk_requests", id.as_str(), error))?,
        format: row.format,
        ids: row.ids.into_iter().map(member).collect::<Result<_, _>>()?,
        state: match row.state {
            StateRow::InProgress => BulkState::InProgress,
            StateRow::Finished { files } => BulkState::Finished {
                files: files
                    .into_iter()
                    .map(|file| DataFile { file_name: file.file_name, size: file.size, members: file.members })
                    .collect(),
            },
            StateRow::Failed { reason } => BulkState::Failed { reason },
        },
        id,
    })
}
