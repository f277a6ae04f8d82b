//! The whole-system tests with everything in a real cluster of Elasticsearch 7.17, percolated in memory.

include!("../support/suite.rs");

/// Where it is.
const SERVER: nodes::Server = nodes::Server::Elasticsearch7;

/// What matches documents.
const PERCOLATOR: tripline::config::Backend = tripline::config::Backend::Embedded;
