//! What a character is to the standard tokenizer: one letter per class, so that its grammar can be written as a pattern.
//!
//! The classes come from Unicode's tables, restricted to what the Unicode version of Lucene's grammar (9.0, emoji 11.0)
//! had assigned: a younger letter is no letter to Lucene either.

use std::sync::LazyLock;

use regex_syntax::hir::{Class, ClassUnicode, HirKind};

const BLOCK: usize = 256;
/// Neither part of a token nor of anything between two parts of one.
pub(super) const OTHER: u8 = b'-';

/// The classes, in order of painting: a later one wins over an earlier one.
///
/// `B` emoji that take a skin tone, `M` skin tones, `O` letters that are emoji, `T`/`F` tags and their end, `e`
/// combining marks of scripts written without spaces, `t`/`p` text and emoji presentation, `K` the key cap.
const CLASSES: &[(u8, &str)] = &[
    (b'H', r"[\p{Script=Han}&&\p{Age=9.0}]"),
    (b'i', r"[\p{Script=Hiragana}&&\p{Age=9.0}]"),
    (b's', COMPLEX_CONTEXT),
    (b'a', r"[\p{wb=ALetter}&&\p{Age=9.0}]"),
    (b'g', r"[\p{wb=ALetter}&&\p{Script=Hangul}&&\p{Age=9.0}]"),
    (b'h', r"\p{wb=Hebrew_Letter}"),
    (b'k', r"[\p{wb=Katakana}&&\p{Age=9.0}]"),
    (b'n', r"[[\p{wb=Numeric}\x{FF10}-\x{FF19}]&&\p{Age=9.0}]"),
    (b'm', r"[\p{wb=MidLetter}:]"),
    (b'u', r"\p{wb=MidNum}"),
    (b'b', r"\p{wb=MidNumLet}"),
    (b'q', "'"),
    (b'Q', "\""),
    (b'_', r"[\p{wb=ExtendNumLet}--\x{202F}]"),
    (b'x', r"[[\p{wb=Extend}\p{wb=Format}]&&\p{Age=9.0}]"),
    (b'e', COMPLEX_CONTEXT_MARKS),
    (b'E', r"[[\p{Extended_Pictographic}\p{Emoji}]--[0-9\#*\x{1F1E6}-\x{1F1FF}]]"),
    (b'O', r"[\p{Extended_Pictographic}&&\p{wb=ALetter}]"),
    (b'B', r"[\p{Emoji_Modifier_Base}&&\p{Age=11.0}]"),
    (b'M', r"\p{Emoji_Modifier}"),
    (b'r', r"[\x{1F1E6}-\x{1F1FF}]"),
    (b'd', "[0-9]"),
    (b'c', r"[\#*]"),
    (b'z', r"\x{200D}"),
    (b't', r"\x{FE0E}"),
    (b'p', r"\x{FE0F}"),
    (b'K', r"\x{20E3}"),
    (b'T', r"[\x{E0020}-\x{E007E}]"),
    (b'F', r"\x{E007F}"),
];

/// Line break class SA (Unicode 9.0): scripts of South East Asia that are written without spaces.
const COMPLEX_CONTEXT: &str = r"[[\p{Script=Thai}\p{Script=Lao}\p{Script=Myanmar}\p{Script=Khmer}\p{Script=Tai_Le}\p{Script=New_Tai_Lue}\p{Script=Tai_Tham}\p{Script=Tai_Viet}\p{Script=Ahom}]&&[\p{L}\p{M}]&&\p{Age=9.0}]";
const COMPLEX_CONTEXT_MARKS: &str = r"[[\p{Script=Thai}\p{Script=Lao}\p{Script=Myanmar}\p{Script=Khmer}\p{Script=Tai_Le}\p{Script=New_Tai_Lue}\p{Script=Tai_Tham}\p{Script=Tai_Viet}\p{Script=Ahom}]&&\p{M}&&\p{wb=Extend}&&\p{Age=9.0}]";

/// Class by code point, in two steps: blocks of 256, equal blocks stored once.
struct Table {
    blocks: Vec<u16>,
    classes: Vec<u8>,
}

static TABLE: LazyLock<Table> = LazyLock::new(Table::build);

/// The class of a character.
pub(super) fn word_class(character: char) -> u8 {
    let code = character as usize;
    let block = TABLE.blocks.get(code / BLOCK).copied().unwrap_or_default() as usize;
    TABLE.classes.get(block * BLOCK + code % BLOCK).copied().unwrap_or(OTHER)
}

impl Table {
    fn build() -> Table {
        let mut all = vec![OTHER; char::MAX as usize + 1];
        for (class, pattern) in CLASSES {
            for range in characters(pattern).ranges() {
                if let Some(painted) = all.get_mut(range.start() as usize..=range.end() as usize) {
                    painted.fill(*class);
                }
            }
        }
        let mut table = Table { blocks: Vec::new(), classes: Vec::new() };
        for block in all.chunks(BLOCK) {
            let known = table.classes.chunks(BLOCK).position(|stored| stored == block);
            let index = known.unwrap_or_else(|| {
                table.classes.extend_from_slice(block);
                table.classes.len() / BLOCK - 1
            });
            table.blocks.push(index as u16);
        }
        table
    }
}

/// The characters of a class written as a regular expression; a test reads all of ours, so none is empty.
fn characters(pattern: &str) -> ClassUnicode {
    match regex_syntax::parse(pattern).map(|hir| hir.into_kind()) {
        Ok(HirKind::Class(Class::Unicode(class))) => class,
        Ok(HirKind::Literal(literal)) => {
            let text = String::from_utf8_lossy(&literal.0).into_owned();
            ClassUnicode::new(text.chars().map(|one| regex_syntax::hir::ClassUnicodeRange::new(one, one)))
        }
        _ => ClassUnicode::empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_characters() {
        for (class, pattern) in CLASSES {
            assert!(!characters(pattern).ranges().is_empty(), "{} {pattern}", *class as char);
        }
    }
}
