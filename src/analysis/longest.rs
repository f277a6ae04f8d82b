//! The longest match of a grammar at one place of a text, as tokenizers made by JFlex and by automata take it.

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::util::{start, syntax};
use regex_automata::{Anchored, MatchKind};

/// An automaton beyond this size in bytes is refused.
const MAX_SIZE: usize = 4 << 20;

/// A compiled grammar over bytes.
#[derive(Debug)]
pub(super) struct Longest {
    dfa: dense::DFA<Vec<u32>>,
}

impl Longest {
    /// Compiles a regular expression, of text where `unicode` and else of single bytes.
    pub(super) fn new(pattern: &str, unicode: bool) -> Result<Longest, String> {
        let config = dense::Config::new()
            .match_kind(MatchKind::All)
            .start_kind(StartKind::Anchored)
            .dfa_size_limit(Some(MAX_SIZE))
            .determinize_size_limit(Some(MAX_SIZE));
        dense::Builder::new()
            .configure(config)
            .syntax(syntax::Config::new().unicode(unicode).utf8(unicode).dot_matches_new_line(true))
            .thompson(regex_automata::nfa::thompson::Config::new().utf8(unicode).nfa_size_limit(Some(MAX_SIZE)))
            .build(pattern)
            .map(|dfa| Longest { dfa })
            .map_err(|error| format!("the pattern is not supported within {MAX_SIZE} bytes: {error}"))
    }

    /// How many of the bytes at the start are matched, none where nothing is.
    pub(super) fn count(&self, bytes: impl Iterator<Item = u8>) -> usize {
        let Ok(mut state) = self.dfa.start_state(&start::Config::new().anchored(Anchored::Yes)) else { return 0 };
        let mut longest = 0;
        let mut seen = 0;
        for byte in bytes {
            // A match shows one step late: it ended before this byte.
            state = self.dfa.next_state(state, byte);
            if self.dfa.is_match_state(state) {
                longest = seen;
            } else if self.dfa.is_dead_state(state) {
                return longest;
            }
            seen += 1;
        }
        if self.dfa.is_match_state(self.dfa.next_eoi_state(state)) { seen } else { longest }
    }
}
