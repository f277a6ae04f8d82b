//! Deterministic automata: a state for each expression that can be left to match.

use rustc_hash::FxHashMap;

use super::expression::{ExpressionId, Expressions, NOTHING};

/// Lucene's `max_determinized_states`.
pub(super) const MAX_STATES: usize = 10_000;
/// About a megabyte.
pub(super) const MAX_TRANSITIONS: usize = 100_000;

/// A deterministic automaton over characters. The first state is the start.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Automaton {
    states: Box<[State]>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct State {
    accepts: bool,
    /// Sorted by their characters; where none fits, nothing can match any more.
    transitions: Box<[Transition]>,
}

/// The characters from `from` to `to`, and the state behind them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Transition {
    from: u32,
    to: u32,
    state: u32,
}

impl Automaton {
    /// The automaton of an expression; `None` where it would be too large.
    pub(super) fn of(expressions: &mut Expressions, root: ExpressionId) -> Option<Automaton> {
        let mut numbers = FxHashMap::from_iter([(root, 0)]);
        let mut waiting = vec![root];
        let mut states = Vec::new();
        let mut transitions = 0;
        while let Some(id) = waiting.get(states.len()).copied() {
            let mut leading = Vec::new();
            for (from, to) in spans(expressions.boundaries(id)) {
                let next = expressions.derivative(id, from);
                if next == NOTHING {
                    continue;
                }
                let number = *numbers.entry(next).or_insert_with(|| {
                    waiting.push(next);
                    waiting.len() - 1
                });
                join(&mut leading, Transition { from, to, state: u32::try_from(number).ok()? });
            }
            transitions += leading.len();
            if expressions.is_exhausted() || waiting.len() > MAX_STATES || transitions > MAX_TRANSITIONS {
                return None;
            }
            states.push(State { accepts: expressions.is_nullable(id), transitions: leading.into() });
        }
        Some(Automaton { states: states.into() })
    }

    /// Whether the whole term leads to a state that accepts.
    pub(super) fn accepts(&self, term: &str) -> bool {
        let mut state = self.states.first();
        for character in term.chars() {
            state = state.and_then(|state| self.states.get(state.next(u32::from(character))?));
            if state.is_none() {
                return false;
            }
        }
        state.is_some_and(|state| state.accepts)
    }
}

impl State {
    fn next(&self, character: u32) -> Option<usize> {
        let behind = self.transitions.partition_point(|transition| transition.from <= character);
        let transition = self.transitions.get(behind.checked_sub(1)?)?;
        (character <= transition.to).then_some(transition.state as usize)
    }
}

/// From each boundary to before the next.
fn spans(boundaries: Vec<u32>) -> impl Iterator<Item = (u32, u32)> {
    let last = u32::from(char::MAX);
    let ends: Vec<u32> = boundaries.iter().skip(1).map(|next| next - 1).chain([last]).collect();
    boundaries.into_iter().zip(ends).filter(move |(from, _)| *from <= last)
}

/// Adds a transition, to the one before it where both lead to one state.
fn join(transitions: &mut Vec<Transition>, transition: Transition) {
    match transitions.last_mut() {
        Some(last) if last.state == transition.state && last.to + 1 == transition.from => last.to = transition.to,
        _ => transitions.push(transition),
    }
}
