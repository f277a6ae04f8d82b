//! Lists of stop words, as Lucene's analyzers of languages have them.
//!
//! They stem from the Snowball project, Jacques Savoy's collection and others, all under permissive licences; the lists of Lucene
//! 10 were taken over.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// Lines of a language and its words.
const LISTS: &str = include_str!("stop_words.tsv");

static WORDS: LazyLock<FxHashMap<&'static str, &'static str>> =
    LazyLock::new(|| LISTS.lines().filter_map(|line| line.split_once('\t')).collect());

/// The list of a language's analyzer.
pub(in crate::analysis) fn of(language: &str) -> impl Iterator<Item = String> {
    WORDS.get(language).copied().unwrap_or_default().split(' ').filter(|word| !word.is_empty()).map(str::to_owned)
}

/// The list that a name like `_english_` stands for. The analyzer for Chinese, Japanese and Korean has one without a name.
pub(in crate::analysis) fn named(name: &str) -> Option<Vec<String>> {
    let language = name.strip_prefix('_')?.strip_suffix('_')?;
    if language == "none" {
        return Some(Vec::new());
    }
    (language != "cjk" && WORDS.contains_key(language)).then(|| of(language).collect())
}

/// The names of all lists.
pub(in crate::analysis) fn names() -> Vec<String> {
    let mut names: Vec<String> =
        WORDS.keys().filter(|language| **language != "cjk").map(|language| format!("_{language}_")).collect();
    names.sort();
    names
}
