//! `asciifolding`: letters, digits and signs that have an ASCII likeness.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// Lines of `ascii` and, after a tab, the characters that become it: Lucene's `ASCIIFoldingFilter`, asked of a node.
const TABLE: &str = include_str!("ascii_folding.tsv");

static FOLDED: LazyLock<FxHashMap<char, &'static str>> = LazyLock::new(|| {
    TABLE
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .flat_map(|(ascii, characters)| characters.chars().map(move |character| (character, ascii)))
        .collect()
});

/// Folds in place.
pub(super) fn fold(term: &mut String) {
    if term.is_ascii() {
        return;
    }
    let mut folded = String::with_capacity(term.len());
    for character in term.chars() {
        match FOLDED.get(&character).filter(|_| !character.is_ascii()) {
            Some(ascii) => folded.push_str(ascii),
            None => folded.push(character),
        }
    }
    *term = folded;
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn letters_lose_their_accents() {
        for (text, expected) in
            [("café", "cafe"), ("Straße", "Strasse"), ("Ænean", "AEnean"), ("１２", "12"), ("日", "日")]
        {
            let mut term = text.to_owned();
            fold(&mut term);
            assert_eq!(term, expected);
        }
    }
}
