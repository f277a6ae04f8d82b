//! What a character is to the standard tokenizer: one letter per class, so that its grammar can be written as a pattern.
//!
//! The classes come from Unicode's tables, restricted to what the Unicode version of Lucene 9 and 10 (12.1) had assigned: a
//! younger letter is no letter to Lucene either. Where characters changed their class since, the old one stands here;
//! all characters were compared with Lucene 10's tokenizer.

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
    (b'H', r"[[\p{Script=Han}--\x{16FE2}]&&\p{Age=12.1}]"),
    (b'i', r"[\p{Script=Hiragana}&&\p{Age=12.1}]"),
    (b's', r"[[SEA]&&[\p{L}\p{M}SIGNS]&&\p{Age=12.1}]"),
    (b'a', r"[[\p{wb=ALetter}--[\x{2E5}-\x{2EB}\x{55A}\x{58A}\x{A708}-\x{A716}]]&&\p{Age=12.1}]"),
    (b'g', r"[\p{wb=ALetter}&&\p{Script=Hangul}&&\p{Age=12.1}]"),
    (b'h', r"\p{wb=Hebrew_Letter}"),
    (b'k', r"[\p{wb=Katakana}&&\p{Age=12.1}]"),
    (b'n', r"[[[\p{wb=Numeric}\x{FF10}-\x{FF19}]--\x{19DA}]&&\p{Age=12.1}]"),
    (b'm', r"[[\p{wb=MidLetter}:]--\x{55F}]"),
    (b'u', r"[\p{wb=MidNum}\x{FE10}\x{FE14}]"),
    (b'b', r"\p{wb=MidNumLet}"),
    (b'q', "'"),
    (b'Q', "\""),
    (b'_', r"\p{wb=ExtendNumLet}"),
    (b'x', r"[[\p{wb=Extend}\p{wb=Format}\p{Prepended_Concatenation_Mark}]&&\p{Age=12.1}]"),
    (b'e', r"[[[SEA]--\x{1A7F}]&&\p{M}&&\p{wb=Extend}&&\p{Age=12.1}]"),
    (b'E', r"[[\p{Extended_Pictographic}\p{Emoji}\x{1FB00}-\x{1FBFF}]--[0-9\#*\x{1F1E6}-\x{1F1FF}]]"),
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

/// The scripts of line break class SA, written without spaces; `SEA` in the patterns above.
const SOUTH_EAST_ASIA: &str = r"\p{sc=Thai}\p{sc=Lao}\p{sc=Myanmar}\p{sc=Khmer}\p{sc=Tai_Le}\p{sc=New_Tai_Lue}\p{sc=Tai_Tham}\p{sc=Tai_Viet}\p{sc=Ahom}";
/// Signs and numbers of that class beside its letters and marks.
const SOUTH_EAST_ASIAN_SIGNS: &str = r"\x{109E}\x{109F}\x{19DA}\x{19DE}\x{19DF}\x{1AA0}-\x{1AA6}\x{1AA8}-\x{1AAD}\x{AA77}-\x{AA79}\x{AADE}\x{AADF}\x{1173A}\x{1173B}\x{1173F}";

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
    let pattern = pattern.replace("SEA", SOUTH_EAST_ASIA).replace("SIGNS", SOUTH_EAST_ASIAN_SIGNS);
    match regex_syntax::parse(&pattern).map(|hir| hir.into_kind()) {
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
