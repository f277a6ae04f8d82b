//! From a field's parameters to its type.

use std::sync::Arc;

use serde_json::Value;

use crate::analysis::{Analyzer, Analyzers};

use super::date_format::DateFormat;
use super::error::MappingError;
use super::field::{
    BooleanType, DateResolution, DateType, FieldType, FlattenedType, GeoPointType, IpType, KeywordType, NumberField,
    NumberType, RangeOf, RangeType, TextType, TokenCountType, WildcardType,
};
use super::ip;
use super::parameters::Parameters;
use super::unsupported;

const SUPPORTED: &str = "text, match_only_text, keyword, constant_keyword, wildcard, flattened, byte, short, integer, \
    long, unsigned_long, half_float, float, double, scaled_float, date, date_nanos, boolean, ip, integer_range, \
    long_range, float_range, double_range, date_range, ip_range, geo_point, token_count, rank_feature, binary, object, \
    nested, alias and percolator are";

const TEXT: &[&str] = &[
    "analyzer",
    "search_analyzer",
    "search_quote_analyzer",
    "position_increment_gap",
    "index_options",
    "norms",
    "fielddata",
    "fielddata_frequency_filter",
    "index_phrases",
    "index_prefixes",
    "term_vector",
];
const KEYWORD: &[&str] =
    &["normalizer", "ignore_above", "null_value", "split_queries_on_whitespace", "index_options", "norms"];
const NUMBER: &[&str] = &["coerce", "ignore_malformed", "null_value"];
const SCALED_NUMBER: &[&str] = &["coerce", "ignore_malformed", "null_value", "scaling_factor"];
const DATE: &[&str] = &["format", "locale", "ignore_malformed", "null_value"];

/// What the index decides for all fields.
pub(super) struct Defaults<'a> {
    pub(super) analyzers: &'a Analyzers,
    pub(super) ignore_malformed: bool,
    pub(super) coerce: bool,
}

