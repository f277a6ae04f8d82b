//! Which node is asked: each in turn, and those that did not answer not for a while.

use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use elasticsearch::auth::Credentials;
use elasticsearch::cert::{Certificate, CertificateValidation};
use elasticsearch::http::Method;
use elasticsearch::http::headers::{ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use elasticsearch::http::transport::{SingleNodeConnectionPool, Transport, TransportBuilder};
use url::Url;

use super::credentials;
use super::error::ElasticsearchError;
use crate::config;

/// How long a node that did not answer is left alone after the first time; twice as long after each further time.
const FIRST_REST: Duration = Duration::from_secs(1);
const LONGEST_REST: Duration = Duration::from_secs(60);

/// What is asked.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub method: Method,
    /// Below the node's address, without a leading slash, its parts percent-encoded.
    pub path: String,
    pub query: Vec<(&'static str, String)>,
    pub body: Option<Bytes>,
    pub content: Content,
    /// Whether another node may be asked after one had it and gave no answer.
    pub repeatable: bool,
}

/// How the body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Json,
    Lines,
}

impl Request {
    /// What is asked, for messages: `POST members/_search`.
    pub fn action(&self) -> String {
        format!("{} /{}", format!("{:?}", self.method).to_uppercase(), self.path)
    }
}

/// An answer, whatever its status.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// The address of the node that gave it.
    pub host: String,
    pub status: u16,
    /// Whether it has the header that Elasticsearch puts on its answers.
    pub says_elasticsearch: bool,
    pub body: Bytes,
}

/// The nodes of a cluster.
#[derive(Debug)]
pub(super) struct Hosts {
    hosts: Vec<Host>,
    next: AtomicUsize,
}

#[derive(Debug)]
struct Host {
    address: String,
    /// One node a transport: the client's own pool of several does not learn which of them failed.
    transport: Transport,
    health: Mutex<Health>,
}

#[derive(Debug, Clone, Copy)]
struct Health {
    failures: u32,
    rests_until: Option<Instant>,
}

impl Hosts {
    /// # Errors
    ///
    /// When a file of the settings cannot be used.
    pub fn new(settings: &config::Elasticsearch) -> Result<Self, ElasticsearchError> {
        let credentials = credentials::read(settings)?;
        let hosts = settings
            .urls
            .iter()
            .map(|url| {
                let transport = transport(url, settings, credentials.clone())?;
                let health = Mutex::new(Health { failures: 0, rests_until: None });
                Ok(Host { address: url.as_str().trim_end_matches('/').to_owned(), transport, health })
            })
            .collect::<Result<_, ElasticsearchError>>()?;
        Ok(Hosts { hosts, next: AtomicUsize::new(0) })
    }

    /// Asks one node after the other until one answers.
    ///
    /// # Errors
    ///
    /// [`ElasticsearchError::Unreachable`] when none does, or when one took a request that may not be repeated and did not answer.
    pub async fn ask(&self, request: &Request) -> Result<Answer, ElasticsearchError> {
        let mut sent = false;
        let mut reasons = Vec::new();
        for host in self.in_turn() {
            match host.ask(request).await {
                Ok(answer) => {
                    host.answered();
                    return Ok(answer);
                }
                Err(failure) => {
                    host.failed();
                    tracing::debug!(
                        host = host.address,
                        reason = failure.reason,
                        "a node of the cluster did not answer"
                    );
                    reasons.push((host.address.as_str(), failure.reason));
                    sent |= failure.sent;
                    if sent && !request.repeatable {
                        break;
                    }
                }
            }
        }
        let hosts = reasons.iter().map(|(address, _)| *address).collect::<Vec<_>>().join(", ");
        // Mostly it is the same for all of them.
        let mut reasons: Vec<String> = reasons.into_iter().map(|(_, reason)| reason).collect();
        reasons.dedup();
        Err(ElasticsearchError::Unreachable { hosts, reason: reasons.join("; "), sent })
    }

