//! Where everything durable lives: members with their documents, subscriptions, events and what delivery remembers.
//!
//! One store so far, the [`embedded`] one: a single file, transactional, with nothing else installed.

pub mod embedded;
mod error;

pub use embedded::Store;
pub use error::StoreError;
