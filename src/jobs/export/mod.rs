//! Export: every member with all that is known of it, so that another store takes over as though the updates had come to it.
//!
//! The first line says what the file is, then there is a line a member in the order of their ids, erased ones too, and the last line
//! says how many. `tripline reindex --from` knows such a file by its first line.

mod record;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::json;

use crate::engine::Engine;
use crate::store::StoreError;

pub use record::{ExportedMember, ExportedMemberError};

/// The version of the lines.
const FORMAT: u32 = 1;

/// So many members are read at once, while their documents are not larger than this together.
const PAGE_MEMBERS: usize = 1_000;
const PAGE_BYTES: usize = 8 << 20;

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    Plain,
    Gzip,
    Zstd,
}

impl Packing {
    /// What a file's name promises: `.gz`, `.zst`, or nothing.
    pub fn of(path: &Path) -> Packing {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("gz") => Packing::Gzip,
            Some("zst" | "zstd") => Packing::Zstd,
            _ => Packing::Plain,
        }
    }
}

/// Why there is no export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("cannot write {path:?}: {source}")]
    Write { path: PathBuf, source: io::Error },
    #[error("the document of member {member} cannot be written: {source}")]
    Document { member: crate::MemberId, source: serde_json::Error },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Writes all members into a file, which is there when this returns `Ok` and not at all otherwise; returns how many.
///
/// # Errors
///
/// When the store cannot be read or the file not be written.
pub fn export(engine: &Engine, path: &Path, mut progress: impl FnMut(u64)) -> Result<u64, ExportError> {
    let mut half = path.as_os_str().to_owned();
    half.push(".part");
    let half = PathBuf::from(half);
    let failed = |source| ExportError::Write { path: path.to_owned(), source };
    let file = private(&half).map_err(failed)?;
    let written = write(engine, Output::new(file, Packing::of(path)).map_err(failed)?, path, &mut progress);
    match written {
        Ok(members) => fs::rename(&half, path).map(|()| members).map_err(failed),
        Err(error) => {
            // What is written so far is of use to nobody; that it failed is what counts.
            let _ = fs::remove_file(&half);
            Err(error)
        }
    }
}

/// For its owner alone: profiles will stand in it.
fn private(path: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn write(engine: &Engine, mut output: Output, path: &Path, progress: &mut impl FnMut(u64)) -> Result<u64, ExportError> {
    let failed = |source| ExportError::Write { path: path.to_owned(), source };
    let begin = json!({"tripline_export": FORMAT, "exported_at": Timestamp::now()});
    writeln!(output, "{begin}").map_err(failed)?;
    let mut last = None;
    let mut members = 0;
    loop {
        let page = engine.store().stored_members(last, PAGE_MEMBERS, PAGE_BYTES)?;
        let Some(end) = page.last() else { break };
        last = Some(end.id);
        for member in &page {
            let document = |source| ExportError::Document { member: member.id, source };
            let line = ExportedMember::of(member).and_then(|line| serde_json::to_vec(&line)).map_err(document)?;
            output.write_all(&line).and_then(|()| output.write_all(b"\n")).map_err(failed)?;
        }
        members += page.len() as u64;
        progress(members);
    }
    let end = json!({"tripline_export_end": {"members": members}});
    writeln!(output, "{end}").and_then(|()| output.finish()).map_err(failed)?;
    Ok(members)
}

/// A file that is being written, packed or not.
enum Output {
    Plain(BufWriter<File>),
    Gzip(flate2::write::GzEncoder<BufWriter<File>>),
    Zstd(zstd::Encoder<'static, BufWriter<File>>),
}

impl Output {
    fn new(file: File, packing: Packing) -> io::Result<Output> {
        let file = BufWriter::with_capacity(1 << 20, file);
        Ok(match packing {
            Packing::Plain => Output::Plain(file),
            Packing::Gzip => Output::Gzip(flate2::write::GzEncoder::new(file, flate2::Compression::default())),
            Packing::Zstd => Output::Zstd(zstd::Encoder::new(file, zstd::DEFAULT_COMPRESSION_LEVEL)?),
        })
    }

    /// Ends the packed stream and makes the file durable.
    fn finish(self) -> io::Result<()> {
        let file = match self {
            Output::Plain(file) => file,
            Output::Gzip(encoder) => encoder.finish()?,
            Output::Zstd(encoder) => encoder.finish()?,
        };
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Output::Plain(file) => file.write(bytes),
            Output::Gzip(encoder) => encoder.write(bytes),
            Output::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Output::Plain(file) => file.flush(),
            Output::Gzip(encoder) => encoder.flush(),
            Output::Zstd(encoder) => encoder.flush(),
        }
    }
}
