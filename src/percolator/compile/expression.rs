//! The texts of `query_string` and `simple_query_string`, parsed before, over the fields that they ask.

use serde_json::Value;

use crate::analysis::Analyzer;
use crate::percolator::compile::fields::{FieldList, Subject};
use crate::percolator::compile::full_text::{Kind, TextOptions};
use crate::percolator::compile::range::range_of;
use crate::percolator::compile::term_level::{
    fuzzy_of, normalized_piece, normalized_wildcard, prefix_of, regexp_of, wildcard_of,
};
use crate::percolator::compile::{Compiler, Refusal, lucene_boolean, required_of};
use crate::percolator::condition::Condition;
use crate::query::{
    Expression, ExpressionLeaf, Fuzziness, MinimumShouldMatch, MultiMatchType, Occur, Operator, QueryString, Range,
    RangeRelation, RegexpFlags, Scalar, SimpleQueryString, TextRange,
};

/// What both clauses say beyond their text.
struct Settings<'q> {
    fields: &'q [String],
    asks_default_field: bool,
    kind: MultiMatchType,
    operator: Operator,
    minimum_should_match: Option<&'q MinimumShouldMatch>,
    analyzer: Option<&'q str>,
    quote_analyzer: Option<&'q str>,
    quote_field_suffix: Option<&'q str>,
    analyze_wildcard: bool,
    phrase_slop: u32,
    fuzziness: Fuzziness,
    fuzzy_prefix_length: u32,
    fuzzy_transpositions: bool,
    lenient: bool,
    time_zone: Option<&'q str>,
}

const ALL_OPERATORS: RegexpFlags =
    RegexpFlags { complement: true, empty: true, interval: true, intersection: true, anystring: true };

impl<'a> Compiler<'a> {
    pub(super) fn query_string(&self, clause: &QueryString) -> Result<Condition, Refusal> {
        let settings = Settings {
            fields: &clause.fields,
            asks_default_field: clause.asks_default_field,
            kind: clause.kind,
            operator: clause.default_operator,
            minimum_should_match: clause.minimum_should_match.as_ref(),
            analyzer: clause.analyzer.as_deref(),
            quote_analyzer: clause.quote_analyzer.as_deref(),
            quote_field_suffix: clause.quote_field_suffix.as_deref(),
            analyze_wildcard: clause.analyze_wildcard,
            phrase_slop: clause.phrase_slop,
            fuzziness: clause.fuzziness,
            fuzzy_prefix_length: clause.fuzzy_prefix_length,
            fuzzy_transpositions: clause.fuzzy_transpositions,
            lenient: clause.lenient.unwrap_or_else(|| self.asks_everything(&clause.fields)),
            time_zone: clause.time_zone.as_deref(),
        };
        self.whole_expression(&clause.expression, &settings)
    }

    pub(super) fn simple_query_string(&self, clause: &SimpleQueryString) -> Result<Condition, Refusal> {
        let settings = Settings {
            fields: &clause.fields,
            asks_default_field: false,
            kind: clause.kind,
            operator: clause.default_operator,
            minimum_should_match: clause.minimum_should_match.as_ref(),
            analyzer: clause.analyzer.as_deref(),
            quote_analyzer: clause.analyzer.as_deref(),
            quote_field_suffix: clause.quote_field_suffix.as_deref(),
            analyze_wildcard: clause.analyze_wildcard,
            phrase_slop: 0,
            fuzziness: Fuzziness::Auto { low: 3, high: 6 },
            fuzzy_prefix_length: clause.fuzzy_prefix_length,
            fuzzy_transpositions: clause.fuzzy_transpositions,
            lenient: clause.lenient.unwrap_or_else(|| self.asks_everything(&clause.fields)),
            time_zone: None,
        };
        self.whole_expression(&clause.expression, &settings)
    }

    fn asks_everything(&self, fields: &[String]) -> bool {
        let names = if fields.is_empty() { self.mapping.default_fields() } else { fields };
        names.iter().any(|name| name == "*")
    }

    /// `minimum_should_match` speaks of the outermost boolean query only.
    fn whole_expression(&self, expression: &Expression, settings: &Settings<'_>) -> Result<Condition, Refusal> {
        // Even a text that names no field asks these: a mistake in them is one whatever the text is.
        self.field_list(settings.fields)?;
        let condition = self.expression(expression, settings, settings.minimum_should_match)?;
        Ok(condition.unwrap_or(Condition::None))
    }

