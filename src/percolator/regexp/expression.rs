//! Expressions, each written one way only, and their derivatives: what is left to match behind a character.

use rustc_hash::FxHashMap;

use super::ranges::Ranges;

/// An expression among others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ExpressionId(u32);

/// What matches nothing.
pub(super) const NOTHING: ExpressionId = ExpressionId(0);
/// What matches the empty text.
pub(super) const EMPTY: ExpressionId = ExpressionId(1);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Expression {
    Nothing,
    Empty,
    Class(Ranges),
    /// The first is no sequence itself.
    Sequence(ExpressionId, ExpressionId),
    /// Sorted, none twice, none of the same kind among them.
    AnyOf(Box<[ExpressionId]>),
    AllOf(Box<[ExpressionId]>),
    Not(ExpressionId),
    Repeat {
        part: ExpressionId,
        least: u32,
        most: Option<u32>,
    },
}

/// So many expressions and steps are spent on one pattern: those that people write take some hundreds.
const MAX_WORK: usize = 1_000_000;

/// All expressions that belong to one pattern.
#[derive(Debug)]
pub(super) struct Expressions {
    all: Vec<Expression>,
    /// By expression: whether it matches the empty text.
    nullable: Vec<bool>,
    known: FxHashMap<Expression, ExpressionId>,
    derivatives: FxHashMap<(ExpressionId, u32), ExpressionId>,
    work: usize,
}

impl Default for Expressions {
    fn default() -> Expressions {
        let known = FxHashMap::from_iter([(Expression::Nothing, NOTHING), (Expression::Empty, EMPTY)]);
        Expressions {
            all: vec![Expression::Nothing, Expression::Empty],
            nullable: vec![false, true],
            known,
            derivatives: FxHashMap::default(),
            work: 0,
        }
    }
}

impl Expressions {
    /// Whether the pattern has taken more work than any may; nothing that was made since means anything.
    pub(super) fn is_exhausted(&self) -> bool {
        self.work > MAX_WORK
    }

    /// Whether it matches the empty text.
    pub(super) fn is_nullable(&self, id: ExpressionId) -> bool {
        self.nullable.get(id.0 as usize).copied().unwrap_or_default()
    }

    fn get(&self, id: ExpressionId) -> Expression {
        self.all.get(id.0 as usize).cloned().unwrap_or(Expression::Nothing)
    }

    fn add(&mut self, expression: Expression) -> ExpressionId {
        if let Some(known) = self.known.get(&expression) {
            return *known;
        }
        if self.is_exhausted() {
            return NOTHING;
        }
        self.work += 1;
        // There are fewer than `MAX_WORK`.
        let id = ExpressionId(u32::try_from(self.all.len()).unwrap_or(u32::MAX));
        let nullable = match &expression {
            Expression::Nothing | Expression::Class(_) => false,
            Expression::Empty => true,
            Expression::Sequence(first, rest) => self.is_nullable(*first) && self.is_nullable(*rest),
            Expression::AnyOf(parts) => parts.iter().any(|part| self.is_nullable(*part)),
            Expression::AllOf(parts) => parts.iter().all(|part| self.is_nullable(*part)),
            Expression::Not(part) => !self.is_nullable(*part),
            Expression::Repeat { part, least, .. } => *least == 0 || self.is_nullable(*part),
        };
        self.all.push(expression.clone());
        self.nullable.push(nullable);
        self.known.insert(expression, id);
        id
    }

    pub(super) fn class(&mut self, ranges: Ranges) -> ExpressionId {
        if ranges.is_empty() { NOTHING } else { self.add(Expression::Class(ranges)) }
    }

    /// Any text.
    pub(super) fn anything(&mut self) -> ExpressionId {
        self.not(NOTHING)
    }

    pub(super) fn sequence(&mut self, parts: &[ExpressionId]) -> ExpressionId {
        parts.iter().rev().fold(EMPTY, |rest, first| self.followed_by(*first, rest))
    }

    fn followed_by(&mut self, first: ExpressionId, rest: ExpressionId) -> ExpressionId {
        match (first, rest) {
            (NOTHING, _) | (_, NOTHING) => return NOTHING,
            (EMPTY, other) | (other, EMPTY) => return other,
            _ => {}
        }
        // A sequence within a sequence is written out, so that there is one way to write it.
        let mut firsts = Vec::new();
        let mut first = first;
        while let Expression::Sequence(head, tail) = self.get(first) {
            firsts.push(head);
            first = tail;
        }
        let last = self.add(Expression::Sequence(first, rest));
        firsts.into_iter().rev().fold(last, |rest, head| self.add(Expression::Sequence(head, rest)))
    }

