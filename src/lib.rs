//! Tripline is an embedded change-detection engine for people data.

#![forbid(unsafe_code)]

pub mod analysis;
pub mod api;
pub mod batch;
pub mod change;
pub mod config;
pub mod delivery;
pub mod elasticsearch;
pub mod engine;
pub mod event;
mod excerpt;
pub mod geo;
pub mod jobs;
pub mod json;
pub mod mapping;
pub mod member;
pub mod node;
pub mod percolator;
pub mod query;
pub mod server;
pub mod store;
pub mod subscription;

pub use change::{Change, ChangeKind};
pub use engine::Engine;
pub use mapping::Mapping;
pub use member::MemberId;
pub use percolator::Percolator;
pub use subscription::SubscriptionId;
