//! The standard tokenizer: words as Unicode's UAX #29 cuts them, in the reading of Lucene's `StandardTokenizer`.
//!
//! Lucene takes the longest match of a grammar at each place, and skips a character where nothing matches. The grammar
//! here is over [classes of characters](super::word_class), run as a small automaton.

use std::sync::LazyLock;

use regex_automata::dfa::{Automaton, dense};
use regex_automata::util::{start, syntax};
use regex_automata::{Anchored, MatchKind};

use super::word_class::word_class;

/// `max_token_length` unless said, in UTF-16 units.
pub(super) const MAX_TOKEN_LENGTH: usize = 255;

/// The grammar; `~` stands for what may follow any character (UAX #29 rule WB4), `^` for the same without the
/// presentation selectors, which are part of emoji.
const GRAMMAR: &[&str] = &[
    // emoji: sequences joined by ZWJ, tag sequences, key caps, flags
    r"(?:z*[EBO]^p?|(?:z*B^)?M^)(?:(?:z(?:z*[EBO]^p?|(?:z*B^)?M^))*|T+F)",
    r"[dc]^p?K^",
    r"r~r~",
    // numbers
    r"(?:_~)*[nd]~(?:(?:(?:_~)*|[ubq]~)[nd]~)*(?:_~)*",
    // words
    r"(?:_~)*(?:k~(?:(?:_~)*k~)*|WORD+)(?:(?:_~)+(?:k~(?:(?:_~)*k~)*|WORD+))*(?:_~)*",
    // runs of scripts without spaces; an ideograph or a Hiragana letter alone
    r"(?:[se]~)+",
    r"[Hi]~",
];

/// One part of a word: a Hebrew letter with quotes, digits, letters.
const WORD: &str = r"(?:h~(?:q~|Q~h~)|[nd]~(?:(?:(?:_~)*|[ubq]~)[nd]~)*|[aghO]~(?:(?:(?:_~)*|[mbq]~)[aghO]~)*)";

static WORDS: LazyLock<Option<dense::DFA<Vec<u32>>>> = LazyLock::new(|| {
    let pattern = format!("(?:{})", GRAMMAR.join("|"))
        .replace("WORD", WORD)
        .replace('~', "[xeztpKTFM]*")
        .replace('^', "[xezKTFM]*");
    dense::Builder::new()
        .configure(dense::Config::new().match_kind(MatchKind::All).start_kind(regex_automata::dfa::StartKind::Anchored))
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .thompson(regex_automata::nfa::thompson::Config::new().utf8(false))
        .build(&pattern)
        .ok()
});

/// Gives every word of `text` to `sink`.
pub(super) fn words(text: &str, max_token_length: usize, sink: &mut impl FnMut(&str)) {
    let bytes = text.as_bytes();
    let run = |from: usize, class: AsciiClass| {
        bytes.iter().skip(from).take_while(|byte| ASCII.get(**byte as usize) == Some(&class)).count()
    };
    let mut at = 0;
    while at < bytes.len() {
        at += run(at, AsciiClass::Between);
        let plain = run(at, AsciiClass::Word);
        let length = if plain > 0 && plain <= max_token_length && ends_word(bytes, at + plain) {
            plain
        } else {
            text.get(at..).map_or(0, |rest| longest_word(rest, max_token_length))
        };
        if let Some(word) = text.get(at..at + length).filter(|word| !word.is_empty()) {
            sink(word);
        }
        // Where no word begins, one character is passed over.
        let passed = || text.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
        at += if length == 0 { passed() } else { length };
    }
}

/// What an ASCII character is to words, so that most texts never meet the grammar.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AsciiClass {
    /// A letter or digit.
    Word,
    /// Never part of a word, unless between its parts.
    Between,
    /// What the grammar has to decide, and all that is not ASCII.
    Special,
}

const ASCII: [AsciiClass; 256] = {
    let mut classes = [AsciiClass::Special; 256];
    let mut byte: u8 = 0;
    while byte < 128 {
        classes[byte as usize] = match byte {
            b'_' | b'#' | b'*' => AsciiClass::Special,
            _ if byte.is_ascii_alphanumeric() => AsciiClass::Word,
            _ => AsciiClass::Between,
        };
        byte += 1;
    }
    classes
};

