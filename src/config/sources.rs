//! Clusters that reindex jobs may read, known to the API by their names.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

/// How a cluster is reached that members are read from; secrets are named by their files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SourceCluster {
    /// Nodes of the cluster, any of which is asked.
    pub urls: Vec<Url>,
    pub username: Option<String>,
    pub password_file: Option<PathBuf>,
    /// The file with the `encoded` text of an API key.
    pub api_key_file: Option<PathBuf>,
    /// Certificates in PEM that the cluster's must be signed by.
    pub ca_file: Option<PathBuf>,
    #[serde(with = "humantime_serde")]
    pub request_timeout: Duration,
    /// Whether answers are packed on the wire.
    pub compression: bool,
}

impl Default for SourceCluster {
    fn default() -> Self {
        SourceCluster {
            urls: Vec::new(),
            username: None,
            password_file: None,
            api_key_file: None,
            ca_file: None,
            request_timeout: Duration::from_secs(60),
            compression: false,
        }
    }
}

impl SourceCluster {
    /// What cannot be, and what would be right.
    pub fn fault(&self) -> Option<String> {
        if self.urls.is_empty() {
            return Some("urls is missing; urls = [\"https://host:9200\"] is expected".to_owned());
        }
        for url in &self.urls {
            if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
                return Some(format!(
                    "{url} is no address of a cluster; http://host:9200 or https://host:9200 is expected"
                ));
            }
            if !url.username().is_empty() || url.password().is_some() {
                return Some(
                    "credentials do not belong into an address; set username and password_file, or api_key_file".into(),
                );
            }
        }
        match (&self.username, &self.password_file, &self.api_key_file) {
            (Some(_), None, _) => Some("username without password_file; both are expected".to_owned()),
            (None, Some(_), _) => Some("password_file without username; both are expected".to_owned()),
            (Some(_), Some(_), Some(_)) => {
                Some("either username and password_file or api_key_file, not both".to_owned())
            }
            (None, None, _) | (Some(_), Some(_), None) => None,
        }
    }
}
