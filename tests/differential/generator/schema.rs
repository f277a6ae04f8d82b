//! A random mapping, and what queries and documents need to know of it.

use serde_json::{Value, json};

use super::draw::Draw;
use super::values::Values;
use super::words::Words;

/// Whose features a mapping may use. The first server of the tests that takes it decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Realm {
    /// What every server has.
    Elasticsearch9,
    /// What Elasticsearch 7.17 has beside that.
    Elasticsearch7,
    /// What OpenSearch has beside that.
    OpenSearch3,
}

/// A drawn mapping.
pub struct Schema {
    pub realm: Realm,
    /// The body of an index: settings and mappings.
    pub body: Value,
    pub fields: Vec<Field>,
    /// Paths of nested objects.
    pub nested: Vec<String>,
    /// Paths of plain objects.
    pub objects: Vec<String>,
}

/// A name that queries can ask.
#[derive(Clone, Debug)]
pub struct Field {
    pub path: String,
    /// Its type as mappings name it.
    pub kind: &'static str,
    pub values: Values,
    /// The innermost nested object around it; "" for the root.
    pub scope: String,
}

impl Field {
    /// Whether values are analyzed.
    pub fn is_text(&self) -> bool {
        matches!(self.kind, "text" | "match_only_text")
    }

    /// Whether it has terms that patterns can be held against.
    pub fn has_terms(&self) -> bool {
        self.is_text() || matches!(self.kind, "keyword" | "wildcard" | "constant_keyword" | "flattened")
    }

    pub fn has_order(&self) -> bool {
        matches!(
            self.values,
            Values::Whole { .. } | Values::Decimal | Values::Date { .. } | Values::Address | Values::Range(_)
        )
    }
}

type Entry = (&'static str, &'static [Realm]);

use Realm::{Elasticsearch7, Elasticsearch9, OpenSearch3};
const ALL: &[Realm] = &[Elasticsearch9, Elasticsearch7, OpenSearch3];
const OLDER: &[Realm] = &[Elasticsearch7, OpenSearch3];

/// How often each type is drawn, and where it exists.
const TYPES: &[(u32, Entry)] = &[
    (40, ("text", ALL)),
    (30, ("keyword", ALL)),
    (8, ("integer", ALL)),
    (5, ("long", ALL)),
    (2, ("short", ALL)),
    (2, ("byte", ALL)),
    (4, ("double", ALL)),
    (3, ("float", ALL)),
    (2, ("half_float", ALL)),
    (14, ("date", ALL)),
    (3, ("date_nanos", ALL)),
    (5, ("boolean", ALL)),
    (5, ("ip", ALL)),
    (3, ("integer_range", ALL)),
    (2, ("long_range", ALL)),
    (2, ("double_range", ALL)),
    (1, ("float_range", ALL)),
    (3, ("date_range", ALL)),
    (2, ("ip_range", ALL)),
    (3, ("geo_point", ALL)),
    (1, ("binary", ALL)),
    (4, ("flattened", &[Elasticsearch9, Elasticsearch7])),
    (8, ("match_only_text", OLDER)),
    (8, ("scaled_float", OLDER)),
    (4, ("token_count", OLDER)),
    (4, ("rank_feature", OLDER)),
    (3, ("rank_features", OLDER)),
    (8, ("wildcard", &[OpenSearch3])),
    (8, ("unsigned_long", &[OpenSearch3])),
];

impl Schema {
    pub fn draw(draw: &mut Draw, words: &Words) -> Schema {
        let realm = draw.weighted(&[(72, Elasticsearch9), (8, Elasticsearch7), (20, OpenSearch3)]);
        let mut schema = Schema { realm, body: json!({}), fields: Vec::new(), nested: Vec::new(), objects: Vec::new() };
        let mut maker =
            Maker { schema: &mut schema, words, next: 0, has_catch_all: draw.chance(30), includes: draw.chance(30) };
        let properties = maker.properties(draw, "", "", 0);
        let mut mappings = json!({"properties": properties});
        match draw.below(10) {
            0 => mappings["dynamic"] = json!("strict"),
            1 => mappings["dynamic"] = json!("false"),
            _ => {}
        }
        let mut settings = json!({"analysis": realm.analysis()});
        if draw.chance(4) {
            settings["index.mapping.ignore_malformed"] = json!(true);
        }
        if draw.chance(4) {
            settings["index.mapping.coerce"] = json!(false);
        }
        schema.body = json!({"settings": settings, "mappings": mappings});
        schema
    }

    /// The field that a document gives values to under this path.
    pub fn field(&self, path: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.path == path)
    }
}