    pub(super) fn any_of(&mut self, parts: Vec<ExpressionId>) -> ExpressionId {
        let mut flat = Vec::with_capacity(parts.len());
        let mut classes = Vec::new();
        for part in parts {
            match self.get(part) {
                Expression::Nothing => {}
                Expression::AnyOf(inner) => flat.extend(inner),
                Expression::Class(ranges) => classes.push(ranges),
                Expression::Not(NOTHING) => return part,
                _ => flat.push(part),
            }
        }
        if !classes.is_empty() {
            flat.push(self.class(Ranges::union(&classes)));
        }
        self.sorted(flat, NOTHING, Expression::AnyOf)
    }

    pub(super) fn all_of(&mut self, parts: Vec<ExpressionId>) -> ExpressionId {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match self.get(part) {
                Expression::Nothing => return NOTHING,
                Expression::AllOf(inner) => flat.extend(inner),
                Expression::Not(NOTHING) => {}
                _ => flat.push(part),
            }
        }
        let everything = self.anything();
        self.sorted(flat, everything, Expression::AllOf)
    }

    fn sorted(
        &mut self,
        mut parts: Vec<ExpressionId>,
        none: ExpressionId,
        several: fn(Box<[ExpressionId]>) -> Expression,
    ) -> ExpressionId {
        self.work += parts.len();
        parts.sort_unstable();
        parts.dedup();
        match parts.as_slice() {
            [] => none,
            [only] => *only,
            _ => self.add(several(parts.into())),
        }
    }

    pub(super) fn not(&mut self, part: ExpressionId) -> ExpressionId {
        match self.get(part) {
            Expression::Not(inner) => inner,
            _ => self.add(Expression::Not(part)),
        }
    }

    /// From `least` to `most` times; without `most` as often as one likes.
    pub(super) fn repeat(&mut self, part: ExpressionId, least: u32, most: Option<u32>) -> ExpressionId {
        // Lucene takes {2,1}, and it matches nothing.
        if most.is_some_and(|most| most < least) {
            return NOTHING;
        }
        let least = if self.is_nullable(part) { 0 } else { least };
        match (self.get(part), least, most) {
            (_, _, Some(0)) | (Expression::Empty, ..) | (Expression::Nothing, 0, _) => EMPTY,
            (Expression::Nothing, ..) => NOTHING,
            (_, 1, Some(1)) => part,
            (Expression::Repeat { least: 0, most: None, .. } | Expression::Not(NOTHING), ..) => part,
            _ => self.add(Expression::Repeat { part, least, most }),
        }
    }

    /// What is left to match behind the character (Brzozowski 1964).
    pub(super) fn derivative(&mut self, id: ExpressionId, character: u32) -> ExpressionId {
        if let Some(known) = self.derivatives.get(&(id, character)) {
            return *known;
        }
        if self.is_exhausted() {
            return NOTHING;
        }
        self.work += 1;
        let derivative = match self.get(id) {
            Expression::Nothing | Expression::Empty => NOTHING,
            Expression::Class(ranges) if ranges.contains(character) => EMPTY,
            Expression::Class(_) => NOTHING,
            Expression::Sequence(first, rest) => {
                let within = self.derivative(first, character);
                let within = self.followed_by(within, rest);
                if self.is_nullable(first) {
                    let behind = self.derivative(rest, character);
                    self.any_of(vec![within, behind])
                } else {
                    within
                }
            }
            Expression::AnyOf(parts) => {
                let parts = parts.iter().map(|part| self.derivative(*part, character)).collect();
                self.any_of(parts)
            }
            Expression::AllOf(parts) => {
                let parts = parts.iter().map(|part| self.derivative(*part, character)).collect();
                self.all_of(parts)
            }
            Expression::Not(part) => {
                let within = self.derivative(part, character);
                self.not(within)
            }
            Expression::Repeat { part, least, most } => {
                let within = self.derivative(part, character);
                let rest = self.repeat(part, least.saturating_sub(1), most.map(|most| most.saturating_sub(1)));
                self.followed_by(within, rest)
            }
        };
        self.derivatives.insert((id, character), derivative);
        derivative
    }

    /// Where characters begin that may lead elsewhere than those before them; sorted, from 0.
    pub(super) fn boundaries(&mut self, id: ExpressionId) -> Vec<u32> {
        let mut boundaries = vec![0];
        let mut waiting = vec![id];
        while let Some(id) = waiting.pop() {
            self.work += 1;
            match self.get(id) {
                Expression::Nothing | Expression::Empty => {}
                Expression::Class(ranges) => boundaries.extend(ranges.boundaries()),
                Expression::Sequence(first, rest) => {
                    waiting.push(first);
                    waiting.extend(self.is_nullable(first).then_some(rest));
                }
                Expression::AnyOf(parts) | Expression::AllOf(parts) => waiting.extend(parts),
                Expression::Not(part) | Expression::Repeat { part, .. } => waiting.push(part),
            }
        }
        boundaries.sort_unstable();
        boundaries.dedup();
        boundaries
    }
}
