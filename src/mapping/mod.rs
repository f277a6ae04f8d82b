//! Elasticsearch mappings: fields, their types, analyzers and date formats.
//!
//! [`Mapping::from_json`] reads what one would give to Elasticsearch when an index is made. Queries are checked
//! against it ([`Mapping::field`], [`Field::term_point`], [`Field::range`]) and documents are read by it
//! ([`crate::percolator::Document`]).

mod bounds;
mod calendar;
mod clean_member;
mod date_format;
mod date_math;
mod date_pattern;
mod date_range;
mod decimal;
mod dynamic;
mod error;
mod field;
mod field_type;
mod geo_point;
mod intervals;
pub(crate) mod ip;
mod number;
mod parameters;
mod pattern;
mod read;
mod settings;
mod spelling;
mod time_zone;
mod unsupported;
mod version;

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde_json::Value;

use crate::analysis::Analyzer;

use dynamic::DynamicFields;
use field_type::Defaults;

pub use bounds::PointRange;
pub use date_format::DateFormat;
pub use date_range::DatedRange;
pub(crate) use date_range::check_date_parameters;
pub use error::{MappingError, ValueError};
pub use field::{
    BooleanType, DateResolution, DateType, Field, FieldId, FieldType, FlattenedType, GeoPointType, IpType, KeywordType,
    NestedId, NumberField, NumberType, RangeOf, RangeType, TextType, TokenCountType, WildcardType,
};
pub(crate) use number::java_text_of;
pub(crate) use pattern::simple_match;
pub use version::VersionRange;

/// The fields of an index and how their values are read.
#[derive(Debug)]
pub struct Mapping {
    /// In order of their ids.
    fields: Vec<Field>,
    /// Full paths, aliases among them.
    names: BTreeMap<Box<str>, FieldId>,
    /// Paths of objects and nested objects.
    objects: BTreeMap<Box<str>, NestedId>,
    /// In order of their ids; the first is the root.
    nested: Vec<NestedObject>,
    pub(crate) root: ObjectNode,
    defaults: Defaults,
    default_fields: Vec<String>,
    dynamic: DynamicFields,
}

/// A `nested` object of the mapping.
#[derive(Debug)]
pub(crate) struct NestedObject {
    path: Box<str>,
    parent: Option<NestedId>,
    pub(crate) include_in_parent: bool,
    pub(crate) include_in_root: bool,
}

/// An object of the mapping as the document reader walks it.
#[derive(Debug)]
pub(crate) struct ObjectNode {
    pub(crate) path: Box<str>,
    pub(crate) properties: FxHashMap<Box<str>, Node>,
    pub(crate) dynamic: Dynamic,
    pub(crate) enabled: bool,
    /// The innermost nested object around the object's fields: itself, where it is `nested`.
    pub(crate) scope: NestedId,
    pub(crate) is_nested: bool,
}

/// What a name within an object is.
#[derive(Debug)]
pub(crate) enum Node {
    Object(ObjectNode),
    Field(FieldId),
    /// Documents may not have a value for it.
    Alias,
    /// Accepted, never searched: `percolator`.
    Ignored,
}

/// What becomes of a document's fields that the mapping does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dynamic {
    /// `true`: Elasticsearch adds them to the mapping. Here only those are read that a dynamic template decides and a
    /// query names.
    Added,
    /// `false`: not read.
    Ignored,
    /// `strict`: they refuse the document.
    Strict,
}

/// What Elasticsearch keeps beside a document: no field has such a name, and no document a value for it.
pub(crate) const METADATA: &[&str] = &[
    "_id",
    "_source",
    "_routing",
    "_index",
    "_version",
    "_seq_no",
    "_field_names",
    "_ignored",
    "_ignored_source",
    "_nested_path",
    "_data_stream_timestamp",
    "_index_mode",
];

impl Mapping {
    /// Reads a bare `{"properties": …}`, a `{"mappings": …}`, or a whole index body with `settings`.
    ///
    /// # Errors
    ///
    /// Where Elasticsearch would refuse the mapping, or where it asks for something that is not supported; the error
    /// names the field.
    pub fn from_json(json: &Value) -> Result<Mapping, MappingError> {
        read::read(json)
    }

    /// The field of this full path; aliases are followed. One that only a dynamic template decides is made.
    pub fn field(&self, name: &str) -> Option<&Field> {
        match self.names.get(name) {
            Some(id) => self.fields.get(id.0 as usize),
            None => self.dynamic_field(name),
        }
    }

