//! One POST to a receiver, and what came of it.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER, USER_AGENT};
use reqwest::{Response, StatusCode, redirect};
use url::Url;

use super::guard::{AddressRefused, Guard};
use super::resolver::GuardedResolver;
use super::schedule::{Verdict, retry_after};
use super::signature::{SignatureError, sign};
use crate::batch::Attempt;

/// So much of an answer's body is read; a receiver has nothing to tell us but its status.
const READ_BYTES: usize = 4 * 1024;
/// So much of a failed answer's body is kept, to show the subscription's owner what is wrong.
const KEPT_CHARACTERS: usize = 300;
/// How long a connection waits for the next batch: longer than the default linger, so that a steady stream keeps its
/// connection, and short, so that a hundred thousand receivers do not hold a hundred thousand sockets.
const IDLE: Duration = Duration::from_secs(2);

const USER_AGENT_NAME: &str = concat!("tripline/", env!("CARGO_PKG_VERSION"));

/// How long an attempt may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// To look the name up, connect and agree on TLS.
    pub connect: Duration,
    /// In all, until the head of the answer.
    pub answer: Duration,
}

impl Default for Timeouts {
    /// 5 s to connect, 15 s in all.
    fn default() -> Self {
        Timeouts { connect: Duration::from_secs(5), answer: Duration::from_secs(15) }
    }
}

/// The HTTP client of one lane: it follows no redirect, uses no proxy, and connects only where the guard lets it.
#[derive(Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    guard: Guard,
    timeouts: Timeouts,
}

/// What is sent.
pub(super) struct Request<'a> {
    pub(super) url: &'a Url,
    pub(super) secret: &'a str,
    pub(super) webhook_id: &'a str,
    pub(super) body: Bytes,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) verdict: Verdict,
    pub(super) retry_after: Option<Duration>,
    pub(super) attempt: Attempt,
}

/// Why there is no answer, or none that counts.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Address(#[from] AddressRefused),
    #[error(transparent)]
    Signature(#[from] SignatureError),
    #[error("no answer within {} ms", .0.as_millis())]
    Timeout(Duration),
    #[error("{}", innermost(.0))]
    Transport(#[from] reqwest::Error),
}

impl Client {
    /// A client with room for so many attempts at once.
    pub(super) fn new(guard: Guard, timeouts: Timeouts, attempts: usize) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .dns_resolver(Arc::new(GuardedResolver::new(guard, attempts)))
            .redirect(redirect::Policy::none())
            .no_proxy()
            .no_gzip()
            .referer(false)
            .connect_timeout(timeouts.connect)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(1)
            .build()?;
        Ok(Client { http, guard, timeouts })
    }

    /// Sends, and never fails: whatever goes wrong is the answer.
    pub(super) async fn post(&self, request: Request<'_>) -> Answer {
        let at = Timestamp::now();
        let begun = Instant::now();
        let sent = match tokio::time::timeout(self.timeouts.answer, self.send(&request, at)).await {
            Ok(sent) => sent,
            Err(_) => Err(Failure::Timeout(self.timeouts.answer)),
        };
        let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let attempt = |status: Option<StatusCode>, error| Attempt {
            at,
            duration_ms,
            status: status.map(|status| status.as_u16()),
            error,
        };
        match sent {
            Ok(response) => {
                let (status, headers) = (response.status(), response.headers().clone());
                let verdict = Verdict::of(status);
                let said = read_some(response, self.timeouts.connect).await;
                let error = (verdict != Verdict::Delivered).then(|| explain(status, &headers, &said));
                let retry_after = header(&headers, RETRY_AFTER).and_then(|text| retry_after(text, Timestamp::now()));
                Answer { verdict, retry_after, attempt: attempt(Some(status), error) }
            }
            Err(failure) => Answer {
                verdict: Verdict::Failed,
                retry_after: None,
                attempt: attempt(None, Some(failure.to_string())),
            },
        }
    }

    async fn send(&self, request: &Request<'_>, at: Timestamp) -> Result<Response, Failure> {
        self.guard.check_literal(request.url)?;
        let signature = sign(request.secret, request.webhook_id, at, &request.body)?;
        let post = self
            .http
            .post(request.url.clone())
            .header(USER_AGENT, USER_AGENT_NAME)
            .header(CONTENT_TYPE, "application/json")
            .headers(signature)
            .body(request.body.clone());
        Ok(post.send().await?)
    }
}

