//! Sends lines to a server's `_bulk`, a chunk a request, again where it did not get through.

use std::io::BufRead;
use std::ops::ControlFlow;
use std::time::Duration;

use anyhow::{Context, bail};
use bytes::Bytes;
use reqwest::{StatusCode, header};
use tripline::config::Config;
use tripline::jobs::ingest::{LISTED_REJECTIONS, Line, Lines, RejectedLine, Tally};
use url::Url;

/// A request has at most so many lines: as many as the server lists when it rejects them all.
const CHUNK_LINES: usize = LISTED_REJECTIONS;

/// A request is closed once it has so many bytes.
const CHUNK_BYTES: usize = 4 << 20;

/// How often a request is sent before giving up, with longer and longer waits: about two minutes in all.
const TRIES: u32 = 8;
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// A server.
pub struct Remote {
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
    bulk: Url,
    token: String,
}

/// How one sending of a chunk went.
enum Answer {
    Done(Tally),
    Again { reason: String, wait: Option<Duration> },
}

impl Remote {
    pub fn new(url: &Url, token: &str) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let base = url.as_str().trim_end_matches('/');
        let bulk = format!("{base}/v1/professional_network/clean_member/_bulk").parse()?;
        Ok(Remote { runtime, client: reqwest::Client::new(), bulk, token: token.to_owned() })
    }

    /// Sends all lines; sending a chunk again that had been applied changes nothing.
    pub fn send(
        &self,
        reader: impl BufRead,
        tally: &mut Tally,
        mut after_chunk: impl FnMut(&Tally) -> ControlFlow<()>,
    ) -> anyhow::Result<()> {
        let limit = Config::default().limits.body_bytes.get();
        let mut lines = Lines::new(reader, limit);
        let mut numbers = Vec::new();
        let mut body = Vec::new();
        loop {
            let line = lines.next_line().with_context(|| format!("cannot read beyond line {}", lines.number))?;
            let ended = line.is_none();
            match line {
                Some(Line::Document(document)) => {
                    numbers.push(lines.number);
                    body.extend_from_slice(&document);
                    body.push(b'\n');
                }
                Some(Line::TooLong) => {
                    tally.received += 1;
                    let reason = format!("the line is longer than {limit} bytes");
                    tally.reject(RejectedLine { line: lines.number, id: None, reason });
                }
                None => {}
            }
            if ended || numbers.len() >= CHUNK_LINES || body.len() >= CHUNK_BYTES {
                let chunk = self.deliver(std::mem::take(&mut body).into(), &numbers)?;
                *tally += chunk;
                numbers.clear();
                let _ = after_chunk(tally);
            }
            if ended {
                return Ok(());
            }
        }
    }

    /// Sends a chunk until it gets through; its lines' numbers become the file's.
    fn deliver(&self, body: Bytes, numbers: &[u64]) -> anyhow::Result<Tally> {
        if numbers.is_empty() {
            return Ok(Tally::default());
        }
        let mut wait = FIRST_WAIT;
        let mut last_reason = String::new();
        for try_number in 1..=TRIES {
            match self.runtime.block_on(self.post(body.clone()))? {
                Answer::Done(mut tally) => {
                    for line in &mut tally.rejected {
                        let place = usize::try_from(line.line).ok().and_then(|line| line.checked_sub(1));
                        line.line = place.and_then(|place| numbers.get(place).copied()).unwrap_or(line.line);
                    }
                    return Ok(tally);
                }
                Answer::Again { reason, wait: asked } if try_number < TRIES => {
                    let wait_now = asked.unwrap_or(wait);
                    eprintln!("{reason}; trying again in {}", humantime::format_duration(wait_now));
                    std::thread::sleep(wait_now);
                    wait *= 2;
                    last_reason = reason;
                }
                Answer::Again { reason, .. } => last_reason = reason,
            }
        }
        bail!("gave up after {TRIES} tries: {last_reason}")
    }

    async fn post(&self, body: Bytes) -> anyhow::Result<Answer> {
        let request = self
            .client
            .post(self.bulk.clone())
            .bearer_auth(&self.token)
            .header(header::CONTENT_TYPE, "application/x-ndjson")
            .body(body);
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => {
                let reason = format!("{:#}", anyhow::Error::from(error));
                return Ok(Answer::Again { reason, wait: None });
            }
        };
        let status = response.status();
        let wait = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let text = match response.text().await {
            Ok(text) => text,
            Err(error) => return Ok(Answer::Again { reason: error.to_string(), wait: None }),
        };
        if status == StatusCode::OK {
            return serde_json::from_str(&text).map(Answer::Done).context("the server's answer is not understood");
        }
        let reason = format!("the server answered {status}: {text}");
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::REQUEST_TIMEOUT
        {
            return Ok(Answer::Again { reason, wait: wait.map(Duration::from_secs) });
        }
        bail!(reason)
    }
}
