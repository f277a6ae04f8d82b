//! What the embedded engine promises, by its public functions and a real store.

mod audience;
mod batches;
mod collect;
mod erasing;
mod matched_positions;
mod opening;
mod outcomes;
mod rejections;
mod subscriptions;
#[path = "../support/engine.rs"]
mod support;
