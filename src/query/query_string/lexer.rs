//! Tokens of Lucene's classic query language.
//!
//! Lucene's grammar takes the longest match, and of matches of equal length the rule that stands first. So `AND` is an
//! operator and `ANDx` a term, `+` before white space is a term, `a*` a prefix and `a*b` a wildcard pattern.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    And,
    Or,
    Not,
    Plus,
    Minus,
    /// `+`, `-` or `!` before white space: a term, not an operator.
    BareOperator,
    OpenParenthesis,
    CloseParenthesis,
    Colon,
    Star,
    /// `^2`; only the caret and its number together are a token here.
    Boost,
    Quoted,
    Term,
    /// `~`, `~1`, `~AUTO`
    Tilde,
    /// `word*`
    Prefix,
    /// `w?rd*`
    Wildcard,
    /// `/…/`
    Regexp,
    /// `[` or `{`
    RangeStart,
    RangeTo,
    RangeQuoted,
    RangeBound,
    /// `]` or `}`
    RangeEnd,
}

/// A token: what it is, and what was written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind,
    pub(super) image: &'t str,
    /// Byte offset in the text.
    pub(super) offset: usize,
}

/// Where no token begins or one does not end, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LexicalFault {
    pub(super) offset: usize,
    pub(super) reason: &'static str,
}

/// Cuts `text` into tokens, in time linear in its length.
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, LexicalFault> {
    let mut tokens = Vec::new();
    let mut offset = 0;
    let mut inside_range = false;
    while let Some(rest) = text.get(offset..).filter(|rest| !rest.is_empty()) {
        let scanned = if inside_range { scan_in_range(rest) } else { scan(rest) };
        let (kind, length) = scanned.map_err(|reason| LexicalFault { offset, reason })?;
        if let Some(kind) = kind {
            let image = rest.get(..length).unwrap_or(rest);
            tokens.push(Token { kind, image, offset });
            match kind {
                Kind::RangeStart => inside_range = true,
                Kind::RangeEnd => inside_range = false,
                _ => {}
            }
        }
        offset += length;
    }
    Ok(tokens)
}

/// The token that `rest` begins with and its length in bytes; no token for white space.
type Scanned = Result<(Option<Kind>, usize), &'static str>;

fn scan(rest: &str) -> Scanned {
    let mut chars = rest.chars();
    let Some(first) = chars.next() else { return Ok((None, 0)) };
    let white_space_follows = chars.next().is_some_and(is_white_space);
    let single = |kind| Ok((Some(kind), first.len_utf8()));
    match first {
        _ if is_white_space(first) => Ok((None, first.len_utf8())),
        '+' | '-' | '!' if white_space_follows => single(Kind::BareOperator),
        '+' => single(Kind::Plus),
        '-' => single(Kind::Minus),
        '!' => single(Kind::Not),
        '(' => single(Kind::OpenParenthesis),
        ')' => single(Kind::CloseParenthesis),
        ':' => single(Kind::Colon),
        '[' | '{' => single(Kind::RangeStart),
        ']' | '}' => Err("this bracket closes nothing; escape it to look for it"),
        '^' => boost_length(rest).map(|length| (Some(Kind::Boost), length)).ok_or("\"^\" must be followed by a number"),
        '~' => Ok((Some(Kind::Tilde), 1 + run_length(rest.get(1..).unwrap_or(""), is_term_char))),
        '"' => match closing(rest, Closing::Escaped('"')) {
            Some(length) => Ok((Some(Kind::Quoted), length)),
            None => Err("this quotation mark is not closed; escape it to look for it"),
        },
        '/' => match closing(rest, Closing::Greedy('/')) {
            Some(length) => Ok((Some(Kind::Regexp), length)),
            None => Err("this slash begins a regular expression that is not closed; escape it to look for it"),
        },
        _ => scan_term(rest),
    }
}

/// A term, a prefix, a pattern, or an operator that looks like a term.
fn scan_term(rest: &str) -> Scanned {
    let plain = run_length(rest, is_term_char);
    let length = run_length(rest, |char| is_term_char(char) || matches!(char, '*' | '?'));
    if length == 0 {
        return Err("a text cannot end with a backslash; write \\\\ for one");
    }
    let kind = match rest.get(..length) {
        Some("AND" | "&&") => Kind::And,
        Some("OR" | "||") => Kind::Or,
        Some("NOT") => Kind::Not,
        Some("*") => Kind::Star,
        _ if length == plain => Kind::Term,
        Some(image) if plain > 0 && length == plain + 1 && image.ends_with('*') => Kind::Prefix,
        _ => Kind::Wildcard,
    };
    Ok((Some(kind), length))
}

fn scan_in_range(rest: &str) -> Scanned {
    let Some(first) = rest.chars().next() else { return Ok((None, 0)) };
    if matches!(first, ']' | '}') {
        return Ok((Some(Kind::RangeEnd), 1));
    }
    let bound = rest.find([' ', ']', '}']).unwrap_or(rest.len());
    if is_white_space(first) && bound <= first.len_utf8() {
        return Ok((None, first.len_utf8()));
    }
    let quoted = if first == '"' { closing(rest, Closing::Greedy('"')).filter(|length| *length > 2) } else { None };
    match quoted {
        Some(length) if length >= bound => Ok((Some(Kind::RangeQuoted), length)),
        _ if rest.get(..bound) == Some("TO") => Ok((Some(Kind::RangeTo), bound)),
        _ => Ok((Some(Kind::RangeBound), bound)),
    }
}

/// How a delimiter is told from one that belongs to the content.
enum Closing {
    /// A backslash takes the next character with it.
    Escaped(char),
    /// A backslash keeps a delimiter from closing if another one can: the longest match wins.
    Greedy(char),
}

/// Length of what the delimiter at the start of `rest` opens, both delimiters counted.
fn closing(rest: &str, closing: Closing) -> Option<usize> {
    let (delimiter, greedy) = match closing {
        Closing::Escaped(delimiter) => (delimiter, false),
        Closing::Greedy(delimiter) => (delimiter, true),
    };
    let mut candidate = None;
    let mut after_backslash = false;
    for (index, char) in rest.char_indices().skip(1) {
        if char == delimiter {
            let end = index + char.len_utf8();
            if !after_backslash {
                return Some(end);
            }
            candidate = greedy.then_some(end).or(candidate);
        }
        after_backslash = char == '\\' && (greedy || !after_backslash);
    }
    candidate
}

/// Length of `^` and its number.
fn boost_length(rest: &str) -> Option<usize> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(rest.get(1..)?);
    if whole == 0 {
        return None;
    }
    let fraction = rest.get(1 + whole..)?.strip_prefix('.').map_or(0, digits);
    Some(1 + whole + if fraction > 0 { 1 + fraction } else { 0 })
}

/// Length of the characters at the start of `text` that belong, an escaped character always among them.
fn run_length(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    let mut length = 0;
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        if char == '\\' {
            let Some(escaped) = chars.next() else { break };
            length += 1 + escaped.len_utf8();
        } else if belongs(char) {
            length += char.len_utf8();
        } else {
            break;
        }
    }
    length
}

fn is_white_space(char: char) -> bool {
    matches!(char, ' ' | '\t' | '\n' | '\r' | '\u{3000}')
}

fn is_term_char(char: char) -> bool {
    !is_white_space(char)
        && !matches!(char, '!' | '(' | ')' | ':' | '^' | '[' | ']' | '"' | '{' | '}' | '~' | '*' | '?' | '\\' | '/')
}
