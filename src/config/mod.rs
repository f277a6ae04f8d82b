//! Every setting: its default, its meaning, and where its value came from.
//!
//! Four sources, each stronger than the one before: the defaults, a TOML file (`--config`, else `tripline.toml` in the working
//! directory where there is one), the environment (`TRIPLINE_LISTEN`, `TRIPLINE_JWT__SECRET_FILE`: two underscores between a
//! section and its setting), and the flags of the command line. An unknown or wrong setting is an error that names it and its source.
//!
//! Secrets are no settings: settings name the files that hold them, so that a configuration can be printed and passed around.

mod elasticsearch;
mod load;
mod settings;
mod sources;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use elasticsearch::Elasticsearch;
pub use load::{ConfigError, Given, Loaded, Sources, load};
pub use settings::{SETTINGS, Setting, documentation};
pub use sources::SourceCluster;

use crate::change::Schema;
use crate::delivery::DeliveryOptions;

/// All settings of a server. [`Config::default`] holds the defaults; [`load()`] reads the sources.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub listen: SocketAddr,
    pub data_dir: PathBuf,
    pub store: Backend,
    pub percolator: Backend,
    pub mapping: Option<PathBuf>,
    pub accept_mapping_change: bool,
    pub allow_private_webhooks: bool,
    pub forbidden_fields: Vec<String>,
    #[serde(with = "humantime_serde")]
    pub shutdown_grace: Duration,
    pub jwt: Jwt,
    pub schema: Schema,
    pub limits: Limits,
    pub delivery: Delivery,
    pub retention: Retention,
    pub elasticsearch: Elasticsearch,
    pub jobs: Jobs,
    pub sources: BTreeMap<String, SourceCluster>,
    pub log: Log,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            data_dir: PathBuf::from("tripline-data"),
            store: Backend::Embedded,
            percolator: Backend::Embedded,
            mapping: None,
            accept_mapping_change: false,
            allow_private_webhooks: false,
            forbidden_fields: vec!["last_updated".to_owned()],
            shutdown_grace: Duration::from_secs(30),
            jwt: Jwt::default(),
            schema: Schema::default(),
            limits: Limits::default(),
            delivery: Delivery::default(),
            retention: Retention::default(),
            elasticsearch: Elasticsearch::default(),
            jobs: Jobs::default(),
            sources: BTreeMap::new(),
            log: Log::default(),
        }
    }
}

/// Where something is done: in this process, or by an Elasticsearch or OpenSearch cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Backend {
    Embedded,
    Elasticsearch,
}

/// How bearer tokens are checked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jwt {
    pub algorithm: JwtAlgorithm,
    pub secret_file: Option<PathBuf>,
    pub public_key_file: Option<PathBuf>,
    pub issuer: Option<String>,
    pub audience: Option<String>,
    #[serde(with = "humantime_serde")]
    pub leeway: Duration,
}

impl Default for Jwt {
    fn default() -> Self {
        Jwt {
            algorithm: JwtAlgorithm::HS256,
            secret_file: None,
            public_key_file: None,
            issuer: None,
            audience: None,
            leeway: Duration::from_secs(30),
        }
    }
}

/// The one algorithm that tokens must be signed with; a token's own header never chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
pub enum JwtAlgorithm {
    #[value(name = "HS256")]
    HS256,
    #[value(name = "RS256")]
    RS256,
    #[value(name = "ES256")]
    ES256,
    #[value(name = "EdDSA")]
    EdDSA,
}

/// What one request, one tenant and the server at once may ask for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub body_bytes: NonZeroUsize,
    pub body_memory_bytes: NonZeroUsize,
    #[serde(with = "humantime_serde")]
    pub body_timeout: Duration,
    pub bulk_requests: NonZeroUsize,
    pub ingest_queue: NonZeroUsize,
    pub bulk_collect_ids: NonZeroUsize,
    pub bulk_collect_in_progress: NonZeroUsize,
    pub subscription_ids: NonZeroUsize,
    pub subscriptions_per_tenant: NonZeroUsize,
    pub jobs: NonZeroUsize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            body_bytes: nonzero(8 * MIB),
            body_memory_bytes: nonzero(256 * MIB),
            body_timeout: Duration::from_secs(60),
            bulk_requests: nonzero(8),
            ingest_queue: nonzero(4_096),
            bulk_collect_ids: nonzero(10_000),
            bulk_collect_in_progress: nonzero(16),
            subscription_ids: nonzero(300_000),
            subscriptions_per_tenant: nonzero(100_000),
            jobs: nonzero(4),
        }
    }
}

/// How events reach webhooks.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    pub batch_events: NonZeroUsize,
    #[serde(with = "humantime_serde")]
    pub linger: Duration,
    #[serde(with = "spans")]
    pub schedule: Vec<Duration>,
}

impl Default for Delivery {
    fn default() -> Self {
        let DeliveryOptions { batch_events, linger, schedule, .. } = DeliveryOptions::default();
        Delivery { batch_events: nonzero(batch_events), linger, schedule: schedule.waits }
    }
}

/// Lists of durations, each as humantime writes it.
mod spans {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    type Spans = Vec<humantime_serde::Serde<Duration>>;

    pub fn serialize<S: Serializer>(spans: &[Duration], serializer: S) -> Result<S::Ok, S::Error> {
        spans.iter().copied().map(humantime_serde::Serde::from).collect::<Spans>().serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Duration>, D::Error> {
        Ok(Spans::deserialize(deserializer)?.into_iter().map(humantime_serde::Serde::into_inner).collect())
    }
}

/// How long what is no longer needed is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    #[serde(with = "humantime_serde")]
    pub events: Duration,
    #[serde(with = "humantime_serde")]
    pub bulk_collect: Duration,
    #[serde(with = "humantime_serde")]
    pub jobs: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Retention { events: 30 * DAY, bulk_collect: 30 * DAY, jobs: 30 * DAY }
    }
}

/// What reindex jobs that are asked for over HTTP may read.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jobs {
    pub files_dir: Option<PathBuf>,
}

/// What the server says of itself, on standard error.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub format: LogFormat,
    pub filter: String,
}

impl Default for Log {
    fn default() -> Self {
        Log { format: LogFormat::Text, filter: "info".to_owned() }
    }
}

/// The shape of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    Text,
    Json,
}

const MIB: usize = 1024 * 1024;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A default that is written as a literal; 1 stands in for a 0, which nobody writes.
const fn nonzero(value: usize) -> NonZeroUsize {
    NonZeroUsize::MIN.saturating_add(value.saturating_sub(1))
}
