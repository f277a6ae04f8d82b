//! Reindex jobs and exports, over files and real clusters, in this process and in one that is killed.

mod bad_input;
mod cluster;
mod export;
mod files;
mod http;
mod index;
mod killed;
mod missing;
#[allow(dead_code, reason = "the differential tests ask more of it")]
#[path = "../support/nodes.rs"]
mod nodes;
mod options;
mod shop;
