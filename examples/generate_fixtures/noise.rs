//! Differences of documents that are no position change: each kind of the design's list, and what real crawls add to it.

use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization;

use crate::members::{number_positions, positions, positions_mut};
use crate::random::Random;

/// One kind of difference that must not count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Noise {
    Order,
    SurrogateIds,
    Case,
    WhiteSpace,
    Emoji,
    ZeroWidth,
    Punctuation,
    UnicodeForm,
    CompanyRenamed,
    CompanyIdGained,
    StartPrecisionGained,
    StartPrecisionLost,
    StartSpelling,
    StartMissing,
    Duplicates,
    OpenEndSpelling,
    ClosedPositionEdited,
    ClosedPositionGone,
    PositionDetails,
    Description,
    Logo,
    Skills,
    Headline,
    Location,
    Counters,
    LastUpdated,
    NoExperience,
    FirstExperience,
}

impl Noise {
    pub const ALL: &[Noise] = &[
        Noise::Order,
        Noise::SurrogateIds,
        Noise::Case,
        Noise::WhiteSpace,
        Noise::Emoji,
        Noise::ZeroWidth,
        Noise::Punctuation,
        Noise::UnicodeForm,
        Noise::CompanyRenamed,
        Noise::CompanyIdGained,
        Noise::StartPrecisionGained,
        Noise::StartPrecisionLost,
        Noise::StartSpelling,
        Noise::StartMissing,
        Noise::Duplicates,
        Noise::OpenEndSpelling,
        Noise::ClosedPositionEdited,
        Noise::ClosedPositionGone,
        Noise::PositionDetails,
        Noise::Description,
        Noise::Logo,
        Noise::Skills,
        Noise::Headline,
        Noise::Location,
        Noise::Counters,
        Noise::LastUpdated,
        Noise::NoExperience,
        Noise::FirstExperience,
    ];

    /// What a whole re-crawl does beside a real change, to what was there already…
    pub const BEFORE_CHANGES: &[Noise] =
        &[Noise::SurrogateIds, Noise::Case, Noise::Emoji, Noise::Counters, Noise::Headline];

    /// … and to all positions.
    pub const AFTER_CHANGES: &[Noise] = &[Noise::Duplicates, Noise::Order];

    pub fn wants_two_jobs(self) -> bool {
        matches!(self, Noise::Order | Noise::Duplicates | Noise::OpenEndSpelling)
    }

