//! Whole vocabularies against a node, for whoever has word lists: `TRIPLINE_VOCABULARY=folder cargo test --test analysis`, with a
//! file `<language>.txt` a language, a word a line.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::component::Component;
use crate::nodes;

/// Words that are sent at once.
const CHUNK: usize = 4_000;

/// Languages with the stemmers and filters that are compared over their words beside their analyzer.
const FILTERS: &[(&str, &[&str])] = &[
    ("arabic", &["stemmer arabic", "arabic_normalization"]),
    ("armenian", &["stemmer armenian"]),
    ("basque", &["stemmer basque"]),
    ("bengali", &["stemmer bengali", "indic_normalization", "bengali_normalization"]),
    ("bulgarian", &["stemmer bulgarian"]),
    ("catalan", &["stemmer catalan"]),
    ("cjk", &["cjk_width", "cjk_bigram"]),
    ("czech", &["stemmer czech"]),
    ("danish", &["stemmer danish"]),
    ("dutch", &["stemmer dutch"]),
    (
        "english",
        &[
            "stemmer english",
            "stemmer porter2",
            "stemmer minimal_english",
            "stemmer possessive_english",
            "porter_stem",
            "snowball English",
        ],
    ),
    ("estonian", &["stemmer estonian"]),
    ("finnish", &["stemmer finnish", "stemmer light_finnish"]),
    ("french", &["stemmer french", "stemmer light_french", "stemmer minimal_french", "asciifolding"]),
    (
        "german",
        &[
            "stemmer german",
            "stemmer german2",
            "stemmer light_german",
            "stemmer minimal_german",
            "german_normalization",
            "snowball German2",
        ],
    ),
    ("hindi", &["stemmer hindi", "indic_normalization", "hindi_normalization", "decimal_digit"]),
    ("hungarian", &["stemmer hungarian", "stemmer light_hungarian"]),
    ("indonesian", &["stemmer indonesian"]),
    ("irish", &["stemmer irish"]),
    ("italian", &["stemmer italian", "stemmer light_italian"]),
    ("latvian", &["stemmer latvian"]),
    ("lithuanian", &["stemmer lithuanian"]),
    (
        "norwegian",
        &[
            "stemmer norwegian",
            "stemmer light_norwegian",
            "stemmer minimal_norwegian",
            "stemmer light_nynorsk",
            "stemmer minimal_nynorsk",
            "scandinavian_normalization",
            "scandinavian_folding",
        ],
    ),
    ("persian", &["arabic_normalization", "persian_normalization"]),
    ("portuguese", &["stemmer portuguese", "stemmer light_portuguese"]),
    ("romanian", &["stemmer romanian"]),
    ("russian", &["stemmer russian", "stemmer light_russian"]),
    ("serbian", &["serbian_normalization"]),
    ("sorani", &["stemmer sorani", "sorani_normalization"]),
    ("spanish", &["stemmer spanish", "stemmer light_spanish"]),
    ("swedish", &["stemmer swedish", "stemmer light_swedish", "scandinavian_normalization", "scandinavian_folding"]),
    ("turkish", &["stemmer turkish", "apostrophe"]),
];

/// Languages whose words are compared without an analyzer.
const WITHOUT_ANALYZER: &[&str] = &["serbian"];

#[test]
fn whole_vocabularies_are_analyzed_as_nodes_do() {
    let Some(folder) = std::env::var_os("TRIPLINE_VOCABULARY") else { return };
    let wanted = std::env::var("TRIPLINE_THEME").unwrap_or_default();
    let nodes = nodes::available();
    let mut differences = Vec::new();
    for (language, filters) in FILTERS.iter().filter(|(language, _)| language.starts_with(&wanted)) {
        let Ok(words) = fs::read_to_string(Path::new(&folder).join(format!("{language}.txt"))) else { continue };
        let words: Vec<&str> = words.lines().collect();
        let texts = words.chunks(CHUNK).map(|chunk| chunk.join(" ")).collect();
        let built_in = if WITHOUT_ANALYZER.contains(language) { vec![] } else { vec![(*language).to_owned()] };
        let component = Component::new(&format!("vocabulary-{language}"), analysis(filters), built_in, texts);
        let answers = component.ask(&nodes).unwrap_or_else(|reason| panic!("{language}: {reason}"));
        let found = component.differences_from(&answers);
        println!(
            "{language}: {} words, {} filters and the analyzer: {} differences",
            words.len(),
            filters.len(),
            found.len()
        );
        differences.extend(found);
    }
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

/// An analyzer of lower-cased words for each filter.
fn analysis(filters: &[&str]) -> Value {
    let mut analysis = json!({"analyzer": {}, "filter": {}});
    for filter in filters {
        let name = filter.replace(' ', "-");
        let chain = match filter.split_once(' ') {
            Some((kind, language)) => {
                analysis["filter"][&name] = json!({"type": kind, "language": language});
                json!(["lowercase", name])
            }
            None => json!(["lowercase", filter]),
        };
        analysis["analyzer"][&name] =
            json!({"tokenizer": if filter.starts_with("cjk") { "standard" } else { "whitespace" }, "filter": chain});
    }
    analysis
}
