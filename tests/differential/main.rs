//! Tripline answers as a search over an index that holds the document would.
//!
//! `corpus/` holds the cases, a theme a file; `answers/` what real nodes said of them, so that Tripline is compared
//! where no Java is, too. With nodes, the recorded answers are compared with what the nodes say now;
//! `TRIPLINE_RECORD=1 cargo test --test differential` records them anew.

mod case;
mod compare;
mod corpus;
mod generator;
mod inner_hits;
#[path = "../support/nodes.rs"]
mod nodes;
mod oracle;
mod percolators;

use std::fs;
use std::path::Path;

use corpus::{Theme, corpus, fixtures};
use nodes::available;

#[test]
fn the_mapping_is_accepted_as_it_is() {
    let mapping = |name| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect("a mapping");
    for node in available() {
        let index = format!("mapping-as-it-is-{}", std::process::id());
        let accepted = node.create_index(&index, &mapping("mappings/clean_member.json"));
        node.delete_index(&index);
        assert_eq!(accepted, Ok(()), "on {}", node.server.name());
    }
}

#[test]
fn the_recorded_answers_are_those_of_real_nodes() {
    let nodes = available();
    if nodes.is_empty() {
        return;
    }
    let record = recording();
    let mut changed = Vec::new();
    for theme in every_theme() {
        let mut answers = oracle::ask(&theme.case, &nodes);
        answers.percolators = percolators::ask(&theme.case, &answers, &nodes);
        if record {
            fs::write(&theme.answers_file, answers.to_text()).expect("answers can be written");
        } else if nodes.len() == nodes::Server::ALL.len() && answers != theme.answers() {
            changed.push(theme.case.name);
        }
    }
    assert!(changed.is_empty(), "the nodes' answers to {changed:?} are not the recorded ones; see TRIPLINE_RECORD");
}

#[test]
fn tripline_answers_as_search_does() {
    if recording() {
        // The answers are being written by the other test.
        return;
    }
    let differences: Vec<String> = every_theme().iter().flat_map(compare::differences).collect();
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn random_cases_are_answered_as_search_does() {
    let nodes = available();
    if nodes.is_empty() || recording() {
        return;
    }
    let plan = generator::Plan { seed: 20_200_229, until: None, pairs: Some(10_000), percolators: false };
    let mut differences = Vec::new();
    let counts = generator::run(&plan, &nodes, |difference| differences.push(difference));
    assert!(differences.is_empty(), "{counts}\n{}", differences.join("\n"));
}

fn recording() -> bool {
    std::env::var_os("TRIPLINE_RECORD").is_some()
}

fn every_theme() -> Vec<Theme> {
    let wanted = std::env::var("TRIPLINE_THEME").unwrap_or_default();
    corpus()
        .into_iter()
        .chain(["v1", "v2"].map(fixtures))
        .filter(|theme| theme.case.name.starts_with(&wanted))
        .collect()
}
