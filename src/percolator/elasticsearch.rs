//! Queries as the percolator of a cluster must be given them, so that it answers as search does.
//!
//! The percolators of Elasticsearch and OpenSearch differ from their searches in places; `tests/differential` records where.
//! What can be said otherwise is written otherwise here, and what cannot is refused: a query is never taken and then not matched.

use serde_json::{Map, Value, json};

use crate::elasticsearch::Product;
use crate::mapping::{Field, FieldType, Mapping};
use crate::query::QueryError;

/// How a cluster's percolator is asked.
#[derive(Debug, Clone, Copy)]
pub struct Dialect<'a> {
    /// Whose percolator it is.
    pub product: Product,
    /// The members' fields.
    pub mapping: &'a Mapping,
    /// The field that holds a member's id: percolated documents have no `_id`.
    pub id_field: &'a str,
    /// Fields that queries of all fields leave out.
    pub forbidden: &'a [String],
}

impl Dialect<'_> {
    /// A query that was compiled before, as the percolator answers it like a search.
    ///
    /// ```
    /// use serde_json::json;
    /// use tripline::Mapping;
    /// use tripline::elasticsearch::Product;
    /// use tripline::percolator::Dialect;
    ///
    /// let mapping = Mapping::from_json(&json!({"properties": {"id": {"type": "long"}, "title": {"type": "text"}}}))?;
    /// let dialect = Dialect { product: Product::Elasticsearch, mapping: &mapping, id_field: "id", forbidden: &[] };
    /// let query = dialect.write(&json!({"bool": {"must": [{"ids": {"values": ["7"]}}, {"match": {"title": "cto"}}]}}))?;
    /// assert_eq!(query, json!({"bool": {"must": [{"terms": {"id": ["7"]}}, {"match": {"title": "cto"}}]}}));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Where the percolator would find something else than a search.
    pub fn write(&self, query: &Value) -> Result<Value, QueryError> {
        self.clause(query, "")
    }

    fn clause(&self, clause: &Value, pointer: &str) -> Result<Value, QueryError> {
        let Some((name, body)) = clause.as_object().and_then(|clause| clause.iter().next()) else {
            return Ok(clause.clone());
        };
        let at = format!("{pointer}/{name}");
        let body = match name.as_str() {
            "bool" => self.within(body, &at, &["must", "filter", "should", "must_not"])?,
            "nested" => self.within(body, &at, &["query"])?,
            "constant_score" => self.within(body, &at, &["filter"])?,
            "dis_max" => self.within(body, &at, &["queries"])?,
            "boosting" => self.within(body, &at, &["positive", "negative"])?,
            "function_score" => self.within(body, &at, &["query"])?,
            "ids" => return Ok(json!({"terms": {self.id_field: self.ids(body, &at)?}})),
            "term" | "terms" | "match" if body.get("_id").is_some() => {
                let ids = body.get("_id").map(|ids| value_of(ids, if name == "match" { "query" } else { "value" }));
                let ids = ids.unwrap_or(&Value::Null);
                let list = if ids.is_array() { ids.clone() } else { json!([ids]) };
                return Ok(json!({"terms": {self.id_field: list}}));
            }
            "query_string" | "simple_query_string" => self.texts(body),
            "multi_match" => {
                self.check_prefix(body, body.get("type").and_then(Value::as_str) == Some("phrase_prefix"), &at)?;
                self.texts(body)
            }
            "match" => {
                for (field, said) in body.as_object().into_iter().flatten() {
                    if said.get("minimum_should_match").is_some() {
                        let reason = "the cluster's percolator ignores \"minimum_should_match\" where it is above the number of \
                                      words; use percolator = \"embedded\"";
                        return Err(QueryError::unsupported(format!("{at}/{field}/minimum_should_match"), reason));
                    }
                }
                body.clone()
            }
            "match_phrase_prefix" => {
                for (field, said) in body.as_object().into_iter().flatten() {
                    self.check_prefix(said, true, &format!("{at}/{field}"))?;
                    self.check_type(field, &at)?;
                }
                body.clone()
            }
            "match_phrase" | "wildcard" | "regexp" => {
                for field in body.as_object().into_iter().flatten().map(|(field, _)| field) {
                    self.check_type(field, &at)?;
                }
                body.clone()
            }
            _ => body.clone(),
        };
        if mentions_id(&body) {
            let reason = "percolated documents of a cluster have no \"_id\"; use \"ids\", \"term\" or \"terms\" on it, or \
                          percolator = \"embedded\"";
            return Err(QueryError::unsupported(at, reason));
        }
        Ok(json!({name: body}))
    }

    /// A clause whose parts are clauses, or lists of them.
    fn within(&self, body: &Value, at: &str, parts: &[&str]) -> Result<Value, QueryError> {
        let mut written = body.as_object().cloned().unwrap_or_else(Map::new);
        for part in parts {
            let Some(inner) = written.get_mut(*part) else { continue };
            let place = format!("{at}/{part}");
            *inner = match &*inner {
                Value::Array(clauses) => {
                    let each = clauses.iter().enumerate();
                    let clauses: Result<Vec<Value>, QueryError> =
                        each.map(|(place_in, clause)| self.clause(clause, &format!("{place}/{place_in}"))).collect();
                    Value::Array(clauses?)
                }
                clause => self.clause(clause, &place)?,
            };
        }
        Ok(Value::Object(written))
    }

    fn ids(&self, body: &Value, at: &str) -> Result<Value, QueryError> {
        let values = body.get("values").cloned().unwrap_or(Value::Null);
        match values {
            Value::Array(_) => Ok(values),
            Value::String(_) | Value::Number(_) => Ok(json!([values])),
            _ => Err(QueryError::malformed(at, "\"values\" must be a list of ids")),
        }
    }

    /// A query of texts with its fields written out: a stored query may not ask all fields by saying none.
    fn texts(&self, body: &Value) -> Value {
        let mut written = body.as_object().cloned().unwrap_or_else(Map::new);
        let said: Vec<String> = match (written.get("fields"), written.get("default_field")) {
            (Some(Value::Array(fields)), _) => fields.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            (_, Some(Value::String(field))) => vec![field.clone()],
            _ => self.mapping.default_fields().to_vec(),
        };
        if said.iter().all(|field| !field.contains('*')) && !said.is_empty() {
            return Value::Object(written);
        }
        let all = said.is_empty() || said.iter().any(|field| field == "*");
        let mut fields = Vec::new();
        for pattern in &said {
            let (name, boost) = pattern.split_once('^').map_or((pattern.as_str(), ""), |(name, boost)| (name, boost));
            if !name.contains('*') {
                fields.push(pattern.clone());
                continue;
            }
            let matching = self.mapping.fields_matching(name).filter(|field| self.is_searched(field));
            fields.extend(matching.map(|field| match boost {
                "" => field.name.to_string(),
                boost => format!("{}^{boost}", field.name),
            }));
        }
        written.remove("default_field");
        written.insert("fields".to_owned(), json!(fields));
        if all {
            written.entry("lenient").or_insert(Value::Bool(true));
        }
        Value::Object(written)
    }

    /// Whether a query of all fields asks this one.
    fn is_searched(&self, field: &Field) -> bool {
        let is_within = |outer: &String| {
            field.name.strip_prefix(outer.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let takes_text = match field.kind {
            FieldType::Text(_)
            | FieldType::MatchOnlyText(_)
            | FieldType::Keyword(_)
            | FieldType::ConstantKeyword(_)
            | FieldType::Wildcard(_)
            | FieldType::Version
            | FieldType::Number(_)
            | FieldType::Date(_)
            | FieldType::Boolean(_)
            | FieldType::Ip(_) => true,
            FieldType::Flattened(_)
            | FieldType::FlattenedKeys(_)
            | FieldType::Range(_)
            | FieldType::GeoPoint(_)
            | FieldType::TokenCount(_)
            | FieldType::RankFeature { .. }
            | FieldType::RankFeatures { .. }
            | FieldType::Binary => false,
        };
        takes_text && field.has_searchable_values() && !self.forbidden.iter().any(is_within)
    }

    /// OpenSearch finds no beginnings of a single word.
    fn check_prefix(&self, said: &Value, is_prefix: bool, at: &str) -> Result<(), QueryError> {
        let text = value_of(said, "query").as_str().unwrap_or_default();
        if is_prefix && self.product == Product::OpenSearch && text.split_whitespace().count() < 2 {
            let reason = "OpenSearch's percolator finds no phrase prefix of a single word; use \"match_bool_prefix\", or \
                          percolator = \"embedded\"";
            return Err(QueryError::unsupported(at, reason));
        }
        Ok(())
    }

    /// Types whose phrases and patterns the percolators get wrong.
    fn check_type(&self, field: &str, at: &str) -> Result<(), QueryError> {
        let kind = self.mapping.field(field).map(|field| &field.kind);
        if matches!(kind, Some(FieldType::MatchOnlyText(_) | FieldType::Wildcard(_))) {
            let reason = "the cluster's percolator answers this on fields of type match_only_text and wildcard otherwise than its \
                          search; use percolator = \"embedded\"";
            return Err(QueryError::unsupported(format!("{at}/{field}"), reason));
        }
        Ok(())
    }
}

/// What a clause asks of a field, said in short or at length.
fn value_of<'v>(said: &'v Value, name: &str) -> &'v Value {
    said.get(name).unwrap_or(said)
}

/// Whether a clause that is not written otherwise speaks of `_id`.
fn mentions_id(body: &Value) -> bool {
    match body {
        Value::Object(object) => match object.get("field") {
            Some(Value::String(field)) if field == "_id" => true,
            _ => object.contains_key("_id"),
        },
        _ => false,
    }
}
