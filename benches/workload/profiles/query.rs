//! One selector.

use rand::Rng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};

use super::{
    CITIES, COMPANIES, COUNTRIES, CURRENT_MONTHS, FAMILY_NAMES, GIVEN_NAMES, INDUSTRIES, LEVELS, MOST_CONNECTIONS,
    POSITIONS, SCHOOLS, SKILLS, SKILLS_OF_A_MEMBER, TODAY, TRADES, WORDS, WORDS_A_POSITION, WORDS_OF_A_MEMBER,
};
use crate::workload::reach::{Reach, factors};
use crate::workload::{Random, words};

/// Of a member and of one position, the same number of kinds: half of the queries are nested.
type Kind = fn(&mut Random, f64, bool) -> Value;
const NARROW: [Kind; 14] = [
    person,
    employers,
    skilled,
    described,
    headlined,
    titled_abroad,
    name_begins,
    works_at,
    works_at,
    has_title_in_city,
    worked_at_one_of,
    did,
    any_title_at,
    studied_at,
];
const BROAD: [Kind; 8] =
    [well_connected, has_a_skill, title_begins, mentions, joined_industry, joined_industry, has_title, has_title_since];

/// A selector that so many documents match, about.
pub fn query(random: &mut Random, reach: Reach, is_flat: bool) -> Value {
    let (kinds, share): (&[Kind], f64) = match reach {
        Reach::Narrow(share) => (&NARROW, share),
        Reach::Broad(share) => (&BROAD, share),
    };
    let kind = kinds.choose(random).expect("there are kinds");
    kind(random, share, is_flat)
}

fn person(random: &mut Random, share: f64, _: bool) -> Value {
    let given = GIVEN_NAMES.draw(random);
    let family = FAMILY_NAMES.of_frequency(random, share / GIVEN_NAMES.frequency(given));
    let name = format!("{} {}", super::given_name(given), super::family_name(family));
    json!({"match": {"full_name": {"query": name, "operator": "and"}}})
}

/// A list of accounts, as sales people keep them.
fn employers(random: &mut Random, share: f64, _: bool) -> Value {
    json!({"terms": {"company_id": companies(random, share)}})
}

fn companies(random: &mut Random, share: f64) -> Vec<u64> {
    let count = random.random_range(3..=20);
    let each = share / f64::from(count);
    (0..count).map(|_| super::company_id(COMPANIES.of_frequency(random, each))).collect()
}

fn skilled(random: &mut Random, share: f64, _: bool) -> Value {
    let (country, among) = COUNTRIES.draw_with_frequency(random);
    let connections = random.random_range(0..MOST_CONNECTIONS * 9 / 10);
    let share = share / among / (1.0 - connections as f64 / MOST_CONNECTIONS as f64);
    let skill = super::skill(SKILLS.of_frequency(random, share / SKILLS_OF_A_MEMBER as f64));
    json!({"bool": {"filter": [
        {"term": {"location_country.exact": country}},
        {"range": {"connections_count": {"gte": connections}}},
        {"term": {"skills.exact": skill}}
    ]}})
}

fn described(random: &mut Random, share: f64, is_flat: bool) -> Value {
    let [first, second] = rare_words(random, share, WORDS_OF_A_MEMBER);
    if is_flat {
        let all = |word: &str| json!({"match": {"description": word}});
        return json!({"bool": {"must": [all(&first), all(&second)]}});
    }
    json!({"query_string": {"query": format!("{first} AND {second}"), "default_field": "description"}})
}

/// Words that stand together in this share of texts of this length.
fn rare_words<const N: usize>(random: &mut Random, share: f64, length: usize) -> [String; N] {
    let draws = length as f64;
    factors(random, share).map(|share| super::word(WORDS.of_frequency(random, share / draws)))
}

fn headlined(random: &mut Random, share: f64, _: bool) -> Value {
    json!({"match_phrase": {"headline": rare_title(random, share)}})
}

