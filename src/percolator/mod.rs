//! Stub.

mod document;

pub use document::{Document, DocumentError, Scope, Token, Values};

/// Stub.
pub struct Percolator;
