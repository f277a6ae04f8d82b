//! Bulk reindex jobs: asked for, looked at, cancelled.

use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tower::ServiceExt;
use tower_http::services::ServeFile;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::auth::{Authorized, may};
use super::body::{InPath, Json};
use super::problem::Problem;
use super::{App, blocking};
use crate::jobs::reindex::{
    ClusterOrigin, Figures, IndexOrigin, JobError, JobId, JobReport, JobState, Options, Origin, OutputFile,
    SourceError, within,
};

type Caller = Authorized<may::RunJobs>;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(reindex))
        .routes(routes!(list))
        .routes(routes!(job))
        .routes(routes!(cancel))
        .routes(routes!(resume))
        .routes(routes!(file))
}

/// A job to be done.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReindexRequest {
    /// Where the members are read from.
    from: From,
    #[serde(default)]
    options: Options,
}

/// Where members are read from: one of both.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum From {
    /// Names of files within `jobs.files_dir`.
    #[schema(value_type = Vec<String>)]
    Files(Vec<PathBuf>),
    /// An index of a cluster of the configuration.
    Elasticsearch(IndexFrom),
}

/// An index to be read.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct IndexFrom {
    /// The name of a `[sources.<name>]` of the configuration.
    #[schema(example = "main")]
    source: String,
    /// An index, an alias, or a pattern.
    #[schema(example = "members-2026-11")]
    index: String,
    /// Only the documents that this query finds.
    #[schema(value_type = Option<Object>)]
    query: Option<serde_json::Value>,
    /// How many pieces are read at the same time; default 2.
    slices: Option<u16>,
}

/// A job, and how far it is.
#[derive(Serialize, ToSchema)]
struct JobView {
    job_id: String,
    #[schema(example = "running")]
    state: &'static str,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Why it does not go on for the moment; it does by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    from: Origin,
    options: Options,
    figures: Figures,
    /// How much of the source is read, from 0 to 1.
    progress: f64,
    /// While it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    members_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining_seconds: Option<f64>,
    parts: Vec<PartView>,
    /// To be had at `/v1/jobs/{job_id}/files/{name}`.
    files: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

/// A file, or a range of an index.
#[derive(Serialize, ToSchema)]
struct PartView {
    name: String,
    done: bool,
    /// In bytes, rows or documents.
    read: u64,
    size: u64,
}

/// All jobs.
#[derive(Serialize, ToSchema)]
struct JobsView {
    jobs: Vec<JobView>,
}

impl std::convert::From<JobReport> for JobView {
    fn from(report: JobReport) -> Self {
        let JobReport { job, pace, waiting } = report;
        let written = |file: &OutputFile| job.files.get(file).is_some_and(|length| *length > 0);
        let parts: Vec<PartView> = job
            .parts
            .into_iter()
            .map(|part| PartView { name: part.name, done: part.done, read: part.read, size: part.size })
            .collect();
        JobView {
            job_id: job.id.to_string(),
            state: job.state.name(),
            reason: match job.state {
                JobState::Failed { reason } => Some(reason),
                JobState::Running | JobState::Finished | JobState::Cancelled => None,
            },
            waiting,
            created_at: job.created_at,
            ended_at: job.ended_at,
            from: job.from,
            options: job.options,
            progress: progress(&parts),
            figures: job.figures,
            members_per_second: pace.map(|pace| pace.members_per_second),
            remaining_seconds: pace.and_then(|pace| pace.remaining_seconds),
            parts,
            files: OutputFile::PUBLIC.iter().filter(|file| written(file)).map(|file| file.name()).collect(),
            notes: job.notes,
        }
    }
}

fn progress(parts: &[PartView]) -> f64 {
    let size: u64 = parts.iter().map(|part| part.size.max(part.read)).sum();
    let read: u64 = parts.iter().map(|part| part.read).sum();
    if size == 0 { 1.0 } else { read as f64 / size as f64 }
}

impl std::convert::From<JobError> for Problem {
    fn from(error: JobError) -> Self {
        let detail = error.to_string();
        match error {
            JobError::Unknown(_) => Problem::not_found(detail),
            JobError::Options(_) => Problem::unacceptable("options", detail).at("/options"),
            JobError::Source(SourceError::Runtime(_)) => Problem::internal(detail),
            JobError::Source(error) if error.is_transient() => Problem::busy(detail),
            JobError::Source(_) => Problem::unacceptable("source", detail).at("/from"),
            JobError::TooMany { .. } => Problem::too_many(detail, Duration::from_secs(10)),
            JobError::NotResumable { .. } => Problem::conflict("not-resumable", detail),
            JobError::Ended { .. } => Problem::conflict("ended", detail),
            JobError::Elsewhere(_) => Problem::conflict("elsewhere", detail),
            JobError::Store(error) => error.into(),
            JobError::Ledger(_) | JobError::Files { .. } | JobError::Thread(_) => Problem::internal(detail),
        }
    }
}

/// Begin to read all members of a source. The source is looked at before the answer: what cannot be read at all is refused.
#[utoipa::path(
    post, path = "/v1/jobs/reindex", tag = "jobs",
    request_body = ReindexRequest,
    responses(
        (status = 202, description = "It runs; `Location` says how far it is", body = JobView,
         headers(("Location" = String, description = "`/v1/jobs/{job_id}`"))),
        (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, description = "The source cannot be read, or the options contradict each other", body = Problem),
        (status = 429, description = "As many jobs as `limits.jobs` allows run already", body = Problem),
        (status = 503, description = "The cluster does not answer for the moment", body = Problem),
    ),
)]
async fn reindex(
    caller: Caller,
    State(app): State<App>,
    Json(body): Json<ReindexRequest>,
) -> Result<Response, Problem> {
    let report = blocking(move || {
        let from = origin(body.from, app.config.jobs.files_dir.as_deref())?;
        Ok::<_, Problem>(app.jobs.submit(Some(caller.tenant), from, body.options)?)
    })
    .await?;
    let location = format!("/v1/jobs/{}", report.job.id);
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], axum::Json(JobView::from(report))).into_response())
}

