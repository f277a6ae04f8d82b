//! The list of settings with their meanings; `docs/configuration.md` is written from it.

use std::fmt::Write;

use serde_json::Value;

use super::Config;

/// One setting: its dotted name, its flag where it has one, what it means.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// `listen`, `jwt.secret_file`
    pub name: &'static str,
    /// `--listen`
    pub flag: Option<&'static str>,
    /// One sentence or two.
    pub meaning: &'static str,
}

impl Setting {
    /// The environment variable that sets it: `TRIPLINE_JWT__SECRET_FILE`.
    pub fn variable(&self) -> String {
        format!("TRIPLINE_{}", self.name.replace('.', "__").to_uppercase())
    }
}

const fn setting(name: &'static str, meaning: &'static str) -> Setting {
    Setting { name, flag: None, meaning }
}

const fn flagged(name: &'static str, flag: &'static str, meaning: &'static str) -> Setting {
    Setting { name, flag: Some(flag), meaning }
}

/// Every setting, in the order of the documentation; a test holds it against [`Config`].
pub const SETTINGS: &[Setting] = &[
    flagged(
        "listen",
        "--listen",
        "The address and port that the server listens on; port 0 takes a free one and says which.",
    ),
    flagged("data_dir", "--data-dir", "The directory that holds everything durable. One process at a time may use it."),
    flagged(
        "store",
        "--store",
        "Where everything durable lives: `embedded`, in the data directory, or `elasticsearch`, in the cluster of `elasticsearch.urls`.",
    ),
    flagged(
        "percolator",
        "--percolator",
        "What matches documents with subscriptions: `embedded`, this process, or `elasticsearch`, the cluster that is the store.",
    ),
    flagged(
        "mapping",
        "--mapping",
        "A file with the Elasticsearch mapping of the documents; without it the Clean Employee mapping that comes with Tripline.",
    ),
    flagged(
        "accept_mapping_change",
        "--accept-mapping-change",
        "Start although stored queries no longer fit the mapping: those are paused with the reason. Without it such a start is refused with their list.",
    ),
    flagged(
        "allow_private_webhooks",
        "--allow-private-webhooks",
        "Deliver to loopback and private addresses too. For tests and closed networks only.",
    ),
    setting("forbidden_fields", "Fields that no subscription's query may use, however it names them."),
    setting(
        "shutdown_grace",
        "How long requests and deliveries on the wire may take to end after SIGTERM before they are cut off.",
    ),
    flagged(
        "jwt.algorithm",
        "--jwt-algorithm",
        "The one algorithm that bearer tokens must be signed with: HS256, RS256, ES256 or EdDSA.",
    ),
    flagged(
        "jwt.secret_file",
        "--jwt-secret-file",
        "HS256: the file whose bytes, less one final newline, are the key (at least 32 bytes). Without it one is made in the data directory.",
    ),
    flagged(
        "jwt.public_key_file",
        "--jwt-public-key-file",
        "RS256, ES256, EdDSA: the file with the public key in PEM.",
    ),
    setting("jwt.issuer", "If set, tokens must carry this `iss`."),
    setting("jwt.audience", "If set, tokens must carry this `aud`; if not set, a token's `aud` is not looked at."),
    setting("jwt.leeway", "How far the clocks of token makers may differ when `exp`, `nbf` and `iat` are checked."),
    setting("schema.id", "The field of a document that holds the member's id."),
    setting(
        "schema.last_updated",
        "When the profile was last seen: an older document is stale. This and the following take one name or a list of names.",
    ),
    setting("schema.is_deleted", "The mark of a deleted profile."),
    setting("schema.experience", "The list of positions."),
    setting("schema.company_id", "Within a position: the id of the company."),
    setting("schema.company_name", "Within a position: the name of the company."),
    setting("schema.title", "Within a position: the title."),
    setting("schema.date_from", "Within a position: its start."),
    setting("schema.date_to", "Within a position: its end."),
    setting("limits.body_bytes", "The largest request body, and the longest line of a `_bulk` stream, in bytes."),
    setting(
        "limits.body_memory_bytes",
        "What all request bodies being read at one time may take together, in bytes; beyond it requests wait, then get 503.",
    ),
    setting("limits.body_timeout", "How long a request body may take to arrive, or a `_bulk` stream may fall silent."),
    setting("limits.bulk_requests", "How many `_bulk` streams are taken at one time; further ones get 503."),
    setting("limits.ingest_queue", "How many single updates may wait for the next commit; further ones get 503."),
    setting("limits.bulk_collect_ids", "The most member ids of one Bulk Collect request."),
    setting(
        "limits.bulk_collect_in_progress",
        "How many Bulk Collect requests of one tenant may be in progress; further ones get 429.",
    ),
    setting("limits.subscription_ids", "The most member ids of one subscription."),
    setting("limits.subscriptions_per_tenant", "The most subscriptions of one tenant."),
    setting("limits.jobs", "How many reindex jobs may run at one time; further ones get 429."),
    setting("delivery.batch_events", "The most events of one webhook POST."),
    setting(
        "delivery.linger",
        "How long an event waits for others to share its POST with, where the cadence is `immediate`.",
    ),
    setting(
        "delivery.schedule",
        "How long to wait before each attempt of a batch, the first one's included; after the last one the subscription is paused.",
    ),
    setting(
        "retention.events",
        "How long events are kept: for `/events` after delivery, and while a subscription is paused.",
    ),
    setting("retention.bulk_collect", "How long the files of a Bulk Collect request are kept."),
    flagged(
        "elasticsearch.urls",
        "--elasticsearch-url",
        "Nodes of the cluster, `http://host:9200` or `https://host:9200`: while one does not answer, the others are asked. The flag may come several times.",
    ),
    setting("elasticsearch.username", "The user of basic authentication."),
    setting("elasticsearch.password_file", "The file with the user's password, less one final newline."),
    setting(
        "elasticsearch.api_key_file",
        "The file with an API key as the cluster gives it out (`encoded`), instead of a user.",
    ),
    setting("elasticsearch.ca_file", "Certificates in PEM that are trusted besides the well-known ones, for `https`."),
    setting(
        "elasticsearch.request_timeout",
        "How long one request to a node may take before another node is asked, or it fails.",
    ),
    setting(
        "elasticsearch.busy_timeout",
        "How long requests and single writes that a busy cluster turns away are tried again before they fail.",
    ),
    setting("elasticsearch.compression", "Whether requests and answers are compressed (gzip)."),
    setting("elasticsearch.bulk_bytes", "About how many bytes one bulk request may have; larger ones are split."),
    setting("elasticsearch.prefix", "What the names of all indices, aliases and templates begin with."),
    setting(
        "elasticsearch.shards",
        "Primary shards of the indices that grow with the members, when they are made. Later changes take effect with the next migration.",
    ),
    setting("elasticsearch.replicas", "Copies of each shard besides the primary."),
    setting("elasticsearch.refresh_interval", "How often the cluster makes new documents visible to searches."),
    setting("retention.jobs", "How long a reindex job that has ended is listed, and its files are kept."),
    setting(
        "jobs.files_dir",
        "The directory whose files `POST /v1/jobs/reindex` may read; without it files are for the command line alone.",
    ),
    setting(
        "sources",
        "The clusters that reindex jobs may read, each under a name: `[sources.main]` with `urls`, and where they are needed `username` and `password_file`, `api_key_file`, `ca_file`, `request_timeout` (60s) and `compression` (false).",
    ),
    setting("log.format", "The shape of log lines on standard error: `text` or `json`."),
    setting("log.filter", "What is logged, in the syntax of tracing's `EnvFilter`: `info`, `tripline=debug,warn`."),
];

