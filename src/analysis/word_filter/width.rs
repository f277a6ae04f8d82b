//! `cjk_width`: full-width ASCII and half-width Katakana in their usual width.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::compose;

/// Changes a term in place; a half-width voice mark joins the letter before it where both are one.
pub(super) fn fold(term: &mut String) {
    if term.is_ascii() {
        return;
    }
    let mut out: Vec<char> = Vec::with_capacity(term.len());
    for character in term.chars() {
        match character {
            '\u{FF01}'..='\u{FF5E}' => out.extend(char::from_u32(u32::from(character) - 0xFEE0)),
            '\u{FF65}'..='\u{FF9F}' => {
                // The marks' compatibility forms are the combining ones.
                let wide = std::iter::once(character).nfkd().next().unwrap_or(character);
                let joined =
                    out.last().filter(|before| is_katakana(**before)).and_then(|before| compose(*before, wide));
                match (joined, out.last_mut()) {
                    (Some(joined), Some(before)) => *before = joined,
                    _ => out.push(wide),
                }
            }
            _ => out.push(character),
        }
    }
    *term = out.into_iter().collect();
}

fn is_katakana(character: char) -> bool {
    matches!(character, '\u{30A6}'..='\u{30FD}')
}
