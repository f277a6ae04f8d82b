//! Values of each field type, as documents hold them and as queries ask for them.

use serde_json::{Value, json};

use super::draw::Draw;
use super::words::Words;

/// What values a field has.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    Words,
    /// A whole number of a type with these limits.
    Whole {
        low: i64,
        high: i64,
    },
    Decimal,
    Date {
        format: Option<&'static str>,
    },
    Truth,
    Address,
    Range(Box<Values>),
    Point,
    /// An object of words under keys.
    Keys,
    /// A positive number.
    Feature,
    /// An object of positive numbers.
    Features,
    Bytes,
}

/// Formats of dates, and days as each writes them. Two ways of writing stand beside each other where a format has alternatives.
const DATES: &[(Option<&str>, &[&str])] = &[
    (
        None,
        &[
            "2020-01-01",
            "2020-02-29",
            "2020-02-29T12:30:00Z",
            "2020-02-29T12:30:00.123+02:00",
            "2021-03",
            "2021",
            "1969-12-31",
            "1583020800000",
            "2021-12-31T23:59:59.999Z",
        ],
    ),
    (Some("yyyy-MM-dd"), &["2020-01-01", "2020-02-29", "2021-12-31", "1969-12-31"]),
    (Some("yyyy-MM-dd||yyyy-MM||yyyy"), &["2020-01-01", "2020-02", "2020", "2021-12-31", "2021"]),
    (Some("epoch_millis"), &["0", "1577836800000", "1582979400000", "1582979400001"]),
    (Some("epoch_second"), &["0", "1577836800", "1582979400", "1582979401"]),
    (Some("strict_date_optional_time||epoch_second"), &["2020-01-01", "2020-02-29T12:30", "1577836800", "2021-03"]),
    (Some("dd/MM/yyyy"), &["01/01/2020", "29/02/2020", "31/12/2021"]),
    (Some("MMMM yyyy||MMM yyyy||yyyy"), &["March 2021", "Mar 2021", "2021", "December 2020"]),
    (Some("basic_date"), &["20200101", "20200229", "20211231"]),
    (Some("week_date"), &["2020-W01-1", "2020-W09-6", "2020-W53-7", "2021-W52-5"]),
    (Some("weekyear_week||weekyear"), &["2020-W01", "2020-W53", "2021", "2021-W09"]),
    (Some("ordinal_date"), &["2020-001", "2020-060", "2021-365"]),
    (Some("strict_year_month||basic_ordinal_date"), &["2020-02", "2021-12", "2020060"]),
    (Some("date_hour_minute_second_millis"), &["2020-02-29T12:30:00.123", "2021-12-31T23:59:59.999"]),
    (Some("yyyy-MM-dd HH:mm:ss"), &["2020-01-01 00:00:00", "2020-02-29 12:30:00", "2021-12-31 23:59:59"]),
    (
        Some("strict_date_optional_time_nanos"),
        &["2020-01-01", "2020-02-29T12:30:00.123456789Z", "2020-02-29T12:30:00.123456788Z"],
    ),
];
const DATE_MATH: &[&str] = &["||/d", "||/M", "||/y", "||+1d", "||-1M/M", "||+1y/d", "||/h", "||-1h", "||+1w/w"];
const NOW: &[&str] = &["now", "now/d", "now-5y", "now-10y/y", "now+1M", "now-3000d/d"];
const ZONES: &[&str] = &["+01:00", "-08:00", "UTC", "Europe/Paris", "Z", "+05:30"];
const DECIMALS: &[f64] = &[0.0, -0.0, 0.1, 0.5, 1.0, 1.5, -1.5, 2.25, 3.25, 42.0, 100.5, 1e10, -7.0, 65504.0, 0.005];
const WHOLES: &[i64] = &[
    0,
    1,
    2,
    3,
    5,
    10,
    42,
    -1,
    -5,
    127,
    128,
    -128,
    255,
    2021,
    32767,
    32768,
    2147483647,
    2147483648,
    9007199254740993,
    i64::MAX,
    i64::MIN,
];
const ADDRESSES: &[&str] = &[
    "10.0.0.1",
    "10.0.0.200",
    "10.0.1.1",
    "192.168.1.1",
    "::1",
    "2001:db8::1",
    "2001:DB8:0:0::2",
    "::ffff:10.0.0.1",
    "255.255.255.255",
];
const NETWORKS: &[&str] =
    &["10.0.0.0/24", "10.0.0.0/8", "192.168.1.1/32", "2001:db8::/32", "::/0", "0.0.0.0/0", "10.0.0.7/31"];
