// The whole-system tests that hold whatever the store is, for a target that says which cluster it is.

#[path = "../engine/audience.rs"]
mod audience;
#[path = "../delivery/attempts.rs"]
mod attempts;
#[path = "backend/cluster.rs"]
mod backend;
#[path = "../engine/batches.rs"]
mod batches;
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
#[path = "../delivery/life.rs"]
mod life;
#[path = "../engine/matched_positions.rs"]
mod matched_positions;
#[allow(dead_code, reason = "the differential tests ask more of it")]
#[path = "nodes.rs"]
mod nodes;
#[path = "../engine/outcomes.rs"]
mod outcomes;
#[path = "../delivery/receiver.rs"]
mod receiver;
#[path = "../engine/rejections.rs"]
mod rejections;
#[path = "../delivery/restart.rs"]
mod restart;
#[path = "../engine/subscriptions.rs"]
mod subscriptions;
#[path = "engine.rs"]
mod support;
#[path = "../delivery/world.rs"]
mod world;
