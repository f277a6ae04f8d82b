//! Reads Lucene's syntax.

use super::RegexpError;
use super::expression::{EMPTY, ExpressionId, Expressions, NOTHING};
use super::numbers;
use super::ranges::Ranges;
use crate::query::RegexpFlags;

/// The deepest nesting of groups and operators.
const MAX_DEPTH: usize = 200;

/// Reads a pattern into `expressions`.
pub(super) fn parse(
    pattern: &str,
    flags: RegexpFlags,
    caseless: bool,
    expressions: &mut Expressions,
) -> Result<ExpressionId, RegexpError> {
    let characters = pattern.chars().collect();
    let mut parser = Parser { pattern, characters, position: 0, flags, caseless, expressions, depth: 0 };
    if pattern.is_empty() {
        return Ok(EMPTY);
    }
    let root = parser.union()?;
    if parser.position < parser.characters.len() {
        return Err(parser.error("unexpected character"));
    }
    Ok(root)
}

struct Parser<'a> {
    pattern: &'a str,
    characters: Vec<char>,
    position: usize,
    flags: RegexpFlags,
    caseless: bool,
    expressions: &'a mut Expressions,
    depth: usize,
}

impl Parser<'_> {
    fn error(&self, reason: &'static str) -> RegexpError {
        RegexpError::Malformed { pattern: self.pattern.to_owned(), reason, position: self.position }
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

    fn union(&mut self) -> Result<ExpressionId, RegexpError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error("groups are nested more than 200 deep"));
        }
        let mut alternatives = vec![self.intersection()?];
        while self.take('|') {
            alternatives.push(self.intersection()?);
        }
        self.depth -= 1;
        Ok(self.expressions.any_of(alternatives))
    }

    fn intersection(&mut self) -> Result<ExpressionId, RegexpError> {
        let mut left = self.concat()?;
        while self.flags.intersection && self.take('&') {
            let right = self.concat()?;
            left = self.expressions.all_of(vec![left, right]);
        }
        Ok(left)
    }

    fn concat(&mut self) -> Result<ExpressionId, RegexpError> {
        let mut parts = vec![self.repeat()?];
        while let Some(character) = self.peek() {
            let ends = matches!(character, ')' | '|') || (self.flags.intersection && character == '&');
            if ends {
                break;
            }
            parts.push(self.repeat()?);
        }
        Ok(self.expressions.sequence(&parts))
    }

    fn repeat(&mut self) -> Result<ExpressionId, RegexpError> {
        let mut part = self.complement()?;
        loop {
            let (least, most) = match self.peek() {
                Some('?') => (0, Some(1)),
                Some('*') => (0, None),
                Some('+') => (1, None),
                Some('{') => {
                    self.position += 1;
                    let counts = self.counts()?;
                    part = self.expressions.repeat(part, counts.0, counts.1);
                    continue;
                }
                _ => return Ok(part),
            };
            self.position += 1;
            part = self.expressions.repeat(part, least, most);
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

    fn complement(&mut self) -> Result<ExpressionId, RegexpError> {
        if !(self.flags.complement && self.take('~')) {
            return self.atom();
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error("operators are nested more than 200 deep"));
        }
        let inner = self.complement()?;
        self.depth -= 1;
        Ok(self.expressions.not(inner))
    }

    fn atom(&mut self) -> Result<ExpressionId, RegexpError> {
        let Some(character) = self.next() else { return Err(self.error("unexpected end of expression")) };
        match character {
            '.' => Ok(self.expressions.class(Ranges::all())),
            '#' if self.flags.empty => Ok(NOTHING),
            '@' if self.flags.anystring => Ok(self.expressions.anything()),
            '[' => self.class(),
            '"' => self.quoted(),
            '(' if self.take(')') => Ok(EMPTY),
            '(' => {
                let inner = self.union()?;
                self.expect(')', "expected ')'")?;
                Ok(inner)
            }
            '<' if self.flags.interval => self.interval(),
            '\\' => self.escape(),
            other => Ok(self.one(other)),
        }
    }

    fn one(&mut self, character: char) -> ExpressionId {
        self.one_of(vec![(character, character)], false)
    }

    fn one_of(&mut self, ranges: Vec<(char, char)>, negated: bool) -> ExpressionId {
        let mut ranges = Ranges::new(ranges);
        if self.caseless {
            ranges = ranges.in_any_case();
        }
        self.expressions.class(if negated { ranges.complement() } else { ranges })
    }

    fn quoted(&mut self) -> Result<ExpressionId, RegexpError> {
        let mut parts = Vec::new();
        loop {
            match self.next() {
                None => return Err(self.error("expected '\"'")),
                Some('"') => break,
                Some(character) => parts.push(self.one(character)),
            }
        }
        Ok(self.expressions.sequence(&parts))
    }

    fn escape(&mut self) -> Result<ExpressionId, RegexpError> {
        let Some(character) = self.next() else { return Err(self.error("unexpected end of expression after '\\'")) };
        Ok(match predefined(character) {
            Some((ranges, negated)) => self.one_of(ranges, negated),
            None => self.one(character),
        })
    }

    fn class(&mut self) -> Result<ExpressionId, RegexpError> {
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
        Ok(self.one_of(ranges, negated))
    }

    fn interval(&mut self) -> Result<ExpressionId, RegexpError> {
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
        Ok(numbers::between(self.expressions, from.min(to), from.max(to), digits))
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
