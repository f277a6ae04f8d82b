//! Reading parameters out of JSON as Elasticsearch does, with the pointer of whatever is wrong.
//!
//! Elasticsearch is liberal in places that users rely on: numbers and booleans are taken where text is due, `"true"` is a
//! boolean, `"3"` and `3.7` are the integer 3. It never takes null, an array or an object for a scalar; nor do we.

use serde_json::{Map, Value};

use super::{Fuzziness, Limits, MinimumShouldMatch, QueryError, Scalar};

/// The parameters that every clause has. They decide no match.
const OF_EVERY_CLAUSE: [&str; 2] = ["boost", "_name"];

/// How near a name must be to be suggested: Jaro-Winkler, from 0 to 1.
const SUGGESTION_SIMILARITY: f64 = 0.75;

/// Names that are longer, in bytes, are like none that is known.
const LONGEST_NAME: usize = 64;

/// The JSON pointer of `key` below `pointer`.
pub(super) fn below(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// The JSON pointer of an element of the array at `pointer`.
pub(super) fn element(pointer: &str, index: usize) -> String {
    format!("{pointer}/{index}")
}

/// What a JSON value is, in words.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// `; did you mean "…"?` where one of `known` is near to `name`, else nothing.
pub(super) fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    if name.len() > LONGEST_NAME {
        return String::new();
    }
    let nearest = known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(similarity, _)| *similarity >= SUGGESTION_SIMILARITY)
        .max_by(|(left, _), (right, _)| left.total_cmp(right));
    nearest.map(|(_, candidate)| format!("; did you mean \"{candidate}\"?")).unwrap_or_default()
}

/// An object of named parameters.
#[derive(Debug)]
pub(super) struct Parameters<'v> {
    map: &'v Map<String, Value>,
    nulls_say_nothing: bool,
    /// Where the object stands.
    pub(super) pointer: String,
}

impl<'v> Parameters<'v> {
    /// Reads `value` as the parameters of `clause`.
    pub(super) fn of(clause: &str, value: &'v Value, pointer: &str) -> Result<Self, QueryError> {
        match value {
            Value::Object(map) => Ok(Self { map, nulls_say_nothing: false, pointer: pointer.to_owned() }),
            other => Err(QueryError::malformed(
                pointer,
                format!("\"{clause}\" must be an object with parameters, not {}", kind_of(other)),
            )),
        }
    }

    /// As [`of`](Self::of), for the few clauses whose readers in Elasticsearch skip every null.
    pub(super) fn skipping_nulls(clause: &str, value: &'v Value, pointer: &str) -> Result<Self, QueryError> {
        Ok(Self { nulls_say_nothing: true, ..Self::of(clause, value, pointer)? })
    }

