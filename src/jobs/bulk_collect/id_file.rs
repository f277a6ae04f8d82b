//! The `ids_file` of a request: one member id a line, no heading.

use std::collections::HashSet;

use crate::member::MemberId;

/// Why an id file is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdFileError {
    #[error("line {line} of ids_file is not UTF-8; one member id a line is expected, without a heading")]
    NotText { line: usize },
    #[error("line {line} of ids_file: {reason}; one id a line is expected, without a heading")]
    NoId { line: usize, reason: String },
    #[error("ids_file holds no id")]
    Empty,
    #[error("line {line} of ids_file repeats the id {id} of line {first}")]
    Duplicate { line: usize, id: MemberId, first: usize },
    #[error("ids_file has more than limits.bulk_collect_ids allows: {limit} ids")]
    TooMany { limit: usize },
}

/// Reads the ids. A byte order mark, Windows line ends, white space around ids and empty lines are taken.
///
/// # Errors
///
/// With the first line that is wrong.
pub fn read(bytes: &[u8], limit: usize) -> Result<Vec<MemberId>, IdFileError> {
    const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
    /// More of a wrong line is not shown.
    const SHOWN_CHARS: usize = 40;
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let mut ids = Vec::new();
    let mut seen = HashSet::new();
    let mut first_lines = Vec::new();
    for (place, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
        let line_number = place + 1;
        let text = std::str::from_utf8(line).map_err(|_| IdFileError::NotText { line: line_number })?.trim();
        if text.is_empty() {
            continue;
        }
        let shown: String = text.chars().take(SHOWN_CHARS).collect();
        let id: MemberId = shown.parse().map_err(|error: crate::member::InvalidMemberId| IdFileError::NoId {
            line: line_number,
            reason: error.to_string(),
        })?;
        if !seen.insert(id) {
            let first = ids.iter().position(|known| *known == id).and_then(|place| first_lines.get(place).copied());
            return Err(IdFileError::Duplicate { line: line_number, id, first: first.unwrap_or(line_number) });
        }
        if ids.len() == limit {
            return Err(IdFileError::TooMany { limit });
        }
        ids.push(id);
        first_lines.push(line_number);
    }
    if ids.is_empty() { Err(IdFileError::Empty) } else { Ok(ids) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_over_windows_ends_and_empty_lines() {
        let ids = read("\u{feff}1\r\n 22 \r\n\r\n333".as_bytes(), 3).unwrap();
        assert_eq!(ids.iter().map(|id| id.get()).collect::<Vec<_>>(), [1, 22, 333]);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let cases: [(&[u8], &str); 9] = [
            (b"id\n1", "line 1 of ids_file: \"id\" is no member id"),
            (b"1\n-2", "line 2 of ids_file: \"-2\""),
            (b"1\n2.5", "line 2"),
            (b"1\n2,3", "line 2"),
            (b"1\n99999999999999999999999", "line 2"),
            (b"1\n\xff", "line 2 of ids_file is not UTF-8"),
            (b" \r\n", "holds no id"),
            (b"1\n\n2\n1", "line 4 of ids_file repeats the id 1 of line 1"),
            (b"1\n2\n3\n4", "3 ids"),
        ];
        for (bytes, expected) in cases {
            let message = read(bytes, 3).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
    }
}
