//! Points and shapes on the globe, in the arithmetic of Lucene.
//!
//! A document's point is kept as Lucene keeps it, each axis a 32-bit integer ([`EncodedPoint`]); a query's shape is read from the
//! spellings that Elasticsearch takes (`spelling`, `wkt`, `geojson`) into a [`Geometry`]. Whether a point lies in a shape is
//! decided by the percolator, with the distances of `haversine`.

pub(crate) mod distance;
pub(crate) mod encoding;
pub(crate) mod geohash;
pub(crate) mod geojson;
mod geometry;
pub(crate) mod haversine;
mod point;
pub(crate) mod spelling;
pub(crate) mod wkt;

pub use encoding::EncodedPoint;
pub(crate) use geometry::ShapeError;
pub use geometry::{Geometry, Polygon};
pub use point::Point;