    fn get(&self, name: &str) -> Option<&'v Value> {
        self.map.get(name).filter(|value| !self.nulls_say_nothing || !value.is_null())
    }

    /// Refuses every parameter that is neither in `known` nor taken by all clauses, and checks the shape of the latter.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), QueryError> {
        for name in self.keys() {
            if !known.contains(&name) && !OF_EVERY_CLAUSE.contains(&name) {
                return Err(self.unknown(name, known));
            }
        }
        self.check_boost_and_name()
    }

    /// Refuses every parameter that is not in `known`, for objects that are no clause.
    pub(super) fn exactly(&self, known: &[&str]) -> Result<(), QueryError> {
        match self.keys().find(|name| !known.contains(name)) {
            Some(name) => Err(self.unknown(name, known)),
            None => Ok(()),
        }
    }

    fn unknown(&self, name: &str, known: &[&str]) -> QueryError {
        let suggestion = did_you_mean(name, known.iter().copied());
        let listed = if known.is_empty() { "boost, _name".to_owned() } else { known.join(", ") };
        let reason = format!("unknown parameter \"{name}\"{suggestion} (known: {listed})");
        QueryError::malformed(below(&self.pointer, name), reason)
    }

    /// `boost` must be a number that is not negative, `_name` a text.
    pub(super) fn check_boost_and_name(&self) -> Result<(), QueryError> {
        if self.number("boost")?.is_some_and(|boost| boost < 0.0) {
            return Err(self.bad("boost", "must not be negative"));
        }
        self.text("_name").map(drop)
    }

    /// That `_name` is a text, for the clauses that do not write numbers and booleans out.
    pub(super) fn check_name_is_text(&self) -> Result<(), QueryError> {
        match self.get("_name") {
            None | Some(Value::String(_)) => Ok(()),
            Some(other) => Err(self.bad("_name", format!("must be a string, not {}", kind_of(other)))),
        }
    }

    /// An error about the parameter `name`.
    pub(super) fn bad(&self, name: &str, reason: impl AsRef<str>) -> QueryError {
        QueryError::malformed(below(&self.pointer, name), format!("\"{name}\" {}", reason.as_ref()))
    }

    /// That `name` is missing.
    pub(super) fn missing(&self, name: &str) -> QueryError {
        QueryError::malformed(&self.pointer, format!("\"{name}\" is missing"))
    }

    /// That `name` is known but not supported.
    pub(super) fn unsupported(&self, name: &str, why: &str) -> QueryError {
        QueryError::unsupported(below(&self.pointer, name), format!("\"{name}\" is not supported: {why}"))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Whether there is a value that is not null: some clauses take null for nothing said.
    pub(super) fn says(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| !value.is_null())
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &'v str> + use<'v> {
        let skips_nulls = self.nulls_say_nothing;
        let entries = self.map.iter().filter(move |(_, value)| !skips_nulls || !value.is_null());
        entries.map(|(name, _)| name.as_str())
    }

    /// The raw value and its pointer.
    pub(super) fn value(&self, name: &str) -> Option<(&'v Value, String)> {
        self.get(name).map(|value| (value, below(&self.pointer, name)))
    }

    /// The raw value and its pointer, which must be there.
    pub(super) fn required_value(&self, name: &str) -> Result<(&'v Value, String), QueryError> {
        self.value(name).ok_or_else(|| self.missing(name))
    }

    /// A single value: text, number or boolean.
    pub(super) fn scalar(&self, name: &str) -> Result<Option<Scalar>, QueryError> {
        self.get(name).map(|value| self.to_scalar(name, value)).transpose()
    }

    fn to_scalar(&self, name: &str, value: &Value) -> Result<Scalar, QueryError> {
        scalar(value)
            .ok_or_else(|| self.bad(name, format!("must be a string, number or boolean, not {}", kind_of(value))))
    }

    /// Text; numbers and booleans are written out.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, QueryError> {
        Ok(self.scalar(name)?.map(|scalar| written_out(&scalar)))
    }

    /// Text that must be there.
    pub(super) fn required_text(&self, name: &str) -> Result<String, QueryError> {
        self.text(name)?.ok_or_else(|| self.missing(name))
    }

    /// A field name that must be there.
    pub(super) fn required_field(&self, name: &str) -> Result<String, QueryError> {
        let field = self.required_text(name)?;
        if field.is_empty() {
            return Err(self.bad(name, "must be a field name, not empty"));
        }
        Ok(field)
    }

    /// A boolean, or the strings `"true"` and `"false"`; the empty one is false.
    pub(super) fn boolean(&self, name: &str) -> Result<Option<bool>, QueryError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(Value::String(text)) if text == "true" => Ok(Some(true)),
            Some(Value::String(text)) if text == "false" || text.is_empty() => Ok(Some(false)),
            Some(other) => Err(self.bad(name, format!("must be true or false, not {other}"))),
        }
    }

    /// A number, or a string that holds one.
    pub(super) fn number(&self, name: &str) -> Result<Option<f64>, QueryError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        match number {
            Some(number) if number.is_finite() => Ok(Some(number)),
            _ => Err(self.bad(name, format!("must be a number, not {}", shown(value)))),
        }
    }

    /// `tie_breaker`: from 0 to 1. It decides scores.
    pub(super) fn check_tie_breaker(&self) -> Result<(), QueryError> {
        match self.number("tie_breaker")? {
            Some(number) if !(0.0..=1.0).contains(&number) => Err(self.bad("tie_breaker", "must be from 0 to 1")),
            _ => Ok(()),
        }
    }

    /// A Java `int` that is at least `minimum`; fractions are cut off.
    pub(super) fn integer(&self, name: &str, minimum: i32) -> Result<Option<i32>, QueryError> {
        let Some(number) = self.number(name)? else { return Ok(None) };
        let whole = number.trunc();
        if whole < f64::from(minimum) {
            return Err(self.bad(name, format!("must be at least {minimum}, not {number}")));
        }
        if whole > f64::from(i32::MAX) {
            return Err(self.bad(name, format!("must be at most {}, not {number}", i32::MAX)));
        }
        Ok(Some(whole as i32))
    }

    /// A count: an integer that is not negative.
    pub(super) fn count(&self, name: &str) -> Result<Option<u32>, QueryError> {
        Ok(self.integer(name, 0)?.map(i32::unsigned_abs))
    }

    /// One of some words, in any case.
    pub(super) fn choice<T: Copy>(&self, name: &str, choices: &[(&str, T)]) -> Result<Option<T>, QueryError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        match choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(&text)) {
            Some((_, choice)) => Ok(Some(*choice)),
            None => {
                let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
                Err(self.bad(name, format!("must be one of {}, not \"{text}\"", words.join(", "))))
            }
        }
    }

    /// `minimum_should_match`
    pub(super) fn minimum_should_match(&self, name: &str) -> Result<Option<MinimumShouldMatch>, QueryError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        match MinimumShouldMatch::parse(&text) {
            Some(minimum) => Ok(Some(minimum)),
            None => Err(self.bad(
                name,
                format!("must be like 2, -1, \"75%\", \"-25%\" or \"2<-25% 9<-3\", not {}", shown_text(&text)),
            )),
        }
    }

    /// An allowed edit distance.
    pub(super) fn fuzziness(&self, name: &str) -> Result<Option<Fuzziness>, QueryError> {
        let Some((value, _)) = self.value(name) else { return Ok(None) };
        let fuzziness = match value {
            Value::Number(number) => number.as_f64().and_then(Fuzziness::from_edits),
            Value::String(text) => Fuzziness::parse(text),
            _ => None,
        };
        fuzziness.map(Some).ok_or_else(|| {
            self.bad(name, format!("must be 0, 1, 2, \"AUTO\" or \"AUTO:low,high\", not {}", shown(value)))
        })
    }

    /// As [`check_rewrite`](Self::check_rewrite), for the clauses that take null for nothing said.
    pub(super) fn check_rewrite_or_null(&self, name: &str) -> Result<(), QueryError> {
        if self.says(name) { self.check_rewrite(name) } else { Ok(()) }
    }

    /// How Lucene writes a multi-term query anew: it decides scores and no match, so it is only checked.
    pub(super) fn check_rewrite(&self, name: &str) -> Result<(), QueryError> {
        const PLAIN: [&str; 4] =
            ["constant_score", "constant_score_blended", "constant_score_boolean", "scoring_boolean"];
        const COUNTED: [&str; 3] = ["top_terms_blended_freqs_", "top_terms_boost_", "top_terms_"];
        let Some(text) = self.text(name)? else { return Ok(()) };
        let known = PLAIN.contains(&text.as_str())
            || COUNTED.iter().any(|prefix| text.strip_prefix(prefix).is_some_and(|n| n.parse::<u32>().is_ok()));
        if known {
            return Ok(());
        }
        Err(self
            .bad(name, format!("must be one of {}, {}, not \"{text}\"", PLAIN.join(", "), COUNTED.join("N, ") + "N")))
    }

    /// Names and patterns of fields: one or an array, their boosts checked and cut off.
    pub(super) fn fields(&self, name: &str) -> Result<Vec<String>, QueryError> {
        self.fields_boosted(name, 0.0)
    }

    /// As [`fields`](Self::fields), boosts below `minimum` refused.
    pub(super) fn fields_boosted(&self, name: &str, minimum: f32) -> Result<Vec<String>, QueryError> {
        let Some((value, pointer)) = self.value(name) else { return Ok(Vec::new()) };
        match value {
            Value::Array(items) => {
                let name_of = |(index, item)| field_without_boost(item, minimum, &element(&pointer, index));
                items.iter().enumerate().map(name_of).collect()
            }
            single => Ok(vec![field_without_boost(single, minimum, &pointer)?]),
        }
    }

    /// Names and patterns of fields as the query texts' clauses take them: an array only.
    pub(super) fn field_list(&self, name: &str) -> Result<Vec<String>, QueryError> {
        match self.get(name) {
            None | Some(Value::Array(_)) => self.fields(name),
            Some(other) => Err(self.bad(name, format!("must be an array of fields, not {}", kind_of(other)))),
        }
    }

    /// Text to be analysed or parsed, within the limit.
    pub(super) fn limited(&self, name: &str, text: &str, limits: &Limits) -> Result<(), QueryError> {
        if text.len() <= limits.text_bytes {
            return Ok(());
        }
        Err(QueryError::limit(
            below(&self.pointer, name),
            format!("the text has {} bytes; at most {} are allowed", text.len(), limits.text_bytes),
        ))
    }
}

