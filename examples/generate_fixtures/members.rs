//! The first version of each member.

use serde_json::{Map, Value, json};

use crate::random::Random;
use crate::vocabulary::{INDUSTRIES, JOBS, Job, LOCALES, Locale, SENTENCES, SIZES, SKILLS};

/// The day of the first crawl.
pub const FIRST_CRAWL: &str = "2026-01-12";

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// How many positions a member's first version has.
#[derive(Clone, Copy)]
pub struct Shape {
    pub open: usize,
    pub closed: usize,
}

/// One employer.
#[derive(Clone, PartialEq)]
pub struct Company {
    pub id: u64,
    pub name: &'static str,
}

/// Every company of the vocabulary, with its id.
pub fn companies() -> Vec<Company> {
    let names = LOCALES.iter().flat_map(|locale| locale.companies);
    names.enumerate().map(|(index, name)| Company { id: 5_001 + 7 * index as u64, name }).collect()
}

/// A company that the member never worked at.
pub fn unknown_company(document: &Value, random: &mut Random) -> Company {
    let known: Vec<&str> =
        positions(document).iter().filter_map(|position| position["company_name"].as_str()).collect();
    let candidates: Vec<Company> =
        companies().into_iter().filter(|company| !known.iter().any(|name| name.contains(company.name))).collect();
    random.pick(&candidates).clone()
}

pub fn positions(document: &Value) -> &[Value] {
    document["experience"].as_array().map_or(&[], Vec::as_slice)
}

pub fn positions_mut(document: &mut Value) -> &mut Vec<Value> {
    document["experience"].as_array_mut().expect("the generator gives every member an array of positions")
}

/// A date in one of the spellings of the data set, the finest first.
pub fn spell_date(year: u64, month: u64, spelling: u64) -> String {
    let name = MONTHS[month as usize - 1];
    match spelling {
        0 => format!("{year}-{month:02}-01"),
        1 => format!("{year}-{month:02}"),
        2 => format!("{name} {year}"),
        3 => format!("{} {year}", &name[..3]),
        _ => year.to_string(),
    }
}

/// One entry of `experience`.
pub fn position(
    company: &Company,
    job: Job,
    from: (u64, u64),
    to: Option<(u64, u64)>,
    locale: &Locale,
    random: &mut Random,
) -> Value {
    let (title, department, level) = job;
    let spelling = random.between(0, 5);
    let city = random.pick(locale.cities);
    let slug = company.id.to_string();
    let sentences = [*random.pick(SENTENCES), *random.pick(locale.sentences), *random.pick(SENTENCES)];
    let mut entry = json!({
        "id": random.between(1_000_000, 9_000_000),
        "title": title,
        "description": sentences[..random.between(0, 4) as usize].join(" "),
        "company_id": company.id,
        "company_name": company.name,
        "company_url": format!("https://www.professional-network.example/company/{slug}"),
        "company_industry": INDUSTRIES[company.id as usize % INDUSTRIES.len()],
        "company_size_range": SIZES[company.id as usize % SIZES.len()],
        "location": format!("{city}, {}", locale.country),
        "date_from": spell_date(from.0, from.1, spelling),
        "date_from_year": from.0,
        "date_from_month": if spelling > 3 { Value::Null } else { json!(from.1) },
        "is_current": u8::from(to.is_none()),
        "department": department,
        "management_level": level,
    });
    close(&mut entry, to.map(|(year, month)| spell_date(year, month, spelling)));
    if let Some((year, month)) = to {
        entry["date_to_year"] = json!(year);
        entry["date_to_month"] = json!(month);
        entry["duration_months"] = json!((12 * year + month).saturating_sub(12 * from.0 + from.1));
    }
    entry
}

/// Gives a position its end, or none.
pub fn close(position: &mut Value, end: Option<String>) {
    position["is_current"] = json!(u8::from(end.is_none()));
    position["date_to"] = json!(end);
}

/// Numbers the positions in their order.
pub fn number_positions(document: &mut Value) {
    for (index, position) in positions_mut(document).iter_mut().enumerate() {
        position["order_in_profile"] = json!(index + 1);
    }
}

/// The member of this place in the list, as first seen.
pub fn member(index: u64, id: u64, shape: Shape, random: &mut Random) -> Value {
    let locale = &LOCALES[index as usize % LOCALES.len()];
    let mut document = root(id, locale, random);
    document["experience"] = Value::Array(career(shape, locale, random));
    number_positions(&mut document);
    describe_current_job(&mut document);
    let fields = document.as_object_mut().expect("a member is an object");
    add_collections(fields, locale, random);
    leave_out_some(fields, random);
    document
}

