//! Names in queries to fields of the mapping: aliases, patterns, flattened keys, forbidden fields.

use crate::mapping::{Field, FieldType};
use crate::percolator::compile::{Compiler, Refusal};
use crate::query::QueryErrorKind;

/// What a name in a query stands for.
pub(super) enum Target<'a> {
    /// `_id`
    Id,
    /// A field, or one key of a flattened field.
    Field(Subject<'a>),
}

/// A field and, for one key of a flattened field, what its terms begin with.
#[derive(Clone)]
pub(super) struct Subject<'a> {
    pub(super) field: &'a Field,
    /// `key\0`
    pub(super) key: Option<String>,
}

/// The fields that a full-text query asks.
pub(super) struct FieldList<'a> {
    pub(super) subjects: Vec<Subject<'a>>,
    /// Whether `_id` is among the names.
    pub(super) asks_id: bool,
    /// Whether `*` is among the names, or none was given and `*` is the index's default: mistakes are then forgiven.
    pub(super) is_everything: bool,
}

impl<'a> Subject<'a> {
    /// A text as the field's terms have it: a flattened key's terms begin with the key.
    pub(super) fn encode(&self, text: &str) -> String {
        match &self.key {
            Some(key) => format!("{key}{text}"),
            None => text.to_owned(),
        }
    }
}

impl<'a> From<&'a Field> for Subject<'a> {
    fn from(field: &'a Field) -> Subject<'a> {
        Subject { field, key: None }
    }
}

impl<'a> Compiler<'a> {
    /// What a name that is no pattern stands for. The field may be one that cannot be searched.
    pub(super) fn target(&self, name: &str) -> Result<Target<'a>, Refusal> {
        if name == "_id" {
            return Ok(Target::Id);
        }
        Ok(Target::Field(self.named_field(name)?))
    }

    /// The field of this name, which can be searched.
    pub(super) fn subject(&self, name: &str) -> Result<Subject<'a>, Refusal> {
        let subject = self.named_field(name)?;
        check_searchable(&subject)?;
        Ok(subject)
    }

    fn named_field(&self, name: &str) -> Result<Subject<'a>, Refusal> {
        self.check_allowed(name)?;
        let subject = match self.mapping.field(name) {
            Some(field) => Subject::from(field),
            None => {
                let (field, key) = self.mapping.flattened_key(name).ok_or_else(|| self.unknown_field(name))?;
                Subject { field, key: Some(format!("{key}\0")) }
            }
        };
        self.check_allowed(&subject.field.name)?;
        Ok(subject)
    }

    /// The fields of names and patterns; of the index's default fields where there are none.
    ///
    /// A name must be a field, searchable or not; a pattern takes those that it fits and that can hold text to search for, forbidden
    /// ones left out, and is refused where it fits only forbidden ones.
    pub(super) fn field_list(&self, names: &[String]) -> Result<FieldList<'a>, Refusal> {
        let names = if names.is_empty() { self.mapping.default_fields() } else { names };
        let mut subjects: Vec<Subject<'a>> = Vec::new();
        for name in names.iter().filter(|name| *name != "_id") {
            let found = if name.contains('*') { self.fields_of_pattern(name)? } else { vec![self.named_field(name)?] };
            for subject in found {
                if !subjects.iter().any(|known| known.field.id == subject.field.id && known.key == subject.key) {
                    subjects.push(subject);
                }
            }
        }
        let has = |wanted: &str| names.iter().any(|name| name == wanted);
        Ok(FieldList { subjects, asks_id: has("_id"), is_everything: has("*") })
    }

    /// Fields that a pattern fits, as far as full-text queries can ask them.
    pub(super) fn fields_of_pattern(&self, pattern: &str) -> Result<Vec<Subject<'a>>, Refusal> {
        // `fields_matching` borrows its pattern as long as the mapping; the names are few, so they are looked at one by one.
        let fitting: Vec<&'a Field> = {
            let ids: Vec<_> = self.mapping.fields_matching(pattern).map(|field| field.id).collect();
            ids.into_iter().map(|id| self.mapping.field_by_id(id)).collect()
        };
        let fits_any = !fitting.is_empty();
        let allowed: Vec<&'a Field> = fitting.into_iter().filter(|field| !self.is_forbidden(&field.name)).collect();
        if fits_any && allowed.is_empty() {
            return Err(self.forbidden_field(pattern));
        }
        Ok(allowed.into_iter().filter(|field| can_take_text(field)).map(Subject::from).collect())
    }

    /// Refuses a name that may not be used.
    pub(super) fn check_allowed(&self, name: &str) -> Result<(), Refusal> {
        if self.is_forbidden(name) { Err(self.forbidden_field(name)) } else { Ok(()) }
    }

    pub(super) fn is_forbidden(&self, name: &str) -> bool {
        self.forbidden.iter().any(|forbidden| {
            name.strip_prefix(forbidden.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }

    fn forbidden_field(&self, name: &str) -> Refusal {
        Refusal {
            kind: QueryErrorKind::ForbiddenField,
            reason: format!("field {name:?} may not be used in a subscription's query; leave the clause out"),
        }
    }

    pub(super) fn unknown_field(&self, name: &str) -> Refusal {
        let reason = if self.mapping.is_object(name) {
            format!("{name:?} is an object, not a field; name one of the fields below it")
        } else {
            let undecided = self.mapping.why_undecided(name).map(|why| format!(": {why}"));
            let near = || self.mapping.nearest(name).map(|near| format!("; did you mean {near:?}?"));
            format!("unknown field {name:?}{}", undecided.or_else(near).unwrap_or_default())
        };
        Refusal { kind: QueryErrorKind::UnknownField, reason }
    }

    pub(super) fn no_nested_object(&self, name: &str) -> Refusal {
        let reason = if self.mapping.is_object(name) {
            format!("{name:?} is an object, but not a nested one; query its fields without \"nested\"")
        } else {
            let hint = self.mapping.nearest(name).map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
            format!("there is no nested object {name:?}{hint}")
        };
        Refusal { kind: QueryErrorKind::UnknownField, reason }
    }
}

/// Refuses a field whose values no query can find. To be lenient forgives it.
pub(super) fn check_searchable(subject: &Subject<'_>) -> Result<(), Refusal> {
    if subject.field.has_searchable_values() { Ok(()) } else { Err(not_indexed(subject.field)) }
}

pub(super) fn not_indexed(field: &Field) -> Refusal {
    let (name, kind) = (&field.name, field.kind.name());
    Refusal::malformed(format!("field {name:?} of type {kind:?} is not indexed, so that no query can find its values"))
}

/// Whether an expansion of a pattern takes the field (Elasticsearch: it has `TextSearchInfo`).
fn can_take_text(field: &Field) -> bool {
    match field.kind {
        FieldType::Text(_)
        | FieldType::MatchOnlyText(_)
        | FieldType::Keyword(_)
        | FieldType::ConstantKeyword(_)
        | FieldType::Wildcard(_)
        | FieldType::Version
        | FieldType::Flattened(_)
        | FieldType::Number(_)
        | FieldType::Date(_)
        | FieldType::Boolean(_)
        | FieldType::Ip(_)
        | FieldType::Range(_)
        | FieldType::TokenCount(_) => field.has_searchable_values(),
        FieldType::FlattenedKeys(_)
        | FieldType::GeoPoint(_)
        | FieldType::RankFeature { .. }
        | FieldType::RankFeatures { .. }
        | FieldType::Binary => false,
    }
}
