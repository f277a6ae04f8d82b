//! The form in which names of companies and titles are compared.

use caseless::default_case_fold_str;
use unicode_normalization::UnicodeNormalization;
use unicode_properties::{EmojiStatus, GeneralCategory, GeneralCategoryGroup, UnicodeEmoji, UnicodeGeneralCategory};

/// One pass can make work for the next: NFKC turns `´` into a space and an accent, folding yields letters that compose.
/// All of Unicode that the tests know settles in two; the bound holds for what they do not know.
const MAX_PASSES: usize = 6;

/// The text without what is never a change: case, white space, emoji, invisible characters, compatibility forms
/// (`Ａｃｍｅ`, `ﬁ`), and punctuation and symbols around it.
///
/// Normalising twice is the same as once. What consists of nothing else becomes empty.
///
/// ```
/// use tripline::change::normalise;
///
/// assert_eq!(normalise("  Senior\tSoftware  ENGINEER 👩🏽‍💻 "), "senior software engineer");
/// assert_eq!(normalise("»Straße« 7️⃣"), "strasse« 7");
/// assert_eq!(normalise("C# / C++"), "c# / c++");
/// assert_eq!(normalise("—"), "");
/// ```
pub fn normalise(text: &str) -> String {
    let mut settled = pass(text);
    if text.is_ascii() {
        return settled;
    }
    for _ in 1..MAX_PASSES {
        let next = pass(&settled);
        if next == settled {
            break;
        }
        settled = next;
    }
    settled
}

fn pass(text: &str) -> String {
    let folded = if text.is_ascii() { fold_ascii(text) } else { fold(text) };
    let spaced = folded.split_whitespace().collect::<Vec<&str>>().join(" ");
    spaced.trim_matches(|c: char| c == ' ' || is_decoration(c)).to_owned()
}

fn fold_ascii(text: &str) -> String {
    text.chars().filter(|c| !is_invisible(*c)).map(|c| c.to_ascii_lowercase()).collect()
}

fn fold(text: &str) -> String {
    // Emoji go first: compatibility forms would turn ™ and Ⓜ into letters.
    let visible: String = text.chars().filter(|c| !is_emoji(*c) && !is_invisible(*c)).collect();
    let folded: String = default_case_fold_str(&visible.nfkc().collect::<String>()).nfkc().collect();
    // Case folding knows no language: without this "SATIŞ MÜDÜRÜ" and "MÜHENDİS" differ from "satış müdürü" and "mühendis".
    folded.replace("i\u{307}", "i").replace('ı', "i")
}

/// Emoji and the parts that emoji sequences are made of; digits, `#` and `*` are such parts too, but stay.
fn is_emoji(c: char) -> bool {
    const PICTOGRAPHS_OF_LATER_UNICODE: std::ops::RangeInclusive<char> = '\u{1F300}'..='\u{1FAFF}';
    const KEYCAP: char = '\u{20E3}';
    let listed = c.is_emoji_char() && c.emoji_status() != EmojiStatus::EmojiOtherAndEmojiComponent;
    listed || c == KEYCAP || PICTOGRAPHS_OF_LATER_UNICODE.contains(&c)
}

/// What takes no room on the page: controls but white space, format characters (zero-width space and joiners, direction
/// marks, tags), variation selectors, fillers.
fn is_invisible(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control() && !c.is_whitespace();
    }
    match c.general_category() {
        GeneralCategory::Control => !c.is_whitespace(),
        GeneralCategory::Format => true,
        _ => matches!(c,
            '\u{034F}' // combining grapheme joiner
            | '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' // Hangul fillers
            | '\u{17B4}' | '\u{17B5}' // Khmer inherent vowels
            | '\u{180B}'..='\u{180F}' // Mongolian variation selectors
            | '\u{2800}' // the Braille pattern without dots
            | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' // variation selectors
        ),
    }
}

