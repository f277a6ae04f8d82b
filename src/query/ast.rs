//! The typed query tree: what was written, checked for shape, not yet held against a mapping.
//!
//! `boost` and `_name` decide no match; they are checked for shape and dropped.

use serde_json::Value;

use crate::geo::Geometry;

use super::{Chain, Clauses, IntervalRule, Span};

/// A query clause and where it stood.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// JSON pointer of the clause's object (`/bool/must/0/match`), for errors found later.
    pub pointer: String,
    /// The clause.
    pub clause: Clause,
}

/// One clause of the Query DSL.
#[derive(Debug, Clone, PartialEq)]
pub enum Clause {
    /// `match_all`
    MatchAll,
    /// `match_none`
    MatchNone,
    /// `term`
    Term { field: String, value: Scalar, case_insensitive: bool },
    /// `terms`
    Terms { field: String, values: Vec<Scalar> },
    /// `terms_set`
    TermsSet { field: String, terms: Vec<Scalar>, minimum: TermsSetMinimum },
    /// `match`
    Match(Match),
    /// `match_phrase`
    MatchPhrase(MatchPhrase),
    /// `match_phrase_prefix`; `slop`, `zero_terms_query` and `analyzer` as in `match_phrase`
    MatchPhrasePrefix(MatchPhrase),
    /// `match_bool_prefix`
    MatchBoolPrefix(Match),
    /// `multi_match`
    MultiMatch(MultiMatch),
    /// `combined_fields`
    CombinedFields(CombinedFields),
    /// `query_string`
    QueryString(QueryString),
    /// `simple_query_string`
    SimpleQueryString(SimpleQueryString),
    /// `range`
    Range(Range),
    /// `exists`
    Exists { field: String },
    /// `prefix`
    Prefix { field: String, value: String, case_insensitive: bool },
    /// `wildcard`
    Wildcard { field: String, value: String, case_insensitive: bool },
    /// `regexp`
    Regexp { field: String, value: String, flags: RegexpFlags, case_insensitive: bool },
    /// `fuzzy`
    Fuzzy { field: String, value: Scalar, fuzziness: Fuzziness, prefix_length: u32, transpositions: bool },
    /// `ids`; each value as text
    Ids { values: Vec<String> },
    /// `bool`
    Bool(Bool),
    /// `boosting`: matches what its positive part matches
    Boosting { positive: Box<Query>, negative: Box<Query> },
    /// `nested`
    Nested { path: String, query: Box<Query>, ignore_unmapped: bool },
    /// `constant_score`
    ConstantScore { filter: Box<Query> },
    /// `dis_max`
    DisMax { queries: Vec<Query> },
    /// `function_score` without `min_score`: matches what its query matches
    FunctionScore { query: Box<Query>, functions: Vec<ScoreFunction> },
    /// `intervals`
    Intervals { field: String, rule: IntervalRule },
    /// `span_term`, `span_near` and the other span queries
    Span(Span),
    /// `geo_distance`, `geo_bounding_box`, `geo_polygon`, `geo_shape`
    Geo(GeoQuery),
    /// `distance_feature`: matches where the field has a value
    DistanceFeature { field: String, origin: Value, pivot: String },
    /// `rank_feature`: matches where the field has a value
    RankFeature {
        field: String,
        /// Whether the function is `log`, which features of negative impact do not take.
        is_log: bool,
    },
}

/// A function of `function_score`. It decides no match, but nodes refuse one that its field cannot have.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreFunction {
    /// JSON pointer of the function's object.
    pub pointer: String,
    /// Where the function counts.
    pub filter: Option<Query>,
    /// What it computes.
    pub kind: ScoreFunctionKind,
}

/// What a score function computes with.
#[derive(Debug, Clone, PartialEq)]
pub enum ScoreFunctionKind {
    /// `weight`, and `random_score` without a seed or a field
    Plain,
    /// `random_score`
    Random { field: String },
    /// `field_value_factor`
    FieldValue { field: String, has_missing: bool },
    /// `gauss`, `linear`, `exp`; what the values mean is for the field's type to say
    Decay { field: String, origin: Option<Value>, scale: Scalar, offset: Option<Scalar> },
}

/// A single JSON value: string, number or boolean (never null, array or object).
#[derive(Debug, Clone, PartialEq)]
pub struct Scalar(pub Value);

/// A shape on the globe, and how a field's points must stand to it.
#[derive(Debug, Clone, PartialEq)]
pub struct GeoQuery {
    pub clause: GeoClause,
    pub field: String,
    /// Within the globe's limits.
    pub geometry: Geometry,
    pub relation: GeoRelation,
    /// Whether a field that the mapping does not have matches nothing, instead of being refused.
    pub ignore_unmapped: bool,
}

/// The clauses that ask for places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GeoClause {
    /// `geo_distance`
    Distance,
    /// `geo_bounding_box`
    BoundingBox,
    /// `geo_polygon`
    Polygon,
    /// `geo_shape`
    Shape,
}