    /// `None` where the analyzers leave nothing of the expression: it then has no say in the clause around it.
    fn expression(
        &self,
        expression: &Expression,
        settings: &Settings<'_>,
        minimum: Option<&MinimumShouldMatch>,
    ) -> Result<Option<Condition>, Refusal> {
        match expression {
            Expression::Empty => Ok(None),
            Expression::All => Ok(Some(Condition::All)),
            Expression::Leaf { field, leaf } => self.expression_leaf(field.as_deref(), leaf, settings, minimum),
            Expression::Bool(clauses) => {
                let mut left: Vec<(Occur, Condition)> = Vec::with_capacity(clauses.len());
                for clause in clauses {
                    if let (Some(before), Some(claimed)) = (left.last_mut(), clause.claims)
                        && before.0 != Occur::MustNot
                    {
                        before.0 = claimed;
                    }
                    let counts_words = minimum.is_some() && settings.operator == Operator::Or;
                    let words = match counts_words && clause.occur == Occur::Should {
                        true => self.separate_words(&clause.expression, settings)?,
                        false => None,
                    };
                    match words {
                        Some(words) => left.extend(words.into_iter().map(|word| (Occur::Should, word))),
                        None => {
                            let condition = self.expression(&clause.expression, settings, None)?;
                            left.extend(condition.map(|condition| (clause.occur, condition)));
                        }
                    }
                }
                match (left.len(), clauses.first()) {
                    (1, Some(first)) if first.may_stand_alone => {
                        let alone = self.expression(&first.expression, settings, minimum)?;
                        Ok(alone.or_else(|| together(left, minimum)))
                    }
                    _ => Ok(together(left, minimum)),
                }
            }
        }
    }

