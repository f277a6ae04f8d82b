//! Fields that the mapping does not have, but whose type its dynamic templates decide.
//!
//! Where a template says a type for a name whatever the value is (`match`, `path_match` and their kin, but no
//! `match_mapping_type`), every document that has the name gets that type: queries on it can be answered, and the field is
//! made when a query first names it. Where the type depends on the value, the first document of an index would decide,
//! and one document alone cannot: such names stay unknown. So do the names of templates that make objects.
//!
//! Patterns of a query take the fields of the mapping, not those that templates would make.

use std::sync::{OnceLock, PoisonError, RwLock};

use regex_automata::meta::Regex;
use rustc_hash::FxHashMap;
use serde_json::{Map, Value};

use super::error::MappingError;
use super::field::{Field, FieldId, FieldType, NestedId};
use super::field_type::Defaults;
use super::parameters::{Parameters, below};
use super::pattern::simple_match;
use super::read::{Leaves, joined, targets_of_copies};
use super::{Dynamic, Mapping, Node, ObjectNode};

/// So many fields are made of templates; Elasticsearch's limit of all fields is 1,000 unless raised.
const MAX_MADE: usize = 1_000;

/// The dynamic templates of a mapping, and the fields that queries made of them.
#[derive(Debug, Default)]
pub(crate) struct DynamicFields {
    templates: Vec<Template>,
    /// Filled from the start; their ids count on from the mapping's own fields. Empty where there are no templates.
    made: Box<[OnceLock<Field>]>,
    names: RwLock<FxHashMap<Box<str>, FieldId>>,
}

/// One of `dynamic_templates`.
#[derive(Debug)]
struct Template {
    name: Box<str>,
    /// Of the last part of a name.
    matches: Vec<NamePattern>,
    unmatches: Vec<NamePattern>,
    /// Of the whole path.
    path_matches: Vec<NamePattern>,
    path_unmatches: Vec<NamePattern>,
    values: Values,
    values_are_said: bool,
    /// The definition of a field, or why no query can use it.
    definition: Result<Definition, &'static str>,
}

#[derive(Debug)]
struct Definition {
    kind: Box<str>,
    parameters: Map<String, Value>,
}

#[derive(Debug)]
enum NamePattern {
    Simple(Box<str>),
    /// The whole name.
    Regex(Regex),
}

/// Which values a template is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Values {
    All,
    /// Scalars of some kinds only, or not objects.
    SomeScalars,
    /// Objects among others.
    SomeWithObjects,
}

/// What the templates say of a name.
enum Decision<'t> {
    /// No template is for it.
    Unsaid,
    Field(&'t Definition),
    Undecided(String),
}

impl NamePattern {
    fn fits(&self, name: &str) -> bool {
        match self {
            NamePattern::Simple(pattern) => simple_match(pattern, name),
            NamePattern::Regex(regex) => regex.is_match(name),
        }
    }
}

impl Template {
    fn is_for(&self, name: &str, path: &str) -> bool {
        let all = |patterns: &[NamePattern], text| patterns.is_empty() || patterns.iter().any(|one| one.fits(text));
        let none = |patterns: &[NamePattern], text| !patterns.iter().any(|one| one.fits(text));
        all(&self.matches, name)
            && none(&self.unmatches, name)
            && all(&self.path_matches, path)
            && none(&self.path_unmatches, path)
    }
}

impl DynamicFields {
    /// The field of this id, counted from the first that was made.
    pub(super) fn get(&self, place: usize) -> Option<&Field> {
        self.made.get(place)?.get()
    }

    /// How many fields queries made; each can be found by its name.
    fn len(&self) -> usize {
        // Slots are filled and named under the lock.
        let _names = self.names.read().unwrap_or_else(PoisonError::into_inner);
        self.made.partition_point(|slot| slot.get().is_some())
    }

    pub(super) fn id(&self, name: &str) -> Option<FieldId> {
        self.names.read().unwrap_or_else(PoisonError::into_inner).get(name).copied()
    }

