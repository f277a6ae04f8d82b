//! Lucene's regular expressions: anchored, without back-references, with its optional operators.
//!
//! Syntax after Lucene's `RegExp` class: union `|`, intersection `&`, complement `~`, repeats `? * + {n} {n,} {n,m}`, classes
//! `[a-z]` `[^a-z]`, `.`, quoted `"text"`, any string `@`, the empty language `#`, numeric intervals `<1-100>`, groups, escapes and the
//! classes `\d \D \w \W \s \S`.
//!
//! A term is matched by computing, for a part of the expression and a place in the term, the set of places where a match can
//! end. Every such set is computed once; and whatever an expression and a term do to each other, the work has an end
//! ([`MAX_STEPS`]).

use rustc_hash::FxHashMap;

use crate::query::RegexpFlags;

/// A parsed regular expression.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Regexp {
    source: Box<str>,
    parts: Vec<Part>,
    root: usize,
    caseless: bool,
}

/// Why an expression is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("bad regular expression {pattern:?}: {reason} at character {position}")]
pub struct RegexpError {
    pattern: String,
    reason: &'static str,
    position: usize,
}

/// The deepest nesting of groups and operators.
const MAX_DEPTH: usize = 200;
/// So many steps are spent on one term: expressions that people write take some thousands, even on long terms. One that takes
/// more (nested repeats on thousands of equal letters) is given up, and does not match.
const MAX_STEPS: usize = 5_000_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Part {
    Nothing,
    EmptyText,
    AnyText,
    AnyOne,
    One(char),
    Class { ranges: Vec<(char, char)>, negated: bool },
    Number { from: u64, to: u64, digits: usize },
    Concat(Vec<usize>),
    Union(Vec<usize>),
    Intersection(usize, usize),
    Complement(usize),
    Repeat { part: usize, least: u32, most: Option<u32> },
}

impl Regexp {
    /// Reads an expression.
    ///
    /// # Errors
    /// Where Lucene refuses it too, and where it is nested more than 200 deep.
    pub fn parse(pattern: &str, flags: RegexpFlags, caseless: bool) -> Result<Regexp, RegexpError> {
        let mut parser =
            Parser { pattern, characters: pattern.chars().collect(), position: 0, flags, parts: Vec::new(), depth: 0 };
        let root = if pattern.is_empty() { parser.add(Part::EmptyText) } else { parser.union()? };
        if parser.position < parser.characters.len() {
            return Err(parser.error("unexpected character"));
        }
        Ok(Regexp { source: pattern.into(), parts: parser.parts, root, caseless })
    }

    /// The expression as it was read.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether ASCII letters stand for both cases.
    pub fn is_caseless(&self) -> bool {
        self.caseless
    }

    /// Whether the whole term matches.
    pub fn fits(&self, term: &str) -> bool {
        let term: Vec<char> = term.chars().collect();
        let end = term.len();
        let mut run = Run { regexp: self, term: &term, ends: FxHashMap::default(), steps_left: MAX_STEPS };
        run.ends_of(self.root, 0).contains(&end) && run.steps_left > 0
    }
}

struct Parser<'a> {
    pattern: &'a str,
    characters: Vec<char>,
    position: usize,
    flags: RegexpFlags,
    parts: Vec<Part>,
    depth: usize,
}

