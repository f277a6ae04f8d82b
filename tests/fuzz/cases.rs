//! One case: a mapping, documents, queries; and what must hold whatever they are.

use std::sync::Arc;

use serde_json::Value;
use tripline::percolator::{CompiledQuery, CompiledSelector, Document, Percolator};
use tripline::{Mapping, MemberId};

/// An error's reason may show what was given, but not all of a long text.
const LONGEST_REASON: usize = 4_000;

/// What is wrong; a panic is as bad.
pub fn check(case: &Value) -> Result<(), String> {
    let mapping = match Mapping::from_json(&case["mapping"]) {
        Ok(mapping) => mapping,
        Err(error) => return short(&error.reason),
    };
    let percolator = Percolator::new(Arc::new(mapping));
    let compiled = compile(&percolator, list(case, "queries"))?;
    for (index, document) in list(case, "documents").iter().enumerate() {
        let member = MemberId::try_from(index as u64 + 1).ok();
        match percolator.document(member, document) {
            Ok(document) => check_matches(&percolator, &compiled, &document)?,
            Err(error) => short(&error.reason)?,
        }
    }
    Ok(())
}

fn list<'c>(case: &'c Value, name: &str) -> &'c [Value] {
    case[name].as_array().map_or(&[], Vec::as_slice)
}

fn compile(percolator: &Percolator, queries: &[Value]) -> Result<Vec<(String, CompiledQuery)>, String> {
    let mut compiled = Vec::new();
    for (index, query) in queries.iter().enumerate() {
        match percolator.compile(query) {
            Ok(query) => {
                percolator.plan(&query);
                let id = format!("{index:03}");
                percolator.insert(id.as_str().into(), CompiledSelector::Query(query.clone()));
                compiled.push((id, query));
            }
            Err(error) => {
                short(&error.reason)?;
                // Within a wrapper the pointer goes on in what is written in base64.
                if query.pointer(&error.pointer).is_none() && !error.pointer.contains("/wrapper/query") {
                    return Err(format!("the refusal leads nowhere: {error}"));
                }
            }
        }
    }
    Ok(compiled)
}

/// Candidates and explanations are two ways to one answer.
fn check_matches(
    percolator: &Percolator,
    compiled: &[(String, CompiledQuery)],
    document: &Document,
) -> Result<(), String> {
    let found: Vec<String> = percolator.matches(document).iter().map(ToString::to_string).collect();
    for (id, query) in compiled {
        if percolator.explain(query, document).matches != found.contains(id) {
            return Err(format!("query {id} is explained otherwise than matched"));
        }
    }
    Ok(())
}

fn short(reason: &str) -> Result<(), String> {
    if reason.len() <= LONGEST_REASON { Ok(()) } else { Err(format!("a reason of {} bytes", reason.len())) }
}
