//! Java's regular expressions, as far as an automaton without backtracking can run them.

use std::borrow::Cow;

use regex_automata::meta::Regex;
use regex_automata::util::syntax;

/// A compiled pattern is refused beyond this size in bytes.
const MAX_SIZE: usize = 1 << 20;
/// A pattern is refused beyond so many characters.
const MAX_LENGTH: usize = 1_000;

/// Compiles a Java pattern; `flags` are names separated by `|`.
pub(super) fn compile(pattern: &str, flags: &str) -> Result<Regex, String> {
    if pattern.chars().nth(MAX_LENGTH).is_some() {
        return Err(format!("the pattern is longer than {MAX_LENGTH} characters"));
    }
    let mut syntax = syntax::Config::new();
    let mut is_literal = false;
    for flag in flags.split('|').map(str::trim).filter(|flag| !flag.is_empty()) {
        syntax = match flag {
            "CASE_INSENSITIVE" => syntax.case_insensitive(true),
            "MULTILINE" => syntax.multi_line(true),
            "DOTALL" => syntax.dot_matches_new_line(true),
            "COMMENTS" => syntax.ignore_whitespace(true),
            // Without it Java compares ASCII letters only; all other letters differ in the patterns that we compile, too.
            "UNICODE_CASE" => syntax,
            "LITERAL" => {
                is_literal = true;
                syntax
            }
            other => {
                return Err(format!(
                    "the flag {other:?} is not supported; CASE_INSENSITIVE, UNICODE_CASE, MULTILINE, DOTALL, LITERAL and \
                     COMMENTS are"
                ));
            }
        };
    }
    let pattern = if is_literal { regex_syntax::escape(pattern) } else { with_ascii_classes(pattern)? };
    let config = Regex::config().nfa_size_limit(Some(MAX_SIZE));
    Regex::builder().syntax(syntax).configure(config).build(&pattern).map_err(|error| match error.size_limit() {
        Some(_) => format!("the pattern {pattern:?} takes more than {MAX_SIZE} bytes"),
        None => {
            let reason = error.syntax_error().map_or_else(|| error.to_string(), |syntax| syntax.to_string());
            format!("the pattern {pattern:?} is not supported (no look-around, no back references): {reason}")
        }
    })
}

/// In Java `\w`, `\d`, `\s` and `\b` are of ASCII, and a group's name is written `(?<name>…)`.
fn with_ascii_classes(pattern: &str) -> Result<String, String> {
    if ["++", "*+", "?+", "}+"].iter().any(|possessive| pattern.contains(possessive)) {
        return Err(format!("possessive quantifiers (in {pattern:?}) are not supported"));
    }
    let mut out = String::with_capacity(pattern.len());
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        match characters.next() {
            Some('w') => out.push_str("[a-zA-Z_0-9]"),
            Some('W') => out.push_str("[^a-zA-Z_0-9]"),
            Some('d') => out.push_str("[0-9]"),
            Some('D') => out.push_str("[^0-9]"),
            Some('s') => out.push_str(r"[ \t\n\x0B\f\r]"),
            Some('S') => out.push_str(r"[^ \t\n\x0B\f\r]"),
            Some('h') => out.push_str(r"[ \t\xA0\u{1680}\u{180e}\u{2000}-\u{200a}\u{202f}\u{205f}\u{3000}]"),
            // All of this up to \E is literal.
            Some('Q') => {
                let rest = characters.as_str();
                let (literal, behind) = rest.split_once("\\E").unwrap_or((rest, ""));
                out.push_str(&regex_syntax::escape(literal));
                characters = behind.chars();
            }
            Some(other @ ('G' | 'Z' | 'R' | 'X' | 'k' | 'N')) => {
                return Err(format!("\\{other} (in {pattern:?}) is not supported"));
            }
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    Ok(out)
}

/// Replaces what the pattern matches, the first time or every time; `${1}` in the replacement stands for a group.
pub(super) fn replace<'t>(text: &'t str, regex: &Regex, replacement: &str, all: bool) -> Cow<'t, str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut has_match = false;
    for captures in regex.captures_iter(text).take(if all { usize::MAX } else { 1 }) {
        let Some(found) = captures.get_match() else { continue };
        has_match = true;
        out.push_str(text.get(copied..found.start()).unwrap_or_default());
        captures.interpolate_string_into(text, replacement, &mut out);
        copied = found.end();
    }
    if !has_match {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

/// Java's `$1` and `\\$` in a replacement as `replace` takes them.
///
/// # Errors
///
/// A group that the pattern does not have.
pub(super) fn replacement(written: &str, regex: &Regex) -> Result<String, String> {
    let groups = regex.group_info().group_len(regex_automata::PatternID::ZERO);
    let mut out = String::with_capacity(written.len());
    let mut characters = written.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('$') => out.push_str("$$"),
                Some(escaped) => out.push(escaped),
                None => return Err(format!("{written:?} ends in an escape")),
            },
            '$' if characters.next_if_eq(&'{').is_some() => {
                let name: String = characters.by_ref().take_while(|character| *character != '}').collect();
                if regex.group_info().to_index(regex_automata::PatternID::ZERO, &name).is_none() {
                    return Err(format!("the pattern has no group {name:?}"));
                }
                out.extend(["${", &name, "}"]);
            }
            '$' => {
                // As many digits as still name a group.
                let mut group = None;
                while let Some(digit) = characters.peek().and_then(|digit| digit.to_digit(10)) {
                    let longer = group.unwrap_or(0) * 10 + digit as usize;
                    if group.is_some() && longer >= groups {
                        break;
                    }
                    group = Some(longer);
                    characters.next();
                }
                match group {
                    Some(group) if group < groups => out.push_str(&format!("${{{group}}}")),
                    Some(group) => return Err(format!("the pattern has no group {group}")),
                    None => return Err(format!("a `$` of {written:?} names no group; `\\$` is one")),
                }
            }
            other => out.push(other),
        }
    }
    Ok(out)
}
