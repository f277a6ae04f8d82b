//! `synonym` and `synonym_graph`: words that stand for others.

mod rules;

use rustc_hash::{FxHashMap, FxHashSet};

use super::super::token::{MAX_TOKENS, Made, Token, Tokens, TooManyTokens, increments};

pub(in crate::analysis) use rules::{Format, Rule, parse};

/// Between the words of a key.
const SEPARATOR: char = '\0';
/// Rules beyond these are refused.
pub(in crate::analysis) const MAX_RULES: usize = 100_000;

/// What is looked for in a text, and what comes beside or instead of it.
#[derive(Debug)]
pub(in crate::analysis) struct Synonyms {
    entries: FxHashMap<String, Entry>,
    /// Every beginning of a key of several words.
    beginnings: FxHashSet<String>,
    /// With paths of several words side by side (Lucene's `SynonymGraphFilter`), or folded onto one another (`SynonymFilter`).
    makes_graph: bool,
}

#[derive(Debug, Default)]
struct Entry {
    /// Each a list of words.
    outputs: Vec<Vec<String>>,
    keeps_original: bool,
}

/// A match: how many tokens it takes.
struct Match<'s> {
    entry: &'s Entry,
    count: usize,
}

const SYNONYM: &str = "SYNONYM";

impl Synonyms {
    pub(in crate::analysis) fn new(rules: Vec<Rule>, makes_graph: bool) -> Synonyms {
        let mut synonyms = Synonyms { entries: FxHashMap::default(), beginnings: FxHashSet::default(), makes_graph };
        for rule in rules {
            for words in 1..rule.input.len() {
                synonyms.beginnings.insert(joined(rule.input.iter().take(words)));
            }
            let entry = synonyms.entries.entry(joined(rule.input.iter())).or_default();
            entry.keeps_original |= rule.keeps_original;
            if !entry.outputs.contains(&rule.output) {
                entry.outputs.push(rule.output);
            }
        }
        synonyms
    }

    pub(super) fn apply(&self, tokens: Tokens) -> Result<Tokens, TooManyTokens> {
        if self.entries.is_empty() {
            return Ok(tokens);
        }
        if self.makes_graph { self.graph(tokens) } else { self.flat(tokens) }
    }

    /// The longest match that begins with the first of these tokens.
    fn longest(&self, tokens: &[Token]) -> Option<Match<'_>> {
        let mut key = String::new();
        let mut found = None;
        for (index, token) in tokens.iter().enumerate() {
            if index > 0 {
                key.push(SEPARATOR);
            }
            key.push_str(&token.word.term);
            if let Some(entry) = self.entries.get(&key) {
                found = Some(Match { entry, count: index + 1 });
            }
            if !self.beginnings.contains(&key) {
                break;
            }
        }
        found
    }

    /// Every synonym is a path from where the match begins to where it ends, and so is the match where it stays.
    fn graph(&self, tokens: Tokens) -> Result<Tokens, TooManyTokens> {
        let steps: Vec<u32> = increments(&tokens.tokens).collect();
        let mut graph = Graph { made: Made::default(), last: None, next: 0 };
        let mut at = 0;
        while let Some(rest) = tokens.tokens.get(at..).filter(|rest| !rest.is_empty()) {
            match (self.longest(rest), rest) {
                (Some(found), _) => {
                    graph.branch(found.entry, rest.get(..found.count).unwrap_or_default())?;
                    at += found.count;
                }
                (None, [token, ..]) => {
                    graph.pass(token, steps.get(at).copied().unwrap_or(1))?;
                    at += 1;
                }
                (None, []) => break,
            }
        }
        Ok(Tokens { tokens: graph.made.tokens, trailing_holes: tokens.trailing_holes, text_length: tokens.text_length })
    }

    /// The words of synonyms stand at the positions of the match, and of what follows where they are more.
    fn flat(&self, tokens: Tokens) -> Result<Tokens, TooManyTokens> {
        let steps: Vec<u32> = increments(&tokens.tokens).collect();
        let mut slots: Vec<Slot<'_>> = Vec::new();
        let mut words = 0;
        slots.resize_with(tokens.tokens.len(), Slot::default);
        let mut at = 0;
        while let Some(rest) = tokens.tokens.get(at..).filter(|rest| !rest.is_empty()) {
            let Some(found) = self.longest(rest) else {
                at += 1;
                continue;
            };
            words += found.entry.outputs.iter().map(Vec::len).sum::<usize>();
            if words > MAX_TOKENS {
                return Err(TooManyTokens);
            }
            for output in &found.entry.outputs {
                for (offset, word) in output.iter().enumerate() {
                    let spans = output.len() == 1 && found.entry.keeps_original;
                    let length = if spans { u32::try_from(found.count).unwrap_or(u32::MAX) } else { 1 };
                    if slots.len() <= at + offset {
                        slots.resize_with(at + offset + 1, Slot::default);
                    }
                    if let Some(slot) = slots.get_mut(at + offset) {
                        slot.words.push((word, length));
                    }
                }
            }
            for slot in slots.iter_mut().skip(at).take(found.count) {
                slot.is_replaced = !found.entry.keeps_original;
            }
            at += found.count;
        }
        let mut made = Made::default();
        let mut next = 0;
        let last = tokens.tokens.last().cloned();
        let mut inputs = tokens.tokens.into_iter().zip(steps);
        for slot in slots {
            let input = inputs.next();
            let place = input.as_ref().map(|(token, _)| token.clone()).or_else(|| last.clone());
            let mut step = 1;
            if let Some((token, own_step)) = input.filter(|_| !slot.is_replaced) {
                next += own_step;
                made.push(Token { position: next - 1, ..token })?;
                step = 0;
            }
            for (word, length) in slot.words {
                next += step;
                step = 0;
                if let Some(place) = &place {
                    made.push(synonym(place, word, next.saturating_sub(1), length))?;
                }
            }
        }
        Ok(Tokens { tokens: made.tokens, trailing_holes: tokens.trailing_holes, text_length: tokens.text_length })
    }
}

