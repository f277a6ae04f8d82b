//! `range`, by the type of its field.

use crate::mapping::{Field, FieldType, PointRange, VersionRange, check_date_parameters};
use crate::percolator::compile::fields::Subject;
use crate::percolator::compile::term_level::{check_digits, normalized_value, text_of, type_refusal};
use crate::percolator::compile::{Compiler, Refusal};
use crate::percolator::condition::{Condition, Test};
use crate::percolator::pattern::Pattern;
use crate::query::{Range, Scalar};

impl Compiler<'_> {
    /// Without bounds it asks whether the field exists, as Elasticsearch rewrites it.
    pub(super) fn range(&self, range: &Range) -> Result<Condition, Refusal> {
        if range.lower.is_none() && range.upper.is_none() {
            check_date_parameters(range.format.as_deref(), range.time_zone.as_deref())?;
            return self.exists(&range.field);
        }
        range_of(&self.subject(&range.field)?, range)
    }
}

/// `range` on a field.
pub(super) fn range_of(subject: &Subject<'_>, range: &Range) -> Result<Condition, Refusal> {
    // Where the field holds no dates these say nothing, but they must be right.
    check_date_parameters(range.format.as_deref(), range.time_zone.as_deref())?;
    let field = subject.field;
    range.lower.iter().chain(&range.upper).try_for_each(|bound| check_digits(field, bound))?;
    match &field.kind {
        FieldType::Text(_)
        | FieldType::MatchOnlyText(_)
        | FieldType::Keyword(_)
        | FieldType::Wildcard(_)
        | FieldType::ConstantKeyword(_)
        | FieldType::Flattened(_)
        | FieldType::FlattenedKeys(_) => Ok(term_range(subject, range)),
        FieldType::Version => version_range(field, range),
        FieldType::Boolean(_) => boolean_range(field, range),
        FieldType::Number(_) | FieldType::Date(_) | FieldType::Ip(_) | FieldType::TokenCount(_) => {
            Ok(Condition::Field(field.id, Test::Point(point_range(field, range)?)))
        }
        FieldType::Range(_) => {
            Ok(Condition::Field(field.id, Test::Interval(range.relation, point_range(field, range)?)))
        }
        FieldType::GeoPoint(_) | FieldType::RankFeature { .. } | FieldType::RankFeatures { .. } | FieldType::Binary => {
            Err(type_refusal("range", field, "text, keyword, numeric, date, boolean, ip and range fields"))
        }
    }
}

/// Terms by their bytes. A flattened field's key bounds what is left open.
fn term_range(subject: &Subject<'_>, range: &Range) -> Condition {
    let end = |bound: &Option<Scalar>, included| {
        bound.as_ref().map(|value| (normalized_value(subject, &text_of(value)).into(), included))
    };
    let mut lower = end(&range.lower, range.includes_lower);
    let mut upper = end(&range.upper, range.includes_upper);
    if let (Some(key), None) = (&subject.key, &lower) {
        lower = Some((key.as_str().into(), true));
    }
    if let (Some(key), None) = (&subject.key, &upper) {
        upper = Some((key.replace('\0', "\u{1}").into(), false));
    }
    Condition::Field(subject.field.id, Test::TermRange { lower, upper })
}

fn version_range(field: &Field, range: &Range) -> Result<Condition, Refusal> {
    let (lower, upper) = (range.lower.as_ref().map(text_of), range.upper.as_ref().map(text_of));
    let versions = VersionRange::new(
        lower.as_deref().map(|text| (text, range.includes_lower)),
        upper.as_deref().map(|text| (text, range.includes_upper)),
    );
    let versions = versions.map_err(|reason| Refusal::malformed(format!("{reason} (field {:?})", field.name)))?;
    Ok(Condition::Field(field.id, Test::Pattern(Pattern::Versions(versions))))
}

fn point_range(field: &Field, range: &Range) -> Result<PointRange, Refusal> {
    Ok(field.range(
        range.lower.as_ref(),
        range.includes_lower,
        range.upper.as_ref(),
        range.includes_upper,
        range.format.as_deref(),
        range.time_zone.as_deref(),
    )?)
}

/// Booleans are the terms `false` < `true`.
fn boolean_range(field: &Field, range: &Range) -> Result<Condition, Refusal> {
    let end = |bound: &Option<Scalar>, included| -> Result<Option<(Box<str>, bool)>, Refusal> {
        match bound.as_ref().map(text_of).as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(("true".into(), included))),
            Some("false") => Ok(Some(("false".into(), included))),
            Some(other) => Err(Refusal::malformed(format!(
                "{other:?} is no value of the boolean field {:?}; true or false is expected",
                field.name
            ))),
        }
    };
    let lower = end(&range.lower, range.includes_lower)?;
    let upper = end(&range.upper, range.includes_upper)?;
    Ok(Condition::Field(field.id, Test::TermRange { lower, upper }))
}
