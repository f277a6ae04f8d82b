//! Character filters: changes before the text is cut.

mod html;

use std::sync::Arc;

use regex_automata::meta::Regex;
use rustc_hash::FxHashMap;

use super::java_pattern;

/// A change of the text before it is cut.
#[derive(Debug, Clone)]
pub(super) enum CharFilter {
    /// `html_strip`, with the names of elements that stay.
    HtmlStrip(Arc<[String]>),
    /// `mapping`
    Mapping(Arc<Mappings>),
    /// `pattern_replace`; `${1}` stands for a group.
    PatternReplace { regex: Regex, replacement: Arc<str> },
}

/// What is replaced by what: at each place the longest key.
#[derive(Debug)]
pub(super) struct Mappings {
    replacements: FxHashMap<String, String>,
    /// The lengths of keys in bytes, by their first character, longest first.
    lengths: FxHashMap<char, Vec<usize>>,
}

impl CharFilter {
    pub(super) fn apply(&self, text: &str) -> String {
        match self {
            CharFilter::HtmlStrip(kept) => html::strip(text, kept),
            CharFilter::Mapping(mappings) => mappings.apply(text),
            CharFilter::PatternReplace { regex, replacement } => {
                java_pattern::replace(text, regex, replacement, true).into_owned()
            }
        }
    }

    /// Whether it also changes pieces of terms, and a normalizer may have it.
    pub(super) fn is_normalizing(&self) -> bool {
        !matches!(self, CharFilter::HtmlStrip(_))
    }
}

impl Mappings {
    pub(super) fn new(rules: impl IntoIterator<Item = (String, String)>) -> Mappings {
        let replacements: FxHashMap<String, String> = rules.into_iter().collect();
        let mut lengths: FxHashMap<char, Vec<usize>> = FxHashMap::default();
        for key in replacements.keys() {
            lengths.entry(key.chars().next().unwrap_or_default()).or_default().push(key.len());
        }
        for of_character in lengths.values_mut() {
            of_character.sort_unstable_by(|one, other| other.cmp(one));
            of_character.dedup();
        }
        Mappings { replacements, lengths }
    }

    fn apply(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let lengths = self.lengths.get(&first).map_or(&[][..], Vec::as_slice);
            let keys = lengths.iter().filter_map(|length| rest.get(..*length));
            let longest = keys.into_iter().find_map(|key| Some((key.len(), self.replacements.get(key)?)));
            let used = match longest {
                Some((length, replacement)) => {
                    out.push_str(replacement);
                    length
                }
                None => {
                    out.push(first);
                    first.len_utf8()
                }
            };
            rest = rest.get(used..).unwrap_or_default();
        }
        out
    }
}
