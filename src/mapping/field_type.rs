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

const SUPPORTED: &str = "text, match_only_text, keyword, constant_keyword, wildcard, version, flattened, byte, short, integer, \
    long, unsigned_long, half_float, float, double, scaled_float, date, date_nanos, boolean, ip, integer_range, \
    long_range, float_range, double_range, date_range, ip_range, geo_point, token_count, rank_feature, rank_features, binary, object, \
    nested, alias and percolator are";

/// What the index decides for all fields.
#[derive(Debug)]
pub(super) struct Defaults {
    pub(super) analyzers: Analyzers,
    /// Names of `settings.similarity`.
    pub(super) similarities: Vec<String>,
    pub(super) ignore_malformed: bool,
    pub(super) coerce: bool,
}

impl Defaults {
    /// Reads a leaf's type; objects, aliases and percolators are no leaves.
    pub(super) fn field_type(&self, parameters: &Parameters) -> Result<FieldType, MappingError> {
        parameters.check(&self.similarities)?;
        match parameters.kind {
            "text" | "match_only_text" => self.text(parameters),
            "keyword" => self.keyword(parameters),
            "constant_keyword" => Ok(FieldType::ConstantKeyword(parameters.term("value")?)),
            "wildcard" => {
                let null_value = parameters.term("null_value")?;
                Ok(FieldType::Wildcard(WildcardType { ignore_above: parameters.count("ignore_above")?, null_value }))
            }
            "version" => Ok(FieldType::Version),
            "flattened" | "flat_object" => flattened(parameters),
            "date" => self.date(parameters, DateResolution::Millis),
            "date_nanos" => self.date(parameters, DateResolution::Nanos),
            "boolean" => self.boolean(parameters),
            "ip" => self.ip(parameters),
            "geo_point" => self.geo_point(parameters),
            "token_count" => self.token_count(parameters),
            "rank_feature" => {
                let positive_score_impact = parameters.boolean("positive_score_impact", true)?;
                Ok(FieldType::RankFeature { positive_score_impact })
            }
            "rank_features" => {
                let positive_score_impact = parameters.boolean("positive_score_impact", true)?;
                Ok(FieldType::RankFeatures { positive_score_impact })
            }
            "binary" => Ok(FieldType::Binary),
            kind => match (number_type(parameters)?, kind.strip_suffix("_range")) {
                (Some(number), _) => self.number(parameters, number),
                (None, Some(of)) => self.range(parameters, of),
                (None, None) => {
                    let why =
                        unsupported::reason(kind).map_or_else(|| format!("; {SUPPORTED}"), |why| format!(": {why}"));
                    Err(parameters.bad("type", format!("is {kind:?}, which is not supported{why}")))
                }
            },
        }
    }

    fn analyzer(&self, parameters: &Parameters, parameter: &str, name: &str) -> Result<Arc<Analyzer>, MappingError> {
        self.analyzers.analyzer(name).ok_or_else(|| match Analyzers::why_refused(name) {
            Some(why) => parameters.bad(parameter, format!("is {name:?}, which is not supported: {why}")),
            None => {
                let known: Vec<&str> = self.analyzers.names().collect();
                let known = known.join(", ");
                parameters.bad(
                    parameter,
                    format!("is {name:?}, which is neither built in nor in settings.analysis; known are {known}"),
                )
            }
        })
    }

