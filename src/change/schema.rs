//! Which fields of a document say what the change rules look at.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::partial_date;

/// The names of the fields that the change rules read; the clean-member names unless configured.
///
/// Every field but `id` may have several names, of which the first that says anything counts, and a name may be a path
/// through objects:
///
/// ```
/// use tripline::change::Schema;
///
/// let schema: Schema = serde_json::from_value(serde_json::json!({
///     "experience": "profile.jobs",
///     "company_name": ["employer.name", "employer"],
///     "date_from": "start_date",
///     "date_to": "end_date"
/// })).unwrap();
/// let document = serde_json::json!({"profile": {"jobs": [{"employer": {"name": "Acme"}, "title": "Engineer"}]}});
/// assert!(!schema.positions(&document).is_silent());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Schema {
    /// The member's id, in the document's root.
    pub id: String,
    /// When the profile was last seen: an older document is stale.
    pub last_updated: FieldNames,
    /// The mark of a deleted profile: 1, true, or the same as text.
    pub is_deleted: FieldNames,
    /// The list of positions.
    pub experience: FieldNames,
    /// Within a position: the id of the company.
    pub company_id: FieldNames,
    /// Within a position: the name of the company.
    pub company_name: FieldNames,
    /// Within a position: the title.
    pub title: FieldNames,
    /// Within a position: its start.
    pub date_from: FieldNames,
    /// Within a position: its end.
    pub date_to: FieldNames,
}

impl Default for Schema {
    fn default() -> Self {
        let one = |name: &str| FieldNames(vec![name.to_owned()]);
        Schema {
            id: "id".to_owned(),
            last_updated: one("last_updated"),
            is_deleted: one("is_deleted"),
            experience: one("experience"),
            company_id: one("company_id"),
            company_name: one("company_name"),
            title: one("title"),
            date_from: one("date_from"),
            date_to: one("date_to"),
        }
    }
}

impl Schema {
    /// The list of positions as it stands in the document, with the name that it was found under.
    pub(crate) fn experience_in<'d>(&self, document: &'d Value) -> Option<(&str, &'d Value)> {
        self.experience.find_named(document)
    }

    /// The instant of `last_updated`, if the document says one that can be read. A date means its first instant, in UTC.
    pub fn last_updated(&self, document: &Value) -> Option<Timestamp> {
        partial_date::instant(self.last_updated.find(document)?)
    }
}

/// The names of one field, the preferred one first: a text or a list of texts in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "OneOrMore", into = "OneOrMore")]
pub struct FieldNames(Vec<String>);

/// A list of names that is empty or has an empty name in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{found} names no field; a field's name or a list of them is expected, e.g. \"company_name\" or \"company.name\""
)]
pub struct InvalidFieldNames {
    found: String,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl TryFrom<OneOrMore> for FieldNames {
    type Error = InvalidFieldNames;

    fn try_from(names: OneOrMore) -> Result<Self, Self::Error> {
        let names = match names {
            OneOrMore::One(name) => vec![name],
            OneOrMore::More(names) => names,
        };
        let names_nothing = |name: &String| name.split('.').any(|part| part.trim().is_empty());
        if names.is_empty() || names.iter().any(names_nothing) {
            return Err(InvalidFieldNames { found: format!("{names:?}") });
        }
        Ok(FieldNames(names))
    }
}

impl From<FieldNames> for OneOrMore {
    fn from(FieldNames(mut names): FieldNames) -> Self {
        match names.pop() {
            Some(name) if names.is_empty() => OneOrMore::One(name),
            last => OneOrMore::More(names.into_iter().chain(last).collect()),
        }
    }
}

impl FieldNames {
    /// The names, the preferred one first.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The value of the first name that says anything: null and blank text do not.
    pub(super) fn find<'d>(&self, value: &'d Value) -> Option<&'d Value> {
        self.find_named(value).map(|(_, found)| found)
    }

    /// [`FieldNames::find`] with the name.
    fn find_named<'d>(&self, value: &'d Value) -> Option<(&str, &'d Value)> {
        let object = value.as_object()?;
        self.iter().find_map(|name| {
            let found = at(object, name).filter(|found| !is_blank(found))?;
            Some((name, found))
        })
    }
}

/// The value at a path of objects; a key that holds the dots itself counts as well, as in Elasticsearch.
fn at<'d>(object: &'d Map<String, Value>, path: &str) -> Option<&'d Value> {
    if let Some(value) = object.get(path) {
        return Some(value);
    }
    let (first, rest) = path.split_once('.')?;
    at(object.get(first)?.as_object()?, rest)
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema(settings: Value) -> Result<Schema, String> {
        serde_json::from_value(settings).map_err(|error| error.to_string())
    }

    #[test]
    fn a_schema_is_written_as_it_is_read() {
        let settings = json!({"company_name": ["company", "company_name"], "experience": "jobs"});
        let read = schema(settings.clone()).unwrap();
        let written = serde_json::to_value(&read).unwrap();
        assert_eq!(written["company_name"], settings["company_name"]);
        assert_eq!(written["title"], "title");
        assert_eq!(schema(written).unwrap(), read);
    }

    #[test]
    fn a_wrong_schema_says_what_is_wrong() {
        assert!(schema(json!({"titel": "title"})).unwrap_err().contains("unknown field `titel`"));
        assert!(schema(json!({"title": ""})).unwrap_err().contains("names no field"));
        assert!(schema(json!({"title": []})).unwrap_err().contains("names no field"));
        assert!(schema(json!({"title": "a..b"})).unwrap_err().contains("names no field"));
    }

    #[test]
    fn the_first_name_that_says_anything_counts() {
        let schema = schema(json!({"title": ["position.name", "position_title", "title"]})).unwrap();
        let find = |entry: Value| schema.title.find(&entry).cloned();
        assert_eq!(find(json!({"title": "b", "position": {"name": "a"}})), Some(json!("a")));
        assert_eq!(find(json!({"title": "b", "position": {"name": null}, "position_title": " "})), Some(json!("b")));
        assert_eq!(find(json!({"position.name": "a"})), Some(json!("a")));
        assert_eq!(find(json!({"position": "text"})), None);
        assert_eq!(find(json!("text")), None);
    }
}
