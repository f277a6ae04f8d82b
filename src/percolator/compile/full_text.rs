//! Clauses whose text is analyzed: `match` and its kin, over one field or several.
//!
//! A text of which the analyzer leaves nothing is `None` here: its clause decides what that matches.

use std::sync::Arc;

use serde_json::Value;

use crate::analysis::Analyzer;
use crate::mapping::FieldType;
use crate::percolator::compile::fields::{FieldList, Subject, Target, check_searchable};
use crate::percolator::compile::intervals::check_positions;
use crate::percolator::compile::query_text::{Line, Position, QueryText, Segment, Step};
use crate::percolator::compile::term_level::{
    check_digits, fuzzy_of, ids_of, prefix_of, term_of, text_of, type_refusal,
};
use crate::percolator::compile::{Compiler, Refusal, required_of};
use crate::percolator::condition::{Condition, Test};
use crate::percolator::phrase::{Phrase, Slot};
use crate::query::{
    CombinedFields, Fuzziness, Match, MatchPhrase, MinimumShouldMatch, MultiMatch, MultiMatchType, Operator, Scalar,
    ZeroTerms,
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
    /// Synonyms of several words are phrases; else all of their words have to be there.
    pub(super) synonym_phrases: bool,
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
            synonym_phrases: true,
        }
    }
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
            synonym_phrases: clause.auto_generate_synonyms_phrase_query,
            ..TextOptions::default()
        };
        match self.target(&clause.field)? {
            Target::Id => self.text_in_ids(&clause.value, &options),
            Target::Field(subject) => self.text_in_field(&subject, &clause.value, &options),
        }
        .map(|found| found.unwrap_or_else(|| zero_terms(clause.zero_terms_query)))
    }

    pub(super) fn match_phrase(&self, clause: &MatchPhrase, kind: Kind) -> Result<Condition, Refusal> {
        let options =
            TextOptions { kind, slop: clause.slop, analyzer: clause.analyzer.as_deref(), ..TextOptions::default() };
        match self.target(&clause.field)? {
            Target::Id => self.text_in_ids(&clause.value, &options),
            Target::Field(subject) => self.text_in_field(&subject, &clause.value, &options),
        }
        .map(|found| found.unwrap_or_else(|| zero_terms(clause.zero_terms_query)))
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
            synonym_phrases: clause.auto_generate_synonyms_phrase_query,
        };
        self.text_in_fields(&list, clause.kind, &clause.value, &options, Some(clause.zero_terms_query))
            .map(|found| found.unwrap_or(Condition::None))
    }

    pub(super) fn combined_fields(&self, clause: &CombinedFields) -> Result<Condition, Refusal> {
        let names = &clause.fields;
        let list = self.field_list(names)?;
        if list.asks_id {
            return Err(Refusal::malformed("\"combined_fields\" takes text fields, not \"_id\""));
        }
        let subjects = list.subjects;
        let mut analyzers: Vec<Arc<Analyzer>> = Vec::new();
        for subject in &subjects {
            check_searchable(subject)?;
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
        let options = TextOptions {
            operator: clause.operator,
            minimum_should_match: clause.minimum_should_match.as_ref(),
            synonym_phrases: clause.auto_generate_synonyms_phrase_query,
            ..TextOptions::default()
        };
        let found = self.words_across(&subjects, first, &clause.text, &options)?;
        Ok(found.unwrap_or_else(|| zero_terms(clause.zero_terms_query)))
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
        if list.asks_id {
            found.extend(self.text_in_ids(value, options)?.or_else(|| zero.map(zero_terms)));
        }
        Ok(if found.is_empty() { None } else { Some(Condition::or(found)) })
    }

    /// A text in `_id`: the id as a whole, or each word that an analyzer makes of it.
    fn text_in_ids(&self, value: &Scalar, options: &TextOptions<'_>) -> Result<Option<Condition>, Refusal> {
        match self.strict_text_in_ids(value, options) {
            Err(_) if options.lenient => Ok(Some(Condition::None)),
            result => result,
        }
    }

    fn strict_text_in_ids(&self, value: &Scalar, options: &TextOptions<'_>) -> Result<Option<Condition>, Refusal> {
        let asks_beginning = match options.kind {
            Kind::PhrasePrefix => true,
            Kind::WordsPrefix => options.analyzer.is_some(),
            Kind::Words | Kind::Phrase => false,
        };
        if asks_beginning || options.fuzziness.is_some() {
            let reason = "\"_id\" can only be asked for whole ids, not for beginnings or likenesses";
            return Err(Refusal::malformed(reason));
        }
        let text = text_of(value);
        let Some(name) = options.analyzer else { return ids_of(vec![text]).map(Some) };
        let text = QueryText::of(&*self.named_analyzer(name)?, &text)?;
        let is_phrase = match &text {
            QueryText::Empty => false,
            QueryText::Line(line) => line.positions.len() > 1,
            QueryText::Graph(_) => true,
        };
        if options.kind == Kind::Phrase && is_phrase {
            return Err(Refusal::malformed("\"_id\" has no positions that a phrase could be found in"));
        }
        Ok(Words::of_ids(text)?.combined(options))
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
            Some(analyzer) => Words::of(&QueryText::of(&analyzer, text)?, std::slice::from_ref(subject), options)
                .map(|words| words.clauses),
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
        let text = QueryText::of(&analyzer, &text_of(value))?;
        match options.kind {
            Kind::Words | Kind::WordsPrefix => {
                Ok(Words::of(&text, std::slice::from_ref(subject), options)?.combined(options))
            }
            Kind::Phrase | Kind::PhrasePrefix => phrases(subject, &text, options),
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
        Ok(Words::of(&QueryText::of(analyzer, text)?, subjects, options)?.combined(options))
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

/// A term that an analyzer made, as `term` on the field.
fn analyzed_term(subject: &Subject<'_>, term: &str) -> Result<Condition, Refusal> {
    term_of(subject, &Scalar(Value::String(term.to_owned())))
}

/// A text as words that are put together by an operator.
struct Words {
    clauses: Vec<Condition>,
    /// A single word is no boolean query: neither the operator nor `minimum_should_match` says anything of it.
    is_boolean: bool,
}

impl Words {
    /// Each word in any of the fields.
    fn of(text: &QueryText, subjects: &[Subject<'_>], options: &TextOptions<'_>) -> Result<Words, Refusal> {
        let mut clauses = Vec::new();
        let is_boolean = match text {
            QueryText::Empty => false,
            QueryText::Line(line) => {
                let last = line.positions.len().saturating_sub(1);
                for (index, position) in line.positions.iter().enumerate() {
                    let is_prefix = options.kind == Kind::WordsPrefix && index == last && position.ends_text;
                    clauses.push(anywhere(subjects, options, |subject| {
                        word(subject, &position.terms, is_prefix, options)
                    })?);
                }
                line.is_boolean()
            }
            QueryText::Graph(segments) => {
                let last = segments.len().saturating_sub(1);
                for (index, segment) in segments.iter().enumerate() {
                    let is_prefix = options.kind == Kind::WordsPrefix && index == last;
                    clauses.push(anywhere(subjects, options, |subject| match segment {
                        Segment::Step { terms, .. } => word(subject, terms, is_prefix, options),
                        Segment::Paths(paths) => synonyms(subject, paths, is_prefix, options),
                    })?);
                }
                true
            }
        };
        Ok(Words { clauses, is_boolean })
    }

    /// Each word as an id. Ids have no positions: where several words stand for one, all of them are asked for.
    fn of_ids(text: QueryText) -> Result<Words, Refusal> {
        let (clauses, is_boolean): (Result<_, Refusal>, bool) = match text {
            QueryText::Empty => (Ok(Vec::new()), false),
            QueryText::Line(line) => {
                let is_boolean = line.is_boolean();
                (line.positions.into_iter().map(|position| ids_of(position.terms)).collect(), is_boolean)
            }
            QueryText::Graph(segments) => {
                let path = |path: Vec<Step>| {
                    let steps: Result<_, Refusal> = path.into_iter().map(|step| ids_of(vec![step.term])).collect();
                    steps.map(Condition::and)
                };
                let segment = |segment| match segment {
                    Segment::Step { terms, .. } => ids_of(terms),
                    Segment::Paths(paths) => {
                        let paths: Result<_, Refusal> = paths.into_iter().map(path).collect();
                        paths.map(Condition::or)
                    }
                };
                (segments.into_iter().map(segment).collect(), true)
            }
        };
        Ok(Words { clauses: clauses?, is_boolean })
    }

    /// With `and` there are no optional words that a `minimum_should_match` could count.
    fn combined(mut self, options: &TextOptions<'_>) -> Option<Condition> {
        if !self.is_boolean {
            return self.clauses.pop();
        }
        let minimum = options.minimum_should_match;
        Some(match options.operator {
            Operator::And if minimum.is_some_and(|spec| required_of(spec, 0) > 0) => Condition::None,
            Operator::And if self.clauses.is_empty() => Condition::None,
            Operator::And => Condition::and(self.clauses),
            Operator::Or => {
                let required = minimum.map_or(1, |spec| required_of(spec, self.clauses.len()).max(1));
                Condition::at_least(required, self.clauses)
            }
        })
    }
}

/// A part of the text in any of the fields.
fn anywhere(
    subjects: &[Subject<'_>],
    options: &TextOptions<'_>,
    one: impl Fn(&Subject<'_>) -> Result<Condition, Refusal>,
) -> Result<Condition, Refusal> {
    let mut found = Vec::with_capacity(subjects.len());
    for subject in subjects {
        match one(subject) {
            Err(_) if options.lenient => {}
            result => found.push(result?),
        }
    }
    Ok(Condition::or(found))
}

/// A word, or words that stand for each other: those are neither beginnings nor misspelt.
fn word(
    subject: &Subject<'_>,
    terms: &[String],
    is_prefix: bool,
    options: &TextOptions<'_>,
) -> Result<Condition, Refusal> {
    match (terms, options.fuzziness) {
        ([term], _) if is_prefix => prefix_of(subject, term, false),
        ([term], Some(fuzziness)) => fuzzy_of(subject, term, fuzziness, options.prefix_length, options.transpositions),
        _ => terms.iter().map(|term| analyzed_term(subject, term)).collect::<Result<_, _>>().map(Condition::or),
    }
}

/// Synonyms of several words.
fn synonyms(
    subject: &Subject<'_>,
    paths: &[Vec<Step>],
    is_prefix: bool,
    options: &TextOptions<'_>,
) -> Result<Condition, Refusal> {
    let are_phrases = options.synonym_phrases && has_positions(subject);
    let one = |path: &Vec<Step>| {
        let line = Line::of_path(path);
        if are_phrases {
            let kind = if is_prefix { Kind::PhrasePrefix } else { Kind::Phrase };
            let options = TextOptions { kind, slop: 0, ..*options };
            return Ok(line_phrase(subject, &line.positions, &options)?.unwrap_or(Condition::None));
        }
        let words = line.positions.iter().map(|position| word(subject, &position.terms, false, options));
        words.collect::<Result<_, _>>().map(Condition::and)
    };
    paths.iter().map(one).collect::<Result<_, _>>().map(Condition::or)
}

/// Only `text` keeps the positions of its words; `match_only_text` looks them up, which synonyms do not ask for.
fn has_positions(subject: &Subject<'_>) -> bool {
    matches!(&subject.field.kind, FieldType::Text(text) if text.has_positions)
}

/// The text as a phrase, or as one of those that its synonyms make.
fn phrases(subject: &Subject<'_>, text: &QueryText, options: &TextOptions<'_>) -> Result<Option<Condition>, Refusal> {
    match text {
        QueryText::Empty => Ok(None),
        QueryText::Line(line) => line_phrase(subject, &line.positions, options),
        QueryText::Graph(_) if options.slop == 0 && matches!(subject.field.kind, FieldType::MatchOnlyText(_)) => {
            Err(Refusal::malformed(format!(
                "a phrase with synonyms of several words cannot be asked of {:?}, for match_only_text has no positions; a slop \
                 of 1 or the type text can",
                subject.field.name
            )))
        }
        QueryText::Graph(segments) => {
            let phrases = QueryText::phrases(segments, options.slop)?;
            let one = |phrase: &Vec<Position>| line_phrase(subject, phrase, options);
            let found: Vec<Option<Condition>> = phrases.iter().map(one).collect::<Result<_, _>>()?;
            Ok(Some(Condition::or(found.into_iter().flatten().collect())))
        }
    }
}

fn line_phrase(
    subject: &Subject<'_>,
    positions: &[Position],
    options: &TextOptions<'_>,
) -> Result<Option<Condition>, Refusal> {
    let ends_open = options.kind == Kind::PhrasePrefix;
    let first_place = match positions {
        [] => return Ok(None),
        [only] if !ends_open => {
            return word(subject, &only.terms, false, options).map(Some);
        }
        [first, ..] => first.place,
    };
    check_searchable(subject)?;
    let clause = if ends_open { "match_phrase_prefix" } else { "match_phrase" };
    let (FieldType::Text(text) | FieldType::MatchOnlyText(text)) = &subject.field.kind else {
        return Err(type_refusal(clause, subject.field, "text fields"));
    };
    if let ([only], true) = (positions, ends_open) {
        let prefixes: Result<Vec<_>, _> = only.terms.iter().map(|term| prefix_of(subject, term, false)).collect();
        return Ok(Some(Condition::or(prefixes?)));
    }
    check_positions(clause, subject.field, text)?;
    let last = positions.len() - 1;
    let slots = positions.iter().enumerate().map(|(index, position)| Slot {
        position: position.place - first_place,
        terms: position.terms.iter().map(|term| term.as_str().into()).collect(),
        prefix: ends_open && index == last,
    });
    let phrase = Phrase::new(slots.collect(), options.slop);
    Ok(Some(Condition::Field(subject.field.id, Test::Phrase(phrase))))
}
