//! Light stemmers for Finnish and Hungarian, by Jacques Savoy (UniNE), as Lucene has them.

use super::letters::{Ending, Letters, cut, swap};

fn is_vowel(letter: char) -> bool {
    matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u' | 'y')
}

/// Lucene's `FinnishLightStemmer`.
pub(super) fn finnish(word: &mut Letters) {
    if word.len() < 4 {
        return;
    }
    word.fold(&[("äå", 'a'), ("ö", 'o')]);
    while word.apply(&[cut(8, "kin", 3), cut(8, "ko", 2)]) {}
    word.apply(&[cut(11, "dellinen", 8), cut(11, "dellisuus", 9)]);
    word.apply(&[cut(5, "lla tse sti", 3), cut(5, "ni", 2), cut(5, "aa", 1)]);
    finnish_case(word);
    finnish_stem(word);
}

fn finnish_case(word: &mut Letters) {
    const LONG: &[Ending] = &[
        swap(8, "nnen", 4, "s"),
        swap(8, "ntena", 5, "s"),
        cut(8, "tten", 4),
        cut(8, "eiden", 5),
        cut(6, "neen niin seen teen inen", 4),
    ];
    const SHORT: &[Ending] = &[
        swap(6, "den", 3, "s"),
        swap(6, "ksen", 4, "s"),
        cut(6, "ssa sta lla lta tta ksi lle", 3),
        cut(5, "na ne", 2),
        cut(5, "nei", 3),
        cut(4, "ja ta", 2),
        cut(4, "a", 1),
    ];
    if word.apply(LONG) {
        return;
    }
    if word.len() > 6 && word.last(3) == 'h' && is_vowel(word.last(2)) && word.last(1) == 'n' {
        word.cut(3);
        return;
    }
    if !word.apply(SHORT) && word.len() > 4 && word.last(1) == 'n' {
        word.cut(if is_vowel(word.last(2)) { 2 } else { 1 });
    }
}

fn finnish_stem(word: &mut Letters) {
    if word.len() > 5 && word.ends_with("hde") {
        word.cut(3);
        word.push("ksi");
    }
    word.apply(&[cut(4, "ei at", 2), cut(3, "t s j e a i", 1)]);
    word.apply(&[cut(8, "e o u", 1)]);
    if word.len() > 4 {
        word.apply(&[cut(0, "i", 1)]);
        if word.len() > 4 {
            word.undouble(|letter| matches!(letter, 'k' | 'p' | 't'));
        }
    }
}

/// Lucene's `HungarianLightStemmer`.
pub(super) fn hungarian(word: &mut Letters) {
    word.fold(&[("á", 'a'), ("ëé", 'e'), ("í", 'i'), ("óőõö", 'o'), ("úűũûü", 'u')]);
    hungarian_case(word);
    hungarian_possessive(word);
    if word.len() > 3 && word.last(1) == 'k' {
        let has_link = word.len() > 4 && matches!(word.last(2), 'a' | 'o' | 'e');
        word.cut(if has_link { 2 } else { 1 });
    }
    word.apply(&[cut(3, "a e i o", 1)]);
}

fn hungarian_case(word: &mut Letters) {
    const CASES: &[Ending] = &[cut(6, "kent", 4), cut(5, "nak nek val vel ert rol ban ben bol nal nel hoz hez tol", 3)];
    if word.apply(CASES) {
        return;
    }
    if word.len() > 5 && word.ends_with_any("al el") && !is_vowel(word.last(3)) && word.last(3) == word.last(4) {
        word.cut(3);
        return;
    }
    if word.apply(&[cut(4, "at et ot va ve ra re ba be ul ig", 2)]) || word.len() <= 4 {
        return;
    }
    if word.ends_with_any("on en") && !is_vowel(word.last(3)) {
        word.cut(2);
        return;
    }
    match word.last(1) {
        't' | 'n' => word.cut(1),
        'a' | 'e' if word.last(2) == word.last(3) && !is_vowel(word.last(2)) => word.cut(2),
        _ => {}
    }
}

fn hungarian_possessive(word: &mut Letters) {
    if word.len() > 6
        && (word.ends_with_any("itek itok") || (!is_vowel(word.last(5)) && word.ends_with_any("atok otok etek")))
    {
        word.cut(4);
        return;
    }
    if word.len() > 5
        && (word.ends_with("ink")
            || (!is_vowel(word.last(4)) && word.ends_with_any("unk tok tek"))
            || (is_vowel(word.last(4)) && word.ends_with("juk")))
    {
        word.cut(3);
        return;
    }
    if word.len() > 4
        && (word.ends_with_any("im id ik")
            || (!is_vowel(word.last(3)) && word.ends_with_any("am em om ad ed od uk"))
            || (is_vowel(word.last(3)) && word.ends_with_any("nk ja je")))
    {
        word.cut(2);
        return;
    }
    if word.len() > 3 {
        match word.last(1) {
            'a' | 'e' if !is_vowel(word.last(2)) => word.cut(1),
            'm' | 'd' if is_vowel(word.last(2)) => word.cut(1),
            'i' => word.cut(1),
            _ => {}
        }
    }
}
