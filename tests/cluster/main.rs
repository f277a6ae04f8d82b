//! Tripline's connection to real clusters, and what it makes there.

mod bulk;
mod connecting;
mod fake;
#[path = "../support/nodes.rs"]
#[allow(dead_code, reason = "nodes are asked for more elsewhere")]
mod nodes;
mod reading;
mod settings;
