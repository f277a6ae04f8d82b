//! From a mapping's JSON to a [`Mapping`].

mod leaf;
mod references;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde_json::{Map, Value};

use crate::analysis::Analyzers;

use super::date_format::DateFormat;
use super::dynamic::DynamicFields;
use super::error::MappingError;
use super::field::{FieldId, NestedId};
use super::field_type::Defaults;
use super::parameters::{Parameters, below};
use super::settings::IndexSettings;
use super::{Dynamic, Mapping, NestedObject, Node, ObjectNode};

use super::METADATA;

pub(super) use leaf::Leaves;
pub(super) use references::targets_of_copies;

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
        return Err(MappingError::new("", "an object is expected: {\"properties\": …} or {\"mappings\": …}"));
    };
    let has_wrapper = body.contains_key("mappings") || body.contains_key("settings");
    let empty = Value::Object(Map::new());
    let (mappings, pointer) =
        if has_wrapper { (body.get("mappings").unwrap_or(&empty), "/mappings") } else { (json, "") };
    let settings = IndexSettings::read(body.get("settings").filter(|_| has_wrapper))?;
    if let Some(unknown) = body.keys().find(|key| has_wrapper && !is_index_key(key)) {
        return Err(MappingError::new(below("", unknown), "unknown key; mappings, settings and aliases are expected"));
    }
    let analyzers = Analyzers::from_settings(&settings.analysis, settings.analysis_limits)
        .map_err(|error| MappingError::new(format!("/settings/{}", error.place.replace('.', "/")), error.reason))?;
    let defaults = Defaults {
        analyzers,
        similarities: settings.similarities,
        ignore_malformed: settings.ignore_malformed,
        coerce: settings.coerce,
    };
    let reader = Reader {
        leaves: Leaves::new(&defaults, 0),
        names: BTreeMap::new(),
        objects: BTreeMap::new(),
        nested: vec![NestedObject { path: "".into(), parent: None, include_in_parent: false, include_in_root: false }],
        aliases: Vec::new(),
    };
    let (reader, root, dynamic) = reader.root(mappings, pointer)?;
    let Reader { leaves, names, objects, nested, .. } = reader;
    let fields = leaves.into_fields();
    Ok(Mapping { fields, names, objects, nested, root, defaults, default_fields: settings.default_fields, dynamic })
}

fn is_index_key(key: &str) -> bool {
    matches!(key, "mappings" | "settings" | "aliases")
}

struct Reader<'a> {
    leaves: Leaves<'a>,
    names: BTreeMap<Box<str>, FieldId>,
    objects: BTreeMap<Box<str>, NestedId>,
    nested: Vec<NestedObject>,
    /// Followed when all fields are known.
    aliases: Vec<Alias>,
}

struct Alias {
    path: String,
    pointer: String,
    scope: NestedId,
    target: String,
}

