//! Clauses whose text is analyzed: `match` and its kin, over one field or several.
//!
//! A text of which the analyzer leaves nothing is `None` here: its clause decides what that matches.

use std::sync::Arc;

use serde_json::Value;

use crate::analysis::Analyzer;
use crate::mapping::FieldType;
use crate::percolator::compile::fields::{FieldList, Subject, Target};
use crate::percolator::compile::term_level::{check_digits, fuzzy_of, prefix_of, term_of, text_of, type_refusal};
use crate::percolator::compile::{Compiler, Refusal, required_of};
use crate::percolator::condition::{Condition, Test};
use crate::percolator::phrase::{Phrase, Slot};
use crate::query::{
    Fuzziness, Match, MatchPhrase, MinimumShouldMatch, MultiMatch, MultiMatchType, Operator, Scalar, ZeroTerms,
};

/// How the words of a text are put together within one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Words,
    /// The last word is the beginning of one.
    WordsPrefix,
    Phrase,
    /// The last word of the phrase is the beginning of one.
    PhrasePrefix,
}

/// The parameters that all analyzed clauses share.
#[derive(Clone, Copy)]
pub(super) struct TextOptions<'q> {
    pub(super) kind: Kind,
    pub(super) operator: Operator,
    pub(super) minimum_should_match: Option<&'q MinimumShouldMatch>,
    pub(super) fuzziness: Option<Fuzziness>,
    pub(super) prefix_length: u32,
    pub(super) transpositions: bool,
    pub(super) slop: u32,
    pub(super) analyzer: Option<&'q str>,
    /// A value that does not fit the field matches nothing instead of refusing the query.
    pub(super) lenient: bool,
}

impl Default for TextOptions<'_> {
    fn default() -> Self {
        TextOptions {
            kind: Kind::Words,
            operator: Operator::Or,
            minimum_should_match: None,
            fuzziness: None,
            prefix_length: 0,
            transpositions: true,
            slop: 0,
            analyzer: None,
            lenient: false,
        }
    }
}

/// The terms of one position.
struct Position {
    place: u32,
    terms: Vec<String>,
}

/// Fields that cut a text alike.
struct Group<'l> {
    analyzer: Arc<Analyzer>,
    subjects: Vec<Subject<'l>>,
}