    fn decide(&self, name: &str, path: &str) -> Decision<'_> {
        match self.templates.iter().find(|template| template.is_for(name, path)) {
            None => Decision::Unsaid,
            Some(Template { values: Values::All, definition: Ok(definition), .. }) => Decision::Field(definition),
            Some(Template { values: Values::All, definition: Err(reason), name, .. }) => {
                Decision::Undecided(format!("the dynamic template {name:?} {reason}"))
            }
            Some(Template { name, .. }) => Decision::Undecided(format!(
                "the dynamic template {name:?} decides its type by the value; define it in \"properties\""
            )),
        }
    }

    /// Whether an unknown part of a path becomes a plain object.
    fn makes_object(&self, name: &str, path: &str) -> bool {
        let template = self
            .templates
            .iter()
            .find(|template| template.values != Values::SomeScalars && template.is_for(name, path));
        template.is_none()
    }
}

/// Where a name that the mapping does not have would be made.
struct Unmapped<'a, 'n> {
    object: &'a ObjectNode,
    /// The rest of the name, below the object.
    rest: &'n str,
}

impl Mapping {
    /// The field of a name that only dynamic templates know; made where it is not there yet.
    pub(super) fn dynamic_field(&self, name: &str) -> Option<&Field> {
        if self.dynamic.templates.is_empty() {
            return None;
        }
        let id = match self.dynamic.id(name) {
            Some(id) => id,
            None => {
                let (definition, path, scope) = self.decided(name).ok()?;
                self.make(definition, &path, scope).ok()?;
                self.dynamic.id(name)?
            }
        };
        self.dynamic.get((id.0 as usize).checked_sub(self.fields.len())?)
    }

    /// The field of this name if a query made it.
    pub(crate) fn made_field(&self, name: &str) -> Option<FieldId> {
        self.dynamic.id(name)
    }

    /// Whether queries may make fields that the mapping does not have.
    pub(crate) fn has_templates(&self) -> bool {
        !self.dynamic.templates.is_empty()
    }

    /// How many fields there are, with those that queries made; the next one that is made has this id.
    pub(crate) fn field_count(&self) -> usize {
        self.fields.len() + self.dynamic.len()
    }

    /// Why a name is unknown although there are dynamic templates; nothing where none is for it.
    pub(crate) fn why_undecided(&self, name: &str) -> Option<String> {
        match self.decided(name) {
            Err(reason) => reason,
            Ok((definition, path, scope)) => self.make(definition, &path, scope).err(),
        }
    }

    /// The template of a name or of the field that it is a sub-field of, with that field's path and scope.
    fn decided(&self, name: &str) -> Result<(&Definition, String, NestedId), Option<String>> {
        let Some(Unmapped { object, rest }) = self.unmapped(name) else { return Err(None) };
        let mut path = object.path.to_string();
        let mut parts = rest.split('.').peekable();
        while let Some(part) = parts.next() {
            path = joined(&path, part);
            match self.dynamic.decide(part, &path) {
                Decision::Field(definition) => return Ok((definition, path, object.scope)),
                _ if parts.peek().is_some() && self.dynamic.makes_object(part, &path) => {}
                Decision::Undecided(reason) => return Err(Some(reason)),
                Decision::Unsaid => return Err(None),
            }
        }
        Err(None)
    }

    fn unmapped<'n>(&self, name: &'n str) -> Option<Unmapped<'_, 'n>> {
        let (mut object, mut rest) = (&self.root, name);
        loop {
            let (head, below) = match rest.split_once('.') {
                Some((head, below)) => (head, Some(below)),
                None => (rest, None),
            };
            match (object.properties.get(head), below) {
                (Some(Node::Object(inner)), Some(below)) => (object, rest) = (inner, below),
                (Some(_), _) => return None,
                (None, _) if object.dynamic == Dynamic::Added && object.enabled => {
                    return Some(Unmapped { object, rest });
                }
                (None, _) => return None,
            }
        }
    }

    fn make(&self, definition: &Definition, path: &str, scope: NestedId) -> Result<(), String> {
        let mut names = self.dynamic.names.write().unwrap_or_else(PoisonError::into_inner);
        if names.contains_key(path) {
            return Ok(());
        }
        let taken = self.dynamic.made.partition_point(|slot| slot.get().is_some());
        let mut leaves = Leaves::new(&self.defaults, self.fields.len() + taken);
        let last = path.rsplit('.').next().unwrap_or(path);
        let parameters = with_name(&definition.parameters, last);
        leaves.leaf(scope, (path, ""), &definition.kind, &parameters).map_err(|error| error.to_string())?;
        let find = |name: &str| {
            let field = self.names.get(name).and_then(|id| self.fields.get(id.0 as usize))?;
            Some((field.id, field.nested))
        };
        targets_of_copies(&mut leaves, &self.nested, find).map_err(|error| error.to_string())?;
        let new_names = leaves.take_names();
        let fields = leaves.into_fields();
        let Some(slots) = self.dynamic.made.get(taken..taken + fields.len()) else {
            return Err(format!("queries name more than {MAX_MADE} fields that only dynamic templates decide"));
        };
        for (slot, field) in slots.iter().zip(fields) {
            slot.get_or_init(|| field);
        }
        names.extend(new_names);
        Ok(())
    }
}