impl Defaults<'_> {
    /// Reads a leaf's type; objects, aliases and percolators are no leaves.
    pub(super) fn field_type(&self, parameters: &Parameters) -> Result<FieldType, MappingError> {
        match parameters.kind {
            "text" | "match_only_text" => self.text(parameters),
            "keyword" => self.keyword(parameters),
            "constant_keyword" => {
                parameters.check_names(&["value"])?;
                Ok(FieldType::ConstantKeyword(parameters.term("value")?))
            }
            "wildcard" => {
                parameters.check_names(&["ignore_above", "null_value"])?;
                let null_value = parameters.term("null_value")?;
                Ok(FieldType::Wildcard(WildcardType { ignore_above: parameters.count("ignore_above")?, null_value }))
            }
            "flattened" | "flat_object" => flattened(parameters),
            "date" => self.date(parameters, DateResolution::Millis),
            "date_nanos" => self.date(parameters, DateResolution::Nanos),
            "boolean" => self.boolean(parameters),
            "ip" => self.ip(parameters),
            "geo_point" => self.geo_point(parameters),
            "token_count" => self.token_count(parameters),
            "rank_feature" => {
                parameters.check_names(&["positive_score_impact", "null_value"])?;
                Ok(FieldType::RankFeature)
            }
            "binary" => {
                parameters.check_names(&[])?;
                Ok(FieldType::Binary)
            }
            kind => match (number_type(parameters)?, kind.strip_suffix("_range")) {
                (Some(number), _) => self.number(parameters, number),
                (None, Some(of)) => self.range(parameters, of),
                (None, None) => match unsupported::reason(kind) {
                    Some(reason) => Err(parameters.error(format!("the type {kind:?} is not supported: {reason}"))),
                    None => Err(parameters.error(format!("the type {kind:?} is not supported; {SUPPORTED}"))),
                },
            },
        }
    }

    fn analyzer(&self, parameters: &Parameters, name: &str) -> Result<Arc<Analyzer>, MappingError> {
        self.analyzers.analyzer(name).ok_or_else(|| match Analyzers::why_refused(name) {
            Some(why) => parameters.error(format!("the analyzer {name:?} is not supported: {why}")),
            None => {
                let known: Vec<&str> = self.analyzers.names().collect();
                parameters.error(format!(
                    "the analyzer {name:?} is neither built in nor defined in settings.analysis; known are {}",
                    known.join(", ")
                ))
            }
        })
    }

    fn text(&self, parameters: &Parameters) -> Result<FieldType, MappingError> {
        parameters.check_names(TEXT)?;
        let named = |parameter| -> Result<Option<Arc<Analyzer>>, MappingError> {
            parameters.text(parameter)?.map(|name| self.analyzer(parameters, name)).transpose()
        };
        let given = named("analyzer")?;
        let analyzer = match &given {
            Some(analyzer) => analyzer.clone(),
            None => self.analyzer(parameters, "default")?,
        };
        let search_analyzer = match named("search_analyzer")? {
            Some(analyzer) => analyzer,
            // The index's default for searches stands back behind an analyzer of the field.
            None => given.or_else(|| self.analyzers.analyzer("default_search")).unwrap_or_else(|| analyzer.clone()),
        };
        let search_quote_analyzer = named("search_quote_analyzer")?.unwrap_or_else(|| search_analyzer.clone());
        let gap = parameters.count("position_increment_gap")?;
        let has_positions = match parameters.text("index_options")? {
            None | Some("positions" | "offsets") => true,
            Some("docs" | "freqs") => false,
            Some(other) => {
                return Err(parameters
                    .error(format!("\"index_options\" is {other:?}; docs, freqs, positions or offsets is expected")));
            }
        };
        let text = TextType {
            position_increment_gap: gap.unwrap_or_else(|| analyzer.position_increment_gap()),
            analyzer,
            search_analyzer,
            search_quote_analyzer,
            has_positions,
        };
        Ok(if parameters.kind == "text" { FieldType::Text(text) } else { FieldType::MatchOnlyText(text) })
    }

    fn keyword(&self, parameters: &Parameters) -> Result<FieldType, MappingError> {
        parameters.check_names(KEYWORD)?;
        let normalizer = match parameters.text("normalizer")? {
            None => None,
            Some(name) => Some(self.analyzers.normalizer(name).ok_or_else(|| {
                parameters.error(format!("the normalizer {name:?} is not defined in settings.analysis"))
            })?),
        };
        Ok(FieldType::Keyword(KeywordType {
            normalizer,
            ignore_above: parameters.count("ignore_above")?,
            null_value: parameters.term("null_value")?,
            split_queries_on_whitespace: parameters.boolean("split_queries_on_whitespace", false)?,
        }))
    }

    fn number(&self, parameters: &Parameters, kind: NumberType) -> Result<FieldType, MappingError> {
        let is_scaled = matches!(kind, NumberType::ScaledFloat { .. });
        parameters.check_names(if is_scaled { SCALED_NUMBER } else { NUMBER })?;
        let coerce = parameters.boolean("coerce", self.coerce)?;
        let null_value = match parameters.get("null_value") {
            None => None,
            Some(value) => match kind.term_point(value) {
                Ok(Some(point)) => Some(point),
                _ => return Err(parameters.error(format!("\"null_value\" is {value}, which no {} is", kind.name()))),
            },
        };
        let ignore_malformed = parameters.boolean("ignore_malformed", self.ignore_malformed)?;
        Ok(FieldType::Number(NumberField { kind, coerce, ignore_malformed, null_value }))
    }

    fn date(&self, parameters: &Parameters, resolution: DateResolution) -> Result<FieldType, MappingError> {
        parameters.check_names(DATE)?;
        let format = date_format(parameters)?;
        let ignore_malformed = parameters.boolean("ignore_malformed", self.ignore_malformed)?;
        let mut date = DateType { format, resolution, ignore_malformed, null_value: None };
        if let Some(value) = parameters.term("null_value")? {
            let point = date.document_point(&value);
            date.null_value =
                Some(point.map_err(|reason| parameters.error(format!("\"null_value\" is {value:?}: {reason}")))?);
        }
        Ok(FieldType::Date(date))
    }

    fn boolean(&self, parameters: &Parameters) -> Result<FieldType, MappingError> {
        parameters.check_names(&["null_value", "ignore_malformed", "fielddata"])?;
        let null_value = match parameters.get("null_value") {
            None => None,
            Some(_) => Some(parameters.boolean("null_value", false)?),
        };
        let ignore_malformed = parameters.boolean("ignore_malformed", self.ignore_malformed)?;
        Ok(FieldType::Boolean(BooleanType { ignore_malformed, null_value }))
    }

    fn ip(&self, parameters: &Parameters) -> Result<FieldType, MappingError> {
        parameters.check_names(&["null_value", "ignore_malformed"])?;
        let null_value = match parameters.text("null_value")? {
            None => None,
            Some(text) => Some(
                ip::parse(text).ok_or_else(|| parameters.error(format!("\"null_value\" is {text:?}, no address")))?,
            ),
        };
        let ignore_malformed = parameters.boolean("ignore_malformed", self.ignore_malformed)?;
        Ok(FieldType::Ip(IpType { ignore_malformed, null_value }))
    }

    fn range(&self, parameters: &Parameters, of: &str) -> Result<FieldType, MappingError> {
        let of = match of {
            "integer" => RangeOf::Number(NumberType::Integer),
            "long" => RangeOf::Number(NumberType::Long),
            "float" => RangeOf::Number(NumberType::Float),
            "double" => RangeOf::Number(NumberType::Double),
            "ip" => RangeOf::Ip,
            "date" => RangeOf::Date(date_format(parameters)?),
            _ => return Err(parameters.error(format!("the type {:?} is not supported; {SUPPORTED}", parameters.kind))),
        };
        match of {
            RangeOf::Date(_) => parameters.check_names(&["coerce", "format", "locale"])?,
            RangeOf::Number(_) | RangeOf::Ip => parameters.check_names(&["coerce"])?,
        }
        Ok(FieldType::Range(RangeType { of, coerce: parameters.boolean("coerce", self.coerce)? }))
    }

    fn geo_point(&self, parameters: &Parameters) -> Result<FieldType, MappingError> {
        parameters.check_names(&["ignore_malformed", "ignore_z_value", "null_value"])?;
        let mut point = GeoPointType {
            ignore_malformed: parameters.boolean("ignore_malformed", self.ignore_malformed)?,
            ignore_z_value: parameters.boolean("ignore_z_value", true)?,
            null_value: None,
        };
        if let Some(value) = parameters.get("null_value") {
            let place = point.read_null_value(value);
            point.null_value = Some(place.map_err(|reason| parameters.error(format!("\"null_value\": {reason}")))?);
        }
        Ok(FieldType::GeoPoint(point))
    }

    fn token_count(&self, parameters: &Parameters) -> Result<FieldType, MappingError> {
        parameters.check_names(&["analyzer", "enable_position_increments", "null_value"])?;
        let Some(analyzer) = parameters.text("analyzer")? else {
            return Err(parameters.error("a token_count needs an \"analyzer\""));
        };
        Ok(FieldType::TokenCount(TokenCountType {
            analyzer: self.analyzer(parameters, analyzer)?,
            counts_holes: parameters.boolean("enable_position_increments", true)?,
            null_value: parameters.count("null_value")?.map(i128::from),
        }))
    }
}

