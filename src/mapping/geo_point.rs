//! The values of a `geo_point` in documents (Elasticsearch's `GeoPointFieldMapper` and `AbstractPointGeometryFieldMapper`).

use serde_json::Value;

use crate::geo::Point;
use crate::geo::geohash::Corner;
use crate::geo::spelling::{EXPECTED, Spelling, coerced};

use super::field::GeoPointType;

impl GeoPointType {
    /// The points of a field's value, in order; malformed ones are left out under `ignore_malformed`.
    ///
    /// # Errors
    ///
    /// Why a node refuses the document.
    pub(crate) fn points(&self, value: &Value) -> Result<Vec<Point>, String> {
        match value {
            Value::Null => Ok(self.null_value.into_iter().collect()),
            Value::Array(items) if items.first().is_some_and(Value::is_number) => self.listed(items),
            Value::Array(items) => {
                let points = items.iter().map(|item| match item {
                    Value::Null => Ok(self.null_value),
                    item => self.one(item),
                });
                Ok(points.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
            }
            one => Ok(self.one(one)?.into_iter().collect()),
        }
    }

    /// A point as the mapping gives it for nulls.
    pub(super) fn read_null_value(&self, value: &Value) -> Result<Point, String> {
        self.spelling().point(value).and_then(|point| self.placed(point))
    }

    /// `[lon, lat]` or `[lon, lat, z]`: Elasticsearch refuses a malformed one even under `ignore_malformed`, and reads what comes behind
    /// three coordinates as further values.
    fn listed(&self, items: &[Value]) -> Result<Vec<Point>, String> {
        let (coordinates, rest) = items.split_at_checked(3).unwrap_or((items, &[]));
        let point = match coordinates {
            [lon, lat] => (lon.as_f64(), coerced(lat)),
            [lon, lat, Value::Number(_)] if self.ignore_z_value => (lon.as_f64(), coerced(lat)),
            _ => (None, None),
        };
        let (Some(lon), Some(lat)) = point else { return Err(EXPECTED.to_owned()) };
        let mut points = vec![self.placed(Point { lat, lon })?];
        for item in rest {
            points.extend(self.points(item)?);
        }
        Ok(points)
    }

    fn one(&self, value: &Value) -> Result<Option<Point>, String> {
        match self.spelling().point(value).and_then(|point| self.placed(point)) {
            Err(_) if self.ignore_malformed => Ok(None),
            point => point.map(Some),
        }
    }

    fn spelling(&self) -> Spelling {
        Spelling { ignores_z: self.ignore_z_value, corner: Corner::BottomLeft, takes_geohash_object: false }
    }

    /// A point beyond the globe comes round under `ignore_malformed`, and is refused else.
    fn placed(&self, point: Point) -> Result<Point, String> {
        let Point { lat, lon } = point;
        match point {
            _ if self.ignore_malformed => Ok(point.normalized()),
            _ if point.is_on_the_globe() => Ok(point),
            _ => Err(format!("latitude {lat} is not from -90 to 90, or longitude {lon} not from -180 to 180")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: &Value, ignore_malformed: bool) -> Result<Vec<(f64, f64)>, String> {
        let null_value = Some(Point { lat: 5.0, lon: 6.0 });
        let points = GeoPointType { ignore_malformed, ignore_z_value: true, null_value }.points(value)?;
        Ok(points.iter().map(|point| (point.lat, point.lon)).collect())
    }

    #[test]
    fn lists_are_a_point_or_several() {
        for (value, points) in [
            (json!([1, 2]), vec![(2.0, 1.0)]),
            (json!([1, "2", 3]), vec![(2.0, 1.0)]),
            (json!([1, 2, 3, "5,6"]), vec![(2.0, 1.0), (5.0, 6.0)]),
            (json!([[1, 2], "3,4", null]), vec![(2.0, 1.0), (3.0, 4.0), (5.0, 6.0)]),
            (json!(null), vec![(5.0, 6.0)]),
            (json!([]), vec![]),
        ] {
            assert_eq!(read(&value, false), Ok(points), "{value}");
        }
    }

    #[test]
    fn a_malformed_point_is_left_out_where_it_is_not_a_list_of_numbers() {
        for value in
            [json!([[1, 2], [3]]), json!([[1, 2], 5]), json!(["2,1", "x,y"]), json!([{"lat": 2, "lon": 1}, {}])]
        {
            assert!(read(&value, false).is_err(), "{value}");
            assert_eq!(read(&value, true), Ok(vec![(2.0, 1.0)]), "{value}");
        }
        for value in [json!([1]), json!([1, null]), json!([1, 2, "x"])] {
            assert!(read(&value, false).is_err() && read(&value, true).is_err(), "{value}");
        }
    }

    #[test]
    fn a_point_beyond_the_globe_comes_round_or_is_refused() {
        assert!(read(&json!([190, 91]), false).is_err());
        assert_eq!(read(&json!([190, 91]), true), Ok(vec![(89.0, 10.0)]));
    }
}
