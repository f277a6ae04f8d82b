//! Delivery.

mod cadence;
mod client;
mod guard;
mod lanes;
mod payload;
mod resolver;
mod schedule;
mod signature;
mod webhook_url;

pub use signature::new_secret;
pub use webhook_url::{WebhookUrlError, check_webhook_url};
