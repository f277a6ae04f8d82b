//! What comes in and what goes out, and how both turn into the engine's types.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use url::Url;
use utoipa::ToSchema;

use crate::api::App;
use crate::api::problem::Problem;
use crate::change::ChangeKind;
use crate::delivery::check_webhook_url;
use crate::engine::SubscriptionError;
use crate::member::MemberId;
use crate::query::QueryError;
use crate::subscription::{Cadence, Format, PausedBy, Selector, Status, Subscription};

/// A longer description is refused.
const MAX_DESCRIPTION_CHARS: usize = 1_000;

/// The body that makes or changes a subscription. Each route takes its own selector: `es_dsl_query`, `ids`, or neither.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionBody {
    /// Where notifications are POSTed: an http or https URL. Needed to make a subscription.
    #[schema(example = "https://example.com/hooks/tripline")]
    pub webhook_url: Option<String>,
    /// An Elasticsearch query: the clause itself, or `{"query": clause}`.
    #[schema(example = json!({"query": {"match": {"full_name": "John Smith"}}}))]
    pub es_dsl_query: Option<Value>,
    /// Member ids.
    #[schema(value_type = Option<Vec<u64>>, example = json!([1, 2, 3]))]
    pub ids: Option<Vec<MemberId>>,
    /// The shape of the webhook's body; default `compact`.
    pub format: Option<Format>,
    /// The kinds of change to hear of while the selector holds before and after; default `started`, `promoted`, `closed`.
    pub changes: Option<BTreeSet<ChangeKind>>,
    /// Whether a member seen for the first time is told; default false. Cannot be changed later.
    pub notify_first_seen: Option<bool>,
    /// Whether a position change of any kind that makes the query start or stop matching is told; default true. Cannot be
    /// changed later.
    pub match_flips: Option<bool>,
    /// How soon; default `immediate`.
    pub cadence: Option<Cadence>,
    /// The owner's own words; null takes them away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub description: Option<Option<String>>,
}

/// Null is a value, absence is none.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// The selectors that a route takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    EsDsl,
    Ids,
    Nothing,
}

impl SubscriptionBody {
    /// The webhook, which must be given and acceptable.
    pub fn required_webhook(&self, app: &App) -> Result<Url, Problem> {
        let text = self.webhook_url.as_deref().ok_or_else(|| missing("webhook_url"))?;
        webhook(app, text)
    }

    /// The selector of a route, which must be given, and no other.
    pub fn required_selector(&mut self, takes: Takes) -> Result<Selector, Problem> {
        if self.es_dsl_query.is_some() && takes != Takes::EsDsl {
            return Err(misplaced("es_dsl_query", "/es_dsl"));
        }
        if self.ids.is_some() && takes != Takes::Ids {
            return Err(misplaced("ids", "/ids"));
        }
        match takes {
            Takes::EsDsl => self.es_dsl_query.take().ok_or_else(|| missing("es_dsl_query")).and_then(query),
            Takes::Ids => Ok(ids(self.ids.take().ok_or_else(|| missing("ids"))?)),
            Takes::Nothing => Ok(Selector::All),
        }
    }

    /// The selector of a change, if it has one.
    pub fn optional_selector(&mut self) -> Result<Option<Selector>, Problem> {
        match (self.es_dsl_query.take(), self.ids.take()) {
            (Some(_), Some(_)) => Err(Problem::unacceptable(
                "selector",
                "\"es_dsl_query\" and \"ids\" are given; a subscription has one selector",
            )
            .at("/ids")),
            (Some(given), None) => query(given).map(Some),
            (None, Some(given)) => Ok(Some(ids(given))),
            (None, None) => Ok(None),
        }
    }

    /// The description, unless it is too long.
    pub fn checked_description(&mut self) -> Result<Option<Option<String>>, Problem> {
        let too_long = |text: &String| text.chars().count() > MAX_DESCRIPTION_CHARS;
        if self.description.as_ref().and_then(Option::as_ref).is_some_and(too_long) {
            let detail = format!("\"description\" has more than {MAX_DESCRIPTION_CHARS} characters");
            return Err(Problem::unacceptable("limit", detail).at("/description"));
        }
        Ok(self.description.take())
    }
}

fn missing(field: &str) -> Problem {
    Problem::unacceptable("body", format!("{field:?} is missing")).at(format!("/{field}"))
}

fn misplaced(field: &str, route: &str) -> Problem {
    let detail = format!("{field:?} is not taken here; POST it to …/member_experience{route}");
    Problem::unacceptable("body", detail).at(format!("/{field}"))
}

/// The URL, if notifications may go there.
pub fn webhook(app: &App, text: &str) -> Result<Url, Problem> {
    check_webhook_url(text, app.config.allow_private_webhooks)
        .map_err(|error| Problem::unacceptable("webhook-url", error.to_string()).at("/webhook_url"))
}