impl Reader<'_> {
    fn root(mut self, mappings: &Value, pointer: &str) -> Result<(Self, ObjectNode, DynamicFields), MappingError> {
        let Some(given) = mappings.as_object() else {
            return Err(MappingError::new(pointer, "an object is expected"));
        };
        if let Some(unknown) = given.keys().find(|key| !ROOT.contains(&key.as_str())) {
            let reason = format!("unknown parameter {unknown:?}; fields stand in \"properties\"");
            return Err(MappingError::new(below(pointer, unknown), reason));
        }
        let mut root = ObjectNode {
            path: "".into(),
            properties: FxHashMap::default(),
            dynamic: Dynamic::Added,
            enabled: true,
            scope: NestedId::ROOT,
            is_nested: false,
        };
        object_parameters(&mut root, pointer, given)?;
        root_parameters(pointer, given)?;
        self.properties(&mut root, pointer, given.get("properties"), 0)?;
        self.follow_aliases()?;
        self.follow_copies()?;
        let dynamic = DynamicFields::read(
            given.get("dynamic_templates"),
            &below(pointer, "dynamic_templates"),
            self.leaves.defaults,
        )?;
        Ok((self, root, dynamic))
    }

    fn properties(
        &mut self,
        object: &mut ObjectNode,
        pointer: &str,
        given: Option<&Value>,
        depth: usize,
    ) -> Result<(), MappingError> {
        let pointer = below(pointer, "properties");
        if depth > MAX_DEPTH {
            return Err(MappingError::new(pointer, format!("more than {MAX_DEPTH} objects within each other")));
        }
        let properties = match given {
            None => return Ok(()),
            Some(Value::Object(properties)) => properties,
            // Elasticsearch takes an empty list for no properties.
            Some(Value::Array(none)) if none.is_empty() => return Ok(()),
            Some(_) => return Err(MappingError::new(pointer, "\"properties\" is an object of fields")),
        };
        for (name, definition) in properties {
            let pointer = below(&pointer, name);
            if object.path.is_empty() && METADATA.contains(&name.as_str()) {
                return Err(MappingError::new(pointer, "it is a metadata field, which every document has"));
            }
            // A dot at the end stands for nothing.
            let name = name.trim_end_matches('.');
            self.property(object, name, &pointer, definition, depth)?;
        }
        Ok(())
    }

    /// A dot in a name stands for an object.
    fn property(
        &mut self,
        object: &mut ObjectNode,
        name: &str,
        pointer: &str,
        definition: &Value,
        depth: usize,
    ) -> Result<(), MappingError> {
        let head = name.split('.').next().unwrap_or_default();
        let path = joined(&object.path, head);
        if head.trim().is_empty() || depth > MAX_DEPTH {
            let reason = format!("the name {name:?} has an empty part, or more than {MAX_DEPTH} parts");
            return Err(MappingError::new(pointer, reason));
        }
        if let Some((_, rest)) = name.split_once('.') {
            let inner = self.object_at(object, head, &path, pointer)?;
            return self.property(inner, rest, pointer, definition, depth + 1);
        }
        let Some(given) = definition.as_object() else {
            return Err(MappingError::new(pointer, "a field is defined by an object: {\"type\": …}"));
        };
        let kind = match given.get("type") {
            None => "object",
            Some(Value::String(kind)) => kind.as_str(),
            Some(other) => {
                return Err(MappingError::new(below(pointer, "type"), format!("it is {other}, a string is expected")));
            }
        };
        let is_object = given.contains_key("properties") || (given.len() == 1 && given.contains_key("enabled"));
        if !given.contains_key("type") && !is_object {
            return Err(MappingError::new(pointer, "no \"type\" is given"));
        }
        match kind {
            "object" | "nested" => self.object(object, head, (&path, pointer), kind == "nested", given, depth),
            "alias" => {
                let parameters = Parameters::new(pointer, kind, given);
                if let Some(unknown) = given.keys().find(|key| !matches!(key.as_str(), "type" | "path" | "meta")) {
                    return Err(parameters.bad(unknown, "is no parameter of an alias"));
                }
                let Some(target) = parameters.text("path")? else {
                    return Err(parameters.error("an alias needs the \"path\" of its field"));
                };
                let (scope, target) = (object.scope, target.to_owned());
                self.aliases.push(Alias { path, pointer: below(pointer, "path"), scope, target });
                insert(object, head, pointer, Node::Alias)
            }
            "percolator" => insert(object, head, pointer, Node::Ignored),
            _ => {
                let id = self.leaves.leaf(object.scope, (&path, pointer), kind, given)?;
                self.take_names(pointer)?;
                insert(object, head, pointer, Node::Field(id))
            }
        }
    }

    fn take_names(&mut self, pointer: &str) -> Result<(), MappingError> {
        for (name, id) in self.leaves.take_names() {
            if self.names.insert(name, id).is_some() {
                return Err(MappingError::new(pointer, "the field is defined twice"));
            }
        }
        Ok(())
    }

    /// The object of this name, made where it is not there yet.
    fn object_at<'a>(
        &mut self,
        parent: &'a mut ObjectNode,
        name: &str,
        path: &str,
        pointer: &str,
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
            _ => Err(MappingError::new(pointer, "it is a field and an object")),
        }
    }

    fn object(
        &mut self,
        parent: &mut ObjectNode,
        name: &str,
        (path, pointer): (&str, &str),
        is_nested: bool,
        given: &Map<String, Value>,
        depth: usize,
    ) -> Result<(), MappingError> {
        if let Some(unknown) = given.keys().find(|key| !OBJECT.contains(&key.as_str())) {
            return Err(MappingError::new(below(pointer, unknown), "it is no parameter of an object"));
        }
        let is_new = !parent.properties.contains_key(name);
        let object = self.object_at(parent, name, path, pointer)?;
        if is_nested && !object.is_nested {
            if !is_new {
                return Err(MappingError::new(pointer, "it is an object and a nested object"));
            }
            let parameters = Parameters::new(pointer, "nested", given);
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
        object_parameters(object, pointer, given)?;
        self.properties(object, pointer, given.get("properties"), depth + 1)
    }
}

/// What decides nothing here, but must be right.
fn root_parameters(pointer: &str, given: &Map<String, Value>) -> Result<(), MappingError> {
    let parameters = Parameters::new(pointer, "root", given);
    for name in ["date_detection", "numeric_detection"] {
        parameters.boolean(name, true)?;
    }
    for name in ["_source", "_routing", "_meta", "_field_names", "runtime"] {
        if parameters.get(name).is_some_and(|value| !value.is_object()) {
            return Err(parameters.bad(name, "is an object"));
        }
    }
    if parameters.get("runtime").and_then(Value::as_object).is_some_and(|runtime| !runtime.is_empty()) {
        return Err(parameters.bad("runtime", "is not supported: its fields are computed by a script"));
    }
    for format in parameters.names("dynamic_date_formats")? {
        DateFormat::new(format).map_err(|reason| parameters.bad("dynamic_date_formats", reason))?;
    }
    Ok(())
}

fn object_parameters(object: &mut ObjectNode, pointer: &str, given: &Map<String, Value>) -> Result<(), MappingError> {
    let parameters = Parameters::new(pointer, "object", given);
    object.enabled = parameters.boolean("enabled", object.enabled)?;
    if !parameters.boolean("subobjects", true)? {
        return Err(parameters.bad("subobjects", "false is not supported: a dot in a name stands for an object"));
    }
    object.dynamic = match given.get("dynamic") {
        None => object.dynamic,
        Some(Value::Bool(true)) => Dynamic::Added,
        Some(Value::Bool(false)) => Dynamic::Ignored,
        Some(Value::String(text)) => match text.as_str() {
            "true" => Dynamic::Added,
            "false" => Dynamic::Ignored,
            "strict" => Dynamic::Strict,
            "runtime" => {
                let reason = "\"runtime\" is not supported: runtime fields are read by a script at every search";
                return Err(parameters.bad("dynamic", reason));
            }
            other => {
                return Err(parameters.bad("dynamic", format!("is {other:?}; true, false or \"strict\" is expected")));
            }
        },
        Some(other) => {
            return Err(parameters.bad("dynamic", format!("is {other}; true, false or \"strict\" is expected")));
        }
    };
    Ok(())
}

fn insert(object: &mut ObjectNode, name: &str, pointer: &str, node: Node) -> Result<(), MappingError> {
    match object.properties.insert(name.into(), node) {
        None => Ok(()),
        Some(_) => Err(MappingError::new(pointer, "it is defined twice")),
    }
}

pub(super) fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