/// A template's definition for one name: `{name}` stands for it.
fn with_name(definition: &Map<String, Value>, name: &str) -> Map<String, Value> {
    let fill = |text: &str| text.replace("{name}", name);
    let filled = |value: &Value| match value {
        Value::String(text) => Value::String(fill(text)),
        Value::Object(inner) => Value::Object(with_name(inner, name)),
        Value::Array(items) => Value::Array(
            items
                .iter()
                .map(|item| item.as_str().map_or_else(|| item.clone(), |text| Value::String(fill(text))))
                .collect(),
        ),
        other => other.clone(),
    };
    definition.iter().map(|(key, value)| (fill(key), filled(value))).collect()
}

const KNOWN: &[&str] = &[
    "match",
    "unmatch",
    "path_match",
    "path_unmatch",
    "match_pattern",
    "match_mapping_type",
    "unmatch_mapping_type",
    "mapping",
    "runtime",
];
const VALUE_KINDS: &[&str] = &["object", "string", "long", "double", "boolean", "date", "binary"];

impl DynamicFields {
    /// Reads `dynamic_templates`: a list of objects with one template each.
    pub(super) fn read(given: Option<&Value>, pointer: &str, defaults: &Defaults) -> Result<Self, MappingError> {
        let Some(given) = given else { return Ok(DynamicFields::default()) };
        let wrong = |pointer: &str| MappingError::new(pointer, "a list of {\"<name>\": {…}} is expected");
        let given = given.as_array().ok_or_else(|| wrong(pointer))?;
        let mut templates = Vec::with_capacity(given.len());
        for (number, entry) in given.iter().enumerate() {
            let pointer = below(pointer, &number.to_string());
            let entry = entry.as_object().filter(|entry| entry.len() == 1).and_then(|entry| entry.iter().next());
            let (name, template) = entry.ok_or_else(|| wrong(&pointer))?;
            let pointer = below(&pointer, name);
            let template = template.as_object().ok_or_else(|| MappingError::new(&pointer, "an object is expected"))?;
            let template = Template::read(name, template, &pointer, defaults)?;
            // As in Elasticsearch, one that says for which names or values it is not, but not for which it is, is for none.
            if !template.matches.is_empty() || !template.path_matches.is_empty() || template.values_are_said {
                templates.push(template);
            }
        }
        let slots = if templates.is_empty() { 0 } else { MAX_MADE };
        let made = std::iter::repeat_with(OnceLock::new).take(slots).collect();
        Ok(DynamicFields { templates, made, names: RwLock::default() })
    }
}

impl Template {
    fn read(
        name: &str,
        given: &Map<String, Value>,
        pointer: &str,
        defaults: &Defaults,
    ) -> Result<Template, MappingError> {
        let parameters = Parameters::new(pointer, "dynamic template", given);
        if let Some(unknown) = given.keys().find(|key| !KNOWN.contains(&key.as_str())) {
            return Err(
                parameters.bad(unknown, format!("is no parameter of a dynamic template ({})", KNOWN.join(", ")))
            );
        }
        let is_regex = match parameters.text("match_pattern")? {
            None | Some("simple") => false,
            Some("regex") => true,
            Some(other) => {
                return Err(parameters.bad("match_pattern", format!("is {other:?}; simple or regex is expected")));
            }
        };
        let patterns = |parameter| name_patterns(&parameters, parameter, is_regex);
        let values_are_said = parameters.get("match_mapping_type").or(parameters.get("unmatch_mapping_type")).is_some();
        Ok(Template {
            name: name.into(),
            values_are_said,
            matches: patterns("match")?,
            unmatches: patterns("unmatch")?,
            path_matches: patterns("path_match")?,
            path_unmatches: patterns("path_unmatch")?,
            values: values(&parameters)?,
            definition: definition(&parameters, pointer, defaults)?,
        })
    }
}

