//! Why a document matches a query or not: the query's own tree, each part with its answer.

use std::fmt;

use serde::Serialize;

use crate::mapping::{FieldId, Mapping, NestedId, PointRange};
use crate::percolator::condition::{Condition, Test};
use crate::percolator::document::Document;
use crate::percolator::mask::Mask;
use crate::percolator::matcher::{Layout, Scratch, Visit};
use crate::percolator::pattern::Pattern;
use crate::percolator::segment::{NodeId, SegmentBuilder};

/// A part of a query and its answer for one document. [`fmt::Display`] prints the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Whether it holds: for the document or, below a `nested`, for at least one of its objects.
    pub matches: bool,
    /// What it demands.
    pub description: String,
    /// JSON pointer of the clause, where the part is a clause as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Below a `nested`: the places, from 0, of the objects of its path that fulfil this part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objects: Option<Vec<usize>>,
    /// The parts of this part.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Explanation>,
}

/// So many parts of a part are listed at most: a `terms` can have thousands.
const MAX_PARTS: usize = 50;

/// A condition with the node that answers it.
struct Entered<'c> {
    condition: &'c Condition,
    node: NodeId,
    path: NestedId,
    parts: Vec<Entered<'c>>,
}

pub(super) fn explain(mapping: &Mapping, condition: &Condition, document: &Document) -> Explanation {
    let mut builder = SegmentBuilder::default();
    let entered = enter(&mut builder, condition, NestedId::ROOT);
    let segment = builder.finish(0);
    let layout = Layout::of(document);
    let mut scratch = Scratch::for_segment(&segment);
    let mut visit = Visit::begin(&segment, &layout, &mut scratch);
    answer(mapping, &entered, &mut visit)
}

fn enter<'c>(builder: &mut SegmentBuilder, condition: &'c Condition, path: NestedId) -> Entered<'c> {
    let node = builder.intern_condition(condition, path);
    let parts = match condition {
        Condition::And(parts)
        | Condition::Or(parts)
        | Condition::AtLeast(_, parts)
        | Condition::AtLeastField(_, parts) => parts.iter().map(|part| enter(builder, part, path)).collect(),
        Condition::Not(part) | Condition::Clause(_, part) => vec![enter(builder, part, path)],
        Condition::Nested(inner_path, inner) => vec![enter(builder, inner, *inner_path)],
        Condition::All | Condition::None | Condition::Ids(_) | Condition::Field(..) => Vec::new(),
    };
    Entered { condition, node, path, parts }
}

fn answer(mapping: &Mapping, entered: &Entered<'_>, visit: &mut Visit<'_, '_>) -> Explanation {
    let mask = visit.evaluate(entered.node);
    let mut parts: Vec<Explanation> =
        entered.parts.iter().take(MAX_PARTS).map(|part| answer(mapping, part, visit)).collect();
    let (description, pointer) = match entered.condition {
        Condition::Clause(origin, _) => {
            // A clause that is one plain condition says it all in one line.
            if let [only] = parts.as_mut_slice()
                && only.pointer.is_none()
                && !matches!(entered.condition, Condition::Nested(..))
            {
                parts = std::mem::take(&mut only.parts);
            }
            (origin.label.to_string(), Some(origin.pointer.to_string()))
        }
        other => (describe(mapping, other), None),
    };
    let left_out = entered.parts.len().saturating_sub(MAX_PARTS);
    let description = if left_out > 0 { format!("{description} ({left_out} parts not shown)") } else { description };
    Explanation {
        matches: !mask.is_empty(),
        description,
        pointer,
        objects: (entered.path != NestedId::ROOT).then(|| places(&mask)),
        parts,
    }
}

fn places(mask: &Mask) -> Vec<usize> {
    mask.iter().collect()
}

fn describe(mapping: &Mapping, condition: &Condition) -> String {
    match condition {
        Condition::All => "everything".to_owned(),
        Condition::None => "nothing".to_owned(),
        Condition::Ids(ids) => format!("the id is one of {}", ids.join(", ")),
        Condition::Field(field, test) => describe_test(mapping, *field, test),
        Condition::And(_) => "all of".to_owned(),
        Condition::Or(_) => "any of".to_owned(),
        Condition::Not(_) => "not".to_owned(),
        Condition::AtLeast(count, parts) => format!("at least {count} of {}", parts.len()),
        Condition::AtLeastField(field, parts) => {
            format!("at least as many of {} as {} says", parts.len(), mapping.field_by_id(*field).name)
        }
        Condition::Nested(path, _) => format!("an object of {}", mapping.nested_path(*path)),
        Condition::Clause(origin, _) => origin.label.to_string(),
    }
}

fn describe_test(mapping: &Mapping, field: FieldId, test: &Test) -> String {
    let name = &mapping.field_by_id(field).name;
    match test {
        Test::Exists => format!("{name} has a value"),
        Test::Term(term) => format!("{name} has the term {term:?}"),
        Test::Pattern(pattern) => match pattern {
            Pattern::CaselessTerm(term) => format!("{name} has the term {term:?} in any case"),
            Pattern::Prefix { prefix, .. } => format!("{name} has a term that begins with {prefix:?}"),
            Pattern::Wildcard(_) => format!("{name} has a term that fits the wildcard"),
            Pattern::Fuzzy(_) => format!("{name} has a term within the edit distance"),
            Pattern::Regexp(_) => format!("{name} has a term that fits the regular expression"),
            Pattern::Versions(_) => format!("{name} has a version in the range"),
        },
        Test::TermRange { .. } => format!("{name} has a term in the range"),
        Test::Phrase(phrase) => {
            let words: Vec<String> = phrase.slots().iter().map(|slot| slot.terms.join("/")).collect();
            format!("{name} has the phrase {:?}", words.join(" "))
        }
        Test::Point(PointRange::Fixed { low, high }) if low == high => format!("{name} has the value"),
        Test::Point(_) => format!("{name} has a value in the range"),
        Test::Interval(..) => format!("{name} has an interval that stands so to the range"),
    }
}

impl Explanation {
    fn write(&self, formatter: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let sign = if self.matches { "✓" } else { "✗" };
        write!(formatter, "{:indent$}{sign} {}", "", self.description, indent = depth * 2)?;
        match self.objects.as_deref() {
            Some([]) | None => {}
            Some(objects) => {
                let objects: Vec<String> = objects.iter().map(usize::to_string).collect();
                write!(formatter, "  [objects {}]", objects.join(", "))?;
            }
        }
        if let Some(pointer) = self.pointer.as_deref().filter(|pointer| !pointer.is_empty()) {
            write!(formatter, "  ({pointer})")?;
        }
        writeln!(formatter)?;
        self.parts.iter().try_for_each(|part| part.write(formatter, depth + 1))
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(formatter, 0)
    }
}
