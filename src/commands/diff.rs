//! `tripline diff`: pairs of versions, one line of position changes a pair.

use std::io::{self, BufRead, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde::Serialize;
use serde_json::Value;
use tripline::change::{Change, Remembered, Schema, diff};
use tripline::json;

use crate::commands::input;

/// Compare two versions of members and print the position changes.
///
/// Prints one line a pair, in order: {"changes": [{"kind", "before", "after"}]}, or {"error": "line 3: …"} for a line that is no
/// pair; it goes on then, and ends with exit code 1. Blank lines are passed over.
#[derive(Args)]
pub struct Arguments {
    /// Pairs, a line each: {"before": {…}, "after": {…}}; before is null for a member seen for the first time. - is standard input.
    #[arg(value_name = "PAIRS.ndjson")]
    pairs: PathBuf,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Changes(Vec<Change>),
    Error(String),
}

pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let path = &arguments.pairs;
    let schema = Schema::default();
    let mut pairs = input::open(path)?;
    let mut output = io::BufWriter::new(io::stdout().lock());
    let mut all_were_pairs = true;
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        if pairs.read_until(b'\n', &mut line).with_context(|| format!("cannot read {}", path.display()))? == 0 {
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let answer = match changes(&schema, &line) {
            Ok(changes) => Line::Changes(changes),
            Err(error) => {
                all_were_pairs = false;
                Line::Error(format!("line {number}: {error:#}"))
            }
        };
        let written =
            serde_json::to_writer(&mut output, &answer).map_err(io::Error::from).and_then(|()| output.write_all(b"\n"));
        if input::reader_is_gone(&written) {
            return Ok(ExitCode::SUCCESS);
        }
        written.context("cannot write the answers")?;
    }
    let flushed = output.flush();
    if !input::reader_is_gone(&flushed) {
        flushed.context("cannot write the answers")?;
    }
    Ok(if all_were_pairs { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn changes(schema: &Schema, line: &[u8]) -> anyhow::Result<Vec<Change>> {
    let pair = json::parse(line).map_err(|error| anyhow::anyhow!("{} at column {}", error.reason, error.column))?;
    anyhow::ensure!(pair.is_object(), "this is no pair; {{\"before\": {{…}} or null, \"after\": {{…}}}} is expected");
    let before = version(&pair, "before")?;
    let after = version(&pair, "after")?;
    anyhow::ensure!(after.is_object(), "\"after\" is null; a version of the member is expected");
    if before.is_null() {
        return Ok(Vec::new());
    }
    Ok(diff(&schema.positions(before), &schema.positions(after), &Remembered::default()))
}

/// One of the two versions: an object or null.
fn version<'p>(pair: &'p Value, name: &str) -> anyhow::Result<&'p Value> {
    match pair.get(name) {
        Some(version @ (Value::Object(_) | Value::Null)) => Ok(version),
        Some(other) => anyhow::bail!("{name:?} is {}; a member's document is expected", kind_of(other)),
        None => anyhow::bail!("{name:?} is missing; {{\"before\": {{…}} or null, \"after\": {{…}}}} is expected"),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
