//! Text to terms, as Lucene's analyzers cut it.

/// Character filters, a tokenizer and token filters.
#[derive(Debug)]
pub struct Analyzer {}

impl Analyzer {
    /// Gives every term and its position, counted from 0, to `sink`; several terms may share a position. Answers the
    /// position after the last, holes of removed words included.
    pub fn tokens(&self, _text: &str, _sink: &mut impl FnMut(&str, u32)) -> u32 {
        0
    }

    /// What of the analysis applies to a part of a term (`prefix`, `wildcard`, `range`): characters change, nothing is
    /// cut.
    pub fn normalize(&self, text: &str) -> String {
        text.to_owned()
    }
}