/// Whether a word of ASCII letters and digits ends here whatever comes behind.
fn ends_word(bytes: &[u8], at: usize) -> bool {
    match bytes.get(at) {
        None => true,
        // These join two parts of a word, so that a part has to follow.
        Some(b'.' | b',' | b':' | b';' | b'\'') => {
            bytes.get(at + 1).is_none_or(|next| next.is_ascii() && !next.is_ascii_alphanumeric())
        }
        Some(next) => next.is_ascii() && !matches!(next, b'_' | b'#' | b'*'),
    }
}

/// The length in bytes of the longest word at the start of `text`, 0 where there is none.
fn longest_word(text: &str, max_token_length: usize) -> usize {
    let Some(dfa) = WORDS.as_ref() else { return 0 };
    let Ok(mut state) = dfa.start_state(&start::Config::new().anchored(Anchored::Yes)) else { return 0 };
    let mut longest = 0;
    let mut units = 0;
    for (at, character) in text.char_indices() {
        units += character.len_utf16();
        if units > max_token_length {
            return if dfa.is_match_state(dfa.next_eoi_state(state)) { at } else { longest };
        }
        // A match shows one step late: it ended before this character.
        state = dfa.next_state(state, word_class(character));
        if dfa.is_match_state(state) {
            longest = at;
        } else if dfa.is_dead_state(state) {
            return longest;
        }
    }
    if dfa.is_match_state(dfa.next_eoi_state(state)) { text.len() } else { longest }
}

/// Lucene's type of a word.
pub(super) fn kind(word: &str) -> &'static str {
    let classes = || word.chars().map(word_class);
    // What may follow any character decides nothing.
    let deciding = || classes().filter(|class| !b"xeztpKTFM".contains(class));
    let all = |of: &[u8]| deciding().all(|class| of.contains(&class));
    let is_emoji = match classes().next() {
        Some(b'E' | b'B' | b'M' | b'r' | b'z') => true,
        Some(b'O') => deciding().count() == 1,
        Some(b'd' | b'c') => word.contains('\u{20E3}'),
        _ => false,
    };
    match () {
        () if is_emoji => "<EMOJI>",
        () if all(b"H") => "<IDEOGRAPHIC>",
        () if all(b"i") => "<HIRAGANA>",
        () if all(b"k") => "<KATAKANA>",
        () if all(b"g") => "<HANGUL>",
        () if all(b"s") => "<SOUTHEAST_ASIAN>",
        () if all(b"nd_ubq") => "<NUM>",
        () => "<ALPHANUM>",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        words(text, MAX_TOKEN_LENGTH, &mut |word| found.push(word.to_owned()));
        found
    }

    #[test]
    fn words_are_those_of_lucene() {
        for (text, expected) in [
            ("", vec![]),
            ("  - ! ", vec![]),
            ("The quick brown-fox", vec!["The", "quick", "brown", "fox"]),
            ("can't a.b 3.14 1,000 a,b x_y _ a:b", vec!["can't", "a.b", "3.14", "1,000", "a", "b", "x_y", "a:b"]),
            ("C++ C# node.js AT&T", vec!["C", "C", "node.js", "AT", "T"]),
            ("café naïve", vec!["café", "naïve"]),
            ("東京タワー", vec!["東", "京", "タワー"]),
            ("ひらがな", vec!["ひ", "ら", "が", "な"]),
            ("안녕하세요 세계", vec!["안녕하세요", "세계"]),
            ("สวัสดีครับ", vec!["สวัสดีครับ"]),
            ("👩‍👩‍👧 👍🏽 🇩🇪🇫🇷 1️⃣", vec!["👩‍👩‍👧", "👍🏽", "🇩🇪", "🇫🇷", "1️⃣"]),
            ("צה\"ל", vec!["צה\"ל"]),
        ] {
            assert_eq!(cut(text), expected, "{text}");
        }
    }

    #[test]
    fn a_long_word_goes_on_after_255_utf16_units() {
        let lengths = |text: &str| cut(text).iter().map(|word| word.encode_utf16().count()).collect::<Vec<_>>();
        assert_eq!(lengths(&"a".repeat(600)), [255, 255, 90]);
        assert_eq!(lengths(&"é".repeat(300)), [255, 45]);
    }
}