/// Keys of flattened objects; queries name them behind the field's name.
pub const KEYS: &[&str] = &["p", "q", "r.s"];

/// Names of features; queries name them behind the field's name.
pub const FEATURES: &[&str] = &["a", "b", "c"];

impl Values {
    pub fn date(draw: &mut Draw) -> Values {
        // The default is what people use.
        let (format, _) = if draw.chance(35) { DATES[0] } else { draw.one(DATES) };
        Values::Date { format }
    }

    /// As a document holds it; a few fit no type.
    pub fn in_document(&self, draw: &mut Draw, words: &Words) -> Value {
        if draw.chance(1) && draw.chance(40) {
            return odd(draw, words);
        }
        match self {
            Values::Words => match draw.below(40) {
                0 => json!(draw.one(WHOLES)),
                1 => json!(draw.chance(50)),
                2 => json!(draw.one(DECIMALS)),
                _ => json!(words.text(draw, 5)),
            },
            Values::Keys => {
                let mut object = json!({});
                for key in draw.some(KEYS, 2) {
                    object[key.split('.').next().unwrap_or(key)] = match key.split_once('.') {
                        Some((_, inner)) => json!({inner: words.word(draw)}),
                        None if draw.chance(20) => json!([words.word(draw), words.word(draw)]),
                        None => json!(words.word(draw)),
                    };
                }
                object
            }
            Values::Feature => json!([0.5, 1.0, 10.0][draw.below(3)]),
            Values::Features => {
                let features = draw.some(FEATURES, 2);
                features.into_iter().map(|name| (name.to_owned(), Values::Feature.in_document(draw, words))).collect()
            }
            Values::Bytes => json!("c29tZQ=="),
            Values::Range(of) => of.span(draw, words),
            Values::Truth => {
                [json!(true), json!(false), json!("true"), json!("false"), json!("")][draw.below(5)].clone()
            }
            Values::Point => point(draw),
            Values::Whole { .. } | Values::Decimal | Values::Date { .. } | Values::Address => {
                let value = self.single(draw);
                if draw.chance(15) { spelled_otherwise(&value) } else { value }
            }
        }
    }

    /// As a term asks for it.
    pub fn in_query(&self, draw: &mut Draw, words: &Words) -> Value {
        if draw.chance(1) {
            return odd(draw, words);
        }
        match self {
            Values::Words | Values::Keys => {
                json!(if draw.chance(80) { words.word(draw) } else { words.near_word(draw) })
            }
            Values::Truth => [json!(true), json!(false), json!("true"), json!("false")][draw.below(4)].clone(),
            Values::Address if draw.chance(25) => json!(draw.one(NETWORKS)),
            Values::Range(of) => of.in_query(draw, words),
            Values::Point | Values::Bytes => json!(words.word(draw)),
            Values::Feature | Values::Features => json!(1.0),
            Values::Whole { .. } if draw.chance(10) => json!(draw.one(DECIMALS)),
            Values::Date { .. } if draw.chance(15) => json!(date_math(self, draw)),
            Values::Whole { .. } | Values::Decimal | Values::Date { .. } | Values::Address => {
                let value = self.single(draw);
                if draw.chance(15) { spelled_otherwise(&value) } else { value }
            }
        }
    }

    /// As a bound of a range asks for it.
    pub fn bound(&self, draw: &mut Draw, words: &Words) -> Value {
        match self {
            Values::Date { .. } if draw.chance(35) => json!(date_math(self, draw)),
            Values::Address => json!(draw.one(ADDRESSES)),
            Values::Range(of) => of.bound(draw, words),
            _ => self.in_query(draw, words),
        }
    }

