//! Tripline's analyzers make the tokens that real nodes make.
//!
//! `components/` holds analyzers and texts, a theme a file; `answers/` what a node made of them. With nodes,
//! `TRIPLINE_RECORD=1 cargo test --test analysis` asks them anew.

mod component;
#[path = "../support/nodes.rs"]
#[expect(dead_code, reason = "nodes are only asked for tokens here")]
mod nodes;
mod vocabulary;

use std::fs;

use component::{Component, components};

#[test]
fn tokens_are_those_of_real_nodes() {
    if std::env::var_os("TRIPLINE_RECORD").is_some() {
        return;
    }
    let differences: Vec<String> = components().iter().flat_map(Component::differences).collect();
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn the_recorded_tokens_are_those_of_real_nodes() {
    let nodes = nodes::available();
    if nodes.is_empty() {
        return;
    }
    let record = std::env::var_os("TRIPLINE_RECORD").is_some();
    let mut changed = Vec::new();
    for component in components() {
        let answers = component.ask(&nodes).unwrap_or_else(|reason| panic!("{}: {reason}", component.name));
        if record {
            fs::write(&component.answers_file, answers.to_text()).expect("answers can be written");
        } else if answers != component.answers() {
            changed.push(component.name);
        }
    }
    assert!(changed.is_empty(), "the nodes' tokens of {changed:?} are not the recorded ones; see TRIPLINE_RECORD");
}
