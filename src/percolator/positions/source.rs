//! Sources of stretches.

use std::hash::{BuildHasher, Hash, Hasher};

use rustc_hash::{FxBuildHasher, FxHashSet};

use crate::mapping::FieldId;
use crate::percolator::positions::relation::Relation;
use crate::percolator::positions::word::Word;

/// What finds stretches of positions. Sources of intervals are equal where Lucene's are, for equal parts must find words of their own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Source {
    /// Nothing at all: a text of which the analyzer left nothing.
    Nowhere,
    /// Each position of the word in the field.
    Word(FieldId, Word),
    /// The part, which looks into another field than the sources around it.
    Elsewhere(FieldId, Box<Source>),
    /// The part with so many positions before it: left out words of a text.
    Extended { part: Box<Source>, before: u32 },
    /// The shortest stretches of any of the parts.
    AnyOf(Alternatives),
    /// The shortest stretches with all parts.
    AllOf { parts: Vec<Source>, ordered: bool },
    /// The part so many times in a row.
    Repeated { part: Box<Source>, times: usize },
    /// The parts one directly behind the other.
    Adjacent(Vec<Source>),
    /// Stretches of the part with at most so many positions that none of its own parts fills.
    MaxGaps { part: Box<Source>, most: i32 },
    /// Stretches of the part that stand so to those of the reference.
    Related { relation: Relation, part: Box<Source>, reference: Box<Source> },
    /// Every stretch of every part (spans).
    Merged(Vec<Source>),
    /// The parts near to each other (spans).
    Near { parts: Vec<Source>, slop: i32, ordered: bool },
    /// So many positions, whatever they hold: a part of [`Source::Near`] only, and never beside another gap (spans).
    Gap(i64),
    /// Stretches of the part that end at the position `end` at the latest (spans).
    First { part: Box<Source>, end: u32 },
}

/// The parts of a disjunction, all different. Their order says nothing.
#[derive(Debug, Clone)]
pub(super) struct Alternatives(pub(super) Vec<Source>);

impl PartialEq for Alternatives {
    fn eq(&self, other: &Alternatives) -> bool {
        let known: FxHashSet<&Source> = self.0.iter().collect();
        self.0.len() == other.0.len() && other.0.iter().all(|part| known.contains(part))
    }
}

impl Eq for Alternatives {}

impl Hash for Alternatives {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let hashes = self.0.iter().map(|part| FxBuildHasher.hash_one(part));
        hashes.fold(0, u64::wrapping_add).hash(state);
    }
}

/// How the parts of a rule stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::percolator) enum Order {
    /// In the given order.
    Ordered,
    /// In any order.
    Unordered,
    /// In any order, no two on one another.
    WithoutOverlap,
}

impl Source {
    /// The sources that it is made of.
    fn parts(&self) -> Vec<&Source> {
        match self {
            Source::Nowhere | Source::Word(..) | Source::Gap(_) => Vec::new(),
            Source::Elsewhere(_, part)
            | Source::Extended { part, .. }
            | Source::Repeated { part, .. }
            | Source::MaxGaps { part, .. }
            | Source::First { part, .. } => vec![part],
            Source::Related { part, reference, .. } => vec![part, reference],
            Source::AnyOf(Alternatives(parts))
            | Source::AllOf { parts, .. }
            | Source::Adjacent(parts)
            | Source::Merged(parts)
            | Source::Near { parts, .. } => parts.iter().collect(),
        }
    }

    /// How many sources it is, itself included.
    pub(super) fn size(&self) -> usize {
        self.parts().into_iter().map(Source::size).sum::<usize>() + 1
    }

    /// Calls `visit` for every word in it.
    pub(super) fn visit_words<'s>(&'s self, visit: &mut impl FnMut(FieldId, &'s Word)) {
        if let Source::Word(field, word) = self {
            visit(*field, word);
        }
        for part in self.parts() {
            part.visit_words(visit);
        }
    }

    /// The least number of positions that a stretch of it has, by Lucene's count (which takes a repeated part for one).
    pub(super) fn min_extent(&self) -> i64 {
        match self {
            Source::Nowhere => 0,
            Source::Word(..) => 1,
            Source::Extended { part, before } => part.min_extent().saturating_add(i64::from(*before)),
            Source::AnyOf(Alternatives(parts)) | Source::Merged(parts) => {
                parts.iter().map(Source::min_extent).min().unwrap_or(i64::MAX)
            }
            Source::AllOf { parts, .. } | Source::Adjacent(parts) => {
                parts.iter().fold(0, |sum, part| sum.saturating_add(part.min_extent()))
            }
            Source::Elsewhere(_, part)
            | Source::Repeated { part, .. }
            | Source::MaxGaps { part, .. }
            | Source::Related { part, .. }
            | Source::First { part, .. } => part.min_extent(),
            // Spans are never written anew.
            Source::Near { .. } | Source::Gap(_) => 1,
        }
    }
}
