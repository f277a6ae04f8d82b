//! From a mapping's JSON to a [`Mapping`].

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde_json::{Map, Value};

use crate::analysis::Analyzers;

use super::error::MappingError;
use super::field::{Field, FieldId, FieldType, NestedId};
use super::field_type::Defaults;
use super::parameters::Parameters;
use super::settings::IndexSettings;
use super::{Dynamic, Mapping, NestedObject, Node, ObjectNode};

/// More fields than this are refused; Elasticsearch's own limit is 1,000 unless raised.
const MAX_FIELDS: usize = 10_000;
/// Objects within each other; Elasticsearch's own limit is 20 unless raised.
const MAX_DEPTH: usize = 64;

/// Parameters of the root and of objects that decide no match.
const ROOT: &[&str] = &[
    "properties",
    "dynamic",
    "enabled",
    "dynamic_templates",
    "dynamic_date_formats",
    "date_detection",
    "numeric_detection",
    "_source",
    "_routing",
    "_meta",
    "_field_names",
    "_size",
    "_data_stream_timestamp",
    "_doc_count",
    "runtime",
    "subobjects",
];
const OBJECT: &[&str] = &[
    "type",
    "properties",
    "dynamic",
    "enabled",
    "include_in_parent",
    "include_in_root",
    "subobjects",
    "include_in_all",
    "synthetic_source_keep",
];

pub(super) fn read(json: &Value) -> Result<Mapping, MappingError> {
    let Some(body) = json.as_object() else {
        return Err(MappingError::new("mapping", "an object is expected: {\"properties\": …} or {\"mappings\": …}"));
    };
    let has_wrapper = body.contains_key("mappings") || body.contains_key("settings");
    let empty = Value::Object(Map::new());
    let mappings = if has_wrapper { body.get("mappings").unwrap_or(&empty) } else { json };
    let settings = IndexSettings::read(body.get("settings").filter(|_| has_wrapper))?;
    if let Some(unknown) = body.keys().find(|key| has_wrapper && !is_index_key(key)) {
        return Err(MappingError::new(unknown, "unknown key; mappings, settings and aliases are expected"));
    }
    let analyzers = Analyzers::from_settings(&settings.analysis, settings.analysis_limits)
        .map_err(|error| MappingError::new(format!("settings.{}", error.place), error.reason))?;
    let reader = Reader {
        defaults: Defaults {
            analyzers: &analyzers,
            ignore_malformed: settings.ignore_malformed,
            coerce: settings.coerce,
        },
        fields: Vec::new(),
        names: BTreeMap::new(),
        objects: BTreeMap::new(),
        nested: vec![NestedObject { path: "".into(), parent: None, include_in_parent: false, include_in_root: false }],
        aliases: Vec::new(),
        copies: Vec::new(),
    };
    let (reader, root) = reader.root(mappings)?;
    let Reader { fields, names, objects, nested, .. } = reader;
    Ok(Mapping { fields, names, objects, nested, root, analyzers, default_fields: settings.default_fields })
}

fn is_index_key(key: &str) -> bool {
    matches!(key, "mappings" | "settings" | "aliases")
}

struct Reader<'a> {
    defaults: Defaults<'a>,
    fields: Vec<Field>,
    names: BTreeMap<Box<str>, FieldId>,
    objects: BTreeMap<Box<str>, NestedId>,
    nested: Vec<NestedObject>,
    /// Followed when all fields are known.
    aliases: Vec<(String, NestedId, String)>,
    copies: Vec<(FieldId, Vec<String>)>,
}

