//! `intervals`: its rules under a mapping (Elasticsearch's `IntervalsSourceProvider` and `IntervalBuilder`).

use std::sync::Arc;

use crate::analysis::Analyzer;
use crate::mapping::{Field, FieldId, FieldType, TextType};
use crate::percolator::compile::query_text::{Line, Position, QueryText, Segment, Step};
use crate::percolator::compile::term_level::{distance_for, type_refusal};
use crate::percolator::compile::{Compiler, Refusal};
use crate::percolator::condition::Condition;
use crate::percolator::pattern::{Fuzzy, Pattern, Wildcard};
use crate::percolator::positions::{Draft, MAX_SOURCES, Order, Relation, TooManySources, Word};
use crate::percolator::regexp::Regexp;
use crate::query::{
    IntervalCombination, IntervalKind, IntervalOrder, IntervalPlace, IntervalRelation, IntervalRule, IntervalWord,
    QueryError, QueryErrorKind, RegexpFlags,
};

/// A text field with positions.
#[derive(Clone, Copy)]
struct TextField<'a> {
    id: FieldId,
    text: &'a TextType,
}

/// The operators of a regular expression in a rule that names no flags: all but those that Lucene 10 has taken out.
const FLAGS: RegexpFlags = RegexpFlags { complement: false, ..RegexpFlags::ALL };

impl From<TooManySources> for Refusal {
    fn from(TooManySources: TooManySources) -> Refusal {
        Refusal {
            kind: QueryErrorKind::Limit,
            reason: format!("with all its alternatives written out, it has more than {MAX_SOURCES} words and rules"),
        }
    }
}

impl<'a> Compiler<'a> {
    pub(super) fn intervals(&self, name: &str, rule: &IntervalRule, pointer: &str) -> Result<Condition, QueryError> {
        let field = self.text_field(name).map_err(|refusal| refusal.at(pointer))?;
        let draft = self.interval_rule(rule, field, field.id)?;
        draft.finish().map_err(|too_many| Refusal::from(too_many).at(pointer))
    }

    fn text_field(&self, name: &str) -> Result<TextField<'a>, Refusal> {
        let field = self.subject(name)?.field;
        let (FieldType::Text(text) | FieldType::MatchOnlyText(text)) = &field.kind else {
            return Err(type_refusal("intervals", field, "text fields"));
        };
        if *field.name != *name {
            return Err(Refusal::malformed(format!(
                "{name:?} is an alias, and \"intervals\" never find the words of one; name the field {:?}",
                field.name
            )));
        }
        check_positions("intervals", field, text)?;
        Ok(TextField { id: field.id, text })
    }

    /// A rule on texts that are read as those of `field`, about the words of `place`.
    fn interval_rule(&self, rule: &IntervalRule, field: TextField<'a>, place: FieldId) -> Result<Draft, QueryError> {
        let here = |refusal: Refusal| refusal.at(&rule.pointer);
        let (found, field) = match &rule.kind {
            IntervalKind::Match { text, combination, place: within } => {
                self.interval_leaf(within, field, place, |analyzer, place| {
                    match_rule(analyzer, text, *combination, place)
                })
            }
            IntervalKind::Word { word, place: within } => {
                self.interval_leaf(within, field, place, |analyzer, place| {
                    Ok(Draft::word(place, word_of(word, analyzer)?))
                })
            }
            IntervalKind::AllOf { rules, combination } => {
                let parts = self.interval_rules(rules, field, place)?;
                combined(parts, *combination).map(|found| (found, field))
            }
            IntervalKind::AnyOf { rules } => Ok((Draft::any_of(self.interval_rules(rules, field, place)?), field)),
        }
        .map_err(here)?;
        let Some(filter) = &rule.filter else { return Ok(found) };
        // The texts of a filter are read as those of `use_field`, and yet looked for in the field of the query.
        let reference = self.interval_rule(&filter.rule, field, place)?;
        found.related(relation(filter.relation), reference).map_err(|too_many| here(too_many.into()))
    }

    fn interval_rules(
        &self,
        rules: &[IntervalRule],
        field: TextField<'a>,
        place: FieldId,
    ) -> Result<Vec<Draft>, QueryError> {
        rules.iter().map(|rule| self.interval_rule(rule, field, place)).collect()
    }

    /// A rule without rules in it: `find` is called with the analyzer of its text and the field where it looks. Gives the field as whose
    /// text it was read, too.
    fn interval_leaf(
        &self,
        within: &IntervalPlace,
        field: TextField<'a>,
        place: FieldId,
        find: impl Fn(&Analyzer, FieldId) -> Result<Draft, Refusal>,
    ) -> Result<(Draft, TextField<'a>), Refusal> {
        let other = within.use_field.as_deref().map(|name| self.text_field(name)).transpose()?;
        let field = other.unwrap_or(field);
        let analyzer = match &within.analyzer {
            Some(name) => self.named_analyzer(name)?,
            None => Arc::clone(&field.text.search_analyzer),
        };
        let found = match other {
            Some(other) => find(&analyzer, other.id)?.elsewhere(other.id),
            None => find(&analyzer, place)?,
        };
        Ok((found, field))
    }
}

/// Refuses a field whose words were indexed without their positions.
pub(super) fn check_positions(clause: &str, field: &Field, text: &TextType) -> Result<(), Refusal> {
    if text.has_positions {
        return Ok(());
    }
    Err(Refusal::malformed(format!(
        "field {:?} was indexed without positions; it cannot be asked by {clause:?}",
        field.name
    )))
}

