//! Places as Lucene indexes them: 32 bits an axis, rounded towards south and west (`GeoEncodingUtils`).

use super::Point;

/// Degrees of one step, by the same roundings as Lucene's.
const LAT_STEP: f64 = 1.0 / (4_294_967_296.0 / 180.0);
const LON_STEP: f64 = 1.0 / (4_294_967_296.0 / 360.0);

/// A place of the grid that documents' points are rounded to: 4.7 mm a step from south to north, at most 9.3 mm from west to east.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EncodedPoint {
    /// Steps north of the equator.
    pub lat: i32,
    /// Steps east of Greenwich.
    pub lon: i32,
}

impl EncodedPoint {
    /// The grid's point at or south-west of a place on the globe. The north pole and 180° east are one step less than what they are.
    pub fn of(point: Point) -> EncodedPoint {
        EncodedPoint { lat: floor_lat(point.lat), lon: floor_lon(point.lon) }
    }

    /// Where it is, in degrees.
    pub fn decoded(self) -> Point {
        Point { lat: f64::from(self.lat) * LAT_STEP, lon: f64::from(self.lon) * LON_STEP }
    }

    /// Both axes in one number, as documents keep it: latitude above, longitude in the lower 32 bits.
    pub fn to_point(self) -> i128 {
        i128::from(self.lat) << 32 | i128::from(self.lon.cast_unsigned())
    }

    /// What [`to_point`](Self::to_point) made a number of.
    pub fn from_point(point: i128) -> EncodedPoint {
        // Both halves are cut to their 32 bits on purpose.
        EncodedPoint { lat: (point >> 32) as i32, lon: point as i32 }
    }
}

/// The step at or south of a latitude.
pub fn floor_lat(lat: f64) -> i32 {
    // The cast stops at the ends of the axis.
    (below(lat, 90.0) / LAT_STEP).floor() as i32
}

/// The step at or west of a longitude.
pub fn floor_lon(lon: f64) -> i32 {
    (below(lon, 180.0) / LON_STEP).floor() as i32
}

/// The limit itself has no step.
fn below(angle: f64, limit: f64) -> f64 {
    if angle == limit { angle.next_down() } else { angle }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_survives_its_number() {
        for (lat, lon) in [(0.0, 0.0), (-90.0, -180.0), (90.0, 180.0), (-0.000_001, -0.000_001), (52.5, 13.4)] {
            let encoded = EncodedPoint::of(Point { lat, lon });
            assert_eq!(EncodedPoint::from_point(encoded.to_point()), encoded, "{lat}, {lon}");
            let decoded = encoded.decoded();
            assert!((lat - decoded.lat).abs() < 1e-7 && (lon - decoded.lon).abs() < 1e-7, "{decoded:?}");
        }
        let corner = EncodedPoint::of(Point { lat: 90.0, lon: 180.0 });
        assert_eq!(corner, EncodedPoint { lat: i32::MAX, lon: i32::MAX });
        assert_eq!(EncodedPoint::of(Point { lat: -90.0, lon: -180.0 }), EncodedPoint { lat: i32::MIN, lon: i32::MIN });
    }
}
