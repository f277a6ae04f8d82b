//! From a member's JSON to the scopes of a [`Document`](super::Document).

use rustc_hash::FxHashMap;
use serde_json::{Map, Value};

use crate::mapping::{Dynamic, Field, FieldId, METADATA, Mapping, NestedId, Node, ObjectNode};

use super::{DocumentError, Scope, Token, Values};

/// Objects and lists within each other.
const MAX_DEPTH: usize = 200;
/// Elasticsearch's `index.mapping.nested_objects.limit`.
const MAX_NESTED_OBJECTS: usize = 10_000;
/// All terms of one document together; only n-grams of long texts get there.
const MAX_TERM_BYTES: usize = 64 << 20;

/// Walks the JSON along the mapping.
pub(super) struct Reader<'m> {
    pub(super) mapping: &'m Mapping,
    pub(super) scopes: Vec<Scope>,
    pub(super) text: String,
    /// Index of the scope that values go to.
    pub(super) current: usize,
    /// How many children of a kind a scope has.
    children: FxHashMap<(usize, NestedId), usize>,
}

impl<'m> Reader<'m> {
    pub(super) fn new(mapping: &'m Mapping) -> Self {
        let root = Scope { nested: NestedId::ROOT, parent: 0, ordinal: 0, fields: FxHashMap::default() };
        Reader { mapping, scopes: vec![root], text: String::new(), current: 0, children: FxHashMap::default() }
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
        // Java's `split` drops what is empty at the end.
        let parts = name.trim_end_matches('.');
        if parts.split('.').any(|part| part.trim().is_empty()) {
            return Err(DocumentError::new(&node.path, format!("the name {name:?} has an empty part")));
        }
        self.parts(node, parts, value, depth)
    }

    /// A dot in a name stands for an object.
    fn parts(&mut self, node: &'m ObjectNode, name: &str, value: &Value, depth: usize) -> Result<(), DocumentError> {
        let (head, rest) = match name.split_once('.') {
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
        match (node.properties.get(head), rest) {
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
                Dynamic::Added if !self.mapping.has_made_fields() => Ok(()),
                Dynamic::Added => self.unmapped(&node.path, name, value, depth + 1),
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
        match (self.mapping.made_field(&path), rest) {
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
            Value::Null => Ok(()),
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
        self.current = self.scopes.len();
        self.scopes.push(Scope { nested: node.scope, parent, ordinal, fields: FxHashMap::default() });
        read(self)?;
        let child = std::mem::replace(&mut self.current, parent);
        let nested = self.mapping.nested_object(node.scope);
        if nested.is_some_and(|nested| nested.include_in_parent) {
            self.copy_values(child, parent);
        }
        let root_has_them = parent == 0 && nested.is_some_and(|nested| nested.include_in_parent);
        if nested.is_some_and(|nested| nested.include_in_root) && !root_has_them {
            self.copy_values(child, 0);
        }
        Ok(())
    }

    fn copy_values(&mut self, from: usize, to: usize) {
        let Ok([source, target]) = self.scopes.get_disjoint_mut([from, to]) else { return };
        for (id, values) in &source.fields {
            target.fields.entry(*id).or_default().append(values);
        }
    }

    /// One value, or a list of them, of a field, its sub-fields, and the fields that it is copied to.
    fn field(&mut self, id: FieldId, value: &Value, depth: usize) -> Result<(), DocumentError> {
        let field = self.mapping.field_by_id(id);
        if depth > MAX_DEPTH {
            let reason = format!("more than {MAX_DEPTH} objects and lists within each other");
            return Err(DocumentError::new(&field.name, reason));
        }
        if let Value::Array(items) = value
            && !field.takes_list(items)
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

    fn value_and_sub_fields(&mut self, field: &'m Field, value: &Value) -> Result<(), DocumentError> {
        self.value(field, value)?;
        field.sub_fields.iter().try_for_each(|id| self.value_and_sub_fields(self.mapping.field_by_id(*id), value))
    }

    /// What the current scope holds of a field so far.
    pub(super) fn values(&mut self, field: &Field) -> Result<&mut Values, DocumentError> {
        match self.scopes.get_mut(self.current) {
            Some(scope) => Ok(scope.fields.entry(field.id).or_default()),
            None => Err(DocumentError::new(&field.name, "stands outside of the document")),
        }
    }

    /// Drops what was read of a field that nothing can find.
    pub(super) fn forget(&mut self, field: &Field) {
        if let Some(scope) = self.scopes.get_mut(self.current) {
            scope.fields.remove(&field.id);
            if let Some(keyed) = field.keyed {
                scope.fields.remove(&keyed);
            }
        }
    }

    /// Puts a term behind the others; `None` where the document's terms take too much.
    pub(super) fn new_token(&mut self, term: &str, position: u32) -> Option<Token> {
        new_token(&mut self.text, term, position)
    }

    /// Text to terms, behind those that the field has already.
    pub(super) fn analyze(
        &mut self,
        field: &Field,
        analyzer: &crate::analysis::Analyzer,
        gap: u32,
        text: &str,
    ) -> Result<(), DocumentError> {
        let Some(scope) = self.scopes.get_mut(self.current) else { return Ok(()) };
        let values = scope.fields.entry(field.id).or_default();
        let base = values.next_position;
        let arena = &mut self.text;
        let mut is_full = false;
        let end =
            analyzer.tokens(text, &mut |term, position| match new_token(arena, term, base.saturating_add(position)) {
                Some(token) => values.tokens.push(token),
                None => is_full = true,
            });
        values.next_position = base.saturating_add(end).saturating_add(gap);
        values.exists = true;
        if is_full { Err(too_many_terms(field)) } else { Ok(()) }
    }
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

fn new_token(arena: &mut String, term: &str, position: u32) -> Option<Token> {
    if arena.len() + term.len() > MAX_TERM_BYTES {
        return None;
    }
    let start = u32::try_from(arena.len()).ok()?;
    arena.push_str(term);
    Some(Token { position, start, end: u32::try_from(arena.len()).ok()? })
}

pub(super) fn too_many_terms(field: &Field) -> DocumentError {
    DocumentError::new(&field.name, format!("the document's terms take more than {MAX_TERM_BYTES} bytes"))
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
