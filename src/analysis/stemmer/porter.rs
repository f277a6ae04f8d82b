//! Martin Porter's stemmer for English, with the two changes that he made later (`bli`, `logi`), as Lucene's `PorterStemFilter`.

use super::letters::{Ending, Letters, swap};

const STEP_2: &[Ending] = &[
    swap(0, "ational", 7, "ate"),
    swap(0, "tional", 6, "tion"),
    swap(0, "enci", 4, "ence"),
    swap(0, "anci", 4, "ance"),
    swap(0, "izer", 4, "ize"),
    swap(0, "bli", 3, "ble"),
    swap(0, "alli", 4, "al"),
    swap(0, "entli", 5, "ent"),
    swap(0, "eli", 3, "e"),
    swap(0, "ousli", 5, "ous"),
    swap(0, "ization", 7, "ize"),
    swap(0, "ation", 5, "ate"),
    swap(0, "ator", 4, "ate"),
    swap(0, "alism", 5, "al"),
    swap(0, "iveness", 7, "ive"),
    swap(0, "fulness", 7, "ful"),
    swap(0, "ousness", 7, "ous"),
    swap(0, "aliti", 5, "al"),
    swap(0, "iviti", 5, "ive"),
    swap(0, "biliti", 6, "ble"),
    swap(0, "logi", 4, "log"),
];

const STEP_3: &[Ending] = &[
    swap(0, "icate", 5, "ic"),
    swap(0, "ative", 5, ""),
    swap(0, "alize", 5, "al"),
    swap(0, "iciti", 5, "ic"),
    swap(0, "ical", 4, "ic"),
    swap(0, "ful", 3, ""),
    swap(0, "ness", 4, ""),
];

const STEP_4: &[&str] = &[
    "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "sion", "tion", "ou", "ism",
    "ate", "iti", "ous", "ive", "ize",
];

pub(super) fn english(word: &mut Letters) {
    if word.len() <= 2 {
        return;
    }
    plurals_and_participles(word);
    if word.last(1) == 'y' && has_vowel(word, 1) {
        word.set_last(1, 'i');
    }
    respell(word, STEP_2);
    respell(word, STEP_3);
    drop_ending(word);
    tidy(word);
}

/// For each letter whether it is a consonant; y is one at the start and behind a vowel.
fn consonants(word: &Letters) -> Vec<bool> {
    let mut before = false;
    let is_consonant = |index| {
        before = match word.at(index) {
            'a' | 'e' | 'i' | 'o' | 'u' => false,
            'y' => index == 0 || !before,
            _ => true,
        };
        before
    };
    (0..word.letters()).map(is_consonant).collect()
}

/// Whether what stands before the last `ending` letters has a vowel.
fn has_vowel(word: &Letters, ending: usize) -> bool {
    consonants(word).iter().take(word.letters().saturating_sub(ending)).any(|is_consonant| !is_consonant)
}

/// Porter's *m*: how often a vowel is followed by a consonant before the last `ending` letters.
fn measure(word: &Letters, ending: usize) -> usize {
    let stem = word.letters().saturating_sub(ending);
    let consonants = consonants(word);
    let pairs = consonants.iter().zip(consonants.iter().skip(1));
    pairs.take(stem.saturating_sub(1)).filter(|(before, after)| !**before && **after).count()
}

/// Whether the word without `ending` letters ends consonant, vowel, consonant, the last not w, x or y.
fn ends_short(word: &Letters, ending: usize) -> bool {
    let stem = word.letters().saturating_sub(ending);
    let consonants = consonants(word);
    let shape = stem.checked_sub(3).and_then(|start| consonants.get(start..stem));
    shape == Some([true, false, true].as_slice()) && !matches!(word.last(ending + 1), 'w' | 'x' | 'y')
}

fn ends_double(word: &Letters) -> bool {
    word.letters() >= 2 && word.last(1) == word.last(2) && consonants(word).last() == Some(&true)
}

fn plurals_and_participles(word: &mut Letters) {
    if word.last(1) == 's' {
        if word.ends_with_any("sses ies") {
            word.cut(2);
        } else if word.last(2) != 's' {
            word.cut(1);
        }
    }
    if word.ends_with("eed") {
        if measure(word, 3) > 0 {
            word.cut(1);
        }
        return;
    }
    let ending = [("ed", 2), ("ing", 3)].into_iter().find(|(ending, _)| word.ends_with(ending));
    let Some((_, letters)) = ending.filter(|(_, letters)| has_vowel(word, *letters)) else { return };
    word.cut(letters);
    if word.ends_with_any("at bl iz") {
        word.push("e");
    } else if ends_double(word) {
        if !matches!(word.last(1), 'l' | 's' | 'z') {
            word.cut(1);
        }
    } else if measure(word, 0) == 1 && ends_short(word, 0) {
        word.push("e");
    }
}

/// The first rule whose ending fits is the only one that is tried.
fn respell(word: &mut Letters, rules: &[Ending]) {
    if let Some(rule) = rules.iter().find(|rule| word.ends_with(rule.endings))
        && measure(word, rule.endings.len()) > 0
    {
        word.cut(rule.cut);
        word.push(rule.add);
    }
}

fn drop_ending(word: &mut Letters) {
    if let Some(ending) = STEP_4.iter().find(|ending| word.ends_with(ending)) {
        // Of `sion` and `tion` the first letter belongs to the stem.
        let letters = if ending.ends_with("ion") { 3 } else { ending.len() };
        if measure(word, letters) > 1 {
            word.cut(letters);
        }
    }
}

fn tidy(word: &mut Letters) {
    if word.last(1) == 'e' {
        let whole = measure(word, 0);
        if whole > 1 || (whole == 1 && !ends_short(word, 1)) {
            word.cut(1);
        }
    }
    if word.last(1) == 'l' && ends_double(word) && measure(word, 0) > 1 {
        word.cut(1);
    }
}
