//! Filters that make spellings of one script or language alike: Lucene's `*NormalizationFilter`s.

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Whose spellings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analysis) enum Normalization {
    Arabic,
    Bengali,
    German,
    Hindi,
    Indic,
    Persian,
    Romanian,
    Scandinavian,
    ScandinavianFolding,
    Serbian,
    Sorani,
}

/// The names of the filters.
const NAMES: &[(&str, Normalization)] = &[
    ("arabic_normalization", Normalization::Arabic),
    ("bengali_normalization", Normalization::Bengali),
    ("german_normalization", Normalization::German),
    ("hindi_normalization", Normalization::Hindi),
    ("indic_normalization", Normalization::Indic),
    ("persian_normalization", Normalization::Persian),
    ("scandinavian_normalization", Normalization::Scandinavian),
    ("scandinavian_folding", Normalization::ScandinavianFolding),
    ("serbian_normalization", Normalization::Serbian),
    ("sorani_normalization", Normalization::Sorani),
];

impl Normalization {
    pub(in crate::analysis) fn named(filter: &str) -> Option<Normalization> {
        NAMES.iter().find(|(name, _)| *name == filter).map(|(_, normalization)| *normalization)
    }

    /// Whether it leaves words alone that stemmers leave alone.
    pub(super) fn spares_keywords(self) -> bool {
        matches!(self, Normalization::Bengali | Normalization::Hindi)
    }

    /// Changes a term in place.
    pub(super) fn apply(self, term: &mut String) {
        if term.is_ascii()
            && !matches!(self, Normalization::German | Normalization::Scandinavian | Normalization::ScandinavianFolding)
        {
            return;
        }
        match self {
            Normalization::Arabic => replace_each(term, arabic),
            Normalization::Bengali => *term = super::bengali::normalized(term),
            Normalization::German => *term = german(term),
            Normalization::Hindi => *term = hindi(term),
            Normalization::Indic => *term = super::indic::composed(term),
            Normalization::Persian => replace_each(term, persian),
            Normalization::Romanian => replace_each(term, |letter| match letter {
                'Ş' => Some('Ș'),
                'ş' => Some('ș'),
                'Ţ' => Some('Ț'),
                'ţ' => Some('ț'),
                _ => Some(letter),
            }),
            Normalization::Scandinavian => *term = scandinavian(term, ('å', 'Å'), ('æ', 'Æ'), ('ø', 'Ø')),
            Normalization::ScandinavianFolding => *term = scandinavian(term, ('a', 'A'), ('a', 'A'), ('o', 'O')),
            Normalization::Serbian => *term = serbian(term),
            Normalization::Sorani => *term = sorani(term),
        }
    }
}

fn replace_each(term: &mut String, replaced: impl Fn(char) -> Option<char>) {
    *term = term.chars().filter_map(replaced).collect();
}

/// Vowel signs and the like, and the stroke that stretches words.
fn is_arabic_mark(letter: char) -> bool {
    matches!(letter, '\u{640}' | '\u{64B}'..='\u{652}')
}

fn arabic(letter: char) -> Option<char> {
    match letter {
        '\u{622}' | '\u{623}' | '\u{625}' => Some('\u{627}'),
        '\u{649}' => Some('\u{64A}'),
        '\u{629}' => Some('\u{647}'),
        mark if is_arabic_mark(mark) => None,
        other => Some(other),
    }
}

fn persian(letter: char) -> Option<char> {
    match letter {
        '\u{6CC}' | '\u{6D2}' => Some('\u{64A}'),
        '\u{6A9}' => Some('\u{643}'),
        '\u{6C0}' | '\u{6C1}' => Some('\u{647}'),
        '\u{654}' => None,
        other => Some(other),
    }
}

/// Umlauts lose their dots; `ae`, `oe` and `ue` are umlauts, unless a vowel or q stands before `ue`.
fn german(term: &str) -> String {
    #[derive(PartialEq)]
    enum Before {
        Plain,
        Vowel,
        /// An e that follows is dropped.
        Umlaut,
    }
    let mut before = Before::Plain;
    let mut out = String::with_capacity(term.len());
    for letter in term.chars() {
        let (written, state) = match letter {
            'a' | 'o' => (Some(letter), Before::Umlaut),
            'u' if before == Before::Plain => (Some(letter), Before::Umlaut),
            'e' if before == Before::Umlaut => (None, Before::Vowel),
            'u' | 'e' | 'i' | 'q' | 'y' => (Some(letter), Before::Vowel),
            'ä' => (Some('a'), Before::Vowel),
            'ö' => (Some('o'), Before::Vowel),
            'ü' => (Some('u'), Before::Vowel),
            'ß' => {
                out.push('s');
                (Some('s'), Before::Plain)
            }
            _ => (Some(letter), Before::Plain),
        };
        out.extend(written);
        before = state;
    }
    out
}

