//! Leaves of a mapping and their sub-fields.

use serde_json::{Map, Value};

use crate::mapping::error::MappingError;
use crate::mapping::field::{Field, FieldId, FieldType, NestedId};
use crate::mapping::field_type::Defaults;
use crate::mapping::parameters::{Parameters, below};

use super::{MAX_FIELDS, joined};

/// Sub-fields within sub-fields; Elasticsearch 7 takes some levels, 9 only one.
const MAX_SUB_FIELDS_DEPTH: usize = 5;

/// Fields that are read one after the other; their ids count on.
pub(in crate::mapping) struct Leaves<'d> {
    pub(super) defaults: &'d Defaults,
    /// The id of the first of them.
    first: usize,
    pub(super) fields: Vec<Field>,
    /// Full paths, not yet taken.
    names: Vec<(Box<str>, FieldId)>,
    /// What `copy_to` says, with the JSON pointer of where.
    pub(super) copies: Vec<Copy>,
}

/// One field's `copy_to`.
pub(in crate::mapping) struct Copy {
    pub(super) source: FieldId,
    pub(super) targets: Vec<String>,
    pub(super) pointer: String,
}

impl<'d> Leaves<'d> {
    pub(in crate::mapping) fn new(defaults: &'d Defaults, first: usize) -> Self {
        Leaves { defaults, first, fields: Vec::new(), names: Vec::new(), copies: Vec::new() }
    }

    pub(in crate::mapping) fn into_fields(self) -> Vec<Field> {
        self.fields
    }

    /// The names of what was read since the last time.
    pub(in crate::mapping) fn take_names(&mut self) -> Vec<(Box<str>, FieldId)> {
        std::mem::take(&mut self.names)
    }

    /// Reads the leaf at a path, and where its definition stands.
    pub(in crate::mapping) fn leaf(
        &mut self,
        nested: NestedId,
        (path, pointer): (&str, &str),
        kind: &str,
        given: &Map<String, Value>,
    ) -> Result<FieldId, MappingError> {
        let id = self.leaf_at(nested, (path, pointer), kind, given, 0)?;
        let parameters = Parameters::new(pointer, kind, given);
        let targets: Vec<String> = parameters.names("copy_to")?.into_iter().map(str::to_owned).collect();
        if !targets.is_empty() {
            self.copies.push(Copy { source: id, targets, pointer: below(pointer, "copy_to") });
        }
        Ok(id)
    }

    fn leaf_at(
        &mut self,
        nested: NestedId,
        (path, pointer): (&str, &str),
        kind: &str,
        given: &Map<String, Value>,
        depth: usize,
    ) -> Result<FieldId, MappingError> {
        let parameters = Parameters::new(pointer, kind, given);
        let kind = self.defaults.field_type(&parameters)?;
        if let FieldType::Flattened(_) = kind
            && let Some(name) = ["copy_to", "fields"].into_iter().find(|name| is_said(given.get(*name)))
        {
            return Err(parameters.bad(name, "is no parameter of a flattened field"));
        }
        let indexed = parameters.boolean("index", true)? && kind.can_be_indexed();
        let doc_values = parameters.boolean("doc_values", kind.has_doc_values_unless_said())?;
        let id = self.new_field(
            pointer,
            Field {
                id: FieldId(0),
                name: path.into(),
                nested,
                indexed: indexed || matches!(kind, FieldType::MatchOnlyText(_)),
                doc_values,
                kind,
                sub_fields: Vec::new(),
                copy_to: Vec::new(),
                keyed: None,
            },
        )?;
        self.names.push((path.into(), id));
        self.keys_of_flattened(id, pointer)?;
        if let Some(sub_fields) = parameters.get("fields") {
            self.sub_fields(id, (path, &below(pointer, "fields")), sub_fields, depth)?;
        }
        Ok(id)
    }

    fn field_mut(&mut self, id: FieldId) -> Option<&mut Field> {
        self.fields.get_mut((id.0 as usize).checked_sub(self.first)?)
    }

    fn new_field(&mut self, pointer: &str, mut field: Field) -> Result<FieldId, MappingError> {
        let number = self.first + self.fields.len();
        if number >= MAX_FIELDS {
            return Err(MappingError::new(pointer, format!("more than {MAX_FIELDS} fields")));
        }
        field.id = FieldId(u32::try_from(number).unwrap_or(u32::MAX));
        let id = field.id;
        self.fields.push(field);
        Ok(id)
    }

    /// The hidden field that holds a flattened field's keys with their values.
    fn keys_of_flattened(&mut self, id: FieldId, pointer: &str) -> Result<(), MappingError> {
        let Some(field) = self.field_mut(id) else { return Ok(()) };
        let FieldType::Flattened(flattened) = &field.kind else { return Ok(()) };
        let keyed = Field { kind: FieldType::FlattenedKeys(flattened.clone()), ..field.clone() };
        let keyed = self.new_field(pointer, keyed)?;
        if let Some(field) = self.field_mut(id) {
            field.keyed = Some(keyed);
        }
        Ok(())
    }

    fn sub_fields(
        &mut self,
        id: FieldId,
        (path, pointer): (&str, &str),
        given: &Value,
        depth: usize,
    ) -> Result<(), MappingError> {
        let sub_fields = match given {
            Value::Object(sub_fields) => sub_fields,
            // Elasticsearch takes an empty list for no sub-fields.
            Value::Array(none) if none.is_empty() => return Ok(()),
            _ => return Err(MappingError::new(pointer, "\"fields\" is an object of sub-fields")),
        };
        if depth >= MAX_SUB_FIELDS_DEPTH {
            return Err(MappingError::new(
                pointer,
                format!("more than {MAX_SUB_FIELDS_DEPTH} sub-fields within each other"),
            ));
        }
        let nested = self.field_mut(id).map_or(NestedId::ROOT, |field| field.nested);
        for (name, definition) in sub_fields {
            let (path, pointer) = (joined(path, name), below(pointer, name));
            let parts = definition.as_object().and_then(|given| Some((given, given.get("type")?.as_str()?)));
            let Some((given, kind)) = parts.filter(|_| !name.is_empty() && !name.contains('.')) else {
                return Err(MappingError::new(pointer, "a sub-field needs a \"type\", and a name without dots"));
            };
            if matches!(kind, "object" | "nested" | "alias" | "percolator") {
                return Err(MappingError::new(
                    below(&pointer, "type"),
                    format!("a sub-field cannot be of type {kind}"),
                ));
            }
            if is_said(given.get("copy_to")) {
                return Err(MappingError::new(below(&pointer, "copy_to"), "a sub-field's values are not copied"));
            }
            let sub_field = self.leaf_at(nested, (&path, &pointer), kind, given, depth + 1)?;
            if let Some(field) = self.field_mut(id) {
                field.sub_fields.push(sub_field);
            }
        }
        Ok(())
    }
}

/// Whether a list or an object of names is given and not empty.
fn is_said(value: Option<&Value>) -> bool {
    match value {
        None => false,
        Some(Value::Array(names)) => !names.is_empty(),
        Some(Value::Object(names)) => !names.is_empty(),
        Some(_) => true,
    }
}
