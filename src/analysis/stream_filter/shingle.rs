//! `shingle`: neighbouring words as one token, as Lucene's `ShingleFilter`.

use super::super::token::{Made, Token, Tokens, TooManyTokens, increments};

/// How many words are joined, and with what.
#[derive(Debug, Clone)]
pub(in crate::analysis) struct Shingles {
    pub(in crate::analysis) min: usize,
    pub(in crate::analysis) max: usize,
    pub(in crate::analysis) output_unigrams: bool,
    /// Single words where there are too few for a shingle.
    pub(in crate::analysis) output_unigrams_if_no_shingles: bool,
    pub(in crate::analysis) separator: String,
    /// Stands for removed words.
    pub(in crate::analysis) filler: String,
}

struct Slot {
    token: Token,
    is_filler: bool,
}

impl Shingles {
    pub(super) fn apply(&self, tokens: Tokens) -> Result<Tokens, TooManyTokens> {
        let slots = self.slots(&tokens);
        let mut smallest = if self.output_unigrams { 1 } else { self.min };
        let mut made = Made::default();
        let mut has_shingle = false;
        let mut next_position = 0;
        for start in 0..slots.len() {
            let window = slots.get(start..slots.len().min(start + self.max)).unwrap_or_default();
            if self.output_unigrams_if_no_shingles && !has_shingle && smallest > 1 && window.len() < self.min {
                smallest = 1;
            }
            let mut is_first = true;
            for size in std::iter::once(1).filter(|_| smallest == 1).chain(self.min.max(smallest)..=self.max) {
                let Some(part) = window.get(..size) else { break };
                if part.iter().all(|slot| slot.is_filler) {
                    continue;
                }
                if !is_first {
                    next_position -= 1;
                }
                if let Some(shingle) = self.shingle(part, next_position) {
                    has_shingle |= size > 1;
                    made.push(shingle)?;
                }
                next_position += 1;
                is_first = false;
            }
        }
        Ok(Tokens { tokens: made.tokens, trailing_holes: tokens.trailing_holes, text_length: tokens.text_length })
    }

    /// The tokens with fillers for the holes between them; no shingle has only fillers, so there need not be more.
    fn slots(&self, tokens: &Tokens) -> Vec<Slot> {
        let most = self.max.saturating_sub(1);
        let fillers = |count: u32| (count as usize).min(most);
        let mut slots = Vec::with_capacity(tokens.tokens.len());
        for (token, step) in tokens.tokens.iter().zip(increments(&tokens.tokens)) {
            for _ in 0..fillers(step.saturating_sub(1)) {
                slots.push(Slot { token: token.with_term(self.filler.as_str()), is_filler: true });
            }
            slots.push(Slot { token: token.clone(), is_filler: false });
        }
        if let Some(last) = tokens.tokens.last() {
            for _ in 0..fillers(tokens.trailing_holes) {
                slots.push(Slot { token: last.with_term(self.filler.as_str()), is_filler: true });
            }
        }
        slots
    }

    fn shingle(&self, part: &[Slot], position: u32) -> Option<Token> {
        let (first, last) = (part.first()?, part.last()?);
        let terms: Vec<&str> = part.iter().map(|slot| slot.token.word.term.as_str()).collect();
        let mut token = first.token.with_term(terms.join(&self.separator));
        let length = if self.output_unigrams { part.len() } else { (part.len() + 1).saturating_sub(self.min).max(1) };
        token.length = u32::try_from(length).unwrap_or(u32::MAX);
        token.position = position;
        token.end = last.token.end;
        if part.len() > 1 {
            token.word.kind = "shingle";
        }
        Some(token)
    }

    /// Where shingles of several sizes stand at one position, a query would follow too many paths.
    pub(super) fn disables_graphs(&self) -> bool {
        self.output_unigrams || self.min != self.max
    }
}
