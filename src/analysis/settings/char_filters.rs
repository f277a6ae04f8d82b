//! `analysis.char_filter`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::definition::{Definition, find};
use super::{AnalysisError, Settings};
use crate::analysis::char_filter::{CharFilter, Mappings};

const SUPPORTED: &[&str] = &["html_strip", "mapping", "pattern_replace"];
const REFUSED: &[(&str, &str)] = &[("icu_normalizer", "a plugin's"), ("kuromoji_iteration_mark", "a plugin's")];

impl Settings<'_> {
    pub(super) fn char_filters(&self, definition: &Definition<'_>) -> Result<Vec<CharFilter>, AnalysisError> {
        let names = definition.list("char_filter")?.unwrap_or_default();
        names.iter().map(|name| self.char_filter(&find(self.analysis, "char_filter", name))).collect()
    }

    pub(super) fn char_filter(&self, definition: &Definition<'_>) -> Result<CharFilter, AnalysisError> {
        match definition.kind()? {
            "html_strip" => {
                let kept = definition.list("escaped_tags")?.unwrap_or_default();
                Ok(CharFilter::HtmlStrip(kept.into()))
            }
            "mapping" => self.mapping(definition),
            "pattern_replace" => {
                let Some(pattern) = definition.text("pattern")? else {
                    return Err(definition.error("pattern_replace needs a `pattern`"));
                };
                let regex = self.regex(definition, pattern)?;
                Ok(CharFilter::PatternReplace { replacement: self.replacement(definition, &regex)?, regex })
            }
            other => Err(definition.unsupported("char filter", other, REFUSED, SUPPORTED)),
        }
    }

    fn mapping(&self, definition: &Definition<'_>) -> Result<CharFilter, AnalysisError> {
        definition.refuse_files("mappings")?;
        let Some(rules) = definition.whole_list("mappings")? else {
            return Err(definition.error("the mapping char filter needs `mappings`, for example [\"ph => f\"]"));
        };
        let mut replacements = BTreeMap::new();
        for rule in &rules {
            let (from, to) = rule.rsplit_once("=>").map(|(from, to)| (from.trim(), to.trim())).unwrap_or_default();
            if from.is_empty() {
                let reason = format!("the rule {rule:?} is not of the form \"from => to\"");
                return Err(definition.error_in("mappings", reason));
            }
            if replacements.insert(unescape(from), unescape(to)).is_some() {
                return Err(definition.error_in("mappings", format!("{from:?} is mapped twice")));
            }
        }
        Ok(CharFilter::Mapping(Arc::new(Mappings::new(replacements))))
    }
}

/// `\n`, `\t`, `\u00e9` and the like in rules of the mapping char filter.
pub(super) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('u') => {
                let hex: String = characters.by_ref().take(4).collect();
                out.extend(u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32));
            }
            Some(other) => out.push(other),
            None => out.push('\\'),
        }
    }
    out
}
