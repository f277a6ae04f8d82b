//! The cluster that everything durable lives in where one machine is not enough.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{MIB, nonzero};

/// How an Elasticsearch or OpenSearch cluster is reached, and what is made there.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Elasticsearch {
    pub urls: Vec<Url>,
    pub username: Option<String>,
    pub password_file: Option<PathBuf>,
    pub api_key_file: Option<PathBuf>,
    pub ca_file: Option<PathBuf>,
    #[serde(with = "humantime_serde")]
    pub request_timeout: Duration,
    #[serde(with = "humantime_serde")]
    pub busy_timeout: Duration,
    pub compression: bool,
    pub bulk_bytes: NonZeroUsize,
    pub prefix: String,
    pub shards: NonZeroU32,
    pub replicas: u32,
    #[serde(with = "humantime_serde")]
    pub refresh_interval: Duration,
}

impl Default for Elasticsearch {
    fn default() -> Self {
        Elasticsearch {
            urls: Vec::new(),
            username: None,
            password_file: None,
            api_key_file: None,
            ca_file: None,
            request_timeout: Duration::from_secs(30),
            busy_timeout: Duration::from_secs(10),
            compression: false,
            bulk_bytes: nonzero(8 * MIB),
            prefix: "tripline".to_owned(),
            shards: NonZeroU32::MIN,
            replicas: 1,
            refresh_interval: Duration::from_secs(1),
        }
    }
}

impl Elasticsearch {
    /// The setting that cannot be, and what would be right.
    pub(super) fn fault(&self) -> Option<(&'static str, String)> {
        for url in &self.urls {
            if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
                let reason =
                    format!("{url} is no address of a cluster; http://host:9200 or https://host:9200 is expected");
                return Some(("elasticsearch.urls", reason));
            }
            if !url.username().is_empty() || url.password().is_some() {
                let reason = "credentials do not belong into a setting; set elasticsearch.username and elasticsearch.password_file";
                return Some(("elasticsearch.urls", reason.to_owned()));
            }
        }
        match (&self.username, &self.password_file, &self.api_key_file) {
            (Some(_), None, _) => return fault("elasticsearch.username", "elasticsearch.password_file is missing"),
            (None, Some(_), _) => return fault("elasticsearch.password_file", "elasticsearch.username is missing"),
            (Some(_), Some(_), Some(_)) => {
                return fault("elasticsearch.api_key_file", "either an API key or a user name and password, not both");
            }
            (None, None, _) | (Some(_), Some(_), None) => {}
        }
        let prefix = self.prefix.as_bytes();
        let allowed = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
        let starts_well = prefix.first().is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if !starts_well || !prefix.iter().all(allowed) || prefix.len() > MAX_PREFIX {
            return fault(
                "elasticsearch.prefix",
                "1 to 100 of a-z, 0-9, - and _ are expected, the first a letter or a digit",
            );
        }
        None
    }
}

/// Names of indices may have 255 bytes.
const MAX_PREFIX: usize = 100;

fn fault(name: &'static str, reason: &str) -> Option<(&'static str, String)> {
    Some((name, reason.to_owned()))
}
