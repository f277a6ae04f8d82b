//! A whole server in one process: engine, delivery, Bulk Collect, jobs and API, started and ended together.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use tripline::config::Config;
//! use tripline::server;
//!
//! let server = server::start(Config { listen: "127.0.0.1:0".parse()?, ..Config::default() }).await?;
//! println!("listening on http://{}", server.address());
//! server.shutdown().await;
//! # Ok(())
//! # }
//! ```

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::api::auth::{GENERATED_SECRET, KeyError, Verifier, generate_secret};
use crate::api::{self, App};
use crate::config::{self, Backend, Config, JwtAlgorithm};
use crate::delivery::{self, Delivery, DeliveryOptions, Schedule};
use crate::engine::{Engine, EngineOptions, OpenError};
use crate::jobs::bulk_collect::{BulkCollect, BulkCollectError};
use crate::jobs::reindex::{JobError, JobSettings, Jobs};
use crate::json::{self, JsonError};
use crate::mapping::{Mapping, MappingError};
use crate::node::{Joining, Node};
use crate::store::ElasticsearchStore;
use crate::store::elasticsearch::Percolation;
use crate::store::embedded::make_private;

/// The mapping that is used where none is configured.
const CLEAN_MEMBER: &str = include_str!("../mappings/clean_member.json");

