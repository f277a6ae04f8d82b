//! What has been read of a document so far: what each scope holds of each field.

use std::ops::Range;

use jiff::Timestamp;
use rustc_hash::FxHashMap;

use crate::analysis::Analyzer;
use crate::mapping::{Field, FieldId, NestedId};
use crate::member::MemberId;
use crate::percolator::document::{Document, DocumentError, Holding, Token};
use crate::percolator::features::{Quality, Space};

use super::{MAX_TERM_BYTES, MAX_TOKENS, Open, Reader, number};

/// How much had been read.
pub(in crate::percolator::document) struct Mark {
    holdings: usize,
    tokens: usize,
    points: usize,
    intervals: usize,
    set_aside: usize,
    text: usize,
}

impl Reader<'_> {
    /// What was read, the values of each field together.
    pub(in crate::percolator::document) fn finish(mut self, id: Option<MemberId>, now: Timestamp) -> Document {
        // Mostly they are in order; objects in lists, dots in names and copies mix them.
        if !self.tokens.is_sorted_by_key(|token| token.holding) {
            self.tokens.sort_by_key(|token| token.holding);
        }
        self.points.sort_by_key(|(holding, _)| *holding);
        self.intervals.sort_by_key(|(holding, _)| *holding);
        let (mut tokens, mut points, mut intervals) = (0, 0, 0);
        let holdings = (0..).zip(&self.holdings).map(|(number, open)| Holding {
            scope: open.scope,
            field: open.field,
            exists: open.exists,
            tokens: run(&mut tokens, &self.tokens, |token| token.holding == number),
            points: run(&mut points, &self.points, |(holding, _)| *holding == number),
            intervals: run(&mut intervals, &self.intervals, |(holding, _)| *holding == number),
        });
        Document {
            id,
            now,
            holdings: holdings.collect(),
            scopes: self.scopes,
            places: self.places,
            tokens: self.tokens,
            points: self.points.into_iter().map(|(_, point)| point).collect(),
            intervals: self.intervals.into_iter().map(|(_, interval)| interval).collect(),
            text: self.text,
            set_aside: self.set_aside,
            unmapped: self.unmapped,
            made: self.made.end,
            fields: self.fields,
        }
    }

    /// Gives a scope the values of another as if they were further values of an array.
    pub(super) fn copy_values(&mut self, from: usize, to: usize, since: &Mark) -> Result<(), DocumentError> {
        let from = number(from);
        let holdings: Vec<(u32, Open)> = (0..)
            .zip(&self.holdings)
            .skip(since.holdings)
            .filter(|(_, open)| open.scope == from)
            .map(|(number, open)| (number, *open))
            .collect();
        let path = self.scopes.get(to).map_or(NestedId::ROOT, |scope| scope.nested);
        let mut shifts = FxHashMap::default();
        for (source, open) in holdings {
            let target = self.holding_in(to, open.field);
            if let Some(into) = self.holdings.get_mut(target as usize) {
                let space = Space::new(Quality::Term, path, open.field);
                shifts.insert(source, (target, into.next_position, space));
                into.exists |= open.exists;
                into.next_position = into.next_position.saturating_add(open.next_position);
            }
        }
        for index in since.tokens..self.tokens.len() {
            let Some(token) = self.tokens.get(index).copied() else { break };
            let Some((target, shift, space)) = shifts.get(&token.holding) else { continue };
            if self.tokens.len() >= MAX_TOKENS {
                return Err(DocumentError::new("", format!("more than {MAX_TOKENS} terms")));
            }
            let term = self.text.get(token.start as usize..token.end as usize).unwrap_or_default();
            self.tokens.push(Token {
                position: token.position.saturating_add(*shift),
                holding: *target,
                hash: space.hash(term.as_bytes()),
                ..token
            });
        }
        let target = |source: &u32| shifts.get(source).map(|(target, ..)| *target);
        copy_between(&mut self.points, since.points, target);
        copy_between(&mut self.intervals, since.intervals, target);
        Ok(())
    }

    pub(in crate::percolator::document) fn read_so_far(&self) -> Mark {
        Mark {
            holdings: self.holdings.len(),
            tokens: self.tokens.len(),
            points: self.points.len(),
            intervals: self.intervals.len(),
            set_aside: self.set_aside.len(),
            text: self.text.len(),
        }
    }

    /// Drops what was read of one value since then.
    pub(in crate::percolator::document) fn forget(&mut self, since: &Mark) {
        for open in self.holdings.drain(since.holdings..) {
            self.places.remove(&(open.scope, open.field));
        }
        self.tokens.truncate(since.tokens);
        self.points.truncate(since.points);
        self.intervals.truncate(since.intervals);
        self.set_aside.truncate(since.set_aside);
        self.text.truncate(since.text);
    }

    /// The number of what a scope holds of a field.
    fn holding_in(&mut self, scope: usize, field: FieldId) -> u32 {
        let scope = number(scope);
        let holdings = &mut self.holdings;
        *self.places.entry((scope, field)).or_insert_with(|| {
            holdings.push(Open { scope, field, exists: false, next_position: 0 });
            number(holdings.len() - 1)
        })
    }

    /// The field has a value.
    pub(in crate::percolator::document) fn mark(&mut self, field: &Field) -> u32 {
        let holding = self.holding_in(self.current, field.id);
        if let Some(open) = self.holdings.get_mut(holding as usize) {
            open.exists = true;
        }
        holding
    }

    /// A number, date or address of the field.
    pub(in crate::percolator::document) fn push_point(&mut self, field: &Field, point: i128) {
        let holding = self.mark(field);
        self.points.push((holding, point));
    }

    /// A range of the field, both ends included.
    pub(in crate::percolator::document) fn push_interval(&mut self, field: &Field, interval: (i128, i128)) {
        let holding = self.mark(field);
        self.intervals.push((holding, interval));
    }

    /// A whole value as one term, at position 0.
    pub(in crate::percolator::document) fn push_term(
        &mut self,
        field: &Field,
        term: &str,
    ) -> Result<(), DocumentError> {
        let holding = self.mark(field);
        let space = Space::new(Quality::Term, self.scope_kind(), field.id);
        let token = new_token(&mut self.text, holding, space, term, 0).ok_or_else(|| too_many_terms(field))?;
        self.tokens.push(token);
        Ok(())
    }

    /// Text to terms, behind those that the field has already.
    pub(in crate::percolator::document) fn analyze(
        &mut self,
        field: &Field,
        analyzer: &Analyzer,
        gap: u32,
        text: &str,
    ) -> Result<(), DocumentError> {
        let holding = self.mark(field);
        let base = self.holdings.get(holding as usize).map_or(0, |open| open.next_position);
        let space = Space::new(Quality::Term, self.scope_kind(), field.id);
        if self.has_room_for(text)
            && let Some(end) = self.analyze_in_place(analyzer, holding, space, base, text)
        {
            self.behind(holding, base.saturating_add(end).saturating_add(gap));
            return Ok(());
        }
        let (arena, tokens) = (&mut self.text, &mut self.tokens);
        let mut is_full = false;
        let end = analyzer.tokens(text, &mut |term, position| match new_token(
            arena,
            holding,
            space,
            term,
            base.saturating_add(position),
        ) {
            Some(token) if tokens.len() < MAX_TOKENS => tokens.push(token),
            _ => is_full = true,
        });
        let end = end.map_err(|error| DocumentError::new(&field.name, error.to_string()))?;
        self.behind(holding, base.saturating_add(end).saturating_add(gap));
        if is_full { Err(too_many_terms(field)) } else { Ok(()) }
    }

    /// Whether the limits leave room for all terms that a text can have, each at least a byte of it.
    fn has_room_for(&self, text: &str) -> bool {
        self.text.len() + text.len() <= MAX_TERM_BYTES && self.tokens.len() + text.len() <= MAX_TOKENS
    }

    /// Text to terms where these can stay in it; `None` where they cannot.
    fn analyze_in_place(
        &mut self,
        analyzer: &Analyzer,
        holding: u32,
        space: Space,
        base: u32,
        text: &str,
    ) -> Option<u32> {
        let before = self.text.len();
        self.text.push_str(text);
        let tokens = &mut self.tokens;
        let end = analyzer.tokens_in_place(self.text.get_mut(before..)?, &mut |term, position, at| {
            tokens.push(Token {
                position: base.saturating_add(position),
                start: number(before + at),
                end: number(before + at + term.len()),
                holding,
                hash: space.hash(term.as_bytes()),
            });
        });
        if end.is_none() {
            self.text.truncate(before);
        }
        end
    }

    /// The next text of the field begins at this position.
    fn behind(&mut self, holding: u32, position: u32) {
        if let Some(open) = self.holdings.get_mut(holding as usize) {
            open.next_position = position;
        }
    }
}

