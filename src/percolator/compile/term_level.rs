//! Clauses on whole terms and values: `term`, `range`, `exists`, `prefix` and their kin.

use serde_json::Value;

use crate::analysis::Analyzer;
use crate::mapping::{Field, FieldType, java_text_of, simple_match};
use crate::percolator::compile::fields::{Subject, Target, check_searchable, not_indexed};
use crate::percolator::compile::{Compiler, Refusal, required_of};
use crate::percolator::condition::{Condition, Test};
use crate::percolator::pattern::{Fuzzy, Pattern, Wildcard};
use crate::percolator::regexp::{Regexp, RegexpError};
use crate::query::{Fuzziness, QueryErrorKind, RangeRelation, RegexpFlags, Scalar, TermsSetMinimum};

impl Compiler<'_> {
    pub(super) fn term(&self, name: &str, value: &Scalar, caseless: bool) -> Result<Condition, Refusal> {
        match self.target(name)? {
            Target::Id if caseless => {
                Err(Refusal::malformed("\"case_insensitive\" finds nothing in \"_id\"; leave it out"))
            }
            Target::Id => ids_of(vec![text_of(value)]),
            Target::Field(subject) if caseless => {
                check_searchable(&subject)?;
                caseless_term(&subject, value)
            }
            Target::Field(subject) => term_of(&subject, value),
        }
    }

    pub(super) fn terms(&self, name: &str, values: &[Scalar]) -> Result<Condition, Refusal> {
        match self.target(name)? {
            Target::Id => ids_of(values.iter().map(text_of).collect()),
            Target::Field(subject) => {
                check_searchable(&subject)?;
                values.iter().try_for_each(|value| subject.field.check_listed(value))?;
                let terms: Result<Vec<_>, Refusal> = values.iter().map(|value| term_of(&subject, value)).collect();
                Ok(Condition::or(terms?))
            }
        }
    }

    pub(super) fn terms_set(
        &self,
        name: &str,
        terms: &[Scalar],
        minimum: &TermsSetMinimum,
    ) -> Result<Condition, Refusal> {
        // A list without terms names a field, too.
        self.target(name)?;
        let term = |value: &Scalar| self.term(name, value, false);
        let terms: Vec<Condition> = terms.iter().map(term).collect::<Result<_, Refusal>>()?;
        match minimum {
            TermsSetMinimum::Literal(spec) => Ok(Condition::at_least(required_of(spec, terms.len()).max(1), terms)),
            TermsSetMinimum::Field(name) => {
                let counter = self.subject(name)?.field;
                match &counter.kind {
                    _ if !counter.doc_values => Err(Refusal::malformed(format!(
                        "field {name:?} has no doc values, from which the number is read"
                    ))),
                    FieldType::TokenCount(_) => Ok(Condition::AtLeastField(counter.id, terms)),
                    FieldType::Number(number) if number.kind.is_whole() => {
                        Ok(Condition::AtLeastField(counter.id, terms))
                    }
                    _ => Err(Refusal::malformed(format!(
                        "field {name:?} of type {:?} holds no number of terms; a field of whole numbers is expected",
                        counter.kind.name()
                    ))),
                }
            }
        }
    }

    pub(super) fn exists(&self, name: &str) -> Result<Condition, Refusal> {
        self.check_allowed(name)?;
        if name == "_id" {
            return Ok(Condition::All);
        }
        if name.contains('*') {
            if let Some(metadata) = UNASKED_METADATA.iter().find(|metadata| simple_match(name, metadata)) {
                return Err(Refusal::malformed(format!(
                    "{name:?} fits the metadata field {metadata:?} too, whose existence cannot be asked; name the fields that are meant"
                )));
            }
            if METADATA_OF_ALL.iter().any(|metadata| simple_match(name, metadata)) {
                return Ok(Condition::All);
            }
            let fitting: Vec<_> = self.mapping.fields_matching(name).collect();
            return self.existing_fields(name, fitting);
        }
        if self.mapping.is_object(name) {
            return self.existing_fields(name, self.mapping.fields_below(name).collect());
        }
        match (self.mapping.field(name), self.mapping.flattened_key(name)) {
            (Some(field), _) => {
                self.check_allowed(&field.name)?;
                match field.kind {
                    FieldType::RankFeatures { .. } => Err(type_refusal("exists", field, "all other fields")),
                    _ => Ok(existence_of(field)),
                }
            }
            (None, Some((field, _))) if !field.indexed => Err(not_indexed(field)),
            (None, Some((field, key))) => {
                self.check_allowed(&field.name)?;
                let prefix = format!("{key}\0").into();
                Ok(Condition::Field(field.id, Test::Pattern(Pattern::Prefix { prefix, caseless: false })))
            }
            (None, None) => Err(self.unknown_field(name)),
        }
    }

    fn existing_fields(&self, name: &str, fields: Vec<&Field>) -> Result<Condition, Refusal> {
        let all = fields.len();
        let allowed: Vec<_> = fields.into_iter().filter(|field| !self.is_forbidden(&field.name)).collect();
        if all > 0 && allowed.is_empty() {
            self.check_allowed(name)?;
            return Err(Refusal {
                kind: QueryErrorKind::ForbiddenField,
                reason: format!("{name:?} fits only fields that may not be used in a subscription's query"),
            });
        }
        Ok(Condition::or(allowed.into_iter().map(existence_of).collect()))
    }

    pub(super) fn prefix(&self, name: &str, value: &str, caseless: bool) -> Result<Condition, Refusal> {
        if name == "_id" {
            return Err(Refusal::malformed("\"prefix\" on \"_id\" is not supported; use \"ids\""));
        }
        prefix_of(&self.subject(name)?, value, caseless)
    }

    pub(super) fn wildcard(&self, name: &str, value: &str, caseless: bool) -> Result<Condition, Refusal> {
        let subject = self.subject(name)?;
        let pattern = match &subject.field.kind {
            FieldType::Keyword(_) => normalized_wildcard(&subject, None, value),
            _ => value.to_owned(),
        };
        wildcard_of(&subject, &pattern, caseless)
    }

    pub(super) fn regexp(
        &self,
        name: &str,
        value: &str,
        flags: RegexpFlags,
        caseless: bool,
    ) -> Result<Condition, Refusal> {
        regexp_of(&self.subject(name)?, value, flags, caseless)
    }

    pub(super) fn fuzzy(
        &self,
        name: &str,
        value: &Scalar,
        fuzziness: Fuzziness,
        prefix_length: u32,
        transpositions: bool,
    ) -> Result<Condition, Refusal> {
        fuzzy_of(&self.subject(name)?, &text_of(value), fuzziness, prefix_length, transpositions)
    }

    pub(super) fn rank_feature(&self, name: &str, is_log: bool) -> Result<Condition, Refusal> {
        self.check_allowed(name)?;
        let (field, feature) = match (self.mapping.field(name), self.mapping.feature(name)) {
            (None, Some((field, feature))) => (field, Some(feature)),
            _ => (self.subject(name)?.field, None),
        };
        self.check_allowed(&field.name)?;
        match field.kind {
            FieldType::RankFeatures { .. } if feature.is_none() => Err(Refusal::malformed(format!(
                "field {name:?} holds features by name; ask one of them, such as \"{name}.one\""
            ))),
            FieldType::RankFeature { positive_score_impact } | FieldType::RankFeatures { positive_score_impact }
                if is_log && !positive_score_impact =>
            {
                Err(Refusal::malformed(format!(
                    "field {:?} has a negative score impact, which \"log\" does not take; use \"saturation\" or \"sigmoid\"",
                    field.name
                )))
            }
            FieldType::RankFeature { .. } | FieldType::RankFeatures { .. } => {
                Ok(feature.map_or_else(|| existence_of(field), |feature| Condition::term(field.id, feature)))
            }
            _ => Err(type_refusal("rank_feature", field, "rank_feature and rank_features")),
        }
    }
}

