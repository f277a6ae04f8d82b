//! `tripline explain`: why a document matches a query or not.

use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde::Serialize;
use serde_json::Value;
use tripline::percolator::{CompiledQuery, Explanation, MatchedObjects, Plan};
use tripline::{MemberId, Percolator, json};

use crate::commands::input;

/// Explain clause by clause why a document matches a query or not, and how stored queries like it are found.
///
/// ✓ stands before what holds, ✗ before what does not; below a nested clause the objects that fulfil a part are listed by their
/// place in the array, from 0. Behind → is what became of a clause's text, below it what the document holds where that decided
/// against a match. Without a document only the query is explained.
#[derive(Args)]
pub struct Arguments {
    /// An Elasticsearch mapping, bare or in an index body; the clean member mapping unless given.
    #[arg(long, value_name = "M.json")]
    mapping: Option<PathBuf>,
    /// The query: a clause, or {"query": clause}.
    #[arg(long, value_name = "Q.json")]
    query: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// The document; - is standard input.
    #[arg(value_name = "DOC.json")]
    document: Option<PathBuf>,
}

#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    verdict: Option<Verdict>,
    plan: Plan,
}

/// What is said of the document.
#[derive(Serialize)]
struct Verdict {
    matches: bool,
    matched_objects: Vec<MatchedObjects>,
    explanation: Explanation,
}

pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let percolator = Percolator::new(input::mapping(arguments.mapping.as_deref())?);
    let query = percolator
        .compile(&read_json(&arguments.query)?)
        .with_context(|| format!("the query in {} is refused", arguments.query.display()))?;
    let verdict = arguments.document.as_deref().map(|path| verdict(&percolator, &query, path)).transpose()?;
    let answer = Answer { verdict, plan: percolator.plan(&query) };
    let written = match arguments.json {
        true => format!("{}\n", serde_json::to_string_pretty(&answer)?),
        false => in_words(&answer, coloured()),
    };
    let written = io::stdout().write_all(written.as_bytes());
    if !input::reader_is_gone(&written) {
        written.context("cannot write the answer")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn verdict(percolator: &Percolator, query: &CompiledQuery, path: &Path) -> anyhow::Result<Verdict> {
    let member = read_json(path)?;
    let id = member.get("id").and_then(|id| MemberId::try_from(id).ok());
    let document =
        percolator.document(id, &member).with_context(|| format!("the document in {} is refused", path.display()))?;
    let explanation = percolator.explain(query, &document);
    Ok(Verdict {
        matches: explanation.matches,
        matched_objects: percolator.matched_objects(query, &document),
        explanation,
    })
}

/// Whether a person looks at the output, and wants colours: <https://no-color.org>.
fn coloured() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

fn in_words(Answer { verdict, plan }: &Answer, coloured: bool) -> String {
    let mut words = String::new();
    if let Some(Verdict { matches, explanation, .. }) = verdict {
        words.push_str(if *matches { "matches\n\n" } else { "does not match\n\n" });
        words.push_str(&if coloured { explanation.coloured().to_string() } else { explanation.to_string() });
        words.push('\n');
    }
    let mut say = |title: &str, text: &str| words.push_str(&format!("{title:9} {text}\n"));
    for (number, anchor) in plan.anchors.iter().enumerate().take(MAX_ANCHORS) {
        say(if number == 0 { "found by" } else { "or by" }, anchor);
    }
    match plan.anchors.len().saturating_sub(MAX_ANCHORS) {
        0 => {}
        more => say("", &format!("and {more} more")),
    }
    if let Some(share) = plan.estimated_selectivity {
        say("looked at", &format!("for about {:.2} % of documents", share * 100.0));
    }
    if let Some(warning) = &plan.warning {
        say("warning", warning);
    }
    words
}

/// So many anchors are listed: a `terms` has one a term.
const MAX_ANCHORS: usize = 10;

fn read_json(path: &Path) -> anyhow::Result<Value> {
    let mut bytes = Vec::new();
    input::open(path)?.read_to_end(&mut bytes).with_context(|| format!("cannot read {}", path.display()))?;
    json::parse(&bytes).with_context(|| format!("{} is not JSON", path.display()))
}
