//! Errors stay short, however long what they quote is.

/// How much of a reason is kept, in characters.
const LONGEST: usize = 2_000;

/// The beginning of a text that quotes what was given.
pub(crate) fn excerpt(text: String) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_long_is_cut() {
        assert_eq!(excerpt("short".to_owned()), "short");
        assert_eq!(excerpt("é".repeat(1_000_000)).chars().count(), LONGEST + 1);
    }
}
