//! The spellings of a point in JSON (Elasticsearch's `GeoUtils.parseGeoPoint`).

use serde_json::{Map, Value};

use super::geohash::{self, Corner};
use super::geometry::Geometry;
use super::{Point, wkt};

/// What a point looks like, for errors.
pub const EXPECTED: &str =
    "{\"lat\", \"lon\"}, [lon, lat], \"lat,lon\", a geohash, \"POINT (lon lat)\" or a GeoJSON point is expected";

/// How a point is read.
#[derive(Debug, Clone, Copy)]
pub struct Spelling {
    /// Whether a third coordinate is dropped; else it is an error.
    pub ignores_z: bool,
    /// Which corner of a geohash's cell stands for it.
    pub corner: Corner,
    /// Whether `{"geohash": "drm3"}` is a point: up to Elasticsearch 7 and in OpenSearch it is.
    pub takes_geohash_object: bool,
}

impl Spelling {
    /// As queries read points.
    pub const PLAIN: Spelling = Spelling::of_corner(Corner::BottomLeft);

    /// As queries read the corner of a box.
    pub const fn of_corner(corner: Corner) -> Spelling {
        Spelling { ignores_z: false, corner, takes_geohash_object: true }
    }

    /// A point that is an object, a list or a text; its coordinates may lie beyond the globe.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn point(self, value: &Value) -> Result<Point, String> {
        match value {
            Value::Object(object) => self.object(object),
            Value::Array(coordinates) => {
                let numbers = coordinates.iter().map(Value::as_f64);
                self.coordinates(numbers.collect::<Option<Vec<f64>>>().ok_or(EXPECTED)?)
            }
            Value::String(text) => self.text(text),
            Value::Null | Value::Bool(_) | Value::Number(_) => Err(EXPECTED.to_owned()),
        }
    }

    /// A point as text.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn text(self, text: &str) -> Result<Point, String> {
        if text.to_lowercase().contains("point") {
            return match wkt::parse(text, self.ignores_z) {
                Ok(Geometry::Point(point)) if point.is_on_the_globe() => Ok(point),
                Ok(Geometry::Point(_)) => Err(format!("{text:?} is not on the globe")),
                _ => Err(EXPECTED.to_owned()),
            };
        }
        if !text.contains(',') {
            return geohash::corner(text, self.corner).ok_or_else(|| EXPECTED.to_owned());
        }
        // Java drops what is empty at the end.
        let parts: Vec<&str> = text.trim_end_matches(',').split(',').collect();
        let (place, height) = parts.split_at_checked(2).ok_or(EXPECTED)?;
        let is_number = |text: &&str| double(text).is_some() || matches!(text.trim(), "NaN" | "Infinity" | "-Infinity");
        match (place, height) {
            ([lat, lon], [] | [_]) if height.iter().all(is_number) && (height.is_empty() || self.ignores_z) => {
                Ok(Point { lat: double(lat).ok_or(EXPECTED)?, lon: double(lon).ok_or(EXPECTED)? })
            }
            _ => Err(EXPECTED.to_owned()),
        }
    }

    fn object(self, object: &Map<String, Value>) -> Result<Point, String> {
        if let (true, 1, Some(Value::String(hash))) = (self.takes_geohash_object, object.len(), object.get("geohash")) {
            return geohash::corner(hash, self.corner).ok_or_else(|| format!("{hash:?} is no geohash"));
        }
        if let Some(other) =
            object.keys().find(|key| !matches!(key.as_str(), "lat" | "lon" | "z" | "type" | "coordinates"))
        {
            return Err(format!("{other:?} is no part of a point: {EXPECTED}"));
        }
        let number = |name: &str| match object.get(name) {
            None => Ok(None),
            Some(value) => coerced(value).map(Some).ok_or_else(|| format!("{name:?} must be a number")),
        };
        let (lat, lon) = (number("lat")?, number("lon")?);
        self.check_z(number("z")?)?;
        let kind = match object.get("type") {
            None => None,
            Some(Value::String(kind)) => Some(kind),
            Some(_) => return Err("\"type\" must be a string".to_owned()),
        };
        let coordinates = match object.get("coordinates") {
            None => None,
            Some(Value::Array(items)) => {
                let numbers: Option<Vec<f64>> = items.iter().map(coerced).collect();
                Some(numbers.ok_or("\"coordinates\" must be numbers")?)
            }
            Some(_) => return Err("\"coordinates\" must be a list".to_owned()),
        };
        match (lat, lon, kind, coordinates) {
            (Some(lat), Some(lon), None, None) => Ok(Point { lat, lon }),
            (None, None, Some(kind), Some(numbers)) if kind.eq_ignore_ascii_case("point") => self.coordinates(numbers),
            (None, None, Some(kind), Some(_)) => Err(format!("GeoJSON of type {kind:?} is no point")),
            _ => Err(EXPECTED.to_owned()),
        }
    }

    /// Longitude, latitude, and perhaps a height.
    fn coordinates(self, numbers: Vec<f64>) -> Result<Point, String> {
        match *numbers {
            [lon, lat] => Ok(Point { lat, lon }),
            [lon, lat, z] => self.check_z(Some(z)).map(|()| Point { lat, lon }),
            _ => Err(format!("a point has 2 or 3 coordinates, not {}", numbers.len())),
        }
    }

    fn check_z(self, z: Option<f64>) -> Result<(), String> {
        match z {
            Some(z) if !self.ignores_z => Err(format!("a third coordinate {z} is not taken here")),
            _ => Ok(()),
        }
    }
}

