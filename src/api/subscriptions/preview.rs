//! A selector tried out before anybody subscribes with it.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::shapes::{clause_place, ids, placed, query};
use crate::api::auth::{Authorized, may};
use crate::api::body::Json;
use crate::api::problem::Problem;
use crate::api::{App, blocking};
use crate::engine::{Preview, PreviewError, Sample, Subject, Verdict};
use crate::event::MatchedPosition;
use crate::member::MemberId;
use crate::percolator::{Explanation, Plan};
use crate::subscription::Selector;

/// One selector, and what it is tried on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewBody {
    /// An Elasticsearch query: the clause itself, or `{"query": clause}`.
    #[schema(example = json!({"query": {"match": {"full_name": "John Smith"}}}))]
    es_dsl_query: Option<Value>,
    /// Member ids.
    #[schema(value_type = Option<Vec<u64>>)]
    ids: Option<Vec<MemberId>>,
    /// `true` for every member.
    #[serde(default)]
    all: bool,
    /// Try it on the stored document of this member; needs `members:read`.
    #[schema(value_type = Option<u64>, example = 125)]
    member_id: Option<MemberId>,
    /// Try it on this document; instead of `member_id`.
    #[schema(value_type = Option<Object>)]
    document: Option<Value>,
    /// Count how many it selects of so many stored members, those with the highest ids; at most 1,000, one such request a second;
    /// needs `members:read`.
    sample: Option<usize>,
}

impl PreviewBody {
    fn selector(&mut self) -> Result<Selector, Problem> {
        let refused = |detail: &str| Problem::unacceptable("selector", detail);
        match (self.es_dsl_query.take(), self.ids.take(), self.all) {
            (Some(given), None, false) => query(given),
            (None, Some(given), false) => Ok(ids(given)),
            (None, None, true) => Ok(Selector::All),
            (None, None, false) => Err(refused("one of \"es_dsl_query\", \"ids\" and \"all\": true is expected")),
            (_, _, true) => Err(refused("\"all\" is given beside another selector; one is expected").at("/all")),
            (Some(_), Some(_), false) => {
                Err(refused("\"es_dsl_query\" and \"ids\" are given; one selector is expected").at("/ids"))
            }
        }
    }

    fn subject(&mut self) -> Result<Option<Subject>, Problem> {
        match (self.member_id.take(), self.document.take()) {
            (Some(_), Some(_)) => {
                let detail = "\"member_id\" and \"document\" are given; it is tried on one of them";
                Err(Problem::unacceptable("body", detail).at("/document"))
            }
            (Some(id), None) => Ok(Some(Subject::Member(id))),
            (None, Some(document)) => Ok(Some(Subject::Document(document))),
            (None, None) => Ok(None),
        }
    }

    fn reads_members(&self) -> bool {
        self.member_id.is_some() || self.sample.is_some()
    }
}

/// What the selector would do.
#[derive(Serialize, ToSchema)]
pub struct PreviewView {
    /// `es_dsl`, `ids` or `all`.
    selector: &'static str,
    /// As it would be stored: `{"query": clause}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    es_dsl_query: Option<Value>,
    /// As they would be stored: sorted, without repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<u64>>)]
    ids: Option<Vec<MemberId>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ids_count: Option<usize>,
    /// How documents would be led to the query; `ids` and `all` have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<PlanView>,
    /// Whether it selects the member or document that it was tried on.
    #[serde(skip_serializing_if = "Option::is_none")]
    matches: Option<bool>,
    /// The positions that the query found, as in `detailed` webhooks.
    #[serde(skip_serializing_if = "Option::is_none")]
    matched_positions: Option<Vec<MatchedPosition>>,
    /// Why the query matches or not, clause by clause; its pointers lead into `es_dsl_query` of this answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Explanation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sample: Option<SampleView>,
}

/// How documents are led to a query once it is stored.
#[derive(Serialize, ToSchema)]
struct PlanView {
    /// A document is held against the query where it has one of these; the first hundred.
    #[schema(example = json!(["experience.company_name has the term \"acme\""]))]
    anchors: Vec<String>,
    anchors_count: usize,
    /// The share of the documents seen so far that have one of the anchors, from 0 to 1; null before there were any.
    estimated_selectivity: Option<f64>,
    /// Where it costs something on every document: why, and what would help.
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
}

