//! `tripline serve`.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;
use tripline::config::{self, Backend, Config, Given, JwtAlgorithm, LogFormat, Sources};
use tripline::server::{self, Server};

/// Every setting has a default; `docs/configuration.md` lists those that have no flag.
#[derive(Args)]
pub struct Arguments {
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Directory of everything durable; one process at a time [default: tripline-data].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// File with the HS256 secret of bearer tokens; without it one is made in the data directory.
    #[arg(long, value_name = "FILE")]
    jwt_secret_file: Option<PathBuf>,
    /// File with the public key of bearer tokens in PEM, for RS256, ES256 or EdDSA.
    #[arg(long, value_name = "FILE")]
    jwt_public_key_file: Option<PathBuf>,
    /// The one algorithm of bearer tokens [default: HS256].
    #[arg(long, value_name = "ALGORITHM")]
    jwt_algorithm: Option<JwtAlgorithm>,
    /// Where everything durable lives [default: embedded].
    #[arg(long, value_name = "WHERE")]
    store: Option<Backend>,
    /// What matches documents with subscriptions [default: embedded].
    #[arg(long, value_name = "WHERE")]
    percolator: Option<Backend>,
    /// Node of the Elasticsearch or OpenSearch cluster; may come several times.
    #[arg(long = "elasticsearch-url", value_name = "URL")]
    elasticsearch_urls: Vec<String>,
    /// Elasticsearch mapping of the documents [default: the Clean Employee mapping].
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Start although stored queries no longer fit the mapping: they are paused with the reason.
    #[arg(long)]
    accept_mapping_change: bool,
    /// Deliver to loopback and private addresses too.
    #[arg(long)]
    allow_private_webhooks: bool,
    /// Configuration file [default: tripline.toml in the working directory, where there is one].
    #[arg(long, value_name = "FILE", env = "TRIPLINE_CONFIG")]
    config: Option<PathBuf>,
    /// Show every setting, its value and where it came from, and end.
    #[arg(long)]
    print_config: bool,
}

pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let print = arguments.print_config;
    let loaded = config::load(arguments.sources()?)?;
    if print {
        print!("{}", loaded.print());
        return Ok(ExitCode::SUCCESS);
    }
    log(&loaded.config);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("tripline").build()?;
    runtime.block_on(serve(loaded.config))?;
    // What still runs on blocking threads was cut off on purpose; a commit is whole or not there.
    runtime.shutdown_background();
    Ok(ExitCode::SUCCESS)
}

async fn serve(config: Config) -> anyhow::Result<()> {
    // Before anything is open, so that no signal is missed.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let server = server::start(config).await?;
    announce(&server)?;
    tokio::select! {
        _ = terminate.recv() => tracing::info!("SIGTERM: shutting down"),
        _ = interrupt.recv() => tracing::info!("SIGINT: shutting down"),
    }
    server.shutdown().await;
    tracing::info!("ended");
    Ok(())
}

fn announce(server: &Server) -> anyhow::Result<()> {
    if let Some(secret) = server.secret().filter(|secret| secret.generated) {
        tracing::info!(file = %secret.file.display(), "made a secret for bearer tokens, readable by this user alone");
    }
    if let Some(secret) = server.secret() {
        tracing::info!("mint a token with: tripline token --jwt-secret-file {} --tenant NAME", secret.file.display());
    }
    let address = server.address();
    let mut out = std::io::stdout().lock();
    writeln!(out, "listening on http://{address}").and_then(|()| out.flush()).context("cannot write to standard output")
}

fn log(config: &Config) {
    // The filter was checked with the other settings.
    let filter = EnvFilter::try_new(&config.log.filter).unwrap_or_default();
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match config.log.format {
        LogFormat::Text => lines.with_ansi(false).init(),
        LogFormat::Json => lines.json().init(),
    }
}

impl Arguments {
    fn sources(self) -> anyhow::Result<Sources> {
        let mut flags = Vec::new();
        if let Some(listen) = self.listen {
            flags.push(Given::by_flag("--listen", listen.to_string()));
        }
        let algorithm = self.jwt_algorithm.map(|algorithm| format!("{algorithm:?}"));
        flags.extend(algorithm.map(|algorithm| Given::by_flag("--jwt-algorithm", algorithm)));
        for (flag, backend) in [("--store", self.store), ("--percolator", self.percolator)] {
            let name = backend.map(|backend| format!("{backend:?}").to_lowercase());
            flags.extend(name.map(|name| Given::by_flag(flag, name)));
        }
        if !self.elasticsearch_urls.is_empty() {
            flags.push(Given::by_flag("--elasticsearch-url", self.elasticsearch_urls));
        }
        let paths = [
            ("--data-dir", self.data_dir),
            ("--mapping", self.mapping),
            ("--jwt-secret-file", self.jwt_secret_file),
            ("--jwt-public-key-file", self.jwt_public_key_file),
        ];
        for (flag, path) in paths {
            let Some(path) = path else { continue };
            let text = path.to_str().with_context(|| format!("{flag} {path:?} is not UTF-8"))?;
            flags.push(Given::by_flag(flag, text));
        }
        let switches = [
            ("--accept-mapping-change", self.accept_mapping_change),
            ("--allow-private-webhooks", self.allow_private_webhooks),
        ];
        flags.extend(switches.into_iter().filter(|(_, on)| *on).map(|(flag, on)| Given::by_flag(flag, on)));
        Ok(Sources::of_this_process(self.config, flags))
    }
}
