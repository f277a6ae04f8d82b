//! Parquet: rows become documents. Groups are objects, lists are lists, maps are objects; dates and instants are written as text,
//! as documents have them.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::reader::TreeBuilder;
use parquet::record::{Field, Row};
use serde_json::{Map, Number, Value};

use super::file::too_long;
use super::{Content, Place, Position, Record, Sink, SourceError};

/// How many rows a Parquet file has, by its own words at its end.
pub(super) fn rows(path: &Path, file: File) -> Result<u64, SourceError> {
    let reader = open(path, file)?;
    let rows = reader.metadata().file_metadata().num_rows();
    u64::try_from(rows).map_err(|_| not_whole(path, format!("it says that it has {rows} rows")))
}

/// Reads the rows behind the first `skipped`.
pub(super) fn read(
    path: &Path,
    file: File,
    skipped: u64,
    document_bytes: usize,
    sink: &mut Sink<'_>,
) -> Result<(), SourceError> {
    let reader = open(path, file)?;
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let mut row = 0_u64;
    for group in 0..reader.num_row_groups() {
        let rows_of_group = u64::try_from(reader.metadata().row_group(group).num_rows()).unwrap_or(0);
        if row + rows_of_group <= skipped {
            row += rows_of_group;
            continue;
        }
        let broken = |row: u64, reason: String| SourceError::ParquetRow { path: path.to_owned(), row: row + 1, reason };
        let begin = || {
            let group = reader.get_row_group(group)?;
            TreeBuilder::new().as_iter(schema.clone(), group.as_ref())
        };
        let mut rows = guarded(begin).map_err(|reason| broken(row, reason))?;
        while let Some(found) = guarded(|| rows.next().transpose()).map_err(|reason| broken(row, reason))? {
            row += 1;
            if row <= skipped {
                continue;
            }
            let text = object(found).to_string();
            let content = match text.len() > document_bytes {
                true => Content::Unreadable(too_long(document_bytes)),
                false => Content::Document(text.into()),
            };
            let after = Position::File { records: row, line: row, byte: None };
            if sink(Record { place: Place::Row(row), content, after, read: row }).is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn open(path: &Path, file: File) -> Result<SerializedFileReader<File>, SourceError> {
    guarded(|| SerializedFileReader::new(file)).map_err(|reason| not_whole(path, reason))
}

fn not_whole(path: &Path, reason: String) -> SourceError {
    SourceError::Parquet { path: path.to_owned(), reason }
}

/// The crate meets some damaged files with a panic, where an error is right.
fn guarded<T>(work: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done.map_err(|error| error.to_string()),
        Err(_) => Err("its pages do not fit its schema".to_owned()),
    }
}

fn object(row: Row) -> Value {
    Value::Object(row.into_columns().into_iter().map(|(name, field)| (name, json(field))).collect())
}

fn json(field: Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Bool(value) => value.into(),
        Field::Byte(value) => value.into(),
        Field::Short(value) => value.into(),
        Field::Int(value) => value.into(),
        Field::Long(value) => value.into(),
        Field::UByte(value) => value.into(),
        Field::UShort(value) => value.into(),
        Field::UInt(value) => value.into(),
        Field::ULong(value) => value.into(),
        Field::Float16(value) => double(f64::from(value)),
        // As text, so that 0.1 stays 0.1 and does not become the double next to it.
        Field::Float(value) => number(&value.to_string()),
        Field::Double(value) => double(value),
        decimal @ Field::Decimal(_) => number(&decimal.to_string()),
        Field::Str(text) => Value::String(text),
        // Old writers do not mark texts as such.
        Field::Bytes(bytes) => Value::String(match bytes.as_utf8() {
            Ok(text) => text.to_owned(),
            Err(_) => BASE64_STANDARD.encode(bytes.data()),
        }),
        Field::Date(days) => date(days),
        time @ (Field::TimeMillis(_) | Field::TimeMicros(_)) => Value::String(time.to_string()),
        Field::TimestampMillis(millis) => instant(Timestamp::from_millisecond(millis)),
        Field::TimestampMicros(micros) => instant(Timestamp::from_microsecond(micros)),
        Field::Group(row) => object(row),
        Field::ListInternal(list) => list.elements().iter().cloned().map(json).collect(),
        Field::MapInternal(map) => {
            let entries = map.entries().iter().cloned().map(|(key, value)| (key_text(json(key)), json(value)));
            Value::Object(entries.collect::<Map<_, _>>())
        }
    }
}

fn key_text(key: Value) -> String {
    match key {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// JSON has no infinities; what is none of its numbers is no value.
fn double(value: f64) -> Value {
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

fn number(text: &str) -> Value {
    serde_json::from_str::<Number>(text).map_or(Value::Null, Value::Number)
}

fn date(days: i32) -> Value {
    let date = Date::constant(1970, 1, 1).checked_add(SignedDuration::from_hours(24 * i64::from(days)));
    date.map_or(Value::Null, |date| Value::String(date.to_string()))
}

fn instant(instant: Result<Timestamp, jiff::Error>) -> Value {
    instant.map_or(Value::Null, |instant| Value::String(instant.to_string()))
}
