//! Everything durable in an Elasticsearch or OpenSearch cluster that any number of nodes share.

pub mod indices;