    fn text(&self, parameters: &Parameters) -> Result<FieldType, MappingError> {
        let named = |parameter| -> Result<Option<Arc<Analyzer>>, MappingError> {
            parameters.text(parameter)?.map(|name| self.analyzer(parameters, parameter, name)).transpose()
        };
        let given = named("analyzer")?;
        let analyzer = match &given {
            Some(analyzer) => analyzer.clone(),
            None => self.analyzer(parameters, "analyzer", "default")?,
        };
        let search_analyzer = match named("search_analyzer")? {
            Some(analyzer) => analyzer,
            // The index's default for searches stands back behind an analyzer of the field.
            None => given.or_else(|| self.analyzers.analyzer("default_search")).unwrap_or_else(|| analyzer.clone()),
        };
        let search_quote_analyzer = named("search_quote_analyzer")?.unwrap_or_else(|| search_analyzer.clone());
        let gap = parameters.count("position_increment_gap")?;
        let options = index_options(parameters, &["docs", "freqs", "positions", "offsets"])?;
        let has_positions = !matches!(options, Some("docs" | "freqs"));
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
        index_options(parameters, &["docs", "freqs"])?;
        let normalizer = match parameters.text("normalizer")? {
            None => None,
            Some(name) => Some(self.analyzers.normalizer(name).ok_or_else(|| {
                parameters.bad("normalizer", format!("is {name:?}, which is not defined in settings.analysis"))
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
        let coerce = parameters.boolean("coerce", self.coerce)?;
        let null_value = match parameters.get("null_value") {
            None => None,
            Some(value) => match kind.term_point(value) {
                Ok(Some(point)) => Some(point),
                _ => return Err(parameters.bad("null_value", format!("is {value}, which no {} is", kind.name()))),
            },
        };
        let ignore_malformed = parameters.boolean("ignore_malformed", self.ignore_malformed)?;
        Ok(FieldType::Number(NumberField { kind, coerce, ignore_malformed, null_value }))
    }

    fn date(&self, parameters: &Parameters, resolution: DateResolution) -> Result<FieldType, MappingError> {
        let format = date_format(parameters)?;
        let ignore_malformed = parameters.boolean("ignore_malformed", self.ignore_malformed)?;
        let mut date = DateType { format, resolution, ignore_malformed, null_value: None };
        if let Some(value) = parameters.term("null_value")? {
            let point = date.document_point(&value);
            date.null_value =
                Some(point.map_err(|reason| parameters.bad("null_value", format!("is {value:?}: {reason}")))?);
        }
        Ok(FieldType::Date(date))
    }

    fn boolean(&self, parameters: &Parameters) -> Result<FieldType, MappingError> {
        let null_value = match parameters.get("null_value") {
            None => None,
            Some(_) => Some(parameters.boolean("null_value", false)?),
        };
        let ignore_malformed = parameters.boolean("ignore_malformed", self.ignore_malformed)?;
        Ok(FieldType::Boolean(BooleanType { ignore_malformed, null_value }))
    }

    fn ip(&self, parameters: &Parameters) -> Result<FieldType, MappingError> {
        let null_value = match parameters.text("null_value")? {
            None => None,
            Some(text) => {
                Some(ip::parse(text).ok_or_else(|| parameters.bad("null_value", format!("is {text:?}, no address")))?)
            }
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
            _ => {
                return Err(
                    parameters.bad("type", format!("is {:?}, which is not supported; {SUPPORTED}", parameters.kind))
                );
            }
        };
        Ok(FieldType::Range(RangeType { of, coerce: parameters.boolean("coerce", self.coerce)? }))
    }

    fn geo_point(&self, parameters: &Parameters) -> Result<FieldType, MappingError> {
        let mut point = GeoPointType {
            ignore_malformed: parameters.boolean("ignore_malformed", self.ignore_malformed)?,
            ignore_z_value: parameters.boolean("ignore_z_value", true)?,
            null_value: None,
        };
        if let Some(value) = parameters.get("null_value") {
            let place = point.read_null_value(value);
            point.null_value =
                Some(place.map_err(|reason| parameters.bad("null_value", format!("is refused: {reason}")))?);
        }
        Ok(FieldType::GeoPoint(point))
    }

    fn token_count(&self, parameters: &Parameters) -> Result<FieldType, MappingError> {
        let Some(analyzer) = parameters.text("analyzer")? else {
            return Err(parameters.error("a token_count needs an \"analyzer\""));
        };
        Ok(FieldType::TokenCount(TokenCountType {
            analyzer: self.analyzer(parameters, "analyzer", analyzer)?,
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
    let format = match parameters.text("format")? {
        None if parameters.kind == "date_nanos" => DateFormat::nanos(),
        None => DateFormat::default(),
        Some(format) => {
            DateFormat::new(format).map_err(|reason| parameters.bad("format", format!("is refused: {reason}")))?
        }
    };
    // Digits are the same in every language.
    match parameters.text("locale")? {
        Some(locale) if locale.split(['_', '-']).count() > 3 => {
            Err(parameters
                .bad("locale", format!("is {locale:?}, which has more than a language, a country and a variant")))
        }
        Some(locale) if format.reads_names() && !is_english(locale) => {
            Err(parameters.bad("locale", format!("is {locale:?}; names of months and days are read in English only")))
        }
        _ => Ok(Arc::new(format)),
    }
}

fn is_english(locale: &str) -> bool {
    matches!(locale.split(['_', '-']).next(), Some("" | "en" | "ROOT"))
}

fn flattened(parameters: &Parameters) -> Result<FieldType, MappingError> {
    index_options(parameters, &["docs", "freqs"])?;
    Ok(FieldType::Flattened(FlattenedType {
        ignore_above: parameters.count("ignore_above")?,
        null_value: parameters.term("null_value")?,
        depth_limit: parameters.count("depth_limit")?.unwrap_or(20),
        split_queries_on_whitespace: parameters.boolean("split_queries_on_whitespace", false)?,
    }))
}

fn index_options<'a>(parameters: &Parameters<'a>, known: &[&str]) -> Result<Option<&'a str>, MappingError> {
    match parameters.text("index_options")? {
        Some(other) if !known.contains(&other) => {
            Err(parameters.bad("index_options", format!("is {other:?}; {} is expected", known.join(", "))))
        }
        given => Ok(given),
    }
}
