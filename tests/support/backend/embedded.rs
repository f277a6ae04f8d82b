//! Engines over a folder of their own.

use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
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

    pub fn open(&self, options: EngineOptions) -> Result<Opened, OpenError> {
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
