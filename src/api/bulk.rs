//! `_bulk`: a stream of updates that is never held as a whole.

use std::io::{self, BufReader};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, header};
use futures::{Stream, StreamExt, TryStreamExt};
use tokio_util::bytes::Bytes;
use tokio_util::io::{StreamReader, SyncIoBridge};

use super::auth::{Authorized, may};
use super::body::media_type;
use super::problem::Problem;
use super::{App, blocking};
use crate::jobs::ingest::{IngestError, Tally, ingest, unpacked};

/// How much is read from the connection at once.
const BUFFER_BYTES: usize = 64 << 10;

/// A stream of lines, plain or packed.
pub struct Ndjson(Body);

impl FromRequest<App> for Ndjson {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &App) -> Result<Self, Problem> {
        expect_ndjson(request.headers())?;
        Ok(Ndjson(request.into_body()))
    }
}

fn expect_ndjson(headers: &HeaderMap) -> Result<(), Problem> {
    const TYPES: [&str; 4] = ["application/x-ndjson", "application/ndjson", "application/jsonl", "application/json"];
    match media_type(headers) {
        Some(given) if !TYPES.contains(&given.as_str()) => {
            return Err(Problem::unsupported_media_type(format!(
                "the content type is {given:?}; \"Content-Type: application/x-ndjson\" is expected"
            )));
        }
        _ => {}
    }
    // Packed streams are known by their first bytes; the header only has to name something that can be unpacked.
    match headers.get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("?").trim().to_ascii_lowercase()) {
        None => Ok(()),
        Some(encoding) if ["gzip", "x-gzip", "zstd", "identity"].contains(&encoding.as_str()) => Ok(()),
        Some(encoding) => Err(Problem::unsupported_media_type(format!(
            "the content encoding is {encoding:?}; gzip, zstd or none is expected"
        ))),
    }
}

/// Take a stream of updates, one document a line. Good lines are applied, whatever becomes of the others.
#[utoipa::path(
    post, path = "/v1/professional_network/clean_member/_bulk", tag = "members",
    request_body(
        content = String, content_type = "application/x-ndjson",
        description = "One member's document a line, its `id` in it; also packed with gzip or zstd",
    ),
    responses(
        (status = 200, description = "All lines were read, and what is not rejected is durable", body = Tally),
        (status = 400, description = "The stream broke; what came before is applied", body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 415, body = Problem),
        (status = 503, description = "Too many streams at once", body = Problem),
    ),
)]
pub async fn bulk(
    _: Authorized<may::WriteMembers>,
    State(app): State<App>,
    Ndjson(body): Ndjson,
) -> Result<axum::Json<Tally>, Problem> {
    let place = Arc::clone(&app.bulk_places).try_acquire_owned().map_err(|_| {
        Problem::busy("too many _bulk streams at once (limits.bulk_requests); nothing was applied, send it again")
    })?;
    let stream = Box::pin(chunks(body, app.config.limits.body_timeout));
    let reader = SyncIoBridge::new(StreamReader::new(stream));
    let tally = blocking(move || {
        let _place = place;
        let mut tally = Tally::default();
        let lines = BufReader::with_capacity(BUFFER_BYTES, reader);
        let limit = app.config.limits.body_bytes.get();
        let done = unpacked(lines)
            .map_err(|source| IngestError::Broken { line: 0, source })
            .and_then(|lines| ingest(&app.engine, lines, limit, &mut tally, |_| ControlFlow::Continue(())));
        count(&tally);
        match done {
            Ok(()) => Ok(tally),
            Err(error @ IngestError::Broken { .. }) => Err(Problem::malformed(broken(&error, &tally))),
            Err(IngestError::Store { source, .. }) => Err(Problem::of_store(&source)),
        }
    })
    .await?;
    Ok(axum::Json(tally))
}

fn broken(error: &IngestError, tally: &Tally) -> String {
    let applied = tally.received.saturating_sub(tally.rejected_total);
    format!("{error}; {applied} of the {} lines before were applied", tally.received)
}

fn count(tally: &Tally) {
    let outcomes = [
        ("new", tally.new),
        ("unchanged", tally.unchanged),
        ("cosmetic", tally.cosmetic),
        ("changed", tally.changed),
        ("stale", tally.stale),
        ("rejected", tally.rejected_total),
    ];
    for (outcome, number) in outcomes {
        metrics::counter!("tripline_updates_total", "outcome" => outcome).increment(number);
    }
}

/// The body's chunks; a sender that falls silent for longer than `timeout` is an error.
fn chunks(body: Body, timeout: Duration) -> impl Stream<Item = io::Result<Bytes>> {
    let stream = body.into_data_stream().map_err(io::Error::other);
    tokio_stream::StreamExt::timeout(stream, timeout).map(move |item| {
        item.unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, format!("nothing came for {timeout:?}"))))
    })
}
