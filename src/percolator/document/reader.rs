//! From a member's JSON to the scopes of a `Document`.

mod holdings;

use std::ops::Range;
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashMap};
use serde_json::{Map, Value};

use crate::mapping::{Dynamic, Field, FieldId, FieldType, METADATA, Mapping, NestedId, Node, ObjectNode};
use crate::percolator::field_set::FieldSet;

use super::{Document, DocumentError, Holding, Scope, SetAside, Token, Unmapped};

/// Objects and lists within each other.
const MAX_DEPTH: usize = 200;
/// Elasticsearch's `index.mapping.nested_objects.limit`.
const MAX_NESTED_OBJECTS: usize = 10_000;
/// All terms of one document together; only n-grams of long texts get there.
const MAX_TERM_BYTES: usize = 64 << 20;
/// All tokens of one document together, those copied to parents included.
const MAX_TOKENS: usize = 8 << 20;

/// Walks the JSON along the mapping.
pub(super) struct Reader<'m> {
    pub(super) mapping: &'m Mapping,
    scopes: Vec<Scope>,
    text: String,
    /// Index of the scope that values go to.
    current: usize,
    /// How many children of a kind a scope has.
    children: FxHashMap<(usize, NestedId), usize>,
    holdings: Vec<Open>,
    /// By scope and field.
    places: FxHashMap<(u32, FieldId), u32>,
    tokens: Vec<Token>,
    /// With the holding that each belongs to.
    points: Vec<(u32, i128)>,
    intervals: Vec<(u32, (i128, i128))>,
    set_aside: Vec<SetAside>,
    unmapped: Vec<Unmapped>,
    /// Of the fields that queries made of dynamic templates, those to read.
    made: Range<usize>,
    /// The fields that are asked for; `None` for all.
    fields: Option<Arc<FieldSet>>,
}

/// What a field of a scope holds, while the document is being read.
#[derive(Clone, Copy)]
struct Open {
    scope: u32,
    field: FieldId,
    exists: bool,
    /// Where the terms of a further text value begin.
    next_position: u32,
}

impl<'m> Reader<'m> {
    pub(super) fn new(mapping: &'m Mapping, fields: Option<Arc<FieldSet>>) -> Self {
        Reader {
            mapping,
            scopes: vec![Scope { nested: NestedId::ROOT, parent: 0, ordinal: 0 }],
            text: String::with_capacity(4096),
            current: 0,
            children: FxHashMap::default(),
            holdings: Vec::with_capacity(64),
            places: FxHashMap::with_capacity_and_hasher(128, FxBuildHasher),
            tokens: Vec::with_capacity(512),
            points: Vec::new(),
            intervals: Vec::new(),
            set_aside: Vec::new(),
            unmapped: Vec::new(),
            made: 0..mapping.field_count(),
            fields,
        }
    }

    /// A reader that goes on where the document's own stopped.
    pub(super) fn of(document: &Document, mapping: &'m Mapping) -> Self {
        let numbered = || (0..).zip(&document.holdings);
        let mut reader = Reader::new(mapping, None);
        reader.made.start = document.made;
        reader.scopes = document.scopes.clone();
        reader.text.clone_from(&document.text);
        reader.places.clone_from(&document.places);
        reader.tokens.clone_from(&document.tokens);
        reader.points = numbered()
            .flat_map(|(number, holding)| document.held(holding).points.iter().map(move |point| (number, *point)))
            .collect();
        reader.intervals = numbered()
            .flat_map(|(number, holding)| document.held(holding).intervals.iter().map(move |found| (number, *found)))
            .collect();
        // What has been read of a field is all of it: nothing will stand behind its terms.
        let open = |holding: &Holding| Open {
            scope: holding.scope,
            field: holding.field,
            exists: holding.exists,
            next_position: 0,
        };
        reader.holdings = document.holdings.iter().map(open).collect();
        reader
    }

