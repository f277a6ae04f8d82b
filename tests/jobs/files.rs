//! Every kind of file gives the same members.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use serde_json::json;
use tripline::jobs::reindex::{Options, OutputFile};

use crate::shop::{Shop, files, gzip, member, members};

#[test]
fn each_kind_of_file_gives_the_same_members() {
    let text = members(1..=2_500, "Acme");
    let array = format!("[{}]", text.trim_end().replace('\n', ",\n "));
    let kinds: [(&str, Vec<u8>); 6] = [
        ("lines", text.clone().into()),
        ("lines-gzip", gzip(text.as_bytes())),
        ("lines-zstd", zstd::encode_all(text.as_bytes(), 1).unwrap()),
        ("array", array.clone().into()),
        ("array-gzip", gzip(array.as_bytes())),
        ("windows-lines", text.replace('\n', "\r\n\r\n").into()),
    ];
    for (name, content) in kinds {
        let shop = Shop::new();
        let figures = shop.take_in(&shop.file(name, content));
        assert_eq!((figures.received, figures.new, figures.rejected), (2_500, 2_500, 0), "{name}");
        assert_eq!(shop.document(1_777), Some(member(1_777, "Acme")), "{name}");
        assert_eq!(shop.told(), [0_u64; 0], "{name}");
    }
}

#[test]
fn a_second_job_finds_what_really_changed() {
    let shop = Shop::new();
    shop.take_in(&shop.file("first", members(1..=1_200, "Acme")));
    let next: String = (1..=1_200)
        .map(|id| {
            let mut member = member(id, if id % 400 == 0 { "Globex" } else { "ACME " });
            member["headline"] = json!("written anew");
            format!("{member}\n")
        })
        .collect();
    let figures = shop.take_in(&shop.file("second", next));
    assert_eq!((figures.cosmetic, figures.changed, figures.notified), (1_197, 3, 3));
    assert_eq!(shop.told(), [400, 800, 1_200]);
}

#[test]
fn files_are_read_in_the_order_in_which_they_are_named() {
    let shop = Shop::new();
    let (old, new) = (shop.file("z", members(1..=10, "Acme")), shop.file("a", members(1..=10, "Globex")));
    let job = shop.finished(files(&[&old, &new]), Options::default());
    assert_eq!((job.figures.new, job.figures.changed), (10, 10));
    assert_eq!(shop.document(3), Some(member(3, "Globex")));
}

#[test]
fn a_member_that_comes_twice_is_changed_in_the_order_of_the_file() {
    let shop = Shop::new();
    shop.take_in(&shop.file("first", members(1..=3, "Acme")));
    let twice = members(1..=3, "Globex") + &members(2..=2, "Initech");
    let figures = shop.take_in(&shop.file("twice", twice));
    assert_eq!((figures.changed, figures.notified), (4, 4));
    assert_eq!(shop.document(2), Some(member(2, "Initech")));
}

#[test]
fn rejected_documents_are_listed_and_the_job_goes_on() {
    let shop = Shop::new();
    let good = member(7, "Acme").to_string();
    let long = format!("{{\"id\": 9, \"text\": \"{}\"}}", "x".repeat(1 << 20));
    let text = format!("{good}\nnot json\n{{\"full_name\": \"Nobody\"}}\n{{\"id\": \"8\"}}\n{long}\n[]\n");
    let job = shop.finished(files(&[&shop.file("mixed", text)]), Options::default());
    assert_eq!((job.figures.new, job.figures.rejected, job.figures.rejected_without_id), (1, 5, 5));
    let lines = shop.lines_of(&job, OutputFile::Rejected);
    let rejected: Vec<serde_json::Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let places: Vec<u64> = rejected.iter().map(|line| line["line"].as_u64().unwrap()).collect();
    assert_eq!(places, [2, 3, 4, 5, 6]);
    assert!(rejected[1]["reason"].as_str().unwrap().contains("has no \"id\""), "{}", rejected[1]);
    assert!(rejected[3]["reason"].as_str().unwrap().contains("larger than limits.body_bytes"), "{}", rejected[3]);
}

