//! Sources of intervals put together as Lucene does.
//!
//! A disjunction finds only its shortest stretches: of "a" and "a b" at one place it finds "a". A phrase or a filter around it
//! would then miss what the longer one would have given. So where that matters, the disjunction is pulled out: "(a | a b) c"
//! becomes "a c | a b c". Where it does not matter to Lucene (an ordered or unordered combination with any number of gaps), it stays.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::percolator::positions::relation::Relation;
use crate::percolator::positions::source::{Alternatives, Source};

/// So many sources one query can be, with all alternatives written out. Lucene stops at its `indices.query.bool.max_clause_count`
/// alternatives.
pub(in crate::percolator) const MAX_SOURCES: usize = 10_000;

/// The alternatives of a query are more than [`MAX_SOURCES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::percolator) struct TooManySources;

type Sources = Result<Vec<Source>, TooManySources>;

/// Any of the parts; nested disjunctions become one.
pub(super) fn any_of(parts: Vec<Source>) -> Source {
    let mut known = FxHashSet::default();
    let mut distinct = Vec::with_capacity(parts.len());
    for part in parts {
        let inner = if let Source::AnyOf(Alternatives(inner)) = part { inner } else { vec![part] };
        distinct.extend(inner.into_iter().filter(|part| known.insert(part.clone())));
    }
    single_or(distinct, |parts| Source::AnyOf(Alternatives(parts)))
}

/// All parts in the given order; equal neighbours are one repeated part.
pub(super) fn ordered(parts: Vec<Source>) -> Source {
    let mut runs: Vec<(Source, usize)> = Vec::new();
    for part in parts {
        match runs.last_mut() {
            Some((known, times)) if *known == part => *times += 1,
            _ => runs.push((part, 1)),
        }
    }
    let parts = runs.into_iter().map(|(part, times)| repeated(part, times)).collect();
    single_or(parts, |parts| Source::AllOf { parts, ordered: true })
}

/// All parts in any order; equal ones are one repeated part, so that each finds words of its own.
pub(super) fn unordered(parts: Vec<Source>) -> Source {
    let mut places: FxHashMap<Source, usize> = FxHashMap::default();
    let mut counted: Vec<(Source, usize)> = Vec::new();
    for part in parts {
        let place = *places.entry(part.clone()).or_insert(counted.len());
        match counted.get_mut(place) {
            Some((_, times)) => *times += 1,
            None => counted.push((part, 1)),
        }
    }
    let parts = counted.into_iter().map(|(part, times)| repeated(part, times)).collect();
    single_or(parts, |parts| Source::AllOf { parts, ordered: false })
}

/// The parts one directly behind the other.
pub(super) fn adjacent(parts: Vec<Source>) -> Result<Source, TooManySources> {
    if parts.len() == 1 {
        return Ok(single_or(parts, Source::Adjacent));
    }
    let flat = |parts: Vec<Source>| {
        let flatten = |part| if let Source::Adjacent(inner) = part { inner } else { vec![part] };
        Source::Adjacent(parts.into_iter().flat_map(flatten).collect())
    };
    Ok(any_of(combinations(&parts)?.into_iter().map(flat).collect()))
}

/// Stretches of the part with at most so many gaps.
pub(super) fn max_gaps(part: &Source, most: i32) -> Result<Source, TooManySources> {
    let limited = |part| Source::MaxGaps { part: Box::new(part), most };
    Ok(any_of(alternatives(part)?.into_iter().map(limited).collect()))
}

/// Stretches of the part that stand so to those of the reference.
pub(super) fn related(relation: Relation, part: Source, reference: Source) -> Result<Source, TooManySources> {
    let of_part = |part| Source::Related { relation, part: Box::new(part), reference: Box::new(reference.clone()) };
    let to_reference =
        |reference| Source::Related { relation, part: Box::new(part.clone()), reference: Box::new(reference) };
    match relation {
        Relation::Containing | Relation::NotContaining => {
            Ok(any_of(grouped_alternatives(&part)?.into_iter().map(of_part).collect()))
        }
        // A stretch that one alternative of the reference does not contain counts as not contained: so Lucene does it.
        Relation::ContainedBy | Relation::NotContainedBy => {
            Ok(any_of(grouped_alternatives(&reference)?.into_iter().map(to_reference).collect()))
        }
        _ => Ok(of_part(part)),
    }
}

