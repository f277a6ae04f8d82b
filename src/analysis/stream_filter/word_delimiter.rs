//! `word_delimiter_graph` and `word_delimiter`: words split into parts, and their parts put together again.

use std::sync::Arc;

use super::super::token::{Token, Tokens, increments};
use super::super::word_filter::WordSet;
use super::word_parts::{CharacterType, Part, Parts, WordParts};

/// What is made of the parts.
#[derive(Debug)]
pub(in crate::analysis) struct WordDelimiter {
    pub(in crate::analysis) parts: WordParts,
    pub(in crate::analysis) generate_word_parts: bool,
    pub(in crate::analysis) generate_number_parts: bool,
    pub(in crate::analysis) catenate_words: bool,
    pub(in crate::analysis) catenate_numbers: bool,
    pub(in crate::analysis) catenate_all: bool,
    pub(in crate::analysis) preserve_original: bool,
    pub(in crate::analysis) ignore_keywords: bool,
    pub(in crate::analysis) protected: Arc<WordSet>,
    /// With position lengths (Lucene's `WordDelimiterGraphFilter`), or without (`WordDelimiterFilter`).
    pub(in crate::analysis) makes_graph: bool,
}

/// A term made of parts: positions within the word, the bytes that it covers, its text.
struct Made {
    from: u32,
    to: u32,
    start: usize,
    end: usize,
    term: String,
}

/// Parts that are being put together.
struct Run {
    kind: CharacterType,
    from: u32,
    start: usize,
    end: usize,
    term: String,
    count: usize,
}

impl Run {
    fn extend(run: &mut Option<Run>, part: Part, text: &str, position: u32) {
        let run = run.get_or_insert_with(|| Run {
            kind: part.kind,
            from: position,
            start: part.start,
            end: part.end,
            term: String::new(),
            count: 0,
        });
        run.term.push_str(text);
        run.end = part.end;
        run.count += 1;
    }

    fn made(self, to: u32) -> Made {
        Made { from: self.from, to, start: self.start, end: self.end, term: self.term }
    }
}

/// The tokens so far.
#[derive(Default)]
struct Output {
    tokens: Vec<Token>,
    position: Option<u32>,
}

impl Output {
    fn push(&mut self, token: Token, step: u32) {
        let position = self.position.map_or(step.saturating_sub(1), |before| before + step);
        self.position = Some(position);
        self.tokens.push(Token { position, ..token });
    }
}

impl WordDelimiter {
    pub(super) fn apply(&self, tokens: Tokens) -> Tokens {
        let mut output = Output::default();
        // Steps of tokens that left nothing are taken by the next.
        let mut pending = 0;
        for (token, step) in tokens.tokens.iter().zip(increments(&tokens.tokens)) {
            if self.ignore_keywords && token.word.is_keyword {
                output.push(token.clone(), step);
                continue;
            }
            pending += step;
            let term = token.word.term.as_str();
            let parts = self.parts.of(term);
            let is_one = matches!(parts.parts.as_slice(), [part] if part.start == 0 && part.end == term.len());
            if is_one || self.protected.has(term) {
                output.push(token.clone(), std::mem::take(&mut pending));
            } else if !parts.parts.is_empty() {
                self.put_parts(token, &parts, std::mem::take(&mut pending), &mut output);
            } else if self.preserve_original {
                // The graph's filter forgets the steps before.
                output.push(token.clone(), if self.makes_graph { step } else { pending });
                pending = 0;
            } else if !self.makes_graph && step == 1 && output.position.is_some() {
                pending -= 1;
            }
        }
        Tokens { tokens: output.tokens, trailing_holes: tokens.trailing_holes, text_length: tokens.text_length }
    }

    fn put_parts(&self, token: &Token, parts: &Parts, step: u32, output: &mut Output) {
        let is_unchanged = token.end.saturating_sub(token.start) == token.word.term.len();
        let mut step = step;
        let mut before = 0;
        for made in if self.makes_graph { self.graph(token, parts) } else { self.flat(token, parts) } {
            let mut part = token.with_term(made.term);
            if is_unchanged {
                (part.start, part.end) = (token.start + made.start, token.start + made.end);
            }
            part.length = if self.makes_graph { made.to - made.from } else { 1 };
            output.push(part, std::mem::take(&mut step) + made.from.saturating_sub(before));
            before = made.from;
        }
    }

    fn generates(&self, kind: CharacterType) -> bool {
        (self.generate_word_parts && kind.is(CharacterType::ALPHA))
            || (self.generate_number_parts && kind.is(CharacterType::DIGIT))
    }

    fn catenates(&self, kind: CharacterType) -> bool {
        (self.catenate_words && kind.is(CharacterType::ALPHA))
            || (self.catenate_numbers && kind.is(CharacterType::DIGIT))
    }