/// Sets the root fields that repeat the newest position.
pub fn describe_current_job(document: &mut Value) {
    let Some(current) = positions(document).iter().find(|position| position["is_current"] == json!(1)).cloned() else {
        document["is_working"] = json!(0);
        return;
    };
    document["is_working"] = json!(1);
    for (root, field) in [
        ("job_title", "title"),
        ("company_id", "company_id"),
        ("management_level", "management_level"),
        ("department", "department"),
    ] {
        document[root] = current[field].clone();
    }
    let title = current["title"].as_str().unwrap_or_default();
    let company = current["company_name"].as_str().unwrap_or_default();
    document["generated_headline"] = json!(format!("{title} at {company}"));
    let leads = ["C-Level", "Owner", "Founder", "VP", "Director", "Head", "Partner"];
    document["is_decision_maker"] =
        json!(u8::from(current["management_level"].as_str().is_some_and(|level| leads.contains(&level))));
}

fn root(id: u64, locale: &Locale, random: &mut Random) -> Value {
    let given = *random.pick(locale.given);
    let family = format!("{}{}", random.pick(locale.family_start), random.pick(locale.family_end));
    let full_name = match locale.family_first {
        true if locale.language == "Vietnamese" => format!("{family} {given}"),
        true => format!("{family}{given}"),
        false => format!("{given} {family}"),
    };
    let city = *random.pick(locale.cities);
    let shorthand = format!("member-{id}");
    json!({
        "id": id,
        "is_parent": u8::from(random.chance(95)),
        "is_deleted": 0,
        "last_updated": FIRST_CRAWL,
        "full_name": full_name,
        "name_first": given,
        "name_last": family,
        "websites_professional_network": format!("https://www.professional-network.example/in/{shorthand}"),
        "shorthand_names": [shorthand],
        "picture_url": format!("https://static.professional-network.example/pictures/{}.jpg", random.between(100_000, 999_999)),
        "follower_count": random.between(0, 20_000),
        "connections_count": random.between(0, 501),
        "recommendations_count": random.between(0, 12),
        "headline": format!("{} | {}", random.pick(locale.titles), random.pick(SENTENCES)),
        "description": format!("{} {}", random.pick(locale.sentences), random.pick(SENTENCES)),
        "skills": random.some(SKILLS, random_count(id, 3, 10)),
        "total_experience_duration_months": random.between(6, 420),
        "location_full": format!("{city}, {}", locale.country),
        "location_raw_address": city,
        "location_city": city.split(',').next(),
        "location_country": locale.country,
        "location_country_iso2": locale.iso2,
        "location_country_iso3": locale.iso3,
        "location_regions": locale.regions,
    })
}

fn random_count(id: u64, low: u64, high: u64) -> usize {
    (low + id % (high - low)) as usize
}

/// Positions from the newest to the oldest, the open ones first, each at another company.
fn career(shape: Shape, locale: &'static Locale, random: &mut Random) -> Vec<Value> {
    let all = companies();
    let mut left: Vec<Company> =
        all.iter().filter(|company| locale.companies.contains(&company.name)).cloned().collect();
    left.extend(
        all.iter()
            .filter(|company| LOCALES[0].companies.contains(&company.name) && !left.contains(company))
            .cloned()
            .collect::<Vec<_>>(),
    );
    let mut year = 2024 - random.between(0, 4);
    let mut career = Vec::new();
    for index in 0..shape.open + shape.closed {
        let company = left.remove(random.between(0, left.len().min(4) as u64) as usize);
        let job =
            if random.chance(35) { (*random.pick(locale.titles), "Other", "Specialist") } else { *random.pick(JOBS) };
        let (from, end) = (
            (year, random.between(1, 13)),
            (index >= shape.open).then(|| ((year + random.between(1, 3)).min(2025), random.between(1, 13))),
        );
        let mut entry = position(&company, job, from, end, locale, random);
        if index >= shape.open && random.chance(8) {
            entry.as_object_mut().map(|entry| entry.remove("company_id"));
        }
        career.push(entry);
        year -= random.between(2, 5);
    }
    career
}

