//! `simple_pattern` and `simple_pattern_split`: Lucene's own regular expressions, which an automaton runs.

use std::sync::Arc;

use super::super::longest::Longest;

/// Lucene cuts a token of `simple_pattern` after so many characters.
const MAX_TOKEN_LENGTH: usize = 256;

/// A pattern of Lucene's `RegExp` class.
#[derive(Debug, Clone)]
pub(in crate::analysis) struct SimplePattern {
    matcher: Arc<Longest>,
    /// Whether the pattern is what separates.
    splits: bool,
}

impl SimplePattern {
    /// # Errors
    ///
    /// Why the pattern cannot be run.
    pub(in crate::analysis) fn new(pattern: &str, splits: bool) -> Result<SimplePattern, String> {
        Ok(SimplePattern { matcher: Arc::new(Longest::new(&translated(pattern)?, true)?), splits })
    }

    pub(super) fn cut(&self, text: &str, sink: &mut impl FnMut(&str)) {
        let mut token_start = 0;
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let limit = if self.splits { usize::MAX } else { MAX_TOKEN_LENGTH };
            let end = rest.char_indices().nth(limit).map_or(rest.len(), |(at, _)| at);
            let length = self.matcher.count(rest.bytes().take(end));
            if length == 0 {
                at += rest.chars().next().map_or(1, char::len_utf8);
                continue;
            }
            if !self.splits {
                sink(rest.get(..length).unwrap_or_default());
            } else if at > token_start {
                sink(text.get(token_start..at).unwrap_or_default());
            }
            at += length;
            token_start = at;
        }
        if self.splits && token_start < text.len() {
            sink(text.get(token_start..).unwrap_or_default());
        }
    }
}

/// Lucene's syntax in that of the crate; its own operators are refused.
fn translated(pattern: &str) -> Result<String, String> {
    let mut out = String::with_capacity(pattern.len());
    let mut characters = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some(escaped) if escaped.is_ascii_alphabetic() && !"dDwWsS".contains(escaped) => out.push(escaped),
                Some(class @ ('d' | 'D' | 'w' | 'W' | 's' | 'S')) => out.push_str(ascii_class(class)),
                Some(escaped) => out.push_str(&regex_syntax::escape(&escaped.to_string())),
                None => return Err(format!("the pattern {pattern:?} ends in an escape")),
            },
            '[' if !in_class => {
                in_class = true;
                out.push('[');
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            '-' if in_class && characters.peek() == Some(&']') => {
                return Err(format!("a class of the pattern {pattern:?} ends in \"-\"; write \"\\-\""));
            }
            '[' | '&' | '~' if in_class => out.extend(['\\', character]),
            _ if in_class => out.push(character),
            '~' | '&' | '@' | '<' | '>' | '#' | '"' => {
                return Err(format!("the operator {character:?} of the pattern {pattern:?} is not supported"));
            }
            '^' | '$' => out.extend(['\\', character]),
            _ => out.push(character),
        }
    }
    Ok(out)
}

fn ascii_class(name: char) -> &'static str {
    match name {
        'd' => "[0-9]",
        'D' => "[^0-9]",
        'w' => "[0-9A-Z_a-z]",
        'W' => "[^0-9A-Z_a-z]",
        's' => r"[ \n\r\t]",
        _ => r"[^ \n\r\t]",
    }
}