impl Compiler<'_> {
    pub(super) fn match_text(&self, clause: &Match, kind: Kind) -> Result<Condition, Refusal> {
        let options = TextOptions {
            kind,
            operator: clause.operator,
            minimum_should_match: clause.minimum_should_match.as_ref(),
            fuzziness: clause.fuzziness,
            prefix_length: clause.prefix_length,
            transpositions: clause.transpositions,
            analyzer: clause.analyzer.as_deref(),
            lenient: clause.lenient,
            ..TextOptions::default()
        };
        match self.target(&clause.field)? {
            Target::Id => Ok(Condition::Ids(vec![text_of(&clause.value)])),
            Target::Field(subject) => {
                let found = self.text_in_field(&subject, &clause.value, &options)?;
                Ok(found.unwrap_or_else(|| zero_terms(clause.zero_terms_query)))
            }
        }
    }

    pub(super) fn match_phrase(&self, clause: &MatchPhrase, kind: Kind) -> Result<Condition, Refusal> {
        let options =
            TextOptions { kind, slop: clause.slop, analyzer: clause.analyzer.as_deref(), ..TextOptions::default() };
        match self.target(&clause.field)? {
            Target::Id => Ok(Condition::Ids(vec![text_of(&clause.value)])),
            Target::Field(subject) => {
                let found = self.text_in_field(&subject, &clause.value, &options)?;
                Ok(found.unwrap_or_else(|| zero_terms(clause.zero_terms_query)))
            }
        }
    }

    pub(super) fn multi_match(&self, clause: &MultiMatch) -> Result<Condition, Refusal> {
        let list = self.field_list(&clause.fields)?;
        let options = TextOptions {
            kind: match clause.kind {
                MultiMatchType::BestFields | MultiMatchType::MostFields | MultiMatchType::CrossFields => Kind::Words,
                MultiMatchType::Phrase => Kind::Phrase,
                MultiMatchType::PhrasePrefix => Kind::PhrasePrefix,
                MultiMatchType::BoolPrefix => Kind::WordsPrefix,
            },
            operator: clause.operator,
            minimum_should_match: clause.minimum_should_match.as_ref(),
            fuzziness: clause.fuzziness,
            prefix_length: clause.prefix_length,
            transpositions: clause.transpositions,
            slop: clause.slop,
            analyzer: clause.analyzer.as_deref(),
            lenient: clause.lenient.unwrap_or(list.is_everything),
        };
        self.text_in_fields(&list, clause.kind, &clause.value, &options, Some(clause.zero_terms_query))
            .map(|found| found.unwrap_or(Condition::None))
    }

    pub(super) fn combined_fields(
        &self,
        names: &[String],
        text: &str,
        operator: Operator,
        minimum_should_match: Option<&MinimumShouldMatch>,
        zero_terms_query: ZeroTerms,
    ) -> Result<Condition, Refusal> {
        let list = self.field_list(names)?;
        let mut subjects = list.subjects;
        if names.iter().any(|name| name.contains('*')) {
            subjects.retain(|subject| matches!(subject.field.kind, FieldType::Text(_) | FieldType::MatchOnlyText(_)));
        }
        let mut analyzers: Vec<Arc<Analyzer>> = Vec::new();
        for subject in &subjects {
            match &subject.field.kind {
                FieldType::Text(text_type) | FieldType::MatchOnlyText(text_type) => {
                    analyzers.push(Arc::clone(&text_type.search_analyzer));
                }
                _ => return Err(type_refusal("combined_fields", subject.field, "text fields")),
            }
        }
        let Some(first) = analyzers.first() else { return Ok(Condition::None) };
        if analyzers.iter().any(|analyzer| !Arc::ptr_eq(analyzer, first)) {
            return Err(Refusal::malformed("the fields of \"combined_fields\" must all have the same analyzer"));
        }
        let options = TextOptions { operator, minimum_should_match, ..TextOptions::default() };
        let found = self.words_across(&subjects, first, text, &options)?;
        Ok(found.unwrap_or_else(|| zero_terms(zero_terms_query)))
    }

    /// A text in several fields, put together as `multi_match` does. `zero` decides for each field where its analyzer leaves nothing;
    /// without it such a field has no say, and `None` comes back where no field has.
    pub(super) fn text_in_fields(
        &self,
        list: &FieldList<'_>,
        kind: MultiMatchType,
        value: &Scalar,
        options: &TextOptions<'_>,
        zero: Option<ZeroTerms>,
    ) -> Result<Option<Condition>, Refusal> {
        let mut found: Vec<Condition> = Vec::new();
        if kind == MultiMatchType::CrossFields {
            for group in self.groups_by_analyzer(list, options)? {
                let words = self.words_across(&group.subjects, &group.analyzer, &text_of(value), options)?;
                found.extend(words.or_else(|| zero.map(zero_terms)));
            }
        } else {
            for subject in &list.subjects {
                let one = self.text_in_field(subject, value, options)?;
                found.extend(one.or_else(|| zero.map(zero_terms)));
            }
        }
        Ok(if found.is_empty() { None } else { Some(Condition::or(found)) })
    }

    /// A text in one field; `None` where the analyzer leaves nothing of it.
    pub(super) fn text_in_field(
        &self,
        subject: &Subject<'_>,
        value: &Scalar,
        options: &TextOptions<'_>,
    ) -> Result<Option<Condition>, Refusal> {
        match self.strict_text_in_field(subject, value, options) {
            Err(_) if options.lenient => Ok(Some(Condition::None)),
            result => result,
        }
    }

    /// The words of a text in one field, each a condition of its own.
    pub(super) fn words_in_field(
        &self,
        subject: &Subject<'_>,
        text: &str,
        options: &TextOptions<'_>,
    ) -> Result<Vec<Condition>, Refusal> {
        let words = match self.search_analyzer(subject, options)? {
            None => Ok(vec![whole_value(subject, &Scalar(Value::String(text.to_owned())), options)?]),
            Some(analyzer) => each_word(subject, &analyzed(&analyzer, text), options),
        };
        if options.lenient { Ok(words.unwrap_or_default()) } else { words }
    }

    fn strict_text_in_field(
        &self,
        subject: &Subject<'_>,
        value: &Scalar,
        options: &TextOptions<'_>,
    ) -> Result<Option<Condition>, Refusal> {
        check_digits(subject.field, value)?;
        let Some(analyzer) = self.search_analyzer(subject, options)? else {
            return whole_value(subject, value, options).map(Some);
        };
        let positions = analyzed(&analyzer, &text_of(value));
        match options.kind {
            Kind::Words | Kind::WordsPrefix => words(subject, &positions, options),
            Kind::Phrase | Kind::PhrasePrefix => phrase(subject, &positions, options),
        }
    }

    /// The analyzer of the query's text; `None` where the field takes it whole.
    fn search_analyzer(
        &self,
        subject: &Subject<'_>,
        options: &TextOptions<'_>,
    ) -> Result<Option<Arc<Analyzer>>, Refusal> {
        if let Some(name) = options.analyzer {
            return self.named_analyzer(name).map(Some);
        }
        let is_phrase = matches!(options.kind, Kind::Phrase | Kind::PhrasePrefix);
        match &subject.field.kind {
            FieldType::Text(text) | FieldType::MatchOnlyText(text) if is_phrase => {
                Ok(Some(Arc::clone(&text.search_quote_analyzer)))
            }
            FieldType::Text(text) | FieldType::MatchOnlyText(text) => Ok(Some(Arc::clone(&text.search_analyzer))),
            // Phrases are not split: the field has no positions.
            FieldType::Keyword(keyword) if keyword.split_queries_on_whitespace && !is_phrase => {
                self.named_analyzer("whitespace").map(Some)
            }
            FieldType::Flattened(flattened) | FieldType::FlattenedKeys(flattened)
                if flattened.split_queries_on_whitespace =>
            {
                self.named_analyzer("whitespace").map(Some)
            }
            _ => Ok(None),
        }
    }

    pub(super) fn named_analyzer(&self, name: &str) -> Result<Arc<Analyzer>, Refusal> {
        self.mapping.analyzer(name).ok_or_else(|| {
            Refusal::malformed(format!("analyzer {name:?} is neither built in nor in the mapping's settings.analysis"))
        })
    }

    /// The fields that cut the text alike, for term-centric matching.
    fn groups_by_analyzer<'l>(
        &self,
        list: &FieldList<'l>,
        options: &TextOptions<'_>,
    ) -> Result<Vec<Group<'l>>, Refusal> {
        let mut groups: Vec<Group<'l>> = Vec::new();
        for subject in &list.subjects {
            let analyzer = match self.search_analyzer(subject, options)? {
                Some(analyzer) => analyzer,
                None => match &subject.field.kind {
                    FieldType::Keyword(keyword) => {
                        keyword.normalizer.clone().map_or_else(|| self.named_analyzer("keyword"), Ok)?
                    }
                    _ => self.named_analyzer("keyword")?,
                },
            };
            match groups.iter_mut().find(|group| Arc::ptr_eq(&group.analyzer, &analyzer)) {
                Some(group) => group.subjects.push(subject.clone()),
                None => groups.push(Group { analyzer, subjects: vec![subject.clone()] }),
            }
        }
        Ok(groups)
    }

    /// Each word in any of the fields, the words put together by the operator.
    fn words_across(
        &self,
        subjects: &[Subject<'_>],
        analyzer: &Analyzer,
        text: &str,
        options: &TextOptions<'_>,
    ) -> Result<Option<Condition>, Refusal> {
        let positions = analyzed(analyzer, text);
        let mut clauses = Vec::with_capacity(positions.len());
        for position in &positions {
            let mut anywhere = Vec::new();
            for (subject, term) in
                subjects.iter().flat_map(|subject| position.terms.iter().map(move |term| (subject, term)))
            {
                match analyzed_term(subject, term) {
                    Err(_) if options.lenient => {}
                    result => anywhere.push(result?),
                }
            }
            clauses.push(Condition::or(anywhere));
        }
        Ok(combine_words(clauses, options))
    }
}

