//! One member.

use rand::Rng;
use serde_json::{Value, json};

use super::{
    CITIES, COMPANIES, COUNTRIES, CURRENT_MONTHS, FAMILY_NAMES, GIVEN_NAMES, INDUSTRIES, LEVELS, MOST_CONNECTIONS,
    SCHOOLS, SIZES, SKILLS, SKILLS_OF_A_MEMBER, TODAY, TRADES, WORDS, WORDS_A_POSITION, WORDS_OF_A_MEMBER,
};
use crate::workload::{Random, words};

const DEGREES: [&str; 4] = ["Bachelor of Science", "Master of Arts", "Diploma", "PhD"];

/// A member of 3 to 8 positions with descriptions of 40 words, about 5 KB; the first position is the current one.
pub fn document(random: &mut Random, id: u64) -> Value {
    let mut end = None;
    let experience: Vec<Value> = (1..=random.random_range(3..=8))
        .map(|order| {
            let (position, start) = position(random, id * 10 + order, order, end);
            end = Some(start);
            position
        })
        .collect();
    let education: Vec<Value> = (1..=random.random_range(1..=2)).map(|order| education(random, order)).collect();
    let current = &experience[0];
    let full_name =
        format!("{} {}", super::given_name(GIVEN_NAMES.draw(random)), super::family_name(FAMILY_NAMES.draw(random)));
    let skills: Vec<String> = (0..SKILLS_OF_A_MEMBER).map(|_| super::skill(SKILLS.draw(random))).collect();
    let country = COUNTRIES.draw(random);
    json!({
        "id": id,
        "last_updated": "2024-05-01",
        "full_name": full_name,
        "public_profile_id": format!("{}-{id:x}", full_name.to_lowercase().replace(' ', "-")),
        "headline": format!("{} at {}", title(random), current["company_name"].as_str().unwrap_or_default()),
        "job_title": title(random),
        "description": text(random, WORDS_OF_A_MEMBER),
        "company_id": current["company_id"],
        "location_country": country,
        "location_full": format!("{}, {country}", super::city_name(CITIES.draw(random))),
        "connections_count": random.random_range(0..MOST_CONNECTIONS),
        "follower_count": random.random_range(0..MOST_CONNECTIONS * 2),
        "is_working": 1,
        "skills": skills,
        "experience": experience,
        "education": education,
    })
}

/// A position, and the month in which it began; it ended in the month `end`, or goes on.
fn position(random: &mut Random, id: u64, order: u64, end: Option<u64>) -> (Value, u64) {
    let company = COMPANIES.draw(random);
    let company_name = super::company_name(company);
    let start = match end {
        None => TODAY - random.random_range(0..CURRENT_MONTHS),
        Some(end) => end - random.random_range(6..60),
    };
    let month = |months: u64| format!("{}-{:02}", months / 12, months % 12 + 1);
    let position = json!({
        "id": id,
        "order_in_profile": order,
        "title": title(random),
        "description": text(random, WORDS_A_POSITION),
        "company_id": super::company_id(company),
        "company_name": company_name,
        "company_url": format!("https://www.{}.example", company_name.to_lowercase().replace(' ', "-")),
        "company_industry": INDUSTRIES.draw(random),
        "company_size_range": SIZES.draw(random),
        "location": format!("{}, {}", super::city_name(CITIES.draw(random)), COUNTRIES.draw(random)),
        "date_from": month(start),
        "date_from_year": start / 12,
        "date_from_month": start % 12 + 1,
        "date_to": end.map(month),
        "date_to_year": end.map(|end| end / 12),
        "date_to_month": end.map(|end| end % 12 + 1),
        "is_current": u8::from(end.is_none()),
        "duration_months": end.unwrap_or(TODAY) - start,
    });
    (position, start)
}

fn education(random: &mut Random, order: u64) -> Value {
    let end = random.random_range(1980..2024);
    json!({
        "order_in_profile": order,
        "title": super::school_name(SCHOOLS.draw(random)),
        "degree": DEGREES[random.random_range(0..DEGREES.len())],
        "date_from_year": end - 3,
        "date_to_year": end,
    })
}

/// A level, a trade and a speciality.
fn title(random: &mut Random) -> String {
    let (level, trade) = (LEVELS.draw(random), TRADES.draw(random));
    format!("{level} {trade}, {}", super::skill(SKILLS.draw(random)))
}

fn text(random: &mut Random, words: usize) -> String {
    words::capitalised(&words::sentence((0..words).map(|_| super::word(WORDS.draw(random)))))
}
