//! Bulk Collect requests: what was asked for, and how far it is. The files themselves lie beside the store.

use super::StoreError;
use crate::jobs::bulk_collect::{BulkRequest, BulkRequestId};
use crate::member::MemberId;

/// The Bulk Collect requests of a store.
pub trait BulkRequestStore {
    /// Writes a new request, found by its members from now on.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn add_bulk_request(&self, request: &BulkRequest) -> Result<(), StoreError>;

    /// Writes a request's new state.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn put_bulk_request(&self, request: &BulkRequest) -> Result<(), StoreError>;

    /// A request, whosever it is.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn bulk_request(&self, id: &BulkRequestId) -> Result<Option<BulkRequest>, StoreError>;

    /// Calls `visit` with every request.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn for_each_bulk_request(&self, visit: &mut dyn FnMut(BulkRequest)) -> Result<(), StoreError>;

    /// The requests that name a member.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn bulk_requests_naming(&self, member: MemberId) -> Result<Vec<BulkRequestId>, StoreError>;

    /// Forgets a request.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn remove_bulk_request(&self, request: &BulkRequest) -> Result<(), StoreError>;
}
