//! Java's `Character.toLowerCase` and `toUpperCase`: one character for one, whatever stands beside it; and what filters of some
//! languages do otherwise.

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Lower case without final sigma, and `İ` as `i`.
pub(crate) fn lower(character: char) -> char {
    if character == 'İ' { 'i' } else { character.to_lowercase().next().unwrap_or(character) }
}

/// Upper case; what Unicode writes as several characters (`ß`) stays, or takes its simple capital.
pub(super) fn upper(character: char) -> char {
    let mut capitals = character.to_uppercase();
    match (capitals.next(), capitals.next()) {
        (Some(capital), None) => capital,
        _ => simple_capital(character),
    }
}

/// The Greek letters with iota subscript have a title-case letter of their own.
fn simple_capital(character: char) -> char {
    let distance = match character {
        '\u{1F80}'..='\u{1F87}' | '\u{1F90}'..='\u{1F97}' | '\u{1FA0}'..='\u{1FA7}' => 8,
        '\u{1FB3}' | '\u{1FC3}' | '\u{1FF3}' => 9,
        _ => 0,
    };
    char::from_u32(character as u32 + distance).unwrap_or(character)
}

/// Lower-cases in place.
pub(super) fn make_lower(term: &mut String) {
    if term.is_ascii() {
        term.make_ascii_lowercase();
    } else {
        *term = term.chars().map(lower).collect();
    }
}

/// Upper-cases in place.
pub(super) fn make_upper(term: &mut String) {
    if term.is_ascii() {
        term.make_ascii_uppercase();
    } else {
        *term = term.chars().map(upper).collect();
    }
}

/// Lucene's `GreekLowerCaseFilter`: also without accents and final sigma.
pub(super) fn lower_greek(character: char) -> char {
    match character {
        'ς' => 'σ',
        'Ά' | 'ά' => 'α',
        'Έ' | 'έ' => 'ε',
        'Ή' | 'ή' => 'η',
        'Ί' | 'Ϊ' | 'ί' | 'ϊ' | 'ΐ' => 'ι',
        'Ύ' | 'Ϋ' | 'ύ' | 'ϋ' | 'ΰ' => 'υ',
        'Ό' | 'ό' => 'ο',
        'Ώ' | 'ώ' => 'ω',
        other => lower(other),
    }
}

/// Lucene's `TurkishLowerCaseFilter`: I without a dot keeps none, unless a dot above follows.
pub(super) fn lower_turkish(term: &str) -> String {
    let mut out = String::with_capacity(term.len());
    let mut letters = term.chars().peekable();
    // Behind an I the dot that makes it an i, even with other marks between, is dropped.
    let mut drops_dot = false;
    while let Some(letter) = letters.next() {
        if drops_dot {
            if letter == DOT_ABOVE {
                continue;
            }
            drops_dot = is_mark(letter);
        }
        out.push(match letter {
            'I' => {
                let dotted = letters.clone().take_while(|mark| is_mark(*mark)).any(|mark| mark == DOT_ABOVE);
                drops_dot = dotted;
                if dotted { 'i' } else { 'ı' }
            }
            other => lower(other),
        });
    }
    out
}

const DOT_ABOVE: char = '\u{307}';

fn is_mark(character: char) -> bool {
    character.general_category() == GeneralCategory::NonspacingMark
}

/// Lucene's `IrishLowerCaseFilter`: a prefix n or t gets a hyphen before a capital vowel.
pub(super) fn lower_irish(term: &str) -> String {
    let mut letters = term.chars();
    let begins_with_prefix = matches!(letters.next(), Some('n' | 't'))
        && matches!(letters.next(), Some('A' | 'E' | 'I' | 'O' | 'U' | 'Á' | 'É' | 'Í' | 'Ó' | 'Ú'));
    let mut out: String = term.chars().map(lower).collect();
    if begins_with_prefix {
        out.insert(1, '-');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lower_case_is_that_of_java() {
        for (text, expected) in [("ΟΔΟΣ", "οδοσ"), ("İstanbul", "istanbul"), ("STRASSE ẞ", "strasse ß"), ("ǅ", "ǆ")]
        {
            let mut term = text.to_owned();
            make_lower(&mut term);
            assert_eq!(term, expected);
        }
    }

    #[test]
    fn upper_case_is_that_of_java() {
        for (text, expected) in [("straße", "STRAßE"), ("ﬁ", "ﬁ"), ("ᾳ", "ᾼ"), ("ᾀ", "ᾈ"), ("µ", "Μ")] {
            let mut term = text.to_owned();
            make_upper(&mut term);
            assert_eq!(term, expected);
        }
    }
}