/// Documents with one of these ids.
pub(super) fn ids_of(ids: Vec<String>) -> Result<Condition, Refusal> {
    if ids.iter().any(String::is_empty) {
        return Err(Refusal::malformed("an id cannot be empty"));
    }
    Ok(Condition::Ids(ids))
}

/// Metadata fields that a pattern of `exists` must not fit.
const UNASKED_METADATA: &[&str] = &["_source", "_doc_count", "_field_names", "_data_stream_timestamp", "_nested_path"];
/// Metadata fields that every document has.
const METADATA_OF_ALL: &[&str] = &["_id", "_index", "_seq_no", "_version", "_index_mode"];

/// The JSON value as the text that Elasticsearch makes of it: floats as Java writes them.
pub(super) fn text_of(value: &Scalar) -> String {
    match &value.0 {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => number.as_f64().map(java_text_of).unwrap_or_default(),
        other => other.to_string(),
    }
}

/// A constant field has its value in every document, whether it says so or not.
pub(super) fn existence_of(field: &Field) -> Condition {
    match field.kind {
        FieldType::ConstantKeyword(Some(_)) => Condition::All,
        // Elasticsearch looks for its doc values, and does not note the field's name else.
        FieldType::TokenCount(_) if !field.doc_values => Condition::None,
        _ => Condition::Field(field.id, Test::Exists),
    }
}

