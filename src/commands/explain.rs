//! `tripline explain`: why a document matches a query or not.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde_json::Value;
use tripline::{MemberId, Percolator, json};

use crate::commands::input;

/// Explain clause by clause why a document matches a query or not.
///
/// ✓ stands before what holds, ✗ before what does not; below a nested clause the objects that fulfil a part are listed by their
/// place in the array, from 0.
#[derive(Args)]
pub struct Arguments {
    /// An Elasticsearch mapping, bare or in an index body; the clean member mapping unless given.
    #[arg(long, value_name = "M.json")]
    mapping: Option<PathBuf>,
    /// The query: a clause, or {"query": clause}.
    #[arg(long, value_name = "Q.json")]
    query: PathBuf,
    /// Print the tree as JSON.
    #[arg(long)]
    json: bool,
    /// The document; - is standard input.
    #[arg(value_name = "DOC.json")]
    document: PathBuf,
}

pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let percolator = Percolator::new(input::mapping(arguments.mapping.as_deref())?);
    let query = percolator
        .compile(&read_json(&arguments.query)?)
        .with_context(|| format!("the query in {} is refused", arguments.query.display()))?;
    let member = read_json(&arguments.document)?;
    let id = member.get("id").and_then(|id| MemberId::try_from(id).ok());
    let document = percolator
        .document(id, &member)
        .with_context(|| format!("the document in {} is refused", arguments.document.display()))?;
    let explanation = percolator.explain(&query, &document);
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&explanation)?);
    } else {
        println!("{}", if explanation.matches { "matches" } else { "does not match" });
        print!("{explanation}");
    }
    Ok(ExitCode::SUCCESS)
}

fn read_json(path: &Path) -> anyhow::Result<Value> {
    let mut bytes = Vec::new();
    input::open(path)?.read_to_end(&mut bytes).with_context(|| format!("cannot read {}", path.display()))?;
    json::parse(&bytes).with_context(|| format!("{} is not JSON", path.display()))
}
