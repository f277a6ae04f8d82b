//! Shapes on the globe, laid on the grid that documents' points lie on.
//!
//! Every rule is Lucene's (`LatLonPoint`, `Component2D` and its classes): what a point on an edge does, and in which order numbers
//! are added.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::geo::encoding::{floor_lat, floor_lon};
use crate::geo::{EncodedPoint, Geometry, Point, Polygon, haversine};
use crate::query::GeoRelation;

/// What a clause demands of the points of one object's field.
///
/// Two areas are equal where they were made of the same numbers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GeoArea {
    relation: GeoRelation,
    parts: Arc<[Part]>,
}

/// A box of the grid, its edges included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bounds {
    pub south: i32,
    pub north: i32,
    pub west: i32,
    pub east: i32,
}

/// One shape and the box around it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Part {
    bounds: Bounds,
    /// The second box, on the other side of the dateline, of a shape that crosses it.
    beyond: Option<Bounds>,
    shape: Shape,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Shape {
    /// What the box holds.
    Box,
    /// All within a distance: its sort key, see [`haversine::sort_key_of`].
    Circle { lat: Exact, lon: Exact, sort_key: Exact },
    /// A shell and the holes in it.
    Polygon(Ring, Box<[Ring]>),
}

/// A ring of a polygon as a tree of its edges: an array sorted by their southern ends, whose middle is the root of its two halves.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Ring {
    south: Exact,
    north: Exact,
    west: Exact,
    east: Exact,
    edges: Box<[Edge]>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Edge {
    x1: Exact,
    y1: Exact,
    x2: Exact,
    y2: Exact,
    /// The northernmost end of this edge and those below it in the tree.
    north: Exact,
}

/// A double that equals the same double, and can be hashed.
#[derive(Debug, Clone, Copy)]
struct Exact(f64);

impl PartialEq for Exact {
    fn eq(&self, other: &Exact) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for Exact {}

impl Hash for Exact {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

impl GeoArea {
    /// The shape, which lies on the globe, in a relation to the document's points; `None` where no document can have it.
    ///
    /// Its corners and centers are rounded to the grid if `rounded`, as Elasticsearch does for all clauses but `geo_polygon`.
    pub(super) fn new(geometry: &Geometry, relation: GeoRelation, rounded: bool) -> Option<GeoArea> {
        let mut parts = Vec::new();
        add(geometry, rounded, &mut parts);
        let is_possible = match relation {
            // A point contains nothing but a point.
            GeoRelation::Contains => is_of_points(geometry),
            GeoRelation::Intersects | GeoRelation::Within | GeoRelation::Disjoint => true,
        };
        (is_possible && !parts.is_empty()).then(|| GeoArea { relation, parts: parts.into() })
    }

    /// Whether one encoded point of a document lies in the shape, whatever the relation.
    pub fn contains(&self, point: i128) -> bool {
        let point = EncodedPoint::from_point(point);
        self.parts.iter().any(|part| part.contains(point))
    }

    /// Whether all encoded points of an object's field together stand in the relation to the shape; never where there are none.
    pub fn holds(&self, points: &[i128]) -> bool {
        let is_one_of_them = |part: &Part| points.iter().any(|point| part.contains(EncodedPoint::from_point(*point)));
        match self.relation {
            GeoRelation::Intersects => points.iter().any(|point| self.contains(*point)),
            GeoRelation::Within => !points.is_empty() && points.iter().all(|point| self.contains(*point)),
            GeoRelation::Disjoint => !points.is_empty() && !points.iter().any(|point| self.contains(*point)),
            GeoRelation::Contains => self.parts.iter().all(is_one_of_them),
        }
    }