impl Parser<'_> {
    fn error(&self, reason: &'static str) -> RegexpError {
        RegexpError { pattern: self.pattern.to_owned(), reason, position: self.position }
    }

    fn add(&mut self, part: Part) -> usize {
        self.parts.push(part);
        self.parts.len() - 1
    }

    fn peek(&self) -> Option<char> {
        self.characters.get(self.position).copied()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek();
        self.position += usize::from(character.is_some());
        character
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.position += usize::from(found);
        found
    }

    fn expect(&mut self, wanted: char, reason: &'static str) -> Result<(), RegexpError> {
        if self.take(wanted) { Ok(()) } else { Err(self.error(reason)) }
    }

    fn union(&mut self) -> Result<usize, RegexpError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error("groups are nested more than 200 deep"));
        }
        let mut alternatives = vec![self.intersection()?];
        while self.take('|') {
            alternatives.push(self.intersection()?);
        }
        self.depth -= 1;
        Ok(self.one_or(alternatives, Part::Union))
    }

    fn intersection(&mut self) -> Result<usize, RegexpError> {
        let mut left = self.concat()?;
        while self.flags.intersection && self.take('&') {
            let right = self.concat()?;
            left = self.add(Part::Intersection(left, right));
        }
        Ok(left)
    }

    fn concat(&mut self) -> Result<usize, RegexpError> {
        let mut parts = vec![self.repeat()?];
        while let Some(character) = self.peek() {
            let ends = matches!(character, ')' | '|') || (self.flags.intersection && character == '&');
            if ends {
                break;
            }
            parts.push(self.repeat()?);
        }
        Ok(self.one_or(parts, Part::Concat))
    }

    fn one_or(&mut self, mut parts: Vec<usize>, several: fn(Vec<usize>) -> Part) -> usize {
        match (parts.len(), parts.pop()) {
            (1, Some(only)) => only,
            (_, last) => {
                parts.extend(last);
                self.add(several(parts))
            }
        }
    }

    fn repeat(&mut self) -> Result<usize, RegexpError> {
        let mut part = self.complement()?;
        loop {
            let (least, most) = match self.peek() {
                Some('?') => (0, Some(1)),
                Some('*') => (0, None),
                Some('+') => (1, None),
                Some('{') => {
                    self.position += 1;
                    let counts = self.counts()?;
                    part = self.add(Part::Repeat { part, least: counts.0, most: counts.1 });
                    continue;
                }
                _ => return Ok(part),
            };
            self.position += 1;
            part = self.add(Part::Repeat { part, least, most });
        }
    }

    fn counts(&mut self) -> Result<(u32, Option<u32>), RegexpError> {
        let least = self.count()?;
        let most = if self.take(',') {
            if self.peek() == Some('}') { None } else { Some(self.count()?) }
        } else {
            Some(least)
        };
        self.expect('}', "expected '}'")?;
        Ok((least, most))
    }

    fn count(&mut self) -> Result<u32, RegexpError> {
        let count = self.number()?.ok_or_else(|| self.error("integer expected"))?;
        u32::try_from(count).map_err(|_| self.error("number too large"))
    }

    fn number(&mut self) -> Result<Option<u64>, RegexpError> {
        let mut number: Option<u64> = None;
        while let Some(digit) = self.peek().and_then(|character| character.to_digit(10)) {
            self.position += 1;
            let grown = number.unwrap_or(0).checked_mul(10).and_then(|number| number.checked_add(u64::from(digit)));
            number = Some(grown.ok_or_else(|| self.error("number too large"))?);
        }
        Ok(number)
    }

    fn complement(&mut self) -> Result<usize, RegexpError> {
        if !(self.flags.complement && self.take('~')) {
            return self.atom();
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error("operators are nested more than 200 deep"));
        }
        let inner = self.complement()?;
        self.depth -= 1;
        Ok(self.add(Part::Complement(inner)))
    }

    fn atom(&mut self) -> Result<usize, RegexpError> {
        let Some(character) = self.next() else { return Err(self.error("unexpected end of expression")) };
        let part = match character {
            '.' => Part::AnyOne,
            '#' if self.flags.empty => Part::Nothing,
            '@' if self.flags.anystring => Part::AnyText,
            '[' => self.class()?,
            '"' => return self.quoted(),
            '(' if self.take(')') => Part::EmptyText,
            '(' => {
                let inner = self.union()?;
                self.expect(')', "expected ')'")?;
                return Ok(inner);
            }
            '<' if self.flags.interval => self.interval()?,
            '\\' => self.escape()?,
            other => Part::One(other),
        };
        Ok(self.add(part))
    }

    fn quoted(&mut self) -> Result<usize, RegexpError> {
        let mut parts = Vec::new();
        loop {
            match self.next() {
                None => return Err(self.error("expected '\"'")),
                Some('"') => break,
                Some(character) => parts.push(self.add(Part::One(character))),
            }
        }
        if parts.is_empty() { Ok(self.add(Part::EmptyText)) } else { Ok(self.one_or(parts, Part::Concat)) }
    }

    fn escape(&mut self) -> Result<Part, RegexpError> {
        let Some(character) = self.next() else { return Err(self.error("unexpected end of expression after '\\'")) };
        Ok(match predefined(character) {
            Some((ranges, negated)) => Part::Class { ranges, negated },
            None => Part::One(character),
        })
    }

    fn class(&mut self) -> Result<Part, RegexpError> {
        let negated = self.take('^');
        let mut ranges = Vec::new();
        loop {
            let Some(mut from) = self.next() else { return Err(self.error("expected ']'")) };
            if from == '\\' {
                from = self.next().ok_or_else(|| self.error("unexpected end of expression after '\\'"))?;
                if let Some((predefined, false)) = predefined(from) {
                    ranges.extend(predefined);
                    if self.take(']') {
                        break;
                    }
                    continue;
                }
            }
            let mut to = from;
            if self.take('-') {
                to = self.next().ok_or_else(|| self.error("expected the end of a range"))?;
                if to == '\\' {
                    to = self.next().ok_or_else(|| self.error("unexpected end of expression after '\\'"))?;
                }
            }
            if to < from {
                return Err(self.error("a range ends before it begins"));
            }
            ranges.push((from, to));
            if self.take(']') {
                break;
            }
        }
        Ok(Part::Class { ranges, negated })
    }

    fn interval(&mut self) -> Result<Part, RegexpError> {
        let start = self.position;
        let from = self.number()?.ok_or_else(|| self.error("interval syntax is <1-100>"))?;
        let from_digits = self.position - start;
        self.expect('-', "interval syntax is <1-100>")?;
        let start = self.position;
        let to = self.number()?.ok_or_else(|| self.error("interval syntax is <1-100>"))?;
        let to_digits = self.position - start;
        self.expect('>', "interval syntax is <1-100>")?;
        // Bounds of one length want numbers padded to that length, as in Lucene.
        let digits = if from_digits == to_digits { from_digits } else { 0 };
        Ok(Part::Number { from: from.min(to), to: from.max(to), digits })
    }
}

