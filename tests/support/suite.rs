// The whole-system tests that hold whatever the store is, for a target that says which cluster it is.

#[path = "../api/subscriptions.rs"]
mod api_subscriptions;
#[path = "../delivery/attempts.rs"]
mod attempts;
#[path = "../engine/audience.rs"]
mod audience;
#[path = "../api/auth.rs"]
mod auth;
#[path = "backend/cluster.rs"]
mod backend;
#[path = "../api/bad_input.rs"]
mod bad_input;
#[path = "../engine/batches.rs"]
mod batches;
#[path = "../api/bulk.rs"]
mod bulk;
#[path = "../api/bulk_collect.rs"]
mod bulk_collect;
#[path = "../engine/collect.rs"]
mod collect;
#[path = "../delivery/batches.rs"]
mod delivery_batches;
#[path = "../delivery/matched_positions.rs"]
mod delivery_matched_positions;
#[path = "../engine/erasing.rs"]
mod erasing;
#[path = "../delivery/fairness.rs"]
mod fairness;
#[path = "../api/harness.rs"]
mod harness;
#[path = "../delivery/life.rs"]
mod life;
#[path = "../engine/matched_positions.rs"]
mod matched_positions;
#[path = "../api/members.rs"]
mod members;
#[allow(dead_code, reason = "the differential tests ask more of it")]
#[path = "nodes.rs"]
mod nodes;
#[path = "../api/operations.rs"]
mod operations;
#[path = "../engine/outcomes.rs"]
mod outcomes;
#[path = "../api/preview.rs"]
mod preview;
#[allow(dead_code, reason = "the tests of the network guard ask more of it")]
#[path = "../delivery/receiver.rs"]
mod receiver;
#[path = "../engine/rejections.rs"]
mod rejections;
#[path = "../delivery/restart.rs"]
mod restart;
#[path = "../engine/subscriptions.rs"]
mod subscriptions;
#[allow(dead_code, reason = "the tests of a store of its own ask more of it")]
#[path = "engine.rs"]
mod support;
#[path = "../api/tenants.rs"]
mod tenants;
#[path = "../delivery/world.rs"]
mod world;
