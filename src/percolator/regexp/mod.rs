//! Lucene's regular expressions: anchored, without back-references, with its optional operators.
//!
//! Syntax after Lucene's `RegExp` class: union `|`, intersection `&`, complement `~`, repeats `? * + {n} {n,} {n,m}`, classes
//! `[a-z]` `[^a-z]`, `.`, quoted `"text"`, any string `@`, the empty language `#`, numeric intervals `<1-100>`, groups, escapes and the
//! classes `\d \D \w \W \s \S`.
//!
//! An expression becomes a deterministic automaton by Brzozowski's derivatives: complement and intersection are as easy there as
//! union. So a term is matched in one step a character, whatever the expression is; one whose automaton would be too large is
//! refused.

mod automaton;
mod expression;
mod numbers;
mod parser;
mod ranges;

use std::sync::Arc;

use automaton::Automaton;
use expression::Expressions;

use crate::query::RegexpFlags;

/// A regular expression, ready to be matched.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Regexp {
    source: Box<str>,
    caseless: bool,
    automaton: Arc<Automaton>,
}

/// Why an expression is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegexpError {
    /// Where Lucene refuses it too, and where it is nested more than 200 deep.
    #[error("bad regular expression {pattern:?}: {reason} at character {position}")]
    Malformed { pattern: String, reason: &'static str, position: usize },
    /// The automaton would be too large.
    #[error(
        "the regular expression {pattern:?} is too complex: it needs more than {} states or {} transitions",
        automaton::MAX_STATES,
        automaton::MAX_TRANSITIONS
    )]
    TooComplex { pattern: String },
}

impl Regexp {
    /// Reads an expression.
    ///
    /// # Errors
    /// Where Lucene refuses it too, where it is nested more than 200 deep, and where its automaton is too large.
    pub fn parse(pattern: &str, flags: RegexpFlags, caseless: bool) -> Result<Regexp, RegexpError> {
        let mut expressions = Expressions::default();
        let root = parser::parse(pattern, flags, caseless, &mut expressions)?;
        match Automaton::of(&mut expressions, root) {
            Some(automaton) => Ok(Regexp { source: pattern.into(), caseless, automaton: Arc::new(automaton) }),
            None => Err(RegexpError::TooComplex { pattern: pattern.to_owned() }),
        }
    }

    /// The expression as it was read.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether ASCII letters stand for both cases.
    pub fn is_caseless(&self) -> bool {
        self.caseless
    }

    /// Whether the whole term matches: one step a character.
    pub fn fits(&self, term: &str) -> bool {
        self.automaton.accepts(term)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: RegexpFlags =
        RegexpFlags { complement: true, empty: true, interval: true, intersection: true, anystring: true };

    #[test]
    fn expressions_match_whole_terms() {
        let cases = [
            ("ab.", "abc", true),
            ("ab.", "ab", false),
            ("ab?c", "ac", true),
            ("(ab)+", "ababab", true),
            ("(ab)+", "aba", false),
            ("a{2,3}", "aaaa", false),
            ("a{2,}", "aaaa", true),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("a|bc", "bc", true),
            ("aaa&a.*", "aaa", true),
            ("~(abc)", "abd", true),
            ("~(abc)", "abc", false),
            ("a@", "anything", true),
            ("foo<1-100>", "foo17", true),
            ("foo<01-99>", "foo7", false),
            ("<95-1010>", "94", false),
            ("<95-1010>", "95", true),
            ("<95-1010>", "00999", true),
            ("<95-1010>", "1010", true),
            ("<95-1010>", "1011", false),
            ("<0-0>", "000", false),
            ("<0-10>", "000", true),
            ("<0-10>", "", false),
            ("<0-18446744073709551615>", "18446744073709551615", true),
            ("<0-18446744073709551615>", "18446744073709551616", false),
            ("<007-012>", "010", true),
            ("<007-012>", "7", false),
            ("(~(ab)c)*", "xcabcc", true),
            ("a{2,1}", "aa", false),
            ("(|a){3}b", "aab", false),
            ("(a?){3}b", "aab", true),
            ("(a*b&.{3})+", "aabbab", false),
            ("(a*b&.{3})+", "aabaab", true),
            ("#|a", "a", true),
            ("\"a.c\"", "abc", false),
            (r"a\.c", "a.c", true),
            (r"\d{4}", "2024", true),
            ("(a*)*", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", false),
            ("", "", true),
            ("|", "|", true),
            ("*a", "*a", true),
            ("[]a]", "]", true),
            ("a{1001}", "a", false),
            ("(){999999999}", "", true),
        ];
        for (pattern, term, expected) in cases {
            let regexp = Regexp::parse(pattern, ALL, false).unwrap();
            assert_eq!(regexp.fits(term), expected, "/{pattern}/ on {term}");
        }
        assert!(Regexp::parse("Ab[C-D]", ALL, true).unwrap().fits("aBd"));
    }

    #[test]
    fn hostile_expressions_take_a_step_a_character() {
        let term = "a".repeat(30_000);
        for pattern in
            ["(((a*)*)*)*b", "(a|aa)+b", "(a?){500}(a*)*c", "~((a*)*b)&(a*)*c", "(a*){1,1000}b", "((a{1,5}){1,5}){1,5}"]
        {
            assert!(!Regexp::parse(pattern, ALL, false).unwrap().fits(&term), "/{pattern}/");
        }
        let long = format!("{}python{}", "x".repeat(3_000), "y".repeat(3_000));
        assert!(Regexp::parse(".*python.*", ALL, false).unwrap().fits(&long));
    }

    #[test]
    fn expressions_that_need_too_many_states_are_refused_by_the_bound() {
        for pattern in [
            "[ab]*a[ab]{14}",
            "a{10001}",
            "(.*a.{9}){40}",
            "~(.*a.{30}b)",
            "(a{1,99}){1,99}{1,99}b",
            "(.{1,30}a){30}&(.{1,29}b){30}",
        ] {
            let refused = Regexp::parse(pattern, ALL, false).err();
            let reason = refused.map(|error| error.to_string()).unwrap_or_default();
            assert!(reason.contains("more than 10000 states"), "/{pattern}/: {reason}");
        }
    }

    #[test]
    fn broken_expressions_are_refused() {
        for pattern in ["(", "[a", "a{", "a{2", "\"a", "<1-", "a\\", "a|", "[a-]", "[^]", "~", "(a|)"] {
            assert!(Regexp::parse(pattern, ALL, false).is_err(), "/{pattern}/");
        }
        assert!(Regexp::parse(&"(".repeat(10_000), ALL, false).is_err());
    }
}
