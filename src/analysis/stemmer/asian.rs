//! Light stemmers for Arabic, Bengali, Hindi, Indonesian, Persian and Sorani, as Lucene has them.

use super::letters::{Ending, Letters, cut};

/// Lucene's `ArabicStemmer`.
pub(super) fn arabic(word: &mut Letters) {
    for prefix in ["ال", "وال", "بال", "كال", "فال", "لل", "و"] {
        let letters = prefix.chars().count();
        let needed = if letters == 1 { 4 } else { letters + 2 };
        if word.len() >= needed && word.starts_with(prefix) {
            word.behead(letters);
            break;
        }
    }
    every(word, &["ها", "ان", "ات", "ون", "ين", "يه", "ية", "ه", "ة", "ي"]);
}

/// Lucene's `PersianStemmer`.
pub(super) fn persian(word: &mut Letters) {
    every(word, &["ات", "ان", "ترين", "تر", "يي", "ي", "ها", "\u{200c}"]);
}

/// Takes off every ending in turn that leaves two letters.
fn every(word: &mut Letters, endings: &[&'static str]) {
    for ending in endings {
        let letters = ending.chars().count();
        if word.len() >= letters + 2 && word.ends_with(ending) {
            word.cut(letters);
        }
    }
}

/// Lucene's `HindiStemmer`, by Ramanathan and Rao.
pub(super) fn hindi(word: &mut Letters) {
    const ENDINGS: &[Ending] = &[
        cut(6, "ाएंगी ाएंगे ाऊंगी ाऊंगा ाइयाँ ाइयों ाइयां", 5),
        cut(5, "ाएगी ाएगा ाओगी ाओगे एंगी ेंगी एंगे ेंगे ूंगी ूंगा ातीं नाओं नाएं ताओं ताएं ियाँ ियों ियां", 4),
        cut(4, "ाकर ाइए ाईं ाया ेगी ेगा ोगी ोगे ाने ाना ाते ाती ाता तीं ाओं ाएं ुओं ुएं ुआं", 3),
        cut(3, "कर ाओ िए ाई ाए ने नी ना ते ीं ती ता ाँ ां ों ें", 2),
        cut(2, "ो े ू ु ी ि ा", 1),
    ];
    word.apply(ENDINGS);
}

/// Lucene's `BengaliStemmer`, after Sengupta and Chaudhuri. U+09DF stands here as one character: the filters before have
/// composed it.
pub(super) fn bengali(word: &mut Letters) {
    const ENDINGS: &[Ending] = &[
        cut(9, "িয়াছিলাম িতেছিলাম িতেছিলেন ইতেছিলেন িয়াছিলেন ইয়াছিলেন", 8),
        cut(8, "িতেছিলি িতেছিলে িয়াছিলা িয়াছিলে িতেছিলা িয়াছিলি য়েদেরকে", 7),
        cut(7, "িতেছিস িতেছেন িয়াছিস িয়াছেন েছিলাম েছিলেন েদেরকে", 6),
        cut(6, "িতেছি িতেছা িতেছে ছিলাম ছিলেন িয়াছি িয়াছা িয়াছে েছিলে েছিলা য়েদের দেরকে", 5),
        cut(5, "িলাম িলেন িতাম িতেন িবেন ছিলি ছিলে ছিলা তেছে িতেছ খানা খানি গুলো গুলি য়েরা েদের", 4),
        cut(
            4,
            "লাম িলি ইলি িলে ইলে লেন িলা ইলা তাম িতি ইতি িতে ইতে তেন িতা িবা ইবা িবি ইবি বেন িবে ইবে ছেন য়োন য়ের েরা দের",
            3,
        ),
        cut(3, "িস েন লি লে লা তি তে তা বি বে বা ছি ছা ছে ুন ুক টা টি নি ের তে রা কে", 2),
        cut(2, "ি ী া ো ে ব ত", 1),
    ];
    word.apply(ENDINGS);
}

/// Lucene's `SoraniStemmer`.
pub(super) fn sorani(word: &mut Letters) {
    const POSTPOSITIONS: &[Ending] = &[cut(5, "دا", 2), cut(4, "نا", 1), cut(6, "ەوە", 3)];
    const REST: &[Ending] = &[
        cut(6, "ێکی", 3),
        cut(7, "یەکی", 4),
        cut(5, "ێک", 2),
        cut(6, "یەک ەکە", 3),
        cut(5, "کە", 2),
        cut(7, "ەکان", 4),
        cut(6, "کان", 3),
        cut(7, "یانی", 4),
        cut(6, "انی یان", 3),
        cut(5, "ان", 2),
        cut(7, "یانە", 4),
        cut(6, "انە", 3),
        cut(5, "ایە ەیە", 2),
        cut(4, "ە ی", 1),
    ];
    word.apply(POSTPOSITIONS);
    word.apply(&[cut(6, "مان یان تان", 3)]);
    word.apply(REST);
}

/// What Lucene's `IndonesianStemmer` (after Fadillah Tala) has taken off the front so far.
#[derive(Default, Clone, Copy, PartialEq)]
enum Prefix {
    #[default]
    Nothing,
    Ke,
    Peng,
    Di,
    Meng,
    Ter,
}

struct Indonesian<'w> {
    word: &'w mut Letters,
    syllables: usize,
    first: Prefix,
    lost_ber: bool,
    lost_pe: bool,
}