/// A number, or a text that holds one.
pub fn coerced(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => double(text),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Java's `Double.parseDouble` as far as it gives a finite number.
pub fn double(text: &str) -> Option<f64> {
    let text = text.trim_matches(|character: char| character <= ' ');
    let digits = text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text);
    digits.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_point_has_many_spellings() {
        let spelling = Spelling { ignores_z: true, ..Spelling::PLAIN };
        for right in [
            json!({"lat": 41.12, "lon": -71.34}),
            json!({"lat": "41.12", "lon": " -71.34d"}),
            json!({"lat": 41.12, "lon": -71.34, "z": 5}),
            json!([-71.34, 41.12]),
            json!([-71.34, 41.12, 5]),
            json!("41.12,-71.34"),
            json!(" 41.12 , -71.34 ,5,,"),
            json!("POINT (-71.34 41.12)"),
            json!({"type": "Point", "coordinates": [-71.34, "41.12"]}),
        ] {
            assert_eq!(spelling.point(&right), Ok(Point { lat: 41.12, lon: -71.34 }), "{right}");
        }
        assert!(spelling.point(&json!("drm3btev3e86")).is_ok_and(|point| (point.lat - 41.12).abs() < 1e-6));
        assert_eq!(spelling.point(&json!("91,0")), Ok(Point { lat: 91.0, lon: 0.0 }));
    }

    #[test]
    fn what_is_no_point_is_refused() {
        for wrong in [
            json!(5),
            json!(true),
            json!({}),
            json!({"lat": 1}),
            json!({"lat": 1, "lon": 2, "type": "Point", "coordinates": [1, 2]}),
            json!({"lat": 1, "lon": 2, "x": 3}),
            json!({"type": "LineString", "coordinates": [1, 2]}),
            json!({"geohash": "!"}),
            json!({"geohash": "drm3", "lat": 1}),
            json!([1]),
            json!([1, "2"]),
            json!([1, 2, 3]),
            json!("1,"),
            json!(",1"),
            json!("1,2,3,4"),
            json!("a,b"),
            json!("inf,0"),
            json!("POINT (200 0)"),
            json!("LINESTRING (0 0, 1 1) point"),
            json!(""),
        ] {
            assert!(Spelling::PLAIN.point(&wrong).is_err(), "{wrong}");
        }
    }
}