    /// Reads what was set aside, and what queries have made fields of since.
    pub(super) fn complete(mut self, document: &Document) -> Document {
        for kept in &document.set_aside {
            let text = document.text.get(kept.start as usize..kept.end as usize).unwrap_or_default();
            self.current = kept.scope as usize;
            let field = self.mapping.field_by_id(kept.field);
            // Every field of these types takes a text; one that an analyzer makes too much of is left out.
            if let Err(error) = self.value(field, &Value::String(text.to_owned())) {
                tracing::debug!(%error, "a text that was set aside cannot be read");
            }
        }
        for kept in &document.unmapped {
            self.current = kept.scope;
            // As above: the document has been taken without it.
            if let Err(error) = self.unmapped(&kept.object, &kept.name, &kept.value, 0) {
                tracing::debug!(%error, "a value that no field was for cannot be read");
            }
        }
        self.finish(document.id, document.now)
    }

    /// Keeps a text for later; false where it must be read now.
    pub(super) fn set_aside(&mut self, field: &Field, text: &str) -> bool {
        // What is copied to outer objects is read at once.
        let is_wanted = self.fields.as_ref().is_none_or(|fields| fields.contains(field.id));
        if is_wanted || self.mapping.is_included_outside(field.nested) {
            return false;
        }
        let (Ok(start), Ok(end)) = (u32::try_from(self.text.len()), u32::try_from(self.text.len() + text.len())) else {
            return false;
        };
        self.text.push_str(text);
        self.set_aside.push(SetAside { scope: number(self.current), field: field.id, start, end });
        true
    }

    pub(super) fn document(&mut self, json: &Value) -> Result<(), DocumentError> {
        let Some(json) = json.as_object() else {
            return Err(DocumentError::new("", format!("a document is a JSON object, not {}", kind_of(json))));
        };
        json.iter().try_for_each(|(name, value)| check_metadata(name, value))?;
        self.object(&self.mapping.root, json, 0)?;
        self.constants()
    }

    fn object(&mut self, node: &'m ObjectNode, json: &Map<String, Value>, depth: usize) -> Result<(), DocumentError> {
        if !node.enabled {
            return Ok(());
        }
        json.iter().try_for_each(|(name, value)| self.named(node, name, value, depth))
    }

    fn named(&mut self, node: &'m ObjectNode, name: &str, value: &Value, depth: usize) -> Result<(), DocumentError> {
        // What the mapping has is well named.
        if node.properties.contains_key(name) {
            return self.parts(node, name, value, depth);
        }
        // Java's `split` drops what is empty at the end.
        let parts = name.trim_end_matches('.');
        if parts.split('.').any(|part| part.trim().is_empty()) {
            return Err(DocumentError::new(&node.path, format!("the name {name:?} has an empty part")));
        }
        self.parts(node, parts, value, depth)
    }