/// Refuses a number beyond 64 bits on a field of texts: Elasticsearch asks for its digits, which a float does not keep.
pub(super) fn check_digits(field: &Field, value: &Scalar) -> Result<(), Refusal> {
    let loses_digits = value.0.as_f64().is_some_and(|number| value.0.is_f64() && number.abs() >= 2f64.powi(63));
    if !loses_digits || !has_texts(field) {
        return Ok(());
    }
    Err(Refusal::malformed(format!(
        "a number beyond 64 bits keeps no digits; write it as text to ask for it in field {:?}",
        field.name
    )))
}

/// `term` on a field: what its type makes of the value.
pub(super) fn term_of(subject: &Subject<'_>, value: &Scalar) -> Result<Condition, Refusal> {
    check_searchable(subject)?;
    let field = subject.field;
    check_digits(field, value)?;
    match &field.kind {
        FieldType::Text(_) | FieldType::MatchOnlyText(_) | FieldType::Wildcard(_) => {
            Ok(Condition::term(field.id, text_of(value)))
        }
        FieldType::Version if value.0.is_string() => Ok(Condition::term(field.id, text_of(value))),
        FieldType::Version => Err(type_refusal("a number or a boolean", field, "texts")),
        FieldType::Flattened(_) | FieldType::FlattenedKeys(_) => {
            Ok(Condition::term(field.id, subject.encode(&text_of(value))))
        }
        FieldType::Keyword(_) => Ok(Condition::term(field.id, normalized_value(subject, &text_of(value)))),
        FieldType::ConstantKeyword(Some(constant)) => {
            Ok(if **constant == *text_of(value) { Condition::All } else { Condition::None })
        }
        FieldType::ConstantKeyword(None) => Ok(Condition::term(field.id, text_of(value))),
        FieldType::Boolean(_) => match text_of(value).as_str() {
            "true" => Ok(Condition::term(field.id, "true")),
            "false" => Ok(Condition::term(field.id, "false")),
            other => Err(Refusal::malformed(format!(
                "{other:?} is no value of the boolean field {:?}; true or false is expected",
                field.name
            ))),
        },
        FieldType::Number(_) | FieldType::Date(_) | FieldType::Ip(_) | FieldType::TokenCount(_) => {
            Ok(field.term_point(value)?.map_or(Condition::None, |range| Condition::Field(field.id, Test::Point(range))))
        }
        FieldType::Range(_) => Ok(field.term_point(value)?.map_or(Condition::None, |range| {
            Condition::Field(field.id, Test::Interval(RangeRelation::Intersects, range))
        })),
        FieldType::GeoPoint(_) | FieldType::RankFeature { .. } | FieldType::RankFeatures { .. } | FieldType::Binary => {
            Err(type_refusal("term", field, "text, keyword, numeric, date, boolean, ip and range fields"))
        }
    }
}

