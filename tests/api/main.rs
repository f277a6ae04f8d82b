//! The API over real HTTP, against a server in this process or, where the process itself is what matters, against `tripline serve`.

mod auth;
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
