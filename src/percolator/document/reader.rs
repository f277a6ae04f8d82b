//! From a member's JSON to the scopes of a `Document`.

use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashMap};
use serde_json::{Map, Value};

use jiff::Timestamp;

use crate::analysis::Analyzer;
use crate::mapping::{Dynamic, Field, FieldId, FieldType, Mapping, NestedId, Node, ObjectNode};
use crate::member::MemberId;
use crate::percolator::features::{Quality, Space};
use crate::percolator::field_set::FieldSet;

use super::{Document, DocumentError, Holding, Scope, SetAside, Token};

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
    /// The fields that are asked for; `None` for all.
    fields: Option<Arc<FieldSet>>,
}

/// How much had been read when a scope was opened.
struct Mark {
    holdings: usize,
    tokens: usize,
    points: usize,
    intervals: usize,
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
            fields,
        }
    }

    /// A reader that goes on where the document's own stopped.
    pub(super) fn of(document: &Document, mapping: &'m Mapping) -> Self {
        let numbered = || (0..).zip(&document.holdings);
        let mut reader = Reader::new(mapping, None);
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

    /// Reads what was set aside.
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

    /// What was read, the values of each field together.
    pub(super) fn finish(mut self, id: Option<MemberId>, now: Timestamp) -> Document {
        // Mostly they are in order; objects in lists, dots in names and copies mix them.
        if !self.tokens.is_sorted_by_key(|token| token.holding) {
            self.tokens.sort_by_key(|token| token.holding);
        }
        self.points.sort_by_key(|(holding, _)| *holding);
        self.intervals.sort_by_key(|(holding, _)| *holding);
        let (mut tokens, mut points, mut intervals) = (0, 0, 0);
        let holdings = (0..).zip(&self.holdings).map(|(number, open)| Holding {
            scope: open.scope,
            field: open.field,
            exists: open.exists,
            tokens: run(&mut tokens, &self.tokens, |token| token.holding == number),
            points: run(&mut points, &self.points, |(holding, _)| *holding == number),
            intervals: run(&mut intervals, &self.intervals, |(holding, _)| *holding == number),
        });
        Document {
            id,
            now,
            holdings: holdings.collect(),
            scopes: self.scopes,
            places: self.places,
            tokens: self.tokens,
            points: self.points.into_iter().map(|(_, point)| point).collect(),
            intervals: self.intervals.into_iter().map(|(_, interval)| interval).collect(),
            text: self.text,
            set_aside: self.set_aside,
            fields: self.fields,
        }
    }

    pub(super) fn document(&mut self, json: &Value) -> Result<(), DocumentError> {
        let Some(json) = json.as_object() else {
            return Err(DocumentError::new("", format!("a document is a JSON object, not {}", kind_of(json))));
        };
        self.object(&self.mapping.root, json, 0)?;
        self.constants()
    }

    fn object(&mut self, node: &'m ObjectNode, json: &Map<String, Value>, depth: usize) -> Result<(), DocumentError> {
        if !node.enabled {
            return Ok(());
        }
        json.iter().try_for_each(|(name, value)| self.named(node, name, value, depth))
    }

    /// A dot in a name stands for an object.
    fn named(&mut self, node: &'m ObjectNode, name: &str, value: &Value, depth: usize) -> Result<(), DocumentError> {
        let known = node.properties.get(name);
        let (head, rest) = match known.map_or_else(|| name.split_once('.'), |_| None) {
            Some((head, rest)) => (head, Some(rest)),
            None => (name, None),
        };
        let path = || if node.path.is_empty() { head.to_owned() } else { format!("{}.{head}", node.path) };
        if head.trim().is_empty() {
            return Err(DocumentError::new(&node.path, format!("the name {name:?} has an empty part")));
        }
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
                self.within(object, |reader| reader.named(object, rest, value, depth + 1))
            }
            (Some(Node::Field(id)), None) => self.field(*id, value, depth + 1),
            (Some(Node::Field(id)), Some(rest)) => {
                let inner = Value::Object(Map::from_iter([(rest.to_owned(), value.clone())]));
                self.field(*id, &inner, depth + 1)
            }
            (Some(Node::Alias), _) => Err(DocumentError::new(&path(), "a value cannot be given to an alias")),
            (Some(Node::Ignored), _) => Ok(()),
            (None, _) => match node.dynamic {
                Dynamic::Ignored => Ok(()),
                Dynamic::Strict => {
                    Err(DocumentError::new(&path(), "the mapping is strict and does not have this field"))
                }
            },
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
        let since = Mark {
            holdings: self.holdings.len(),
            tokens: self.tokens.len(),
            points: self.points.len(),
            intervals: self.intervals.len(),
        };
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

    /// Gives a scope the values of another as if they were further values of an array.
    fn copy_values(&mut self, from: usize, to: usize, since: &Mark) -> Result<(), DocumentError> {
        let from = number(from);
        let holdings: Vec<(u32, Open)> = (0..)
            .zip(&self.holdings)
            .skip(since.holdings)
            .filter(|(_, open)| open.scope == from)
            .map(|(number, open)| (number, *open))
            .collect();
        let path = self.scopes.get(to).map_or(NestedId::ROOT, |scope| scope.nested);
        let mut shifts = FxHashMap::default();
        for (source, open) in holdings {
            let target = self.holding_in(to, open.field);
            if let Some(into) = self.holdings.get_mut(target as usize) {
                let space = Space::new(Quality::Term, path, open.field);
                shifts.insert(source, (target, into.next_position, space));
                into.exists |= open.exists;
                into.next_position = into.next_position.saturating_add(open.next_position);
            }
        }
        for index in since.tokens..self.tokens.len() {
            let Some(token) = self.tokens.get(index).copied() else { break };
            let Some((target, shift, space)) = shifts.get(&token.holding) else { continue };
            if self.tokens.len() >= MAX_TOKENS {
                return Err(DocumentError::new("", format!("more than {MAX_TOKENS} terms")));
            }
            let term = self.text.get(token.start as usize..token.end as usize).unwrap_or_default();
            self.tokens.push(Token {
                position: token.position.saturating_add(*shift),
                holding: *target,
                hash: space.hash(term.as_bytes()),
                ..token
            });
        }
        let target = |source: &u32| shifts.get(source).map(|(target, ..)| *target);
        copy_between(&mut self.points, since.points, target);
        copy_between(&mut self.intervals, since.intervals, target);
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

    fn value_and_sub_fields(&mut self, field: &'m Field, value: &Value) -> Result<(), DocumentError> {
        if let FieldType::GeoPoint(point) = &field.kind {
            return self.geo_point(field, point, value);
        }
        self.value(field, value)?;
        field.sub_fields.iter().try_for_each(|id| self.value(self.mapping.field_by_id(*id), value))
    }

    /// The number of what a scope holds of a field.
    fn holding_in(&mut self, scope: usize, field: FieldId) -> u32 {
        let scope = number(scope);
        let holdings = &mut self.holdings;
        *self.places.entry((scope, field)).or_insert_with(|| {
            holdings.push(Open { scope, field, exists: false, next_position: 0 });
            number(holdings.len() - 1)
        })
    }

    /// The field has a value.
    pub(super) fn mark(&mut self, field: &Field) -> u32 {
        let holding = self.holding_in(self.current, field.id);
        if let Some(open) = self.holdings.get_mut(holding as usize) {
            open.exists = true;
        }
        holding
    }

    /// A number, date or address of the field.
    pub(super) fn push_point(&mut self, field: &Field, point: i128) {
        let holding = self.mark(field);
        self.points.push((holding, point));
    }

    /// A range of the field, both ends included.
    pub(super) fn push_interval(&mut self, field: &Field, interval: (i128, i128)) {
        let holding = self.mark(field);
        self.intervals.push((holding, interval));
    }

    /// A whole value as one term, at position 0.
    pub(super) fn push_term(&mut self, field: &Field, term: &str) -> Result<(), DocumentError> {
        let holding = self.mark(field);
        let space = Space::new(Quality::Term, self.scope_kind(), field.id);
        let token = new_token(&mut self.text, holding, space, term, 0).ok_or_else(|| too_many_terms(field))?;
        self.tokens.push(token);
        Ok(())
    }

    /// Text to terms, behind those that the field has already.
    pub(super) fn analyze(
        &mut self,
        field: &Field,
        analyzer: &Analyzer,
        gap: u32,
        text: &str,
    ) -> Result<(), DocumentError> {
        let holding = self.mark(field);
        let base = self.holdings.get(holding as usize).map_or(0, |open| open.next_position);
        let space = Space::new(Quality::Term, self.scope_kind(), field.id);
        if self.has_room_for(text)
            && let Some(end) = self.analyze_in_place(analyzer, holding, space, base, text)
        {
            self.behind(holding, base.saturating_add(end).saturating_add(gap));
            return Ok(());
        }
        let (arena, tokens) = (&mut self.text, &mut self.tokens);
        let mut is_full = false;
        let end = analyzer.tokens(text, &mut |term, position| match new_token(
            arena,
            holding,
            space,
            term,
            base.saturating_add(position),
        ) {
            Some(token) if tokens.len() < MAX_TOKENS => tokens.push(token),
            _ => is_full = true,
        });
        let end = end.map_err(|error| DocumentError::new(&field.name, error.to_string()))?;
        self.behind(holding, base.saturating_add(end).saturating_add(gap));
        if is_full { Err(too_many_terms(field)) } else { Ok(()) }
    }

    /// Whether the limits leave room for all terms that a text can have, each at least a byte of it.
    fn has_room_for(&self, text: &str) -> bool {
        self.text.len() + text.len() <= MAX_TERM_BYTES && self.tokens.len() + text.len() <= MAX_TOKENS
    }

    /// Text to terms where these can stay in it; `None` where they cannot.
    fn analyze_in_place(
        &mut self,
        analyzer: &Analyzer,
        holding: u32,
        space: Space,
        base: u32,
        text: &str,
    ) -> Option<u32> {
        let before = self.text.len();
        self.text.push_str(text);
        let tokens = &mut self.tokens;
        let end = analyzer.tokens_in_place(self.text.get_mut(before..)?, &mut |term, position, at| {
            tokens.push(Token {
                position: base.saturating_add(position),
                start: number(before + at),
                end: number(before + at + term.len()),
                holding,
                hash: space.hash(term.as_bytes()),
            });
        });
        if end.is_none() {
            self.text.truncate(before);
        }
        end
    }

    /// The next text of the field begins at this position.
    fn behind(&mut self, holding: u32, position: u32) {
        if let Some(open) = self.holdings.get_mut(holding as usize) {
            open.next_position = position;
        }
    }
}

/// Numbers of scopes and holdings: their counts are bounded.
fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// The range of the run of fitting items from `next` on, which is moved behind it.
fn run<T>(next: &mut usize, items: &[T], fits: impl Fn(&T) -> bool) -> std::ops::Range<u32> {
    let start = *next;
    *next += items.iter().skip(start).take_while(|item| fits(item)).count();
    number(start)..number(*next)
}

fn copy_between<T: Copy>(values: &mut Vec<(u32, T)>, since: usize, target: impl Fn(&u32) -> Option<u32>) {
    let copies: Vec<(u32, T)> =
        values.iter().skip(since).filter_map(|(source, value)| Some((target(source)?, *value))).collect();
    values.extend(copies);
}

fn new_token(arena: &mut String, holding: u32, space: Space, term: &str, position: u32) -> Option<Token> {
    if arena.len() + term.len() > MAX_TERM_BYTES {
        return None;
    }
    let start = u32::try_from(arena.len()).ok()?;
    arena.push_str(term);
    Some(Token { position, start, end: u32::try_from(arena.len()).ok()?, holding, hash: space.hash(term.as_bytes()) })
}

pub(super) fn too_many_terms(field: &Field) -> DocumentError {
    let reason = format!("the document's terms are more than {MAX_TOKENS} or take more than {MAX_TERM_BYTES} bytes");
    DocumentError::new(&field.name, reason)
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