fn caseless_term(subject: &Subject<'_>, value: &Scalar) -> Result<Condition, Refusal> {
    let field = subject.field;
    check_digits(field, value)?;
    let text = match &field.kind {
        FieldType::Keyword(_) => normalized_value(subject, &text_of(value)),
        FieldType::ConstantKeyword(Some(constant)) => {
            let same = constant.eq_ignore_ascii_case(&text_of(value));
            return Ok(if same { Condition::All } else { Condition::None });
        }
        FieldType::Text(_)
        | FieldType::MatchOnlyText(_)
        | FieldType::Wildcard(_)
        | FieldType::Version
        | FieldType::ConstantKeyword(None)
        | FieldType::Flattened(_)
        | FieldType::FlattenedKeys(_) => subject.encode(&text_of(value)),
        FieldType::Boolean(_) if field.indexed => return term_of(subject, value),
        FieldType::Number(_)
        | FieldType::Date(_)
        | FieldType::Boolean(_)
        | FieldType::Ip(_)
        | FieldType::Range(_)
        | FieldType::GeoPoint(_)
        | FieldType::TokenCount(_)
        | FieldType::RankFeature { .. }
        | FieldType::RankFeatures { .. }
        | FieldType::Binary => return Err(type_refusal("case insensitive term", field, STRING_FIELDS)),
    };
    Ok(Condition::Field(field.id, Test::Pattern(Pattern::CaselessTerm(text.into()))))
}

const STRING_FIELDS: &str = "keyword, text and wildcard fields";

pub(super) fn type_refusal(clause: &str, field: &Field, takes: &str) -> Refusal {
    Refusal::malformed(format!(
        "field {:?} of type {:?} cannot be asked by {clause:?}, which takes {takes}",
        field.name,
        field.kind.name()
    ))
}

fn check_string(clause: &str, subject: &Subject<'_>) -> Result<(), Refusal> {
    check_searchable(subject)?;
    if has_texts(subject.field) { Ok(()) } else { Err(type_refusal(clause, subject.field, STRING_FIELDS)) }
}

/// Whether the field's terms are texts.
fn has_texts(field: &Field) -> bool {
    match field.kind {
        FieldType::Text(_)
        | FieldType::MatchOnlyText(_)
        | FieldType::Keyword(_)
        | FieldType::Wildcard(_)
        | FieldType::Version
        | FieldType::ConstantKeyword(_)
        | FieldType::Flattened(_)
        | FieldType::FlattenedKeys(_) => true,
        FieldType::Number(_)
        | FieldType::Date(_)
        | FieldType::Boolean(_)
        | FieldType::Ip(_)
        | FieldType::Range(_)
        | FieldType::GeoPoint(_)
        | FieldType::TokenCount(_)
        | FieldType::RankFeature { .. }
        | FieldType::RankFeatures { .. }
        | FieldType::Binary => false,
    }
}

/// A whole value as the field's terms have it: a keyword's normalizer applied, a flattened key put before it.
pub(super) fn normalized_value(subject: &Subject<'_>, text: &str) -> String {
    match &subject.field.kind {
        FieldType::Keyword(keyword) => {
            keyword.normalizer.as_ref().map_or_else(|| text.to_owned(), |normalizer| normalizer.normalize(text))
        }
        _ => subject.encode(text),
    }
}

/// A piece of a term as the analysis of the field, or the analyzer that the query names, would leave it (Lucene's
/// `Analyzer.normalize`).
pub(super) fn normalized_piece(subject: &Subject<'_>, analyzer: Option<&Analyzer>, text: &str) -> String {
    match (analyzer, &subject.field.kind) {
        (Some(analyzer), _) => analyzer.normalize(text),
        (None, FieldType::Text(text_type) | FieldType::MatchOnlyText(text_type)) => {
            text_type.search_analyzer.normalize(text)
        }
        (None, FieldType::Keyword(_)) => normalized_value(subject, text),
        (None, _) => text.to_owned(),
    }
}