/// How often events older than the retention are dropped.
const SWEEP: Duration = Duration::from_secs(10 * 60);

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot read the mapping {path:?}: {source}")]
    MappingFile { path: PathBuf, source: io::Error },
    #[error("the mapping {path:?} is no acceptable JSON: {source}")]
    MappingJson { path: PathBuf, source: JsonError },
    #[error("the mapping {path:?} cannot be used: {source}")]
    Mapping { path: PathBuf, source: MappingError },
    #[error(transparent)]
    Engine(#[from] OpenError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error(transparent)]
    Delivery(#[from] delivery::StartError),
    #[error("cannot start bulk collect: {0}")]
    BulkCollect(#[from] BulkCollectError),
    #[error("cannot go on with the reindex jobs: {0}")]
    Jobs(#[from] JobError),
    #[error("cannot start: {0}")]
    Panicked(#[from] tokio::task::JoinError),
}

/// A running server.
pub struct Server {
    address: SocketAddr,
    secret: Option<Secret>,
    grace: Duration,
    ending: CancellationToken,
    serving: JoinHandle<io::Result<()>>,
    sweeping: JoinHandle<()>,
    delivery: Delivery,
    /// Over a cluster: this process as one of its nodes.
    node: Option<Node>,
    bulk_collect: Arc<BulkCollect>,
    bulk_thread: thread::JoinHandle<()>,
    jobs: Arc<Jobs>,
}

/// The HS256 secret that a server checks tokens with.
#[derive(Debug, Clone)]
pub struct Secret {
    /// Its file.
    pub file: PathBuf,
    /// Whether this start made it.
    pub generated: bool,
}

/// Opens the data directory, binds the address, and serves.
///
/// # Errors
///
/// When the directory is in use, the mapping or a key cannot be read, or the address cannot be bound.
pub async fn start(config: Config) -> Result<Server, StartError> {
    let options = engine_options(&config)?;
    // The engine comes first: it holds the lock of the data directory, in which a secret may be made next.
    let cluster = match config.store {
        Backend::Embedded => None,
        Backend::Elasticsearch => Some((config.elasticsearch.clone(), percolation(&config, &options)?)),
    };
    let (engine, node) = tokio::task::spawn_blocking(move || open(options, cluster)).await??;
    let (secret, verifier) = tokens(&config)?;
    let address = config.listen;
    let listener = TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })?;
    let address = listener.local_addr().map_err(|source| StartError::Listen { address, source })?;

    let delivery = Delivery::start(Arc::clone(&engine), delivery_options(&config))?;
    let (bulk_collect, bulk_thread) = BulkCollect::start(
        Arc::clone(&engine),
        config.retention.bulk_collect,
        config.limits.bulk_collect_in_progress.get(),
    )?;
    let jobs = Jobs::new(Arc::clone(&engine), Arc::clone(&bulk_collect), JobSettings::from(&config))?;
    jobs.resume_interrupted()?;
    let ending = CancellationToken::new();
    let sweeping = tokio::spawn(sweep(Arc::clone(&engine), ending.clone()));
    let grace = config.shutdown_grace;
    let app = App::new(
        Arc::new(config),
        engine,
        delivery.handle(),
        Arc::clone(&bulk_collect),
        Arc::clone(&jobs),
        verifier,
        ending.clone(),
    );
    let router = api::router(app);
    let served = axum::serve(listener, router).with_graceful_shutdown(ending.clone().cancelled_owned());
    let serving = tokio::spawn(async move { served.await });
    Ok(Server { address, secret, grace, ending, serving, sweeping, delivery, node, bulk_collect, bulk_thread, jobs })
}

impl Server {
    /// Where it listens, with the port that it really has.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The secret that tokens are signed with, where the algorithm is HS256.
    pub fn secret(&self) -> Option<&Secret> {
        self.secret.as_ref()
    }

    /// Takes no new requests, ends those that run, delivers what is on the wire, and ends; each for at most
    /// `shutdown_grace`. Nothing that was answered with 2xx is lost, however this ends.
    pub async fn shutdown(mut self) {
        self.ending.cancel();
        self.bulk_collect.stop();
        let jobs = tokio::task::spawn_blocking(move || self.jobs.stop());
        let ended = tokio::time::timeout(self.grace, &mut self.serving).await;
        match ended {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => tracing::error!(%error, "the listener failed"),
            Ok(Err(error)) => tracing::error!(%error, "the listener ended by itself"),
            Err(_) => {
                tracing::warn!(grace = ?self.grace, "requests are cut off that did not end within shutdown_grace");
                self.serving.abort();
            }
        }
        self.delivery.shutdown().await;
        self.sweeping.abort();
        if let Err(error) = jobs.await {
            tracing::error!(%error, "stopping the reindex jobs panicked");
        }
        let joined = tokio::task::spawn_blocking(move || {
            let bulk_collect = self.bulk_thread.join().is_ok();
            self.node.is_none_or(Node::stop) && bulk_collect
        });
        if !matches!(joined.await, Ok(true)) {
            tracing::error!("a thread of bulk collect or of the cluster's node ended by itself");
        }
    }
}

/// Opens the engine over a store of its own or, as one of its nodes, over a cluster.
fn open(
    options: EngineOptions,
    cluster: Option<(config::Elasticsearch, Option<Percolation>)>,
) -> Result<(Arc<Engine>, Option<Node>), OpenError> {
    let Some((settings, percolation)) = cluster else { return Ok((Arc::new(Engine::open(options)?), None)) };
    // For what does not lie in the cluster: a generated secret, files to be downloaded.
    make_private(&options.data_dir)
        .map_err(|source| OpenError::DataDirectory { directory: options.data_dir.clone(), source })?;
    let store = Arc::new(ElasticsearchStore::open(&settings, percolation)?);
    let joining = Joining::new(Arc::clone(&store))?;
    let engine = Arc::new(Engine::over(store, options)?);
    let node = joining.start(Arc::clone(&engine))?;
    Ok((engine, Some(node)))
}

/// How the cluster percolates, if it is to.
fn percolation(config: &Config, options: &EngineOptions) -> Result<Option<Percolation>, StartError> {
    if config.percolator == Backend::Embedded {
        return Ok(None);
    }
    let (_, mapping_json) = mapping_json(config.mapping.as_deref())?;
    Ok(Some(Percolation {
        mapping_json,
        mapping: Arc::clone(&options.mapping),
        id_field: config.schema.id.clone(),
        forbidden_fields: config.forbidden_fields.clone(),
    }))
}

/// How the engine of a configuration is opened.
///
/// # Errors
///
/// When the mapping cannot be read.
pub fn engine_options(config: &Config) -> Result<EngineOptions, StartError> {
    let mapping = mapping(config.mapping.as_deref())?;
    Ok(EngineOptions {
        schema: config.schema.clone(),
        forbidden_fields: config.forbidden_fields.clone(),
        max_ids: config.limits.subscription_ids.get(),
        retention: config.retention.events,
        accept_mapping_change: config.accept_mapping_change,
        ..EngineOptions::new(&config.data_dir, mapping)
    })
}

/// The mapping of a file, or the one that comes with Tripline.
pub fn mapping(file: Option<&Path>) -> Result<Mapping, StartError> {
    let (path, json) = mapping_json(file)?;
    Mapping::from_json(&json).map_err(|source| StartError::Mapping { path, source })
}

/// The mapping as it is given to Elasticsearch, and where it is from.
fn mapping_json(file: Option<&Path>) -> Result<(PathBuf, Value), StartError> {
    let path = file.unwrap_or(Path::new("mappings/clean_member.json")).to_owned();
    let text = match file {
        None => CLEAN_MEMBER.as_bytes().to_vec(),
        Some(file) => std::fs::read(file).map_err(|source| StartError::MappingFile { path: path.clone(), source })?,
    };
    let json = json::parse(&text).map_err(|source| StartError::MappingJson { path: path.clone(), source })?;
    Ok((path, json))
}

fn delivery_options(config: &Config) -> DeliveryOptions {
    DeliveryOptions {
        schedule: Schedule { waits: config.delivery.schedule.clone(), ..Schedule::default() },
        linger: config.delivery.linger,
        batch_events: config.delivery.batch_events.get(),
        drain: config.shutdown_grace,
        allow_private_webhooks: config.allow_private_webhooks,
        ..DeliveryOptions::default()
    }
}

fn tokens(config: &Config) -> Result<(Option<Secret>, Verifier), KeyError> {
    let configured = config.jwt.secret_file.clone();
    let file = configured.clone().unwrap_or_else(|| config.data_dir.join(GENERATED_SECRET));
    let symmetric = config.jwt.algorithm == JwtAlgorithm::HS256;
    let generated = symmetric && configured.is_none() && generate_secret(&file)?;
    let verifier = Verifier::new(&config.jwt, &file)?;
    Ok((symmetric.then_some(Secret { file, generated }), verifier))
}

async fn sweep(engine: Arc<Engine>, ending: CancellationToken) {
    while ending.run_until_cancelled(tokio::time::sleep(SWEEP)).await.is_some() {
        let engine = Arc::clone(&engine);
        match tokio::task::spawn_blocking(move || engine.drop_old_events()).await {
            Ok(Ok(dropped)) => tracing::debug!(dropped, "events older than the retention are dropped"),
            Ok(Err(error)) => tracing::error!(%error, "cannot drop old events; it is tried again"),
            Err(error) => tracing::error!(%error, "dropping old events panicked"),
        }
    }
}