/// The page `docs/configuration.md`.
pub fn documentation() -> String {
    let mut page = String::from(INTRODUCTION);
    let defaults = serde_json::to_value(Config::default()).unwrap_or_default();
    for setting in SETTINGS {
        let flag = setting.flag.map(|flag| format!(", flag `{flag}`")).unwrap_or_default();
        let default = match value_at(&defaults, setting.name) {
            None | Some(Value::Null) => "not set".to_owned(),
            Some(value) => format!("`{value}`"),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(page, "\n### `{}`\n", setting.name);
        let _ = writeln!(page, "{}\n", setting.meaning);
        let _ = writeln!(page, "Default: {default}. Environment: `{}`{flag}.", setting.variable());
    }
    page
}

const INTRODUCTION: &str = "\
# Configuration

<!-- Written from src/config/settings.rs; `TRIPLINE_WRITE_DOCS=1 cargo test --lib config` writes it anew. -->

Four sources, each stronger than the one before:

1. the defaults below;
2. a TOML file: the one named by `--config` (or `TRIPLINE_CONFIG`), else `tripline.toml` in the working directory where there is one;
3. environment variables: `TRIPLINE_` and the setting's name in capitals, two underscores for each dot;
4. flags of `tripline serve`.

`tripline serve --print-config` shows every setting, its value and where it came from, and ends; what it prints is a valid
configuration file. An unknown or wrong setting stops the start with its name. Durations are written `500ms`, `30s`, `5m`, `2h`, `30days`.

Secrets are never settings: settings name the files that hold them.

```toml
listen = \"0.0.0.0:8080\"
data_dir = \"/var/lib/tripline\"

[jwt]
algorithm = \"RS256\"
public_key_file = \"/etc/tripline/issuer.pem\"
```

## Settings
";

/// The value under a dotted name.
pub(super) fn value_at<'v>(values: &'v Value, name: &str) -> Option<&'v Value> {
    name.split('.').try_fold(values, |value, key| value.get(key))
}
