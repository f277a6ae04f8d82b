//! GeoJSON shapes, as Elasticsearch's `GeoJson` reads them in queries.

use serde_json::{Map, Value};

use super::Point;
use super::distance::{self, METRE};
use super::geometry::{Geometry, Polygon, ShapeError};

/// Collections within each other.
const MAX_DEPTH: usize = 100;

/// Reads one shape.
pub(crate) fn parse(object: &Map<String, Value>) -> Result<Geometry, ShapeError> {
    geometry(object, 0)
}

fn geometry(object: &Map<String, Value>, depth: usize) -> Result<Geometry, ShapeError> {
    if depth > MAX_DEPTH {
        return Err(format!("more than {MAX_DEPTH} collections within each other").into());
    }
    let text = |name: &str| match object.get(name) {
        None if name == "type" => Err(ShapeError::from("\"type\" is missing")),
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(format!("{name:?} must be a string").into()),
    };
    let kind = text("type")?.unwrap_or_default().to_ascii_lowercase();
    let radius = text("radius")?;
    let has_orientation = match text("orientation")?.map(str::to_ascii_lowercase).as_deref() {
        None => false,
        Some("right" | "counterclockwise" | "ccw" | "left" | "clockwise" | "cw") => true,
        Some(other) => return Err(format!("the orientation {other:?} is neither \"ccw\" nor \"cw\"").into()),
    };
    let takes = |name: &str, given: bool, fits: bool| match given && !fits {
        true => Err(ShapeError::from(format!("{name:?} does not belong to a {kind}"))),
        false => Ok(()),
    };
    let is_collection = kind == "geometrycollection";
    takes("radius", radius.is_some(), kind == "circle")?;
    takes("orientation", has_orientation, matches!(kind.as_str(), "polygon" | "multipolygon"))?;
    takes("geometries", object.contains_key("geometries"), is_collection)?;
    takes("coordinates", object.contains_key("coordinates"), !is_collection)?;
    if is_collection {
        let parts = match object.get("geometries") {
            Some(Value::Array(parts)) if !parts.is_empty() => parts,
            _ => return Err("\"geometries\" must be a list of shapes".into()),
        };
        let part = |part: &Value| match part {
            Value::Object(part) => geometry(part, depth + 1),
            _ => Err("\"geometries\" must be a list of shapes".into()),
        };
        return Ok(Geometry::Collection(parts.iter().map(part).collect::<Result<_, _>>()?));
    }
    let Some(coordinates) = object.get("coordinates") else { return Err("\"coordinates\" are missing".into()) };
    check_dimensions(coordinates)?;
    match kind.as_str() {
        "point" => point(coordinates).map(Geometry::Point),
        "multipoint" => Ok(Geometry::Collection(listed(coordinates, |item| point(item).map(Geometry::Point))?)),
        "polygon" => polygon(coordinates),
        "multipolygon" => Ok(Geometry::Collection(listed(coordinates, polygon)?)),
        "envelope" | "bbox" => match *listed(coordinates, point)? {
            [top_left, bottom_right] => {
                Geometry::envelope(top_left.lon, bottom_right.lon, top_left.lat, bottom_right.lat)
            }
            _ => Err("an envelope has two corners: top left and bottom right".into()),
        },
        "circle" => {
            let radius = radius.ok_or("a circle needs a \"radius\" like \"1km\"")?;
            let metres = distance::metres(radius, METRE).filter(|metres| *metres >= 0.0);
            let metres = metres.ok_or_else(|| format!("the radius {radius:?} is no distance like \"1km\""))?;
            Ok(Geometry::Circle { center: point(coordinates)?, metres })
        }
        "linestring" | "multilinestring" => Err(Geometry::lines(&kind)),
        _ => Err(format!("{kind:?} is no shape").into()),
    }
}

fn polygon(coordinates: &Value) -> Result<Geometry, ShapeError> {
    Polygon::of_rings(listed(coordinates, |ring| listed(ring, point))?).map(Geometry::Polygon)
}

fn listed<T>(value: &Value, item: impl Fn(&Value) -> Result<T, ShapeError>) -> Result<Vec<T>, ShapeError> {
    match value {
        Value::Array(items) if items.first().is_some_and(|first| !first.is_number()) => {
            items.iter().map(item).collect()
        }
        _ => Err("\"coordinates\" are empty, or not as deep as they should be".into()),
    }
}

