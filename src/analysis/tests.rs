use serde_json::{Value, json};

use super::*;

/// The terms with their positions, as a node's `_analyze` shows them.
fn analyze(analyzer: Value, parts: Value, text: &str) -> Vec<String> {
    let mut settings = parts;
    settings["analyzer"] = json!({"a": analyzer});
    let analyzer = Analyzers::from_settings(&settings, AnalysisLimits::default()).unwrap().analyzer("a").unwrap();
    let mut found = Vec::new();
    analyzer.tokens(text, &mut |term, position| found.push(format!("{term}@{position}"))).unwrap();
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

/// The error of an analyzer "a", or of parts that no analyzer uses.
fn refusal(settings: Value) -> AnalysisError {
    match Analyzers::from_settings(&settings, AnalysisLimits::default()) {
        Err(error) => error,
        Ok(_) => panic!("{settings} is taken"),
    }
}

#[test]
fn what_cannot_be_had_is_refused_with_its_place_and_reason() {
    let filter = |filter: Value| json!({"filter": {"f": filter}});
    let tokenizer = |tokenizer: Value| json!({"tokenizer": {"t": tokenizer}});
    let analyzer = |analyzer: Value| json!({"analyzer": {"a": analyzer}});
    for (settings, place, reason) in [
        (analyzer(json!({"type": "thai"})), "analyzer.a", "dictionary"),
        (analyzer(json!({"type": "brazilian"})), "analyzer.a", "stemmer"),
        (analyzer(json!({"type": "germna"})), "analyzer.a", "unknown analyzer type \"germna\""),
        (analyzer(json!({"tokenizer": "nope"})), "tokenizer.nope", "unknown tokenizer"),
        (analyzer(json!({"tokenizer": "standard", "filter": ["nope"]})), "filter.nope", "unknown token filter"),
        (analyzer(json!({"type": "stop", "stopwords": "_klingon_"})), "analyzer.a.stopwords", "_klingon_"),
        (
            analyzer(json!({"type": "stop", "stopwords_path": "x.txt"})),
            "analyzer.a.stopwords_path",
            "files are not read",
        ),
        (tokenizer(json!({"type": "uax_url_email"})), "tokenizer.t", "top-level domains"),
        (tokenizer(json!({"type": "ngram", "min_gram": 1, "max_gram": 5})), "tokenizer.t", "index.max_ngram_diff (1)"),
        (tokenizer(json!({"type": "edge_ngram", "min_gram": 0})), "tokenizer.t", "1 to 256"),
        (tokenizer(json!({"type": "simple_pattern", "pattern": "~x"})), "tokenizer.t.pattern", "operator '~'"),
        (tokenizer(json!({"type": "pattern", "pattern": "(?=x)"})), "tokenizer.t.pattern", "look-around"),
        (tokenizer(json!({"type": "pattern", "pattern": "x", "group": 3})), "tokenizer.t.group", "no group 3"),
        (tokenizer(json!({"type": "pattern", "pattern": "a{1000}{1000}"})), "tokenizer.t.pattern", "1048576 bytes"),
        (tokenizer(json!({"type": "standard", "max_token_length": 0})), "tokenizer.t.max_token_length", "within 1"),
        (tokenizer(json!({"pattern": "x"})), "tokenizer.t", "`type` is needed"),
        (filter(json!({"type": "hunspell"})), "filter.f", "dictionary"),
        (filter(json!({"type": "condition"})), "filter.f", "scripts"),
        (filter(json!({"type": "stemmer", "language": "greek"})), "filter.f.language", "\"greek\" is not supported"),
        (filter(json!({"type": "snowball", "language": "Lovins"})), "filter.f.language", "\"Lovins\""),
        (filter(json!({"type": "lowercase", "language": "de"})), "filter.f.language", "greek, irish and turkish"),
        (filter(json!({"type": "shingle", "max_shingle_size": 9})), "filter.f", "index.max_shingle_diff (3)"),
        (filter(json!({"type": "delimited_payload"})), "filter.f.encoding", "identity"),
        (filter(json!({"type": "length", "min": 5, "max": 2})), "filter.f", "above"),
        (filter(json!({"type": "limit", "max_token_count": 0})), "filter.f.max_token_count", "0 is not within"),
        (filter(json!({"type": "truncate"})), "filter.f", "needs a `length`"),
        (filter(json!({"type": "common_grams", "common_words": []})), "filter.f.common_words", "empty"),
        (
            json!({"char_filter": {"c": {"type": "mapping", "mappings": ["a=>b", "a=>c"]}}}),
            "char_filter.c.mappings",
            "mapped twice",
        ),
        (filter(json!({"type": "keep"})), "filter.f", "`keep_words` is needed"),
        (filter(json!({"type": "keep_types", "types": ["<NUM>"], "mode": "x"})), "filter.f.mode", "neither include"),
        (
            filter(json!({"type": "pattern_replace", "pattern": "a", "replacement": "$2"})),
            "filter.f.replacement",
            "no group 2",
        ),
        (filter(json!({"type": "stemmer_override", "rules": ["a"]})), "filter.f.rules", "word => stem"),
        (filter(json!({"type": "synonym"})), "filter.f", "`synonyms` is needed"),
        (filter(json!({"type": "synonym_graph", "synonyms_set": "x"})), "filter.f.synonyms_set", "sets"),
        (
            filter(json!({"type": "unique", "only_on_same_position": "maybe"})),
            "filter.f.only_on_same_position",
            "neither true",
        ),
        (json!({"char_filter": {"c": {"type": "mapping", "mappings": ["x"]}}}), "char_filter.c.mappings", "from => to"),
        (json!({"char_filter": {"c": {"type": "icu_normalizer"}}}), "char_filter.c", "plugin"),
        (
            json!({"normalizer": {"n": {"type": "custom", "filter": ["porter_stem"]}}}),
            "normalizer.n",
            "character by character",
        ),
        (json!({"analyzer": 5}), "analyzer", "an object"),
    ] {
        let error = refusal(settings.clone());
        assert_eq!(error.place, format!("analysis.{place}"), "{settings}: {error}");
        assert!(error.reason.contains(reason), "{settings}: {error}");
    }
}

#[test]
fn synonyms_that_filters_before_them_spoil_are_refused_unless_lenient() {
    let chain = |before: &str, synonyms: Value| {
        json!({
            "filter": {"s": synonyms, "stops": {"type": "stop", "stopwords": ["the"]}},
            "analyzer": {"a": {"tokenizer": "standard", "filter": [before, "s"]}}
        })
    };
    let rules = json!({"type": "synonym_graph", "synonyms": ["the couch, sofa"]});
    assert!(refusal(chain("stops", rules.clone())).reason.contains("one behind the other"));
    assert!(refusal(chain("shingle", rules)).reason.contains("put it behind them"));
    let wrong = json!({"type": "synonym", "synonyms": ["a => b => c"]});
    assert!(refusal(chain("lowercase", wrong)).reason.contains("more than one"));
    let lenient = json!({"type": "synonym_graph", "lenient": true, "synonyms": ["the couch, sofa"]});
    assert!(Analyzers::from_settings(&chain("stops", lenient), AnalysisLimits::default()).is_ok());
}

#[test]
fn what_would_grow_without_bound_comes_to_an_end() {
    let long = "ab/".repeat(40_000);
    let words = "a b ".repeat(20_000);
    let many: Vec<String> = (0..200).map(|number| format!("w{number}")).collect();
    let synonyms = format!("a, {}", many.join(", "));
    for (parts, analyzer, text) in [
        (json!({}), json!({"tokenizer": "path_hierarchy"}), &long),
        (
            json!({"tokenizer": {"t": {"type": "edge_ngram", "max_gram": 256}}, "filter": {"f": {"type": "ngram", "max_gram": 2}}}),
            json!({"tokenizer": "whitespace", "filter": ["f", "keyword_repeat", "f", "keyword_repeat", "f", "f", "f"]}),
            &long,
        ),
        (
            json!({"filter": {"s": {"type": "synonym", "synonyms": [synonyms]}}}),
            json!({"tokenizer": "whitespace", "filter": ["s"]}),
            &words,
        ),
        (
            json!({"filter": {"s": {"type": "synonym_graph", "synonyms": [synonyms]}}}),
            json!({"tokenizer": "whitespace", "filter": ["s"]}),
            &words,
        ),
    ] {
        let mut settings = parts;
        settings["analyzer"] = json!({"a": analyzer});
        let analyzer = Analyzers::from_settings(&settings, AnalysisLimits::default()).unwrap().analyzer("a").unwrap();
        assert_eq!(analyzer.tokens(text, &mut |_, _| {}), Err(TooManyTokens), "{settings}");
    }
}

#[test]
fn stemmers_take_any_text() {
    let texts =
        ["", "'", "ß", "ĳĳ", "🙏", "éé", "aaaaaaaaaaaaaaaaaaaa", "yyyy", "ーー", "\u{200c}\u{200c}", "ا", "İİİ", "𝒳s"];
    for name in stemmer::Stemmer::names() {
        let stemmer = stemmer::Stemmer::named(name).unwrap();
        for one in texts {
            for other in texts {
                let mut word = format!("{one}{other}");
                stemmer.stem(&mut word);
            }
        }
    }
}