fn add_collections(fields: &mut Map<String, Value>, locale: &Locale, random: &mut Random) {
    let year = 1990 + random.between(0, 30);
    fields.insert(
        "education".into(),
        json!([{
            "title": random.pick(locale.schools), "major": random.pick(&["Computer Science", "Economics", "Law", "Mechanical Engineering", "Design", "Medicine"]),
            "degree": random.pick(&["Bachelor of Science", "Master of Arts", "MBA", "PhD"]),
            "date_from": year.to_string(), "date_to": (year + 4).to_string(), "date_from_year": year, "date_to_year": year + 4, "order_in_profile": 1,
        }]),
    );
    let mut languages = vec![
        json!({"language": locale.language, "proficiency": "Native or bilingual proficiency", "order_in_profile": 1}),
    ];
    if locale.language != "English" && random.chance(70) {
        languages.push(
            json!({"language": "English", "proficiency": "Professional working proficiency", "order_in_profile": 2}),
        );
    }
    fields.insert("languages".into(), json!(languages));
    if random.chance(30) {
        let title = random.pick(&[
            "Certified Kubernetes Administrator",
            "PMP",
            "AWS Solutions Architect – Associate",
            "CFA Level II",
        ]);
        fields.insert("certifications".into(), json!([{"title": title, "issuer": "Board of Invented Certificates", "date_from": "June 2022", "date_to": null, "order_in_profile": 1}]));
    }
    if random.chance(12) {
        fields.insert("awards".into(), json!([{"title": "Employee of the Year", "issuer": "Chamber of Commerce", "date": "2019-11", "date_year": 2019, "date_month": 11, "order_in_profile": 1}]));
    }
    if random.chance(10) {
        let inventors = json!([{"full_name": fields["full_name"], "order_in_profile": 1}, {"full_name": "Odd Inventwright", "order_in_profile": 2}]);
        fields.insert("patents".into(), json!([{"title": "Method for folding maps", "status": "granted", "inventors": inventors, "date": "2018-05-02", "date_year": 2018, "date_month": 5, "date_day": 2, "order_in_profile": 1}]));
    }
    if random.chance(10) {
        fields.insert("publications".into(), json!([{"title": "On the ranking of sparse profiles", "publisher": "Journal of Made-up Results", "authors": [{"full_name": "Odd Inventwright", "order_in_profile": 1}], "date": "2020", "order_in_profile": 1}]));
    }
    if random.chance(10) {
        fields.insert("organizations".into(), json!([{"organization": "Mountain Rescue Volunteers", "position": "Treasurer", "date_from": "2015-01", "date_to": null, "order_in_profile": 1}]));
    }
    if random.chance(15) {
        fields.insert(
            "courses".into(),
            json!([{"title": "Distributed Systems", "organizer": random.pick(locale.schools), "order_in_profile": 1}]),
        );
    }
    if random.chance(15) {
        fields.insert("activity".into(), json!([{"title": "Five lessons from moving to event sourcing", "action": "Liked by", "activity_url": "https://www.professional-network.example/feed/1", "order_in_profile": 1}]));
    }
    if random.chance(10) {
        fields.insert("projects".into(), json!([{"name": "Open tide tables", "description": "Free tide forecasts.", "team_members": [{"full_name": "Odd Inventwright", "order_in_profile": 1}], "date_from": "2017-03", "date_to": "2018", "order_in_profile": 1}]));
    }
    if random.chance(25) {
        let median = 40_000 + 500 * random.between(0, 400);
        fields.insert("projected_base_salary_median".into(), json!(median as f64 + 0.5));
        fields.insert("projected_base_salary_currency".into(), json!("USD"));
    }
}

/// Real data has holes: absent fields, nulls, empty strings, empty arrays.
fn leave_out_some(fields: &mut Map<String, Value>, random: &mut Random) {
    let optional = [
        "headline",
        "description",
        "skills",
        "location_country",
        "location_full",
        "picture_url",
        "follower_count",
        "connections_count",
        "education",
        "languages",
        "name_last",
        "generated_headline",
        "is_decision_maker",
    ];
    for name in optional {
        match random.between(0, 40) {
            0 => _ = fields.remove(name),
            1 => _ = fields.insert(name.into(), Value::Null),
            2 if fields.get(name).is_some_and(Value::is_string) => _ = fields.insert(name.into(), json!("")),
            2 if fields.get(name).is_some_and(Value::is_array) => _ = fields.insert(name.into(), json!([])),
            _ => {}
        }
    }
}