/// Lucene's `IndonesianStemmer` with derivational endings.
pub(super) fn indonesian(word: &mut Letters) {
    let syllables = word.count(is_vowel);
    let mut stem = Indonesian { word, syllables, first: Prefix::Nothing, lost_ber: false, lost_pe: false };
    stem.inflections();
    if stem.first_prefix() {
        if stem.suffix() {
            stem.second_prefix();
        }
    } else {
        stem.second_prefix();
        stem.suffix();
    }
}

fn is_vowel(letter: char) -> bool {
    matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u')
}

impl Indonesian<'_> {
    fn inflections(&mut self) {
        if self.is_long() && self.word.apply(&[cut(0, "kah lah pun", 3)]) {
            self.syllables -= 1;
        }
        if self.is_long() && self.word.apply(&[cut(0, "ku mu", 2), cut(0, "nya", 3)]) {
            self.syllables -= 1;
        }
    }

    fn lose(&mut self, letters: usize) -> bool {
        self.word.behead(letters);
        self.syllables -= 1;
        true
    }

    /// Short words keep what they have.
    fn is_long(&self) -> bool {
        self.syllables > 2
    }

    fn first_prefix(&mut self) -> bool {
        // A beginning, whether a vowel must follow, what its last letter becomes then, letters lost, and what it counts as.
        const PREFIXES: &[(&str, Option<char>, usize, Prefix)] = &[
            ("meng", None, 4, Prefix::Meng),
            ("meny", Some('s'), 3, Prefix::Meng),
            ("men", None, 3, Prefix::Meng),
            ("mem", None, 3, Prefix::Meng),
            ("me", None, 2, Prefix::Meng),
            ("peng", None, 4, Prefix::Peng),
            ("peny", Some('s'), 3, Prefix::Peng),
            ("peny", None, 4, Prefix::Peng),
            ("pen", Some('t'), 2, Prefix::Peng),
            ("pen", None, 3, Prefix::Peng),
            ("pem", None, 3, Prefix::Peng),
            ("di", None, 2, Prefix::Di),
            ("ter", None, 3, Prefix::Ter),
            ("ke", None, 2, Prefix::Ke),
        ];
        if !self.is_long() {
            return false;
        }
        for (beginning, before_vowel, lost, prefix) in PREFIXES {
            let behind = self.word.at(beginning.len());
            if self.word.starts_with(beginning) && (before_vowel.is_none() || is_vowel(behind)) {
                if let Some(letter) = before_vowel {
                    self.word.set(beginning.len() - 1, *letter);
                }
                self.first = *prefix;
                return self.lose(*lost);
            }
        }
        false
    }

    fn second_prefix(&mut self) {
        if !self.is_long() {
            return;
        }
        let is_whole = |word: &str| self.word.len() == word.len() && self.word.starts_with(word);
        let has_inner_er = !is_vowel(self.word.at(2)) && self.word.at(3) == 'e' && self.word.at(4) == 'r';
        if self.word.starts_with("ber") || is_whole("belajar") {
            self.lost_ber = true;
            self.lose(3);
        } else if self.word.starts_with("be") && self.word.len() > 4 && has_inner_er {
            self.lost_ber = true;
            self.lose(2);
        } else if self.word.starts_with("per") || is_whole("pelajar") {
            self.lose(3);
        } else if self.word.starts_with("pe") {
            self.lost_pe = true;
            self.lose(2);
        }
    }

    fn suffix(&mut self) -> bool {
        let first = self.first;
        let lost = if !self.is_long() {
            return false;
        } else if self.word.ends_with("kan") && !matches!(first, Prefix::Ke | Prefix::Peng) && !self.lost_pe {
            3
        } else if self.word.ends_with("an") && !matches!(first, Prefix::Di | Prefix::Meng | Prefix::Ter) {
            2
        } else if self.word.ends_with("i")
            && !self.word.ends_with("si")
            && !self.lost_ber
            && !matches!(first, Prefix::Ke | Prefix::Peng)
        {
            1
        } else {
            return false;
        };
        self.word.cut(lost);
        self.syllables -= 1;
        true
    }
}
