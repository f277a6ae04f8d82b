//! A source that is being built, with what it needs.

use std::sync::Arc;

use crate::mapping::FieldId;
use crate::percolator::condition::Condition;
use crate::percolator::positions::Arrangement;
use crate::percolator::positions::alternatives::{self, MAX_SOURCES, TooManySources};
use crate::percolator::positions::relation::Relation;
use crate::percolator::positions::source::{Order, Source};
use crate::percolator::positions::word::Word;

/// A source, and a condition without positions that a document fulfils wherever the source finds something. Documents are led to
/// the query by the terms of that condition, and only those that fulfil it are looked at word by word.
#[derive(Debug, Clone)]
pub(in crate::percolator) struct Draft {
    source: Source,
    needed: Condition,
    /// Whether the source finds something wherever the condition holds.
    is_exact: bool,
}

type Built = Result<Draft, TooManySources>;

impl Draft {
    /// Finds nothing.
    pub(in crate::percolator) fn nowhere() -> Draft {
        Draft { source: Source::Nowhere, needed: Condition::None, is_exact: true }
    }

    /// Finds a word.
    pub(in crate::percolator) fn word(field: FieldId, word: Word) -> Draft {
        Draft { needed: word.condition(field), source: Source::Word(field, word), is_exact: true }
    }

    /// Looks into another field than what is around it.
    pub(in crate::percolator) fn elsewhere(self, field: FieldId) -> Draft {
        Draft { source: Source::Elsewhere(field, Box::new(self.source)), ..self }
    }

    /// With so many positions before it.
    pub(in crate::percolator) fn extended(self, before: u32) -> Draft {
        if before == 0 {
            return self;
        }
        Draft { source: Source::Extended { part: Box::new(self.source), before }, ..self }
    }

    /// Finds the shortest stretches of any of the parts.
    pub(in crate::percolator) fn any_of(parts: Vec<Draft>) -> Draft {
        let (sources, needed, is_exact) = taken_apart(parts);
        Draft { source: alternatives::any_of(sources), needed: Condition::or(needed), is_exact }
    }

    /// Finds the shortest stretches with all parts, and at most so many gaps (`None`: any number).
    pub(in crate::percolator) fn all_of(parts: Vec<Draft>, order: Order, max_gaps: Option<i32>) -> Built {
        let (sources, needed, parts_are_exact) = taken_apart(parts);
        match sources.as_slice() {
            [] => return Ok(Draft::nowhere()),
            [only] => {
                let source = only.clone();
                return Ok(Draft { source, needed: Condition::and(needed), is_exact: parts_are_exact });
            }
            _ => {}
        }
        let count = sources.len();
        let source = match (order, max_gaps) {
            (Order::Ordered, Some(0)) => alternatives::adjacent(sources)?,
            (Order::Ordered, Some(most)) => alternatives::max_gaps(&alternatives::ordered(sources), most)?,
            (Order::Ordered, None) => alternatives::ordered(sources),
            (Order::Unordered, Some(most)) => alternatives::max_gaps(&alternatives::unordered(sources), most)?,
            (Order::Unordered, None) => alternatives::unordered(sources),
            (Order::WithoutOverlap, most) => without_overlap(sources, most)?,
        };
        // Where no two parts are equal, any of their words make an unordered stretch.
        let is_unordered = matches!(&source, Source::AllOf { parts, ordered: false } if parts.len() == count);
        Ok(Draft { source, needed: Condition::and(needed), is_exact: parts_are_exact && is_unordered })
    }

    /// Keeps the stretches that stand so to those of the reference.
    pub(in crate::percolator) fn related(self, relation: Relation, reference: Draft) -> Built {
        let mut needed = vec![self.needed];
        needed.extend(relation.needs_reference().then_some(reference.needed));
        let source = alternatives::related(relation, self.source, reference.source)?;
        Ok(Draft { source, needed: Condition::and(needed), is_exact: false })
    }

    /// Finds the stretches of all parts (spans).
    pub(in crate::percolator) fn merged(parts: Vec<Draft>) -> Draft {
        let (sources, needed, is_exact) = taken_apart(parts);
        Draft { source: Source::Merged(sources), needed: Condition::or(needed), is_exact }
    }

    /// So many positions, whatever they hold; a part of [`Draft::near`] only.
    pub(in crate::percolator) fn gap(width: i32) -> Draft {
        Draft { source: Source::Gap(i64::from(width)), needed: Condition::All, is_exact: false }
    }

    /// Finds the parts near to each other (spans).
    pub(in crate::percolator) fn near(parts: Vec<Draft>, slop: i32, ordered: bool) -> Draft {
        let (sources, needed, _) = taken_apart(parts);
        let mut parts: Vec<Source> = Vec::with_capacity(sources.len());
        for source in sources {
            match (source, parts.last_mut()) {
                (Source::Gap(width), Some(Source::Gap(before))) => *before += width,
                (source, _) => parts.push(source),
            }
        }
        Draft { source: Source::Near { parts, slop, ordered }, needed: Condition::and(needed), is_exact: false }
    }

    /// Keeps the stretches that end at the position at the latest (spans).
    pub(in crate::percolator) fn first(self, end: u32) -> Draft {
        Draft { source: Source::First { part: Box::new(self.source), end }, is_exact: false, ..self }
    }

    /// The condition of the finished source.
    pub(in crate::percolator) fn finish(self) -> Result<Condition, TooManySources> {
        if self.is_exact || self.needed == Condition::None {
            return Ok(self.needed);
        }
        if self.source.size() > MAX_SOURCES {
            return Err(TooManySources);
        }
        let arrangement = Condition::Positions(Arc::new(Arrangement::new(self.source)));
        Ok(Condition::and(vec![self.needed, arrangement]))
    }
}

/// The sources, what they need, and whether all are exact.
fn taken_apart(parts: Vec<Draft>) -> (Vec<Source>, Vec<Condition>, bool) {
    let is_exact = parts.iter().all(|part| part.is_exact);
    let (sources, mut needed): (Vec<Source>, Vec<Condition>) =
        parts.into_iter().map(|part| (part.source, part.needed)).unzip();
    needed.dedup();
    (sources, needed, is_exact)
}

/// Each part before or behind all those before it, as OpenSearch writes `unordered_no_overlap`.
fn without_overlap(sources: Vec<Source>, most: Option<i32>) -> Result<Source, TooManySources> {
    let limited = |source: Source| match most {
        Some(most) => alternatives::max_gaps(&source, most),
        None => Ok(source),
    };
    let mut sources = sources.into_iter();
    let mut all = sources.next().unwrap_or(Source::Nowhere);
    for (place, source) in sources.enumerate() {
        if place > 0 {
            all = limited(all)?;
        }
        let behind = alternatives::ordered(vec![all.clone(), source.clone()]);
        all = alternatives::any_of(vec![behind, alternatives::ordered(vec![source, all])]);
        if all.size() > MAX_SOURCES {
            return Err(TooManySources);
        }
    }
    limited(all)
}
