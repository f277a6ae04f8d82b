//! `docs/query-dsl.md` says what the code does: every row of its tables has a sample that is tried here.
//!
//! The rows stand in `queries/`, `fields/` and `analysis/`, a family a file, a row a line:
//!
//! - `name`, and `parameter` where the row is about one; `verdict` is `decides` (a match; the default), `accepted` (read, and decides
//!   nothing) or `refused`, then `why` is part of the error. `open` marks what shall be so and is not yet; a mark that is no
//!   longer needed fails the test.
//! - the sample: a `query` (over `mapping.json`), a `field` or `mapping`, or an analysis `definition` with a `text`;
//!   documents that it `matches`, `misses` or `refuses`, terms that it `has` or `lacks`.
//! - `otherwise`: the sample without the parameter, or with another value; some answer must then be another. Where it is not given it is the sample
//!   without the parameter.
//!
//! `TRIPLINE_WRITE_DOCS=1 cargo test --test percolator reference` writes the page.

mod known;
mod page;
mod sample;
mod table;

use std::fs;
use std::path::Path;

use table::{Room, families};

#[test]
fn every_row_is_true() {
    let mut wrong = Vec::new();
    for family in families() {
        for row in &family.rows {
            let verdict = sample::check(&family, row);
            match (row.open, verdict) {
                (false, Err(reason)) => wrong.push(format!("{}: {}: {reason}", family.file, row.title())),
                (true, Ok(())) => wrong.push(format!("{}: {}: is no longer open", family.file, row.title())),
                (false, Ok(())) | (true, Err(_)) => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{} rows differ from the code:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn no_row_stands_twice() {
    for room in Room::ALL {
        let mut titles = Vec::new();
        for family in families().iter().filter(|family| family.room == room) {
            titles.extend(
                family.rows.iter().map(|row| format!("{} {}", family.kind.as_deref().unwrap_or(""), row.title())),
            );
        }
        titles.sort_unstable();
        let twice: Vec<_> = titles.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| &pair[0]).collect();
        assert!(twice.is_empty(), "{twice:?}");
    }
}

#[test]
fn what_the_code_knows_has_a_row() {
    let missing = known::without_a_row(&families());
    assert!(missing.is_empty(), "the code knows these, and no row does:\n{}", missing.join("\n"));
}

#[test]
fn the_page_is_written_from_the_rows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/query-dsl.md");
    let page = page::render(&families());
    if std::env::var_os("TRIPLINE_WRITE_DOCS").is_some() {
        fs::write(&path, &page).expect("the page can be written");
    }
    let current = fs::read_to_string(&path).expect("the page is there");
    assert!(current == page, "docs/query-dsl.md is old; TRIPLINE_WRITE_DOCS=1 writes it anew");
}