/// `[lon, lat]`, or with a height.
fn point(value: &Value) -> Result<Point, ShapeError> {
    let numbers: Option<Vec<f64>> = value.as_array().and_then(|items| items.iter().map(Value::as_f64).collect());
    match numbers.as_deref() {
        Some([lon, lat] | [lon, lat, _]) => Ok(Point { lat: *lat, lon: *lon }),
        _ => Err("a point of a shape is [lon, lat]".into()),
    }
}

/// Either all points of a shape have a height or none.
fn check_dimensions(coordinates: &Value) -> Result<usize, ShapeError> {
    match coordinates {
        Value::Array(items) if items.first().is_some_and(Value::is_number) => Ok(items.len()),
        Value::Array(items) => {
            let mut dimensions = items.iter().map(check_dimensions).collect::<Result<Vec<_>, _>>()?;
            dimensions.dedup();
            match *dimensions {
                [] => Ok(0),
                [all] => Ok(all),
                _ => Err("points of a shape differ in their number of coordinates".into()),
            }
        }
        _ => Err("\"coordinates\" must be lists of numbers".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: Value) -> Result<Geometry, ShapeError> {
        parse(value.as_object().expect("an object"))
    }

    #[test]
    fn shapes_are_read() {
        let point = |lon, lat| Point { lat, lon };
        assert_eq!(read(json!({"type": "POINT", "coordinates": [1, 2, 3]})), Ok(Geometry::Point(point(1.0, 2.0))));
        assert_eq!(
            read(json!({"type": "envelope", "coordinates": [[1, 4], [2, 3]], "crs": {}})),
            Ok(Geometry::Envelope { west: 1.0, east: 2.0, north: 4.0, south: 3.0 })
        );
        assert_eq!(
            read(json!({"type": "Circle", "coordinates": [1, 2], "radius": "1km"})),
            Ok(Geometry::Circle { center: point(1.0, 2.0), metres: 1000.0 })
        );
        assert_eq!(
            read(json!({"type": "Polygon", "orientation": "CW", "coordinates": [[[0, 0], [0, 1], [1, 1]]]})),
            Ok(Geometry::Polygon(Polygon {
                shell: vec![point(0.0, 0.0), point(0.0, 1.0), point(1.0, 1.0), point(0.0, 0.0)],
                holes: Vec::new()
            }))
        );
    }

    #[test]
    fn what_is_no_shape_is_refused() {
        for wrong in [
            json!({}),
            json!({"type": "Point"}),
            json!({"type": "Point", "coordinates": []}),
            json!({"type": "Point", "coordinates": [1]}),
            json!({"type": "Point", "coordinates": ["1", 2]}),
            json!({"type": "Point", "coordinates": [[1, 2]]}),
            json!({"type": "Point", "coordinates": [1, 2], "radius": "1m"}),
            json!({"type": "Circle", "coordinates": [1, 2]}),
            json!({"type": "Circle", "coordinates": [1, 2], "radius": 5}),
            json!({"type": "Point", "coordinates": [1, 2], "radius": null}),
            json!({"type": "MultiPoint", "coordinates": []}),
            json!({"type": "Polygon", "coordinates": []}),
            json!({"type": "Polygon", "coordinates": [[[0, 0], [0, 1]]]}),
            json!({"type": "Polygon", "coordinates": [[[0, 0], [0, 1, 5], [1, 1]]]}),
            json!({"type": "Polygon", "coordinates": [[[0, 0], [0, 1], [1, 1]]], "orientation": "up"}),
            json!({"type": "Envelope", "coordinates": [[0, 0], [1, 1]]}),
            json!({"type": "GeometryCollection", "geometries": []}),
            json!({"type": "GeometryCollection", "geometries": [[]]}),
            json!({"type": "Blob", "coordinates": [1, 2]}),
        ] {
            assert!(matches!(read(wrong.clone()), Err(ShapeError::Malformed(_))), "{wrong}");
        }
        let line = read(json!({"type": "LineString", "coordinates": [[0, 0], [1, 1]]}));
        assert!(matches!(line, Err(ShapeError::Unsupported(_))));
    }
}
