//! Delivery, end to end: a real engine over a real store, real receivers on loopback.

mod attempts;
#[allow(dead_code, reason = "servers are tested elsewhere")]
#[path = "../support/backend/embedded.rs"]
mod backend;
mod batches;
mod fairness;
mod life;
mod matched_positions;
mod network;
mod receiver;
mod restart;
mod world;