fn name_patterns(parameters: &Parameters, parameter: &str, is_regex: bool) -> Result<Vec<NamePattern>, MappingError> {
    let pattern = |text: &str| {
        if !is_regex {
            return Ok(NamePattern::Simple(text.into()));
        }
        let regex = Regex::new(&format!("^(?:{text})$"));
        regex
            .map(NamePattern::Regex)
            .map_err(|_| parameters.bad(parameter, format!("is {text:?}, no regular expression")))
    };
    parameters.names(parameter)?.into_iter().map(pattern).collect()
}

fn values(parameters: &Parameters) -> Result<Values, MappingError> {
    let kinds = |parameter| -> Result<Vec<&str>, MappingError> {
        let kinds = parameters.names(parameter)?;
        match kinds.iter().find(|kind| **kind != "*" && !VALUE_KINDS.contains(kind)) {
            Some(unknown) => {
                Err(parameters.bad(parameter, format!("is {unknown:?}; {} or * is expected", VALUE_KINDS.join(", "))))
            }
            None => Ok(kinds),
        }
    };
    let (matched, unmatched) = (kinds("match_mapping_type")?, kinds("unmatch_mapping_type")?);
    if unmatched.contains(&"*") {
        return Err(parameters.bad("unmatch_mapping_type", "is *, so that the template is for nothing"));
    }
    if matched.iter().chain(&unmatched).all(|kind| *kind == "*") && unmatched.is_empty() {
        return Ok(Values::All);
    }
    let takes_objects =
        (matched.is_empty() || matched.contains(&"object") || matched.contains(&"*")) && !unmatched.contains(&"object");
    Ok(if takes_objects { Values::SomeWithObjects } else { Values::SomeScalars })
}

/// The definition of the fields that a template makes, checked for an example where it says a type.
fn definition(
    parameters: &Parameters,
    pointer: &str,
    defaults: &Defaults,
) -> Result<Result<Definition, &'static str>, MappingError> {
    let object = |parameter| match parameters.get(parameter) {
        None => Ok(None),
        Some(Value::Object(definition)) => Ok(Some(definition)),
        Some(_) => Err(parameters.bad(parameter, "is an object")),
    };
    let (mapping, runtime) = (object("mapping")?, object("runtime")?);
    let definition = match (mapping, runtime) {
        (Some(definition), None) => definition,
        (None, Some(_)) => return Ok(Err("makes a runtime field, which a script computes")),
        _ => return Err(parameters.error("either \"mapping\" or \"runtime\" is expected")),
    };
    let kind = match definition.get("type") {
        None => return Ok(Err("leaves the type to the value; define the field in \"properties\"")),
        Some(Value::String(kind)) => kind.as_str(),
        Some(_) => return Err(parameters.bad("mapping", "has a \"type\" that is no text")),
    };
    if Value::Object(definition.clone()).to_string().contains("{dynamic_type}") {
        return Ok(Err("leaves a part of its definition to the value; define the field in \"properties\""));
    }
    if matches!(kind, "object" | "nested" | "alias" | "percolator") {
        return Ok(Err("makes no field with values of its own; define it in \"properties\""));
    }
    let pointer = below(pointer, "mapping");
    let mut example = Leaves::new(defaults, 0);
    let id = example.leaf(NestedId::ROOT, ("example", &pointer), kind, &with_name(definition, "example"))?;
    let is_constant =
        example.into_fields().iter().any(|field| field.id == id && matches!(field.kind, FieldType::ConstantKeyword(_)));
    if is_constant {
        return Ok(Err("makes a constant_keyword, whose value all documents of an index share"));
    }
    Ok(Ok(Definition { kind: kind.into(), parameters: definition.clone() }))
}
