//! Stemmers: words to their stems, as Lucene's stem filters do it.
//!
//! Snowball's stemmers come from a crate; what Lucene has beside them (Porter's first stemmer, the light and minimal ones) stands
//! here where it is short. Each was compared with a node's answers over tens of thousands of words of its language.

mod asian;
mod balto_slavic;
mod dutch;
mod finno_ugric;
mod germanic;
mod letters;
mod porter;
mod romance;

use std::borrow::Cow;
use std::fmt;

use letters::Letters;
use tantivy_stemmers::algorithms;

/// Words longer than this in bytes are no words of a language: they are left as they are, for some algorithms need time that grows
/// with the square of the length.
const MAX_LENGTH: usize = 4_096;

/// One stemming algorithm.
#[derive(Clone, Copy)]
pub(super) struct Stemmer {
    name: &'static str,
    algorithm: Algorithm,
}

#[derive(Clone, Copy)]
enum Algorithm {
    Snowball(fn(&str) -> Cow<'_, str>),
    Rules(fn(&mut Letters)),
}

impl fmt::Debug for Stemmer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

/// By the names of the `stemmer` filter.
const STEMMERS: &[(&str, Algorithm)] = &[
    ("arabic", Algorithm::Rules(asian::arabic)),
    ("armenian", Algorithm::Snowball(algorithms::armenian_mkrtchyan)),
    ("basque", Algorithm::Snowball(algorithms::basque)),
    ("bengali", Algorithm::Rules(asian::bengali)),
    ("bulgarian", Algorithm::Rules(balto_slavic::bulgarian)),
    ("catalan", Algorithm::Snowball(algorithms::catalan)),
    ("czech", Algorithm::Rules(balto_slavic::czech)),
    ("danish", Algorithm::Snowball(algorithms::danish)),
    ("dutch", Algorithm::Rules(dutch::dutch)),
    ("english", Algorithm::Rules(porter::english)),
    ("estonian", Algorithm::Snowball(algorithms::estonian_freienthal)),
    ("finnish", Algorithm::Snowball(algorithms::finnish)),
    ("french", Algorithm::Snowball(algorithms::french)),
    ("german", Algorithm::Snowball(german)),
    ("german2", Algorithm::Snowball(german)),
    ("hindi", Algorithm::Rules(asian::hindi)),
    ("hungarian", Algorithm::Snowball(algorithms::hungarian)),
    ("indonesian", Algorithm::Rules(asian::indonesian)),
    ("irish", Algorithm::Snowball(algorithms::irish_gaelic)),
    ("italian", Algorithm::Snowball(algorithms::italian)),
    ("latvian", Algorithm::Rules(balto_slavic::latvian)),
    ("light_finnish", Algorithm::Rules(finno_ugric::finnish)),
    ("light_french", Algorithm::Rules(romance::french)),
    ("light_german", Algorithm::Rules(germanic::german)),
    ("light_hungarian", Algorithm::Rules(finno_ugric::hungarian)),
    ("light_italian", Algorithm::Rules(romance::italian)),
    ("light_norwegian", Algorithm::Rules(germanic::bokmaal)),
    ("light_nynorsk", Algorithm::Rules(germanic::nynorsk)),
    ("light_portuguese", Algorithm::Rules(romance::portuguese)),
    ("light_russian", Algorithm::Rules(balto_slavic::russian)),
    ("light_spanish", Algorithm::Rules(romance::spanish)),
    ("light_swedish", Algorithm::Rules(germanic::swedish)),
    ("lithuanian", Algorithm::Snowball(algorithms::lithuanian_jocas)),
    ("minimal_english", Algorithm::Rules(germanic::minimal_english)),
    ("minimal_french", Algorithm::Rules(romance::minimal_french)),
    ("minimal_german", Algorithm::Rules(germanic::minimal_german)),
    ("minimal_norwegian", Algorithm::Rules(germanic::minimal_bokmaal)),
    ("minimal_nynorsk", Algorithm::Rules(germanic::minimal_nynorsk)),
    ("norwegian", Algorithm::Snowball(algorithms::norwegian_bokmal)),
    ("persian", Algorithm::Rules(asian::persian)),
    ("porter", Algorithm::Rules(porter::english)),
    ("porter2", Algorithm::Snowball(algorithms::english_porter_2)),
    ("portuguese", Algorithm::Snowball(algorithms::portuguese)),
    ("possessive_english", Algorithm::Rules(germanic::possessive_english)),
    ("romanian", Algorithm::Snowball(algorithms::romanian)),
    ("russian", Algorithm::Snowball(algorithms::russian)),
    ("sorani", Algorithm::Rules(asian::sorani)),
    ("spanish", Algorithm::Snowball(algorithms::spanish)),
    ("swedish", Algorithm::Snowball(algorithms::swedish)),
    ("turkish", Algorithm::Snowball(algorithms::turkish_cilden)),
];

/// The languages of the `snowball` filter, with the names of the `stemmer` filter that are the same algorithm.
const SNOWBALL: &[(&str, &str)] = &[
    ("Armenian", "armenian"),
    ("Basque", "basque"),
    ("Catalan", "catalan"),
    ("Danish", "danish"),
    ("Dutch", "dutch"),
    ("English", "porter2"),
    ("Estonian", "estonian"),
    ("Finnish", "finnish"),
    ("French", "french"),
    ("German", "german"),
    ("German2", "german2"),
    ("Hungarian", "hungarian"),
    ("Irish", "irish"),
    ("Italian", "italian"),
    ("Lithuanian", "lithuanian"),
    ("Norwegian", "norwegian"),
    ("Portuguese", "portuguese"),
    ("Romanian", "romanian"),
    ("Russian", "russian"),
    ("Spanish", "spanish"),
    ("Swedish", "swedish"),
    ("Turkish", "turkish"),
];

impl Stemmer {
    /// By the `language` of the `stemmer` filter.
    pub(super) fn named(language: &str) -> Option<Stemmer> {
        let known = STEMMERS.iter().find(|(name, _)| *name == language);
        known.map(|(name, algorithm)| Stemmer { name, algorithm: *algorithm })
    }

