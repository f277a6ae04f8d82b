//! The files of a request: documents as a JSON array, or as CSV, each also packed with gzip beside it.
//!
//! Written into a directory that nobody reads from until it is renamed into place.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value};

use super::{DataFile, DataFormat};

/// A file is closed once it has so many members…
const MEMBERS_PER_FILE: u64 = 1_000;

/// …or so many bytes.
const BYTES_PER_FILE: u64 = 64 << 20;

/// Writes documents into numbered files of one format.
pub(super) struct Output<'d> {
    directory: &'d Path,
    format: DataFormat,
    /// The first column is `id`; empty for JSON.
    columns: Vec<String>,
    open: Option<Part>,
    done: Vec<DataFile>,
}

struct Part {
    file_name: String,
    plain: BufWriter<File>,
    packed: GzEncoder<BufWriter<File>>,
    size: u64,
    members: u64,
}

/// Writes all documents that `next` gives, until it gives none.
pub(super) fn write(
    directory: &Path,
    format: DataFormat,
    mut next: impl FnMut() -> io::Result<Option<bytes::Bytes>>,
) -> io::Result<Vec<DataFile>> {
    match format {
        DataFormat::Json => {
            let mut output = Output { directory, format, columns: Vec::new(), open: None, done: Vec::new() };
            while let Some(document) = next()? {
                output.json(&document)?;
            }
            output.finish()
        }
        DataFormat::Csv => csv(directory, next),
    }
}

/// The heading is known only when all documents were seen, so they are put aside once, a line each.
fn csv(directory: &Path, mut next: impl FnMut() -> io::Result<Option<bytes::Bytes>>) -> io::Result<Vec<DataFile>> {
    let aside = directory.join("aside.ndjson");
    let mut names = BTreeSet::new();
    let mut writer = BufWriter::new(File::create(&aside)?);
    while let Some(document) = next()? {
        let fields: Map<String, Value> = serde_json::from_slice(&document)?;
        serde_json::to_writer(&mut writer, &fields)?;
        writer.write_all(b"\n")?;
        names.extend(fields.into_iter().map(|(name, _)| name));
    }
    writer.into_inner().map_err(io::IntoInnerError::into_error)?;

    let had_id = names.remove("id");
    let columns: Vec<String> = had_id.then(|| "id".to_owned()).into_iter().chain(names).collect();
    let mut output = Output { directory, format: DataFormat::Csv, columns, open: None, done: Vec::new() };
    for line in BufReader::new(File::open(&aside)?).lines() {
        output.csv(&serde_json::from_str(&line?)?)?;
    }
    fs::remove_file(&aside)?;
    output.finish()
}

impl Output<'_> {
    fn json(&mut self, document: &[u8]) -> io::Result<()> {
        let part = self.part()?;
        part.write(if part.members == 0 { b"[\n" } else { b",\n" })?;
        part.write(document)?;
        self.close_if_full()
    }

    fn csv(&mut self, fields: &Map<String, Value>) -> io::Result<()> {
        let row: Vec<String> = self.columns.iter().map(|column| cell(fields.get(column))).collect();
        let row = csv_row(&row)?;
        let heading = csv_row(&self.columns)?;
        let part = self.part()?;
        if part.members == 0 {
            part.write(&heading)?;
        }
        part.write(&row)?;
        self.close_if_full()
    }

    fn part(&mut self) -> io::Result<&mut Part> {
        let part = match self.open.take() {
            Some(part) => part,
            None => Part::create(self.directory, self.done.len() + 1, self.format)?,
        };
        Ok(self.open.insert(part))
    }

    fn close_if_full(&mut self) -> io::Result<()> {
        if let Some(part) = &mut self.open {
            part.members += 1;
            if part.members >= MEMBERS_PER_FILE || part.size >= BYTES_PER_FILE {
                self.close()?;
            }
        }
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        if let Some(part) = self.open.take() {
            self.done.push(part.close(self.format)?);
        }
        Ok(())
    }

    fn finish(mut self) -> io::Result<Vec<DataFile>> {
        self.close()?;
        File::open(self.directory)?.sync_all()?;
        Ok(self.done)
    }
}

impl Part {
    fn create(directory: &Path, number: usize, format: DataFormat) -> io::Result<Part> {
        let file_name = format!("clean_member-{number:04}.{}", format.extension());
        let plain = BufWriter::new(File::create(directory.join(&file_name))?);
        let packed = BufWriter::new(File::create(directory.join(format!("{file_name}.gz")))?);
        Ok(Part { file_name, plain, packed: GzEncoder::new(packed, Compression::default()), size: 0, members: 0 })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.plain.write_all(bytes)?;
        self.packed.write_all(bytes)?;
        self.size += bytes.len() as u64;
        Ok(())
    }

    fn close(mut self, format: DataFormat) -> io::Result<DataFile> {
        match format {
            DataFormat::Json => self.write(b"\n]\n")?,
            DataFormat::Csv => {}
        }
        let Part { file_name, plain, packed, size, members } = self;
        plain.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        packed.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        Ok(DataFile { file_name, size, members })
    }
}

/// Texts as they are, nothing for null, all else as JSON.
fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn csv_row(cells: &[String]) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(cells)?;
    writer.into_inner().map_err(|error| error.into_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: DataFormat, documents: &[&'static str]) -> (tempfile::TempDir, Vec<DataFile>) {
        let directory = tempfile::tempdir().unwrap();
        let mut documents = documents.iter().map(|text| bytes::Bytes::from_static(text.as_bytes()));
        let files = write(directory.path(), format, || Ok(documents.next())).unwrap();
        (directory, files)
    }

    #[test]
    fn json_files_are_arrays_of_the_documents_as_they_are() {
        let (directory, files) = written(DataFormat::Json, &[r#"{"id":1, "a":"é"}"#, r#"{"id":2}"#]);
        let text = fs::read_to_string(directory.path().join("clean_member-0001.json")).unwrap();
        assert_eq!(text, "[\n{\"id\":1, \"a\":\"é\"},\n{\"id\":2}\n]\n");
        let expected = DataFile { file_name: "clean_member-0001.json".to_owned(), size: text.len() as u64, members: 2 };
        assert_eq!(files, [expected]);
        let packed = File::open(directory.path().join("clean_member-0001.json.gz")).unwrap();
        assert_eq!(io::read_to_string(flate2::read::GzDecoder::new(packed)).unwrap(), text);
    }

    #[test]
    fn csv_has_every_field_of_any_document_as_a_column() {
        let documents = [r#"{"name":"A, \"B\"","id":1}"#, r#"{"id":2,"list":[1,{"x":null}],"none":null,"flag":true}"#];
        let (directory, files) = written(DataFormat::Csv, &documents);
        let text = fs::read_to_string(directory.path().join("clean_member-0001.csv")).unwrap();
        let expected = "id,flag,list,name,none\n1,,,\"A, \"\"B\"\"\",\n2,true,\"[1,{\"\"x\"\":null}]\",,\n";
        assert_eq!(text, expected);
        assert_eq!(files.len(), 1);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2, "what was put aside is gone");
    }

    #[test]
    fn many_members_make_several_files() {
        let documents = vec!["{}"; 2_001];
        let (_directory, files) = written(DataFormat::Json, &documents);
        assert_eq!(files.iter().map(|file| file.members).collect::<Vec<_>>(), [1_000, 1_000, 1]);
    }
}
