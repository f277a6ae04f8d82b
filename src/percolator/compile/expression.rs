//! The texts of `query_string` and `simple_query_string`, parsed before, over the fields that they ask.

use serde_json::Value;

use crate::analysis::Analyzer;
use crate::mapping::check_date_parameters;
use crate::percolator::compile::fields::{FieldList, Subject, check_searchable};
use crate::percolator::compile::full_text::{Kind, TextOptions};
use crate::percolator::compile::range::range_of;
use crate::percolator::compile::term_level::{
    fuzzy_of, normalized_piece, normalized_wildcard, prefix_of, regexp_of, wildcard_of,
};
use crate::percolator::compile::{Compiler, Refusal, lucene_boolean, required_of};
use crate::percolator::condition::Condition;
use crate::query::{
    Chain, Clauses, Expression, ExpressionLeaf, Fuzziness, Joined, MinimumShouldMatch, MultiMatchType, Occur, Operator,
    QueryString, Range, RangeRelation, RegexpFlags, Scalar, SimpleQueryString, TextRange,
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
    synonym_phrases: bool,
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
            synonym_phrases: clause.auto_generate_synonyms_phrase_query,
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
            synonym_phrases: clause.auto_generate_synonyms_phrase_query,
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
        // A mistake in these is one whatever the text is, even where it does not use them.
        self.field_list(settings.fields)?;
        settings.quote_analyzer.map(|name| self.named_analyzer(name)).transpose()?;
        check_date_parameters(None, settings.time_zone)?;
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
            Expression::Chain(chain) => self.chain(chain, settings, minimum),
            Expression::Clauses(clauses) => self.clauses(clauses, settings, minimum),
        }
    }

    /// A level of a `query_string`.
    fn clauses(
        &self,
        clauses: &Clauses,
        settings: &Settings<'_>,
        minimum: Option<&MinimumShouldMatch>,
    ) -> Result<Option<Condition>, Refusal> {
        let each = clauses.expressions().map(|clause| self.expression(clause, settings, None));
        let conditions: Vec<Option<Condition>> = each.collect::<Result<_, Refusal>>()?;
        let left: Vec<bool> = conditions.iter().map(Option::is_some).collect();
        if !left.contains(&true) {
            return Ok(None);
        }
        if let Some(lone) = clauses.lone(&left) {
            return self.expression(lone, settings, minimum);
        }
        let (mut required, mut optional, mut excluded) = (Vec::new(), Vec::new(), Vec::new());
        for ((occur, condition), clause) in clauses.occurs(&left).into_iter().zip(conditions).zip(clauses.expressions())
        {
            let (Some(occur), Some(condition)) = (occur, condition) else { continue };
            if let (Some(_), Operator::Or, Occur::Should) = (minimum, settings.operator, occur)
                && let Some(words) = self.separate_words(clause, settings)?
            {
                optional.extend(words);
                continue;
            }
            match occur {
                Occur::Must => required.push(condition),
                Occur::Should => optional.push(condition),
                Occur::MustNot => excluded.push(condition),
            }
        }
        let minimum = minimum.map(|spec| required_of(spec, optional.len()));
        Ok(Some(lucene_boolean(required, optional, excluded, minimum)))
    }

    /// A level of a `simple_query_string`.
    fn chain(
        &self,
        chain: &Chain,
        settings: &Settings<'_>,
        minimum: Option<&MinimumShouldMatch>,
    ) -> Result<Option<Condition>, Refusal> {
        let mut left = Vec::new();
        let mut parts = Vec::new();
        for (negated, part) in chain.parts() {
            let condition = self.expression(part, settings, None)?;
            left.extend(condition.is_some().then_some((negated, part)));
            parts.push(condition.map(|condition| if negated { Condition::negate(condition) } else { condition }));
        }
        // One alone is the outermost query itself; negated, it stands in a boolean query beside everything, as an optional clause.
        if let ([(negated, part)], Some(spec)) = (left.as_slice(), minimum) {
            return if *negated && required_of(spec, 1) > 1 {
                Ok(Some(Condition::None))
            } else if *negated {
                Ok(parts.into_iter().flatten().next())
            } else {
                self.expression(part, settings, minimum)
            };
        }
        let join = |occur, parts: Vec<Condition>, minimum| match occur {
            Occur::Must => lucene_boolean(parts, Vec::new(), Vec::new(), minimum),
            Occur::Should | Occur::MustNot => lucene_boolean(Vec::new(), parts, Vec::new(), minimum),
        };
        Ok(match chain.joined(parts, |occur, parts| join(occur, parts, None)) {
            None => None,
            Some(Joined::One(condition)) => Some(condition),
            Some(Joined::Many(occur, parts)) => {
                let optional = if occur == Occur::Must { 0 } else { parts.len() };
                Some(join(occur, parts, minimum.map(|spec| required_of(spec, optional))))
            }
        })
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
            Some(name) => self.field_list(&[name.to_owned()])?,
            None => self.field_list(settings.fields)?,
        };
        match (list.subjects.as_slice(), settings.kind) {
            ([subject], MultiMatchType::BestFields | MultiMatchType::MostFields) if !list.asks_id => {
                let options = TextOptions {
                    analyzer: settings.analyzer,
                    lenient: settings.lenient,
                    synonym_phrases: settings.synonym_phrases,
                    ..TextOptions::default()
                };
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
            _ if list.asks_id && !settings.lenient => {
                Err(Refusal::malformed("\"_id\" can only be asked for whole ids; use \"ids\""))
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
            synonym_phrases: settings.synonym_phrases,
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
        FieldList { subjects, ..list }
    }

    fn expression_pattern(
        &self,
        subject: &Subject<'_>,
        leaf: &ExpressionLeaf,
        settings: &Settings<'_>,
    ) -> Result<Condition, Refusal> {
        let analyzer = settings.analyzer.map(|name| self.named_analyzer(name)).transpose()?;
        let analyzer = analyzer.as_deref();
        if *leaf == ExpressionLeaf::Exists {
            return self.exists(&subject.field.name);
        }
        check_searchable(subject)?;
        match leaf {
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
            ExpressionLeaf::Exists | ExpressionLeaf::Text(_) | ExpressionLeaf::Phrase { .. } => Ok(Condition::None),
        }
    }
}

/// A range of a query text as the `range` clause would say it.
fn written_range(
    subject: &Subject<'_>,
    range: &TextRange,
    analyzer: Option<&Analyzer>,
    time_zone: Option<&str>,
) -> Range {
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
        time_zone: time_zone.map(str::to_owned),
        relation: RangeRelation::Intersects,
    }
}