impl GeoClause {
    /// Its name in a query.
    pub fn name(self) -> &'static str {
        match self {
            GeoClause::Distance => "geo_distance",
            GeoClause::BoundingBox => "geo_bounding_box",
            GeoClause::Polygon => "geo_polygon",
            GeoClause::Shape => "geo_shape",
        }
    }
}

/// How the points of a field stand to a shape.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum GeoRelation {
    /// One of them lies in it.
    #[default]
    Intersects,
    /// There are some, and none lies in it.
    Disjoint,
    /// There are some, and all lie in it.
    Within,
    /// The shape is made of points, each of which is one of them.
    Contains,
}

/// Where `terms_set` takes the number of terms that must match from.
#[derive(Debug, Clone, PartialEq)]
pub enum TermsSetMinimum {
    /// `minimum_should_match_field`
    Field(String),
    /// `minimum_should_match`
    Literal(MinimumShouldMatch),
}

/// `minimum_should_match` as written: `3`, `-1`, `75%`, `-25%`, `3<90%`, `2<-25% 9<-3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MinimumShouldMatch {
    /// Conditions `n<value` in order of writing, asked one after the other up to the first whose `n` is not below the number
    /// of clauses; the last one that was passed decides, and where none was, all must match.
    pub conditional: Vec<(i64, MinimumValue)>,
    /// What decides where no condition does; `None` where only conditions are given (then all must match).
    pub plain: Option<MinimumValue>,
}

/// One value of a `minimum_should_match`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MinimumValue {
    /// So many, or all but so many where negative.
    Count(i64),
    /// So many of a hundred, or all but so many of a hundred where negative; rounded towards zero.
    Percent(i64),
}

/// `and` or `or`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Operator {
    /// Any is enough.
    #[default]
    Or,
    /// All are needed.
    And,
}

/// What a query without terms matches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ZeroTerms {
    /// Nothing.
    #[default]
    None,
    /// Everything.
    All,
}

/// An allowed edit distance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fuzziness {
    /// `AUTO:low,high`: 0 below `low` code points, 1 below `high`, else 2.
    Auto {
        /// 3 by default.
        low: u32,
        /// 6 by default.
        high: u32,
    },
    /// 0, 1 or 2.
    #[default]
    Zero,
    /// One edit.
    One,
    /// Two edits.
    Two,
}

/// `match` and `match_bool_prefix`.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    pub field: String,
    pub value: Scalar,
    pub operator: Operator,
    pub minimum_should_match: Option<MinimumShouldMatch>,
    pub fuzziness: Option<Fuzziness>,
    pub prefix_length: u32,
    pub transpositions: bool,
    pub zero_terms_query: ZeroTerms,
    pub analyzer: Option<String>,
    pub lenient: bool,
    pub auto_generate_synonyms_phrase_query: bool,
}

/// `match_phrase` and `match_phrase_prefix`.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchPhrase {
    pub field: String,
    pub value: Scalar,
    pub slop: u32,
    pub zero_terms_query: ZeroTerms,
    pub analyzer: Option<String>,
}

/// How `multi_match`, `query_string` and `simple_query_string` put fields together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MultiMatchType {
    #[default]
    BestFields,
    MostFields,
    CrossFields,
    Phrase,
    PhrasePrefix,
    BoolPrefix,
}

/// `multi_match`
#[derive(Debug, Clone, PartialEq)]
pub struct MultiMatch {
    /// Names and patterns, boosts cut off; empty where none were given (then the index's default fields).
    pub fields: Vec<String>,
    pub value: Scalar,
    pub kind: MultiMatchType,
    pub operator: Operator,
    pub minimum_should_match: Option<MinimumShouldMatch>,
    pub fuzziness: Option<Fuzziness>,
    pub prefix_length: u32,
    pub transpositions: bool,
    pub slop: u32,
    pub zero_terms_query: ZeroTerms,
    pub analyzer: Option<String>,
    /// `None` where not said: true when the fields are the index's default, else false.
    pub lenient: Option<bool>,
    pub auto_generate_synonyms_phrase_query: bool,
}

/// `combined_fields`
#[derive(Debug, Clone, PartialEq)]
pub struct CombinedFields {
    pub fields: Vec<String>,
    pub text: String,
    pub operator: Operator,
    pub minimum_should_match: Option<MinimumShouldMatch>,
    pub zero_terms_query: ZeroTerms,
    pub auto_generate_synonyms_phrase_query: bool,
}

