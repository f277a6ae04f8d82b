//! Stub.
/// Stub.
pub struct Percolator;
