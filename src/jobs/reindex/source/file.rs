//! Files: what kind one is shows in its first bytes, never in its name.

use std::fs::{File, Metadata};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use super::array::{Element, Elements};
use super::{Content, Part, Place, Position, Record, Sink, SourceError, parquet};
use crate::jobs::ingest::{Line, Lines, unpacked};
use crate::jobs::reindex::job::Identity;

/// How the first line of an export begins.
pub const EXPORT_MARK: &str = "{\"tripline_export\":";

/// How much of a file is read at once.
const BUFFER_BYTES: usize = 256 << 10;

/// What a file holds.
enum Kind {
    /// A document a line, in a file that can be jumped in.
    PlainLines(File),
    /// A document a line, packed.
    PackedLines(Stream),
    /// One JSON array of documents.
    Array(Stream),
    /// A line of its own, and then a member a line with all that is known of it.
    Export(Stream),
    Parquet(File),
}

/// An unpacked text, and how much of the file is read for it.
struct Stream {
    reader: Box<dyn BufRead + Send>,
    read: Arc<AtomicU64>,
}

/// Notes a file after a look at its first bytes, of Parquet also at its last.
pub(super) fn look(path: &Path) -> Result<Part, SourceError> {
    let failed = |source| SourceError::File { path: path.to_owned(), source };
    // Whatever changes the working directory, the job finds its file again.
    let path = path.canonicalize().map_err(failed)?;
    let metadata = path.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(SourceError::NoFile { path });
    }
    let size = match open(&path)? {
        Kind::Parquet(file) => parquet::rows(&path, file)?,
        Kind::PlainLines(_) | Kind::PackedLines(_) | Kind::Array(_) | Kind::Export(_) => metadata.len(),
    };
    let name = path.display().to_string();
    let identity = Identity::File { path, bytes: metadata.len(), modified: modified(&metadata) };
    Ok(Part { name, identity, position: Position::Start, done: false, size, read: 0 })
}

pub(super) fn read(part: &Part, document_bytes: usize, sink: &mut Sink<'_>) -> Result<(), SourceError> {
    let Identity::File { path, bytes, modified: before } = &part.identity else {
        return Err(SourceError::NoFile { path: part.name.clone().into() });
    };
    let metadata = path.metadata().map_err(|source| SourceError::File { path: path.clone(), source })?;
    if metadata.len() != *bytes || modified(&metadata) != *before {
        return Err(SourceError::OtherFile { path: path.clone() });
    }
    let position = match part.position {
        Position::File { records, line, byte } => FilePosition { records, line, byte },
        Position::Start | Position::Hit { .. } => FilePosition::default(),
    };
    match open(path)? {
        Kind::PlainLines(file) => plain_lines(path, file, position, document_bytes, sink),
        Kind::PackedLines(stream) => packed_lines(path, stream, position, document_bytes, sink),
        Kind::Array(stream) => array(path, stream, position, document_bytes, sink),
        Kind::Export(stream) => export(path, stream, position, document_bytes, sink),
        Kind::Parquet(file) => parquet::read(path, file, position.records, document_bytes, sink),
    }
}

#[derive(Default, Clone, Copy)]
struct FilePosition {
    records: u64,
    line: u64,
    byte: Option<u64>,
}

fn modified(metadata: &Metadata) -> i64 {
    let since = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.and_then(|since| i64::try_from(since.as_micros()).ok()).unwrap_or(0)
}

fn open(path: &Path) -> Result<Kind, SourceError> {
    kind(path).map_err(|source| SourceError::File { path: path.to_owned(), source })
}

fn kind(path: &Path) -> io::Result<Kind> {
    const PARQUET: &[u8] = b"PAR1";
    let mut file = File::open(path)?;
    let mut begin = Vec::with_capacity(PARQUET.len());
    file.by_ref().take(PARQUET.len() as u64).read_to_end(&mut begin)?;
    if begin == PARQUET {
        return Ok(Kind::Parquet(file));
    }
    file.seek(SeekFrom::Start(0))?;
    let is_packed = begin.starts_with(&[0x1f, 0x8b]) || begin.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]);
    let read = Arc::new(AtomicU64::new(0));
    let counted = Counted { file, read: Arc::clone(&read) };
    let mut reader = unpacked(BufReader::with_capacity(BUFFER_BYTES, counted))?;
    let text = reader.fill_buf()?;
    let first = text.trim_ascii_start();
    if first.starts_with(b"[") {
        return Ok(Kind::Array(Stream { reader, read }));
    }
    if first.starts_with(EXPORT_MARK.as_bytes()) {
        return Ok(Kind::Export(Stream { reader, read }));
    }
    if is_packed {
        return Ok(Kind::PackedLines(Stream { reader, read }));
    }
    Ok(Kind::PlainLines(File::open(path)?))
}