/// The beginning of the answer's body. Its status is known already, so a body that does not come is no failure.
async fn read_some(mut response: Response, patience: Duration) -> Vec<u8> {
    let mut read = Vec::new();
    let reading = async {
        while read.len() < READ_BYTES
            && let Ok(Some(chunk)) = response.chunk().await
        {
            read.extend_from_slice(chunk.get(..READ_BYTES - read.len()).unwrap_or(&chunk));
        }
    };
    // A timeout only ends the reading.
    let _ = tokio::time::timeout(patience, reading).await;
    read
}

/// Says what the receiver answered where it did not take the batch.
fn explain(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> String {
    if status.is_redirection() {
        let target = header(headers, LOCATION).unwrap_or("nowhere");
        let target: String = target.chars().take(KEPT_CHARACTERS).collect();
        return format!(
            "the receiver answered {status} to {target:?}; redirects are not followed: set webhook_url to the final address"
        );
    }
    let text = String::from_utf8_lossy(body);
    let text: String = text.trim().chars().filter(|character| !character.is_control()).take(KEPT_CHARACTERS).collect();
    if text.is_empty() {
        format!("the receiver answered {status}")
    } else {
        format!("the receiver answered {status}: {text}")
    }
}

fn header(headers: &HeaderMap, name: reqwest::header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The cause that tells most: reqwest's own words are only "error sending request".
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    if error.is_timeout() { format!("cannot connect in time: {cause}") } else { cause.to_string() }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    const BRIEF: Duration = Duration::from_millis(300);

    fn client() -> Client {
        Client::new(Guard::new(true), Timeouts { connect: BRIEF, answer: BRIEF }, 4).unwrap()
    }

    async fn post(url: &str) -> Answer {
        let (url, secret) = (url.parse().unwrap(), crate::delivery::new_secret());
        let body = Bytes::from_static(b"[]");
        client().post(Request { url: &url, secret: &secret, webhook_id: "msg_1", body }).await
    }

    /// A server that reads the request and then does what `answer` does.
    async fn server<F: Future<Output = ()> + Send>(answer: impl FnOnce(TcpStream) -> F + Send + 'static) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let mut stream = listener.accept().await.unwrap().0;
            assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
            answer(stream).await;
        });
        url
    }

    #[tokio::test]
    async fn a_receiver_that_says_nothing_costs_the_timeout_and_no_more() {
        let url = server(|stream| async move {
            tokio::time::sleep(Duration::from_secs(60)).await;
            drop(stream);
        });
        let answer = post(&url.await).await;
        assert_eq!(answer.verdict, Verdict::Failed);
        assert_eq!(answer.attempt.error.unwrap(), "no answer within 300 ms");
    }

    #[tokio::test]
    async fn a_body_without_end_is_not_read_to_the_end() {
        let url = server(|mut stream| async move {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n").await.unwrap();
            while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
        });
        assert_eq!(post(&url.await).await.verdict, Verdict::Delivered);
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_makes_no_failure_of_a_success() {
        let url = server(|mut stream| async move {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nx").await.unwrap();
            tokio::time::sleep(Duration::from_secs(60)).await;
        });
        let answer = post(&url.await).await;
        assert_eq!((answer.verdict, answer.attempt.error), (Verdict::Delivered, None));
    }

    #[tokio::test]
    async fn what_is_not_http_and_nobody_at_all_are_failures_with_the_reason() {
        let url = server(|mut stream| async move { stream.write_all(b"220 smtp.example.com\r\n").await.unwrap() });
        let answer = post(&url.await).await;
        assert_eq!(answer.verdict, Verdict::Failed);
        assert!(answer.attempt.error.unwrap().contains("invalid HTTP"));

        let answer = post("http://127.0.0.1:1/").await;
        assert!(answer.attempt.error.unwrap().contains("refused"));
    }
}
