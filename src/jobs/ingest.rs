//! A stream of updates, one JSON document a line (NDJSON), applied in chunks that each are one commit.
//!
//! Lines are numbered from 1, empty ones are counted and passed over. Memory holds one chunk and the rejections, which are
//! bounded. Whole lines that were read before the stream broke off are applied.

use std::io::{self, BufRead, Read};
use std::ops::ControlFlow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::engine::{Engine, Outcome, OutcomeKind, Update};
use crate::member::MemberId;
use crate::store::StoreError;

/// One commit holds at most so many lines…
const CHUNK_LINES: usize = 512;

/// …and is closed once they have so many bytes.
const CHUNK_BYTES: usize = 4 << 20;

/// So many rejected lines are listed; further ones are only counted.
pub const LISTED_REJECTIONS: usize = 1_000;

/// What came of a stream.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Tally {
    /// Lines with a document.
    pub received: u64,
    /// Members seen for the first time.
    pub new: u64,
    /// The very same documents.
    pub unchanged: u64,
    /// Other documents without a position change.
    pub cosmetic: u64,
    /// Members whose positions changed.
    pub changed: u64,
    /// Updates older than what is stored.
    pub stale: u64,
    /// Events made: one a changed member and subscription concerned.
    pub notified: u64,
    /// How many lines were rejected.
    pub rejected_total: u64,
    /// The first 1,000 of them.
    pub rejected: Vec<RejectedLine>,
}

/// A line that was not applied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RejectedLine {
    /// Its number, from 1.
    pub line: u64,
    /// The member, as far as that could be seen.
    #[schema(value_type = Option<u64>)]
    pub id: Option<MemberId>,
    /// Why.
    pub reason: String,
}

/// Why a stream ended early.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The stream cannot be read further; what came before is applied.
    #[error("the stream cannot be read beyond line {line}: {source}")]
    Broken { line: u64, source: io::Error },
    /// The store failed; the lines before `line` are applied.
    #[error("the store failed at the lines from {line} on: {source}")]
    Store { line: u64, source: StoreError },
}

/// Reads lines until the end and applies them; `progress` is told after each commit and may stop the stream.
///
/// # Errors
///
/// When the stream breaks or the store fails; `tally` says what was done until then.
pub fn ingest(
    engine: &Engine,
    reader: impl BufRead,
    max_line_bytes: usize,
    tally: &mut Tally,
    mut progress: impl FnMut(&Tally) -> ControlFlow<()>,
) -> Result<(), IngestError> {
    let mut lines = Lines::new(reader, max_line_bytes);
    let mut chunk = Chunk::default();
    loop {
        let line = lines.next_line();
        match line {
            Ok(Some(Line::Document(document))) => {
                tally.received += 1;
                chunk.push(lines.number, document);
            }
            Ok(Some(Line::TooLong)) => {
                tally.received += 1;
                let reason = format!("the line is longer than {max_line_bytes} bytes");
                tally.reject(RejectedLine { line: lines.number, id: None, reason });
            }
            Ok(None) => {
                chunk.apply(engine, tally)?;
                let _ = progress(tally);
                return Ok(());
            }
            Err(source) => {
                chunk.apply(engine, tally)?;
                return Err(IngestError::Broken { line: lines.number, source });
            }
        }
        if chunk.is_full() {
            chunk.apply(engine, tally)?;
            if progress(tally).is_break() {
                return Ok(());
            }
        }
    }
}

/// One line, or the knowledge that it was too long to keep.
#[derive(Debug, PartialEq)]
pub enum Line {
    /// Without white space around it.
    Document(Bytes),
    /// Longer than allowed.
    TooLong,
}

/// Splits a stream into lines of bounded length.
pub struct Lines<R> {
    reader: R,
    max_line_bytes: usize,
    /// The number of the line read last.
    pub number: u64,
    /// How many bytes were read up to its end.
    pub bytes: u64,
}

impl<R: BufRead> Lines<R> {
    /// Lines of at most `max_line_bytes`.
    pub fn new(reader: R, max_line_bytes: usize) -> Self {
        Lines { reader, max_line_bytes, number: 0, bytes: 0 }
    }

    /// The lines that follow line `number`, which ends behind so many bytes: there the reader stands.
    pub fn behind(reader: R, max_line_bytes: usize, number: u64, bytes: u64) -> Self {
        Lines { reader, max_line_bytes, number, bytes }
    }

    /// The next line that is not empty. A last line without a newline counts; a stream that breaks amid a line loses it.
    ///
    /// # Errors
    ///
    /// When the stream cannot be read.
    pub fn next_line(&mut self) -> io::Result<Option<Line>> {
        loop {
            let mut line = Vec::new();
            // One byte more than allowed, for the newline, and one to see that it is too long.
            let most = self.max_line_bytes as u64 + 2;
            let read = self.reader.by_ref().take(most).read_until(b'\n', &mut line)?;
            if read == 0 {
                return Ok(None);
            }
            self.bytes += read as u64;
            self.number += 1;
            let cut = line.len() as u64 == most && line.last() != Some(&b'\n');
            if cut {
                self.skip_rest()?;
            }
            let line = line.trim_ascii();
            if cut || line.len() > self.max_line_bytes {
                return Ok(Some(Line::TooLong));
            }
            if !line.is_empty() {
                return Ok(Some(Line::Document(Bytes::copy_from_slice(line))));
            }
        }
    }

