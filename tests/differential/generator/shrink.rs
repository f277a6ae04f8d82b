//! Makes a difference as small as it can: fewer documents, queries, fields, clauses and parameters, shorter values.

use serde_json::{Map, Value};

use super::verdict::{Counts, Difference, Kind};
use super::{Round, compare, tripline};
use crate::nodes::Node;

/// So many versions are tried side by side, and so many mappings in all: each needs an index.
const BATCH: usize = 60;
const MAPPINGS: usize = 150;

/// The smallest round that still differs in the same way.
pub fn shrunk(round: &Round, difference: &Difference, nodes: &[&Node]) -> Round {
    let mut small = round.clone();
    if difference.kind == Kind::Contradiction {
        return alone(small, difference);
    }
    small.queries = difference.query.map(|place| round.queries[place].clone()).into_iter().collect();
    if let Some(place) = difference.document {
        small.documents = vec![round.documents[place].clone()];
    }
    if !differs(&small, difference.kind, nodes) {
        // It needs the other documents, or the other queries.
        return round.clone();
    }
    // Nodes read some queries only where a document has the field: that decides what is refused.
    fewer(&mut small, |round| &mut round.documents, 1, |round| differs(round, difference.kind, nodes));
    let mut mappings_left = MAPPINGS;
    loop {
        let before = weight(&small);
        shrink_query(&mut small, difference.kind, nodes);
        shrink_document(&mut small, difference.kind, nodes);
        shrink_mapping(&mut small, difference.kind, nodes, &mut mappings_left);
        if weight(&small) == before {
            return small;
        }
    }
}

fn differs(round: &Round, kind: Kind, nodes: &[&Node]) -> bool {
    compare(round, nodes, &mut Counts::default()).iter().any(|difference| difference.kind == kind)
}

/// Tries smaller queries side by side, as the queries of one round.
fn shrink_query(small: &mut Round, kind: Kind, nodes: &[&Node]) {
    while let [query] = &small.queries[..] {
        let versions = smaller(query);
        let better = versions.chunks(BATCH).find_map(|batch| {
            let round = Round { queries: batch.to_vec(), ..small.clone() };
            let round = Round { queries: likely(&round, kind, round.queries.clone()), ..round };
            let places = compare(&round, nodes, &mut Counts::default());
            let place = places.iter().filter(|found| found.kind == kind).filter_map(|found| found.query).min()?;
            round.queries.into_iter().nth(place)
        });
        match better {
            Some(better) => small.queries = vec![better],
            None => return,
        }
    }
}

/// The versions of a query that Tripline answers as before: only those are worth asking the nodes.
fn likely(round: &Round, kind: Kind, versions: Vec<Value>) -> Vec<Value> {
    let Ok(opinion) = tripline::ask(round) else { return Vec::new() };
    let is_likely = |place: usize| match (kind, &opinion.queries[place]) {
        (Kind::QueryRefused, answer) => answer.is_err(),
        (Kind::Missing, Ok(found)) => found.is_empty(),
        (Kind::Surplus, Ok(found)) => !found.is_empty(),
        (_, answer) => answer.is_ok(),
    };
    versions.into_iter().enumerate().filter(|(place, _)| is_likely(*place)).map(|(_, version)| version).collect()
}

/// Tries smaller documents side by side, as the documents of one round.
fn shrink_document(small: &mut Round, kind: Kind, nodes: &[&Node]) {
    while let [document] = &small.documents[..] {
        let versions = smaller(document);
        let better = versions.chunks(BATCH).find_map(|batch| {
            let round = Round { documents: batch.to_vec(), ..small.clone() };
            let places = compare(&round, nodes, &mut Counts::default());
            let place = places.iter().filter(|found| found.kind == kind).filter_map(|found| found.document).min()?;
            round.documents.into_iter().nth(place)
        });
        match better {
            Some(better) => small.documents = vec![better],
            None => return,
        }
    }
}

fn shrink_mapping(small: &mut Round, kind: Kind, nodes: &[&Node], left: &mut usize) {
    loop {
        // A field that is asked or has a value stays: without it something else would differ.
        let texts = small.queries.iter().chain(&small.documents).map(Value::to_string).collect::<String>();
        let better = with_less(&small.mapping, "", &texts).into_iter().find_map(|mapping| {
            let round = Round { mapping, ..small.clone() };
            if *left == 0 || !is_possible(&round, kind) {
                return None;
            }
            *left -= 1;
            differs(&round, kind, nodes).then_some(round)
        });
        match better {
            Some(better) => *small = better,
            None => return,
        }
    }
}

/// Whether Tripline answers as before under this mapping.
fn is_possible(round: &Round, kind: Kind) -> bool {
    if kind == Kind::MappingRefused {
        return tripline::ask(round).is_err();
    }
    let is_query_likely = round.queries.is_empty() || !likely(round, kind, round.queries.clone()).is_empty();
    let is_document_likely = tripline::ask(round).is_ok_and(|opinion| {
        opinion.refused_documents.is_empty() == (kind != Kind::DocumentRefused || round.documents.is_empty())
    });
    is_query_likely && is_document_likely
}

/// A contradiction is Tripline's own: no node is asked.
fn alone(mut round: Round, difference: &Difference) -> Round {
    let contradicts = |round: &Round| tripline::ask(round).is_ok_and(|opinion| !opinion.contradictions.is_empty());
    if let Some(query) = difference.query {
        let single = Round { queries: vec![round.queries[query].clone()], ..round.clone() };
        if contradicts(&single) {
            round = single;
        }
    }
    const LISTS: [List; 2] = [|round| &mut round.queries, |round| &mut round.documents];
    for list in LISTS {
        fewer(&mut round, list, 0, contradicts);
    }
    for list in LISTS {
        for place in 0..list(&mut round).len() {
            while let Some(better) = smaller(&list(&mut round)[place]).into_iter().find_map(|version| {
                let mut better = round.clone();
                list(&mut better)[place] = version;
                contradicts(&better).then_some(better)
            }) {
                round = better;
            }
        }
    }
    round
}