fn repeated(part: Source, times: usize) -> Source {
    if times == 1 { part } else { Source::Repeated { part: Box::new(part), times } }
}

fn single_or(mut parts: Vec<Source>, several: impl FnOnce(Vec<Source>) -> Source) -> Source {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            several(parts)
        }
    }
}

/// The source as a disjunction of these.
fn alternatives(source: &Source) -> Sources {
    let itself = || Ok(vec![source.clone()]);
    match source {
        Source::Nowhere => Ok(Vec::new()),
        Source::AnyOf(Alternatives(parts)) => Ok(parts.clone()),
        Source::AllOf { parts, ordered } => {
            let all = |parts| Source::AllOf { parts, ordered: *ordered };
            Ok(combinations(parts)?.into_iter().map(all).collect())
        }
        Source::Extended { part, before } => {
            let inner = alternatives(part)?;
            if inner.is_empty() {
                return itself();
            }
            let extended = |part| Source::Extended { part: Box::new(part), before: *before };
            Ok(inner.into_iter().map(extended).collect())
        }
        Source::Elsewhere(field, part) => {
            let inner = alternatives(part)?;
            if inner.len() == 1 {
                return itself();
            }
            Ok(inner.into_iter().map(|part| Source::Elsewhere(*field, Box::new(part))).collect())
        }
        Source::Related { relation: relation @ Relation::Containing, part, reference } => {
            let related =
                |part| Source::Related { relation: *relation, part: Box::new(part), reference: reference.clone() };
            Ok(grouped_alternatives(part)?.into_iter().map(related).collect())
        }
        Source::Related { relation: relation @ Relation::ContainedBy, part, reference } => {
            let related =
                |reference| Source::Related { relation: *relation, part: part.clone(), reference: Box::new(reference) };
            Ok(grouped_alternatives(reference)?.into_iter().map(related).collect())
        }
        Source::Related { relation: relation @ Relation::Overlapping, part, reference } => {
            let mut found = Vec::new();
            for pair in combinations(&[(**part).clone(), (**reference).clone()])? {
                if let Ok([part, reference]) = <[Source; 2]>::try_from(pair) {
                    let (part, reference) = (Box::new(part), Box::new(reference));
                    found.push(Source::Related { relation: *relation, part, reference });
                }
            }
            Ok(found)
        }
        Source::Word(..)
        | Source::Repeated { .. }
        | Source::Adjacent(_)
        | Source::MaxGaps { .. }
        | Source::Related { .. }
        | Source::Merged(_)
        | Source::Near { .. }
        | Source::Gap(_)
        | Source::First { .. } => itself(),
    }
}

/// As [`alternatives`], those of a single position as one: none of these hides another.
fn grouped_alternatives(source: &Source) -> Sources {
    let (single, mut grouped): (Vec<Source>, Vec<Source>) =
        alternatives(source)?.into_iter().partition(|alternative| alternative.min_extent() == 1);
    if !single.is_empty() {
        grouped.insert(0, any_of(single));
    }
    Ok(grouped)
}

/// Every choice of one alternative of each part.
fn combinations(parts: &[Source]) -> Result<Vec<Vec<Source>>, TooManySources> {
    let mut chosen: Vec<Vec<Source>> = vec![Vec::new()];
    let mut size = 0_usize;
    for part in parts {
        let choices = grouped_alternatives(part)?;
        let choices_size: usize = choices.iter().map(Source::size).sum();
        size = size.saturating_mul(choices.len()).saturating_add(chosen.len().saturating_mul(choices_size));
        if choices.len() > 1 && size > MAX_SOURCES {
            return Err(TooManySources);
        }
        let with = |choice: &Source| {
            let choice = choice.clone();
            chosen.iter().map(move |before| before.iter().cloned().chain([choice.clone()]).collect())
        };
        chosen = match choices.as_slice() {
            [only] => {
                chosen.iter_mut().for_each(|before| before.push(only.clone()));
                chosen
            }
            _ => choices.iter().flat_map(with).collect(),
        };
    }
    Ok(chosen)
}
