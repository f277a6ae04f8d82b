//! Events: "this change of this member concerns this subscription".

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::change::Change;
use crate::member::MemberId;
use crate::subscription::SubscriptionId;

/// The place of an event in the order of commits: rises by one with each event of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sequence(pub u64);

/// The version of a member: one more with each accepted update that changed what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MemberVersion(pub u64);

impl MemberVersion {
    /// The version of a member that was never seen before.
    pub const FIRST: MemberVersion = MemberVersion(1);

    /// The version that follows.
    pub fn next(self) -> MemberVersion {
        MemberVersion(self.0 + 1)
    }
}

/// What an event says of the member and the subscription's selector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventStatus {
    /// Selected before and after.
    Changed,
    /// Selected only by the new document (a member seen for the first time is told so too).
    StartedMatchingQuery,
    /// Selected only by the old document.
    StoppedMatchingQuery,
}

/// A position of a member that a subscription's query found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MatchedPosition {
    /// Its place in the document's list of positions, from 0.
    pub place: u32,
    /// Its entry as it stands in the document; null where the member was erased since.
    #[schema(value_type = Option<Object>)]
    pub position: Option<Value>,
}

/// One durable row of the outbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// `evt_…`, derived from (member, version, subscription): the same event always has the same id.
    pub event_id: String,
    /// Its place in the order of commits.
    pub sequence: Sequence,
    /// Whom it concerns.
    pub subscription_id: SubscriptionId,
    /// Who changed.
    pub member_id: MemberId,
    /// What it means for the selector.
    pub status: EventStatus,
    /// What changed.
    pub changes: Vec<Change>,
    /// The positions that the subscription's query found: in the old document where the member stopped matching, else in the new
    /// one. `None` where the selector is no query, or the format was `compact` when it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matched_positions: Option<Vec<MatchedPosition>>,
    /// When the update was accepted.
    pub occurred_at: Timestamp,
}

impl Event {
    /// The id of the event that tells `subscription` of a member's `version`: a digest of the three, so that it is the
    /// same however often and wherever the event is made.
    pub fn id(member: MemberId, version: MemberVersion, subscription: &SubscriptionId) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&member.get().to_le_bytes());
        hasher.update(&version.0.to_le_bytes());
        hasher.update(subscription.as_str().as_bytes());
        let digest = hasher.finalize().to_hex();
        format!("evt_{}", digest.get(..32).unwrap_or(&digest))
    }
}