/// Takes `{"query": clause}` apart; what else stands beside it belongs to a search, not to a subscription.
pub fn query(given: Value) -> Result<Selector, Problem> {
    match given {
        Value::Object(mut body) if body.contains_key("query") => {
            if let Some(other) = body.keys().find(|key| *key != "query") {
                let detail =
                    format!("{other:?} beside \"query\" is not supported; a subscription takes the query alone");
                return Err(Problem::unacceptable("unsupported-clause", detail).at(format!("/es_dsl_query/{other}")));
            }
            Ok(Selector::EsDsl(body.remove("query").unwrap_or_default()))
        }
        clause => Ok(Selector::EsDsl(clause)),
    }
}

/// Where the clause stands in the body, for errors that say where in the clause.
pub fn clause_place(es_dsl_query: Option<&Value>) -> &'static str {
    let wrapped = es_dsl_query.is_some_and(|query| query.get("query").is_some());
    if wrapped { "/es_dsl_query/query" } else { "/es_dsl_query" }
}

/// A refusal whose pointer leads into the request's body.
pub fn placed(error: SubscriptionError, clause_place: &str) -> Problem {
    match error {
        SubscriptionError::Query(QueryError { pointer, reason, kind }) => {
            QueryError { pointer: format!("{clause_place}{pointer}"), reason, kind }.into()
        }
        other => other.into(),
    }
}

pub fn ids(mut given: Vec<MemberId>) -> Selector {
    given.sort_unstable();
    given.dedup();
    Selector::Ids(given)
}

/// A new subscription.
#[derive(Serialize, ToSchema)]
pub struct Created {
    subscription_id: String,
    /// `active`: updates flow from this moment on.
    status: &'static str,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it ends, unless it is renewed.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// The secret that signs the notifications; shown this once.
    webhook_secret: String,
}

impl From<Subscription> for Created {
    fn from(subscription: Subscription) -> Self {
        Created {
            subscription_id: subscription.id.to_string(),
            status: state(&subscription.status),
            created_at: subscription.created_at,
            expires_at: subscription.expires_at,
            webhook_secret: subscription.webhook_secret,
        }
    }
}

/// A subscription as its owner sees it.
#[derive(Serialize, ToSchema)]
pub struct SubscriptionView {
    subscription_id: String,
    /// `active`, `paused`, `expired` or `ended`.
    status: &'static str,
    /// Who paused it: `owner` or `system`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    paused_by: Option<PausedBy>,
    /// Why it is paused or ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    status_reason: Option<String>,
    /// `es_dsl`, `ids` or `all`.
    selector: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    es_dsl_query: Option<Value>,
    /// Left out of lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<u64>>)]
    ids: Option<Vec<MemberId>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ids_count: Option<usize>,
    #[schema(value_type = String)]
    webhook_url: Url,
    format: Format,
    changes: BTreeSet<ChangeKind>,
    notify_first_seen: bool,
    match_flips: bool,
    cadence: Cadence,
    description: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

impl SubscriptionView {
    /// As it stands in a list: without the ids, which may be 300,000.
    pub fn listed(subscription: Subscription) -> Self {
        SubscriptionView { ids: None, ..SubscriptionView::from(subscription) }
    }
}

impl From<Subscription> for SubscriptionView {
    fn from(subscription: Subscription) -> Self {
        let status = state(&subscription.status);
        let (paused_by, status_reason) = match subscription.status {
            Status::Initializing | Status::Active | Status::Expired => (None, None),
            Status::Paused { by, reason } => (Some(by), Some(reason)),
            Status::Ended { reason } => (None, Some(reason)),
        };
        let (selector, es_dsl_query, ids) = match subscription.selector {
            Selector::EsDsl(clause) => ("es_dsl", Some(serde_json::json!({ "query": clause })), None),
            Selector::Ids(ids) => ("ids", None, Some(ids)),
            Selector::All => ("all", None, None),
        };
        SubscriptionView {
            subscription_id: subscription.id.to_string(),
            status,
            paused_by,
            status_reason,
            selector,
            es_dsl_query,
            ids_count: ids.as_ref().map(Vec::len),
            ids,
            webhook_url: subscription.webhook_url,
            format: subscription.format,
            changes: subscription.changes,
            notify_first_seen: subscription.notify_first_seen,
            match_flips: subscription.match_flips,
            cadence: subscription.cadence,
            description: subscription.description,
            created_at: subscription.created_at,
            expires_at: subscription.expires_at,
        }
    }
}

fn state(status: &Status) -> &'static str {
    match status {
        Status::Initializing => "initializing",
        Status::Active => "active",
        Status::Paused { .. } => "paused",
        Status::Expired => "expired",
        Status::Ended { .. } => "ended",
    }
}
