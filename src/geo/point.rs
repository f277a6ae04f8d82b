//! A place in degrees.

/// A place in degrees, not necessarily within the globe's limits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
}

impl Point {
    /// Whether the latitude is from -90 to 90 and the longitude from -180 to 180.
    pub fn is_on_the_globe(self) -> bool {
        (-90.0..=90.0).contains(&self.lat) && (-180.0..=180.0).contains(&self.lon)
    }

    /// The same place within the globe's limits: a latitude beyond a pole goes on along the meridian on the other side
    /// (Elasticsearch's `GeoUtils.normalizePoint`).
    pub fn normalized(self) -> Point {
        let Point { mut lat, mut lon } = self;
        let is_beyond_a_pole = !(-90.0..=90.0).contains(&lat);
        let turns = is_beyond_a_pole || !(-180.0..=180.0).contains(&lon);
        if is_beyond_a_pole {
            lat = centered(lat);
            if lat.abs() > 90.0 {
                lat = 180_f64.copysign(lat) - lat;
                lon += 180.0;
            }
        }
        if turns {
            lon = centered(lon);
        }
        Point { lat, lon }
    }
}

/// An angle between -180 (excluded) and 180.
fn centered(angle: f64) -> f64 {
    let mut rest = angle % 360.0;
    if rest <= 0.0 {
        rest += 360.0;
    }
    if rest > 180.0 { rest - 360.0 } else { rest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_beyond_the_globe_comes_round() {
        for ((lat, lon), (to_lat, to_lon)) in [
            ((10.0, 20.0), (10.0, 20.0)),
            ((10.0, -180.0), (10.0, -180.0)),
            ((10.0, 181.0), (10.0, -179.0)),
            ((10.0, -541.0), (10.0, 179.0)),
            ((91.0, 0.0), (89.0, 180.0)),
            ((-91.0, 10.0), (-89.0, -170.0)),
            ((270.0, 0.0), (-90.0, 0.0)),
            ((360.0, -180.0), (0.0, 180.0)),
        ] {
            assert_eq!(Point { lat, lon }.normalized(), Point { lat: to_lat, lon: to_lon }, "{lat}, {lon}");
        }
    }
}
