//! Engines over a folder of their own.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;
use tripline::config::Config;
use tripline::engine::{Engine, EngineOptions, OpenError};

/// Where an engine keeps everything; gone when this is dropped.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    /// Lets a server keep everything here.
    pub fn configure(&self, config: &mut Config) {
        config.data_dir = self.folder().to_owned();
    }

    pub fn open(&self, options: EngineOptions, _mapping: &Value) -> Result<Opened, OpenError> {
        Ok(Opened(Arc::new(Engine::open(options)?)))
    }
}

/// An engine at work.
pub struct Opened(Arc<Engine>);

impl Opened {
    pub fn engine(&self) -> &Arc<Engine> {
        &self.0
    }
}