    /// The field of a `flattened` object's key: `labels.priority` is the hidden field of `labels`, and the key
    /// `priority`. A term of that key is `priority\0value`.
    pub fn flattened_key<'a>(&self, name: &'a str) -> Option<(&Field, &'a str)> {
        name.match_indices('.').find_map(|(dot, _)| {
            let (path, key) = name.split_at_checked(dot)?;
            let keyed = self.field(path)?.keyed?;
            Some((self.known_field(keyed)?, key.get(1..)?))
        })
    }

    /// The name of a feature in a `rank_features` field: `topics.sports` is `sports` in `topics`.
    pub fn feature<'a>(&self, name: &'a str) -> Option<(&Field, &'a str)> {
        let (path, feature) = name.rsplit_once('.')?;
        let field = self.field(path)?;
        matches!(field.kind, FieldType::RankFeatures { .. }).then_some((field, feature))
    }

    /// The field with this id.
    ///
    /// # Panics
    ///
    /// Where the id comes from another mapping.
    pub fn field_by_id(&self, id: FieldId) -> &Field {
        self.known_field(id).expect("the id is of this mapping")
    }

    fn known_field(&self, id: FieldId) -> Option<&Field> {
        let place = id.0 as usize;
        self.fields.get(place).or_else(|| self.dynamic.get(place.checked_sub(self.fields.len())?))
    }

    /// All fields, in order of their ids; without those that dynamic templates made.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Whether the path is an object or a nested object.
    pub fn is_object(&self, path: &str) -> bool {
        self.objects.contains_key(path)
    }

    /// The fields below an object, sub-fields among them.
    pub fn fields_below<'a>(&'a self, object: &'a str) -> impl Iterator<Item = &'a Field> {
        self.fields.iter().filter(move |field| {
            field.name.strip_prefix(object).is_some_and(|rest| rest.starts_with('.'))
                && !matches!(field.kind, FieldType::FlattenedKeys(_))
        })
    }

    /// The fields whose name, or an alias of theirs, fits a pattern in which `*` stands for any run of characters.
    pub fn fields_matching<'a>(&'a self, pattern: &'a str) -> impl Iterator<Item = &'a Field> {
        self.names
            .iter()
            .filter(move |(name, _)| pattern::simple_match(pattern, name))
            .filter_map(|(_, id)| self.fields.get(id.0 as usize))
    }

    /// The nested object of this path.
    pub fn nested(&self, path: &str) -> Option<NestedId> {
        let id = self.objects.get(path)?;
        (self.nested_path(*id) == path && *id != NestedId::ROOT).then_some(*id)
    }

    /// The nested object around a nested object; `None` for the root.
    pub fn nested_parent(&self, id: NestedId) -> Option<NestedId> {
        self.nested.get(id.0 as usize).and_then(|nested| nested.parent)
    }

    /// The full path of a nested object; "" for the root.
    pub fn nested_path(&self, id: NestedId) -> &str {
        self.nested.get(id.0 as usize).map_or("", |nested| &nested.path)
    }

    /// Whether what stands in such an object is part of an outer one, too.
    pub(crate) fn is_included_outside(&self, id: NestedId) -> bool {
        let around = std::iter::successors(Some(id), |inner| self.nested_parent(*inner));
        let mut objects = around.filter_map(|id| self.nested_object(id));
        objects.any(|nested| nested.include_in_parent || nested.include_in_root)
    }

    pub(crate) fn nested_object(&self, id: NestedId) -> Option<&NestedObject> {
        self.nested.get(id.0 as usize)
    }

    /// A built-in analyzer, or one of `settings.analysis`.
    pub fn analyzer(&self, name: &str) -> Option<Arc<Analyzer>> {
        self.defaults.analyzers.analyzer(name)
    }

    /// The known name most like an unknown one, for "did you mean".
    pub fn nearest(&self, unknown: &str) -> Option<&str> {
        self.names
            .keys()
            .chain(self.objects.keys())
            .map(|name| (strsim::jaro_winkler(unknown, name), name))
            .filter(|(likeness, _)| *likeness > 0.8)
            .max_by(|left, right| left.0.total_cmp(&right.0))
            .map(|(_, name)| &**name)
    }

    /// `index.query.default_field`: names and patterns that queries without fields ask; `*` unless said.
    pub fn default_fields(&self) -> &[String] {
        &self.default_fields
    }
}
