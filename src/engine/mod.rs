//! Stub.
/// Stub.
pub struct Engine;
