//! Shapes as queries write them, before they are laid on the grid.

use super::Point;

/// A shape in degrees.
#[derive(Debug, Clone, PartialEq)]
pub enum Geometry {
    /// One place.
    Point(Point),
    /// All between two latitudes and two longitudes; it crosses the dateline where west is greater than east.
    Envelope { south: f64, north: f64, west: f64, east: f64 },
    /// All within a distance of a place.
    Circle { center: Point, metres: f64 },
    /// All within a ring of straight lines on the plane of longitudes and latitudes.
    Polygon(Polygon),
    /// All within any of these; an empty one has nothing in it.
    Collection(Vec<Geometry>),
}

/// A ring and the holes in it; each ring ends with the point that it begins with.
#[derive(Debug, Clone, PartialEq)]
pub struct Polygon {
    pub shell: Vec<Point>,
    pub holes: Vec<Vec<Point>>,
}

/// Why a shape is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ShapeError {
    /// A node refuses it too.
    Malformed(String),
    /// A node takes it.
    Unsupported(String),
}

impl From<String> for ShapeError {
    fn from(reason: String) -> ShapeError {
        ShapeError::Malformed(reason)
    }
}

impl From<&str> for ShapeError {
    fn from(reason: &str) -> ShapeError {
        ShapeError::Malformed(reason.to_owned())
    }
}

impl Geometry {
    /// A shape with nothing in it.
    pub(super) const NOTHING: Geometry = Geometry::Collection(Vec::new());

    /// How many points were written to describe it.
    pub(crate) fn size(&self) -> usize {
        match self {
            Geometry::Point(_) | Geometry::Circle { .. } => 1,
            Geometry::Envelope { .. } => 2,
            Geometry::Polygon(polygon) => polygon.rings().map(<[Point]>::len).sum(),
            Geometry::Collection(parts) => parts.iter().map(Geometry::size).sum(),
        }
    }

    /// An envelope, whose north must not lie south of its south.
    pub(super) fn envelope(west: f64, east: f64, north: f64, south: f64) -> Result<Geometry, ShapeError> {
        if north < south {
            return Err(format!("its top {north} lies below its bottom {south}").into());
        }
        Ok(Geometry::Envelope { south, north, west, east })
    }

    /// The shape of lines, which is refused.
    pub(super) fn lines(kind: &str) -> ShapeError {
        ShapeError::Unsupported(format!(
            "a {kind} is not supported: a point is hardly ever exactly on a line; use a polygon or a circle"
        ))
    }
}

impl Polygon {
    /// The shell and the holes.
    pub fn rings(&self) -> impl Iterator<Item = &[Point]> {
        std::iter::once(&self.shell).chain(&self.holes).map(Vec::as_slice)
    }

    /// Closes the rings, the first of which is the shell.
    pub(crate) fn of_rings(rings: Vec<Vec<Point>>) -> Result<Polygon, ShapeError> {
        let mut closed = rings.into_iter().map(close);
        let shell = closed.next().ok_or("a polygon has at least one ring")??;
        Ok(Polygon { shell, holes: closed.collect::<Result<_, _>>()? })
    }
}

/// A ring that ends where it begins.
fn close(mut ring: Vec<Point>) -> Result<Vec<Point>, ShapeError> {
    if let (Some(first), Some(last)) = (ring.first().copied(), ring.last())
        && first != *last
    {
        ring.push(first);
    }
    if ring.len() < 4 {
        return Err(format!("a ring of a polygon has at least 3 corners, not {}", ring.len().saturating_sub(1)).into());
    }
    Ok(ring)
}
