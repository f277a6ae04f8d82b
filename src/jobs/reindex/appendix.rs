//! A file that only grows, and whose length is part of the checkpoint: what a crash left behind it is cut off.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

/// A file beside the store.
pub(super) struct Appendix {
    file: BufWriter<File>,
    length: u64,
}

impl Appendix {
    /// Opens the file, and takes away what is behind the checkpoint.
    pub(super) fn open(path: &Path, length: u64) -> io::Result<Appendix> {
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        if file.metadata()?.len() < length {
            let reason = format!("it is shorter than the {length} bytes that the job has written");
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, reason));
        }
        file.set_len(length)?;
        file.seek(SeekFrom::Start(length))?;
        Ok(Appendix { file: BufWriter::new(file), length })
    }

    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.length += bytes.len() as u64;
        self.file.write_all(bytes)
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Makes the file durable, and says how long it is.
    pub(super) fn sync(&mut self) -> io::Result<u64> {
        self.file.flush()?;
        self.file.get_ref().sync_data()?;
        Ok(self.length)
    }
}