    /// By the `language` of the `snowball` filter.
    pub(super) fn snowball(language: &str) -> Option<Stemmer> {
        let (_, name) = SNOWBALL.iter().find(|(name, _)| *name == language)?;
        Stemmer::named(name)
    }

    /// The names of the `stemmer` filter, in order.
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        STEMMERS.iter().map(|(name, _)| *name)
    }

    /// Stems in place.
    pub(super) fn stem(self, term: &mut String) {
        if term.len() > MAX_LENGTH {
            return;
        }
        match self.algorithm {
            Algorithm::Snowball(stem) => {
                if let Cow::Owned(stem) = stem(term) {
                    *term = stem;
                }
            }
            Algorithm::Rules(stem) => {
                let mut letters = Letters::of(term);
                stem(&mut letters);
                *term = letters.into_word();
            }
        }
    }
}

/// Snowball's German stemmer of today, which takes `ae`, `oe` and `ue` for umlauts and leaves systems whole; the crate's does not yet.
fn german(word: &str) -> Cow<'_, str> {
    if !word.contains('e') {
        return algorithms::german(word);
    }
    let word = with_umlauts(word);
    match word.strip_suffix("em").filter(|stem| stem.ends_with("syst")) {
        Some(stem) => Cow::Owned(format!("{}em", algorithms::german(stem))),
        None => Cow::Owned(algorithms::german(&word).into_owned()),
    }
}

fn with_umlauts(word: &str) -> String {
    let is_vowel = |letter: char| "aeiouyäöü".contains(letter);
    let mut out = String::with_capacity(word.len());
    let mut letters = word.chars().peekable();
    let (mut before, mut follows_vowel) = (' ', false);
    while let Some(letter) = letters.next() {
        let next_is_vowel = letters.peek().is_some_and(|next| is_vowel(*next));
        // Between vowels u and y are no vowels; behind q no e belongs to the u.
        let is_consonant = matches!(letter, 'u' | 'y') && follows_vowel && next_is_vowel;
        let umlaut = match letter {
            'a' => Some('ä'),
            'o' => Some('ö'),
            'u' if before != 'q' && !is_consonant => Some('ü'),
            _ => None,
        };
        follows_vowel = is_vowel(letter) && !is_consonant;
        before = letter;
        match umlaut {
            Some(umlaut) if letters.next_if_eq(&'e').is_some() => {
                out.push(umlaut);
                before = 'e';
                follows_vowel = true;
            }
            _ => out.push(letter),
        }
    }
    out
}
