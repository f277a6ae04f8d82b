//! Java's regular expressions, as far as an automaton without backtracking can run them.

use regex_automata::meta::Regex;
use regex_automata::util::syntax;

/// A compiled pattern is refused beyond this size in bytes.
const MAX_SIZE: usize = 1 << 20;

/// Compiles a Java pattern; `flags` are names separated by `|`.
pub(super) fn compile(pattern: &str, flags: &str) -> Result<Regex, String> {
    let mut syntax = syntax::Config::new();
    for flag in flags.split('|').map(str::trim).filter(|flag| !flag.is_empty()) {
        syntax = match flag {
            "CASE_INSENSITIVE" => syntax.case_insensitive(true),
            "MULTILINE" => syntax.multi_line(true),
            "DOTALL" => syntax.dot_matches_new_line(true),
            "COMMENTS" => syntax.ignore_whitespace(true),
            other => {
                return Err(format!(
                    "the flag {other:?} is not supported; CASE_INSENSITIVE, MULTILINE, DOTALL and COMMENTS are"
                ));
            }
        };
    }
    Regex::builder()
        .syntax(syntax)
        .configure(Regex::config().nfa_size_limit(Some(MAX_SIZE)))
        .build(&with_ascii_classes(pattern))
        .map_err(|error| {
            let reason = error.syntax_error().map_or_else(|| error.to_string(), |syntax| syntax.to_string());
            format!("the pattern {pattern:?} is not supported (no look-around, no back references): {reason}")
        })
}

/// In Java `\w`, `\d` and `\s` are ASCII.
fn with_ascii_classes(pattern: &str) -> String {
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
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    out
}