/// What a request may read: files of one directory, and clusters of the configuration.
fn origin(from: From, files_dir: Option<&Path>) -> Result<Origin, Problem> {
    match from {
        From::Elasticsearch(IndexFrom { source, index, query, slices }) => {
            Ok(Origin::Elasticsearch(IndexOrigin { source: ClusterOrigin::Named(source), index, query, slices }))
        }
        From::Files(files) => {
            let directory = files_dir.ok_or_else(|| {
                let detail = "requests may read no files here: jobs.files_dir is not set; \
                              set it, or use `tripline reindex --from FILE` on the server";
                Problem::unacceptable("source", detail).at("/from/files")
            })?;
            let path = |(place, file): (usize, &PathBuf)| {
                within(directory, file).map_err(|error| {
                    let detail = format!("cannot read {file:?} within jobs.files_dir: {error}");
                    Problem::unacceptable("source", detail).at(format!("/from/files/{place}"))
                })
            };
            Ok(Origin::Files(files.iter().enumerate().map(path).collect::<Result<_, _>>()?))
        }
    }
}

/// List all jobs, the newest first.
#[utoipa::path(
    get, path = "/v1/jobs", tag = "jobs",
    responses((status = 200, body = JobsView), (status = 401, body = Problem), (status = 403, body = Problem)),
)]
async fn list(_: Caller, State(app): State<App>) -> Result<axum::Json<JobsView>, Problem> {
    let reports = blocking(move || Ok::<_, Problem>(app.jobs.list()?)).await?;
    Ok(axum::Json(JobsView { jobs: reports.into_iter().map(JobView::from).collect() }))
}

/// Look how far a job is.
#[utoipa::path(
    get, path = "/v1/jobs/{job_id}", tag = "jobs",
    params(("job_id" = String, Path)),
    responses(
        (status = 200, body = JobView), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, description = "Unknown, or older than `retention.jobs`", body = Problem),
    ),
)]
async fn job(_: Caller, State(app): State<App>, InPath(id): InPath<String>) -> Result<axum::Json<JobView>, Problem> {
    let report = blocking(move || Ok::<_, Problem>(app.jobs.find(&JobId::from(id))?)).await?;
    Ok(axum::Json(report.into()))
}

/// Stop a job. What it has applied stays applied; `resume` goes on with it.
#[utoipa::path(
    post, path = "/v1/jobs/{job_id}/cancel", tag = "jobs",
    params(("job_id" = String, Path)),
    responses(
        (status = 200, description = "It does nothing any more", body = JobView),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, description = "It had ended", body = Problem),
    ),
)]
async fn cancel(_: Caller, State(app): State<App>, InPath(id): InPath<String>) -> Result<axum::Json<JobView>, Problem> {
    let report = blocking(move || Ok::<_, Problem>(app.jobs.cancel(&JobId::from(id))?)).await?;
    Ok(axum::Json(report.into()))
}

/// Go on with a job that failed or was cancelled, where it stopped.
#[utoipa::path(
    post, path = "/v1/jobs/{job_id}/resume", tag = "jobs",
    params(("job_id" = String, Path)),
    responses(
        (status = 202, description = "It runs", body = JobView),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, description = "It runs already, or is finished", body = Problem),
        (status = 429, body = Problem),
    ),
)]
async fn resume(_: Caller, State(app): State<App>, InPath(id): InPath<String>) -> Result<Response, Problem> {
    let report = blocking(move || Ok::<_, Problem>(app.jobs.resume(&JobId::from(id))?)).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(JobView::from(report))).into_response())
}

/// Download what a job wrote: `rejected.ndjson`, `dry_run.ndjson` or `missing.txt`.
#[utoipa::path(
    get, path = "/v1/jobs/{job_id}/files/{name}", tag = "jobs",
    params(("job_id" = String, Path), ("name" = String, Path)),
    responses(
        (status = 200, description = "The file", content_type = "application/octet-stream"),
        (status = 206, description = "The range that was asked for"),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    ),
)]
async fn file(
    _: Caller,
    State(app): State<App>,
    InPath((id, name)): InPath<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let path = blocking(move || {
        let report = app.jobs.find(&JobId::from(id))?;
        // Only names that we gave ourselves become paths.
        let file = OutputFile::PUBLIC.into_iter().find(|file| file.name() == name);
        let path = file.and_then(|file| app.jobs.path(&report.job, file));
        path.ok_or_else(|| Problem::not_found(format!("the job has no file {name:?}")))
    })
    .await?;
    let served = ServeFile::new(&path).oneshot(request).await.map_err(Problem::internal)?;
    Ok(served.map(axum::body::Body::new))
}
