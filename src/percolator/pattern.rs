//! Patterns over single terms: prefix, wildcard, fuzzy, regexp, and a term in any ASCII case.

use std::fmt;

use crate::mapping::VersionRange;
use crate::percolator::regexp::Regexp;

/// A test of one term. Case-insensitive forms fold ASCII only, as Lucene's automata do.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// The term itself, in any ASCII case.
    CaselessTerm(Box<str>),
    /// Terms that begin so.
    Prefix {
        /// The beginning.
        prefix: Box<str>,
        /// In any ASCII case.
        caseless: bool,
    },
    /// `?` is one code point, `*` any run of them.
    Wildcard(Wildcard),
    /// Terms within an edit distance.
    Fuzzy(Fuzzy),
    /// Lucene's regular expressions, anchored.
    Regexp(Regexp),
    /// Terms between two, in the order of versions.
    Versions(VersionRange),
}

impl Pattern {
    /// Whether the term fits.
    pub fn fits(&self, term: &str) -> bool {
        match self {
            Pattern::CaselessTerm(wanted) => term.eq_ignore_ascii_case(wanted),
            Pattern::Prefix { prefix, caseless: false } => term.starts_with(&**prefix),
            Pattern::Prefix { prefix, caseless: true } => {
                term.get(..prefix.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(prefix))
            }
            Pattern::Wildcard(wildcard) => wildcard.fits(term),
            Pattern::Fuzzy(fuzzy) => fuzzy.fits(term),
            Pattern::Regexp(regexp) => regexp.fits(term),
            Pattern::Versions(range) => range.holds(term),
        }
    }
}

impl Pattern {
    /// What every fitting term begins with; empty where nothing is known.
    pub fn beginning(&self) -> String {
        match self {
            Pattern::Prefix { prefix, caseless: false } => prefix.to_string(),
            Pattern::Wildcard(wildcard) if !wildcard.caseless => {
                let literals = wildcard.pieces.iter().map_while(|piece| match piece {
                    Piece::Literal(literal) => Some(*literal),
                    Piece::AnyOne | Piece::AnyRun => None,
                });
                literals.collect()
            }
            Pattern::Fuzzy(fuzzy) => fuzzy.prefix.iter().collect(),
            _ => String::new(),
        }
    }
}

/// What the term must be like: `like "eng*"`.
impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let caseless = match self {
            Pattern::CaselessTerm(term) => {
                write!(formatter, "{term:?}")?;
                true
            }
            Pattern::Prefix { prefix, caseless } => {
                write!(formatter, "that begins with {prefix:?}")?;
                *caseless
            }
            Pattern::Wildcard(wildcard) => {
                write!(formatter, "like {:?}", wildcard.text())?;
                wildcard.caseless
            }
            Pattern::Fuzzy(fuzzy) => {
                let term: String = fuzzy.prefix.iter().chain(&fuzzy.rest).collect();
                let edits = if fuzzy.distance == 1 { "edit" } else { "edits" };
                write!(formatter, "at most {} {edits} from {term:?}", fuzzy.distance)?;
                if !fuzzy.prefix.is_empty() {
                    let prefix: String = fuzzy.prefix.iter().collect();
                    write!(formatter, ", beginning with {prefix:?}")?;
                }
                false
            }
            Pattern::Versions(range) => {
                write!(formatter, "{range} in the order of versions")?;
                false
            }
            Pattern::Regexp(regexp) => {
                write!(formatter, "that fits /{}/", regexp.source())?;
                regexp.is_caseless()
            }
        };
        formatter.write_str(if caseless { " in any case" } else { "" })
    }
}

/// A wildcard pattern, cut into its pieces.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Wildcard {
    pieces: Vec<Piece>,
    caseless: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Piece {
    Literal(char),
    AnyOne,
    AnyRun,
}

impl Wildcard {
    /// Reads a pattern; a backslash makes the next character literal, at the end it stands for itself.
    pub fn parse(pattern: &str, caseless: bool) -> Wildcard {
        let mut pieces = Vec::new();
        let mut characters = pattern.chars();
        while let Some(character) = characters.next() {
            let piece = match character {
                '*' => Piece::AnyRun,
                '?' => Piece::AnyOne,
                '\\' => Piece::Literal(characters.next().unwrap_or('\\')),
                other => Piece::Literal(other),
            };
            if piece != Piece::AnyRun || pieces.last() != Some(&Piece::AnyRun) {
                pieces.push(piece);
            }
        }
        Wildcard { pieces, caseless }
    }

