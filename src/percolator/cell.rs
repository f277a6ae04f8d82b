//! Cells of the globe: what queries on places are found by.
//!
//! A box is covered by the few cells as large as it is, and a document's point lies in one cell of each size: so a point leads to the
//! queries around it, wherever it lies, and to no others.

use crate::geo::EncodedPoint;
use crate::percolator::geo::{Bounds, GeoArea};

/// A square of the grid that points lie on: all points that have the same upper bits on both axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell {
    lat: i32,
    lon: i32,
    /// How many lower bits of an axis do not count: the cell is 2 to the power of this wide.
    size: u8,
}

/// Smaller cells, of less than twenty metres, would tell nobody apart.
const SMALLEST: u8 = 12;
/// A cell of this size is all there is.
const GLOBE: u8 = 32;
/// Of more boxes an area is not covered: its queries are found by whatever else they demand.
const MAX_BOXES: usize = 64;

impl Cell {
    /// The cell of a size that an encoded point lies in.
    pub(super) fn around(point: i128, size: u8) -> Cell {
        let EncodedPoint { lat, lon } = EncodedPoint::from_point(point);
        Cell { lat: lat >> size, lon: lon >> size, size }
    }

    /// Cells of which every point of the area lies in one; `None` where only too large or too many ones would do.
    pub(super) fn covering(area: &GeoArea) -> Option<Vec<Cell>> {
        let boxes: Vec<Bounds> = area.bounds().take(MAX_BOXES + 1).collect();
        if boxes.len() > MAX_BOXES {
            return None;
        }
        let mut cells = Vec::new();
        for Bounds { south, north, west, east } in boxes {
            let extent = north.abs_diff(south).max(east.abs_diff(west));
            // At least as wide as the box, which then lies in two of them, or one, on each axis.
            let size = (SMALLEST..GLOBE).find(|size| extent >> size == 0)?;
            for lat in south >> size..=north >> size {
                cells.extend((west >> size..=east >> size).map(|lon| Cell { lat, lon, size }));
            }
        }
        Some(cells)
    }

    /// The cell as bytes: both axes, little end first, and its size.
    pub(super) fn to_bytes(self) -> [u8; 9] {
        let ([a, b, c, d], [e, f, g, h]) = (self.lat.to_le_bytes(), self.lon.to_le_bytes());
        [a, b, c, d, e, f, g, h, self.size]
    }

    /// The cell that [`to_bytes`](Self::to_bytes) made bytes of.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Cell> {
        let [a, b, c, d, e, f, g, h, size] = *bytes.first_chunk()?;
        let is_sound = bytes.len() == 9 && size < GLOBE;
        is_sound.then(|| Cell { lat: i32::from_le_bytes([a, b, c, d]), lon: i32::from_le_bytes([e, f, g, h]), size })
    }

    pub(super) fn size(self) -> u8 {
        self.size
    }

    /// The points in it.
    pub(super) fn bounds(self) -> Bounds {
        let last = |first: i32| first | ((1 << self.size) - 1);
        let (south, west) = (self.lat << self.size, self.lon << self.size);
        Bounds { south, north: last(south), west, east: last(west) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::geo::{Geometry, Point};
    use crate::query::GeoRelation;

    fn circle(lat: f64, lon: f64, metres: f64, relation: GeoRelation) -> GeoArea {
        let center = Point { lat, lon };
        GeoArea::new(&Geometry::Circle { center, metres }, relation, true).expect("a circle can be fulfilled")
    }

    fn encoded(lat: f64, lon: f64) -> i128 {
        EncodedPoint::of(Point { lat, lon }.normalized()).to_point()
    }

    #[test]
    fn an_area_is_covered_by_few_cells_even_across_the_dateline() {
        for (lat, lon, metres, most) in
            [(52.5, 13.4, 5_000.0, 4), (0.0, 179.99, 10_000.0, 8), (-89.9, 0.0, 1.0, 4), (0.0, 0.0, 0.001, 4)]
        {
            let cells = Cell::covering(&circle(lat, lon, metres, GeoRelation::Intersects)).expect("cells");
            assert!(cells.len() <= most, "{lat}, {lon}: {} cells", cells.len());
            assert!(cells.iter().all(|cell| Cell::from_bytes(&cell.to_bytes()) == Some(*cell)));
        }
    }

    #[test]
    fn what_is_not_near_anything_has_no_cells() {
        for (lat, metres, relation) in [
            (52.5, 5_000.0, GeoRelation::Disjoint),
            (90.0, 5_000.0, GeoRelation::Intersects),
            (0.0, 2e7, GeoRelation::Within),
        ] {
            assert_eq!(Cell::covering(&circle(lat, 13.4, metres, relation)), None, "{lat} {metres} {relation:?}");
        }
    }

    #[test]
    fn a_cell_holds_its_own_points() {
        for (lat, lon) in [(52.5, 13.4), (-90.0, -180.0), (90.0, 180.0), (0.0, 0.0), (-0.001, -0.001)] {
            for size in SMALLEST..GLOBE {
                let point = encoded(lat, lon);
                let bounds = Cell::around(point, size).bounds();
                assert!(bounds.contains(EncodedPoint::from_point(point)), "{lat}, {lon}: {size}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_point_in_an_area_lies_in_one_of_its_cells(
            lat in -90.0..=90.0, lon in -180.0..=180.0, power in 0.0..7.3, north in -1.0..1.0, east in -1.0..1.0,
        ) {
            let metres = 10_f64.powf(power);
            let area = circle(lat, lon, metres, GeoRelation::Intersects);
            let reach = metres / 111_000.0;
            let point = encoded(lat + north * reach, lon + east * reach);
            if let Some(cells) = Cell::covering(&area).filter(|_| area.contains(point)) {
                prop_assert!(cells.iter().any(|cell| Cell::around(point, cell.size()) == *cell));
            }
        }
    }
}
