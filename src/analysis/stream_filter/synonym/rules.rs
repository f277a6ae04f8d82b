//! Rules for synonyms in the formats of Solr and of WordNet.

use std::collections::BTreeMap;

/// How rules are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analysis) enum Format {
    /// `a, b => c` and `a, b, c`
    Solr,
    /// `s(100000001,1,'abstain',v,1,0).`
    WordNet,
}

/// Words that stand for others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::analysis) struct Rule {
    pub(in crate::analysis) input: Vec<String>,
    pub(in crate::analysis) output: Vec<String>,
    pub(in crate::analysis) keeps_original: bool,
}

/// The rules of lines. `analyze` cuts a side into words, none where a rule is left out for it.
///
/// # Errors
///
/// A line that is malformed, and what `analyze` refuses.
pub(in crate::analysis) fn parse(
    lines: &[String],
    format: Format,
    expand: bool,
    analyze: impl Fn(&str) -> Result<Vec<String>, String>,
) -> Result<Vec<Rule>, String> {
    let mut rules = Vec::new();
    match format {
        Format::Solr => {
            for line in lines.iter().flat_map(|text| text.lines()) {
                solr_line(line, expand, &analyze, &mut rules)
                    .map_err(|reason| format!("{reason} in the rule {line:?}"))?;
            }
        }
        Format::WordNet => {
            for group in wordnet_groups(lines)?.into_values() {
                let words = group.iter().map(|word| analyze(word)).collect::<Result<Vec<_>, _>>()?;
                equal(&words, expand, &mut rules);
            }
        }
    }
    if rules.len() > super::MAX_RULES {
        return Err(format!("the synonyms make {} rules, at most {} are allowed", rules.len(), super::MAX_RULES));
    }
    Ok(rules)
}

fn solr_line(
    line: &str,
    expand: bool,
    analyze: &impl Fn(&str) -> Result<Vec<String>, String>,
    rules: &mut Vec<Rule>,
) -> Result<(), String> {
    if line.is_empty() || line.starts_with('#') {
        return Ok(());
    }
    let sides = split(line, "=>");
    let words = |side: &str| -> Result<Vec<Vec<String>>, String> {
        split(side, ",").iter().map(|part| analyze(unescaped(part).trim())).collect()
    };
    match sides.as_slice() {
        [all] => equal(&words(all)?, expand, rules),
        [from, to] => {
            let outputs = words(to)?;
            for input in words(from)? {
                for output in &outputs {
                    add(&input, output, false, rules);
                }
            }
        }
        _ => return Err("more than one \"=>\" stands".to_owned()),
    }
    Ok(())
}

fn equal(words: &[Vec<String>], expand: bool, rules: &mut Vec<Rule>) {
    if !expand {
        for input in words {
            if let Some(first) = words.first() {
                add(input, first, false, rules);
            }
        }
        return;
    }
    for (index, input) in words.iter().enumerate() {
        for (other, output) in words.iter().enumerate() {
            // One rule too many is enough for the error.
            if index != other && rules.len() <= super::MAX_RULES {
                add(input, output, true, rules);
            }
        }
    }
}

fn add(input: &[String], output: &[String], keeps_original: bool, rules: &mut Vec<Rule>) {
    if !input.is_empty() && !output.is_empty() {
        rules.push(Rule { input: input.to_vec(), output: output.to_vec(), keeps_original });
    }
}

/// At a separator that is not escaped; empty parts are left out.
fn split<'l>(line: &'l str, separator: &str) -> Vec<&'l str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut characters = line.char_indices();
    while let Some((at, character)) = characters.next() {
        if character == '\\' {
            characters.next();
        } else if at >= start && line.get(at..).is_some_and(|rest| rest.starts_with(separator)) {
            parts.push(line.get(start..at).unwrap_or_default());
            start = at + separator.len();
        }
    }
    parts.push(line.get(start..).unwrap_or_default());
    parts.retain(|part| !part.is_empty());
    parts
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let escaped = if character == '\\' { characters.next() } else { None };
        out.push(escaped.unwrap_or(character));
    }
    out
}

/// Words by the set that they belong to; consecutive lines of one number are a set.
fn wordnet_groups(lines: &[String]) -> Result<BTreeMap<(usize, String), Vec<String>>, String> {
    let mut groups: BTreeMap<(usize, String), Vec<String>> = BTreeMap::new();
    let mut before: Option<(usize, String)> = None;
    for line in lines.iter().flat_map(|text| text.lines()).filter(|line| !line.is_empty()) {
        let malformed = || format!("the line {line:?} is not of the form s(100000001,1,'word',v,1,0).");
        let number = line.strip_prefix("s(").and_then(|rest| rest.get(..9)).ok_or_else(malformed)?;
        let quoted = line.split_once('\'').map(|(_, rest)| rest).ok_or_else(malformed)?;
        let word = quoted.rsplit_once('\'').map(|(word, _)| word.replace("''", "'")).ok_or_else(malformed)?;
        let key = match before.take() {
            Some((order, known)) if known == number => (order, known),
            Some((order, _)) => (order + 1, number.to_owned()),
            None => (0, number.to_owned()),
        };
        before = Some(key.clone());
        groups.entry(key).or_default().push(word);
    }
    Ok(groups)
}
