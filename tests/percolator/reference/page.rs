//! The page: `page.md` with a table in the place of each `{{family}}`.

use std::fmt::Write;
use std::fs;

use tripline::query::Limits;

use super::known::kin;
use super::table::{Family, Room, Row, Verdict, folder};

/// The whole page.
pub fn render(families: &[Family]) -> String {
    let template = fs::read_to_string(folder().join("page.md")).expect("the page's text");
    let mut page = String::new();
    for line in template.lines() {
        match line.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")) {
            Some("limits") => page.push_str(&limits()),
            Some(name) => {
                let family = families.iter().find(|family| family.file == name);
                page.push_str(&table(family.unwrap_or_else(|| panic!("page.md: no rows {name:?}"))));
            }
            None => {
                page.push_str(line);
                page.push('\n');
            }
        }
    }
    for family in families {
        assert!(template.contains(&format!("{{{{{}}}}}", family.file)), "page.md has no place for {}", family.file);
    }
    page
}

fn table(family: &Family) -> String {
    if family.rows.iter().all(|row| row.verdict == Verdict::Refused && row.parameter.is_none()) {
        return reasons(family);
    }
    let mut lines: Vec<(Vec<String>, [String; 3])> = Vec::new();
    for (names, rows) in groups(family) {
        let cells = cells(&names, &rows);
        let title = title(&names, &rows);
        // Names of which there is nothing more to say share a line.
        match lines.iter_mut().find(|(_, known)| *known == cells && cells.iter().all(String::is_empty)) {
            Some((titles, _)) if rows.iter().all(|row| row.note.is_none()) => titles.push(title),
            _ => lines.push((vec![title], cells)),
        }
    }
    let mut table = format!(
        "### {}\n\n| {} | decides | read, and decides nothing | refused |\n| --- | --- | --- | --- |\n",
        family.title,
        heading(family)
    );
    for (titles, cells) in lines {
        let _ = writeln!(table, "| {} | {} |", titles.join(", "), cells.join(" | "));
    }
    table + &not_yet(family)
}

fn heading(family: &Family) -> &'static str {
    match family.room {
        Room::Queries => "clause",
        Room::Fields => "type",
        Room::Analysis => "name",
    }
}

/// The rows that are there by name, those of one kind of field together.
fn groups(family: &Family) -> Vec<(Vec<&str>, Vec<&Row>)> {
    let mut groups: Vec<(Vec<&str>, Vec<&Row>)> = Vec::new();
    for row in family.rows.iter().filter(|row| !is_not_yet(family, &row.name)) {
        let is_kin = |name: &str| family.room == Room::Fields && kin(name).contains(&row.name.as_str());
        match groups.iter_mut().find(|(names, _)| names.contains(&row.name.as_str()) || is_kin(names[0])) {
            Some((names, rows)) => {
                if !names.contains(&row.name.as_str()) {
                    names.push(&row.name);
                }
                rows.push(row);
            }
            None => groups.push((vec![&row.name], vec![row])),
        }
    }
    groups
}

fn is_not_yet(family: &Family, name: &str) -> bool {
    family.rows.iter().any(|row| row.name == name && row.parameter.is_none() && row.open)
}

/// A line with the names that are not there yet.
fn not_yet(family: &Family) -> String {
    let of_clauses = family.rows.iter().filter(|row| row.parameter.is_none() && row.open);
    let names: Vec<String> = of_clauses.map(|row| code(&row.name)).collect();
    if names.is_empty() { String::new() } else { format!("\nNot yet: {}.\n", names.join(", ")) }
}

fn title(names: &[&str], rows: &[&Row]) -> String {
    let mut title = names.iter().map(|name| code(name)).collect::<Vec<_>>().join(", ");
    for row in rows.iter().filter(|row| row.parameter.is_none()) {
        if row.verdict == Verdict::Accepted {
            title.push_str(" (decides nothing)");
        }
        if let Some(note) = &row.note {
            let _ = write!(title, ", {note}");
        }
    }
    title
}

/// What decides, what is accepted, what is refused.
fn cells(names: &[&str], rows: &[&Row]) -> [String; 3] {
    let parameter = |row: &&Row| -> Option<String> {
        let parameter = code(row.parameter.as_deref()?);
        // What only one of several names has says so.
        let is_of_all = row.name == names[0] || names.len() == 1;
        Some(if is_of_all { parameter } else { format!("{parameter} ({})", code(&row.name)) })
    };
    let with = |verdict| {
        let written = rows.iter().filter(move |row| !row.open && row.verdict == verdict);
        written.filter_map(parameter).collect::<Vec<_>>().join(", ")
    };
    let refused = rows.iter().filter(|row| row.open || row.verdict == Verdict::Refused).map(|row| {
        let reason = if row.open { "not yet" } else { why(row) };
        parameter(row).map_or_else(|| reason.to_owned(), |parameter| format!("{parameter}: {reason}"))
    });
    [with(Verdict::Decides), with(Verdict::Accepted), refused.collect::<Vec<_>>().join("; ")]
}

/// A table of those that are refused, one line a reason.
fn reasons(family: &Family) -> String {
    let mut reasons: Vec<&str> = Vec::new();
    for row in &family.rows {
        if !reasons.contains(&why(row)) {
            reasons.push(why(row));
        }
    }
    let mut table = format!("### {}\n\n| {} | why |\n| --- | --- |\n", family.title, heading(family));
    for reason in reasons {
        let names = family.rows.iter().filter(|row| why(row) == reason).map(|row| code(&row.name));
        let _ = writeln!(table, "| {} | {reason} |", names.collect::<Vec<_>>().join(", "));
    }
    table
}

fn why(row: &Row) -> &str {
    row.why.as_deref().unwrap_or_default()
}

/// `top, left` is two names.
fn code(names: &str) -> String {
    if names == "any field" {
        return names.to_owned();
    }
    names.split(", ").map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn limits() -> String {
    let rows = [
        ("clauses within each other", Limits::DEPTH, "levels"),
        ("clauses in all, each leaf of a query text counted", Limits::CLAUSES, "clauses"),
        ("values of one `terms`", Limits::TERMS, "values"),
        ("a text to be analyzed or parsed", Limits::TEXT_BYTES, "bytes"),
        ("a `prefix`, `wildcard`, `regexp` or `fuzzy` pattern", Limits::PATTERN_UNITS, "UTF-16 units"),
    ];
    let mut table = String::from("| what | most |\n| --- | --- |\n");
    for (what, most, unit) in rows {
        let _ = writeln!(table, "| {what} | {} {unit} |", grouped(most));
    }
    table
}

/// 65,536
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
