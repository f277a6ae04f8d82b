//! The spellings of a `geo_point`. Only that a value is right matters: geo queries are not there yet.

use serde_json::{Map, Value};

const GEOHASH: &str = "0123456789bcdefghjkmnpqrstuvwxyz";
const EXPECTED: &str =
    "{\"lat\", \"lon\"}, [lon, lat], \"lat,lon\", a geohash, \"POINT (lon lat)\" or GeoJSON is expected";

/// Whether one value is a point: an object, a string, or a list of two or three numbers.
pub(crate) fn check(value: &Value, ignore_z_value: bool) -> Result<(), String> {
    match value {
        Value::Object(object) => check_object(object, ignore_z_value),
        Value::Array(coordinates) => check_coordinates(coordinates, ignore_z_value),
        Value::String(text) => check_text(text, ignore_z_value),
        _ => Err(EXPECTED.to_owned()),
    }
}

/// Whether a list is one point (`[lon, lat]`) and not a list of points.
pub(crate) fn is_one_point(values: &[Value]) -> bool {
    values.first().is_some_and(Value::is_number)
}

fn check_object(object: &Map<String, Value>, ignore_z_value: bool) -> Result<(), String> {
    if let (Some(Value::String(kind)), Some(Value::Array(coordinates))) =
        (object.get("type"), object.get("coordinates"))
    {
        return if kind.eq_ignore_ascii_case("point") {
            check_coordinates(coordinates, ignore_z_value)
        } else {
            Err(format!("GeoJSON of type {kind:?} is no point"))
        };
    }
    if let (Some(Value::String(hash)), 1) = (object.get("geohash"), object.len()) {
        return check_geohash(hash);
    }
    if object.keys().any(|key| !matches!(key.as_str(), "lat" | "lon" | "z")) {
        return Err(EXPECTED.to_owned());
    }
    match (object.get("lat").and_then(number), object.get("lon").and_then(number)) {
        (Some(lat), Some(lon)) => in_range(lat, lon),
        _ => Err(EXPECTED.to_owned()),
    }
}

fn check_coordinates(coordinates: &[Value], ignore_z_value: bool) -> Result<(), String> {
    let numbers: Option<Vec<f64>> = coordinates.iter().map(Value::as_f64).collect();
    match numbers.as_deref() {
        Some([lon, lat]) => in_range(*lat, *lon),
        Some([lon, lat, _]) if ignore_z_value => in_range(*lat, *lon),
        _ => Err(EXPECTED.to_owned()),
    }
}

fn check_text(text: &str, ignore_z_value: bool) -> Result<(), String> {
    let is_point = text.get(..5).is_some_and(|head| head.eq_ignore_ascii_case("point"));
    if let Some(inner) = text.get(5..).filter(|_| is_point) {
        let inner = inner.trim().strip_prefix('(').and_then(|inner| inner.strip_suffix(')'));
        let numbers: Option<Vec<f64>> =
            inner.and_then(|inner| inner.split_whitespace().map(|part| part.parse().ok()).collect());
        return match numbers.as_deref() {
            Some([lon, lat]) => in_range(*lat, *lon),
            Some([lon, lat, _]) if ignore_z_value => in_range(*lat, *lon),
            _ => Err(EXPECTED.to_owned()),
        };
    }
    if !text.contains(',') {
        return check_geohash(text);
    }
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let parse = |part: &str| part.parse::<f64>().ok();
    match parts.as_slice() {
        [lat, lon] | [lat, lon, _] if parts.len() == 2 || ignore_z_value => match (parse(lat), parse(lon)) {
            (Some(lat), Some(lon)) => in_range(lat, lon),
            _ => Err(EXPECTED.to_owned()),
        },
        _ => Err(EXPECTED.to_owned()),
    }
}

fn check_geohash(hash: &str) -> Result<(), String> {
    let right = !hash.is_empty() && hash.chars().all(|letter| GEOHASH.contains(letter));
    if right { Ok(()) } else { Err(EXPECTED.to_owned()) }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn in_range(lat: f64, lon: f64) -> Result<(), String> {
    let right = (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon);
    if right { Ok(()) } else { Err(format!("latitude {lat} or longitude {lon} is out of range")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_point_has_many_spellings() {
        for right in [
            json!({"lat": 41.12, "lon": -71.34}),
            json!({"lat": "41.12", "lon": "-71.34"}),
            json!([-71.34, 41.12]),
            json!("41.12,-71.34"),
            json!("drm3btev3e86"),
            json!("POINT (-71.34 41.12)"),
            json!({"type": "Point", "coordinates": [-71.34, 41.12]}),
        ] {
            assert_eq!(check(&right, true), Ok(()), "{right}");
        }
        for wrong in [
            json!(5),
            json!("41"),
            json!({"lat": 1}),
            json!([1]),
            json!("91,0"),
            json!({"lat": 1, "lon": 181}),
            json!("a,b"),
        ] {
            let is_geohash = wrong == json!("41");
            assert_eq!(check(&wrong, true).is_ok(), is_geohash, "{wrong}");
        }
    }
}
