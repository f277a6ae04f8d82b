//! Analyzers and normalizers that mappings are drawn from.

use serde_json::{Value, json};

use super::draw::Draw;
use super::schema::Realm;

/// Built into every server.
const BUILT_IN: &[&str] = &["standard", "simple", "whitespace", "keyword", "stop"];
/// Built from what is in every server, and defined in [`core`].
const CORE: &[&str] = &["lower", "stopped", "short", "stop_english", "shingled", "default"];
/// Defined in [`common`], of `analysis-common`, which OpenSearch alone brings.
const COMMON: &[&str] = &[
    "fold",
    "edge",
    "grams",
    "pat",
    "lengths",
    "cut",
    "back",
    "once",
    "letters",
    "mapped",
    "replaced",
    "pattern",
    "upper",
    "synonyms",
    "synonym_graph",
    "parts",
    "part_graph",
    "snow",
    "kept",
    "classic",
    "elided",
    "paths",
    "html",
    "bigrams",
    "gram_filter",
    "english",
    "german",
    "french",
    "russian",
    "cjk",
    "fingerprint",
];

impl Realm {
    /// The name of an analyzer for indexing or searching.
    pub fn analyzer(self, draw: &mut Draw) -> &'static str {
        match draw.below(100) {
            0..35 => "standard",
            35..65 => draw.one(BUILT_IN),
            65.. if self == Realm::OpenSearch3 => draw.one(COMMON),
            _ => draw.one(CORE),
        }
    }

    pub fn normalizer(self, draw: &mut Draw) -> &'static str {
        match self {
            Realm::OpenSearch3 => draw.one(&["low", "folding", "lowercase"]),
            Realm::Elasticsearch9 | Realm::Elasticsearch7 => "low",
        }
    }

    /// `settings.analysis` with everything that can be drawn.
    pub fn analysis(self) -> Value {
        match self {
            Realm::OpenSearch3 => common(),
            Realm::Elasticsearch9 | Realm::Elasticsearch7 => core(),
        }
    }
}

/// Words for words, several for one, one for several.
const SYNONYMS: &[&str] =
    &["acme, fox", "quick brown => fast", "engineer => data engineer, manager", "database, data base", "x => y, z w"];

fn core() -> Value {
    json!({
        "analyzer": {
            "lower": {"type": "custom", "tokenizer": "standard", "filter": ["lowercase"]},
            "stopped": {"type": "custom", "tokenizer": "standard", "filter": ["lowercase", "stops"]},
            "short": {"type": "standard", "max_token_length": 4},
            "stop_english": {"type": "standard", "stopwords": "_english_"},
            "shingled": {"tokenizer": "standard", "filter": ["lowercase", "shingle"]},
        },
        "filter": {"stops": {"type": "stop", "stopwords": ["the", "of", "data", "acme"]}},
        "normalizer": {"low": {"type": "custom", "filter": ["lowercase"]}},
    })
}

fn common() -> Value {
    let mut analysis = core();
    let additions = json!({
        "analyzer": {
            "fold": {"tokenizer": "standard", "filter": ["lowercase", "asciifolding"]},
            "edge": {"tokenizer": "standard", "filter": ["lowercase", "edges"]},
            "grams": {"tokenizer": "grams", "filter": ["lowercase"]},
            "pat": {"type": "pattern", "pattern": "[,;/]"},
            "lengths": {"tokenizer": "whitespace", "filter": ["lengths"]},
            "cut": {"tokenizer": "standard", "filter": ["cuts"]},
            "back": {"tokenizer": "keyword", "filter": ["reverse", "trim"]},
            "once": {"tokenizer": "standard", "filter": ["lowercase", "unique"]},
            "letters": {"tokenizer": "lowercase"},
            "mapped": {"tokenizer": "whitespace", "char_filter": ["signs"], "filter": ["lowercase"]},
            "replaced": {"tokenizer": "standard", "char_filter": ["digits"], "filter": ["lowercase"]},
            "upper": {"tokenizer": "letter", "filter": ["uppercase"]},
            "synonyms": {"tokenizer": "standard", "filter": ["lowercase", "synonyms"]},
            "synonym_graph": {"tokenizer": "standard", "filter": ["lowercase", "synonym_graph"]},
            "parts": {"tokenizer": "whitespace", "filter": ["word_delimiter", "lowercase"]},
            "part_graph": {"tokenizer": "whitespace", "filter": ["word_delimiter_graph", "lowercase"]},
            "snow": {"tokenizer": "standard", "filter": ["lowercase", "snowball"]},
            "kept": {"tokenizer": "standard", "filter": ["keyword_repeat", "porter_stem", "remove_duplicates"]},
            "classic": {"tokenizer": "classic", "filter": ["classic", "lowercase"]},
            "elided": {"tokenizer": "standard", "filter": ["lowercase", "elision"]},
            "paths": {"tokenizer": "path_hierarchy"},
            "html": {"tokenizer": "standard", "char_filter": ["html_strip"], "filter": ["apostrophe", "decimal_digit"]},
            "bigrams": {"tokenizer": "standard", "filter": ["cjk_width", "cjk_bigram"]},
            "gram_filter": {"tokenizer": "standard", "filter": ["lowercase", "grams"]},
        },
        "tokenizer": {"grams": {"type": "ngram", "min_gram": 2, "max_gram": 3, "token_chars": ["letter", "digit"]}},
        "filter": {
            "edges": {"type": "edge_ngram", "min_gram": 2, "max_gram": 4},
            "lengths": {"type": "length", "min": 2, "max": 6},
            "cuts": {"type": "truncate", "length": 3},
            "grams": {"type": "ngram", "min_gram": 2, "max_gram": 3},
            "synonyms": {"type": "synonym", "synonyms": SYNONYMS},
            "synonym_graph": {"type": "synonym_graph", "synonyms": SYNONYMS},
        },
        "char_filter": {
            "signs": {"type": "mapping", "mappings": ["+ => plus", "# => sharp", "ﬁ => fi", "& => \\u0020and\\u0020"]},
            "digits": {"type": "pattern_replace", "pattern": "(\\d)[.,-](\\d)", "replacement": "$1$2"},
        },
        "normalizer": {"folding": {"type": "custom", "filter": ["lowercase", "asciifolding"]}},
    });
    for (group, definitions) in additions.as_object().into_iter().flatten() {
        for (name, definition) in definitions.as_object().into_iter().flatten() {
            analysis[group][name] = definition.clone();
        }
    }
    analysis
}
