use serde_json::{Value, json};

use super::*;

/// The terms with their positions, as a node's `_analyze` shows them.
fn analyze(analyzer: Value, parts: Value, text: &str) -> Vec<String> {
    let mut settings = parts;
    settings["analyzer"] = json!({"a": analyzer});
    let analyzer = Analyzers::from_settings(&settings, AnalysisLimits::default()).unwrap().analyzer("a").unwrap();
    let mut found = Vec::new();
    analyzer.tokens(text, &mut |term, position| found.push(format!("{term}@{position}")));
    found
}

#[test]
fn custom_analyzers_cut_as_nodes_do() {
    for (analyzer, parts, text, expected) in [
        (
            json!({"tokenizer": "standard", "filter": ["lowercase", "asciifolding"]}),
            json!({}),
            "Crème Brûlée",
            vec!["creme@0", "brulee@1"],
        ),
        (json!({"type": "stop"}), json!({}), "The cat and the dog", vec!["cat@1", "dog@4"]),
        (
            json!({"type": "standard", "stopwords": "_english_", "max_token_length": 4}),
            json!({}),
            "the house",
            vec!["hous@1", "e@2"],
        ),
        (json!({"tokenizer": "whitespace", "filter": ["unique"]}), json!({}), "a b a c", vec!["a@0", "b@1", "c@2"]),
        (
            json!({"tokenizer": "standard", "filter": ["e"]}),
            json!({"filter": {"e": {"type": "edge_ngram", "min_gram": 2, "max_gram": 3}}}),
            "a data",
            vec!["da@1", "dat@1"],
        ),
        (json!({"tokenizer": "ngram"}), json!({}), "abc", vec!["a@0", "ab@1", "b@2", "bc@3", "c@4"]),
        (
            json!({"tokenizer": "keyword", "char_filter": ["m"], "filter": ["f"]}),
            json!({
                "char_filter": {"m": {"type": "mapping", "mappings": ["ph => f", "p => q"]}},
                "filter": {"f": {"type": "asciifolding", "preserve_original": true}}
            }),
            "phé p",
            vec!["fe q@0", "fé q@0"],
        ),
        (
            json!({"tokenizer": "t"}),
            json!({"tokenizer": {"t": {"type": "pattern", "pattern": "\\s*,\\s*"}}}),
            "a b , c",
            vec!["a b@0", "c@1"],
        ),
    ] {
        assert_eq!(analyze(analyzer.clone(), parts, text), expected, "{analyzer}");
    }
}

#[test]
fn only_characters_change_when_a_part_of_a_term_is_normalized() {
    let analyzers = Analyzers::default();
    let stop = analyzers.analyzer("stop").unwrap();
    assert_eq!(stop.normalize("The QU*"), "the qu*");
    assert_eq!(analyzers.analyzer("whitespace").unwrap().normalize("The QU*"), "The QU*");
}
