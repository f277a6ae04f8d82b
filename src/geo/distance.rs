//! Lengths with their units, as Elasticsearch's `DistanceUnit` reads them.

/// Ends of a distance's text, and metres of one: the first that fits is the unit (so `m` comes after `nmi`, `km` and the like).
const UNITS: [(&str, f64); 19] = [
    ("in", 0.0254),
    ("inch", 0.0254),
    ("yd", 0.9144),
    ("yards", 0.9144),
    ("ft", 0.3048),
    ("feet", 0.3048),
    ("km", 1000.0),
    ("kilometers", 1000.0),
    ("NM", 1852.0),
    ("nmi", 1852.0),
    ("nauticalmiles", 1852.0),
    ("mm", 0.001),
    ("millimeters", 0.001),
    ("cm", 0.01),
    ("centimeters", 0.01),
    ("mi", 1609.344),
    ("miles", 1609.344),
    ("m", 1.0),
    ("meters", 1.0),
];

/// What a distance without a unit is in.
pub const METRE: f64 = 1.0;

/// The metres of a unit's name, in its very case.
pub fn unit(name: &str) -> Option<f64> {
    UNITS.iter().find(|(known, _)| *known == name).map(|(_, metres)| *metres)
}

/// The names of all units.
pub fn unit_names() -> Vec<&'static str> {
    UNITS.iter().map(|(name, _)| *name).collect()
}

/// `"12km"` in metres; `default` is the unit where none is said. It is finite.
pub fn metres(text: &str, default: f64) -> Option<f64> {
    let with_unit = UNITS.iter().find_map(|(name, metres)| Some((text.strip_suffix(name)?, *metres)));
    let (number, unit) = with_unit.unwrap_or((text, default));
    Some(super::spelling::double(number)? * unit).filter(|metres| metres.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_ends_with_its_unit() {
        for (text, expected) in [
            ("12km", Some(12_000.0)),
            ("12 km", Some(12_000.0)),
            ("1nmi", Some(1852.0)),
            ("1NM", Some(1852.0)),
            ("3", Some(3.0)),
            ("1e3m", Some(1000.0)),
            ("1 miles", Some(1609.344)),
            ("-1m", Some(-1.0)),
            ("km", None),
            ("12KM", None),
            ("1 lightyear", None),
            ("infm", None),
            ("", None),
        ] {
            assert_eq!(metres(text, METRE), expected, "{text:?}");
        }
        assert_eq!(metres("2", 1000.0), Some(2000.0));
    }
}
