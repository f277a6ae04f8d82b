//! What answers: which product, which version, and what it can.

use std::fmt;

use serde::Deserialize;

use super::error::ElasticsearchError;
use super::hosts::Answer;

/// The products that are spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Product {
    Elasticsearch,
    OpenSearch,
}

/// A product and its version; ordered only within a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Server {
    pub product: Product,
    /// Major and minor.
    pub version: (u32, u32),
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, minor) = self.version;
        write!(f, "{:?} {major}.{minor}", self.product)
    }
}

/// What is read of the answer to `GET /`.
#[derive(Deserialize)]
struct Root {
    version: RootVersion,
}

#[derive(Deserialize)]
struct RootVersion {
    number: String,
    distribution: Option<String>,
    build_flavor: Option<String>,
}

impl Server {
    /// # Errors
    ///
    /// [`ElasticsearchError::Unsupported`] where it is something else, or of a version that is not known to work.
    pub(super) fn of_root(answer: &Answer) -> Result<Self, ElasticsearchError> {
        let unsupported = |found: String| ElasticsearchError::Unsupported { host: answer.host.clone(), found };
        let Ok(Root { version }) = serde_json::from_slice(&answer.body) else {
            return Err(unsupported("something that does not say a version at /".to_owned()));
        };
        let number = &version.number;
        let product = match version.distribution.as_deref() {
            Some("opensearch") => Product::OpenSearch,
            Some(other) => return Err(unsupported(format!("{other} {number}"))),
            None if version.build_flavor.as_deref() == Some("serverless") => {
                return Err(unsupported(
                    "Elasticsearch Serverless, which has no shards and no cluster health".to_owned(),
                ));
            }
            None if answer.says_elasticsearch => Product::Elasticsearch,
            None => {
                return Err(unsupported(format!(
                    "an unknown product of version {number} (OpenSearch with compatibility.override_main_response_version \
                     hides itself: turn that off)"
                )));
            }
        };
        let version = numbers(number).ok_or_else(|| unsupported(format!("{product:?} {number:?}")))?;
        let server = Server { product, version };
        if server.is_supported() { Ok(server) } else { Err(unsupported(format!("{product:?} {number}"))) }
    }

    fn is_supported(self) -> bool {
        match self.product {
            Product::Elasticsearch => self.version >= (7, 17) && self.version.0 <= 9,
            Product::OpenSearch => (1..=3).contains(&self.version.0),
        }
    }

    /// Whether an index can be read at a point in time, in an order (`_shard_doc`) that every document has its own place in.
    ///
    /// Elasticsearch has both since 7.12; OpenSearch points in time since 2.4, and the order since 3.3.
    pub(super) fn reads_at_a_point_in_time(self) -> bool {
        match self.product {
            Product::Elasticsearch => true,
            Product::OpenSearch => self.version >= (3, 3),
        }
    }
}

fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split(['.', '-']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(body: &str, says_elasticsearch: bool) -> Result<String, String> {
        let body = body.to_owned().into();
        let answer = Answer { host: "http://es:9200".to_owned(), status: 200, says_elasticsearch, body };
        Server::of_root(&answer).map(|server| server.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn only_products_and_versions_that_are_known_to_work_are_taken() {
        let elasticsearch = |number: &str| server(&format!(r#"{{"version": {{"number": "{number}"}}}}"#), true);
        let opensearch = |number: &str| {
            server(&format!(r#"{{"version": {{"number": "{number}", "distribution": "opensearch"}}}}"#), false)
        };
        for number in ["7.17.0", "8.0.0-SNAPSHOT", "8.19.2", "9.5.3"] {
            assert!(elasticsearch(number).is_ok(), "{number}");
        }
        for number in ["1.0.0", "2.19.1", "3.3.0"] {
            assert!(opensearch(number).is_ok(), "{number}");
        }
        for refused in [elasticsearch("7.16.3"), elasticsearch("10.0.0"), opensearch("4.0.0"), elasticsearch("new")] {
            assert!(refused.unwrap_err().contains("Elasticsearch 7.17, 8 or 9, or OpenSearch 1, 2 or 3 is needed"));
        }
    }

    #[test]
    fn what_is_something_else_is_said_to_be_so() {
        let cases = [
            (r#"{"version": {"number": "7.10.2"}}"#, "override_main_response_version"),
            (r#"{"version": {"number": "8.11.0", "build_flavor": "serverless"}}"#, "Serverless"),
            (r#"{"version": {"number": "1.0.0", "distribution": "other"}}"#, "other 1.0.0"),
            (r#"{"couchdb": "Welcome"}"#, "does not say a version"),
            ("<html>", "does not say a version"),
        ];
        for (body, reason) in cases {
            let message = server(body, false).unwrap_err();
            assert!(message.starts_with("http://es:9200 is ") && message.contains(reason), "{message}");
        }
    }
}