    /// Boxes of the grid: a document that fulfils this has a point in one of them ([`EncodedPoint::from_point`],
    /// [`Bounds::contains`]).
    ///
    /// One for each shape of the query, two for one that crosses the dateline; the whole globe for `disjoint`.
    pub fn bounds(&self) -> impl Iterator<Item = Bounds> + '_ {
        let is_anywhere = self.relation == GeoRelation::Disjoint;
        let parts = if is_anywhere { &[] } else { &self.parts[..] };
        is_anywhere.then_some(Bounds::GLOBE).into_iter().chain(parts.iter().flat_map(Part::bounds))
    }
}

impl fmt::Display for GeoArea {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// A shape can have thousands of parts.
        const SHOWN: usize = 3;
        formatter.write_str(match self.relation {
            GeoRelation::Intersects => "has a point in a shape within",
            GeoRelation::Disjoint => "has points outside of a shape only, within",
            GeoRelation::Within => "has points in a shape only, within",
            GeoRelation::Contains => "has all points of a shape within",
        })?;
        for (place, bounds) in self.bounds().take(SHOWN).enumerate() {
            write!(formatter, "{} {bounds}", if place == 0 { "" } else { " and" })?;
        }
        if self.bounds().nth(SHOWN).is_some() { formatter.write_str(" and more") } else { Ok(()) }
    }
}

impl Bounds {
    /// All there is.
    pub const GLOBE: Bounds = Bounds { south: i32::MIN, north: i32::MAX, west: i32::MIN, east: i32::MAX };

    /// Whether the point lies in the box.
    pub fn contains(&self, point: EncodedPoint) -> bool {
        (self.south..=self.north).contains(&point.lat) && (self.west..=self.east).contains(&point.lon)
    }

    /// The box around degrees, or the two boxes where `west` is east of `east` on the grid.
    fn of(south: f64, north: f64, west: f64, east: f64) -> (Bounds, Option<Bounds>) {
        let (south, north) = (floor_lat(south), floor_lat(north));
        let (start, end) = (floor_lon(west), floor_lon(east));
        if start > end {
            let beyond = Bounds { south, north, west: i32::MIN, east: end };
            (Bounds { south, north, west: start, east: i32::MAX }, Some(beyond))
        } else {
            (Bounds { south, north, west: start, east: end }, None)
        }
    }
}

impl fmt::Display for Bounds {
    /// In degrees: south-western corner, north-eastern corner.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let low = EncodedPoint { lat: self.south, lon: self.west }.decoded();
        let high = EncodedPoint { lat: self.north, lon: self.east }.decoded();
        write!(formatter, "({:.5}, {:.5}) to ({:.5}, {:.5})", low.lat, low.lon, high.lat, high.lon)
    }
}

impl Part {
    fn new((bounds, beyond): (Bounds, Option<Bounds>), shape: Shape) -> Part {
        Part { bounds, beyond, shape }
    }

    fn contains(&self, point: EncodedPoint) -> bool {
        self.bounds().any(|bounds| bounds.contains(point)) && self.shape.contains(point.decoded())
    }

    fn bounds(&self) -> impl Iterator<Item = Bounds> + use<> {
        std::iter::once(self.bounds).chain(self.beyond)
    }
}

impl Shape {
    /// Whether a place within the shape's box lies in the shape.
    fn contains(&self, place: Point) -> bool {
        match self {
            Shape::Box => true,
            Shape::Circle { lat, lon, sort_key } => {
                haversine::sort_key(place, Point { lat: lat.0, lon: lon.0 }) <= sort_key.0
            }
            Shape::Polygon(shell, holes) => shell.contains(place) && !holes.iter().any(|hole| hole.contains(place)),
        }
    }
}

impl Ring {
    fn of(points: &[Point], rounded: bool) -> Ring {
        let points: Vec<Point> = points.iter().map(|point| on_grid(*point, rounded)).collect();
        let mut edges: Vec<Edge> = points
            .windows(2)
            .filter_map(|ends| match ends {
                [from, to] => Some(Edge {
                    x1: Exact(from.lon),
                    y1: Exact(from.lat),
                    x2: Exact(to.lon),
                    y2: Exact(to.lat),
                    north: Exact(from.lat.max(to.lat)),
                }),
                _ => None,
            })
            .collect();
        edges.sort_by(|left, right| left.south().total_cmp(&right.south()));
        raise(&mut edges);
        let lats = || points.iter().map(|point| point.lat);
        let lons = || points.iter().map(|point| point.lon);
        Ring {
            south: Exact(lats().fold(f64::INFINITY, f64::min)),
            north: Exact(lats().fold(f64::NEG_INFINITY, f64::max)),
            west: Exact(lons().fold(f64::INFINITY, f64::min)),
            east: Exact(lons().fold(f64::NEG_INFINITY, f64::max)),
            edges: edges.into(),
        }
    }

