//! Sources over the positions of one object.

use crate::mapping::FieldId;
use crate::percolator::positions::relation::Related;
use crate::percolator::positions::source::{Alternatives, Source};
use crate::percolator::positions::stretch::Stretch;
use crate::percolator::positions::word::Word;
use crate::percolator::positions::{interval, span};

/// Stretches from left to right.
pub(super) type Stretches<'s> = Box<dyn Iterator<Item = Stretch> + 's>;

/// Where the whole words of a query stand, so that the tokens are read once for all of them.
pub(super) struct Occurrences<'w> {
    words: &'w [(FieldId, Box<str>)],
    positions: Vec<Vec<u32>>,
}

impl<'w> Occurrences<'w> {
    pub(super) fn of<'t, T: Iterator<Item = (&'t str, u32)>>(
        words: &'w [(FieldId, Box<str>)],
        tokens: &impl Fn(FieldId) -> T,
    ) -> Occurrences<'w> {
        let mut positions = Vec::with_capacity(words.len());
        for of_field in words.chunk_by(|(one, _), (other, _)| one == other) {
            let mut found: Vec<Vec<u32>> = vec![Vec::new(); of_field.len()];
            for (term, position) in of_field.first().into_iter().flat_map(|(field, _)| tokens(*field)) {
                let place = of_field.binary_search_by(|(_, word)| (**word).cmp(term)).ok();
                if let Some(positions) = place.and_then(|place| found.get_mut(place)) {
                    positions.push(position);
                }
            }
            positions.append(&mut found);
        }
        Occurrences { words, positions }
    }

    fn positions(&self, field: FieldId, term: &str) -> &[u32] {
        let place = self.words.binary_search_by(|(known, word)| known.cmp(&field).then_with(|| (**word).cmp(term)));
        place.ok().and_then(|place| self.positions.get(place)).map_or(&[], Vec::as_slice)
    }
}

/// The stretches of a source.
pub(super) fn stretches<'s, 't: 's, T>(
    source: &'s Source,
    occurrences: &'s Occurrences<'_>,
    tokens: &'s impl Fn(FieldId) -> T,
) -> Stretches<'s>
where
    T: Iterator<Item = (&'t str, u32)> + 's,
{
    let of = |part: &'s Source| stretches(part, occurrences, tokens);
    let of_all = |parts: &'s [Source]| parts.iter().map(of).collect::<Vec<_>>();
    match source {
        Source::Nowhere | Source::Gap(_) => Box::new(std::iter::empty()),
        Source::Word(field, Word::Whole(term)) => {
            Box::new(occurrences.positions(*field, term).iter().map(|position| Stretch::at(*position)))
        }
        Source::Word(field, word) => interval::distinct(
            tokens(*field).filter(|(term, _)| word.fits(term)).map(|(_, position)| Stretch::at(position)),
        ),
        Source::Elsewhere(_, part) => of(part),
        Source::Extended { part, before } => interval::extended(of(part), *before),
        Source::AnyOf(Alternatives(parts)) => Box::new(interval::AnyOf::new(of_all(parts))),
        Source::AllOf { parts, ordered: true } => Box::new(interval::Ordered::new(of_all(parts))),
        Source::AllOf { parts, ordered: false } => Box::new(interval::Unordered::new(of_all(parts))),
        Source::Repeated { part, times } => Box::new(interval::Repeated::new(of(part), *times)),
        Source::Adjacent(parts) => Box::new(interval::Adjacent::new(of_all(parts))),
        Source::MaxGaps { part, most } => interval::max_gaps(of(part), *most),
        Source::Related { relation, part, reference } => Box::new(Related::new(*relation, of(part), of(reference))),
        Source::Merged(parts) => Box::new(span::Merged::new(of_all(parts))),
        Source::Near { parts, slop, ordered } => {
            let parts = parts.iter().map(|part| match part {
                Source::Gap(width) => span::Part::gap(*width),
                source => span::Part::of(of(source)),
            });
            span::near(parts.collect(), *slop, *ordered)
        }
        Source::First { part, end } => span::first(of(part), *end),
    }
}