#[test]
fn parquet_rows_become_the_documents_that_they_were_made_of() {
    let shop = Shop::new();
    let path = shop.folder.path().join("members.parquet");
    write_parquet(&path);
    let figures = shop.take_in(&path);
    assert_eq!((figures.new, figures.rejected), (3, 0));
    let first = json!({
        "id": 1, "full_name": "Ada Example", "score": 0.1, "last_updated": "2026-11-01", "skills": ["rust", "lucene"],
        "experience": [
            {"company_name": "Acme", "title": "Engineer", "date_from": "2021-03", "date_to": null},
            {"company_name": "Globex", "title": "Head", "date_from": "2024", "date_to": "2025"},
        ],
    });
    assert_eq!(shop.document(1), Some(first));
    let second = json!({"id": 2, "full_name": null, "score": null, "last_updated": "2026-11-02", "skills": [], "experience": []});
    assert_eq!(shop.document(2), Some(second));
    let third = json!({
        "id": 3, "full_name": "Cleo", "score": -1.5, "last_updated": "2026-11-03", "skills": null, "experience": null
    });
    assert_eq!(shop.document(3), Some(third));
}

/// Three members in two row groups: with positions, with empty lists, with none.
pub fn write_parquet(path: &PathBuf) {
    let schema = "message member {
        required int64 id;
        optional binary full_name (UTF8);
        optional double score;
        required int32 last_updated (DATE);
        optional group skills (LIST) { repeated group list { optional binary element (UTF8); } }
        optional group experience (LIST) { repeated group list { optional group element {
            optional binary company_name (UTF8);
            optional binary title (UTF8);
            optional binary date_from (UTF8);
            optional binary date_to (UTF8);
        } } }
    }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer = SerializedFileWriter::new(fs::File::create(path).unwrap(), schema, properties).unwrap();
    let text = |texts: &[&str]| -> Vec<ByteArray> { texts.iter().map(|text| ByteArray::from(*text)).collect() };

    let mut group = writer.next_row_group().unwrap();
    macro_rules! column {
        ($kind:ty, $values:expr, $definition:expr, $repetition:expr) => {
            let mut column = group.next_column().unwrap().unwrap();
            column.typed::<$kind>().write_batch(&$values, $definition, $repetition).unwrap();
            column.close().unwrap();
        };
    }
    column!(Int64Type, [1, 2], None, None);
    column!(ByteArrayType, text(&["Ada Example"]), Some(&[1, 0]), None);
    column!(DoubleType, [0.1], Some(&[1, 0]), None);
    column!(Int32Type, [20_758, 20_759], None, None);
    column!(ByteArrayType, text(&["rust", "lucene"]), Some(&[3, 3, 1]), Some(&[0, 1, 0]));
    column!(ByteArrayType, text(&["Acme", "Globex"]), Some(&[4, 4, 1]), Some(&[0, 1, 0]));
    column!(ByteArrayType, text(&["Engineer", "Head"]), Some(&[4, 4, 1]), Some(&[0, 1, 0]));
    column!(ByteArrayType, text(&["2021-03", "2024"]), Some(&[4, 4, 1]), Some(&[0, 1, 0]));
    column!(ByteArrayType, text(&["2025"]), Some(&[3, 4, 1]), Some(&[0, 1, 0]));
    group.close().unwrap();

    let mut group = writer.next_row_group().unwrap();
    macro_rules! one {
        ($kind:ty, $values:expr, $definition:expr, $repetition:expr) => {
            let mut column = group.next_column().unwrap().unwrap();
            column.typed::<$kind>().write_batch(&$values, $definition, $repetition).unwrap();
            column.close().unwrap();
        };
    }
    one!(Int64Type, [3], None, None);
    one!(ByteArrayType, text(&["Cleo"]), Some(&[1]), None);
    one!(DoubleType, [-1.5], Some(&[1]), None);
    one!(Int32Type, [20_760], None, None);
    for _ in 0..5 {
        one!(ByteArrayType, text(&[]), Some(&[0]), Some(&[0]));
    }
    group.close().unwrap();
    writer.close().unwrap();
}