/// The words of a text; those of one position are alternatives, and left out words keep their place.
fn match_rule(
    analyzer: &Analyzer,
    text: &str,
    combination: IntervalCombination,
    place: FieldId,
) -> Result<Draft, Refusal> {
    let word = |term: &String| Draft::word(place, Word::Whole(term.as_str().into()));
    match QueryText::with_all_paths(analyzer, text)? {
        QueryText::Empty => combined(Vec::new(), combination),
        QueryText::Line(line) => match line.positions.as_slice() {
            [only] if only.terms.len() == 1 => Ok(Draft::any_of(only.terms.iter().map(word).collect())),
            positions => combined(line_of_words(positions, word), combination),
        },
        QueryText::Graph(segments) => {
            let part = |segment: &Segment| match segment {
                // Of words that stand for each other beside a path Lucene takes the first alone.
                Segment::Step { terms, distance } => {
                    Ok(Draft::any_of(terms.iter().take(1).map(word).collect()).extended(distance.saturating_sub(1)))
                }
                Segment::Paths(paths) => {
                    let phrase = IntervalCombination { max_gaps: Some(0), order: IntervalOrder::Ordered };
                    let path = |path: &Vec<Step>| combined(line_of_words(&Line::of_path(path).positions, word), phrase);
                    paths.iter().map(path).collect::<Result<_, _>>().map(Draft::any_of)
                }
            };
            combined(segments.iter().map(part).collect::<Result<_, Refusal>>()?, combination)
        }
    }
}

fn line_of_words(positions: &[Position], word: impl Fn(&String) -> Draft) -> Vec<Draft> {
    let mut next = 0;
    let part = |position: &Position| {
        let left_out = position.place.saturating_sub(next);
        next = position.place.saturating_add(1);
        Draft::any_of(position.terms.iter().map(&word).collect()).extended(left_out)
    };
    positions.iter().map(part).collect()
}

fn combined(parts: Vec<Draft>, combination: IntervalCombination) -> Result<Draft, Refusal> {
    let order = match combination.order {
        IntervalOrder::Ordered => Order::Ordered,
        IntervalOrder::Unordered => Order::Unordered,
        IntervalOrder::WithoutOverlap => Order::WithoutOverlap,
    };
    Ok(Draft::all_of(parts, order, combination.max_gaps)?)
}

fn relation(relation: IntervalRelation) -> Relation {
    match relation {
        IntervalRelation::After => Relation::After,
        IntervalRelation::Before => Relation::Before,
        IntervalRelation::ContainedBy => Relation::ContainedBy,
        IntervalRelation::Containing => Relation::Containing,
        IntervalRelation::NotContainedBy => Relation::NotContainedBy,
        IntervalRelation::NotContaining => Relation::NotContaining,
        IntervalRelation::NotOverlapping => Relation::NotOverlapping,
        IntervalRelation::Overlapping => Relation::Overlapping,
    }
}

/// A pattern of words, as the analyzer leaves it. Unlike in the queries of the same names, it is normalized as a whole.
fn word_of(word: &IntervalWord, analyzer: &Analyzer) -> Result<Word, Refusal> {
    Ok(match word {
        IntervalWord::Prefix(prefix) => match analyzer.normalize(prefix) {
            // Lucene knows that this is the same, and equal parts must find words of their own.
            prefix if prefix.is_empty() => wildcard("*"),
            prefix => Word::Pattern(Pattern::Prefix { prefix: prefix.into(), caseless: false }),
        },
        IntervalWord::Wildcard(pattern) => wildcard(&analyzer.normalize(pattern)),
        IntervalWord::Regexp { pattern, flags: None, .. } => match analyzer.normalize(pattern) {
            // For a plain word, too, Lucene knows that it is the same as a wildcard.
            pattern if !pattern.is_empty() && pattern.chars().all(char::is_alphanumeric) => wildcard(&pattern),
            pattern => regexp(&pattern, FLAGS, false)?,
        },
        // OpenSearch leaves the expression as it is.
        IntervalWord::Regexp { pattern, flags: Some(flags), case_insensitive } => {
            let flags = if *flags == RegexpFlags::ALL { FLAGS } else { *flags };
            regexp(pattern, flags, *case_insensitive)?
        }
        IntervalWord::Fuzzy { term, fuzziness, prefix_length, transpositions } => {
            let distance = distance_for(*fuzziness, term);
            let prefix_length = usize::try_from(*prefix_length).unwrap_or(usize::MAX);
            Word::Pattern(Pattern::Fuzzy(Fuzzy::new(
                &analyzer.normalize(term),
                distance,
                prefix_length,
                *transpositions,
            )))
        }
        IntervalWord::Range { lower, upper } => {
            let end = |(text, included): &(String, bool)| Some((analyzer.normalize(text).into(), *included));
            Word::Range { lower: end(lower), upper: end(upper) }
        }
    })
}

fn wildcard(pattern: &str) -> Word {
    Word::Pattern(Pattern::Wildcard(Wildcard::parse(pattern, false)))
}

fn regexp(pattern: &str, flags: RegexpFlags, caseless: bool) -> Result<Word, Refusal> {
    let regexp = Regexp::parse(pattern, flags, caseless).map_err(|error| Refusal::malformed(error.to_string()))?;
    Ok(Word::Pattern(Pattern::Regexp(regexp)))
}