pub(super) fn zero_terms(zero_terms: ZeroTerms) -> Condition {
    match zero_terms {
        ZeroTerms::None => Condition::None,
        ZeroTerms::All => Condition::All,
    }
}

/// A text that is not cut: numbers, dates, keywords.
fn whole_value(subject: &Subject<'_>, value: &Scalar, options: &TextOptions<'_>) -> Result<Condition, Refusal> {
    let is_text_like =
        matches!(subject.field.kind, FieldType::Keyword(_) | FieldType::ConstantKeyword(_) | FieldType::Wildcard(_));
    match options.kind {
        Kind::PhrasePrefix => Err(type_refusal("match_phrase_prefix", subject.field, "text fields")),
        Kind::WordsPrefix if matches!(subject.field.kind, FieldType::Keyword(_)) => {
            prefix_of(subject, &text_of(value), false)
        }
        Kind::Words | Kind::WordsPrefix | Kind::Phrase => match options.fuzziness {
            Some(fuzziness) if options.kind == Kind::Words || is_text_like => {
                fuzzy_of(subject, &text_of(value), fuzziness, options.prefix_length, options.transpositions)
            }
            _ => term_of(subject, value),
        },
    }
}

fn analyzed(analyzer: &Analyzer, text: &str) -> Vec<Position> {
    let mut positions: Vec<Position> = Vec::new();
    analyzer.tokens(text, &mut |term, place| match positions.last_mut() {
        Some(last) if last.place == place => last.terms.push(term.to_owned()),
        _ => positions.push(Position { place, terms: vec![term.to_owned()] }),
    });
    positions
}