/// A wildcard pattern with the text between its wildcards and escapes normalized.
pub(super) fn normalized_wildcard(subject: &Subject<'_>, analyzer: Option<&Analyzer>, pattern: &str) -> String {
    let mut normalized = String::with_capacity(pattern.len());
    let mut literal = String::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '*' | '?' | '\\' => {
                normalized.push_str(&normalized_piece(subject, analyzer, &literal));
                literal.clear();
                normalized.push(character);
                if character == '\\' {
                    normalized.extend(characters.next());
                }
            }
            other => literal.push(other),
        }
    }
    normalized.push_str(&normalized_piece(subject, analyzer, &literal));
    normalized
}

pub(super) fn prefix_of(subject: &Subject<'_>, value: &str, caseless: bool) -> Result<Condition, Refusal> {
    check_string("prefix", subject)?;
    let prefix = normalized_value(subject, value).into();
    Ok(fitting(subject, Pattern::Prefix { prefix, caseless }))
}

/// A pattern on a field; a constant field is answered at once.
fn fitting(subject: &Subject<'_>, pattern: Pattern) -> Condition {
    match &subject.field.kind {
        FieldType::ConstantKeyword(Some(constant)) if pattern.fits(constant) => Condition::All,
        FieldType::ConstantKeyword(Some(_)) => Condition::None,
        _ => Condition::Field(subject.field.id, Test::Pattern(pattern)),
    }
}

pub(super) fn wildcard_of(subject: &Subject<'_>, pattern: &str, caseless: bool) -> Result<Condition, Refusal> {
    check_string("wildcard", subject)?;
    if subject.key.is_some() {
        return Err(Refusal::malformed("a key of a flattened field cannot be asked by \"wildcard\""));
    }
    // Lucene's WildcardQuery without a pattern finds nothing, not even the empty term.
    if pattern.is_empty() {
        return Ok(Condition::None);
    }
    let pattern = Pattern::Wildcard(Wildcard::parse(pattern, caseless));
    Ok(fitting(subject, pattern))
}

pub(super) fn regexp_of(
    subject: &Subject<'_>,
    value: &str,
    flags: RegexpFlags,
    caseless: bool,
) -> Result<Condition, Refusal> {
    check_string("regexp", subject)?;
    if subject.key.is_some() {
        return Err(Refusal::malformed("a key of a flattened field cannot be asked by \"regexp\""));
    }
    let regexp = Regexp::parse(&normalized_value(subject, value), flags, caseless)
        .map_err(|error| Refusal { kind: kind_of(&error), reason: error.to_string() })?;
    let pattern = Pattern::Regexp(regexp);
    Ok(fitting(subject, pattern))
}

fn kind_of(error: &RegexpError) -> QueryErrorKind {
    match error {
        RegexpError::Malformed { .. } => QueryErrorKind::Malformed,
        RegexpError::TooComplex { .. } => QueryErrorKind::Limit,
    }
}

pub(super) fn fuzzy_of(
    subject: &Subject<'_>,
    text: &str,
    fuzziness: Fuzziness,
    prefix_length: u32,
    transpositions: bool,
) -> Result<Condition, Refusal> {
    check_string("fuzzy", subject)?;
    if subject.key.is_some() {
        return Err(Refusal::malformed("a key of a flattened field cannot be asked by \"fuzzy\""));
    }
    let term = normalized_value(subject, text);
    let distance = distance_for(fuzziness, &term);
    // Lucene lets nothing be near the empty term but itself.
    if distance == 0 || term.is_empty() {
        return term_of(subject, &Scalar(Value::String(term)));
    }
    let prefix_length = usize::try_from(prefix_length).unwrap_or(usize::MAX);
    let pattern = Pattern::Fuzzy(Fuzzy::new(&term, distance, prefix_length, transpositions));
    Ok(fitting(subject, pattern))
}

/// The edit distance that a fuzziness allows for a term; `AUTO` counts code points.
pub(super) fn distance_for(fuzziness: Fuzziness, term: &str) -> usize {
    match fuzziness {
        Fuzziness::Zero => 0,
        Fuzziness::One => 1,
        Fuzziness::Two => 2,
        Fuzziness::Auto { low, high } => {
            let length = u32::try_from(term.chars().count()).unwrap_or(u32::MAX);
            match length {
                _ if length < low => 0,
                _ if length < high => 1,
                _ => 2,
            }
        }
    }
}
