//! The `classic` tokenizer: Lucene's grammar of before UAX #29, good for English.

use std::sync::LazyLock;

use regex_syntax::hir::{Class, ClassUnicode, HirKind};

use super::super::longest::Longest;

/// The grammar over classes of characters: `l` letters, `d` digits, `t` Thai signs, `c` Chinese and Japanese, the rest of
/// ASCII itself.
const ALPHANUM: &str = "[ldt]+";
const HAS_DIGIT: &str = "[ld]*d[ld]*";
const APOSTROPHE: &str = "l+(?:'l+)+";
const ACRONYM: &str = r"l\.(?:l\.)+";
const COMPANY: &str = "l+[&@]l+";
const EMAIL: &str = r"A(?:[._-]A)*@A(?:[.-]A)+";
const HOST: &str = r"A(?:\.A)+";
const NUMBER: &str = r"(?:APH|HPA|A(?:PHPA)+|H(?:PAPH)+|APH(?:PAPH)+|HPA(?:PHPA)+)";
const OLD_ACRONYM: &str = r"A\.(?:A\.)+";

/// Rules in Lucene's order: of those that match equally much the first names the type.
const KINDS: &[(&str, &str)] = &[
    ("A", "<ALPHANUM>"),
    (APOSTROPHE, "<APOSTROPHE>"),
    (ACRONYM, "<ACRONYM>"),
    (COMPANY, "<COMPANY>"),
    (EMAIL, "<EMAIL>"),
    (HOST, "<HOST>"),
    (NUMBER, "<NUM>"),
    ("c", "<CJ>"),
    // Kept as hosts, for the sake of old indices.
    (OLD_ACRONYM, "<HOST>"),
];

const LETTER: &str = r"[[\p{L}--CJ]&&\p{Age=3.0}]";
const CHINESE_JAPANESE: &str = r"[\x{3100}-\x{312f}\x{3040}-\x{309F}\x{30A0}-\x{30FF}\x{31F0}-\x{31FF}\x{3300}-\x{337f}\x{3400}-\x{4dbf}\x{4e00}-\x{9fff}\x{f900}-\x{faff}\x{ff65}-\x{ff9f}]";

static WORDS: LazyLock<Option<Longest>> = LazyLock::new(|| {
    let rules: Vec<String> = KINDS.iter().map(|(rule, _)| format!("(?:{})", written_out(rule))).collect();
    Longest::new(&rules.join("|"), false).ok()
});

static BY_KIND: LazyLock<Vec<(Longest, &'static str)>> = LazyLock::new(|| {
    KINDS.iter().filter_map(|(rule, kind)| Some((Longest::new(&written_out(rule), false).ok()?, *kind))).collect()
});

static LETTERS: LazyLock<ClassUnicode> = LazyLock::new(|| class(&LETTER.replace("CJ", CHINESE_JAPANESE)));
static DIGITS: LazyLock<ClassUnicode> = LazyLock::new(|| class(r"[\p{Nd}&&\p{Age=3.0}]"));

fn written_out(rule: &str) -> String {
    rule.replace('A', ALPHANUM).replace('H', HAS_DIGIT).replace('P', r"[_/.,\-]")
}

fn class(pattern: &str) -> ClassUnicode {
    match regex_syntax::parse(pattern).map(|hir| hir.into_kind()) {
        Ok(HirKind::Class(Class::Unicode(class))) => class,
        _ => ClassUnicode::empty(),
    }
}

fn class_of(character: char) -> u8 {
    match character {
        'a'..='z' | 'A'..='Z' => b'l',
        '0'..='9' => b'd',
        '\0'..='\u{7f}' => u8::try_from(character).unwrap_or(b' '),
        '\u{E00}'..='\u{E59}' if !contains(&LETTERS, character) && !contains(&DIGITS, character) => b't',
        _ if contains(&LETTERS, character) => b'l',
        _ if contains(&DIGITS, character) => b'd',
        '\u{3100}'..='\u{312f}'
        | '\u{3040}'..='\u{30FF}'
        | '\u{31F0}'..='\u{31FF}'
        | '\u{3300}'..='\u{337f}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{ff65}'..='\u{ff9f}' => b'c',
        _ => b' ',
    }
}

fn contains(class: &ClassUnicode, character: char) -> bool {
    let ranges = class.ranges();
    let behind = ranges.partition_point(|range| range.end() < character);
    ranges.get(behind).is_some_and(|range| range.start() <= character)
}

/// Gives every word of `text` to `sink`, however long.
pub(super) fn words(text: &str, sink: &mut impl FnMut(&str)) {
    let Some(grammar) = WORDS.as_ref() else { return };
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let characters = grammar.count(rest.chars().map(class_of));
        let length: usize = rest.chars().take(characters).map(char::len_utf8).sum();
        if length > 0 {
            sink(rest.get(..length).unwrap_or_default());
        }
        rest = rest.get(if length > 0 { length } else { first.len_utf8() }..).unwrap_or_default();
    }
}

/// The type of a word.
pub(super) fn kind(word: &str) -> &'static str {
    let length = word.chars().count();
    let matching = BY_KIND.iter().find(|(rule, _)| rule.count(word.chars().map(class_of)) == length);
    matching.map_or("<ALPHANUM>", |(_, kind)| kind)
}
