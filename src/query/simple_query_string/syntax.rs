//! Lucene's SimpleQueryParser: what it cannot read it leaves out.
//!
//! Operators have no precedence: each change of operator wraps all that was read before, so `a + b | c` is `(a + b) | c`.
//! That nests as deep as operators alternate, hence the limit.

use super::super::{Expression, ExpressionClause, ExpressionLeaf, Fuzziness, Occur, Operator};
use super::flags::{Flag, Flags};

/// The text nests deeper than is allowed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooDeep;

/// Reads a whole text.
pub(super) fn parse(text: &str, operator: Operator, flags: Flags, depth: usize) -> Result<Expression, TooDeep> {
    if text.trim_matches(|char| char <= ' ') == "*" {
        return Ok(Expression::All);
    }
    let chars: Vec<char> = text.chars().collect();
    let closing = matching_parentheses(&chars, flags);
    let quotes = unescaped_quotes(&chars, flags);
    let default_occur = match operator {
        Operator::Or => Occur::Should,
        Operator::And => Occur::Must,
    };
    let syntax = Syntax { chars: &chars, closing: &closing, quotes: &quotes, flags, default_occur };
    let tree = syntax.level(0, chars.len(), depth)?;
    Ok(tree.top.unwrap_or(Expression::Empty))
}

/// For each opening parenthesis where it is closed. Quotation marks are not looked at, as Lucene does not.
///
/// An escaped one can open a group too: the number after a tilde ends at it and takes its backslash along. It is closed by
/// what closes the level on which it stands.
fn matching_parentheses(chars: &[char], flags: Flags) -> Vec<Option<usize>> {
    let mut closing = vec![None; chars.len()];
    let mut open: Vec<(usize, bool)> = Vec::new();
    let mut escaped = false;
    for (index, char) in chars.iter().enumerate() {
        match char {
            '(' => open.push((index, escaped)),
            ')' if !escaped => {
                while let Some((opened, was_escaped)) = open.pop() {
                    if let Some(slot) = closing.get_mut(opened) {
                        *slot = Some(index);
                    }
                    if !was_escaped {
                        break;
                    }
                }
            }
            _ => {}
        }
        escaped = *char == '\\' && !escaped && flags.has(Flag::Escape);
    }
    closing
}

/// Where quotation marks stand that no backslash escapes.
fn unescaped_quotes(chars: &[char], flags: Flags) -> Vec<usize> {
    let mut quotes = Vec::new();
    let mut escaped = false;
    for (index, char) in chars.iter().enumerate() {
        if *char == '"' && !escaped {
            quotes.push(index);
        }
        escaped = *char == '\\' && flags.has(Flag::Escape) && !escaped;
    }
    quotes
}

struct Syntax<'c> {
    chars: &'c [char],
    closing: &'c [Option<usize>],
    quotes: &'c [usize],
    flags: Flags,
    default_occur: Occur,
}

/// What was read of a level, and the operators between.
struct Tree {
    top: Option<Expression>,
    current: Option<Occur>,
    previous: Option<Occur>,
    negations: usize,
    /// How deep `top` nests.
    depth: usize,
}