impl Reader<'_> {
    fn root(mut self, mappings: &Value) -> Result<(Self, ObjectNode), MappingError> {
        let Some(given) = mappings.as_object() else {
            return Err(MappingError::new("mappings", "an object is expected"));
        };
        if given.get("runtime").and_then(Value::as_object).is_some_and(|runtime| !runtime.is_empty()) {
            return Err(MappingError::new(
                "runtime",
                "runtime fields are not supported: their values are computed by a script",
            ));
        }
        if let Some(unknown) = given.keys().find(|key| !ROOT.contains(&key.as_str())) {
            let reason = format!("unknown parameter {unknown:?}; fields stand in \"properties\"");
            return Err(MappingError::new("mappings", reason));
        }
        let mut root = ObjectNode {
            path: "".into(),
            properties: FxHashMap::default(),
            dynamic: Dynamic::Ignored,
            enabled: true,
            scope: NestedId::ROOT,
            is_nested: false,
        };
        self.object_parameters(&mut root, "mappings", given)?;
        self.properties(&mut root, given.get("properties"), 0)?;
        self.follow_aliases()?;
        self.follow_copies()?;
        Ok((self, root))
    }

    fn object_parameters(
        &self,
        object: &mut ObjectNode,
        place: &str,
        given: &Map<String, Value>,
    ) -> Result<(), MappingError> {
        let parameters = Parameters::new(place, "object", given);
        object.enabled = parameters.boolean("enabled", object.enabled)?;
        if !parameters.boolean("subobjects", true)? {
            return Err(parameters.error("\"subobjects\": false is not supported"));
        }
        object.dynamic = match given.get("dynamic") {
            None => object.dynamic,
            Some(Value::Bool(_)) => Dynamic::Ignored,
            Some(Value::String(text)) => match text.as_str() {
                "true" | "false" | "runtime" => Dynamic::Ignored,
                "strict" => Dynamic::Strict,
                other => {
                    let reason =
                        format!("\"dynamic\" is {other:?}; true, false, \"strict\" or \"runtime\" is expected");
                    return Err(parameters.error(reason));
                }
            },
            Some(other) => {
                return Err(parameters.error(format!("\"dynamic\" is {other}, true, false or \"strict\" is expected")));
            }
        };
        Ok(())
    }

    fn properties(&mut self, object: &mut ObjectNode, given: Option<&Value>, depth: usize) -> Result<(), MappingError> {
        let place = |object: &ObjectNode| if object.path.is_empty() { "mappings".into() } else { object.path.clone() };
        if depth > MAX_DEPTH {
            return Err(MappingError::new(place(object), format!("more than {MAX_DEPTH} objects within each other")));
        }
        let properties = match given {
            None => return Ok(()),
            Some(Value::Object(properties)) => properties,
            // Elasticsearch takes an empty list for no properties.
            Some(Value::Array(none)) if none.is_empty() => return Ok(()),
            Some(_) => return Err(MappingError::new(place(object), "\"properties\" is an object of fields")),
        };
        for (name, definition) in properties {
            self.property(object, name, definition, depth)?;
        }
        Ok(())
    }

    /// A dot in a name stands for an object.
    fn property(
        &mut self,
        object: &mut ObjectNode,
        name: &str,
        definition: &Value,
        depth: usize,
    ) -> Result<(), MappingError> {
        let head = name.split('.').next().unwrap_or_default();
        let path = joined(&object.path, head);
        if head.trim().is_empty() || depth > MAX_DEPTH {
            let reason = format!("the name {name:?} has an empty part, or more than {MAX_DEPTH} parts");
            return Err(MappingError::new(path, reason));
        }
        if let Some((_, rest)) = name.split_once('.') {
            let inner = self.object_at(object, head, &path)?;
            return self.property(inner, rest, definition, depth + 1);
        }
        let Some(given) = definition.as_object() else {
            return Err(MappingError::new(path, "a field is defined by an object: {\"type\": …}"));
        };
        let kind = match given.get("type") {
            None => "object",
            Some(Value::String(kind)) => kind.as_str(),
            Some(other) => return Err(MappingError::new(path, format!("\"type\" is {other}, a string is expected"))),
        };
        let is_object = given.contains_key("properties") || (given.len() == 1 && given.contains_key("enabled"));
        if !given.contains_key("type") && !is_object {
            return Err(MappingError::new(path, "no \"type\" is given"));
        }
        match kind {
            "object" | "nested" => self.object(object, head, &path, kind == "nested", given, depth),
            "alias" => {
                let parameters = Parameters::new(&path, kind, given);
                parameters.check_names(&["path"])?;
                let Some(target) = parameters.text("path")? else {
                    return Err(parameters.error("an alias needs the \"path\" of its field"));
                };
                self.aliases.push((path.clone(), object.scope, target.to_owned()));
                insert(object, head, &path, Node::Alias)
            }
            "percolator" => insert(object, head, &path, Node::Ignored),
            _ => {
                let id = self.leaf(object.scope, &path, kind, given, true)?;
                insert(object, head, &path, Node::Field(id))
            }
        }
    }

    /// The object of this name, made where it is not there yet.
    fn object_at<'a>(
        &mut self,
        parent: &'a mut ObjectNode,
        name: &str,
        path: &str,
    ) -> Result<&'a mut ObjectNode, MappingError> {
        let (dynamic, enabled, scope) = (parent.dynamic, parent.enabled, parent.scope);
        let node = parent.properties.entry(name.into()).or_insert_with(|| {
            self.objects.insert(path.into(), scope);
            Node::Object(ObjectNode {
                path: path.into(),
                properties: FxHashMap::default(),
                dynamic,
                enabled,
                scope,
                is_nested: false,
            })
        });
        match node {
            Node::Object(object) => Ok(object),
            _ => Err(MappingError::new(path, "it is a field and an object")),
        }
    }

    fn object(
        &mut self,
        parent: &mut ObjectNode,
        name: &str,
        path: &str,
        is_nested: bool,
        given: &Map<String, Value>,
        depth: usize,
    ) -> Result<(), MappingError> {
        if let Some(unknown) = given.keys().find(|key| !OBJECT.contains(&key.as_str())) {
            return Err(MappingError::new(path, format!("unknown parameter {unknown:?} for an object")));
        }
        let is_new = !parent.properties.contains_key(name);
        let object = self.object_at(parent, name, path)?;
        if is_nested && !object.is_nested {
            if !is_new {
                return Err(MappingError::new(path, "it is an object and a nested object"));
            }
            let parameters = Parameters::new(path, "nested", given);
            let id = NestedId(u32::try_from(self.nested.len()).unwrap_or(u32::MAX));
            self.nested.push(NestedObject {
                path: path.into(),
                parent: Some(object.scope),
                include_in_parent: parameters.boolean("include_in_parent", false)?,
                include_in_root: parameters.boolean("include_in_root", false)?,
            });
            self.objects.insert(path.into(), id);
            (object.scope, object.is_nested) = (id, true);
        }
        self.object_parameters(object, path, given)?;
        self.properties(object, given.get("properties"), depth + 1)
    }

    fn leaf(
        &mut self,
        nested: NestedId,
        path: &str,
        kind: &str,
        given: &Map<String, Value>,
        may_have_fields: bool,
    ) -> Result<FieldId, MappingError> {
        let parameters = Parameters::new(path, kind, given);
        let kind = self.defaults.field_type(&parameters)?;
        let has_own_doc_values = !matches!(kind, FieldType::Text(_) | FieldType::MatchOnlyText(_) | FieldType::Binary);
        let id = self.new_field(Field {
            id: FieldId(0),
            name: path.into(),
            nested,
            indexed: parameters.boolean("index", true)? && !matches!(kind, FieldType::Binary),
            doc_values: parameters.boolean("doc_values", has_own_doc_values)?,
            kind,
            sub_fields: Vec::new(),
            copy_to: Vec::new(),
            keyed: None,
        })?;
        if self.names.insert(path.into(), id).is_some() {
            return Err(parameters.error("the field is defined twice"));
        }
        self.keys_of_flattened(id)?;
        let copy_to: Vec<String> = parameters.names("copy_to")?.into_iter().map(str::to_owned).collect();
        let sub_fields = parameters.get("fields");
        if !may_have_fields && (!copy_to.is_empty() || sub_fields.is_some()) {
            return Err(parameters.error("a sub-field has neither \"copy_to\" nor \"fields\""));
        }
        if !copy_to.is_empty() {
            self.copies.push((id, copy_to));
        }
        if let Some(sub_fields) = sub_fields {
            self.sub_fields(id, nested, path, sub_fields)?;
        }
        Ok(id)
    }

    fn new_field(&mut self, mut field: Field) -> Result<FieldId, MappingError> {
        if self.fields.len() >= MAX_FIELDS {
            return Err(MappingError::new(field.name, format!("more than {MAX_FIELDS} fields")));
        }
        field.id = FieldId(u32::try_from(self.fields.len()).unwrap_or(u32::MAX));
        let id = field.id;
        self.fields.push(field);
        Ok(id)
    }

    /// The hidden field that holds a flattened field's keys with their values.
    fn keys_of_flattened(&mut self, id: FieldId) -> Result<(), MappingError> {
        let Some(field) = self.fields.get(id.0 as usize) else { return Ok(()) };
        let FieldType::Flattened(flattened) = &field.kind else { return Ok(()) };
        let keyed = Field { kind: FieldType::FlattenedKeys(flattened.clone()), ..field.clone() };
        let keyed = self.new_field(keyed)?;
        if let Some(field) = self.fields.get_mut(id.0 as usize) {
            field.keyed = Some(keyed);
        }
        Ok(())
    }

    fn sub_fields(&mut self, id: FieldId, nested: NestedId, path: &str, given: &Value) -> Result<(), MappingError> {
        let Some(sub_fields) = given.as_object() else {
            return Err(MappingError::new(path, "\"fields\" is an object of sub-fields"));
        };
        for (name, definition) in sub_fields {
            let path = joined(path, name);
            let parts = definition.as_object().and_then(|given| Some((given, given.get("type")?.as_str()?)));
            let Some((given, kind)) = parts.filter(|_| !name.is_empty() && !name.contains('.')) else {
                return Err(MappingError::new(path, "a sub-field needs a \"type\", and a name without dots"));
            };
            if matches!(kind, "object" | "nested" | "alias" | "percolator") {
                return Err(MappingError::new(path, format!("a sub-field cannot be of type {kind}")));
            }
            let sub_field = self.leaf(nested, &path, kind, given, false)?;
            if let Some(field) = self.fields.get_mut(id.0 as usize) {
                field.sub_fields.push(sub_field);
            }
        }
        Ok(())
    }

    fn follow_aliases(&mut self) -> Result<(), MappingError> {
        let mut followed = Vec::with_capacity(self.aliases.len());
        for (alias, scope, target) in &self.aliases {
            let field = self.names.get(target.as_str()).and_then(|id| self.fields.get(id.0 as usize));
            let Some(field) = field else {
                let reason = format!("the alias points to {target:?}, which is no field of the mapping");
                return Err(MappingError::new(alias, reason));
            };
            if field.nested != *scope {
                let reason = format!("the alias points to {target:?}, which is not in the same nested object");
                return Err(MappingError::new(alias, reason));
            }
            followed.push((alias.as_str().into(), field.id));
        }
        self.names.extend(followed);
        Ok(())
    }

    /// A value can be copied to the nested object that it stands in, and to those around it.
    fn follow_copies(&mut self) -> Result<(), MappingError> {
        for (source, targets) in std::mem::take(&mut self.copies) {
            for target in targets {
                // A target that the mapping does not have would be made by Elasticsearch; no query can name it here.
                let Some(target_id) = self.names.get(target.as_str()).copied() else { continue };
                let scope = |id: FieldId| self.fields.get(id.0 as usize).map_or(NestedId::ROOT, |field| field.nested);
                let mut around = Some(scope(source));
                while around.is_some_and(|nested| nested != scope(target_id)) {
                    around =
                        around.and_then(|nested| self.nested.get(nested.0 as usize)).and_then(|nested| nested.parent);
                }
                let Some(field) = self.fields.get_mut(source.0 as usize) else { continue };
                if around.is_none() {
                    let reason = format!("\"copy_to\" {target:?} leads into a nested object that the field is not in");
                    return Err(MappingError::new(field.name.clone(), reason));
                }
                field.copy_to.push(target_id);
            }
        }
        Ok(())
    }
}