/// A clause of the form `{"field": …}`.
#[derive(Debug)]
pub(super) struct FieldClause<'v> {
    pub(super) field: String,
    pub(super) value: &'v Value,
    /// Where the value stands.
    pub(super) pointer: String,
}

impl<'v> FieldClause<'v> {
    /// Reads `value` as `{"field": …}`, the one field of `clause`.
    pub(super) fn of(clause: &str, value: &'v Value, pointer: &str) -> Result<Self, QueryError> {
        let parameters = Parameters::of(clause, value, pointer)?;
        let mut entries = parameters.map.iter();
        let Some((field, value)) = entries.next() else {
            return Err(QueryError::malformed(pointer, format!("\"{clause}\" must name a field")));
        };
        if let Some((second, _)) = entries.next() {
            return Err(QueryError::malformed(
                pointer,
                format!("\"{clause}\" takes one field, found \"{field}\" and \"{second}\""),
            ));
        }
        if field.is_empty() {
            return Err(QueryError::malformed(below(pointer, field), format!("\"{clause}\" has an empty field name")));
        }
        Ok(Self { field: field.clone(), value, pointer: below(pointer, field) })
    }

    /// The parameters of the long form `{"field": {…}}`; `None` for the short form.
    pub(super) fn long_form(&self) -> Option<Parameters<'v>> {
        match self.value {
            Value::Object(map) => Some(Parameters { map, nulls_say_nothing: false, pointer: self.pointer.clone() }),
            _ => None,
        }
    }

    /// The value of the short form `{"field": value}`.
    pub(super) fn short_form(&self) -> Result<Scalar, QueryError> {
        scalar(self.value).ok_or_else(|| {
            let kind = kind_of(self.value);
            QueryError::malformed(&self.pointer, format!("\"{}\" must be a single value, not {kind}", self.field))
        })
    }
}

