//! Light stemmers for Bulgarian, Czech, Latvian and Russian, as Lucene has them.

use super::letters::{Ending, Letters, cut, swap};

/// Lucene's `RussianLightStemmer`, by Dolamic and Savoy.
pub(super) fn russian(word: &mut Letters) {
    const ENDINGS: &[Ending] = &[
        cut(6, "иями оями", 4),
        cut(5, "иям иях оях ями оям оьв ами его ему ери ими ого ому ыми оев", 3),
        cut(4, "ая яя ях юю ах ею их ия ию ьв ою ую ям ых ея ам ем ей ём ев ий им ое ой ом ов ые ый ым ми", 2),
        cut(3, "а е и о у й ы я ь", 1),
    ];
    word.apply(ENDINGS);
    word.apply(&[cut(3, "ь и нн", 1)]);
}

/// Lucene's `CzechStemmer`, by Dolamic and Savoy.
pub(super) fn czech(word: &mut Letters) {
    const CASES: &[Ending] = &[
        cut(7, "atech", 5),
        cut(6, "ětem etem atům", 4),
        cut(
            5,
            "ech ich ích ého ěmi emi ému ěte ete ěti eti ího iho ími ímu imu ách ata aty ých ama ami ové ovi ými",
            3,
        ),
        cut(4, "em es ém ím ům at ám os us ým mi ou", 2),
        cut(3, "a e i o u ů y á é í ý ě", 1),
    ];
    word.apply(CASES);
    word.apply(&[cut(5, "ov in ův", 2)]);
    let is_respelled =
        word.apply(&[swap(0, "čt", 2, "ck"), swap(0, "št", 2, "sk"), swap(0, "c č", 1, "k"), swap(0, "z ž", 1, "h")]);
    if is_respelled {
        return;
    }
    if word.len() > 1 && word.last(2) == 'e' {
        word.drop_second_last();
    } else if word.len() > 2 && word.last(2) == 'ů' {
        word.set_last(2, 'o');
    }
}

/// Lucene's `BulgarianStemmer`, by Jacques Savoy.
pub(super) fn bulgarian(word: &mut Letters) {
    const ARTICLES: &[Ending] = &[cut(6, "ият", 3), cut(5, "ът то те та ия", 2), cut(4, "ят", 2)];
    if word.len() < 4 || word.apply(&[cut(5, "ища", 3)]) {
        return;
    }
    word.apply(ARTICLES);
    bulgarian_plural(word);
    if word.len() > 3 {
        word.apply(&[cut(0, "я", 1)]);
        word.apply(&[cut(0, "а о е", 1)]);
    }
    word.apply(&[swap(4, "ен", 2, "н")]);
    if word.len() > 5 && word.last(2) == 'ъ' {
        word.drop_second_last();
    }
}

fn bulgarian_plural(word: &mut Letters) {
    const LONG: &[Ending] = &[
        cut(6, "овци ове", 3),
        swap(6, "еве", 3, "й"),
        cut(5, "ища", 3),
        cut(5, "та", 2),
        swap(5, "ци", 2, "к"),
        swap(5, "зи", 2, "г"),
    ];
    if word.apply(LONG) {
        return;
    }
    if word.len() > 5 && word.last(3) == 'е' && word.last(1) == 'и' {
        word.set_last(3, 'я');
        word.cut(1);
        return;
    }
    word.apply(&[swap(4, "си", 2, "х"), cut(4, "и", 1)]);
}

/// An ending, the vowels that the word must have beyond that many, whether the stem's last consonants were softened by it.
const LATVIAN: &[(&str, usize, bool)] = &[
    ("ajiem", 3, false),
    ("ajai", 3, false),
    ("ajam ajām ajos ajās", 2, false),
    ("iem", 2, true),
    ("ajā ais ai ei", 2, false),
    ("ām am ēm īm im um", 1, false),
    ("us", 1, true),
    ("as ās es", 1, false),
    ("os", 1, true),
    ("ij īs ēs is ie", 1, false),
    ("u a i", 1, true),
    ("e ā ē ī ū o", 1, false),
    ("s š", 0, false),
];

/// Lucene's `LatvianStemmer`, after Karlis Kreslins.
pub(super) fn latvian(word: &mut Letters) {
    let vowels = word.count(|letter| matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u' | 'ā' | 'ī' | 'ē' | 'ū'));
    for (endings, above, softens) in LATVIAN {
        let fits = |ending: &&str| {
            let letters = ending.chars().count();
            vowels > *above && word.len() >= letters + 3 && word.ends_with(ending)
        };
        if let Some(ending) = endings.split(' ').find(fits) {
            let removed = ending.chars().next();
            word.cut(ending.chars().count());
            if *softens {
                harden(word, removed == Some('u'));
            }
            return;
        }
    }
}

fn harden(word: &mut Letters, lost_u: bool) {
    const BEFORE_U: &[Ending] = &[swap(0, "kš", 1, "st"), swap(0, "ņņ", 2, "nn")];
    const ALWAYS: &[Ending] = &[
        cut(0, "pj bj mj vj", 1),
        swap(0, "šņ", 2, "sn"),
        swap(0, "žņ", 2, "zn"),
        swap(0, "šļ", 2, "sl"),
        swap(0, "žļ", 2, "zl"),
        swap(0, "ļņ", 2, "ln"),
        swap(0, "ļļ", 2, "ll"),
        swap(0, "č", 1, "c"),
        swap(0, "ļ", 1, "l"),
        swap(0, "ņ", 1, "n"),
    ];
    if !(lost_u && word.apply(BEFORE_U)) {
        word.apply(ALWAYS);
    }
}