impl Syntax<'_> {
    /// Reads from `start` up to `end`.
    fn level(&self, start: usize, end: usize, depth: usize) -> Result<Tree, TooDeep> {
        let Some(deeper) = depth.checked_sub(1) else { return Err(TooDeep) };
        let mut tree = Tree { top: None, current: None, previous: None, negations: 0, depth: 0 };
        let mut index = start;
        while let Some(char) = self.at(index, end) {
            match char {
                '(' if self.flags.has(Flag::Precedence) => index = self.group(index, end, deeper, &mut tree)?,
                ')' if self.flags.has(Flag::Precedence) => index += 1,
                '"' if self.flags.has(Flag::Phrase) => index = self.phrase(index, end, deeper, &mut tree)?,
                '+' if self.flags.has(Flag::And) => {
                    tree.operator(Occur::Must);
                    index += 1;
                }
                '|' if self.flags.has(Flag::Or) => {
                    tree.operator(Occur::Should);
                    index += 1;
                }
                '-' if self.flags.has(Flag::Not) => {
                    tree.negations += 1;
                    index += 1;
                    continue;
                }
                ' ' | '\t' | '\n' | '\r' if self.flags.has(Flag::WhiteSpace) => index += 1,
                _ => index = self.word(index, end, deeper, &mut tree)?,
            }
            tree.negations = 0;
        }
        Ok(tree)
    }

    fn at(&self, index: usize, end: usize) -> Option<char> {
        if index < end { self.chars.get(index).copied() } else { None }
    }

    /// A group from its opening parenthesis; one that is never closed is left out.
    fn group(&self, open: usize, end: usize, depth: usize, tree: &mut Tree) -> Result<usize, TooDeep> {
        let start = open + 1;
        match self.closing.get(open).copied().flatten().filter(|close| *close < end) {
            None => Ok(start),
            Some(close) if close == start => {
                tree.current = None;
                Ok(close + 1)
            }
            Some(close) => {
                let inner = self.level(start, close, depth)?;
                if let Some(top) = inner.top {
                    tree.branch(top, inner.depth, self.default_occur, depth)?;
                }
                Ok(close + 1)
            }
        }
    }

    /// Where the phrase that begins at `start` is closed.
    ///
    /// Looked up and not scanned for, so that marks which are never closed cost no walk to the end each. A mark that the look-up
    /// takes for escaped may be preceded by backslashes of which the first stands before `start`; these are counted from there.
    fn closing_quote(&self, start: usize, end: usize) -> Option<usize> {
        let backslashes = (start..end).take_while(|index| self.at(*index, end) == Some('\\')).count();
        let mark = start + backslashes;
        let is_escaped = self.flags.has(Flag::Escape) && backslashes % 2 == 1;
        let from = match self.at(mark, end) {
            Some('"') if !is_escaped => return Some(mark),
            Some('"') => mark + 1,
            _ => mark,
        };
        let next = self.quotes.partition_point(|quote| *quote < from);
        self.quotes.get(next).copied().filter(|quote| *quote < end)
    }

    /// A phrase from its opening quotation mark; one that is never closed is left out.
    fn phrase(&self, open: usize, end: usize, depth: usize, tree: &mut Tree) -> Result<usize, TooDeep> {
        let start = open + 1;
        let Some(mut index) = self.closing_quote(start, end) else { return Ok(start) };
        let mut text = String::new();
        let mut escaped = false;
        for char in self.chars.get(start..index).unwrap_or_default() {
            escaped = *char == '\\' && !escaped && self.flags.has(Flag::Escape);
            if !escaped {
                text.push(*char);
            }
        }
        let near = self.at(index + 1, end) == Some('~') && self.flags.has(Flag::Near);
        let near_at_end = near && self.at(index + 2, end).is_none();
        if index == start && !near {
            tree.current = None;
            return Ok(index + 1);
        }
        let mut slop = 0;
        if near {
            index += 1;
        }
        if near && !near_at_end {
            (slop, index) = self.number_after_tilde(index, end);
        }
        let leaf = ExpressionLeaf::Phrase { text, slop: Some(slop) };
        tree.branch(Expression::Leaf { field: None, leaf }, 0, self.default_occur, depth)?;
        // Lucene steps over the closing mark here, or over whatever ended the number.
        Ok(index + 1)
    }

    /// A word with what may stand at its end: `*` or `~N`.
    fn word(&self, start: usize, end: usize, depth: usize, tree: &mut Tree) -> Result<usize, TooDeep> {
        let mut text = String::new();
        let mut index = start;
        let (mut escaped, mut prefix, mut fuzzy) = (false, false, false);
        while let Some(char) = self.at(index, end) {
            if !escaped {
                if char == '\\' && self.flags.has(Flag::Escape) {
                    escaped = true;
                    prefix = false;
                    index += 1;
                    continue;
                }
                if self.ends_word(char) {
                    break;
                }
                if !text.is_empty() && char == '~' && self.flags.has(Flag::Fuzzy) {
                    fuzzy = true;
                    break;
                }
                prefix = !text.is_empty() && char == '*' && self.flags.has(Flag::Prefix);
            }
            escaped = false;
            text.push(char);
            index += 1;
        }
        if text.is_empty() {
            return Ok(index);
        }
        let leaf = if fuzzy {
            let (edits, after) = self.number_after_tilde(index, end);
            index = after;
            match edits {
                0 => ExpressionLeaf::Text(text),
                1 => ExpressionLeaf::Fuzzy { text, distance: Some(Fuzziness::One) },
                _ => ExpressionLeaf::Fuzzy { text, distance: Some(Fuzziness::Two) },
            }
        } else if prefix {
            text.pop();
            ExpressionLeaf::Prefix(text)
        } else {
            ExpressionLeaf::Text(text)
        };
        tree.branch(Expression::Leaf { field: None, leaf }, 0, self.default_occur, depth)?;
        Ok(index)
    }

    /// The number after the tilde at `tilde`: 2 if nothing is written, 0 if it is no number; and where it ends.
    fn number_after_tilde(&self, tilde: usize, end: usize) -> (u32, usize) {
        let mut index = tilde + 1;
        let mut written = String::new();
        while let Some(char) = self.at(index, end).filter(|char| !self.ends_word(*char)) {
            written.push(char);
            index += 1;
        }
        let number = if written.is_empty() { 2 } else { written.parse::<i32>().unwrap_or(0) };
        (u32::try_from(number).unwrap_or(0), index)
    }

    fn ends_word(&self, char: char) -> bool {
        let flag = match char {
            '"' => Flag::Phrase,
            '|' => Flag::Or,
            '+' => Flag::And,
            '(' | ')' => Flag::Precedence,
            ' ' | '\t' | '\n' | '\r' => Flag::WhiteSpace,
            _ => return false,
        };
        self.flags.has(flag)
    }
}

impl Tree {
    /// An operator counts if there is something before it and no other operator since.
    fn operator(&mut self, occur: Occur) {
        if self.top.is_some() {
            self.current.get_or_insert(occur);
        }
    }

    /// Adds what was read, which nests `nested` deep, under the operator before it.
    fn branch(&mut self, branch: Expression, nested: usize, default: Occur, limit: usize) -> Result<(), TooDeep> {
        let (branch, nested) = if self.negations % 2 == 1 {
            let not = ExpressionClause::new(Occur::MustNot, branch);
            (Expression::Bool(vec![not, ExpressionClause::new(Occur::Should, Expression::All)]), nested + 1)
        } else {
            (branch, nested)
        };
        let Some(top) = self.top.take() else {
            self.top = Some(branch);
            self.depth = nested;
            return if nested > limit { Err(TooDeep) } else { Ok(()) };
        };
        let current = self.current.take().unwrap_or(default);
        let mut clauses = match top {
            Expression::Bool(clauses) if self.previous == Some(current) => clauses,
            other => {
                self.depth += 1;
                vec![ExpressionClause::new(current, other)]
            }
        };
        clauses.push(ExpressionClause::new(current, branch));
        self.depth = self.depth.max(nested + 1);
        self.top = Some(Expression::Bool(clauses));
        self.previous = Some(current);
        if self.depth > limit { Err(TooDeep) } else { Ok(()) }
    }
}
