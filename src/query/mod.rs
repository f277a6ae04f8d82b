//! Elasticsearch DSL in JSON to a typed query tree.

mod ast;
mod error;

pub use ast::*;
pub use error::{QueryError, QueryErrorKind};