/// Counts what is read of a file.
struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

fn plain_lines(
    path: &Path,
    mut file: File,
    position: FilePosition,
    document_bytes: usize,
    sink: &mut Sink<'_>,
) -> Result<(), SourceError> {
    let byte = position.byte.unwrap_or(0);
    file.seek(SeekFrom::Start(byte)).map_err(|source| SourceError::File { path: path.to_owned(), source })?;
    let reader = BufReader::with_capacity(BUFFER_BYTES, file);
    let mut lines = Lines::behind(reader, document_bytes, position.line, byte);
    let mut records = position.records;
    while let Some(line) = next(path, &mut lines)? {
        records += 1;
        let after = Position::File { records, line: lines.number, byte: Some(lines.bytes) };
        let content = content(line, document_bytes, Content::Document);
        let record = Record { place: Place::Line(lines.number), content, after, read: lines.bytes };
        if sink(record).is_break() {
            break;
        }
    }
    Ok(())
}

fn packed_lines(
    path: &Path,
    stream: Stream,
    position: FilePosition,
    document_bytes: usize,
    sink: &mut Sink<'_>,
) -> Result<(), SourceError> {
    let mut lines = Lines::new(stream.reader, document_bytes);
    let mut records = 0;
    while let Some(line) = next(path, &mut lines)? {
        records += 1;
        if records <= position.records {
            continue;
        }
        let after = Position::File { records, line: lines.number, byte: None };
        let content = content(line, document_bytes, Content::Document);
        let read = stream.read.load(Ordering::Relaxed);
        if sink(Record { place: Place::Line(lines.number), content, after, read }).is_break() {
            break;
        }
    }
    Ok(())
}

fn array(
    path: &Path,
    stream: Stream,
    position: FilePosition,
    document_bytes: usize,
    sink: &mut Sink<'_>,
) -> Result<(), SourceError> {
    let mut elements = Elements::new(stream.reader, document_bytes);
    let mut records = 0;
    loop {
        let element = elements.next().map_err(|error| error.at(path, elements.line()))?;
        let Some((line, element)) = element else { return Ok(()) };
        records += 1;
        if records <= position.records {
            continue;
        }
        let content = match element {
            Element::Value(bytes) => Content::Document(bytes),
            Element::TooLong => Content::Unreadable(too_long(document_bytes)),
        };
        let after = Position::File { records, line, byte: None };
        let read = stream.read.load(Ordering::Relaxed);
        if sink(Record { place: Place::Line(line), content, after, read }).is_break() {
            return Ok(());
        }
    }
}

/// An export ends with a line of its own, so that one that was cut short shows it.
fn export(
    path: &Path,
    stream: Stream,
    position: FilePosition,
    document_bytes: usize,
    sink: &mut Sink<'_>,
) -> Result<(), SourceError> {
    const END_MARK: &[u8] = b"{\"tripline_export_end\":";
    // A line holds up to two documents, one of them perhaps as escaped text, and some words around them.
    let line_bytes = document_bytes.saturating_mul(4);
    let mut lines = Lines::new(stream.reader, line_bytes);
    let not_whole = |reason: &str| SourceError::Export { path: path.to_owned(), reason: reason.to_owned() };
    if next(path, &mut lines)?.is_none() {
        return Err(not_whole("it is empty"));
    }
    let mut records = 0;
    while let Some(line) = next(path, &mut lines)? {
        if matches!(&line, Line::Document(text) if text.starts_with(END_MARK)) {
            return Ok(());
        }
        records += 1;
        if records <= position.records {
            continue;
        }
        let after = Position::File { records, line: lines.number, byte: None };
        let content = content(line, line_bytes, Content::Exported);
        let read = stream.read.load(Ordering::Relaxed);
        if sink(Record { place: Place::Line(lines.number), content, after, read }).is_break() {
            return Ok(());
        }
    }
    Err(not_whole("its last line is missing, so it was cut short"))
}

fn next<R: BufRead>(path: &Path, lines: &mut Lines<R>) -> Result<Option<Line>, SourceError> {
    lines.next_line().map_err(|source| SourceError::Broken { path: path.to_owned(), line: lines.number, source })
}

fn content(line: Line, limit: usize, of_text: fn(bytes::Bytes) -> Content) -> Content {
    match line {
        Line::Document(text) => of_text(text),
        Line::TooLong => Content::Unreadable(too_long(limit)),
    }
}

/// The reason of a document that is too large.
pub(super) fn too_long(limit: usize) -> String {
    format!("the document is larger than limits.body_bytes allows: {limit} bytes")
}
