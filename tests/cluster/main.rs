//! Tripline's connection to real clusters, and what it makes there.

mod bulk;
mod connecting;
mod fake;
#[path = "../support/fault_proxy.rs"]
#[allow(dead_code, reason = "other tests have more faults")]
mod fault_proxy;
mod faults;
mod indices;
mod migrating;
#[path = "../support/nodes.rs"]
#[allow(dead_code, reason = "nodes are asked for more elsewhere")]
mod nodes;
mod reading;
mod settings;
#[path = "../support/three_nodes.rs"]
mod three_nodes;
