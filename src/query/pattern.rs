//! Clauses about parts of terms: `prefix`, `wildcard`, `regexp`, `fuzzy`.

use serde_json::Value;

use super::parser::Body;
use super::shape::{FieldClause, Parameters, written_out};
use super::term_level::one_of;
use super::{Clause, Fuzziness, Limits, QueryError, RegexpFlags, Scalar};

pub(super) fn prefix(body: &Body<'_>, limits: &Limits) -> Result<Clause, QueryError> {
    let clause = FieldClause::of(body.name, body.value, &body.pointer)?;
    let (value, case_insensitive) = match clause.long_form() {
        None => (clause.short_form()?, false),
        Some(parameters) => {
            parameters.only(&["value", "case_insensitive", "rewrite"])?;
            parameters.check_rewrite_or_null("rewrite")?;
            let value = parameters.scalar("value")?.ok_or_else(|| parameters.missing("value"))?;
            (value, parameters.boolean("case_insensitive")?.unwrap_or(false))
        }
    };
    let value = written_out(&value);
    check_length(&value, &clause.pointer, limits)?;
    Ok(Clause::Prefix { field: clause.field, value, case_insensitive })
}

pub(super) fn wildcard(body: &Body<'_>, limits: &Limits) -> Result<Clause, QueryError> {
    let clause = FieldClause::of(body.name, body.value, &body.pointer)?;
    let (value, case_insensitive) = match clause.long_form() {
        None => (clause.short_form()?, false),
        Some(parameters) => {
            parameters.only(&["value", "wildcard", "case_insensitive", "rewrite"])?;
            parameters.check_rewrite_or_null("rewrite")?;
            let value = one_of(&parameters, "value", "wildcard")?;
            (value, parameters.boolean("case_insensitive")?.unwrap_or(false))
        }
    };
    let value = written_out(&value);
    check_length(&value, &clause.pointer, limits)?;
    Ok(Clause::Wildcard { field: clause.field, value, case_insensitive })
}

pub(super) fn regexp(body: &Body<'_>, limits: &Limits) -> Result<Clause, QueryError> {
    let clause = FieldClause::of(body.name, body.value, &body.pointer)?;
    let (value, flags, case_insensitive) = match clause.long_form() {
        None => (clause.short_form()?, RegexpFlags::ALL, false),
        Some(parameters) => {
            parameters.only(&[
                "value",
                "flags",
                "flags_value",
                "case_insensitive",
                "max_determinized_states",
                "rewrite",
            ])?;
            parameters.check_rewrite_or_null("rewrite")?;
            parameters.integer("max_determinized_states", i32::MIN)?;
            let value = parameters.scalar("value")?.ok_or_else(|| parameters.missing("value"))?;
            (value, regexp_flags(&parameters)?, parameters.boolean("case_insensitive")?.unwrap_or(false))
        }
    };
    let value = written_out(&value);
    check_length(&value, &clause.pointer, limits)?;
    Ok(Clause::Regexp { field: clause.field, value, flags, case_insensitive })
}

/// `flags` by names, or `flags_value` by number; not both, since nodes take the one that was written last.
pub(super) fn regexp_flags(parameters: &Parameters<'_>) -> Result<RegexpFlags, QueryError> {
    let named = match parameters.value("flags") {
        None | Some((Value::Null, _)) => None,
        Some(_) => parameters.text("flags")?,
    };
    let numbered = parameters.integer("flags_value", i32::MIN)?;
    match (named, numbered) {
        (None, None) => Ok(RegexpFlags::ALL),
        (None, Some(bits)) => Ok(RegexpFlags::from_bits(bits)),
        (Some(_), Some(_)) => Err(parameters.bad("flags_value", "cannot stand beside \"flags\"; give one of them")),
        (Some(names), None) => RegexpFlags::parse(&names).ok_or_else(|| {
            let reason =
                "must be ALL, NONE, or some of COMPLEMENT, EMPTY, INTERVAL, INTERSECTION, ANYSTRING parted by |";
            parameters.bad("flags", reason)
        }),
    }
}

impl RegexpFlags {
    /// Every optional operator: the default.
    pub const ALL: Self = Self { complement: true, empty: true, interval: true, intersection: true, anystring: true };

    /// No optional operator.
    pub const NONE: Self =
        Self { complement: false, empty: false, interval: false, intersection: false, anystring: false };

    /// The bits of Lucene 10. Up to Lucene 9 the complement was 0x02, which means nothing now.
    fn from_bits(bits: i32) -> Self {
        Self {
            intersection: bits & 0x01 != 0,
            complement: bits & 0x1_0000 != 0,
            empty: bits & 0x04 != 0,
            anystring: bits & 0x08 != 0,
            interval: bits & 0x20 != 0,
        }
    }

    /// Names parted by `|`, in any case; the empty text means all.
    fn parse(names: &str) -> Option<Self> {
        if names.is_empty() {
            return Some(Self::ALL);
        }
        let mut flags = Self::NONE;
        for name in names.split('|').filter(|name| !name.is_empty()) {
            match name.to_ascii_uppercase().as_str() {
                "ALL" => return Some(Self::ALL),
                "NONE" => {}
                "COMPLEMENT" => flags.complement = true,
                "EMPTY" => flags.empty = true,
                "INTERVAL" => flags.interval = true,
                "INTERSECTION" => flags.intersection = true,
                "ANYSTRING" => flags.anystring = true,
                _ => return None,
            }
        }
        Some(flags)
    }
}

pub(super) fn fuzzy(body: &Body<'_>, limits: &Limits) -> Result<Clause, QueryError> {
    let clause = FieldClause::of(body.name, body.value, &body.pointer)?;
    let Some(parameters) = clause.long_form() else {
        let value = clause.short_form()?;
        check_scalar_length(&value, &clause.pointer, limits)?;
        return Ok(Clause::Fuzzy {
            field: clause.field,
            value,
            fuzziness: Fuzziness::AUTO,
            prefix_length: 0,
            transpositions: true,
        });
    };
    parameters.only(&["value", "term", "fuzziness", "prefix_length", "max_expansions", "transpositions", "rewrite"])?;
    parameters.check_rewrite("rewrite")?;
    parameters.integer("max_expansions", 1)?;
    let value = one_of(&parameters, "value", "term")?;
    check_scalar_length(&value, &clause.pointer, limits)?;
    Ok(Clause::Fuzzy {
        value,
        fuzziness: parameters.fuzziness("fuzziness")?.unwrap_or(Fuzziness::AUTO),
        prefix_length: parameters.count("prefix_length")?.unwrap_or(0),
        transpositions: parameters.boolean("transpositions")?.unwrap_or(true),
        field: clause.field,
    })
}

fn check_scalar_length(value: &Scalar, pointer: &str, limits: &Limits) -> Result<(), QueryError> {
    check_length(&written_out(value), pointer, limits)
}

/// Refuses patterns that are longer than the limit.
pub(super) fn check_length(pattern: &str, pointer: &str, limits: &Limits) -> Result<(), QueryError> {
    match excess(pattern, limits.pattern_units) {
        None => Ok(()),
        Some(reason) => Err(QueryError::limit(pointer, reason)),
    }
}

/// That a pattern is longer than `units`, in UTF-16 units, if it is.
pub(super) fn excess(pattern: &str, units: usize) -> Option<String> {
    // There are no more units than bytes, so that short patterns need no count.
    let fits = pattern.len() <= units || pattern.encode_utf16().count() <= units;
    (!fits).then(|| format!("a pattern is longer than {units} UTF-16 units"))
}