    /// The parts and their catenations with their positions within the word.
    fn graph(&self, token: &Token, parts: &Parts) -> Vec<Made> {
        let term = token.word.term.as_str();
        let text = |part: &Part| term.get(part.start..part.end).unwrap_or_default();
        let mut found = Vec::new();
        let mut position = 0;
        if let ([part, ..], true) = (parts.parts.as_slice(), parts.is_single) {
            found.push(Made { from: 0, to: 1, start: part.start, end: part.end, term: text(part).to_owned() });
            position = 1;
        } else {
            let mut run: Option<Run> = None;
            let mut all: Option<Run> = None;
            let mut last_count = 0;
            for part in &parts.parts {
                if run.as_ref().is_some_and(|run| !run.kind.is(part.kind)) {
                    self.flush(&mut run, &mut position, &mut last_count, &mut found);
                }
                if self.catenates(part.kind) {
                    Run::extend(&mut run, *part, text(part), position);
                }
                if self.catenate_all {
                    Run::extend(&mut all, *part, text(part), position);
                }
                if self.generates(part.kind) {
                    let (from, to) = (position, position + 1);
                    found.push(Made { from, to, start: part.start, end: part.end, term: text(part).to_owned() });
                    position += 1;
                }
            }
            self.flush(&mut run, &mut position, &mut last_count, &mut found);
            if let Some(all) = all.filter(|all| all.count > last_count) {
                position += u32::from(position == all.from);
                found.push(all.made(position));
            }
        }
        found.sort_by_key(|made| (made.start, std::cmp::Reverse(made.end)));
        if self.preserve_original {
            let original = Made { from: 0, to: position.max(1), start: 0, end: term.len(), term: term.to_owned() };
            found.insert(0, original);
        }
        found
    }

    fn flush(&self, run: &mut Option<Run>, position: &mut u32, last_count: &mut usize, found: &mut Vec<Made>) {
        let Some(run) = run.take() else { return };
        *position += u32::from(*position == run.from);
        *last_count = run.count;
        if run.count != 1 || !self.generates(run.kind) {
            found.push(run.made(*position));
        }
    }

    /// The old filter: positions without lengths, catenations at the position of their last part.
    fn flat(&self, token: &Token, parts: &Parts) -> Vec<Made> {
        let term = token.word.term.as_str();
        let text = |part: &Part| term.get(part.start..part.end).unwrap_or_default();
        let mut flat = Flat { found: Vec::new(), has_output: false, follows_original: self.preserve_original };
        if let ([part, ..], true) = (parts.parts.as_slice(), parts.is_single) {
            flat.push(part.start, part.end, text(part).to_owned(), false);
            return self.positioned(flat, term);
        }
        let mut run: Option<Run> = None;
        let mut all: Option<Run> = None;
        let mut last_count = 0;
        for part in &parts.parts {
            if run.as_ref().is_some_and(|run| !run.kind.is(part.kind)) {
                self.flush_flat(&mut run, &mut last_count, &mut flat);
                flat.has_output = false;
            }
            if self.catenates(part.kind) {
                Run::extend(&mut run, *part, text(part), 0);
            }
            if self.catenate_all {
                Run::extend(&mut all, *part, text(part), 0);
            }
            if self.generates(part.kind) {
                flat.push(part.start, part.end, text(part).to_owned(), false);
            }
        }
        self.flush_flat(&mut run, &mut last_count, &mut flat);
        if let Some(all) = all.filter(|all| all.count > last_count) {
            flat.push(all.start, all.end, all.term, true);
        }
        self.positioned(flat, term)
    }

    fn flush_flat(&self, run: &mut Option<Run>, last_count: &mut usize, flat: &mut Flat) {
        let Some(run) = run.take() else { return };
        *last_count = run.count;
        if run.count != 1 || !self.generates(run.kind) {
            flat.push(run.start, run.end, run.term, true);
        }
    }

    fn positioned(&self, flat: Flat, term: &str) -> Vec<Made> {
        let mut found = flat.found;
        found.sort_by_key(|(made, step)| (made.start, std::cmp::Reverse(*step)));
        let mut position = 0;
        let mut made = Vec::with_capacity(found.len() + 1);
        if self.preserve_original {
            made.push(Made { from: 0, to: 1, start: 0, end: term.len(), term: term.to_owned() });
        }
        for (one, step) in found {
            // The first takes the step of the word itself.
            position = if made.is_empty() { 0 } else { position + step };
            made.push(Made { from: position, to: position + 1, ..one });
        }
        made
    }
}

/// What the old filter has put out for a word so far.
struct Flat {
    found: Vec<(Made, u32)>,
    has_output: bool,
    /// The first token behind the original stands at its position.
    follows_original: bool,
}

impl Flat {
    fn push(&mut self, start: usize, end: usize, term: String, injected: bool) {
        let step = if self.has_output { u32::from(!injected) } else { u32::from(!self.follows_original) };
        self.has_output = true;
        self.follows_original = false;
        self.found.push((Made { from: 0, to: 1, start, end, term }, step));
    }
}
