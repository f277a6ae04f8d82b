//! Distances on a sphere, to the last bit those of Lucene's `SloppyMath`, `GeoUtils` and `Rectangle`: its tables and its roundings decide
//! which points on the edge of a circle are within it.

use std::f64::consts::{FRAC_PI_2, PI};
use std::sync::LazyLock;

use super::Point;

/// Metres.
const EARTH_MEAN_RADIUS: f64 = 6_371_008.771_4;

/// A number that grows with the distance of two places, and costs less than it: twice the haversine.
pub fn sort_key(from: Point, to: Point) -> f64 {
    let from_lat = from.lat.to_radians();
    let to_lat = to.lat.to_radians();
    let by_lat = 1.0 - cos(from_lat - to_lat);
    let by_lon = 1.0 - cos((from.lon - to.lon).to_radians());
    let key = by_lat + cos(from_lat) * cos(to_lat) * by_lon;
    // Lucene drops the three lowest bits, which are noise.
    f64::from_bits(key.to_bits() & !7)
}

/// The metres of a sort key.
pub fn metres(sort_key: f64) -> f64 {
    EARTH_MEAN_RADIUS * 2.0 * asin((sort_key * 0.5).sqrt().min(1.0))
}

/// The largest sort key within so many metres: `sort_key(…) <= it` asks the same as `metres(…) <= radius`, without an arc sine.
pub fn sort_key_of(radius: f64) -> f64 {
    let farthest = metres(f64::MAX);
    if radius >= farthest {
        return farthest;
    }
    // The bits of positive doubles are in the order of their values.
    let (mut low, mut high) = (0_u64, f64::MAX.to_bits());
    while low <= high {
        let middle = low.midpoint(high);
        let found = metres(f64::from_bits(middle));
        if found == radius {
            return f64::from_bits(middle);
        }
        if found > radius {
            let Some(below) = middle.checked_sub(1) else { break };
            high = below;
        } else {
            low = middle + 1;
        }
    }
    f64::from_bits(low)
}

/// The box around a circle: south, north, west, east in degrees; west is greater than east where it crosses the dateline.
pub fn circle_bounds(center: Point, radius: f64) -> [f64; 4] {
    // What Lucene adds so that rounding never cuts the circle.
    const SLACK: f64 = 7e-2;
    let (lat, lon) = (center.lat.to_radians(), center.lon.to_radians());
    let angle = (radius + SLACK) / EARTH_MEAN_RADIUS;
    let (south, north) = (lat - angle, lat + angle);
    let pole = 90_f64.to_radians();
    if south <= -pole || north >= pole {
        let (south, north) = (south.max(-pole).to_degrees(), north.min(pole).to_degrees());
        return [south, north, (-PI).to_degrees(), PI.to_degrees()];
    }
    let width = asin(cos(angle - FRAC_PI_2) / cos(lat));
    let (mut west, mut east) = (lon - width, lon + width);
    if west < -PI {
        west += 2.0 * PI;
    }
    if east > PI {
        east -= 2.0 * PI;
    }
    [south, north, west, east].map(f64::to_degrees)
}

/// 2π in two parts, so that multiples of a part of it are exact.
const TWO_PI_HIGH: f64 = 4.0 * f64::from_bits(0x3FF9_21FB_5440_0000);
const TWO_PI_LOW: f64 = 4.0 * f64::from_bits(0x3DD0_B461_1A62_6331);
/// Steps of a full turn.
const TURN: u32 = 1 << 11;
const TURN_STEP_HIGH: f64 = TWO_PI_HIGH / 2048.0;
const TURN_STEP_LOW: f64 = TWO_PI_LOW / 2048.0;
const STEPS_PER_RADIAN: f64 = 1.0 / (TURN_STEP_HIGH + TURN_STEP_LOW);

/// Sine and cosine of each step of a turn. `libm` gives the same on every machine, and nearly always what Java's `StrictMath` gives.
static TURN_TABLE: LazyLock<Vec<(f64, f64)>> = LazyLock::new(|| {
    let entry = |step: u32| {
        let angle = f64::from(step) * TURN_STEP_HIGH + f64::from(step) * TURN_STEP_LOW;
        let sine = if step.is_multiple_of(TURN / 2) { 0.0 } else { libm::sin(angle) };
        let is_vertical = step == TURN / 4 || step == TURN / 4 * 3;
        (sine, if is_vertical { 0.0 } else { libm::cos(angle) })
    };
    (0..TURN).map(entry).collect()
});

/// `SloppyMath.cos` of an angle of a few turns at most.
fn cos(angle: f64) -> f64 {
    let angle = angle.abs();
    let step = (angle * STEPS_PER_RADIAN + 0.5) as u32;
    let delta = (angle - f64::from(step) * TURN_STEP_HIGH) - f64::from(step) * TURN_STEP_LOW;
    let (sine, cosine) = TURN_TABLE.get((step % TURN) as usize).copied().unwrap_or_default();
    cosine
        + delta
            * (-sine + delta * (-cosine * (1.0 / 2.0) + delta * (sine * (1.0 / 6.0) + delta * cosine * (1.0 / 24.0))))
}

