//! One field of a mapping and what its type decides.

use std::sync::Arc;

use crate::analysis::Analyzer;
use crate::geo::Point;

use super::date_format::DateFormat;

/// A field's number within its mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldId(pub u32);

/// A nested object's number within its mapping; the root is [`NestedId::ROOT`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NestedId(pub u32);

impl NestedId {
    /// The document itself, which no `nested` object encloses.
    pub const ROOT: NestedId = NestedId(0);
}

/// A field that queries can name: a leaf of the mapping or a sub-field of one.
#[derive(Debug, Clone)]
pub struct Field {
    pub id: FieldId,
    /// Full dotted path.
    pub name: Box<str>,
    /// The innermost `nested` object around the field.
    pub nested: NestedId,
    pub kind: FieldType,
    /// `index`: terms or points can be searched.
    pub indexed: bool,
    /// `doc_values`: where `index` is false, terms and points are searched in these.
    pub doc_values: bool,
    /// Multi-fields, each of which reads every value again.
    pub(crate) sub_fields: Vec<FieldId>,
    /// Where every value goes too.
    pub(crate) copy_to: Vec<FieldId>,
    /// For `flattened`: the hidden field that holds `key\0value` terms.
    pub(crate) keyed: Option<FieldId>,
}

impl Field {
    /// Whether any query can find a value of this field, `exists` at least.
    pub fn is_searchable(&self) -> bool {
        self.indexed || self.doc_values
    }

    /// Whether more than existence can be asked. Where `index` is false that takes doc values, and a type whose doc
    /// values Elasticsearch searches.
    pub fn has_searchable_values(&self) -> bool {
        let is_only_indexed =
            matches!(self.kind, FieldType::Range(_) | FieldType::Flattened(_) | FieldType::FlattenedKeys(_));
        self.indexed || (self.doc_values && !is_only_indexed)
    }

    /// Whether the type reads a list itself, instead of each value in it.
    pub(crate) fn takes_list(&self) -> bool {
        matches!(self.kind, FieldType::GeoPoint(_))
    }
}

/// A field's type with the parameters that decide what matches.
#[derive(Debug, Clone)]
pub enum FieldType {
    Text(TextType),
    /// As `text`; scores and positions are all that it lacks, and neither decides a match.
    MatchOnlyText(TextType),
    Keyword(KeywordType),
    /// The same value for every document; `None` until the first document would set it.
    ConstantKeyword(Option<Box<str>>),
    Wildcard(WildcardType),
    /// Text whose order is that of software versions.
    Version,
    /// All leaves of an object as keywords.
    Flattened(FlattenedType),
    /// The hidden companion of a `flattened` field: terms `key\0value`. See [`super::Mapping::flattened_key`].
    FlattenedKeys(FlattenedType),
    Number(NumberField),
    Date(DateType),
    Boolean(BooleanType),
    Ip(IpType),
    Range(RangeType),
    GeoPoint(GeoPointType),
    /// The number of tokens that an analyzer makes, as an integer.
    TokenCount(TokenCountType),
    /// A positive number that only `rank_feature` and `exists`-like tests ask for.
    RankFeature {
        positive_score_impact: bool,
    },
    /// Positive numbers by name, which only `rank_feature` asks for; the names are the terms.
    RankFeatures {
        positive_score_impact: bool,
    },
    /// Base64; only its existence can be asked for.
    Binary,
}

/// `text`, `match_only_text`
#[derive(Debug, Clone)]
pub struct TextType {
    pub analyzer: Arc<Analyzer>,
    pub search_analyzer: Arc<Analyzer>,
    pub search_quote_analyzer: Arc<Analyzer>,
    /// Positions between two values of an array; 100 unless said.
    pub position_increment_gap: u32,
    /// Whether phrases can be searched: false where `index_options` is `docs` or `freqs`.
    pub has_positions: bool,
}

/// `keyword`
#[derive(Debug, Clone)]
pub struct KeywordType {
    pub normalizer: Option<Arc<Analyzer>>,
    /// Longer values, in UTF-16 units, are not indexed.
    pub ignore_above: Option<u32>,
    pub null_value: Option<Box<str>>,
    /// Whether full-text queries cut their text at white space before asking this field.
    pub split_queries_on_whitespace: bool,
}

/// `wildcard`
#[derive(Debug, Clone)]
pub struct WildcardType {
    pub ignore_above: Option<u32>,
    pub null_value: Option<Box<str>>,
}

/// `flattened`
#[derive(Debug, Clone)]
pub struct FlattenedType {
    pub ignore_above: Option<u32>,
    pub null_value: Option<Box<str>>,
    /// Objects within the value may be so deep; 20 unless said.
    pub depth_limit: u32,
    pub split_queries_on_whitespace: bool,
}