/// `query_string`: its text parsed, its parameters
#[derive(Debug, Clone, PartialEq)]
pub struct QueryString {
    /// Fields and patterns of `fields` or `default_field`, boosts cut off; empty where none were given.
    pub fields: Vec<String>,
    /// Whether the text asks a default field, as Lucene knows it, and not a list of `fields`: a bare `*` on `*` is then everything.
    pub asks_default_field: bool,
    pub kind: MultiMatchType,
    /// The text as Lucene's classic parser reads it under the given default operator.
    pub expression: Expression,
    pub default_operator: Operator,
    pub minimum_should_match: Option<MinimumShouldMatch>,
    pub analyzer: Option<String>,
    pub quote_analyzer: Option<String>,
    pub quote_field_suffix: Option<String>,
    pub analyze_wildcard: bool,
    pub auto_generate_synonyms_phrase_query: bool,
    pub phrase_slop: u32,
    /// For `term~` without a number.
    pub fuzziness: Fuzziness,
    pub fuzzy_prefix_length: u32,
    pub fuzzy_transpositions: bool,
    pub lenient: Option<bool>,
    pub time_zone: Option<String>,
}

/// `simple_query_string`: its text parsed, its parameters
#[derive(Debug, Clone, PartialEq)]
pub struct SimpleQueryString {
    pub fields: Vec<String>,
    /// `most_fields` where not said; Elasticsearch 9.5 takes others.
    pub kind: MultiMatchType,
    /// The text as Lucene's SimpleQueryParser reads it under the given operator and flags.
    pub expression: Expression,
    pub default_operator: Operator,
    pub minimum_should_match: Option<MinimumShouldMatch>,
    pub analyzer: Option<String>,
    pub quote_field_suffix: Option<String>,
    pub analyze_wildcard: bool,
    pub auto_generate_synonyms_phrase_query: bool,
    pub fuzzy_prefix_length: u32,
    pub fuzzy_transpositions: bool,
    pub lenient: Option<bool>,
}

/// A parsed `query_string` or `simple_query_string` text.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// No clause at all (empty text): matches nothing.
    Empty,
    /// `*:*`, and `*` as the whole of a `simple_query_string`: everything. (A `*` in a `query_string` is [`ExpressionLeaf::Exists`]
    /// in no field: everything under the default fields, else a value in any of the fields.)
    All,
    /// One level of a `query_string`.
    Clauses(Clauses),
    /// One level of a `simple_query_string`.
    Chain(Chain),
    /// One thing to find, in `field` or, where `None`, in the query's fields.
    Leaf {
        /// The field written before the colon, escapes resolved; may be a pattern.
        field: Option<String>,
        /// What to find there.
        leaf: ExpressionLeaf,
    },
}

impl Expression {
    /// How many leaves there are.
    pub(super) fn leaves(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::All | Self::Leaf { .. } => 1,
            Self::Clauses(clauses) => clauses.expressions().map(Expression::leaves).sum(),
            Self::Chain(chain) => chain.parts().map(|(_, part)| part.leaves()).sum(),
        }
    }
}

/// How a clause of a Lucene BooleanQuery takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occur {
    Must,
    Should,
    MustNot,
}

/// The leaves of a query text. All text has its escapes resolved, but for `Wildcard` (kept, so that `\*` stays literal) and `Regexp`.
#[derive(Debug, Clone, PartialEq)]
pub enum ExpressionLeaf {
    /// Text to be analysed. `query_string` joins bare words that stand beside each other by single spaces, for Lucene analyses
    /// them as one: where the analysis gives a plain boolean query of terms, these are clauses of the level on which the run
    /// stands, and `minimum_should_match` counts each.
    Text(String),
    /// A quoted phrase with its slop, if given.
    Phrase { text: String, slop: Option<u32> },
    /// `word*`
    Prefix(String),
    /// `w?rd*s`
    Wildcard(String),
    /// `/re/`
    Regexp(String),
    /// `word~1`: the distance, if given.
    Fuzzy { text: String, distance: Option<Fuzziness> },
    /// `[a TO b}`, `>=5`
    Range(TextRange),
    /// `_exists_:field`, `field:*`, `*`: a value in the field of the leaf
    Exists,
}

/// A range in a query text; `None` is open (`*`).
#[derive(Debug, Clone, PartialEq)]
pub struct TextRange {
    pub lower: Option<String>,
    pub includes_lower: bool,
    pub upper: Option<String>,
    pub includes_upper: bool,
}

/// `range`
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    pub field: String,
    pub lower: Option<Scalar>,
    pub includes_lower: bool,
    pub upper: Option<Scalar>,
    pub includes_upper: bool,
    pub format: Option<String>,
    pub time_zone: Option<String>,
    pub relation: RangeRelation,
}

/// `relation` of a range on a range field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum RangeRelation {
    #[default]
    Intersects,
    Contains,
    Within,
}

/// Lucene's optional regexp operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegexpFlags {
    pub complement: bool,
    pub empty: bool,
    pub interval: bool,
    pub intersection: bool,
    pub anystring: bool,
}

/// `bool`
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bool {
    pub must: Vec<Query>,
    pub filter: Vec<Query>,
    pub should: Vec<Query>,
    pub must_not: Vec<Query>,
    pub minimum_should_match: Option<MinimumShouldMatch>,
}
