//! What is a real position change: the labelled pairs of `fixtures/position_changes.ndjson`, rule by rule, through the library
//! and through `tripline diff`; what versions remember; and what holds for every pair of versions.

mod command_line;
mod pairs;
mod properties;
mod remembering;
mod rules;
mod size;
