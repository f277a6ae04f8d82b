//! Subscriptions: who wants to know, about whom, of what, and how.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::change::ChangeKind;
use crate::member::MemberId;

/// The id of a subscription: a UUID version 7 where Tripline made it, any text where the library's user chose it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SubscriptionId(Arc<str>);

impl SubscriptionId {
    /// A new id that sorts after the ones made before it.
    pub fn generate() -> Self {
        SubscriptionId(uuid::Uuid::now_v7().to_string().into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for SubscriptionId {
    fn from(id: &str) -> Self {
        SubscriptionId(id.into())
    }
}

impl fmt::Display for SubscriptionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The owner of subscriptions: the `sub` claim of the bearer token.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tenant(Arc<str>);

impl Tenant {
    /// The tenant's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Tenant {
    fn from(name: &str) -> Self {
        Tenant(name.into())
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// About whom a subscription wants to hear.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selector {
    /// Members that an Elasticsearch query selects: the query clause itself, without the `{"query": …}` around it.
    EsDsl(Value),
    /// Members named one by one; sorted, without repeats, never empty.
    Ids(Vec<MemberId>),
    /// Every member.
    All,
}

/// The shape of the webhook's body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// `[{"member_id": 125, "status": "changed"}]`
    #[default]
    Compact,
    /// A list of events with their changes.
    Detailed,
}

/// How soon events are sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cadence {
    /// After a short linger in which more events join the batch.
    #[default]
    Immediate,
    /// Once a day, at midnight UTC.
    Daily,
    /// Once a week, on Monday at midnight UTC.
    Weekly,
}

/// Where a subscription stands in its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Status {
    /// Selects members, but not all nodes know of it yet.
    Initializing,
    /// Selects members and delivers.
    Active,
    /// Selects members; its events wait.
    Paused {
        /// Who paused it: `owner` or `system`.
        by: PausedBy,
        /// Why, in words.
        reason: String,
    },
    /// Its time is over: selects nobody until it is renewed.
    Expired,
    /// The receiver said 410 Gone: over for good.
    Ended {
        /// Why, in words.
        reason: String,
    },
}

/// Who paused a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PausedBy {
    /// The tenant, by `/pause`.
    Owner,
    /// Tripline: the webhook failed for days, or the query no longer fits the mapping.
    System,
}

/// A stored subscription.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subscription {
    /// Its id.
    pub id: SubscriptionId,
    /// Whose it is.
    pub tenant: Tenant,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends, if ever.
    pub expires_at: Option<Timestamp>,
    /// Where it stands.
    pub status: Status,
    /// Where its events go; checked by [`crate::delivery`] before it is stored.
    pub webhook_url: url::Url,
    /// The `whsec_…` secret that signs its deliveries.
    pub webhook_secret: String,
    /// About whom.
    pub selector: Selector,
    /// The shape of the body.
    pub format: Format,
    /// The kinds of change it hears of while its query matches before and after.
    pub changes: BTreeSet<ChangeKind>,
    /// Whether a member seen for the first time is told.
    pub notify_first_seen: bool,
    /// Whether a position change of any kind that makes the query start or stop matching is told.
    pub match_flips: bool,
    /// How soon.
    pub cadence: Cadence,
    /// The owner's own words.
    pub description: Option<String>,
}
