//! The protocol on a cluster, searched: every interleaving of a few nodes, with crashes, lost answers, stale searches and reads of
//! what is not durable yet. Three parts, three models, small enough that all their states are visited:
//!
//! | model | what it is about |
//! | --- | --- |
//! | [`members`] | one member's document, the events in it, and how they become documents of their own |
//! | [`queue`] | one subscription's queue: batches, two nodes that both believe that it is theirs, and a member erased meanwhile |
//! | [`activation`] | from when on no update misses a new subscription |
//!
//! A model must be able to fail: for each rule of the protocol there is a test that leaves the rule out and expects the search to find
//! how the promise breaks. `docs/architecture.md` tells the protocol.

mod activation;
mod members;
mod queue;

mod search;
