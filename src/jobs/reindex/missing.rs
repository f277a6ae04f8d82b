//! Members that are stored and that the source does not have.
//!
//! Before anything is read the job writes down which members there are, in which versions; while it reads, which it saw. In the end
//! those are missing that were there, were not seen, and were not updated by anybody else meanwhile.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use roaring::RoaringTreemap;

use super::brake::{Brake, Halt};
use super::job::{Missing, OutputFile};
use super::ledger::{Ledger, LedgerError};
use crate::engine::Engine;
use crate::event::MemberVersion;
use crate::jobs::bulk_collect::{BulkCollect, BulkCollectError};
use crate::member::MemberId;
use crate::store::MemberState;
use crate::store::StoreError;

/// The members that there were, with their versions: sixteen bytes each, in order.
const KNOWN: &str = "known.ids";

/// So many members are looked at between two looks at the brake.
const CHUNK: usize = 1_000;

/// Why missing members are not told.
#[derive(Debug, thiserror::Error)]
pub enum MissingError {
    #[error("cannot use the job's file {path:?}: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot take a member out of the files of bulk collect: {0}")]
    BulkCollect(#[from] BulkCollectError),
    #[error("the job is halted")]
    Halted(Halt),
}

/// Writes down which members there are, unless that is done.
pub(super) fn note_known(engine: &Engine, folder: &Path, brake: &Brake) -> Result<(), MissingError> {
    let path = folder.join(KNOWN);
    let failed = |source| MissingError::File { path: path.clone(), source };
    if path.exists() {
        return Ok(());
    }
    let half = folder.join("known.part");
    let mut file = BufWriter::new(File::create(&half).map_err(failed)?);
    let mut last = None;
    loop {
        brake.check().map_err(MissingError::Halted)?;
        let members = engine.store().member_versions(last, CHUNK)?;
        let Some((end, _)) = members.last() else { break };
        last = Some(*end);
        for (id, version) in members {
            let written =
                file.write_all(&id.get().to_le_bytes()).and_then(|()| file.write_all(&version.0.to_le_bytes()));
            written.map_err(failed)?;
        }
    }
    let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
    file.sync_all().and_then(|()| fs::rename(&half, &path)).map_err(failed)
}

/// Lists the members that the source does not have, and erases them where that is asked for.
pub(super) fn settle(
    engine: &Engine,
    bulk_collect: &BulkCollect,
    ledger: &Ledger,
    brake: &Brake,
) -> Result<(), MissingError> {
    let job = ledger.job();
    let deletes = job.options.missing == Missing::Delete && may_delete(ledger)?;
    let seen = seen(&ledger.folder().join(OutputFile::Seen.name()))?;
    ledger.look_for_missing_again()?;
    let path = ledger.folder().join(KNOWN);
    let failed = |source| MissingError::File { path: path.clone(), source };
    let mut known = BufReader::new(File::open(&path).map_err(failed)?);
    let mut missing = Vec::new();
    let mut deleted = 0;
    while let Some((id, version)) = next(&mut known).map_err(failed)? {
        if seen.contains(id.get()) {
            continue;
        }
        let Some(row) = engine.store().members(&[id])?.pop().flatten().map(|found| found.row) else { continue };
        match &row.state {
            MemberState::Known(_) if row.version == version => {
                if deletes {
                    erase(engine, bulk_collect, id)?;
                    deleted += 1;
                }
                missing.push(id);
            }
            // Of this job, before it was interrupted.
            MemberState::Erased if deletes && row.version == version => {
                deleted += 1;
                missing.push(id);
            }
            // Somebody else wrote it while the job was reading.
            MemberState::Known(_) | MemberState::Erased => {}
        }
        if missing.len() >= CHUNK {
            brake.check().map_err(MissingError::Halted)?;
            ledger.missing(&std::mem::take(&mut missing), std::mem::take(&mut deleted))?;
        }
    }
    Ok(ledger.missing(&missing, deleted)?)
}

/// Whether what was not seen is surely gone.
fn may_delete(ledger: &Ledger) -> Result<bool, MissingError> {
    let figures = ledger.job().figures;
    let doubt = match figures {
        _ if figures.received == 0 => "the source has no documents",
        _ if figures.rejected_without_id > 0 => "some documents were rejected that do not say whose they are",
        _ => return Ok(true),
    };
    ledger.note(format!("{doubt}, so missing members are listed and none is deleted"))?;
    Ok(false)
}

/// As a DELETE does it: files first, so that a crash in between leaves files to be written again and never a person in a file.
fn erase(engine: &Engine, bulk_collect: &BulkCollect, id: MemberId) -> Result<(), MissingError> {
    let withdrawn = bulk_collect.withdraw(id)?;
    let erased = engine.erase(id);
    bulk_collect.enqueue(&withdrawn)?;
    erased?;
    Ok(())
}

fn seen(path: &Path) -> Result<RoaringTreemap, MissingError> {
    let failed = |source| MissingError::File { path: path.to_owned(), source };
    let mut file = BufReader::with_capacity(1 << 20, File::open(path).map_err(failed)?);
    let mut seen = RoaringTreemap::new();
    while let Some(id) = number(&mut file).map_err(failed)? {
        seen.insert(id);
    }
    Ok(seen)
}

fn next(file: &mut impl Read) -> io::Result<Option<(MemberId, MemberVersion)>> {
    let Some(id) = number(file)? else { return Ok(None) };
    let id = MemberId::try_from(id).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    let version = number(file)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(Some((id, MemberVersion(version))))
}

/// The next eight bytes; `None` at the end.
fn number(file: &mut impl Read) -> io::Result<Option<u64>> {
    let mut bytes = [0; 8];
    match file.read_exact(&mut bytes) {
        Ok(()) => Ok(Some(u64::from_le_bytes(bytes))),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}
