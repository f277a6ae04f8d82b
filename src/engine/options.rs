//! What an engine is opened with.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::change::Schema;
use crate::mapping::Mapping;

/// What an [`Engine`](super::Engine) is opened with; [`EngineOptions::new`] has the defaults.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// The folder of the store; made if it is missing.
    pub data_dir: PathBuf,
    /// The fields that documents and queries may have.
    pub mapping: Arc<Mapping>,
    /// Which fields of a document hold its id and its positions; default: those of `clean_member`.
    pub schema: Schema,
    /// Fields that no subscription's query may use; default: `last_updated`, which changes with every crawl.
    pub forbidden_fields: Vec<String>,
    /// How many members' fingerprints are kept in memory, in bytes; default [`EngineOptions::MEMBER_CACHE_BYTES`].
    pub member_cache_bytes: u64,
    /// How many bytes of the store's pages are kept in memory; default [`EngineOptions::STORE_CACHE_BYTES`].
    pub store_cache_bytes: usize,
    /// How many ids one `ids` selector may have; default [`EngineOptions::MAX_IDS`].
    pub max_ids: usize,
    /// How long a subscription lives without being renewed; default: for ever.
    pub subscription_lifetime: Option<Duration>,
    /// How long events are kept, delivered or not; default [`EngineOptions::RETENTION`].
    pub retention: Duration,
    /// Start although stored queries no longer fit the mapping: those subscriptions are paused with the reason.
    pub accept_mapping_change: bool,
    /// What time it is; default: the machine's clock.
    pub clock: Clock,
}

impl EngineOptions {
    /// Memory for members' fingerprints: about 300,000 members.
    pub const MEMBER_CACHE_BYTES: u64 = 64 << 20;
    /// Memory for pages of the store.
    pub const STORE_CACHE_BYTES: usize = 256 << 20;
    /// The most ids that one `ids` selector may have.
    pub const MAX_IDS: usize = 300_000;
    /// Events older than this are dropped: thirty days.
    pub const RETENTION: Duration = Duration::from_secs(30 * 24 * 60 * 60);

    /// The defaults, over the store in `data_dir` and documents of `mapping`.
    pub fn new(data_dir: impl Into<PathBuf>, mapping: impl Into<Arc<Mapping>>) -> Self {
        EngineOptions {
            data_dir: data_dir.into(),
            mapping: mapping.into(),
            schema: Schema::default(),
            forbidden_fields: vec!["last_updated".to_owned()],
            member_cache_bytes: Self::MEMBER_CACHE_BYTES,
            store_cache_bytes: Self::STORE_CACHE_BYTES,
            max_ids: Self::MAX_IDS,
            subscription_lifetime: None,
            retention: Self::RETENTION,
            accept_mapping_change: false,
            clock: Clock::default(),
        }
    }
}

/// Tells the time: the machine's by default, any other for tests.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// A clock that says what `now` returns.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Clock(Arc::new(now))
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Clock::new(Timestamp::now)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Clock({})", self.now())
    }
}