const ARC_STEPS: u32 = 1 << 13;

/// The arc sine and its first four derivatives over their factorials, for each step up to sin 73°.
struct ArcTable {
    end: f64,
    step: f64,
    entries: Vec<[f64; 5]>,
}

static ARC_TABLE: LazyLock<ArcTable> = LazyLock::new(|| {
    let end = libm::sin(73_f64.to_radians());
    let step = end / f64::from(ARC_STEPS);
    let entry = |number: u32| {
        let x = f64::from(number) * step;
        let square = 1.0 / (1.0 - x * x);
        let root = square.sqrt();
        let power_3 = root * square;
        let power_5 = power_3 * square;
        let power_7 = power_5 * square;
        [
            libm::asin(x),
            root,
            (x * power_3) * (1.0 / 2.0),
            ((1.0 + 2.0 * x * x) * power_5) * (1.0 / 6.0),
            ((5.0 + 2.0 * x * (2.0 + x * (5.0 - 2.0 * x))) * power_7) * (1.0 / 24.0),
        ]
    };
    ArcTable { end, step, entries: (0..=ARC_STEPS).map(entry).collect() }
});

/// `SloppyMath.asin` of a number from 0 to 1.
fn asin(x: f64) -> f64 {
    let table = &*ARC_TABLE;
    if x > table.end {
        return steep_asin(x);
    }
    let number = (x * (1.0 / table.step) + 0.5) as u32;
    let delta = x - f64::from(number) * table.step;
    let [value, first, second, third, fourth] = table.entries.get(number as usize).copied().unwrap_or_default();
    value + delta * (first + delta * (second + delta * (third + delta * fourth)))
}

/// The arc sine near 1 by the rational approximation of fdlibm.
fn steep_asin(x: f64) -> f64 {
    const NUMERATOR: [u64; 6] = [
        0x3fc5_5555_5555_5555,
        0xbfd4_d612_03eb_6f7d,
        0x3fc9_c155_0e88_4455,
        0xbfa4_8228_b568_8f3b,
        0x3f49_efe0_7501_b288,
        0x3f02_3de1_0dfd_f709,
    ];
    const DENOMINATOR: [u64; 4] =
        [0xc003_3a27_1c8a_2d4b, 0x4000_2ae5_9c59_8ac8, 0xbfe6_066c_1b8d_0159, 0x3fb3_b8c5_b12e_9282];
    const FRAC_PI_2_LOW: f64 = f64::from_bits(0x3C91_A626_3314_5C07);
    if x >= 1.0 {
        return FRAC_PI_2;
    }
    let t = (1.0 - x) * 0.5;
    let polynomial =
        |coefficients: &[u64]| coefficients.iter().rev().fold(0.0, |sum, bits| f64::from_bits(*bits) + t * sum);
    let p = t * polynomial(&NUMERATOR);
    let q = 1.0 + t * polynomial(&DENOMINATOR);
    let s = t.sqrt();
    let z = s + s * (p / q);
    FRAC_PI_2 - ((z + z) - FRAC_PI_2_LOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BERLIN: Point = Point { lat: 52.52, lon: 13.405 };
    const AUCKLAND: Point = Point { lat: -36.8485, lon: 174.7633 };

    #[test]
    fn distances_are_those_of_the_sphere() {
        assert_eq!(metres(sort_key(BERLIN, BERLIN)), 0.0);
        let long = metres(sort_key(BERLIN, AUCKLAND));
        assert!((long - 17_740_000.0).abs() < 20_000.0, "{long}");
        let pole_to_pole = metres(sort_key(Point { lat: 90.0, lon: 0.0 }, Point { lat: -90.0, lon: 50.0 }));
        assert!((pole_to_pole - PI * EARTH_MEAN_RADIUS).abs() < 1.0, "{pole_to_pole}");
    }

    #[test]
    fn a_radius_has_the_key_of_its_edge() {
        for radius in [0.001, 1.0, 1234.5, 1e6, 1.9e7] {
            let key = sort_key_of(radius);
            assert!(metres(key) >= radius && metres(f64::from_bits(key.to_bits() - 1)) <= radius, "{radius}");
        }
        assert!(sort_key_of(3e7) > sort_key(BERLIN, AUCKLAND));
    }

    #[test]
    fn a_circle_has_a_box() {
        let [south, north, west, east] = circle_bounds(BERLIN, 1000.0);
        assert!(south < BERLIN.lat && BERLIN.lat < north && west < BERLIN.lon && BERLIN.lon < east);
        assert_eq!(
            circle_bounds(Point { lat: 89.9999, lon: 0.0 }, 1000.0).map(f64::round),
            [90.0, 90.0, -180.0, 180.0]
        );
        let [_, _, west, east] = circle_bounds(Point { lat: 0.0, lon: 179.99 }, 10_000.0);
        assert!(west > east, "it crosses the dateline");
    }
}