    /// The parameters that only ranges over such values have.
    pub fn range_parameters(&self, draw: &mut Draw, range: &mut Value) {
        match self {
            Values::Date { .. } => {
                if draw.chance(15) {
                    range["time_zone"] = json!(draw.one(ZONES));
                }
                if draw.chance(8) {
                    let (format, dates) = draw.one(&DATES[1..]);
                    range["format"] = json!(format);
                    for bound in ["gt", "gte", "lt", "lte"] {
                        if range.get(bound).is_some() {
                            range[bound] = json!(draw.one(dates));
                        }
                    }
                }
            }
            Values::Range(of) => {
                if draw.chance(60) {
                    range["relation"] = json!(draw.one(&["intersects", "within", "contains", "INTERSECTS"]));
                }
                of.range_parameters(draw, range);
            }
            _ => {}
        }
    }

    /// One plain value of a type that has an order.
    fn single(&self, draw: &mut Draw) -> Value {
        match self {
            Values::Whole { low, high } => loop {
                let value = draw.one(WHOLES);
                // Out of the type's limits only at times.
                if (*low..=*high).contains(&value) || draw.chance(1) {
                    return json!(value);
                }
            },
            Values::Decimal => json!(draw.one(DECIMALS)),
            Values::Address => json!(draw.one(ADDRESSES)),
            Values::Date { format } => {
                let dates = DATES.iter().find(|(name, _)| name == format).map_or(&[][..], |(_, dates)| dates);
                json!(draw.one(dates))
            }
            _ => Value::Null,
        }
    }

    /// A range of such values.
    fn span(&self, draw: &mut Draw, words: &Words) -> Value {
        if *self == Values::Address && draw.chance(40) {
            return json!(draw.one(NETWORKS));
        }
        let mut bounds = [self.single(draw), self.single(draw)];
        // Mostly in order: others refuse the document.
        if draw.chance(97) {
            bounds.sort_by(|one, other| {
                order(one).total_cmp(&order(other)).then(one.to_string().cmp(&other.to_string()))
            });
        }
        let [low, high] = bounds;
        let mut range = json!({});
        if draw.chance(90) {
            range[draw.one(&["gte", "gte", "gt"])] = low;
        }
        if draw.chance(90) {
            range[draw.one(&["lte", "lte", "lt"])] = if draw.chance(5) { Value::Null } else { high };
        }
        if draw.chance(1) { odd(draw, words) } else { range }
    }
}

fn order(value: &Value) -> f64 {
    value.as_f64().unwrap_or_default()
}

fn date_math(date: &Values, draw: &mut Draw) -> String {
    if draw.chance(30) {
        return draw.one(NOW).to_owned();
    }
    let date = date.single(draw);
    format!("{}{}", date.as_str().unwrap_or_default(), draw.one(DATE_MATH))
}

/// A number as text, a text of digits as a number.
fn spelled_otherwise(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.to_string()),
        Value::String(text) => text.parse::<i64>().map_or(value.clone(), |number| json!(number)),
        _ => value.clone(),
    }
}

/// Latitudes and longitudes.
pub const PLACES: &[(f64, f64)] =
    &[(0.0, 0.0), (48.85, 2.35), (-33.9, 151.2), (52.5, 13.4), (40.7, -74.0), (89.9, 179.9)];

/// A place in one of its spellings.
pub fn point(draw: &mut Draw) -> Value {
    let (lat, lon) = draw.one(PLACES);
    match draw.below(5) {
        0 => json!({"lat": lat, "lon": lon}),
        1 => json!(format!("{lat},{lon}")),
        2 => json!([lon, lat]),
        3 => json!(format!("POINT ({lon} {lat})")),
        _ => json!({"lat": lat.to_string(), "lon": lon.to_string()}),
    }
}

/// What most types refuse, and the reading of which is a matter of taste for the others.
fn odd(draw: &mut Draw, words: &Words) -> Value {
    match draw.below(7) {
        0 => json!({"x": words.word(draw)}),
        1 => json!("not a value"),
        2 => json!(-1.5),
        3 => json!(true),
        4 => json!(""),
        5 => json!("1e3"),
        _ => json!(" 1"),
    }
}
