//! Character filters: changes before the text is cut.

use std::collections::BTreeMap;

use regex_automata::meta::Regex;

/// A change of the text before it is cut.
#[derive(Debug)]
pub(super) enum CharFilter {
    /// `mapping`: at each place the longest key is replaced.
    Mapping(BTreeMap<String, String>),
    /// `pattern_replace`; `$1` stands for a group.
    PatternReplace { regex: Regex, replacement: String },
}

impl CharFilter {
    pub(super) fn apply(&self, text: &str) -> String {
        match self {
            CharFilter::Mapping(rules) => map(text, rules),
            CharFilter::PatternReplace { regex, replacement } => replace(text, regex, replacement),
        }
    }
}

fn map(text: &str, rules: &BTreeMap<String, String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let longest =
            rules.iter().filter(|(from, _)| rest.starts_with(from.as_str())).max_by_key(|(from, _)| from.len());
        match longest {
            Some((from, to)) => {
                out.push_str(to);
                rest = rest.get(from.len()..).unwrap_or_default();
            }
            None => {
                out.push(first);
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
    }
    out
}

fn replace(text: &str, regex: &Regex, replacement: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for captures in regex.captures_iter(text) {
        let Some(found) = captures.get_match() else { continue };
        out.push_str(text.get(copied..found.start()).unwrap_or_default());
        captures.interpolate_string_into(text, replacement, &mut out);
        copied = found.end();
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    out
}