type List = fn(&mut Round) -> &mut Vec<Value>;

/// Takes entries out of a list, halves first, then one by one, as long as `still` holds and `least` are left.
fn fewer(round: &mut Round, list: List, least: usize, still: impl Fn(&Round) -> bool) {
    let mut size = list(round).len().div_ceil(2);
    while size > 0 {
        let mut start = 0;
        while start < list(round).len() && list(round).len() > least {
            let mut fewer = round.clone();
            let end = (start + size).min(list(&mut fewer).len());
            list(&mut fewer).drain(start..end);
            if list(&mut fewer).len() >= least && still(&fewer) {
                *round = fewer;
            } else {
                start += size;
            }
        }
        size /= 2;
    }
}

fn weight(round: &Round) -> usize {
    let texts = round.queries.iter().chain(&round.documents).chain([&round.mapping]);
    texts.map(|value| value.to_string().len()).sum()
}

/// Versions of a value with something taken away, the smallest first.
fn smaller(value: &Value) -> Vec<Value> {
    let size = value.to_string().len();
    let mut versions: Vec<(usize, Value)> =
        reductions(value).into_iter().map(|version| (version.to_string().len(), version)).collect();
    versions.retain(|(own, _)| *own < size);
    versions.sort_by_key(|(own, _)| *own);
    versions.dedup();
    versions.into_iter().map(|(_, version)| version).collect()
}

fn reductions(value: &Value) -> Vec<Value> {
    let mut versions = inner_objects(value);
    versions.extend(steps(value));
    versions
}

/// A clause may stand for the clause around it.
fn inner_objects(value: &Value) -> Vec<Value> {
    let children: Vec<&Value> = match value {
        Value::Object(entries) => entries.values().collect(),
        Value::Array(items) => items.iter().collect(),
        _ => Vec::new(),
    };
    let own = children.iter().filter(|child| child.is_object()).map(|child| (*child).clone());
    own.chain(children.iter().flat_map(|child| inner_objects(child))).collect()
}

/// Versions with one place changed.
fn steps(value: &Value) -> Vec<Value> {
    match value {
        Value::Object(entries) => {
            let mut versions = Vec::new();
            for (name, child) in entries {
                let mut without = entries.clone();
                without.remove(name);
                versions.push(Value::Object(without));
                let mut replaced = |child: Value| {
                    let mut entries: Map<String, Value> = entries.clone();
                    entries.insert(name.clone(), child);
                    versions.push(Value::Object(entries));
                };
                inner_objects(child).into_iter().for_each(&mut replaced);
                steps(child).into_iter().for_each(&mut replaced);
            }
            versions
        }
        Value::Array(items) => {
            let mut versions: Vec<Value> = items.clone();
            for (place, child) in items.iter().enumerate() {
                let mut without = items.clone();
                without.remove(place);
                versions.push(Value::Array(without));
                for child in inner_objects(child).into_iter().chain(steps(child)) {
                    let mut items = items.clone();
                    items[place] = child;
                    versions.push(Value::Array(items));
                }
            }
            versions
        }
        Value::String(text) => shorter(text).into_iter().map(Value::String).collect(),
        Value::Number(_) => vec![Value::from(0), Value::from(1)],
        Value::Null | Value::Bool(_) => Vec::new(),
    }
}

/// Versions with one entry taken away at any level, the smallest first; names that a text speaks of stay.
fn with_less(value: &Value, parent: &str, texts: &str) -> Vec<Value> {
    let mut versions = Vec::new();
    for (name, child) in value.as_object().into_iter().flatten() {
        let mut put = |child: Option<Value>| {
            let mut entries = value.clone();
            match (entries.as_object_mut(), child) {
                (Some(entries), Some(child)) => entries.insert(name.clone(), child),
                (Some(entries), None) => entries.remove(name),
                (None, _) => None,
            };
            versions.push(entries);
        };
        if !fields_within(name, child, parent).iter().any(|field| is_spoken_of(field, texts)) {
            put(None);
        }
        with_less(child, name, texts).into_iter().for_each(|child| put(Some(child)));
    }
    versions.sort_by_cached_key(|version| version.to_string().len());
    versions
}

/// The names of fields that an entry of a mapping defines.
fn fields_within<'v>(name: &'v str, value: &'v Value, parent: &str) -> Vec<&'v str> {
    let own = matches!(parent, "properties" | "fields").then_some(name);
    let inner = value.as_object().into_iter().flatten();
    own.into_iter().chain(inner.flat_map(|(inner, value)| fields_within(inner, value, name))).collect()
}

fn is_spoken_of(field: &str, texts: &str) -> bool {
    let forms = [format!("\"{field}\""), format!(".{field}"), format!("{field}."), format!("{field}:")];
    forms.iter().any(|form| texts.contains(form))
}

/// The text without one half, one word, one letter.
fn shorter(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    let half = letters.len() / 2;
    let mut versions = vec![letters[..half].iter().collect(), letters[half..].iter().collect()];
    let words: Vec<&str> = text.split(' ').collect();
    let without = |place: usize| {
        let kept = words.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, word)| *word);
        kept.collect::<Vec<_>>().join(" ")
    };
    versions.extend((0..words.len()).map(without));
    if letters.len() <= 40 {
        versions.extend((0..letters.len()).map(|place| {
            letters.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, letter)| letter).collect()
        }));
    }
    versions
}
