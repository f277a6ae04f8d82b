//! Sources in words, for explanations.

use crate::mapping::FieldId;
use crate::percolator::pattern::Pattern;
use crate::percolator::positions::relation::Relation;
use crate::percolator::positions::source::{Alternatives, Source};
use crate::percolator::positions::word::Word;

/// Longer descriptions, in bytes, end here.
const LONGEST: usize = 500;

pub(super) fn describe<'n>(source: &Source, name: &impl Fn(FieldId) -> &'n str) -> String {
    let mut fields = Vec::new();
    source.visit_words(&mut |field, _| fields.push(field));
    fields.sort_unstable();
    fields.dedup();
    let names: Vec<&str> = fields.into_iter().map(name).collect();
    let mut text = format!("the words of {} stand so: ", names.join(", "));
    write_source(source, &mut text);
    text
}

fn write_all<'s>(name: &str, parts: impl IntoIterator<Item = &'s Source>, text: &mut String) {
    text.push_str(name);
    text.push('(');
    for (place, part) in parts.into_iter().enumerate() {
        if text.len() > LONGEST {
            text.push('…');
            break;
        }
        text.push_str(if place == 0 { "" } else { ", " });
        write_source(part, text);
    }
    text.push(')');
}

fn write_source(source: &Source, text: &mut String) {
    match source {
        Source::Nowhere => text.push_str("nothing"),
        Source::Word(_, word) => text.push_str(&described(word)),
        Source::Elsewhere(_, part) => write_source(part, text),
        Source::Extended { part, before } => write_all(&format!("{before} positions and "), [&**part], text),
        Source::AnyOf(Alternatives(parts)) | Source::Merged(parts) => write_all("any of", parts, text),
        Source::AllOf { parts, ordered: true } => write_all("in order", parts, text),
        Source::AllOf { parts, ordered: false } => write_all("all of", parts, text),
        Source::Adjacent(parts) => write_all("phrase", parts, text),
        Source::Repeated { part, times } => write_all(&format!("{times} times"), [&**part], text),
        Source::MaxGaps { part, most } => write_all(&format!("at most {most} gaps in "), [&**part], text),
        Source::Related { relation, part, reference } => {
            write_source(part, text);
            write_all(relation_name(*relation), [&**reference], text);
        }
        Source::Near { parts, slop, ordered } => {
            write_all("near", parts, text);
            text.push_str(&format!(" within {slop}{}", if *ordered { ", in order" } else { "" }));
        }
        Source::Gap(width) => text.push_str(&format!("{width} positions")),
        Source::First { part, end } => write_all(&format!("among the first {end}: "), [&**part], text),
    }
}

fn described(word: &Word) -> String {
    match word {
        Word::Whole(term) => format!("{term:?}"),
        Word::Pattern(Pattern::Prefix { prefix, .. }) => format!("{prefix:?} and more"),
        Word::Pattern(Pattern::CaselessTerm(term)) => format!("{term:?} in any case"),
        Word::Pattern(Pattern::Wildcard(_)) => "a wildcard".to_owned(),
        Word::Pattern(Pattern::Fuzzy(_)) => "a word within the edit distance".to_owned(),
        Word::Pattern(Pattern::Regexp(_)) => "a regular expression".to_owned(),
        Word::Pattern(Pattern::Versions(_)) => "a version in the range".to_owned(),
        Word::Range { .. } => "a word in the range".to_owned(),
    }
}

fn relation_name(relation: Relation) -> &'static str {
    match relation {
        Relation::Before => " before ",
        Relation::After => " after ",
        Relation::Containing | Relation::SpanContaining => " around ",
        Relation::ContainedBy | Relation::SpanWithin => " within ",
        Relation::NotContaining => " not around ",
        Relation::NotContainedBy => " not within ",
        Relation::Overlapping => " overlapping ",
        Relation::NotOverlapping => " not overlapping ",
        Relation::SpanNot { .. } => " not near ",
    }
}