fn number_type(parameters: &Parameters) -> Result<Option<NumberType>, MappingError> {
    Ok(Some(match parameters.kind {
        "byte" => NumberType::Byte,
        "short" => NumberType::Short,
        "integer" => NumberType::Integer,
        "long" => NumberType::Long,
        "unsigned_long" => NumberType::UnsignedLong,
        "half_float" => NumberType::HalfFloat,
        "float" => NumberType::Float,
        "double" => NumberType::Double,
        "scaled_float" => {
            let given = match parameters.get("scaling_factor") {
                Some(Value::String(text)) => text.parse().ok(),
                Some(other) => other.as_f64(),
                None => None,
            };
            match given.filter(|factor: &f64| factor.is_finite() && *factor > 0.0) {
                Some(scaling_factor) => NumberType::ScaledFloat { scaling_factor },
                None => return Err(parameters.error("a scaled_float needs a positive \"scaling_factor\"")),
            }
        }
        _ => return Ok(None),
    }))
}

fn date_format(parameters: &Parameters) -> Result<Arc<DateFormat>, MappingError> {
    if let Some(locale) =
        parameters.text("locale")?.filter(|locale| !matches!(*locale, "" | "en" | "en_US" | "en-US" | "ROOT"))
    {
        return Err(parameters.error(format!("the locale {locale:?} is not supported; English month names are")));
    }
    match parameters.text("format")? {
        None if parameters.kind == "date_nanos" => Ok(Arc::new(DateFormat::nanos())),
        None => Ok(Arc::new(DateFormat::default())),
        Some(format) => DateFormat::new(format).map(Arc::new).map_err(|reason| parameters.error(reason)),
    }
}

fn flattened(parameters: &Parameters) -> Result<FieldType, MappingError> {
    parameters.check_names(&[
        "ignore_above",
        "null_value",
        "depth_limit",
        "split_queries_on_whitespace",
        "index_options",
        "time_series_dimensions",
    ])?;
    Ok(FieldType::Flattened(FlattenedType {
        ignore_above: parameters.count("ignore_above")?,
        null_value: parameters.term("null_value")?,
        depth_limit: parameters.count("depth_limit")?.unwrap_or(20),
        split_queries_on_whitespace: parameters.boolean("split_queries_on_whitespace", false)?,
    }))
}
