//! Light stemmers for French, Italian, Portuguese and Spanish, by Jacques Savoy (UniNE), as Lucene has them.

use super::letters::{Ending, Letters, cut, swap};

const VOWELS_WITHOUT_ACCENTS: &[(&str, char)] =
    &[("àáâä", 'a'), ("òóôö", 'o'), ("èéêë", 'e'), ("ùúûü", 'u'), ("ìíîï", 'i')];

/// Lucene's `FrenchLightStemmer`.
pub(super) fn french(word: &mut Letters) {
    if word.len() > 5 && word.last(1) == 'x' {
        if word.last(3) == 'a' && word.last(2) == 'u' && word.last(4) != 'e' {
            word.set_last(2, 'l');
        }
        word.cut(1);
    }
    for plural in ['x', 's'] {
        if word.len() > 3 && word.last(1) == plural {
            word.cut(1);
        }
    }
    if !french_ending(word) {
        french_rest(word);
    }
    french_spelling(word);
}

const FRENCH: &[Ending] = &[
    swap(9, "issement", 7, "r"),
    swap(8, "issant", 5, "r"),
    swap(11, "ficatrice", 7, "er"),
    swap(10, "ficateur", 6, "er"),
    swap(9, "catrice", 7, "quer"),
    swap(8, "cateur", 6, "quer"),
    swap(8, "atrice", 6, "er"),
    swap(7, "ateur", 5, "er"),
];

const FRENCH_AGENTS: &[Ending] = &[
    cut(5, "ième", 4),
    swap(7, "teuse", 3, "r"),
    swap(6, "teur", 2, "r"),
    cut(5, "euse", 2),
    swap(8, "ère", 3, "er"),
    swap(7, "ive", 2, "f"),
    swap(4, "folle molle", 3, "u"),
    cut(9, "nnelle", 5),
    cut(9, "nnel", 3),
];

const FRENCH_NOUNS: &[Ending] = &[cut(8, "esse", 3), cut(7, "inage", 3)];
const FRENCH_LAST: &[Ending] = &[cut(9, "isateur", 7), cut(8, "ation", 5), cut(8, "ition", 5)];

/// Whether an ending was found that ends the stemming.
fn french_ending(word: &mut Letters) -> bool {
    if word.len() > 6 && word.ends_with("ement") && !(word.len() > 9 && word.ends_with("issement")) {
        word.cut(4);
        if word.len() > 3 && word.ends_with("ive") {
            word.cut(2);
            word.push("f");
        }
        return true;
    }
    if word.apply(FRENCH) {
        return true;
    }
    if word.len() > 6 && word.ends_with("trice") {
        word.cut(4);
        word.push("eur");
    }
    word.apply(FRENCH_AGENTS)
}

fn french_rest(word: &mut Letters) {
    if word.len() > 4 && word.ends_with("ète") {
        word.cut(3);
        word.push("et");
    }
    if word.len() > 8 && word.ends_with("ique") {
        word.cut(4);
    }
    if word.apply(FRENCH_NOUNS) {
        return;
    }
    if word.len() > 9 && word.ends_with("isation") {
        word.cut(7);
        if word.len() > 5 && word.ends_with("ual") {
            word.set_last(2, 'e');
        }
        return;
    }
    word.apply(FRENCH_LAST);
}

fn french_spelling(word: &mut Letters) {
    if word.len() > 4 {
        word.fold(&[("àáâ", 'a'), ("ô", 'o'), ("èéê", 'e'), ("ùû", 'u'), ("î", 'i'), ("ç", 'c')]);
        word.undouble(is_letter);
    }
    if word.len() > 4 && word.ends_with("ie") {
        word.cut(2);
    }
    if word.len() > 4 {
        for letter in ['r', 'e', 'e'] {
            if word.last(1) == letter {
                word.cut(1);
            }
        }
        if word.last(1) == word.last(2) && is_letter(word.last(1)) {
            word.cut(1);
        }
    }
}

fn is_letter(character: char) -> bool {
    super::super::tokenizer::is_letter(character)
}

/// Lucene's `FrenchMinimalStemmer`.
pub(super) fn minimal_french(word: &mut Letters) {
    if word.len() < 6 {
        return;
    }
    if word.last(1) == 'x' {
        if word.last(3) == 'a' && word.last(2) == 'u' {
            word.set_last(2, 'l');
        }
        word.cut(1);
        return;
    }
    for letter in ['s', 'r', 'e', 'é'] {
        if word.last(1) == letter {
            word.cut(1);
        }
    }
    if word.last(1) == word.last(2) && is_letter(word.last(1)) {
        word.cut(1);
    }
}

/// Lucene's `ItalianLightStemmer`.
pub(super) fn italian(word: &mut Letters) {
    if word.len() < 6 {
        return;
    }
    word.fold(VOWELS_WITHOUT_ACCENTS);
    word.apply(&[cut(0, "ie he hi ii ia io", 2), cut(0, "e i a o", 1)]);
}

/// Lucene's `SpanishLightStemmer`.
pub(super) fn spanish(word: &mut Letters) {
    if word.len() < 5 {
        return;
    }
    word.fold(VOWELS_WITHOUT_ACCENTS);
    word.apply(&[cut(0, "o a e", 1), cut(0, "eses", 2), swap(0, "ces", 3, "z"), cut(0, "os as es", 2)]);
}

const PORTUGUESE_PLURALS: &[Ending] = &[
    cut(4, "res ses les zes", 2),
    swap(3, "ns", 2, "m"),
    swap(4, "eis éis", 3, "el"),
    swap(4, "ais", 2, "l"),
    swap(4, "óis", 3, "ol"),
    swap(4, "is", 1, "l"),
    swap(3, "ões ães", 3, "ão"),
    cut(6, "mente", 5),
    cut(3, "s", 1),
];

const PORTUGUESE_FEMININES: &[Ending] = &[
    swap(7, "inha iaca eira", 1, "o"),
    swap(6, "osa ica ida ada iva ama", 1, "o"),
    swap(6, "ona", 3, "ão"),
    cut(6, "ora", 1),
    swap(6, "esa", 3, "ês"),
    swap(6, "na", 1, "o"),
];

/// Lucene's `PortugueseLightStemmer`.
pub(super) fn portuguese(word: &mut Letters) {
    if word.len() < 4 {
        return;
    }
    word.apply(PORTUGUESE_PLURALS);
    if word.len() > 3 {
        word.apply(PORTUGUESE_FEMININES);
    }
    word.apply(&[cut(4, "e a o", 1)]);
    word.fold(&[("ã", 'a'), ("õ", 'o'), ("ç", 'c')]);
    word.fold(VOWELS_WITHOUT_ACCENTS);
}