struct Maker<'a> {
    schema: &'a mut Schema,
    words: &'a Words,
    /// Numbers the names.
    next: usize,
    /// Whether there is a field `all` that others are copied to.
    has_catch_all: bool,
    /// Whether nested objects may be included in those around them.
    includes: bool,
}

impl Maker<'_> {
    fn properties(&mut self, draw: &mut Draw, path: &str, scope: &str, depth: usize) -> Value {
        let mut properties = json!({});
        if depth == 0 && self.has_catch_all {
            properties["all"] = json!({"type": "text", "analyzer": self.schema.realm.analyzer(draw)});
            self.register("all".into(), "text", Values::Words, scope);
        }
        let mut local = Vec::new();
        for _ in 0..draw.between(2, if depth == 0 { 6 } else { 3 }) {
            let (name, definition) = self.leaf(draw, path, scope);
            local.push(name.clone());
            properties[name] = definition;
        }
        if depth == 0 && draw.chance(25) {
            let target = self.schema.field(draw.one(&local).as_str()).cloned();
            if let Some(target) = target {
                properties["alias"] = json!({"type": "alias", "path": target.path});
                self.register("alias".into(), target.kind, target.values, scope);
            }
        }
        for name in ["o", "e", "s"] {
            if depth < 3 && draw.chance([55, 30, 12][depth.min(2)]) {
                properties[name] = self.object(draw, &joined(path, name), scope, depth + 1, name != "o");
            }
        }
        properties
    }

    fn object(&mut self, draw: &mut Draw, path: &str, scope: &str, depth: usize, is_nested: bool) -> Value {
        let mut object = json!({});
        let scope = if is_nested {
            object["type"] = json!("nested");
            for parameter in ["include_in_parent", "include_in_root"] {
                if self.includes && draw.chance(40) {
                    object[parameter] = json!(true);
                }
            }
            self.schema.nested.push(path.to_owned());
            path
        } else {
            self.schema.objects.push(path.to_owned());
            scope
        };
        if draw.chance(5) {
            object["dynamic"] = json!(draw.one(&["strict", "false"]));
        }
        object["properties"] = self.properties(draw, path, scope, depth);
        object
    }

    fn leaf(&mut self, draw: &mut Draw, path: &str, scope: &str) -> (String, Value) {
        let kind = self.kind(draw, scope);
        self.next += 1;
        let name = format!("{}{}", &kind[..1], self.next);
        let path = joined(path, &name);
        let (mut definition, values) = self.definition(draw, kind);
        self.register(path.clone(), kind, values.clone(), scope);
        if matches!(values, Values::Words | Values::Whole { .. }) && draw.chance(25) {
            let mut fields = json!({});
            for sub_field in draw.some(&["raw", "sub"], 2) {
                let kind = if draw.chance(50) { "keyword" } else { "text" };
                let (definition, _) = self.definition(draw, kind);
                if fields.get(sub_field).is_none() {
                    self.register(joined(&path, sub_field), kind, values.clone(), scope);
                    fields[sub_field] = definition;
                }
            }
            definition["fields"] = fields;
        }
        if self.has_catch_all
            && draw.chance(30)
            && !matches!(values, Values::Range(_) | Values::Keys | Values::Features | Values::Point)
        {
            definition["copy_to"] = json!("all");
        }
        (name, definition)
    }

    fn kind(&self, draw: &mut Draw, scope: &str) -> &'static str {
        loop {
            let (kind, realms) = draw.weighted(TYPES);
            // OpenSearch does not find terms of its `wildcard` in nested objects; Elasticsearch's reference knows no such limit.
            // Ranges that `include_in_root` brings together are refused by accident: their doc value is a single one.
            let is_for_root = kind == "wildcard" || (self.includes && kind.ends_with("_range"));
            if realms.contains(&self.schema.realm) && (scope.is_empty() || !is_for_root) {
                return kind;
            }
        }
    }

    fn register(&mut self, path: String, kind: &'static str, values: Values, scope: &str) {
        self.schema.fields.push(Field { path, kind, values, scope: scope.to_owned() });
    }

    fn definition(&self, draw: &mut Draw, kind: &'static str) -> (Value, Values) {
        let realm = self.schema.realm;
        let mut definition = json!({"type": kind});
        let mut values = values_of(draw, kind);
        match kind {
            "text" => self.text(draw, &mut definition),
            "keyword" => self.keyword(draw, &mut definition),
            "wildcard" => {
                draw.maybe(15, &mut definition, "ignore_above", |_| json!(5));
                draw.maybe(15, &mut definition, "null_value", |draw| json!(self.words.word(draw)));
            }
            "flattened" => {
                draw.maybe(15, &mut definition, "ignore_above", |_| json!(5));
                draw.maybe(15, &mut definition, "split_queries_on_whitespace", |_| json!(true));
                draw.maybe(10, &mut definition, "null_value", |draw| json!(self.words.word(draw)));
            }
            "match_only_text" if draw.chance(30) => definition["analyzer"] = json!(realm.analyzer(draw)),
            "token_count" => definition["analyzer"] = json!(realm.analyzer(draw)),
            "scaled_float" => definition["scaling_factor"] = json!(draw.one(&[1, 10, 100])),
            "date_nanos" => values = Values::Date { format: None },
            "date" | "date_range" => {
                if let Values::Date { format: Some(format) } = &values {
                    definition["format"] = json!(format);
                }
                if let Values::Range(of) = &values
                    && let Values::Date { format: Some(format) } = &**of
                {
                    definition["format"] = json!(format);
                }
            }
            _ => {}
        }
        if matches!(
            values,
            Values::Whole { .. } | Values::Decimal | Values::Date { .. } | Values::Address | Values::Truth
        ) && kind != "token_count"
        {
            if draw.chance(15) {
                definition["null_value"] = values.in_document(draw, self.words);
                // What is no value of the type refuses the mapping.
                if definition["null_value"] == json!("") {
                    definition["null_value"] = json!(true);
                }
            }
            draw.maybe(10, &mut definition, "ignore_malformed", |_| json!(true));
            draw.maybe(5, &mut definition, "doc_values", |_| json!(false));
            if matches!(values, Values::Whole { .. }) {
                draw.maybe(10, &mut definition, "coerce", |_| json!(false));
            }
        }
        if matches!(values, Values::Feature | Values::Features) {
            draw.maybe(20, &mut definition, "positive_score_impact", |_| json!(false));
        } else if !matches!(kind, "binary" | "geo_point" | "wildcard" | "match_only_text") {
            draw.maybe(3, &mut definition, "index", |_| json!(false));
        }
        (definition, values)
    }

    fn text(&self, draw: &mut Draw, definition: &mut Value) {
        let realm = self.schema.realm;
        if draw.chance(45) {
            definition["analyzer"] = json!(realm.analyzer(draw));
            if draw.chance(20) {
                definition["search_analyzer"] = json!(realm.analyzer(draw));
            }
            if definition.get("search_analyzer").is_some() && draw.chance(30) {
                definition["search_quote_analyzer"] = json!(realm.analyzer(draw));
            }
        }
        draw.maybe(10, definition, "position_increment_gap", |draw| json!([0, 1, 5][draw.below(3)]));
        match draw.below(25) {
            0 => definition["index_options"] = json!(draw.one(&["docs", "freqs"])),
            1 => definition["index_prefixes"] = json!({"min_chars": 1, "max_chars": 4}),
            2 => definition["index_phrases"] = json!(true),
            _ => {}
        }
    }

    fn keyword(&self, draw: &mut Draw, definition: &mut Value) {
        if draw.chance(20) {
            definition["normalizer"] = json!(self.schema.realm.normalizer(draw));
        }
        draw.maybe(12, definition, "ignore_above", |draw| json!(draw.between(3, 6)));
        draw.maybe(15, definition, "null_value", |draw| json!(self.words.word(draw)));
        draw.maybe(15, definition, "split_queries_on_whitespace", |_| json!(true));
        draw.maybe(5, definition, "doc_values", |_| json!(false));
    }
}

