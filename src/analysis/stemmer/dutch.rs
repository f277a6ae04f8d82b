//! Snowball's Dutch stemmer, after Martin Porter.
//!
//! The crate's counts the three letters that stay in bytes.

use super::letters::Letters;

/// Where the endings may begin.
struct Regions {
    first: usize,
    second: usize,
}

/// `I` and `Y` are an i and a y that are no vowels.
fn is_vowel(letter: char) -> bool {
    matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u' | 'y' | 'è')
}

pub(super) fn dutch(word: &mut Letters) {
    word.fold(&[("äá", 'a'), ("ëé", 'e'), ("ïí", 'i'), ("öó", 'o'), ("üú", 'u')]);
    mark_consonants(word);
    let regions = Regions::of(word);
    plural(word, &regions);
    let lost_e = drop_e(word, &regions);
    if regions.second_has(word, "heid") && word.last(5) != 'c' {
        word.cut(4);
        if word.ends_with("en") {
            drop_en(word, &regions, 2);
        }
    }
    derivation(word, &regions, lost_e);
    let is_long = word.ends_with_any_before("aa ee oo uu", 1) && !is_vowel(word.last(4)) && word.letters() > 3;
    if is_long && !is_vowel(word.last(1)) && word.last(1) != 'I' {
        word.drop_second_last();
    }
    word.fold(&[("Y", 'y'), ("I", 'i')]);
}

fn mark_consonants(word: &mut Letters) {
    if word.at(0) == 'y' {
        word.set(0, 'Y');
    }
    for index in 1..word.letters() {
        let follows_vowel = is_vowel(word.at(index - 1));
        match word.at(index) {
            'i' if follows_vowel && is_vowel(word.at(index + 1)) => word.set(index, 'I'),
            'y' if follows_vowel => word.set(index, 'Y'),
            _ => {}
        }
    }
}

impl Regions {
    fn of(word: &Letters) -> Regions {
        let behind_syllable = |start: usize| {
            let vowel = (start..word.letters()).find(|index| is_vowel(word.at(*index)))?;
            (vowel..word.letters()).find(|index| !is_vowel(word.at(*index))).map(|consonant| consonant + 1)
        };
        let Some(first) = behind_syllable(0) else {
            return Regions { first: usize::MAX, second: usize::MAX };
        };
        Regions { first: first.max(3), second: behind_syllable(first).unwrap_or(usize::MAX) }
    }

    fn first_has(&self, word: &Letters, ending: usize) -> bool {
        word.letters().checked_sub(ending).is_some_and(|start| start >= self.first)
    }

    fn second_has(&self, word: &Letters, ending: &str) -> bool {
        let start = word.letters().checked_sub(ending.len());
        word.ends_with(ending) && start.is_some_and(|start| start >= self.second)
    }
}

fn plural(word: &mut Letters, regions: &Regions) {
    let endings = ["heden", "ene", "en", "se", "s"];
    let Some(ending) = endings.into_iter().find(|ending| word.ends_with(ending)) else { return };
    let letters = ending.len();
    match ending {
        "heden" if regions.first_has(word, letters) => {
            word.cut(letters);
            word.push("heid");
        }
        "ene" | "en" => drop_en(word, regions, letters),
        "se" | "s" if regions.first_has(word, letters) => {
            let before = word.last(letters + 1);
            if word.letters() > letters && !is_vowel(before) && before != 'j' {
                word.cut(letters);
            }
        }
        _ => {}
    }
}

fn drop_en(word: &mut Letters, regions: &Regions, letters: usize) {
    let follows_consonant = word.letters() > letters && !is_vowel(word.last(letters + 1));
    if regions.first_has(word, letters) && follows_consonant && !word.ends_with_any_before("gem", letters) {
        word.cut(letters);
        undouble(word);
    }
}

fn drop_e(word: &mut Letters, regions: &Regions) -> bool {
    let drops = word.last(1) == 'e' && regions.first_has(word, 1) && word.letters() > 1 && !is_vowel(word.last(2));
    if drops {
        word.cut(1);
        undouble(word);
    }
    drops
}

fn derivation(word: &mut Letters, regions: &Regions, lost_e: bool) {
    if regions.second_has(word, "end") || regions.second_has(word, "ing") {
        word.cut(3);
        if regions.second_has(word, "ig") && word.last(3) != 'e' {
            word.cut(2);
        } else {
            undouble(word);
        }
    } else if regions.second_has(word, "ig") {
        if word.last(3) != 'e' {
            word.cut(2);
        }
    } else if regions.second_has(word, "lijk") {
        word.cut(4);
        drop_e(word, regions);
    } else if regions.second_has(word, "baar") {
        word.cut(4);
    } else if regions.second_has(word, "bar") && lost_e {
        word.cut(3);
    }
}

fn undouble(word: &mut Letters) {
    if word.ends_with_any("kk dd tt") {
        word.cut(1);
    }
}