    fn skip_rest(&mut self) -> io::Result<()> {
        loop {
            let buffer = self.reader.fill_buf()?;
            let newline = buffer.iter().position(|&byte| byte == b'\n');
            let (used, done) = match newline {
                Some(place) => (place + 1, true),
                None => (buffer.len(), buffer.is_empty()),
            };
            self.reader.consume(used);
            self.bytes += used as u64;
            if done {
                return Ok(());
            }
        }
    }
}

/// The lines of the next commit.
#[derive(Default)]
struct Chunk {
    numbers: Vec<u64>,
    updates: Vec<Update>,
    bytes: usize,
}

impl Chunk {
    fn push(&mut self, number: u64, document: Bytes) {
        self.bytes += document.len();
        self.numbers.push(number);
        self.updates.push(Update::of_document(document));
    }

    fn is_full(&self) -> bool {
        self.updates.len() >= CHUNK_LINES || self.bytes >= CHUNK_BYTES
    }

    fn apply(&mut self, engine: &Engine, tally: &mut Tally) -> Result<(), IngestError> {
        let chunk = std::mem::take(self);
        let Some(&first) = chunk.numbers.first() else { return Ok(()) };
        let results = engine.apply_batch(chunk.updates).map_err(|source| IngestError::Store { line: first, source })?;
        for (line, result) in chunk.numbers.into_iter().zip(results) {
            match result {
                Ok(outcome) => tally.count(&outcome),
                Err(rejection) => {
                    let reason = rejection.to_string();
                    tally.reject(RejectedLine { line, id: rejection.id, reason });
                }
            }
        }
        Ok(())
    }
}

impl Tally {
    fn count(&mut self, outcome: &Outcome) {
        match outcome.kind {
            OutcomeKind::New => self.new += 1,
            OutcomeKind::Unchanged => self.unchanged += 1,
            OutcomeKind::Cosmetic => self.cosmetic += 1,
            OutcomeKind::Changed => self.changed += 1,
            OutcomeKind::Stale => self.stale += 1,
        }
        self.notified += outcome.notified.len() as u64;
    }

    /// Counts a rejected line, and lists it while the list is short.
    pub fn reject(&mut self, line: RejectedLine) {
        self.rejected_total += 1;
        if self.rejected.len() < LISTED_REJECTIONS {
            self.rejected.push(line);
        }
    }
}

/// Unpacks gzip and zstd, told apart from plain text by their first bytes.
///
/// # Errors
///
/// When the first bytes cannot be read.
pub fn unpacked<'r>(mut reader: impl BufRead + Send + 'r) -> io::Result<Box<dyn BufRead + Send + 'r>> {
    const GZIP: [u8; 2] = [0x1f, 0x8b];
    const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
    let begin = reader.fill_buf()?;
    if begin.starts_with(&GZIP) {
        return Ok(Box::new(io::BufReader::new(flate2::bufread::MultiGzDecoder::new(reader))));
    }
    if begin.starts_with(&ZSTD) {
        return Ok(Box::new(io::BufReader::new(zstd::Decoder::with_buffer(reader)?)));
    }
    Ok(Box::new(reader))
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.received += other.received;
        self.new += other.new;
        self.unchanged += other.unchanged;
        self.cosmetic += other.cosmetic;
        self.changed += other.changed;
        self.stale += other.stale;
        self.notified += other.notified;
        let unlisted = other.rejected_total.saturating_sub(other.rejected.len() as u64);
        other.rejected.into_iter().for_each(|line| self.reject(line));
        self.rejected_total += unlisted;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8], limit: usize) -> Vec<(u64, Line)> {
        let mut lines = Lines::new(text, limit);
        let mut found = Vec::new();
        while let Some(line) = lines.next_line().unwrap() {
            found.push((lines.number, line));
        }
        found
    }

    fn document(text: &'static str) -> Line {
        Line::Document(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn lines_keep_their_numbers_over_empty_and_long_ones() {
        let found = lines(b"one\r\n\n  \nfour\nfar too long\nsix", 4);
        assert_eq!(found, [(1, document("one")), (4, document("four")), (5, Line::TooLong), (6, document("six"))]);
    }

    #[test]
    fn a_line_of_exactly_the_limit_is_taken() {
        assert_eq!(lines(b"1234\n12345\n12345", 4), [(1, document("1234")), (2, Line::TooLong), (3, Line::TooLong)]);
    }

    #[test]
    fn packed_streams_are_told_by_their_first_bytes() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        io::Write::write_all(&mut gzip, b"text").unwrap();
        let packed = [gzip.finish().unwrap(), zstd::encode_all(&b"text"[..], 0).unwrap(), b"text".to_vec(), Vec::new()];
        let texts = packed.map(|bytes| io::read_to_string(unpacked(&bytes[..]).unwrap()).unwrap());
        assert_eq!(texts, ["text", "text", "text", ""]);
    }
}