fn rare_title(random: &mut Random, share: f64) -> String {
    let (level, of_level) = LEVELS.draw_with_frequency(random);
    let (trade, of_trade) = TRADES.draw_with_frequency(random);
    format!("{level} {trade} {}", super::skill(SKILLS.of_frequency(random, share / of_level / of_trade)))
}

fn titled_abroad(random: &mut Random, share: f64, _: bool) -> Value {
    json!({"bool": {
        "must": {"match": {"job_title": {"query": rare_title(random, share), "operator": "and"}}},
        "must_not": {"term": {"location_country.exact": COUNTRIES.draw(random)}}
    }})
}

fn name_begins(random: &mut Random, share: f64, _: bool) -> Value {
    // One family name in 50 begins with a given syllable, one in 2,500 with given two.
    let given = super::given_name(GIVEN_NAMES.of_frequency(random, share * 2_500.0));
    let family = words::name(random.random_range(2_500..125_000));
    json!({"prefix": {"full_name.exact": format!("{given} {}", &family[..4])}})
}

/// What is true of one of a member's positions, in flat documents is asked of all of them together.
fn of_all(share: f64, is_flat: bool) -> f64 {
    if is_flat { share / POSITIONS } else { share }
}

/// A clause about one of the member's objects under `path`.
fn nested(path: &str, query: Value, is_flat: bool) -> Value {
    if is_flat { query } else { json!({"nested": {"path": path, "query": query}}) }
}

fn works_at(random: &mut Random, share: f64, is_flat: bool) -> Value {
    let share = of_all(share, is_flat);
    let company = super::company_name(COMPANIES.of_frequency(random, share));
    let company = json!({"match": {"experience.company_name": {"query": company, "operator": "and"}}});
    if is_flat {
        return company;
    }
    let is_over = json!({"exists": {"field": "experience.date_to"}});
    nested("experience", json!({"bool": {"must": company, "must_not": is_over}}), is_flat)
}

fn has_title_in_city(random: &mut Random, share: f64, is_flat: bool) -> Value {
    let (level, of_level) = LEVELS.draw_with_frequency(random);
    let (trade, of_trade) = TRADES.draw_with_frequency(random);
    let city = CITIES.of_frequency(random, share / POSITIONS / of_level / of_trade);
    let query = json!({"bool": {"must": [
        {"match_phrase": {"experience.title": format!("{level} {trade}")}},
        {"match": {"experience.location": super::city_name(city)}}
    ]}});
    nested("experience", query, is_flat)
}

fn worked_at_one_of(random: &mut Random, share: f64, is_flat: bool) -> Value {
    let companies = companies(random, share / POSITIONS);
    nested("experience", json!({"terms": {"experience.company_id": companies}}), is_flat)
}

fn did(random: &mut Random, share: f64, is_flat: bool) -> Value {
    let words: [String; 4] = rare_words(random, share / POSITIONS, WORDS_A_POSITION);
    let text = words.join(" ");
    nested("experience", json!({"match": {"experience.description": {"query": text, "operator": "and"}}}), is_flat)
}

fn any_title_at(random: &mut Random, share: f64, is_flat: bool) -> Value {
    let titles = [TRADES.draw_with_frequency(random), TRADES.draw_with_frequency(random)];
    let of_titles: f64 = titles.iter().map(|(_, frequency)| frequency).sum();
    let company = super::company_name(COMPANIES.of_frequency(random, share / POSITIONS / of_titles));
    let titles = titles.map(|(trade, _)| json!({"match_phrase": {"experience.title": trade}}));
    let query = json!({"bool": {
        "must": {"match": {"experience.company_name": {"query": company, "operator": "and"}}},
        "should": titles,
        "minimum_should_match": 1
    }});
    nested("experience", query, is_flat)
}