    /// Whether a place lies within the ring or on it.
    fn contains(&self, place: Point) -> bool {
        (self.south.0..=self.north.0).contains(&place.lat)
            && (self.west.0..=self.east.0).contains(&place.lon)
            && crosses_oddly(&self.edges, place.lon, place.lat).unwrap_or(true)
    }
}

impl Edge {
    fn south(&self) -> f64 {
        self.y1.0.min(self.y2.0)
    }

    /// Whether a line from the place to the east crosses the edge; `None` where the place lies on it. The rule of Lucene's `EdgeTree`.
    fn is_crossed(&self, x: f64, y: f64) -> Option<bool> {
        let Edge { x1: Exact(x1), y1: Exact(y1), x2: Exact(x2), y2: Exact(y2), .. } = *self;
        let spans = |value: f64, from: f64, to: f64| (value <= from && value >= to) != (value >= from && value <= to);
        let is_level_with = y == y1 && y == y2 || spans(y, y1, y2);
        let is_in_line = || (x2 - x1) * (y - y1) == (x - x1) * (y2 - y1);
        if is_level_with && (x == x1 && x == x2 || spans(x, x1, x2) && is_in_line()) {
            return None;
        }
        Some(is_level_with && (y1 > y) != (y2 > y) && x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    }
}

/// Gives the root of every part of the tree the northernmost end in it.
fn raise(edges: &mut [Edge]) -> f64 {
    let middle = edges.len() / 2;
    let Some((left, [root, right @ ..])) = edges.split_at_mut_checked(middle) else { return f64::NEG_INFINITY };
    root.north = Exact(root.north.0.max(raise(left)).max(raise(right)));
    root.north.0
}

/// Whether a line from the place to the east crosses an odd number of edges; `None` where the place lies on one.
fn crosses_oddly(edges: &[Edge], x: f64, y: f64) -> Option<bool> {
    let Some((left, [root, right @ ..])) = edges.split_at_checked(edges.len() / 2) else { return Some(false) };
    if y > root.north.0 {
        return Some(false);
    }
    let on_the_right = y >= root.south() && crosses_oddly(right, x, y)?;
    Some(root.is_crossed(x, y)? ^ crosses_oddly(left, x, y)? ^ on_the_right)
}

/// Lays a shape and its parts on the grid.
fn add(geometry: &Geometry, rounded: bool, parts: &mut Vec<Part>) {
    match geometry {
        Geometry::Collection(inner) => inner.iter().for_each(|part| add(part, rounded, parts)),
        Geometry::Point(Point { lat, lon }) => parts.push(Part::new(Bounds::of(*lat, *lat, *lon, *lon), Shape::Box)),
        Geometry::Envelope { south, north, west, east } => {
            parts.push(Part::new(Bounds::of(*south, *north, *west, *east), Shape::Box));
        }
        Geometry::Circle { center, metres } => {
            let center = on_grid(*center, rounded);
            let [south, north, west, east] = haversine::circle_bounds(center, *metres);
            let (lat, lon, sort_key) = (center.lat, center.lon, haversine::sort_key_of(*metres));
            let circle = Shape::Circle { lat: Exact(lat), lon: Exact(lon), sort_key: Exact(sort_key) };
            parts.push(Part::new(Bounds::of(south, north, west, east), circle));
        }
        Geometry::Polygon(Polygon { shell, holes }) => {
            let shell = Ring::of(shell, rounded);
            let bounds = Bounds::of(shell.south.0, shell.north.0, shell.west.0, shell.east.0);
            let holes = holes.iter().map(|hole| Ring::of(hole, rounded)).collect();
            parts.push(Part::new(bounds, Shape::Polygon(shell, holes)));
        }
    }
}

fn is_of_points(geometry: &Geometry) -> bool {
    match geometry {
        Geometry::Point(_) => true,
        Geometry::Collection(parts) => parts.iter().all(is_of_points),
        Geometry::Envelope { .. } | Geometry::Circle { .. } | Geometry::Polygon(_) => false,
    }
}

fn on_grid(point: Point, rounded: bool) -> Point {
    if rounded { EncodedPoint::of(point).decoded() } else { point }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn point(lat: f64, lon: f64) -> Point {
        Point { lat, lon }
    }

    fn encoded(lat: f64, lon: f64) -> i128 {
        EncodedPoint::of(point(lat, lon)).to_point()
    }

    fn area(geometry: &Geometry, relation: GeoRelation) -> GeoArea {
        GeoArea::new(geometry, relation, true).expect("a shape that can be fulfilled")
    }

    fn circle(lat: f64, lon: f64, metres: f64) -> Geometry {
        Geometry::Circle { center: point(lat, lon), metres }
    }

    fn triangle() -> Geometry {
        let corners = [(0.0, 0.0), (0.0, 10.0), (10.0, 10.0), (0.0, 0.0)];
        let hole = [(1.0, 4.0), (1.0, 6.0), (3.0, 6.0), (1.0, 4.0)];
        let ring = |corners: [(f64, f64); 4]| corners.map(|(lat, lon)| point(lat, lon)).to_vec();
        Geometry::Polygon(Polygon { shell: ring(corners), holes: vec![ring(hole)] })
    }

    #[test]
    fn an_edge_belongs_to_a_polygon_and_to_its_holes() {
        let area = area(&triangle(), GeoRelation::Intersects);
        for (lat, lon, inside) in [
            (0.0, 0.0, true),
            (0.0, 5.0, true),
            (5.0, 8.0, true),
            (5.0, 2.0, false),
            (2.0, 5.5, false),
            (1.0, 5.0, false),
        ] {
            assert_eq!(area.contains(encoded(lat, lon)), inside, "{lat}, {lon}");
        }
    }

    #[test]
    fn a_relation_is_about_all_points_together() {
        let (near, far) = (encoded(52.52, 13.405), encoded(-36.8, 174.8));
        for (relation, one, both, other) in [
            (GeoRelation::Intersects, true, true, false),
            (GeoRelation::Within, true, false, false),
            (GeoRelation::Disjoint, false, false, true),
        ] {
            let area = area(&circle(52.52, 13.405, 1000.0), relation);
            assert_eq!([area.holds(&[near]), area.holds(&[near, far]), area.holds(&[far])], [one, both, other]);
            assert!(!area.holds(&[]), "{relation:?} of nothing");
        }
        assert_eq!(GeoArea::new(&triangle(), GeoRelation::Contains, true), None);
    }

    #[test]
    fn a_shape_across_the_dateline_has_two_boxes() {
        let boxes = |geometry: &Geometry| area(geometry, GeoRelation::Intersects).bounds().count();
        assert_eq!(boxes(&circle(0.0, 179.99, 10_000.0)), 2);
        assert_eq!(boxes(&circle(0.0, 0.0, 10_000.0)), 1);
        assert_eq!(boxes(&Geometry::Envelope { south: 0.0, north: 1.0, west: 179.0, east: -179.0 }), 2);
        let nowhere_near = area(&triangle(), GeoRelation::Disjoint);
        assert_eq!(nowhere_near.bounds().collect::<Vec<_>>(), [Bounds::GLOBE]);
    }

    proptest! {
        #[test]
        fn what_lies_in_a_shape_lies_in_one_of_its_boxes(
            lat in -90.0..=90.0, lon in -180.0..=180.0, metres in 0.01..2e7, north in -1.0..1.0, east in -1.0..1.0,
        ) {
            let area = area(&circle(lat, lon, metres), GeoRelation::Intersects);
            let reach = metres / 111_000.0;
            let place = point(lat + north * reach, lon + east * reach).normalized();
            if area.contains(encoded(place.lat, place.lon)) {
                prop_assert!(area.bounds().any(|bounds| bounds.contains(EncodedPoint::of(place))));
            }
        }
    }
}
