//! Light and minimal stemmers for German, Norwegian and Swedish, as Lucene has them, and for English plurals.

use super::letters::{Ending, Letters, cut, swap};

/// Lucene's `GermanLightStemmer`, by Jacques Savoy (UniNE).
pub(super) fn german(word: &mut Letters) {
    word.fold(&[("äàáâ", 'a'), ("öòóô", 'o'), ("ïìíî", 'i'), ("üùúû", 'u')]);
    const FIRST: &[Ending] =
        &[cut(5, "ern", 3), cut(4, "em en er es", 2), cut(3, "e", 1), cut(3, "bs ds fs gs hs ks ls ms ns ts", 1)];
    const SECOND: &[Ending] =
        &[cut(5, "est", 3), cut(4, "er en", 2), cut(4, "bst dst fst gst hst kst lst mst nst tst", 2)];
    word.apply(FIRST);
    word.apply(SECOND);
}

/// Lucene's `GermanMinimalStemmer`.
pub(super) fn minimal_german(word: &mut Letters) {
    if word.len() < 5 {
        return;
    }
    word.fold(&[("ä", 'a'), ("ö", 'o'), ("ü", 'u')]);
    word.apply(&[cut(6, "nen", 3), cut(5, "en se es er", 2), cut(0, "n e s r", 1)]);
}

/// Lucene's `SwedishLightStemmer`, by Jacques Savoy (UniNE).
pub(super) fn swedish(word: &mut Letters) {
    const ENDINGS: &[Ending] = &[
        cut(7, "elser heten", 5),
        cut(6, "arne erna ande else aste orna aren", 4),
        cut(5, "are ast het", 3),
        cut(4, "ar er or en at te et", 2),
        cut(3, "t a e n", 1),
    ];
    without_possessive(word);
    word.apply(ENDINGS);
}

fn without_possessive(word: &mut Letters) {
    if word.len() > 4 && word.last(1) == 's' {
        word.cut(1);
    }
}

/// Lucene's `NorwegianLightStemmer` for Bokmål.
pub(super) fn bokmaal(word: &mut Letters) {
    const ENDINGS: &[Ending] = &[
        cut(7, "heter heten", 5),
        cut(5, "dom het", 3),
        cut(7, "elser elsen", 5),
        cut(6, "ende else este eren", 4),
        cut(5, "ere est ene", 3),
        cut(4, "er en et st te", 2),
        cut(3, "a e n", 1),
    ];
    without_possessive(word);
    word.apply(ENDINGS);
}

/// Lucene's `NorwegianLightStemmer` for Nynorsk.
pub(super) fn nynorsk(word: &mut Letters) {
    const ENDINGS: &[Ending] = &[
        cut(7, "heita", 5),
        cut(8, "heiter leiken leikar", 6),
        cut(5, "dom", 3),
        cut(6, "heit semd leik", 4),
        cut(7, "elser elsen", 5),
        cut(6, "ande else aste aren", 4),
        cut(5, "are ast ene ane", 3),
        cut(4, "er en et ar te", 2),
        cut(3, "a e n", 1),
    ];
    without_possessive(word);
    word.apply(ENDINGS);
}

/// Lucene's `NorwegianMinimalStemmer` for Bokmål.
pub(super) fn minimal_bokmaal(word: &mut Letters) {
    without_possessive(word);
    word.apply(&[cut(5, "ene", 3), cut(4, "er en et", 2), cut(3, "a e", 1)]);
}

/// Lucene's `NorwegianMinimalStemmer` for Nynorsk.
pub(super) fn minimal_nynorsk(word: &mut Letters) {
    without_possessive(word);
    word.apply(&[cut(5, "ene ane", 3), cut(4, "er en et ar", 2), cut(3, "a e", 1)]);
}

/// Lucene's `EnglishMinimalStemmer`: the S-stemmer of Donna Harman.
pub(super) fn minimal_english(word: &mut Letters) {
    if word.len() < 3 || word.last(1) != 's' || matches!(word.last(2), 'u' | 's') {
        return;
    }
    if word.last(2) == 'e' {
        if word.len() > 3 && word.last(3) == 'i' && !matches!(word.last(4), 'a' | 'e') {
            word.apply(&[swap(0, "ies", 3, "y")]);
            return;
        }
        if matches!(word.last(3), 'i' | 'a' | 'o' | 'e') {
            return;
        }
    }
    word.cut(1);
}

/// Lucene's `EnglishPossessiveFilter`.
pub(super) fn possessive_english(word: &mut Letters) {
    if word.len() >= 2 && matches!(word.last(2), '\'' | '\u{2019}' | '\u{FF07}') && matches!(word.last(1), 's' | 'S') {
        word.cut(2);
    }
}