fn studied_at(random: &mut Random, share: f64, is_flat: bool) -> Value {
    // One or two schools, and one year of graduation in about 43.
    let years = random.random_range(1..=5);
    let school = SCHOOLS.of_frequency(random, share / 1.5 / (f64::from(years) / 44.0));
    let from = random.random_range(1980..=2024 - years);
    let query = json!({"bool": {"filter": [
        {"match_phrase": {"education.title": super::school_name(school)}},
        {"range": {"education.date_to_year": {"gte": from, "lt": from + years}}}
    ]}});
    nested("education", query, is_flat)
}

fn well_connected(random: &mut Random, share: f64, _: bool) -> Value {
    let wider = share * random.random_range(1.0..4.0);
    let (country, among) = COUNTRIES.of_frequency(random, wider);
    let connections = MOST_CONNECTIONS as f64 * (1.0 - share / among).max(0.0);
    json!({"bool": {"filter": [
        {"term": {"location_country.exact": country}},
        {"range": {"connections_count": {"gte": connections as u64}}}
    ]}})
}

fn has_a_skill(random: &mut Random, share: f64, _: bool) -> Value {
    let count = random.random_range(2..=4);
    let each = share / f64::from(count) / SKILLS_OF_A_MEMBER as f64;
    let skills: Vec<String> = (0..count).map(|_| super::skill(SKILLS.of_frequency(random, each))).collect();
    json!({"terms": {"skills.exact": skills}})
}

fn title_begins(random: &mut Random, share: f64, _: bool) -> Value {
    let (level, of_level) = LEVELS.draw_with_frequency(random);
    let (trade, _) = TRADES.of_frequency(random, share / of_level);
    json!({"prefix": {"job_title.exact": format!("{level} {trade}")}})
}

fn mentions(random: &mut Random, share: f64, _: bool) -> Value {
    json!({"match": {"description": super::word(WORDS.of_frequency(random, share / WORDS_OF_A_MEMBER as f64))}})
}

/// Members who are new in an industry.
fn joined_industry(random: &mut Random, share: f64, is_flat: bool) -> Value {
    let share = of_all(share, is_flat);
    let wider = share * random.random_range(1.5..4.0);
    let (industry, of_industry) = INDUSTRIES.of_frequency(random, wider);
    let months = (CURRENT_MONTHS as f64 * share / of_industry).min(CURRENT_MONTHS as f64) as u64;
    let term = json!({"term": {"experience.company_industry.exact": industry}});
    let since = TODAY - months;
    if is_flat {
        return json!({"bool": {"filter": [term, {"range": {"experience.date_from_year": {"gte": since / 12 + 1}}}]}});
    }
    let since = format!("{}-{:02}", since / 12, since % 12 + 1);
    let query = json!({"bool": {
        "filter": [term, {"range": {"experience.date_from": {"gt": since}}}],
        "must_not": {"exists": {"field": "experience.date_to"}}
    }});
    nested("experience", query, is_flat)
}

fn has_title(random: &mut Random, share: f64, is_flat: bool) -> Value {
    let (level, of_level) = LEVELS.draw_with_frequency(random);
    let (trade, _) = TRADES.of_frequency(random, share / POSITIONS / of_level);
    let title = format!("{level} {trade}");
    nested("experience", json!({"match": {"experience.title": {"query": title, "operator": "and"}}}), is_flat)
}

fn has_title_since(random: &mut Random, share: f64, is_flat: bool) -> Value {
    let share = of_all(share, is_flat);
    let wider = share * random.random_range(1.5..4.0);
    let (trade, of_trade) = TRADES.of_frequency(random, wider);
    let years = (CURRENT_MONTHS as f64 / 12.0 * share / of_trade).clamp(1.0, 5.0) as u64;
    let query = json!({"bool": {"filter": [
        {"match_phrase": {"experience.title": trade}},
        {"range": {"experience.date_from_year": {"gt": 2024 - years}}},
        {"term": {"experience.is_current": 1}}
    ]}});
    nested("experience", query, is_flat)
}
