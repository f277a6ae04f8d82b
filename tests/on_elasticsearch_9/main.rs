//! The whole-system tests with everything in a real cluster of Elasticsearch 9, percolated in memory.

include!("../support/suite.rs");

/// Where it is.
const SERVER: nodes::Server = nodes::Server::Elasticsearch9;

/// What matches documents.
const PERCOLATOR: tripline::config::Backend = tripline::config::Backend::Embedded;
