//! Parts of analyzers of Elasticsearch and OpenSearch that are not supported, and why.

const SCRIPTS: &str = "scripts are not run";
const DICTIONARIES: &str = "it needs a dictionary that is not here";

/// Why a tokenizer or a filter that a node knows is not supported; `None` for names that no node knows.
pub(super) fn reason(kind: &str) -> Option<&'static str> {
    let reason = match kind {
        "condition" | "predicate_token_filter" => SCRIPTS,
        "hunspell" | "thai" => DICTIONARIES,
        "hyphenation_decompounder" => "its hyphenation patterns stand in a file, and no files are read",
        "phonetic" => "its encoders are not here; use \"fuzzy\"",
        "min_hash" => "its hashes are no words to search for",
        _ => return None,
    };
    Some(reason)
}