/// A term that an analyzer made, as `term` on the field.
fn analyzed_term(subject: &Subject<'_>, term: &str) -> Result<Condition, Refusal> {
    term_of(subject, &Scalar(Value::String(term.to_owned())))
}

fn words(
    subject: &Subject<'_>,
    positions: &[Position],
    options: &TextOptions<'_>,
) -> Result<Option<Condition>, Refusal> {
    Ok(combine_words(each_word(subject, positions, options)?, options))
}

fn each_word(
    subject: &Subject<'_>,
    positions: &[Position],
    options: &TextOptions<'_>,
) -> Result<Vec<Condition>, Refusal> {
    let last = positions.len().saturating_sub(1);
    let mut clauses = Vec::with_capacity(positions.len());
    for (index, position) in positions.iter().enumerate() {
        let mut alternatives = Vec::with_capacity(position.terms.len());
        for term in &position.terms {
            let is_prefix = options.kind == Kind::WordsPrefix && index == last;
            alternatives.push(match options.fuzziness {
                _ if is_prefix => prefix_of(subject, term, false)?,
                Some(fuzziness) => fuzzy_of(subject, term, fuzziness, options.prefix_length, options.transpositions)?,
                None => analyzed_term(subject, term)?,
            });
        }
        clauses.push(Condition::or(alternatives));
    }
    Ok(clauses)
}

/// One word alone is no boolean query: neither the operator nor `minimum_should_match` says anything of it. With `and` there are no
/// optional words that a `minimum_should_match` could count.
fn combine_words(mut clauses: Vec<Condition>, options: &TextOptions<'_>) -> Option<Condition> {
    if clauses.len() <= 1 {
        return clauses.pop();
    }
    let minimum = options.minimum_should_match;
    Some(match options.operator {
        Operator::And if minimum.is_some_and(|spec| required_of(spec, 0) > 0) => Condition::None,
        Operator::And => Condition::and(clauses),
        Operator::Or => {
            let required = minimum.map_or(1, |spec| required_of(spec, clauses.len()).max(1));
            Condition::at_least(required, clauses)
        }
    })
}

fn phrase(
    subject: &Subject<'_>,
    positions: &[Position],
    options: &TextOptions<'_>,
) -> Result<Option<Condition>, Refusal> {
    let ends_open = options.kind == Kind::PhrasePrefix;
    let first_place = match positions {
        [] => return Ok(None),
        [only] if !ends_open => {
            let terms: Result<Vec<_>, _> = only.terms.iter().map(|term| analyzed_term(subject, term)).collect();
            return Ok(Some(Condition::or(terms?)));
        }
        [first, ..] => first.place,
    };
    let clause = if ends_open { "match_phrase_prefix" } else { "match_phrase" };
    let (FieldType::Text(text) | FieldType::MatchOnlyText(text)) = &subject.field.kind else {
        return Err(type_refusal(clause, subject.field, "text fields"));
    };
    if let ([only], true) = (positions, ends_open) {
        let prefixes: Result<Vec<_>, _> = only.terms.iter().map(|term| prefix_of(subject, term, false)).collect();
        return Ok(Some(Condition::or(prefixes?)));
    }
    if !text.has_positions {
        return Err(Refusal::malformed(format!(
            "field {:?} was indexed without positions; it cannot be asked by {clause:?}",
            subject.field.name
        )));
    }
    let last = positions.len() - 1;
    let slots = positions.iter().enumerate().map(|(index, position)| Slot {
        position: position.place - first_place,
        terms: position.terms.iter().map(|term| term.as_str().into()).collect(),
        prefix: ends_open && index == last,
    });
    let phrase = Phrase::new(slots.collect(), options.slop);
    Ok(Some(Condition::Field(subject.field.id, Test::Phrase(phrase))))
}
