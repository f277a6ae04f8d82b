//! The analyzers of languages that Elasticsearch has built in, as chains of filters.

pub(super) mod stop_words;

use std::collections::HashMap;
use std::sync::Arc;

use super::char_filter::{CharFilter, Mappings};
use super::stemmer::Stemmer;
use super::stream_filter::{CjkBigrams, StreamFilter};
use super::tokenizer::Tokenizer;
use super::word_filter::{Normalization, WordFilter, WordSet};
use super::{Analyzer, TokenFilter, standard};

/// What an analyzer of a language is made of.
struct Language {
    name: &'static str,
    steps: &'static [Step],
}

/// One filter of the chain.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Lowercase,
    LowercaseIrish,
    LowercaseTurkish,
    /// The language's list, or the words that were given instead.
    Stop,
    /// What a list of words as `stem_exclusion` protects.
    Exclude,
    /// Irish prefixes that stand alone behind a hyphen.
    StopIrishPrefixes,
    DecimalDigit,
    Normalize(Normalization),
    Elision(&'static [&'static str]),
    Apostrophe,
    Stem(&'static str),
    CjkWidth,
    CjkBigrams,
    /// The four words that Dutch stems by a list.
    DutchExceptions,
    /// The zero width non-joiner is a space.
    SplitAtNonJoiner,
}

use Step::{
    Apostrophe, CjkWidth, DecimalDigit, DutchExceptions, Elision, Exclude, Lowercase, LowercaseIrish, LowercaseTurkish,
    Normalize, SplitAtNonJoiner, Stem, Stop, StopIrishPrefixes,
};

/// Articles that lean on the word behind them.
pub(super) const FRENCH_ARTICLES: &[&str] =
    &["l", "m", "t", "qu", "n", "s", "j", "d", "c", "jusqu", "quoiqu", "lorsqu", "puisqu"];
const CATALAN_ARTICLES: &[&str] = &["d", "l", "m", "n", "s", "t"];
const IRISH_ARTICLES: &[&str] = &["d", "m", "b"];
const ITALIAN_ARTICLES: &[&str] = &[
    "c", "l", "all", "dall", "dell", "nell", "sull", "coll", "pell", "gl", "agl", "dagl", "degl", "negl", "sugl", "un",
    "m", "t", "s", "v", "d",
];

/// Lower case, stop words and Snowball's stemmer.
macro_rules! plain {
    ($name:literal, $stemmer:literal) => {
        Language { name: $name, steps: &[Lowercase, Stop, Exclude, Stem($stemmer)] }
    };
}

const LANGUAGES: &[Language] = &[
    Language {
        name: "arabic",
        steps: &[Lowercase, DecimalDigit, Stop, Normalize(Normalization::Arabic), Exclude, Stem("arabic")],
    },
    plain!("armenian", "armenian"),
    plain!("basque", "basque"),
    Language {
        name: "bengali",
        steps: &[
            Lowercase,
            DecimalDigit,
            Exclude,
            Normalize(Normalization::Indic),
            Normalize(Normalization::Bengali),
            Stop,
            Stem("bengali"),
        ],
    },
    plain!("bulgarian", "bulgarian"),
    Language { name: "catalan", steps: &[Elision(CATALAN_ARTICLES), Lowercase, Stop, Exclude, Stem("catalan")] },
    Language { name: "cjk", steps: &[CjkWidth, Lowercase, Step::CjkBigrams, Stop] },
    plain!("czech", "czech"),
    plain!("danish", "danish"),
    Language { name: "dutch", steps: &[Lowercase, Stop, Exclude, DutchExceptions, Stem("dutch")] },
    Language { name: "english", steps: &[Stem("possessive_english"), Lowercase, Stop, Exclude, Stem("english")] },
    plain!("estonian", "estonian"),
    plain!("finnish", "finnish"),
    Language { name: "french", steps: &[Elision(FRENCH_ARTICLES), Lowercase, Stop, Exclude, Stem("light_french")] },
    Language {
        name: "german",
        steps: &[Lowercase, Stop, Exclude, Normalize(Normalization::German), Stem("light_german")],
    },
    Language {
        name: "hindi",
        steps: &[
            Lowercase,
            DecimalDigit,
            Exclude,
            Normalize(Normalization::Indic),
            Normalize(Normalization::Hindi),
            Stop,
            Stem("hindi"),
        ],
    },
    plain!("hungarian", "hungarian"),
    plain!("indonesian", "indonesian"),
    Language {
        name: "irish",
        steps: &[StopIrishPrefixes, Elision(IRISH_ARTICLES), LowercaseIrish, Stop, Exclude, Stem("irish")],
    },
    Language { name: "italian", steps: &[Elision(ITALIAN_ARTICLES), Lowercase, Stop, Exclude, Stem("light_italian")] },
    plain!("latvian", "latvian"),
    plain!("lithuanian", "lithuanian"),
    plain!("norwegian", "norwegian"),
    Language {
        name: "persian",
        steps: &[
            SplitAtNonJoiner,
            Lowercase,
            DecimalDigit,
            Normalize(Normalization::Arabic),
            Normalize(Normalization::Persian),
            Stop,
            Exclude,
            Stem("persian"),
        ],
    },
    plain!("portuguese", "light_portuguese"),
    Language {
        name: "romanian",
        steps: &[Lowercase, Stop, Exclude, Normalize(Normalization::Romanian), Stem("romanian")],
    },
    plain!("russian", "russian"),
    Language {
        name: "sorani",
        steps: &[Normalize(Normalization::Sorani), Lowercase, DecimalDigit, Stop, Exclude, Stem("sorani")],
    },
    plain!("spanish", "light_spanish"),
    plain!("swedish", "swedish"),
    Language { name: "turkish", steps: &[Apostrophe, LowercaseTurkish, Stop, Exclude, Stem("turkish")] },
];