    /// The pattern as one could have written it.
    fn text(&self) -> String {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::AnyRun => text.push('*'),
                Piece::AnyOne => text.push('?'),
                Piece::Literal(literal) => {
                    if matches!(literal, '*' | '?' | '\\') {
                        text.push('\\');
                    }
                    text.push(*literal);
                }
            }
        }
        text
    }

    /// Time is at most the product of both lengths: after a mismatch only the last `*` is tried again.
    fn fits(&self, term: &str) -> bool {
        let mut rest = term.chars();
        let mut pieces = self.pieces.as_slice();
        let mut retry: Option<(&[Piece], std::str::Chars<'_>)> = None;
        loop {
            match (pieces.split_first(), rest.clone().next()) {
                (Some((Piece::AnyRun, after)), _) => {
                    retry = Some((after, rest.clone()));
                    pieces = after;
                }
                (None, None) => return true,
                (Some((piece, after)), Some(character)) if self.piece_fits(*piece, character) => {
                    pieces = after;
                    rest.next();
                }
                _ => {
                    let Some((after, mut from)) = retry.take() else { return false };
                    if from.next().is_none() {
                        return false;
                    }
                    rest = from.clone();
                    pieces = after;
                    retry = Some((after, from));
                }
            }
        }
    }

    fn piece_fits(&self, piece: Piece, character: char) -> bool {
        match piece {
            Piece::AnyOne | Piece::AnyRun => true,
            Piece::Literal(literal) if self.caseless => literal.eq_ignore_ascii_case(&character),
            Piece::Literal(literal) => literal == character,
        }
    }
}

/// Terms within an edit distance, counted in code points (Lucene's `FuzzyQuery`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fuzzy {
    /// The part that must be the same.
    prefix: Vec<char>,
    rest: Vec<char>,
    distance: usize,
    transpositions: bool,
}

impl Fuzzy {
    /// Terms that begin with the first `prefix_length` code points of `term` and whose rest is at most `distance` edits
    /// (with `transpositions`: also swaps of neighbours, each counting one) from the rest of `term`.
    pub fn new(term: &str, distance: usize, prefix_length: usize, transpositions: bool) -> Fuzzy {
        let mut prefix: Vec<char> = term.chars().collect();
        let rest = prefix.split_off(prefix_length.min(prefix.len()));
        Fuzzy { prefix, rest, distance, transpositions }
    }

    /// The only term that fits, where no edit is allowed.
    pub fn only_term(&self) -> Option<String> {
        (self.distance == 0).then(|| self.prefix.iter().chain(&self.rest).collect())
    }

    fn fits(&self, term: &str) -> bool {
        let mut given = term.chars();
        let same_prefix = self.prefix.iter().all(|wanted| given.next() == Some(*wanted));
        // One code point more than can match is enough to know that the term is too long.
        let longest = self.rest.len() + self.distance;
        let given: Vec<char> = given.take(longest + 1).collect();
        same_prefix && given.len() <= longest && self.within_distance(&given)
    }

    /// Optimal string alignment distance by rows, as Lucene's Levenshtein automata accept it.
    fn within_distance(&self, given: &[char]) -> bool {
        let width = given.len() + 1;
        let mut before_last: Vec<usize> = vec![0; width];
        let mut last: Vec<usize> = (0..width).collect();
        for (row, wanted) in self.rest.iter().enumerate() {
            let mut current = Vec::with_capacity(width);
            current.push(row + 1);
            for (column, character) in given.iter().enumerate() {
                let substitution = at(&last, column) + usize::from(wanted != character);
                let insertion = at(&current, column) + 1;
                let deletion = at(&last, column + 1) + 1;
                let mut cost = substitution.min(insertion).min(deletion);
                let swapped = self.transpositions
                    && row > 0
                    && column > 0
                    && self.rest.get(row - 1) == Some(character)
                    && given.get(column - 1) == Some(wanted);
                if swapped {
                    cost = cost.min(at(&before_last, column - 1) + 1);
                }
                current.push(cost);
            }
            before_last = std::mem::replace(&mut last, current);
        }
        last.last().is_some_and(|distance| *distance <= self.distance)
    }
}

fn at(row: &[usize], column: usize) -> usize {
    row.get(column).copied().unwrap_or(usize::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_whole_terms() {
        let cases = [
            ("te*t", "test", true),
            ("te*t", "tet", true),
            ("te*t", "tests", false),
            ("t?st", "test", true),
            ("t?st", "tst", false),
            ("*", "", true),
            ("?", "é", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            (r"a\*b", "a*b", true),
            (r"a\*b", "aXb", false),
            (r"a\", r"a\", true),
            ("*ab", "aab", true),
            ("**a", "bba", true),
        ];
        for (pattern, term, expected) in cases {
            assert_eq!(Wildcard::parse(pattern, false).fits(term), expected, "{pattern} on {term}");
        }
        assert!(Wildcard::parse("TE*", true).fits("test"));
    }

    #[test]
    fn fuzzy_counts_edits_in_code_points() {
        let cases = [
            ("hello", "hallo", 1, 0, true, true),
            ("hello", "hlelo", 1, 0, true, true),
            ("hello", "hlelo", 1, 0, false, false),
            ("hello", "hell", 1, 0, true, true),
            ("hello", "helloo", 1, 0, true, true),
            ("hello", "jallo", 1, 0, true, false),
            ("hello", "jallo", 2, 0, true, true),
            ("hello", "jello", 2, 1, true, false),
            ("naïve", "naive", 1, 0, true, true),
            ("", "ab", 2, 0, true, true),
            ("ab", "abcde", 2, 0, true, false),
            ("ca", "abc", 2, 0, true, false),
        ];
        for (wanted, term, distance, prefix, transpositions, expected) in cases {
            assert_eq!(
                Fuzzy::new(wanted, distance, prefix, transpositions).fits(term),
                expected,
                "{wanted}~{distance} on {term}"
            );
        }
    }
}