    pub fn label(self) -> &'static str {
        self.words().0
    }

    pub fn story(self) -> &'static str {
        self.words().1
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Noise::Order => ("order", "the positions come in another order"),
            Noise::SurrogateIds => ("surrogate_ids", "the positions have new ids of their own"),
            Noise::Case => ("case", "titles and companies are in capitals"),
            Noise::WhiteSpace => ("white_space", "titles and companies have other white space"),
            Noise::Emoji => ("emoji", "titles are decorated with emoji"),
            Noise::ZeroWidth => ("zero_width", "titles contain zero-width characters"),
            Noise::Punctuation => ("punctuation", "titles and companies are surrounded by punctuation"),
            Noise::UnicodeForm => ("unicode_form", "the same letters in another Unicode normal form or width"),
            Noise::CompanyRenamed => ("company_renamed", "the company has a new name under the same id"),
            Noise::CompanyIdGained => ("company_id_gained", "the company is the same by name and now has an id"),
            Noise::StartPrecisionGained => ("start_precision_gained", "the start is known to the day now"),
            Noise::StartPrecisionLost => ("start_precision_lost", "only the year of the start is left"),
            Noise::StartSpelling => ("start_spelling", "the start is the same month in another spelling"),
            Noise::StartMissing => ("start_missing", "the start is gone: it fits any"),
            Noise::Duplicates => ("duplicates", "a position is listed twice"),
            Noise::OpenEndSpelling => ("open_end_spelling", "no end, written as absent, empty or \"Present\""),
            Noise::ClosedPositionEdited => ("closed_position_edited", "the title of a past position was edited"),
            Noise::ClosedPositionGone => ("closed_position_gone", "a past position vanished"),
            Noise::PositionDetails => ("position_details", "a position's description, location and level changed"),
            Noise::Description => ("description", "another self-description"),
            Noise::Logo => ("logo", "pictures and logos have new addresses"),
            Noise::Skills => ("skills", "other skills"),
            Noise::Headline => ("headline", "another headline"),
            Noise::Location => ("location", "moved to another place"),
            Noise::Counters => ("counters", "followers and connections were counted anew"),
            Noise::LastUpdated => ("last_updated", "only the date of the crawl differs"),
            Noise::NoExperience => ("no_experience", "a broken crawl: the document says nothing about positions"),
            Noise::FirstExperience => ("first_experience", "the first version that has positions is their baseline"),
        }
    }

    /// Gives the first version what this difference starts from.
    pub fn prepare(self, first: &mut Value) {
        match self {
            Noise::StartPrecisionGained => set_starts(first, &["2021", "2021-05"]),
            Noise::StartPrecisionLost => set_starts(first, &["2019-03-01", "2019-03"]),
            Noise::StartSpelling => set_starts(first, &["March 2020", "2017-09"]),
            Noise::CompanyIdGained => _ = entry(first).remove("company_id"),
            Noise::FirstExperience => _ = first.as_object_mut().map(|first| first.remove("experience")),
            Noise::UnicodeForm => entry(first).extend([("title".to_owned(), json!("Café Größe Entwickler ガイド 5"))]),
            _ => {}
        }
    }

    /// Makes the second version differ.
    pub fn apply(self, second: &mut Value, random: &mut Random) {
        match self {
            Noise::Order => positions_mut(second).reverse(),
            Noise::SurrogateIds => positions_mut(second)
                .iter_mut()
                .for_each(|entry| entry["id"] = json!(random.between(10_000_000, 90_000_000))),
            Noise::Case => rewrite(second, &["title", "company_name"], capitals),
            Noise::WhiteSpace => rewrite(second, &["title", "company_name"], |text| {
                format!("\u{a0} {} \t", text.replace(' ', " \u{2003} "))
            }),
            Noise::Emoji => rewrite(second, &["title"], |text| format!("🚀 {text} 👩‍💻🇪🇺")),
            Noise::ZeroWidth => {
                rewrite(second, &["title"], |text| text.chars().flat_map(|letter| [letter, '\u{200b}']).collect())
            }
            Noise::Punctuation => rewrite(second, &["title", "company_name"], |text| format!("– «{text}» …")),
            Noise::UnicodeForm => {
                rewrite(second, &["title", "company_name"], |text| full_width(&text.nfd().collect::<String>()))
            }
            Noise::CompanyRenamed => _ = entry(second).insert("company_name".into(), json!("Rebranded Holdings")),
            Noise::CompanyIdGained => {
                _ = entry(second).insert("company_id".into(), json!(random.between(90_000, 99_000)))
            }
            Noise::StartPrecisionGained => set_starts(second, &["2021-11-15", "2021-05-31"]),
            Noise::StartPrecisionLost => set_starts(second, &["2019", "2019"]),
            Noise::StartSpelling => set_starts(second, &["2020-03", "Sep 2017"]),
            Noise::StartMissing => _ = entry(second).insert("date_from".into(), Value::Null),
            Noise::Duplicates => {
                let mut twin = positions(second)[0].clone();
                twin["id"] = json!(random.between(10_000_000, 90_000_000));
                positions_mut(second).insert(1, twin);
            }
            Noise::OpenEndSpelling => spell_open_ends(second, random),
            Noise::ClosedPositionEdited => {
                if let Some(past) = positions_mut(second).last_mut() {
                    past["title"] = json!("Something Nobler");
                }
            }
            Noise::ClosedPositionGone => _ = positions_mut(second).pop(),
            Noise::PositionDetails => entry(second).extend([
                ("description".to_owned(), json!("Now with a longer text about the same work.")),
                ("location".to_owned(), json!("Remote")),
                ("management_level".to_owned(), json!("Manager")),
                ("duration_months".to_owned(), json!(77)),
            ]),
            Noise::Description => {
                second["description"] = json!("Looking back on many years of curiosity. Open to conversations.")
            }
            Noise::Logo => {
                second["picture_url"] = json!("https://static.professional-network.example/pictures/new.jpg");
                entry(second).insert(
                    "company_logo_url".into(),
                    json!("https://static.professional-network.example/logos/new.png"),
                );
            }
            Noise::Skills => second["skills"] = json!(["python", "leadership", "juggling"]),
            Noise::Headline => second["headline"] = json!("Helping teams do their best work ✨"),
            Noise::Location => {
                for (field, value) in [
                    ("location_full", "Reykjavík, Iceland"),
                    ("location_raw_address", "Reykjavík"),
                    ("location_country", "Iceland"),
                ] {
                    second[field] = json!(value);
                }
            }
            Noise::Counters => {
                second["follower_count"] = json!(random.between(20_000, 90_000));
                second["connections_count"] = json!(500);
                second["total_experience_duration_months"] = json!(random.between(6, 420));
            }
            Noise::LastUpdated | Noise::FirstExperience => {}
            Noise::NoExperience => _ = second.as_object_mut().map(|second| second.remove("experience")),
        }
        match self {
            Noise::NoExperience => {}
            Noise::FirstExperience => give_experience(second),
            _ => number_positions(second),
        }
    }
}

