//! The API over real HTTP, against a server in this process or, where the process itself is what matters, against `tripline serve`.

mod auth;
#[allow(dead_code, reason = "engines are opened by servers here")]
#[path = "../support/backend/embedded.rs"]
mod backend;
mod bad_input;
mod bulk;
mod bulk_collect;
mod harness;
mod members;
mod operations;
mod preview;
mod process;
mod subscriptions;
mod tenants;
