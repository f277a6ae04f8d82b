//! Members: what is known of each without its document, and the document itself.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::elasticsearch::Written;
use crate::event::MemberVersion;
use crate::member::MemberId;

/// What the store knows of a member beside its document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberRow {
    /// One more with each update that changed what is stored, and never again the same: event ids are made of it.
    pub version: MemberVersion,
    /// The highest version number that a sender gave.
    pub explicit_version: Option<u64>,
    /// Whether there is a document.
    pub state: MemberState,
}

impl MemberRow {
    /// Whether an older document is kept because the newest says nothing of positions.
    pub(crate) fn is_silent(&self) -> bool {
        matches!(&self.state, MemberState::Known(profile) if profile.silent)
    }
}

/// Whether a member has a document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum MemberState {
    /// It has.
    Known(Profile),
    /// It was erased: nothing of the person is left.
    Erased,
}

/// What identifies a member's document and positions without reading them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Digest of the document as a JSON value.
    pub digest: [u8; 32],
    /// Fingerprint of the positions; `None` as long as no document said anything of positions.
    pub fingerprint: Option<[u8; 32]>,
    /// When the document says that it was crawled.
    pub last_updated: Option<Timestamp>,
    /// Whether the newest document says nothing of positions while an older one did: that one is kept as the baseline.
    pub silent: bool,
    /// Positions that were seen and vanished, as the engine encodes them.
    pub remembered: Vec<u8>,
}

/// Which write of a row was read, so that the next one can be refused where another came between. A store that is not shared
/// needs none: `Stamp::default()`, which is also that of a row that is not there yet.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stamp(pub(super) Option<Arc<Written>>);

/// A row with the stamp of the write that made it.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored<T> {
    /// The row.
    pub row: T,
    /// Which write made it.
    pub stamp: Stamp,
}

/// What one commit does to a member.
#[derive(Debug, Clone)]
pub struct MemberWrite {
    /// Who.
    pub id: MemberId,
    /// What is known from now on.
    pub row: Arc<MemberRow>,
    /// Which write this one follows.
    pub stamp: Stamp,
    /// The new document; `None` leaves the stored one.
    pub document: Option<Bytes>,
    /// The document that said anything of positions.
    pub baseline: BaselineWrite,
}

/// All that a store holds of one member.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredMember {
    pub id: MemberId,
    pub row: MemberRow,
    /// `None` of one that was erased.
    pub document: Option<Bytes>,
    /// The last document that said anything of positions, where the newest says nothing.
    pub baseline: Option<Bytes>,
}

/// What becomes of the last document that said anything of positions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BaselineWrite {
    /// What is stored stays.
    Keep,
    /// The newest document says something itself.
    Clear,
    /// The newest document says nothing: this one is kept beside it.
    Set(Bytes),
}

/// Looks at a document, and says whether to go on.
pub type VisitDocument<'v> = dyn FnMut(MemberId, &[u8]) -> Result<bool, StoreError> + 'v;

/// The members of a store. Lists are answered in the order of the question.
pub trait MemberStore {
    /// What is known of members; `None` for those that were never seen.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn members(&self, ids: &[MemberId]) -> Result<Vec<Option<Stored<Arc<MemberRow>>>>, StoreError>;

    /// The exact bytes of members' documents as they were last accepted.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn documents(&self, ids: &[MemberId]) -> Result<Vec<Option<Bytes>>, StoreError>;

    /// The last documents that said anything of positions: the newest ones, unless those say nothing.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn baselines(&self, ids: &[MemberId]) -> Result<Vec<Option<Bytes>>, StoreError>;

    /// Calls `visit` with at most `limit` documents, those of the highest ids first, until it says `false`.
    ///
    /// # Errors
    ///
    /// Where the store fails, and what `visit` says.
    fn for_each_document_backwards(&self, limit: usize, visit: &mut VisitDocument<'_>) -> Result<(), StoreError>;

    /// Members that have a document, with their versions, in the order of their ids, from the first one behind `after`; none when
    /// there are no more.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn member_versions(
        &self,
        after: Option<MemberId>,
        limit: usize,
    ) -> Result<Vec<(MemberId, MemberVersion)>, StoreError>;

    /// Everything that is stored of members, erased ones too, in the order of their ids, from the first one behind `after`; none
    /// when there are no more. A page ends early when its documents have so many bytes together.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn stored_members(
        &self,
        after: Option<MemberId>,
        limit: usize,
        limit_bytes: usize,
    ) -> Result<Vec<StoredMember>, StoreError>;

    /// Erases a member: only its id and version stay. Events about it stay without what they said of the person.
    /// Returns whether there was anything to erase.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn erase(&self, id: MemberId) -> Result<bool, StoreError>;
}
