//! Cuts a JSON array into its elements without reading them: memory holds one element, of bounded length.

use std::io::{self, BufRead};
use std::path::Path;

use bytes::Bytes;

use super::SourceError;

/// One element.
#[derive(Debug, PartialEq)]
pub enum Element {
    /// Its text. Whether that is JSON is for others to say.
    Value(Bytes),
    /// Longer than allowed.
    TooLong,
}

/// Why an array cannot be cut further.
#[derive(Debug)]
pub enum ArrayError {
    Io(io::Error),
    Shape(&'static str),
}

impl ArrayError {
    pub(super) fn at(self, path: &Path, line: u64) -> SourceError {
        match self {
            ArrayError::Io(source) => SourceError::Broken { path: path.to_owned(), line, source },
            ArrayError::Shape(reason) => SourceError::Array { path: path.to_owned(), line, reason: reason.to_owned() },
        }
    }
}

impl From<io::Error> for ArrayError {
    fn from(error: io::Error) -> Self {
        ArrayError::Io(error)
    }
}

/// The elements of an array, in order.
pub struct Elements<R> {
    reader: R,
    limit: usize,
    line: u64,
    place: Placing,
}

#[derive(Clone, Copy, PartialEq)]
enum Placing {
    Outside,
    /// Behind the opening bracket.
    First,
    /// Behind an element's comma.
    Following,
    Ended,
}

/// What ended an element.
enum End {
    Comma,
    Bracket,
}

impl<R: BufRead> Elements<R> {
    pub fn new(reader: R, limit: usize) -> Self {
        Elements { reader, limit, line: 1, place: Placing::Outside }
    }

    /// The line that is being read, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The next element with the line that it begins in; `None` behind the closing bracket.
    pub fn next(&mut self) -> Result<Option<(u64, Element)>, ArrayError> {
        const CUT: ArrayError = ArrayError::Shape("the array is not closed; the file may be cut short");
        if self.place == Placing::Outside {
            match self.skip_white()? {
                Some(b'[') => self.consume(b'['),
                _ => return Err(ArrayError::Shape("\"[\" is expected")),
            }
            self.place = Placing::First;
        }
        if self.place == Placing::Ended {
            return match self.skip_white()? {
                None => Ok(None),
                Some(_) => Err(ArrayError::Shape("something follows the array; one array a file is expected")),
            };
        }
        let first = self.skip_white()?.ok_or(CUT)?;
        if first == b']' && self.place == Placing::First {
            self.consume(b']');
            self.place = Placing::Ended;
            return self.next();
        }
        let line = self.line;
        let mut text = Vec::new();
        let (end, cut) = self.element(&mut text)?.ok_or(CUT)?;
        self.place = match end {
            End::Comma => Placing::Following,
            End::Bracket => Placing::Ended,
        };
        let text = text.trim_ascii();
        if text.is_empty() && !cut {
            return Err(ArrayError::Shape("an element is missing beside a comma"));
        }
        let element = if cut { Element::TooLong } else { Element::Value(Bytes::copy_from_slice(text)) };
        Ok(Some((line, element)))
    }

    /// Reads up to the end of an element and past it; says whether more of it was read than is kept.
    fn element(&mut self, text: &mut Vec<u8>) -> Result<Option<(End, bool)>, ArrayError> {
        let (mut depth, mut in_text, mut escaped, mut cut) = (0_usize, false, false, false);
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                return Ok(None);
            }
            let mut end = None;
            let mut used = 0;
            for &byte in buffer {
                used += 1;
                self.line += u64::from(byte == b'\n');
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' if in_text => escaped = true,
                    b'"' => in_text = !in_text,
                    _ if in_text => {}
                    b'{' | b'[' => depth += 1,
                    b']' if depth == 0 => end = Some(End::Bracket),
                    b',' if depth == 0 => end = Some(End::Comma),
                    b'}' | b']' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                if end.is_some() {
                    break;
                }
            }
            let kept = if end.is_some() { used - 1 } else { used };
            cut |= text.len() + kept > self.limit;
            if !cut {
                text.extend_from_slice(buffer.get(..kept).unwrap_or_default());
            }
            self.reader.consume(used);
            if let Some(end) = end {
                return Ok(Some((end, cut)));
            }
        }
    }

    /// The next byte that is no white space, not consumed.
    fn skip_white(&mut self) -> Result<Option<u8>, ArrayError> {
        loop {
            let buffer = self.reader.fill_buf()?;
            let Some(&byte) = buffer.first() else { return Ok(None) };
            if !byte.is_ascii_whitespace() {
                return Ok(Some(byte));
            }
            self.consume(byte);
        }
    }

    fn consume(&mut self, byte: u8) {
        self.line += u64::from(byte == b'\n');
        self.reader.consume(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elements(text: &str, limit: usize) -> Result<Vec<(u64, String)>, String> {
        let mut elements = Elements::new(io::BufReader::with_capacity(3, text.as_bytes()), limit);
        let mut found = Vec::new();
        loop {
            match elements.next() {
                Ok(Some((line, Element::Value(text)))) => {
                    found.push((line, String::from_utf8(text.to_vec()).unwrap()));
                }
                Ok(Some((line, Element::TooLong))) => found.push((line, "(too long)".to_owned())),
                Ok(None) => return Ok(found),
                Err(error) => return Err(error.at(Path::new("f"), elements.line()).to_string()),
            }
        }
    }

    #[test]
    fn elements_are_cut_at_their_own_commas() {
        let text = "\n[{\"a\": \"],\\\\\\\"\", \"b\": [1,\n{}]} ,\n 2,\"x\"]\n";
        let expected = [(2, "{\"a\": \"],\\\\\\\"\", \"b\": [1,\n{}]}"), (4, "2"), (4, "\"x\"")];
        assert_eq!(elements(text, 100).unwrap(), expected.map(|(line, text)| (line, text.to_owned())));
        assert_eq!(elements(" [ ] ", 100).unwrap(), []);
    }

    #[test]
    fn one_that_is_too_long_is_passed_over() {
        let expected = [(1, "1"), (1, "(too long)"), (1, "3")];
        assert_eq!(elements("[1,\"a long text\",3]", 5).unwrap(), expected.map(|(line, text)| (line, text.to_owned())));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases = [
            ("[1,\n2", "at line 2: the array is not closed"),
            ("[{\"a\": 1}", "not closed"),
            ("[1] [2]", "something follows"),
            ("[1,]", "an element is missing"),
            ("[,1]", "an element is missing"),
        ];
        for (text, reason) in cases {
            let message = elements(text, 100).unwrap_err();
            assert!(message.contains(reason), "{text}: {message}");
        }
    }
}