fn values_of(draw: &mut Draw, kind: &'static str) -> Values {
    let whole = |low, high| Values::Whole { low, high };
    match kind {
        "byte" => whole(i8::MIN.into(), i8::MAX.into()),
        "short" => whole(i16::MIN.into(), i16::MAX.into()),
        "integer" => whole(i32::MIN.into(), i32::MAX.into()),
        "long" => whole(i64::MIN, i64::MAX),
        "unsigned_long" => whole(0, i64::MAX),
        "half_float" | "float" | "double" | "scaled_float" => Values::Decimal,
        "date" | "date_nanos" => Values::date(draw),
        "boolean" => Values::Truth,
        "ip" => Values::Address,
        "integer_range" => Values::Range(Box::new(whole(i32::MIN.into(), i32::MAX.into()))),
        "long_range" => Values::Range(Box::new(whole(i64::MIN, i64::MAX))),
        "float_range" | "double_range" => Values::Range(Box::new(Values::Decimal)),
        "date_range" => Values::Range(Box::new(Values::date(draw))),
        "ip_range" => Values::Range(Box::new(Values::Address)),
        "geo_point" => Values::Point,
        "flattened" => Values::Keys,
        "rank_feature" => Values::Feature,
        "rank_features" => Values::Features,
        "binary" => Values::Bytes,
        // What is counted is words.
        _ => Values::Words,
    }
}

pub fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
