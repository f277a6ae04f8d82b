//! A connection to an Elasticsearch or OpenSearch cluster: asks whichever node answers, waits while the cluster is busy, and says
//! what is wrong where that does not help.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use tripline::config;
//! use tripline::elasticsearch::{Connection, ItemResult, Operation, Write};
//!
//! let urls = vec!["http://127.0.0.1:9200".parse()?];
//! let connection = Connection::connect(&config::Elasticsearch { urls, ..Default::default() }).await?;
//! let document = serde_json::value::to_raw_value(&serde_json::json!({"full_name": "Ada"}))?;
//! let write = Write::new("people", "1", Operation::Create(document));
//! match connection.write(&write).await? {
//!     ItemResult::Done(stamp) => println!("written as {stamp:?}"),
//!     ItemResult::Conflict => println!("there already"),
//!     other => println!("not now: {other:?}"),
//! }
//! # Ok(())
//! # }
//! ```

mod backoff;
mod bulk;
mod credentials;
mod error;
mod hosts;
mod pages;
mod product;
mod read;

use std::time::Duration;

use bytes::Bytes;
use elasticsearch::http::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub(crate) use backoff::Backoff;
pub use bulk::{ItemResult, Operation, Stamp, Write};
pub(crate) use bulk::{generation_of, index_of};
pub use error::ElasticsearchError;
use hosts::{Answer, Content, Hosts, Request};
pub use pages::{PageOptions, Pages};
pub use product::{Product, Server};
pub use read::{DocumentId, Found, Hit, Hits, SourceFilter};

use crate::config;

/// A cluster that was found to be one that we know, and what is needed to ask it. Shared by reference.
#[derive(Debug)]
pub struct Connection {
    hosts: Hosts,
    server: Server,
    busy_timeout: Duration,
    request_timeout: Duration,
    bulk_bytes: usize,
}

impl Connection {
    /// Finds out what answers, and whether it has a master.
    ///
    /// # Errors
    ///
    /// When no node answers, none is elected master, we are not let in, or it is something that we do not know.
    pub async fn connect(settings: &config::Elasticsearch) -> Result<Self, ElasticsearchError> {
        let hosts = Hosts::new(settings)?;
        let root = send(&hosts, settings.busy_timeout, &Request::read(Method::Get, "")).await?;
        let server = Server::of_root(&root)?;
        let connection = Connection {
            hosts,
            server,
            busy_timeout: settings.busy_timeout,
            request_timeout: settings.request_timeout,
            bulk_bytes: settings.bulk_bytes.get(),
        };
        let mut health = Request::read(Method::Get, "_cluster/health");
        health.query = vec![("master_timeout", "1s".to_owned())];
        connection.send(&health).await?;
        Ok(connection)
    }

    /// The product and its version.
    pub fn server(&self) -> Server {
        self.server
    }

    /// Sends something that is no matter of documents, and reads the answer: `(Method::Get, "_cluster/state")`.
    ///
    /// # Errors
    ///
    /// Where the cluster does not do it. Nothing is repeated that a node may have done already, but what only reads.
    pub async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T, ElasticsearchError> {
        let body = body.map(|body| Bytes::from(body.to_string()));
        let request = Request { body, repeatable: method == Method::Get, ..Request::read(method, path) };
        let answer = self.send(&request).await?;
        read(&request, &answer)
    }

    /// Makes everything that was written so far visible to searches of these indices.
    ///
    /// # Errors
    ///
    /// Where the cluster does not do it.
    pub async fn refresh(&self, indices: &[&str]) -> Result<(), ElasticsearchError> {
        let request = Request::read(Method::Post, &format!("{}/_refresh", indices.join(",")));
        self.send(&request).await.map(|_| ())
    }

    /// Asks until a node takes it, within the time for a busy cluster.
    async fn send(&self, request: &Request) -> Result<Answer, ElasticsearchError> {
        send(&self.hosts, self.busy_timeout, request).await
    }
}

impl Request {
    /// A request that may be repeated, without a body.
    fn read(method: Method, path: &str) -> Self {
        let path = path.trim_start_matches('/').to_owned();
        Request { method, path, query: Vec::new(), body: None, content: Content::Json, repeatable: true }
    }
}

async fn send(hosts: &Hosts, busy_timeout: Duration, request: &Request) -> Result<Answer, ElasticsearchError> {
    let mut backoff = Backoff::until(busy_timeout);
    loop {
        let answer = hosts.ask(request).await?;
        if (200..300).contains(&answer.status) {
            return Ok(answer);
        }
        let error = ElasticsearchError::of_answer(&answer.host, &request.action(), answer.status, &answer.body);
        // What a gateway says of a request that it passed on leaves open whether it was done.
        let was_not_done = matches!(answer.status, 429 | 503) && answer.body.starts_with(b"{");
        if !error.is_transient() || !(request.repeatable || was_not_done) || !backoff.wait().await {
            return Err(error);
        }
    }
}

/// The answer as what was asked for.
fn read<T: DeserializeOwned>(request: &Request, answer: &Answer) -> Result<T, ElasticsearchError> {
    serde_json::from_slice(&answer.body).map_err(|error| ElasticsearchError::Malformed {
        host: answer.host.clone(),
        action: request.action(),
        reason: error.to_string(),
    })
}