/// What stands at one token's place in the flat form.
#[derive(Default)]
struct Slot<'w> {
    is_replaced: bool,
    words: Vec<(&'w str, u32)>,
}

struct Graph {
    made: Made,
    /// The node that the last token left.
    last: Option<u32>,
    /// The node where the next begins.
    next: u32,
}

impl Graph {
    fn pass(&mut self, token: &Token, step: u32) -> Result<(), TooManyTokens> {
        let from = self.last.map_or(step.saturating_sub(1), |last| last + step);
        self.last = Some(from);
        self.next = from + token.length;
        self.made.push(Token { position: from, ..token.clone() })
    }

    fn branch(&mut self, entry: &Entry, matched: &[Token]) -> Result<(), TooManyTokens> {
        let place = matched.first().zip(matched.last()).map(|(first, last)| Token { end: last.end, ..first.clone() });
        let Some(place) = place else { return Ok(()) };
        let of_output = |words: &Vec<String>| words.iter().map(|word| synonym(&place, word, 0, 1)).collect();
        let mut paths: Vec<Vec<Token>> = entry.outputs.iter().map(of_output).collect();
        if entry.keeps_original {
            paths.push(matched.to_vec());
        }
        let inner: usize = paths.iter().map(|path| path.len().saturating_sub(1)).sum();
        let inner = u32::try_from(inner).unwrap_or(u32::MAX);
        let (start, end) = (self.next, self.next.saturating_add(inner).saturating_add(1));
        let mut behind_first = Vec::new();
        let mut used = 0;
        for mut path in paths {
            let rest = path.split_off(1.min(path.len()));
            let to = if rest.is_empty() { end } else { start + used + 1 };
            used += u32::try_from(rest.len()).unwrap_or(u32::MAX);
            for first in path {
                self.made.push(Token { position: start, length: to - start, ..first })?;
            }
            behind_first.push((to, rest));
        }
        for (mut from, rest) in behind_first {
            let last = rest.len().saturating_sub(1);
            for (index, token) in rest.into_iter().enumerate() {
                let to = if index == last { end } else { from + 1 };
                self.made.push(Token { position: from, length: to - from, ..token })?;
                from = to;
            }
        }
        self.last = self.made.tokens.last().map(|token| token.position);
        self.next = end;
        Ok(())
    }
}

fn synonym(place: &Token, word: &str, position: u32, length: u32) -> Token {
    let mut token = Token { position, length, ..place.with_term(word) };
    token.word.kind = SYNONYM;
    token.word.is_keyword = false;
    token
}

fn joined<'w>(words: impl Iterator<Item = &'w String>) -> String {
    let words: Vec<&str> = words.map(String::as_str).collect();
    words.join(&SEPARATOR.to_string())
}
