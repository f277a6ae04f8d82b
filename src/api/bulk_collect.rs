//! Bulk Collect: ids in, files out.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tower::ServiceExt;
use tower_http::services::ServeFile;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::auth::{Authorized, may};
use super::body::{InPath, media_type};
use super::problem::Problem;
use super::{App, blocking};
use crate::config::Limits;
use crate::jobs::bulk_collect::{
    BulkCollectError, BulkRequest, BulkRequestId, BulkState, DataFile, DataFormat, IdFileError, read_ids,
};
use crate::subscription::Tenant;

type Caller = Authorized<may::ReadMembers>;

pub fn routes(limits: &Limits) -> OpenApiRouter<App> {
    let body_limit = DefaultBodyLimit::max(limits.body_bytes.get());
    OpenApiRouter::new().routes(routes!(request)).layer(body_limit).routes(routes!(files)).routes(routes!(file))
}

/// The form of a request.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the shape of the form, for the API's description")]
struct IdFileForm {
    /// CSV or TXT: one member id a line, no heading.
    #[schema(format = Binary, content_media_type = "text/csv")]
    ids_file: String,
    data_format: Option<DataFormat>,
}

/// The request's id.
#[derive(Serialize, ToSchema)]
struct Accepted {
    data_request_id: String,
}

struct Form {
    ids_file: Bytes,
    data_format: DataFormat,
}

impl FromRequest<App> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        if media_type(request.headers()).as_deref() != Some("multipart/form-data") {
            return Err(Problem::unsupported_media_type(
                "a form with the file is expected: \"Content-Type: multipart/form-data\", field \"ids_file\"",
            ));
        }
        let _share = app.bodies.share_of(request.headers()).await?;
        let limits = &app.config.limits;
        let form =
            Multipart::from_request(request, app).await.map_err(|error| Problem::malformed(error.body_text()))?;
        tokio::time::timeout(limits.body_timeout, read_form(form, limits)).await.map_err(|_| {
            Problem::new(StatusCode::REQUEST_TIMEOUT, "timeout", "the form did not arrive within limits.body_timeout")
        })?
    }
}

async fn read_form(mut form: Multipart, limits: &Limits) -> Result<Form, Problem> {
    let refused = |error: MultipartError| refused(&error, limits);
    let mut ids_file = None;
    let mut data_format = DataFormat::default();
    while let Some(field) = form.next_field().await.map_err(refused)? {
        match field.name().map(str::to_owned).as_deref() {
            Some("ids_file") if ids_file.is_none() => ids_file = Some(field.bytes().await.map_err(refused)?),
            Some("data_format") => data_format = read_format(field).await?,
            Some("ids_file") => return Err(Problem::malformed("the form has more than one \"ids_file\"")),
            Some(other) => {
                let detail =
                    format!("unknown field {other:?} in the form; \"ids_file\" and \"data_format\" are expected");
                return Err(Problem::unacceptable("form", detail));
            }
            None => return Err(Problem::malformed("a field of the form has no name")),
        }
    }
    let ids_file = ids_file.ok_or_else(|| Problem::malformed("the form has no file \"ids_file\""))?;
    Ok(Form { ids_file, data_format })
}

async fn read_format(field: Field<'_>) -> Result<DataFormat, Problem> {
    let text = field.text().await.map_err(|error| Problem::malformed(error.body_text()))?;
    match text.trim() {
        "json" => Ok(DataFormat::Json),
        "csv" => Ok(DataFormat::Csv),
        other => {
            let shown: String = other.chars().take(40).collect();
            let detail = format!("\"data_format\" is {shown:?}; \"json\" or \"csv\" is expected");
            Err(Problem::unacceptable("form", detail))
        }
    }
}

fn refused(error: &MultipartError, limits: &Limits) -> Problem {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(limits.body_bytes.get()),
        _ => Problem::malformed(format!("the form cannot be read: {}", error.body_text())),
    }
}

impl From<IdFileError> for Problem {
    fn from(error: IdFileError) -> Self {
        let detail = error.to_string();
        match error {
            IdFileError::NotText { .. } | IdFileError::NoId { .. } | IdFileError::Empty => Problem::malformed(detail),
            IdFileError::Duplicate { .. } => Problem::unacceptable("duplicate-id", detail),
            IdFileError::TooMany { .. } => Problem::unacceptable("limit", detail),
        }
    }
}

impl From<BulkCollectError> for Problem {
    fn from(error: BulkCollectError) -> Self {
        let detail = error.to_string();
        match error {
            BulkCollectError::NoSuchMembers => Problem::not_found(detail),
            BulkCollectError::Identical(_) => Problem::conflict("identical-request", detail),
            BulkCollectError::TooMany { .. } => Problem::too_many(detail, Duration::from_secs(5)),
            BulkCollectError::Store(error) => error.into(),
            BulkCollectError::Files { .. } => Problem::internal(detail),
        }
    }
}