/// The range of the run of fitting items from `next` on, which is moved behind it.
fn run<T>(next: &mut usize, items: &[T], fits: impl Fn(&T) -> bool) -> Range<u32> {
    let start = *next;
    *next += items.iter().skip(start).take_while(|item| fits(item)).count();
    number(start)..number(*next)
}

fn copy_between<T: Copy>(values: &mut Vec<(u32, T)>, since: usize, target: impl Fn(&u32) -> Option<u32>) {
    let copies: Vec<(u32, T)> =
        values.iter().skip(since).filter_map(|(source, value)| Some((target(source)?, *value))).collect();
    values.extend(copies);
}

fn new_token(arena: &mut String, holding: u32, space: Space, term: &str, position: u32) -> Option<Token> {
    if arena.len() + term.len() > MAX_TERM_BYTES {
        return None;
    }
    let start = u32::try_from(arena.len()).ok()?;
    arena.push_str(term);
    Some(Token { position, start, end: u32::try_from(arena.len()).ok()?, holding, hash: space.hash(term.as_bytes()) })
}

fn too_many_terms(field: &Field) -> DocumentError {
    let reason = format!("the document's terms are more than {MAX_TOKENS} or take more than {MAX_TERM_BYTES} bytes");
    DocumentError::new(&field.name, reason)
}