/// The newest position's fields.
fn entry(document: &mut Value) -> &mut serde_json::Map<String, Value> {
    positions_mut(document)[0].as_object_mut().expect("a position is an object")
}

fn set_starts(document: &mut Value, starts: &[&str]) {
    for (entry, start) in positions_mut(document).iter_mut().zip(starts) {
        entry["date_from"] = json!(start);
    }
}

fn rewrite(document: &mut Value, fields: &[&str], rewritten: impl Fn(&str) -> String) {
    for entry in positions_mut(document) {
        for field in fields {
            if let Some(text) = entry[*field].as_str() {
                entry[*field] = json!(rewritten(text));
            }
        }
    }
}

/// Capitals, but for letters whose capital folds to another letter (the Turkish dotless i).
fn capitals(text: &str) -> String {
    let fold = |text: &str| caseless::default_case_fold_str(text);
    let capital = |letter: char| {
        let upper: String = letter.to_uppercase().collect();
        if fold(&upper) == fold(&letter.to_string()) { upper } else { letter.to_string() }
    };
    text.chars().map(capital).collect()
}

/// ASCII letters and digits in their full-width forms.
fn full_width(text: &str) -> String {
    let widen = |letter: char| match letter {
        '0'..='9' | 'A'..='Z' | 'a'..='z' => char::from_u32(letter as u32 + 0xFEE0).unwrap_or(letter),
        other => other,
    };
    text.chars().map(widen).collect()
}

fn spell_open_ends(document: &mut Value, random: &mut Random) {
    for entry in positions_mut(document).iter_mut().filter(|entry| entry["date_to"].is_null()) {
        match random.between(0, 3) {
            0 => _ = entry.as_object_mut().map(|entry| entry.remove("date_to")),
            1 => entry["date_to"] = json!(""),
            _ => entry["date_to"] = json!("Present"),
        }
    }
}

fn give_experience(document: &mut Value) {
    document["experience"] = json!([
        {"id": 1, "title": "Owner", "company_id": 5001, "company_name": "Acme", "date_from": "2022-01", "date_to": null, "is_current": 1, "order_in_profile": 1},
        {"id": 2, "title": "Intern", "company_id": 5008, "company_name": "Globex", "date_from": "2015", "date_to": "2016", "is_current": 0, "order_in_profile": 2},
    ]);
}