/// Ask for the documents of many members as files.
#[utoipa::path(
    post, path = "/v1/professional_network/clean_member/bulk_collect/id_file", tag = "bulk collect",
    request_body(content = IdFileForm, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "Taken; `Location` is where its files will be", body = Accepted,
         headers(("Location" = String, description = "`/v1/bulk_collect/{data_request_id}/files`"))),
        (status = 400, description = "The file is malformed; `detail` names the line", body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, description = "None of the ids is a stored member", body = Problem),
        (status = 409, description = "The identical request is in progress", body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, description = "More than 10,000 ids, or an id twice", body = Problem),
        (status = 429, description = "Too many requests in progress", body = Problem),
    ),
)]
async fn request(caller: Caller, State(app): State<App>, form: Form) -> Result<Response, Problem> {
    let id = blocking(move || {
        let ids = read_ids(&form.ids_file, app.config.limits.bulk_collect_ids.get())?;
        Ok::<_, Problem>(app.bulk_collect.request(&caller.tenant, ids, form.data_format)?)
    })
    .await?;
    let location = format!("/v1/bulk_collect/{id}/files");
    let body = axum::Json(Accepted { data_request_id: id.to_string() });
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], body).into_response())
}

/// The files of a finished request.
#[derive(Serialize, ToSchema)]
struct Files {
    files: Vec<DataFile>,
}

/// A request that is not finished.
#[derive(Serialize, ToSchema)]
struct Progress {
    #[schema(example = "in_progress")]
    status: &'static str,
}

/// List the files of a request: 202 while they are being written.
#[utoipa::path(
    get, path = "/v1/bulk_collect/{data_request_id}/files", tag = "bulk collect",
    params(("data_request_id" = String, Path)),
    responses(
        (status = 200, description = "Finished", body = Files),
        (status = 202, description = "In progress; `Retry-After` says when to look again", body = Progress),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, description = "Unknown, another tenant's, or older than `retention.bulk_collect`", body = Problem),
        (status = 500, description = "It failed; make a new request", body = Problem),
    ),
)]
async fn files(caller: Caller, State(app): State<App>, InPath(id): InPath<String>) -> Result<Response, Problem> {
    let request = find(&app, caller.tenant, id).await?;
    match request.state {
        BulkState::Finished { files } => Ok(axum::Json(Files { files }).into_response()),
        BulkState::InProgress => Ok(in_progress()),
        BulkState::Failed { reason } => Err(Problem::internal(reason)),
    }
}

/// Download a file: packed with gzip where `Accept-Encoding` allows and no range is asked for.
#[utoipa::path(
    get, path = "/v1/bulk_collect/{data_request_id}/files/{file_name}", tag = "bulk collect",
    params(("data_request_id" = String, Path), ("file_name" = String, Path)),
    responses(
        (status = 200, description = "The file", content_type = "application/octet-stream"),
        (status = 206, description = "The range that was asked for"),
        (status = 202, description = "The request is in progress", body = Progress),
        (status = 304, description = "Not modified since"),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 416, description = "No such range"),
    ),
)]
async fn file(
    caller: Caller,
    State(app): State<App>,
    InPath((id, file_name)): InPath<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let found = find(&app, caller.tenant, id).await?;
    if found.state == BulkState::InProgress {
        return Ok(in_progress());
    }
    let no_file = || Problem::not_found(format!("the request has no file {file_name:?}"));
    let path = app.bulk_collect.path(&found, &file_name).ok_or_else(no_file)?;
    // Ranges are of the plain file: half a gzip is of no use to the clients that unpack by themselves.
    let ranged = request.headers().contains_key(header::RANGE);
    let plain = ServeFile::new(&path);
    let served = if ranged { plain } else { plain.precompressed_gzip() }.oneshot(request).await;
    let mut response = served.map_err(Problem::internal)?.map(axum::body::Body::new);
    if response.status() == StatusCode::NOT_FOUND {
        // Withdrawn this very moment, for a member in it is being erased.
        return Err(no_file());
    }
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept-encoding"));
    Ok(response)
}

fn in_progress() -> Response {
    let body = axum::Json(Progress { status: "in_progress" });
    (StatusCode::ACCEPTED, [(header::RETRY_AFTER, "1")], body).into_response()
}

async fn find(app: &App, tenant: Tenant, id: String) -> Result<BulkRequest, Problem> {
    let bulk_collect = app.bulk_collect.clone();
    let unknown = Problem::not_found("there is no such bulk collect request");
    let id = BulkRequestId::from(id.as_str());
    blocking(move || Ok::<_, Problem>(bulk_collect.find(&tenant, &id)?)).await?.ok_or(unknown)
}