    /// A dot in a name stands for an object.
    fn parts(&mut self, node: &'m ObjectNode, name: &str, value: &Value, depth: usize) -> Result<(), DocumentError> {
        let known = node.properties.get(name);
        let (head, rest) = match known.map_or_else(|| name.split_once('.'), |_| None) {
            Some((head, rest)) => (head, Some(rest)),
            None => (name, None),
        };
        let path = || if node.path.is_empty() { head.to_owned() } else { format!("{}.{head}", node.path) };
        if depth > MAX_DEPTH {
            return Err(DocumentError::new(
                &path(),
                format!("more than {MAX_DEPTH} objects and lists within each other"),
            ));
        }
        match (known.or_else(|| node.properties.get(head)), rest) {
            (Some(Node::Object(object)), None) => self.object_value(object, value, depth + 1),
            (Some(Node::Object(object)), Some(_)) if !object.enabled => Ok(()),
            (Some(Node::Object(object)), Some(rest)) => {
                self.within(object, |reader| reader.parts(object, rest, value, depth + 1))
            }
            (Some(Node::Field(id)), None) => self.field(*id, value, depth + 1),
            (Some(Node::Field(id)), Some(rest)) => {
                let inner = Value::Object(Map::from_iter([(rest.to_owned(), value.clone())]));
                self.field(*id, &inner, depth + 1)
            }
            (Some(Node::Alias), None) if value.as_array().is_some_and(Vec::is_empty) => Ok(()),
            (Some(Node::Alias), _) => Err(DocumentError::new(&path(), "a value cannot be given to an alias")),
            (Some(Node::Ignored), _) => Ok(()),
            (None, _) => match node.dynamic {
                Dynamic::Ignored => Ok(()),
                Dynamic::Added if !self.mapping.has_templates() => Ok(()),
                Dynamic::Added => {
                    self.unmapped.push(Unmapped {
                        scope: self.current,
                        object: node.path.clone(),
                        name: name.into(),
                        value: value.clone(),
                    });
                    self.unmapped(&node.path, name, value, depth + 1)
                }
                Dynamic::Strict => {
                    Err(DocumentError::new(&path(), "the mapping is strict and does not have this field"))
                }
            },
        }
    }

    /// A value that the mapping does not have: only what queries made of dynamic templates is read.
    fn unmapped(&mut self, path: &str, name: &str, value: &Value, depth: usize) -> Result<(), DocumentError> {
        let (head, rest) = match name.split_once('.') {
            Some((head, rest)) => (head, Some(rest)),
            None => (name, None),
        };
        let path = if path.is_empty() { head.to_owned() } else { format!("{path}.{head}") };
        if depth > MAX_DEPTH {
            let reason = format!("more than {MAX_DEPTH} objects and lists within each other");
            return Err(DocumentError::new(&path, reason));
        }
        let made = self.mapping.made_field(&path).filter(|id| self.made.contains(&(id.0 as usize)));
        match (made, rest) {
            (Some(id), None) => self.field(id, value, depth),
            (Some(id), Some(rest)) => {
                let inner = Value::Object(Map::from_iter([(rest.to_owned(), value.clone())]));
                self.field(id, &inner, depth)
            }
            (None, Some(rest)) => self.unmapped(&path, rest, value, depth + 1),
            (None, None) => self.unmapped_values(&path, value, depth + 1),
        }
    }

    fn unmapped_values(&mut self, path: &str, value: &Value, depth: usize) -> Result<(), DocumentError> {
        match value {
            Value::Object(object) => {
                object.iter().try_for_each(|(name, value)| self.unmapped(path, name, value, depth + 1))
            }
            Value::Array(items) => items.iter().try_for_each(|item| self.unmapped_values(path, item, depth + 1)),
            _ => Ok(()),
        }
    }

    fn object_value(&mut self, node: &'m ObjectNode, value: &Value, depth: usize) -> Result<(), DocumentError> {
        if depth > MAX_DEPTH {
            let reason = format!("more than {MAX_DEPTH} objects and lists within each other");
            return Err(DocumentError::new(&node.path, reason));
        }
        match value {
            _ if !node.enabled => Ok(()),
            Value::Null => {
                // No object, but it has its place in the list: those behind it stand where the reader of the JSON sees them.
                *self.children.entry((self.current, node.scope)).or_default() += usize::from(node.is_nested);
                Ok(())
            }
            Value::Object(object) => self.within(node, |reader| reader.object(node, object, depth)),
            Value::Array(items) => items.iter().try_for_each(|item| self.object_value(node, item, depth + 1)),
            scalar => {
                let kind = if node.is_nested { "a nested object" } else { "an object" };
                Err(DocumentError::new(&node.path, format!("{} is given where {kind} is expected", shortened(scalar))))
            }
        }
    }