    /// The words of a run of text in a single field: Lucene makes each a clause of the boolean query around the run, where
    /// `minimum_should_match` counts them one by one. `None` for anything else.
    fn separate_words(
        &self,
        expression: &Expression,
        settings: &Settings<'_>,
    ) -> Result<Option<Vec<Condition>>, Refusal> {
        let Expression::Leaf { field, leaf: ExpressionLeaf::Text(text) } = expression else { return Ok(None) };
        let list = match field.as_deref() {
            Some("_id") => return Ok(None),
            Some(name) => self.field_list(&[name.to_owned()])?,
            None => self.field_list(settings.fields)?,
        };
        match (list.subjects.as_slice(), settings.kind) {
            ([subject], MultiMatchType::BestFields | MultiMatchType::MostFields) => {
                let options =
                    TextOptions { analyzer: settings.analyzer, lenient: settings.lenient, ..TextOptions::default() };
                self.words_in_field(subject, text, &options).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn expression_leaf(
        &self,
        field: Option<&str>,
        leaf: &ExpressionLeaf,
        settings: &Settings<'_>,
        minimum: Option<&MinimumShouldMatch>,
    ) -> Result<Option<Condition>, Refusal> {
        if let (Some(name), ExpressionLeaf::Exists) = (field, leaf) {
            return self.exists(name).map(Some);
        }
        let is_star = (field, leaf) == (None, &ExpressionLeaf::Exists);
        if is_star && settings.asks_default_field && self.asks_everything(settings.fields) {
            return Ok(Some(Condition::All));
        }
        if field == Some("_id") {
            return match leaf {
                ExpressionLeaf::Text(text) | ExpressionLeaf::Phrase { text, .. } => {
                    Ok(Some(Condition::Ids(vec![text.clone()])))
                }
                _ => Err(Refusal::malformed("\"_id\" can only be asked for whole ids; use \"ids\"")),
            };
        }
        let list = match field {
            Some(name) => self.field_list(&[name.to_owned()])?,
            None => self.field_list(settings.fields)?,
        };
        let list = match (leaf, settings.quote_field_suffix) {
            (ExpressionLeaf::Phrase { .. }, Some(suffix)) => self.quoted_fields(list, suffix),
            _ => list,
        };
        match leaf {
            ExpressionLeaf::Text(text) => self.expression_text(&list, text, settings, minimum),
            ExpressionLeaf::Phrase { text, slop } => {
                let options = TextOptions {
                    kind: Kind::Phrase,
                    slop: slop.unwrap_or(settings.phrase_slop),
                    analyzer: settings.quote_analyzer.or(settings.analyzer),
                    lenient: settings.lenient,
                    ..TextOptions::default()
                };
                let value = Scalar(Value::String(text.clone()));
                self.text_in_fields(&list, MultiMatchType::Phrase, &value, &options, None)
            }
            other => {
                let mut found = Vec::with_capacity(list.subjects.len());
                for subject in &list.subjects {
                    match self.expression_pattern(subject, other, settings) {
                        Err(_) if settings.lenient => {}
                        result => found.push(result?),
                    }
                }
                Ok(Some(Condition::or(found)))
            }
        }
    }

    fn expression_text(
        &self,
        list: &FieldList<'_>,
        text: &str,
        settings: &Settings<'_>,
        minimum: Option<&MinimumShouldMatch>,
    ) -> Result<Option<Condition>, Refusal> {
        let options = TextOptions {
            kind: match settings.kind {
                MultiMatchType::BestFields | MultiMatchType::MostFields | MultiMatchType::CrossFields => Kind::Words,
                MultiMatchType::Phrase => Kind::Phrase,
                MultiMatchType::PhrasePrefix => Kind::PhrasePrefix,
                MultiMatchType::BoolPrefix => Kind::WordsPrefix,
            },
            operator: settings.operator,
            // A text of several words in a single field is itself the outermost boolean query.
            minimum_should_match: if list.subjects.len() == 1 { minimum } else { None },
            slop: settings.phrase_slop,
            analyzer: settings.analyzer,
            lenient: settings.lenient,
            ..TextOptions::default()
        };
        self.text_in_fields(list, settings.kind, &Scalar(Value::String(text.to_owned())), &options, None)
    }

    /// `quote_field_suffix`: phrases ask the field with the suffix where there is one.
    fn quoted_fields(&self, list: FieldList<'a>, suffix: &str) -> FieldList<'a> {
        let with_suffix = |subject: Subject<'a>| {
            let quoted = self.mapping.field(&format!("{}{suffix}", subject.field.name));
            quoted.filter(|field| !self.is_forbidden(&field.name)).map_or(subject, Subject::from)
        };
        let subjects = list.subjects.into_iter().map(with_suffix).collect();
        FieldList { subjects, is_everything: list.is_everything }
    }

    fn expression_pattern(
        &self,
        subject: &Subject<'_>,
        leaf: &ExpressionLeaf,
        settings: &Settings<'_>,
    ) -> Result<Condition, Refusal> {
        let analyzer = settings.analyzer.map(|name| self.named_analyzer(name)).transpose()?;
        let analyzer = analyzer.as_deref();
        match leaf {
            ExpressionLeaf::Exists => self.exists(&subject.field.name),
            ExpressionLeaf::Prefix(text) if settings.analyze_wildcard => {
                let options = TextOptions {
                    kind: Kind::WordsPrefix,
                    operator: settings.operator,
                    analyzer: settings.analyzer,
                    ..TextOptions::default()
                };
                let found = self.text_in_field(subject, &Scalar(Value::String(text.clone())), &options)?;
                Ok(found.unwrap_or(Condition::None))
            }
            ExpressionLeaf::Prefix(text) => prefix_of(subject, &normalized_piece(subject, analyzer, text), false),
            ExpressionLeaf::Wildcard(pattern) if pattern == "*" => self.exists(&subject.field.name),
            ExpressionLeaf::Wildcard(pattern) => {
                wildcard_of(subject, &normalized_wildcard(subject, analyzer, pattern), false)
            }
            ExpressionLeaf::Regexp(pattern) => regexp_of(subject, pattern, ALL_OPERATORS, false),
            ExpressionLeaf::Fuzzy { text, distance } => fuzzy_of(
                subject,
                &normalized_piece(subject, analyzer, text),
                distance.unwrap_or(settings.fuzziness),
                settings.fuzzy_prefix_length,
                settings.fuzzy_transpositions,
            ),
            ExpressionLeaf::Range(range) => {
                range_of(subject, &written_range(subject, range, analyzer, settings.time_zone))
            }
            ExpressionLeaf::Text(_) | ExpressionLeaf::Phrase { .. } => Ok(Condition::None),
        }
    }
}

/// The clauses of which the analysis left something, as one boolean query; `None` where there are none.
fn together(clauses: Vec<(Occur, Condition)>, minimum: Option<&MinimumShouldMatch>) -> Option<Condition> {
    if clauses.is_empty() {
        return None;
    }
    let (mut required, mut optional, mut excluded) = (Vec::new(), Vec::new(), Vec::new());
    for (occur, condition) in clauses {
        match occur {
            Occur::Must => required.push(condition),
            Occur::Should => optional.push(condition),
            Occur::MustNot => excluded.push(condition),
        }
    }
    let minimum = minimum.map(|spec| required_of(spec, optional.len()));
    Some(lucene_boolean(required, optional, excluded, minimum))
}

/// A range of a query text as the `range` clause would say it.
fn written_range(
    subject: &Subject<'_>,
    range: &TextRange,
    analyzer: Option<&Analyzer>,
    time_zone: Option<&str>,
) -> Range {
    let takes_time_zone = matches!(subject.field.kind, crate::mapping::FieldType::Date(_));
    let bound = |text: &Option<String>| {
        text.as_ref().map(|text| Scalar(Value::String(normalized_piece(subject, analyzer, text))))
    };
    Range {
        field: subject.field.name.to_string(),
        lower: bound(&range.lower),
        includes_lower: range.includes_lower,
        upper: bound(&range.upper),
        includes_upper: range.includes_upper,
        format: None,
        time_zone: time_zone.filter(|_| takes_time_zone).map(str::to_owned),
        relation: RangeRelation::Intersects,
    }
}