/// Letters of one kind become one; long vowels short; signs that only join are dropped.
fn hindi(term: &str) -> String {
    let mut out = String::with_capacity(term.len());
    let mut letters = term.chars().peekable();
    while let Some(letter) = letters.next() {
        let simple = match letter {
            // A na without its vowel is an anusvara.
            '\u{928}' if letters.next_if_eq(&'\u{94D}').is_some() => '\u{902}',
            '\u{901}' => '\u{902}',
            '\u{93C}' | '\u{200D}' | '\u{200C}' | '\u{94D}' => continue,
            '\u{929}' => '\u{928}',
            '\u{931}' => '\u{930}',
            '\u{934}' => '\u{933}',
            '\u{958}' => '\u{915}',
            '\u{959}' => '\u{916}',
            '\u{95A}' => '\u{917}',
            '\u{95B}' => '\u{91C}',
            '\u{95C}' => '\u{921}',
            '\u{95D}' => '\u{922}',
            '\u{95E}' => '\u{92B}',
            '\u{95F}' => '\u{92F}',
            '\u{945}' | '\u{946}' | '\u{948}' => '\u{947}',
            '\u{949}' | '\u{94A}' | '\u{94C}' => '\u{94B}',
            '\u{90D}' | '\u{90E}' | '\u{910}' => '\u{90F}',
            '\u{911}' | '\u{912}' | '\u{914}' => '\u{913}',
            '\u{972}' | '\u{906}' => '\u{905}',
            '\u{908}' => '\u{907}',
            '\u{90A}' => '\u{909}',
            '\u{960}' => '\u{90B}',
            '\u{961}' => '\u{90C}',
            '\u{940}' => '\u{93F}',
            '\u{942}' => '\u{941}',
            '\u{944}' => '\u{943}',
            '\u{963}' => '\u{962}',
            other => other,
        };
        out.push(simple);
    }
    out
}

/// The letters of Danish, Norwegian and Swedish that stand for each other, also written with two letters.
fn scandinavian(term: &str, aa: (char, char), ae: (char, char), oe: (char, char)) -> String {
    let folds = aa.0.is_ascii();
    let mut out = String::with_capacity(term.len());
    let mut letters = term.chars().peekable();
    while let Some(letter) = letters.next() {
        let single = match letter {
            'å' if folds => Some('a'),
            'Å' if folds => Some('A'),
            'ä' | 'æ' => Some(ae.0),
            'Ä' | 'Æ' => Some(ae.1),
            'ö' | 'ø' => Some(oe.0),
            'Ö' | 'Ø' => Some(oe.1),
            _ => None,
        };
        if let Some(single) = single {
            out.push(single);
            continue;
        }
        let (small, big) = match (letter, letters.peek().map(char::to_ascii_lowercase)) {
            ('a' | 'A', Some('a' | 'o')) => aa,
            ('a' | 'A', Some('e')) => ae,
            ('o' | 'O', Some('e' | 'o')) => oe,
            _ => {
                out.push(letter);
                continue;
            }
        };
        letters.next();
        out.push(if letter.is_ascii_uppercase() { big } else { small });
    }
    out
}

/// Serbian in Latin letters without accents, of lower case only.
fn serbian(term: &str) -> String {
    const CYRILLIC: &[(char, &str)] = &[
        ('а', "a"),
        ('б', "b"),
        ('в', "v"),
        ('г', "g"),
        ('д', "d"),
        ('ђ', "dj"),
        ('đ', "dj"),
        ('е', "e"),
        ('ж', "z"),
        ('з', "z"),
        ('ž', "z"),
        ('и', "i"),
        ('ј', "j"),
        ('к', "k"),
        ('л', "l"),
        ('љ', "lj"),
        ('м', "m"),
        ('н', "n"),
        ('њ', "nj"),
        ('о', "o"),
        ('п', "p"),
        ('р', "r"),
        ('с', "s"),
        ('т', "t"),
        ('ћ', "c"),
        ('ц', "c"),
        ('ч', "c"),
        ('č', "c"),
        ('ć', "c"),
        ('у', "u"),
        ('ф', "f"),
        ('х', "h"),
        ('џ', "dz"),
        ('ш', "s"),
        ('š', "s"),
    ];
    let mut out = String::with_capacity(term.len());
    for letter in term.chars() {
        match CYRILLIC.iter().find(|(cyrillic, _)| *cyrillic == letter) {
            Some((_, latin)) => out.push_str(latin),
            None => out.push(letter),
        }
    }
    out
}

fn sorani(term: &str) -> String {
    const HEH: char = '\u{647}';
    const AE: char = '\u{6D5}';
    let mut out: Vec<char> = Vec::with_capacity(term.len());
    let mut letters = term.chars().peekable();
    while let Some(letter) = letters.next() {
        let is_last = letters.peek().is_none();
        let simple = match letter {
            '\u{64A}' | '\u{649}' => '\u{6CC}',
            '\u{643}' => '\u{6A9}',
            '\u{200C}' => {
                if let Some(before) = out.last_mut().filter(|before| **before == HEH) {
                    *before = AE;
                }
                continue;
            }
            HEH if is_last => AE,
            '\u{629}' => AE,
            '\u{6BE}' => HEH,
            '\u{631}' if out.is_empty() => '\u{695}',
            '\u{692}' => '\u{695}',
            mark if is_arabic_mark(mark) || mark.general_category() == GeneralCategory::Format => continue,
            other => other,
        };
        out.push(simple);
    }
    out.into_iter().collect()
}