fn insert(object: &mut ObjectNode, name: &str, path: &str, node: Node) -> Result<(), MappingError> {
    match object.properties.insert(name.into(), node) {
        None => Ok(()),
        Some(_) => Err(MappingError::new(path, "it is defined twice")),
    }
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_three_shapes_are_read() {
        let properties = json!({"title": {"type": "text"}});
        for shape in [
            json!({"properties": properties}),
            json!({"mappings": {"properties": properties}}),
            json!({"settings": {"number_of_shards": 1}, "mappings": {"properties": properties}, "aliases": {}}),
        ] {
            assert!(Mapping::from_json(&shape).unwrap().field("title").is_some(), "{shape}");
        }
    }

    #[test]
    fn settings_may_be_written_with_dots() {
        for settings in [
            json!({"index": {"analysis": {"normalizer": {"low": {"type": "custom", "filter": ["lowercase"]}}}}}),
            json!({"analysis.normalizer.low": {"filter": "lowercase"}, "index.mapping.ignore_malformed": "true"}),
        ] {
            let mapping = json!({"settings": settings, "mappings": {"properties": {"k": {"type": "keyword", "normalizer": "low"}}}});
            assert!(Mapping::from_json(&mapping).is_ok(), "{settings}");
        }
    }

    #[test]
    fn names_lead_to_fields_objects_and_nested_objects() {
        let mapping = Mapping::from_json(&json!({"properties": {
            "company.name": {"type": "text", "fields": {"raw": {"type": "keyword"}}},
            "experience": {"type": "nested", "properties": {"title": {"type": "text"}, "skills": {"type": "nested", "properties": {"name": {"type": "keyword"}}}}},
            "firm": {"type": "alias", "path": "company.name"},
            "labels": {"type": "flattened"}
        }}))
        .unwrap();
        assert_eq!(mapping.field("firm").map(|field| &*field.name), Some("company.name"));
        assert!(mapping.is_object("company") && mapping.is_object("experience") && !mapping.is_object("company.name"));
        assert_eq!(mapping.nested("company"), None);
        let experience = mapping.nested("experience").unwrap();
        let skills = mapping.nested("experience.skills").unwrap();
        assert_eq!(mapping.nested_parent(skills), Some(experience));
        assert_eq!(mapping.nested_path(skills), "experience.skills");
        assert_eq!(mapping.field("experience.skills.name").map(|field| field.nested), Some(skills));
        assert_eq!(mapping.fields_below("experience").count(), 2);
        assert_eq!(mapping.fields_matching("company.*").count(), 2);
        assert_eq!(mapping.nearest("experience.titel"), Some("experience.title"));
        let (keyed, key) = mapping.flattened_key("labels.priority.level").unwrap();
        assert_eq!((&*keyed.name, key), ("labels", "priority.level"));
        assert_eq!(mapping.default_fields(), ["*"]);
    }

    #[test]
    fn what_is_not_supported_is_refused_with_its_name() {
        for (field, expected) in [
            (json!({"type": "dense_vector"}), "\"dense_vector\" is not supported"),
            (json!({"type": "nope"}), "\"nope\" is not supported"),
            (json!({"type": "text", "analyzer": "thai"}), "dictionary"),
            (json!({"type": "text", "analyzer": "germna"}), "\"germna\""),
            (json!({"type": "keyword", "normalizer": "none"}), "\"none\""),
            (json!({"type": "keyword", "script": "x"}), "script"),
            (json!({"type": "keyword", "null_valeu": "x"}), "\"null_valeu\""),
            (json!({"type": "date", "format": "yyyy-QQ"}), "`QQ`"),
            (json!({"type": "date", "locale": "de"}), "\"de\""),
            (json!({"type": "integer", "null_value": 3.7}), "3.7"),
            (json!({"type": "scaled_float"}), "scaling_factor"),
            (json!({"type": "alias", "path": "other"}), "\"other\""),
            (json!({"type": "text", "fields": {"x": {"type": "nested"}}}), "nested"),
            (json!({"dynamic": "maybe", "properties": {}}), "\"maybe\""),
            (json!({}), "type"),
            (json!(5), "object"),
        ] {
            let error = Mapping::from_json(&json!({"properties": {"f": field}})).unwrap_err();
            assert!(error.reason.contains(expected) && error.place.starts_with('f'), "{field}: {error}");
        }
    }

    #[test]
    fn the_root_is_checked_too() {
        for (mapping, expected) in [
            (json!([]), "object"),
            (json!({"runtime": {"x": {"type": "keyword"}}}), "runtime"),
            (json!({"title": {"type": "text"}}), "\"title\""),
            (json!({"mappings": {}, "mapping": {}}), "unknown key"),
            (json!({"settings": {"analysis": {"analyzer": {"a": {"type": "thai"}}}}}), "dictionary"),
            (
                json!({"settings": {"analysis": {"analyzer": {"a": {"tokenizer": "standard", "filter": ["hunspell"]}}}}}),
                "\"hunspell\"",
            ),
            (json!({"properties": {"a": {"type": "keyword"}, "a.b": {"type": "keyword"}}}), "field and an object"),
            (
                json!({"properties": {"k": {"type": "keyword", "copy_to": "n.k"}, "n": {"type": "nested", "properties": {"k": {"type": "keyword"}}}}}),
                "nested",
            ),
        ] {
            let error = Mapping::from_json(&mapping).unwrap_err();
            assert!(error.to_string().contains(expected), "{mapping}: {error}");
        }
    }
}