fn predefined(letter: char) -> Option<(Vec<(char, char)>, bool)> {
    let ranges = match letter.to_ascii_lowercase() {
        'd' => vec![('0', '9')],
        'w' => vec![('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        's' => vec![('\t', '\n'), ('\r', '\r'), (' ', ' ')],
        _ => return None,
    };
    Some((ranges, letter.is_ascii_uppercase()))
}

/// The character in lower and upper case, where that is one character.
fn other_cases(character: char) -> impl Iterator<Item = char> {
    let mut lower = character.to_lowercase();
    let mut upper = character.to_uppercase();
    let lower = lower.next().filter(|_| lower.next().is_none());
    let upper = upper.next().filter(|_| upper.next().is_none());
    lower.into_iter().chain(upper)
}

/// One matching of one term: the ends found so far, by (part, start).
struct Run<'a> {
    regexp: &'a Regexp,
    term: &'a [char],
    ends: FxHashMap<(usize, usize), Vec<usize>>,
    /// 0 once they are spent; the answer means nothing then.
    steps_left: usize,
}

impl Run<'_> {
    /// Where a match of the part that begins at `start` can end; sorted.
    fn ends_of(&mut self, part: usize, start: usize) -> Vec<usize> {
        if let Some(known) = self.ends.get(&(part, start)) {
            return known.clone();
        }
        let regexp = self.regexp;
        let mut ends = match regexp.parts.get(part) {
            None | Some(Part::Nothing) => Vec::new(),
            Some(Part::EmptyText) => vec![start],
            Some(Part::AnyText) => (start..=self.term.len()).collect(),
            Some(Part::AnyOne) => self.one(start, |_| true),
            Some(Part::One(wanted)) => self.one(start, |given| self.same(*wanted, given)),
            Some(Part::Class { ranges, negated }) => self.one(start, |given| {
                let within = |given: char| ranges.iter().any(|(from, to)| (*from..=*to).contains(&given));
                let found = within(given) || (regexp.caseless && other_cases(given).any(within));
                found != *negated
            }),
            Some(Part::Number { from, to, digits }) => self.numbers(start, *from, *to, *digits),
            Some(Part::Concat(parts)) => {
                parts.iter().fold(vec![start], |starts, part| self.ends_of_all(*part, &starts))
            }
            Some(Part::Union(parts)) => parts.iter().flat_map(|part| self.ends_of(*part, start)).collect(),
            Some(Part::Intersection(left, right)) => {
                let right = self.ends_of(*right, start);
                self.ends_of(*left, start).into_iter().filter(|end| right.binary_search(end).is_ok()).collect()
            }
            Some(Part::Complement(inner)) => {
                let inner = self.ends_of(*inner, start);
                (start..=self.term.len()).filter(|end| inner.binary_search(end).is_err()).collect()
            }
            // Lucene takes {2,1}, and it matches nothing.
            Some(Part::Repeat { least, most: Some(most), .. }) if most < least => Vec::new(),
            Some(Part::Repeat { part, least, most }) => self.repeats(*part, start, *least, *most),
        };
        ends.sort_unstable();
        ends.dedup();
        self.ends.insert((part, start), ends.clone());
        ends
    }

    fn ends_of_all(&mut self, part: usize, starts: &[usize]) -> Vec<usize> {
        let mut all = Vec::new();
        for start in starts {
            let ends = self.ends_of(part, *start);
            self.steps_left = self.steps_left.saturating_sub(ends.len() + 1);
            if self.steps_left == 0 {
                return Vec::new();
            }
            all.extend(ends);
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    fn repeats(&mut self, part: usize, start: usize, least: u32, most: Option<u32>) -> Vec<usize> {
        let mut reached = vec![start];
        for _ in 0..least {
            let next = self.ends_of_all(part, &reached);
            // From here on every round would bring the same: the time does not follow the count.
            let is_settled = next == reached;
            reached = next;
            if is_settled {
                break;
            }
        }
        let mut seen = vec![false; self.term.len() + 1];
        let mut is_new = |end: &usize| seen.get_mut(*end).is_some_and(|seen| !std::mem::replace(seen, true));
        let mut all = reached.clone();
        all.retain(&mut is_new);
        let mut rounds = 0;
        while !reached.is_empty() && most.is_none_or(|most| rounds < most - least) {
            reached = self.ends_of_all(part, &reached);
            reached.retain(&mut is_new);
            all.extend(&reached);
            rounds += 1;
        }
        all
    }

    fn one(&self, start: usize, fits: impl Fn(char) -> bool) -> Vec<usize> {
        self.term.get(start).filter(|given| fits(**given)).map(|_| start + 1).into_iter().collect()
    }

    fn same(&self, wanted: char, given: char) -> bool {
        wanted == given || (self.regexp.caseless && other_cases(given).any(|other| other == wanted))
    }

    fn numbers(&self, start: usize, from: u64, to: u64, digits: usize) -> Vec<usize> {
        let mut ends = Vec::new();
        let mut number = 0_u64;
        for (length, character) in (1..).zip(self.term.iter().skip(start)) {
            let Some(digit) = character.to_digit(10) else { break };
            let Some(grown) = number.checked_mul(10).and_then(|number| number.checked_add(u64::from(digit))) else {
                break;
            };
            number = grown;
            if (from..=to).contains(&number) && (digits == 0 || length == digits) {
                ends.push(start + length);
            }
        }
        ends
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
    fn hostile_expressions_on_long_terms_come_to_an_end() {
        let term = "a".repeat(30_000);
        for pattern in ["(((a*)*)*)*b", "(a|aa)+b", "(a?){500}(a*)*c", "~((a*)*b)&(a*)*c"] {
            assert!(!Regexp::parse(pattern, ALL, false).unwrap().fits(&term), "/{pattern}/");
        }
        let long = format!("{}python{}", "x".repeat(3_000), "y".repeat(3_000));
        assert!(Regexp::parse(".*python.*", ALL, false).unwrap().fits(&long));
    }

    #[test]
    fn broken_expressions_are_refused() {
        for pattern in ["(", "[a", "a{", "a{2", "\"a", "<1-", "a\\", "a|", "[a-]", "[^]", "~", "(a|)"] {
            assert!(Regexp::parse(pattern, ALL, false).is_err(), "/{pattern}/");
        }
        assert!(Regexp::parse(&"(".repeat(10_000), ALL, false).is_err());
    }
}
