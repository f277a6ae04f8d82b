//! Geohashes: cells of the globe named by up to twelve letters of five bits each, east-west and north-south by turns.

use super::Point;

const LETTERS: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
/// Letters beyond these are not looked at.
const LONGEST: usize = 12;
/// Bits of an axis that a cell's corners are counted in.
const AXIS_BITS: u32 = 31;

/// The corner of a cell that stands for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Corner {
    TopLeft,
    TopRight,
    BottomLeft,
    BottomRight,
}

/// A corner of the cell that a geohash names; `None` where it is no geohash.
pub fn corner(hash: &str, corner: Corner) -> Option<Point> {
    let (mut lat, mut lon) = (Axis::default(), Axis::default());
    for letter in hash.chars().take(LONGEST) {
        let value = LETTERS.iter().position(|known| char::from(*known) == letter)?;
        for bit in (0..5).rev() {
            let axis = if lon.bits <= lat.bits { &mut lon } else { &mut lat };
            axis.push(value >> bit & 1 == 1);
        }
    }
    if hash.is_empty() {
        return None;
    }
    let north = matches!(corner, Corner::TopLeft | Corner::TopRight);
    let east = matches!(corner, Corner::TopRight | Corner::BottomRight);
    Some(Point { lat: lat.degrees(north, 180.0), lon: lon.degrees(east, 360.0) })
}

/// The twelve letters of the cell around a place on the globe.
pub fn of(point: Point) -> String {
    let lat = steps(point.lat, 180.0);
    let lon = steps(point.lon, 360.0);
    let bit =
        |place: u32| if place.is_multiple_of(2) { lon >> (31 - place / 2) & 1 } else { lat >> (31 - place / 2) & 1 };
    let letter = |number: u32| (0..5).fold(0, |letter, place| letter << 1 | bit(number * 5 + place));
    (0..12).filter_map(|number| LETTERS.get(letter(number) as usize)).map(|letter| char::from(*letter)).collect()
}

/// 32 bits of an axis, counted from its lower end.
fn steps(angle: f64, range: f64) -> u32 {
    let angle = if angle == range / 2.0 { angle.next_down() } else { angle };
    // The cast stops at the ends of the axis.
    let step = (angle / (range / 4_294_967_296.0)).floor() as i32;
    step.cast_unsigned() ^ 0x8000_0000
}

/// The bits that were read of one axis.
#[derive(Default)]
struct Axis {
    value: u32,
    bits: u32,
}

impl Axis {
    fn push(&mut self, bit: bool) {
        self.value = self.value << 1 | u32::from(bit);
        self.bits += 1;
    }

    /// The lower or the upper end of the cell on this axis.
    fn degrees(&self, upper: bool, range: f64) -> f64 {
        let end = (self.value + u32::from(upper)) << (AXIS_BITS - self.bits);
        f64::from(end) / (2_147_483_648.0 / range) - range / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_has_four_corners() {
        let at = |hash, which| corner(hash, which).map(|point| (point.lat, point.lon));
        assert_eq!(at("s", Corner::BottomLeft), Some((0.0, 0.0)));
        assert_eq!(at("s", Corner::TopRight), Some((45.0, 45.0)));
        assert_eq!(at("z", Corner::TopRight), Some((90.0, 180.0)));
        assert_eq!(at("ww", Corner::TopLeft), Some((39.375, 112.5)));
        assert_eq!(at("ww", Corner::BottomRight), Some((33.75, 123.75)));
        assert_eq!(at("", Corner::TopLeft), None);
        assert_eq!(at("a", Corner::TopLeft), None);
        assert_eq!(at("S", Corner::TopLeft), None);
        assert_eq!(at("drm3btev3e86!", Corner::TopLeft), at("drm3btev3e86", Corner::TopLeft));
    }

    #[test]
    fn a_place_lies_in_its_cell() {
        assert_eq!(of(Point { lat: 41.12, lon: -71.34 }), "drm3btev3e86");
        assert_eq!(of(Point { lat: 90.0, lon: 180.0 }), "zzzzzzzzzzzz");
        assert_eq!(of(Point { lat: -90.0, lon: -180.0 }), "000000000000");
    }
}