/// Analyzers that Elasticsearch has and Tripline has not, and why.
pub(super) const REFUSED: &[(&str, &str)] = &[
    ("brazilian", "its stemmer is in no crate and too long to be written anew"),
    ("galician", "its stemmer is a book of rules and exceptions that is in no crate"),
    ("greek", "its stemmer is in no crate that works on words without accents, as Lucene's does"),
    ("serbian", "only the newest nodes have it, so that it cannot be compared"),
    ("snowball", "it is no more in the reference; use the analyzer of the language"),
    ("thai", "its tokenizer needs a dictionary of Thai words"),
];

/// The names of all.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    LANGUAGES.iter().map(|language| language.name)
}

/// The analyzer of a language, with its own stop words or those given, and words that are not stemmed.
pub(super) fn analyzer(name: &str, stop_words: Option<Vec<String>>, excluded: Vec<String>) -> Option<Analyzer> {
    let language = LANGUAGES.iter().find(|language| language.name == name)?;
    let stop_words = stop_words.unwrap_or_else(|| stop_words::of(name).collect());
    let stop_words = Arc::new(WordSet::new(stop_words, false));
    let excluded = Arc::new(WordSet::new(excluded, false));
    let mut filters = Vec::new();
    let mut char_filters = Vec::new();
    for step in language.steps {
        filters.push(match step {
            Step::Lowercase => word(WordFilter::Lowercase),
            Step::LowercaseIrish => word(WordFilter::LowercaseIrish),
            Step::LowercaseTurkish => word(WordFilter::LowercaseTurkish),
            Step::Stop if stop_words.is_empty() => continue,
            Step::Stop => word(WordFilter::Stop(Arc::clone(&stop_words))),
            Step::Exclude if excluded.is_empty() => continue,
            Step::Exclude => word(WordFilter::KeywordMarker(Arc::clone(&excluded))),
            Step::StopIrishPrefixes => word(WordFilter::Stop(words(&["h", "n", "t"], true))),
            Step::DecimalDigit => word(WordFilter::DecimalDigit),
            Step::Normalize(normalization) => word(WordFilter::Normalize(*normalization)),
            Step::Elision(articles) => word(WordFilter::Elision(words(articles, true))),
            Step::Apostrophe => word(WordFilter::Apostrophe),
            Step::Stem(stemmer) => word(WordFilter::Stem(Stemmer::named(stemmer)?)),
            Step::CjkWidth => word(WordFilter::CjkWidth),
            Step::CjkBigrams => {
                let kinds = super::stream_filter::CJK_SCRIPTS.iter().map(|(_, kind)| *kind).collect();
                TokenFilter::Stream(StreamFilter::CjkBigrams(CjkBigrams { kinds, output_unigrams: false }))
            }
            Step::DutchExceptions => word(WordFilter::StemmerOverride(Arc::new(dutch_exceptions()))),
            Step::SplitAtNonJoiner => {
                let mappings = Mappings::new([("\u{200C}".to_owned(), " ".to_owned())]);
                char_filters.push(CharFilter::Mapping(Arc::new(mappings)));
                continue;
            }
        });
    }
    let tokenizer = Tokenizer::Standard { max_token_length: standard::MAX_TOKEN_LENGTH };
    Some(Analyzer::new(char_filters, tokenizer, filters))
}

fn word(filter: WordFilter) -> TokenFilter {
    TokenFilter::Word(filter)
}

fn words(words: &[&str], ignore_case: bool) -> Arc<WordSet> {
    Arc::new(WordSet::new(words.iter().map(|word| (*word).to_owned()), ignore_case))
}

fn dutch_exceptions() -> HashMap<String, String> {
    let stems = [("fiets", "fiets"), ("bromfiets", "bromfiets"), ("ei", "eier"), ("kind", "kinder")];
    stems.iter().map(|(word, stem)| ((*word).to_owned(), (*stem).to_owned())).collect()
}
