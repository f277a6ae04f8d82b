//! Which store a command works over, for commands that open one themselves.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use tripline::config::{self, Backend, Config, Given, Sources};

/// The settings of a server that say where everything durable lives.
#[derive(Args)]
pub struct StoreArguments {
    /// Data directory to work in, while no server uses it; what is to be delivered waits for the next one.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Where everything durable lives [default: embedded].
    #[arg(long, value_name = "WHERE")]
    store: Option<Backend>,
    /// Node of the cluster that is the store; may come several times.
    #[arg(long = "elasticsearch-url", value_name = "URL")]
    elasticsearch_urls: Vec<String>,
    /// Mapping of the documents.
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Configuration file.
    #[arg(long, env = "TRIPLINE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

impl StoreArguments {
    /// The settings of all sources, these flags being the strongest.
    pub fn config(&self) -> anyhow::Result<Config> {
        let mut flags = Vec::new();
        for (flag, path) in [("--data-dir", &self.data_dir), ("--mapping", &self.mapping)] {
            let Some(path) = path else { continue };
            let text = path.to_str().with_context(|| format!("{flag} {path:?} is not UTF-8"))?;
            flags.push(Given::by_flag(flag, text));
        }
        flags.extend(self.store.map(|backend| Given::by_flag("--store", format!("{backend:?}").to_lowercase())));
        if !self.elasticsearch_urls.is_empty() {
            flags.push(Given::by_flag("--elasticsearch-url", self.elasticsearch_urls.clone()));
        }
        Ok(config::load(Sources::of_this_process(self.config.clone(), flags))?.config)
    }
}