/// What is trimmed around a text: punctuation and symbols, but those that names and titles end with (`C#`, `C++`, `Disney+`).
fn is_decoration(c: char) -> bool {
    let punctuation_or_symbol =
        matches!(c.general_category_group(), GeneralCategoryGroup::Punctuation | GeneralCategoryGroup::Symbol);
    punctuation_or_symbol && !matches!(c, '#' | '+') && c.general_category() != GeneralCategory::CurrencySymbol
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn same(left: &str, right: &str) {
        assert_eq!(normalise(left), normalise(right), "{left:?} and {right:?}");
    }

    #[test]
    fn case_of_every_script_is_no_difference() {
        same("SENIOR ENGINEER", "senior engineer");
        same("STRASSE", "Straße");
        same("ΔΙΕΥΘΥΝΤΗΣ", "διευθυντης");
        same("ГЛАВНЫЙ ИНЖЕНЕР", "главный инженер");
        same("SATIŞ MÜDÜRÜ", "Satış Müdürü");
        same("MÜHENDİS", "Mühendis");
        same("ՏՆՕՐԵՆ", "տնօրեն");
    }

    #[test]
    fn compatibility_forms_are_no_difference() {
        same("Ａｃｍｅ　Ｃｏｒｐ", "Acme Corp");
        same("ｴﾝｼﾞﾆｱ", "エンジニア");
        same("oﬃce", "office");
        same("Café", "Cafe\u{301}");
        same("㈱ソラ", "(株)ソラ");
    }

    #[test]
    fn white_space_is_no_difference() {
        same("  Head \t of\u{a0}\u{3000}Sales\r\n", "Head of Sales");
        same("Head\u{2009}of Sales", "Head of Sales");
    }

    #[test]
    fn invisible_characters_are_no_difference() {
        same("\u{feff}Ac\u{200b}me\u{200d}\u{ad}", "Acme");
        same("\u{202b}مهندس\u{202c}", "مهندس");
        same("نرم\u{200c}افزار", "نرمافزار");
        same("Acme\u{0}\u{3164}", "Acme");
    }

    #[test]
    fn emoji_are_no_difference_whatever_they_are_made_of() {
        for emoji in ["🚀", "👩🏽‍💻", "👨‍👩‍👧‍👦", "🇱🇹", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "❤️", "☎︎", "✔", "🏳️‍🌈", "🫠", "©", "™"]
        {
            same(&format!("{emoji} Acme {emoji}{emoji} Corp{emoji}"), "Acme Corp");
            assert_eq!(normalise(emoji), "");
        }
    }

    #[test]
    fn what_keycaps_are_made_of_stays() {
        assert_eq!(normalise("7️⃣ Eleven"), "7 eleven");
        assert_eq!(normalise("#️⃣1 Realtor"), "#1 realtor");
        assert_eq!(normalise("A*STAR 42"), "a*star 42");
    }

    #[test]
    fn punctuation_around_is_no_difference_and_within_is_one() {
        same("«Engineer»,", "Engineer");
        same("★ Engineer | ", "Engineer");
        same("Acme, Inc.", "Acme, Inc");
        assert_ne!(normalise("Co-Founder"), normalise("CoFounder"));
        assert_ne!(normalise("C# Developer"), normalise("C Developer"));
        assert_ne!(normalise("Developer, C++"), normalise("Developer, C"));
    }

    proptest! {
        #[test]
        fn normalising_twice_is_the_same_as_once(text in "\\PC*|[\\u{0}-\\u{10ffff}]{0,12}|[ıİiIßẞςΣ´¨ǅ\u{307}\u{345}\u{200d}🚀 .,-]{0,12}") {
            let once = normalise(&text);
            prop_assert_eq!(normalise(&once), once);
        }
    }

    #[test]
    fn every_character_settles() {
        let ideographs_and_private_use =
            |c: &char| matches!(u32::from(*c), 0x3400..0xA000 | 0xAC00..0xD7A4 | 0x2_0000..0xE_0000 | 0xF_0000..);
        for c in ('\0'..=char::MAX).filter(|c| !ideographs_and_private_use(c)) {
            let once = normalise(&format!("a{c}\u{307}\u{345} {c}"));
            assert_eq!(normalise(&once), once, "{c:?}");
        }
    }
}