fn field_without_boost(value: &Value, minimum: f32, pointer: &str) -> Result<String, QueryError> {
    let Some(text) = scalar(value).map(|scalar| written_out(&scalar)) else {
        return Err(QueryError::malformed(pointer, format!("a field must be a string, not {}", kind_of(value))));
    };
    let (field, boost) = match text.split_once('^') {
        Some((field, boost)) => (field, Some(boost)),
        None => (text.as_str(), None),
    };
    if field.is_empty() {
        return Err(QueryError::malformed(pointer, format!("\"{text}\" has an empty field name")));
    }
    let boost = boost.map(|boost| boost.trim().parse::<f32>());
    match boost {
        None => Ok(field.to_owned()),
        Some(Ok(boost)) if boost >= minimum && boost.is_finite() => Ok(field.to_owned()),
        Some(_) => Err(QueryError::malformed(
            pointer,
            format!("the boost of \"{text}\" must be a number of at least {minimum}"),
        )),
    }
}

/// A single value, or `None` for null, arrays and objects.
pub(super) fn scalar(value: &Value) -> Option<Scalar> {
    match value {
        Value::String(_) | Value::Number(_) | Value::Bool(_) => Some(Scalar(value.clone())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A scalar as text.
pub(super) fn written_out(scalar: &Scalar) -> String {
    match &scalar.0 {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A value as an error message may show it: itself if it is short, else what it is.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => shown_text(text),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => kind_of(value).to_owned(),
    }
}

fn shown_text(text: &str) -> String {
    const SHORT: usize = 64;
    if text.chars().count() <= SHORT { format!("\"{text}\"") } else { "a long string".to_owned() }
}