/// A numeric field.
#[derive(Debug, Clone)]
pub struct NumberField {
    pub kind: NumberType,
    pub coerce: bool,
    pub ignore_malformed: bool,
    /// Checked when the mapping is read; kept as a point.
    pub null_value: Option<i128>,
}

/// The numeric types.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NumberType {
    Byte,
    Short,
    Integer,
    Long,
    UnsignedLong,
    HalfFloat,
    Float,
    Double,
    ScaledFloat { scaling_factor: f64 },
}

/// What a date's point counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DateResolution {
    /// `date`: milliseconds since 1970.
    Millis,
    /// `date_nanos`: nanoseconds since 1970.
    Nanos,
}

/// `date`, `date_nanos`
#[derive(Debug, Clone)]
pub struct DateType {
    pub format: Arc<DateFormat>,
    pub resolution: DateResolution,
    pub ignore_malformed: bool,
    pub null_value: Option<i128>,
}

/// `boolean`
#[derive(Debug, Clone)]
pub struct BooleanType {
    pub ignore_malformed: bool,
    pub null_value: Option<bool>,
}

/// `ip`
#[derive(Debug, Clone)]
pub struct IpType {
    pub ignore_malformed: bool,
    pub null_value: Option<i128>,
}

/// `geo_point`
#[derive(Debug, Clone)]
pub struct GeoPointType {
    pub ignore_malformed: bool,
    pub ignore_z_value: bool,
    pub null_value: Option<Point>,
}

/// `token_count`
#[derive(Debug, Clone)]
pub struct TokenCountType {
    pub analyzer: Arc<Analyzer>,
    /// Whether holes of removed tokens count.
    pub counts_holes: bool,
    pub null_value: Option<i128>,
}

/// `integer_range`, `long_range`, `float_range`, `double_range`, `date_range`, `ip_range`
#[derive(Debug, Clone)]
pub struct RangeType {
    pub of: RangeOf,
    pub coerce: bool,
}

/// What a range's ends are.
#[derive(Debug, Clone)]
pub enum RangeOf {
    Number(NumberType),
    Date(Arc<DateFormat>),
    Ip,
}

impl FieldType {
    /// Whether a field of the type may be indexed at all.
    pub(crate) fn can_be_indexed(&self) -> bool {
        !matches!(self, FieldType::Binary)
    }

    /// `doc_values`, where a mapping does not say.
    pub(crate) fn has_doc_values_unless_said(&self) -> bool {
        !matches!(self, FieldType::Text(_) | FieldType::MatchOnlyText(_) | FieldType::Binary)
    }

    /// The type's name in a mapping.
    pub fn name(&self) -> &'static str {
        match self {
            FieldType::Text(_) => "text",
            FieldType::MatchOnlyText(_) => "match_only_text",
            FieldType::Keyword(_) => "keyword",
            FieldType::ConstantKeyword(_) => "constant_keyword",
            FieldType::Wildcard(_) => "wildcard",
            FieldType::Version => "version",
            FieldType::Flattened(_) | FieldType::FlattenedKeys(_) => "flattened",
            FieldType::Number(number) => number.kind.name(),
            FieldType::Date(DateType { resolution: DateResolution::Millis, .. }) => "date",
            FieldType::Date(DateType { resolution: DateResolution::Nanos, .. }) => "date_nanos",
            FieldType::Boolean(_) => "boolean",
            FieldType::Ip(_) => "ip",
            FieldType::Range(RangeType { of: RangeOf::Number(NumberType::Integer), .. }) => "integer_range",
            FieldType::Range(RangeType { of: RangeOf::Number(NumberType::Long), .. }) => "long_range",
            FieldType::Range(RangeType { of: RangeOf::Number(NumberType::Float), .. }) => "float_range",
            FieldType::Range(RangeType { of: RangeOf::Number(_), .. }) => "double_range",
            FieldType::Range(RangeType { of: RangeOf::Date(_), .. }) => "date_range",
            FieldType::Range(RangeType { of: RangeOf::Ip, .. }) => "ip_range",
            FieldType::GeoPoint(_) => "geo_point",
            FieldType::TokenCount(_) => "token_count",
            FieldType::RankFeature { .. } => "rank_feature",
            FieldType::RankFeatures { .. } => "rank_features",
            FieldType::Binary => "binary",
        }
    }
}

impl NumberType {
    /// The type's name in a mapping.
    pub const fn name(self) -> &'static str {
        match self {
            NumberType::Byte => "byte",
            NumberType::Short => "short",
            NumberType::Integer => "integer",
            NumberType::Long => "long",
            NumberType::UnsignedLong => "unsigned_long",
            NumberType::HalfFloat => "half_float",
            NumberType::Float => "float",
            NumberType::Double => "double",
            NumberType::ScaledFloat { .. } => "scaled_float",
        }
    }
}
