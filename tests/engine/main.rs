//! What the embedded engine promises, by its public functions and a real store.

mod audience;
#[allow(dead_code, reason = "servers are tested elsewhere")]
#[path = "../support/backend/embedded.rs"]
mod backend;
mod batches;
mod collect;
mod erasing;
mod file;
mod matched_positions;
mod opening;
mod outcomes;
mod rejections;
mod subscriptions;
#[path = "../support/engine.rs"]
mod support;