    /// All nodes in the order in which they are asked: those that rest come last, the one soonest over first.
    fn in_turn(&self) -> Vec<&Host> {
        let start = self.next.fetch_add(1, Ordering::Relaxed) % self.hosts.len().max(1);
        let now = Instant::now();
        let (later, sooner) = self.hosts.split_at(start);
        let mut hosts: Vec<(Option<Instant>, &Host)> =
            sooner.iter().chain(later).map(|host| (host.rests_until(now), host)).collect();
        hosts.sort_by_key(|(rests_until, _)| *rests_until);
        hosts.into_iter().map(|(_, host)| host).collect()
    }
}

/// Why a node did not answer.
struct Failure {
    reason: String,
    /// Whether it may have got the request.
    sent: bool,
}

impl Failure {
    fn new(error: &(dyn Error + 'static)) -> Self {
        let mut reasons = vec![error.to_string()];
        let mut source = error.source();
        let mut sent = true;
        while let Some(error) = source {
            if error.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_connect) {
                sent = false;
            }
            let reason = error.to_string();
            if reasons.last() != Some(&reason) {
                reasons.push(reason);
            }
            source = error.source();
        }
        Failure { reason: reasons.join(": "), sent }
    }
}

impl Host {
    async fn ask(&self, request: &Request) -> Result<Answer, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("tripline/", env!("CARGO_PKG_VERSION"))));
        if request.content == Content::Lines {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
        }
        let query = (!request.query.is_empty()).then_some(&request.query);
        let response = self
            .transport
            .send(request.method, &request.path, headers, query, request.body.clone(), None)
            .await
            .map_err(|error| Failure::new(&error))?;
        let status = response.status_code().as_u16();
        let says_elasticsearch =
            response.headers().get("x-elastic-product").is_some_and(|product| product == "Elasticsearch");
        let body = response.bytes().await.map_err(|error| Failure { sent: true, ..Failure::new(&error) })?;
        Ok(Answer { host: self.address.clone(), status, says_elasticsearch, body })
    }

    fn answered(&self) {
        *self.health() = Health { failures: 0, rests_until: None };
    }

    fn failed(&self) {
        let mut health = self.health();
        let rest = FIRST_REST.saturating_mul(1_u32.checked_shl(health.failures).unwrap_or(u32::MAX)).min(LONGEST_REST);
        health.failures = health.failures.saturating_add(1);
        health.rests_until = Some(Instant::now() + rest);
    }

    fn rests_until(&self, now: Instant) -> Option<Instant> {
        self.health().rests_until.filter(|until| *until > now)
    }

    fn health(&self) -> std::sync::MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn transport(
    url: &Url,
    settings: &config::Elasticsearch,
    credentials: Option<Credentials>,
) -> Result<Transport, ElasticsearchError> {
    let mut builder = TransportBuilder::new(SingleNodeConnectionPool::new(url.clone()))
        // A cluster stands in the operator's network; proxies of the environment are for the world outside.
        .disable_proxy()
        .enable_meta_header(false)
        .timeout(settings.request_timeout)
        .request_body_compression(settings.compression);
    if !settings.compression {
        builder = builder.header(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
    if let Some(credentials) = credentials {
        builder = builder.auth(credentials);
    }
    let ca = settings.ca_file.as_deref();
    let unusable = |reason: String| ElasticsearchError::File {
        setting: "elasticsearch.ca_file",
        path: ca.unwrap_or_else(|| std::path::Path::new("")).to_owned(),
        reason,
    };
    if let Some(path) = ca {
        let pem = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
        let certificates = Certificate::from_pem(&pem).map_err(|error| unusable(error.to_string()))?;
        builder = builder.cert_validation(CertificateValidation::Full(certificates));
    }
    // Certificates are the only thing here that can be wrong: the rest is checked with the settings.
    builder.build().map_err(|error| unusable(error.to_string()))
}
