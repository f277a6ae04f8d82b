//! Where words stand: what `intervals` and the span queries ask.
//!
//! 1. `compile` builds a [`Draft`] from a query: a [`Source`] of stretches, and what a document must hold for it to find any.
//! 2. `alternatives` writes a source anew as Lucene does, where a shorter alternative would hide a longer one.
//! 3. A document matches where the source finds a stretch in it: `stream` runs over the positions once, from left to right, and each
//!    kind of source is an iterator over the iterators of its parts (`interval`, `span`, `relation`).
//!
//! The answers are those of Lucene's `queries/intervals` and `queries/spans`, surprises included. Iterators hold a stretch or two of
//! each part, so that memory follows the query, and each step takes one stretch of a part, so that time follows the number of
//! parts ([`MAX_SOURCES`] at most) times the number of positions.

mod alternatives;
mod describe;
mod draft;
mod interval;
mod relation;
mod source;
mod span;
mod stream;
mod stretch;
mod word;

use crate::mapping::FieldId;

pub(super) use alternatives::{MAX_SOURCES, TooManySources};
pub(super) use draft::Draft;
pub(super) use relation::Relation;
pub(super) use source::Order;
pub(super) use word::Word;

use source::Source;
use stream::Occurrences;

/// Words that stand in a certain way to one another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Arrangement {
    source: Source,
    /// The whole words of the source, sorted.
    words: Box<[(FieldId, Box<str>)]>,
    /// The fields that its words stand in, sorted.
    fields: Box<[FieldId]>,
}

impl Arrangement {
    fn new(source: Source) -> Arrangement {
        let mut words = Vec::new();
        let mut fields = Vec::new();
        source.visit_words(&mut |field, word| {
            fields.push(field);
            if let Word::Whole(term) = word {
                words.push((field, term.clone()));
            }
        });
        words.sort_unstable();
        words.dedup();
        fields.sort_unstable();
        fields.dedup();
        Arrangement { source, words: words.into(), fields: fields.into() }
    }

    /// The fields that its words stand in.
    pub fn fields(&self) -> impl Iterator<Item = FieldId> {
        self.fields.iter().copied()
    }

    /// Whether the words of one object stand so; `tokens` gives a field's terms with their positions, positions never falling.
    pub fn stands_in<'t, T>(&self, tokens: impl Fn(FieldId) -> T) -> bool
    where
        T: Iterator<Item = (&'t str, u32)> + 't,
    {
        let occurrences = Occurrences::of(&self.words, &tokens);
        stream::stretches(&self.source, &occurrences, &tokens).next().is_some()
    }

    /// The arrangement in words; `name` gives the name of a field.
    pub fn describe<'n>(&self, name: impl Fn(FieldId) -> &'n str) -> String {
        describe::describe(&self.source, &name)
    }
}