    /// Runs `read` in the scope that the object's values belong to: a new one where the object is nested.
    fn within(
        &mut self,
        node: &'m ObjectNode,
        read: impl FnOnce(&mut Self) -> Result<(), DocumentError>,
    ) -> Result<(), DocumentError> {
        if !node.is_nested {
            return read(self);
        }
        if self.scopes.len() > MAX_NESTED_OBJECTS {
            return Err(DocumentError::new(&node.path, format!("more than {MAX_NESTED_OBJECTS} nested objects")));
        }
        let parent = self.current;
        let siblings = self.children.entry((parent, node.scope)).or_default();
        let ordinal = *siblings;
        *siblings += 1;
        let since = self.read_so_far();
        self.current = self.scopes.len();
        self.scopes.push(Scope { nested: node.scope, parent, ordinal });
        read(self)?;
        let child = std::mem::replace(&mut self.current, parent);
        let nested = self.mapping.nested_object(node.scope);
        if nested.is_some_and(|nested| nested.include_in_parent) {
            self.copy_values(child, parent, &since)?;
        }
        let root_has_them = parent == 0 && nested.is_some_and(|nested| nested.include_in_parent);
        if nested.is_some_and(|nested| nested.include_in_root) && !root_has_them {
            self.copy_values(child, 0, &since)?;
        }
        Ok(())
    }

    /// One value, or a list of them, of a field, its sub-fields, and the fields that it is copied to.
    fn field(&mut self, id: FieldId, value: &Value, depth: usize) -> Result<(), DocumentError> {
        let field = self.mapping.field_by_id(id);
        if depth > MAX_DEPTH {
            let reason = format!("more than {MAX_DEPTH} objects and lists within each other");
            return Err(DocumentError::new(&field.name, reason));
        }
        if let Value::Array(items) = value
            && !field.takes_list()
        {
            return items.iter().try_for_each(|item| self.field(id, item, depth + 1));
        }
        self.value_and_sub_fields(field, value)?;
        for target in &field.copy_to {
            if value.is_object() || value.is_array() {
                return Err(DocumentError::new(&field.name, "only single values can be copied to another field"));
            }
            let target = self.mapping.field_by_id(*target);
            let source_scope = self.current;
            while self.current != 0 && self.scope_kind() != target.nested {
                self.current = self.scopes.get(self.current).map_or(0, |scope| scope.parent);
            }
            let copied = self.value_and_sub_fields(target, value);
            self.current = source_scope;
            copied?;
        }
        Ok(())
    }

    fn scope_kind(&self) -> NestedId {
        self.scopes.get(self.current).map_or(NestedId::ROOT, |scope| scope.nested)
    }

    pub(super) fn value_and_sub_fields(&mut self, field: &'m Field, value: &Value) -> Result<(), DocumentError> {
        if let FieldType::GeoPoint(point) = &field.kind {
            return self.geo_point(field, point, value);
        }
        self.value(field, value)?;
        field.sub_fields.iter().try_for_each(|id| self.value_and_sub_fields(self.mapping.field_by_id(*id), value))
    }
}

/// Numbers of scopes and holdings: their counts are bounded.
fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

fn check_metadata(name: &str, value: &Value) -> Result<(), DocumentError> {
    if !name.starts_with('_') {
        return Ok(());
    }
    let head = name.split('.').next().unwrap_or(name);
    if METADATA.contains(&head) && !value.as_array().is_some_and(Vec::is_empty) {
        return Err(DocumentError::new(head, "a metadata field cannot stand within a document"));
    }
    let counts = || value.as_u64().is_some_and(|count| count > 0);
    if head == "_doc_count" && !value.is_null() && !counts() {
        return Err(DocumentError::new(head, "a positive whole number is expected"));
    }
    Ok(())
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A value as errors show it.
pub(super) fn shortened(value: &Value) -> String {
    const SHOWN: usize = 60;
    match value {
        Value::Object(_) => "an object".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::String(text) if text.len() > SHOWN => {
            let head: String = text.chars().take(SHOWN).collect();
            format!("{head:?}…")
        }
        other => other.to_string(),
    }
}