impl From<Plan> for PlanView {
    fn from(plan: Plan) -> Self {
        /// A `terms` has one a term.
        const SHOWN: usize = 100;
        PlanView {
            anchors_count: plan.anchors.len(),
            anchors: plan.anchors.into_iter().take(SHOWN).collect(),
            estimated_selectivity: plan.estimated_selectivity,
            warning: plan.warning,
        }
    }
}

/// How many stored members it selects.
#[derive(Serialize, ToSchema)]
struct SampleView {
    /// How many were looked at.
    members: usize,
    /// How many of them it selects.
    matching: usize,
}

impl From<Preview> for PreviewView {
    fn from(preview: Preview) -> Self {
        let (selector, es_dsl_query, ids) = match preview.selector {
            Selector::EsDsl(clause) => ("es_dsl", Some(json!({ "query": clause })), None),
            Selector::Ids(ids) => ("ids", None, Some(ids)),
            Selector::All => ("all", None, None),
        };
        let (matches, matched_positions, explanation) = match preview.verdict {
            Some(Verdict { matches, matched_positions, explanation }) => {
                (Some(matches), matched_positions, explanation)
            }
            None => (None, None, None),
        };
        PreviewView {
            selector,
            es_dsl_query,
            ids_count: ids.as_ref().map(Vec::len),
            ids,
            plan: preview.plan.map(PlanView::from),
            matches,
            matched_positions,
            explanation: explanation.map(|explanation| explanation.below("/es_dsl_query/query")),
            sample: preview.sample.map(|Sample { members, matching }| SampleView { members, matching }),
        }
    }
}

/// Try a selector out: whether it would be accepted, how it would be found, whether and why it selects a member. Nothing is stored.
#[utoipa::path(
    post, path = "/v1/subscriptions/preview", tag = "subscriptions",
    request_body(content = PreviewBody, example = json!({
        "es_dsl_query": {"query": {"nested": {"path": "experience", "query": {"match": {"experience.title": "engineer"}}}}},
        "document": {"experience": [{"title": "Head of Engineering"}]}
    })),
    responses(
        (status = 200, description = "The selector would be accepted", body = PreviewView),
        (status = 400, description = "No JSON", body = Problem), (status = 401, body = Problem),
        (status = 403, description = "`subscriptions:write` is missing; or `members:read`, with `member_id` or `sample`", body = Problem),
        (status = 404, description = "No such member", body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, description = "The selector would be refused, as when subscribing; or the document is; `pointer` says where", body = Problem),
        (status = 429, description = "More than one sample a second", body = Problem),
    ),
)]
pub async fn preview(
    caller: Authorized<may::WriteSubscriptions>,
    reader: Result<Authorized<may::ReadMembers>, Problem>,
    State(app): State<App>,
    Json(mut body): Json<PreviewBody>,
) -> Result<axum::Json<PreviewView>, Problem> {
    if body.reads_members() {
        reader?;
    }
    let places = Places {
        clause: clause_place(body.es_dsl_query.as_ref()),
        document: body.document.is_some().then_some("/document"),
    };
    let (selector, subject, sample) = (body.selector()?, body.subject()?, body.sample);
    if sample.is_some() {
        app.samples_pace.step(&caller.tenant)?;
    }
    let preview =
        blocking(move || app.engine.preview(selector, subject, sample).map_err(|error| places.problem(error))).await?;
    Ok(axum::Json(preview.into()))
}

/// Where things stand in the body.
struct Places {
    clause: &'static str,
    document: Option<&'static str>,
}

impl Places {
    fn problem(&self, error: PreviewError) -> Problem {
        let detail = error.to_string();
        let of_document = |problem: Problem| match self.document {
            Some(place) => problem.at(place),
            None => problem,
        };
        match error {
            PreviewError::Selector(error) => placed(error, self.clause),
            PreviewError::UnknownMember(_) => Problem::not_found(detail),
            PreviewError::Document(_) => of_document(Problem::unacceptable("document", detail)),
            PreviewError::NotAnObject { .. } => of_document(Problem::unacceptable("not-an-object", detail)),
            PreviewError::SampleTooLarge { .. } => Problem::unacceptable("limit", detail).at("/sample"),
        }
    }
}
