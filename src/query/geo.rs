//! Clauses about places: `geo_distance`, `geo_bounding_box`, `geo_polygon`, `geo_shape`.
//!
//! All become a shape on the globe: what `validation_method` says of coordinates beyond it is done here.

use serde_json::Value;

use super::parser::Body;
use super::shape::{Parameters, below, element, kind_of, scalar, written_out};
use super::{Clause, GeoClause, GeoQuery, GeoRelation, Limits, QueryError};
use crate::geo::distance::{self, METRE};
use crate::geo::geohash::{self, Corner};
use crate::geo::spelling::Spelling;
use crate::geo::{Geometry, Point, Polygon, ShapeError, geojson, wkt};

/// What happens to coordinates beyond the globe.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Validation {
    #[default]
    Strict,
    /// They come round.
    Coerce,
    /// Nothing is checked; Lucene then refuses most of them.
    IgnoreMalformed,
}

const VALIDATION_METHODS: [(&str, Validation); 3] =
    [("STRICT", Validation::Strict), ("COERCE", Validation::Coerce), ("IGNORE_MALFORMED", Validation::IgnoreMalformed)];

const RELATIONS: [(&str, GeoRelation); 4] = [
    ("intersects", GeoRelation::Intersects),
    ("disjoint", GeoRelation::Disjoint),
    ("within", GeoRelation::Within),
    ("contains", GeoRelation::Contains),
];

/// Parameters of every one of these clauses.
const COMMON: [&str; 4] = ["validation_method", "ignore_unmapped", "boost", "_name"];

/// A clause's parameters, and what it calls its field.
struct Asked<'v> {
    parameters: Parameters<'v>,
    field: &'v str,
    value: &'v Value,
    /// Where `value` stands.
    pointer: String,
}

impl<'v> Asked<'v> {
    /// Takes the one parameter that is neither common to these clauses nor in `own` for the field.
    fn of(parameters: Parameters<'v>, own: &[&str], body: &Body<'_>) -> Result<Self, QueryError> {
        parameters.check_boost_and_name()?;
        let mut fields = parameters.keys().filter(|name| !COMMON.contains(name) && !own.contains(name));
        let Some(field) = fields.next() else {
            return Err(QueryError::malformed(&body.pointer, format!("\"{}\" must name a field", body.name)));
        };
        if let Some(second) = fields.next() {
            let reason = format!("\"{}\" takes one field, found \"{field}\" and \"{second}\"", body.name);
            return Err(QueryError::malformed(&body.pointer, reason));
        }
        let (value, pointer) = parameters.required_value(field)?;
        if field.is_empty() {
            return Err(QueryError::malformed(pointer, format!("\"{}\" has an empty field name", body.name)));
        }
        Ok(Asked { parameters, field, value, pointer })
    }

    fn validation(&self) -> Result<Validation, QueryError> {
        Ok(self.parameters.choice("validation_method", &VALIDATION_METHODS)?.unwrap_or_default())
    }

    /// The parameters of an object that stands for the field.
    fn object(&self) -> Result<Parameters<'v>, QueryError> {
        Parameters::of(self.field, self.value, &self.pointer)
    }

    fn wrong(&self, reason: impl Into<String>) -> QueryError {
        QueryError::malformed(&self.pointer, reason)
    }

    fn clause(&self, clause: GeoClause, geometry: Geometry, relation: GeoRelation) -> Result<Clause, QueryError> {
        let ignore_unmapped = self.parameters.boolean("ignore_unmapped")?.unwrap_or(false);
        Ok(Clause::Geo(GeoQuery { clause, field: self.field.to_owned(), geometry, relation, ignore_unmapped }))
    }
}

/// The spellings of the center are more than those of other points: `"field.lat"` beside `"field.lon"`, and an object with a geohash.
pub(super) fn geo_distance(body: &Body<'_>) -> Result<Clause, QueryError> {
    const OWN: [&str; 3] = ["distance", "unit", "distance_type"];
    let parameters = Parameters::skipping_nulls(body.name, body.value, &body.pointer)?;
    let metres = radius(&parameters)?;
    parameters.choice("distance_type", &[("arc", ()), ("plane", ())])?;
    let written_apart = parameters.keys().find_map(|name| name.strip_suffix(".lat").or(name.strip_suffix(".lon")));
    if let Some(field) = written_apart.filter(|field| !field.is_empty()) {
        return coordinates_apart(parameters, field, metres, &OWN, body);
    }
    let asked = Asked::of(parameters, &OWN, body)?;
    let center = match (asked.value, scalar(asked.value)) {
        (Value::Object(_), _) => center_object(&asked)?,
        (_, Some(text)) => Spelling::PLAIN.text(&written_out(&text)).map_err(|reason| asked.wrong(reason))?,
        (other, None) => Spelling::PLAIN.point(other).map_err(|reason| asked.wrong(reason))?,
    };
    circle(&asked, center, metres)
}

/// `"location.lat": 40, "location.lon": -70`
fn coordinates_apart(
    parameters: Parameters<'_>,
    field: &str,
    metres: f64,
    own: &[&str],
    body: &Body<'_>,
) -> Result<Clause, QueryError> {
    let (lat, lon) = (format!("{field}.lat"), format!("{field}.lon"));
    let known: Vec<&str> = own.iter().copied().chain(COMMON).chain([lat.as_str(), lon.as_str()]).collect();
    parameters.only(&known)?;
    let (Some(north), Some(east)) = (parameters.number(&lat)?, parameters.number(&lon)?) else {
        return Err(parameters.missing(if parameters.has(&lat) { &lon } else { &lat }));
    };
    let pointer = below(&body.pointer, &lat);
    let asked = Asked { parameters, field, value: body.value, pointer };
    circle(&asked, Point { lat: north, lon: east }, metres)
}

fn radius(parameters: &Parameters<'_>) -> Result<f64, QueryError> {
    let unit = match parameters.text("unit")? {
        None => METRE,
        Some(name) => distance::unit(&name).ok_or_else(|| {
            parameters.bad("unit", format!("must be one of {}, not \"{name}\"", distance::unit_names().join(", ")))
        })?,
    };
    let metres = match parameters.required_value("distance")?.0 {
        Value::String(text) => distance::metres(text, unit),
        Value::Number(number) => number.as_f64().map(|number| number * unit),
        _ => None,
    };
    metres
        .filter(|metres| *metres > 0.0 && metres.is_finite())
        .ok_or_else(|| parameters.bad("distance", "must be a distance above zero like \"12km\" or 500"))
}

/// `{"lat": 40, "lon": -70}` or `{"geohash": "drm3"}`
fn center_object(asked: &Asked<'_>) -> Result<Point, QueryError> {
    let parts = Parameters::skipping_nulls(asked.field, asked.value, &asked.pointer)?;
    parts.exactly(&["lat", "lon", "geohash"])?;
    match (parts.number("lat")?, parts.number("lon")?, parts.text("geohash")?) {
        (Some(lat), Some(lon), None) => Ok(Point { lat, lon }),
        (None, None, Some(hash)) => {
            geohash::corner(&hash, Corner::BottomLeft).ok_or_else(|| parts.bad("geohash", "is no geohash"))
        }
        _ => Err(asked.wrong("\"lat\" and \"lon\" are expected, or \"geohash\"")),
    }
}

fn circle(asked: &Asked<'_>, center: Point, metres: f64) -> Result<Clause, QueryError> {
    let center = match asked.validation()? {
        Validation::Strict if !center.is_on_the_globe() => return Err(asked.wrong(beyond(center))),
        Validation::Strict | Validation::Coerce | Validation::IgnoreMalformed => center.normalized(),
    };
    asked.clause(GeoClause::Distance, Geometry::Circle { center, metres }, GeoRelation::Intersects)
}

fn beyond(Point { lat, lon }: Point) -> String {
    format!("latitude {lat} is not from -90 to 90, or longitude {lon} not from -180 to 180")
}

pub(super) fn geo_bounding_box(body: &Body<'_>) -> Result<Clause, QueryError> {
    let parameters = Parameters::skipping_nulls(body.name, body.value, &body.pointer)?;
    // Elasticsearch 7 still takes how it was to be executed.
    parameters.choice("type", &[("memory", ()), ("indexed", ())])?;
    let asked = Asked::of(parameters, &["type"], body)?;
    let sides = sides(&asked.object()?)?;
    if sides.north < sides.south {
        return Err(asked.wrong(format!("its top {} lies below its bottom {}", sides.north, sides.south)));
    }
    let Sides { north, south, west, east } = match asked.validation()? {
        Validation::Coerce => sides.normalized(),
        Validation::Strict | Validation::IgnoreMalformed => sides,
    };
    for corner in [Point { lat: north, lon: west }, Point { lat: south, lon: east }] {
        if !corner.is_on_the_globe() {
            return Err(asked.wrong(beyond(corner)));
        }
    }
    if north < south {
        return Err(asked.wrong("its top lies below its bottom when both are brought onto the globe"));
    }
    asked.clause(GeoClause::BoundingBox, Geometry::Envelope { south, north, west, east }, GeoRelation::Intersects)
}

/// The sides of a box, in degrees.
#[derive(Clone, Copy)]
struct Sides {
    north: f64,
    south: f64,
    west: f64,
    east: f64,
}

impl Sides {
    /// A box that is a whole turn wide, or several, is all around the globe.
    fn normalized(self) -> Sides {
        let top_left = Point { lat: self.north, lon: self.west }.normalized();
        let bottom_right = Point { lat: self.south, lon: self.east }.normalized();
        let goes_round = self.east > self.west && (self.east - self.west) % 360.0 == 0.0;
        let (west, east) = if goes_round { (-180.0, 180.0) } else { (top_left.lon, bottom_right.lon) };
        Sides { north: top_left.lat, south: bottom_right.lat, west, east }
    }
}

/// The sides by two corners, four numbers or well-known text; several that say the same are fine.
fn sides(given: &Parameters<'_>) -> Result<Sides, QueryError> {
    const SIDES: [&str; 4] = ["top", "bottom", "left", "right"];
    const CORNERS: [(&str, Corner, usize, usize); 4] = [
        ("top_left", Corner::TopLeft, 0, 2),
        ("top_right", Corner::TopRight, 0, 3),
        ("bottom_left", Corner::BottomLeft, 1, 2),
        ("bottom_right", Corner::BottomRight, 1, 3),
    ];
    given.exactly(&[
        "top_left",
        "bottom_right",
        "top_right",
        "bottom_left",
        "top",
        "bottom",
        "left",
        "right",
        "wkt",
    ])?;
    if given.has("wkt") {
        if let Some(other) = given.keys().find(|name| *name != "wkt") {
            return Err(given.bad(other, "cannot stand beside \"wkt\"; give one of them"));
        }
        let text = given.required_text("wkt")?;
        return match wkt::parse(&text, true) {
            Ok(Geometry::Envelope { south, north, west, east }) => Ok(Sides { north, south, west, east }),
            Ok(_) => Err(given.bad("wkt", "must be \"BBOX (left, right, top, bottom)\"")),
            Err(ShapeError::Malformed(reason) | ShapeError::Unsupported(reason)) => {
                Err(given.bad("wkt", format!("is no well-known text of a box: {reason}")))
            }
        };
    }
    let mut found: [Option<f64>; 4] = [None; 4];
    let mut say = |name: &str, side: usize, degrees: f64| match found.get_mut(side) {
        Some(Some(known)) if *known != degrees => Err(given.bad(name, "contradicts another side of the box")),
        Some(place) => {
            *place = Some(degrees);
            Ok(())
        }
        None => Ok(()),
    };
    for (side, name) in SIDES.iter().enumerate() {
        if let Some(degrees) = given.number(name)? {
            say(name, side, degrees)?;
        }
    }
    for (name, corner, lat_side, lon_side) in CORNERS {
        let Some((value, pointer)) = given.value(name) else { continue };
        let point =
            Spelling::of_corner(corner).point(value).map_err(|reason| QueryError::malformed(pointer, reason))?;
        say(name, lat_side, point.lat)?;
        say(name, lon_side, point.lon)?;
    }
    match found {
        [Some(north), Some(south), Some(west), Some(east)] => Ok(Sides { north, south, west, east }),
        _ => {
            let missing = SIDES.iter().zip(found).find(|(_, side)| side.is_none()).map_or("top", |(name, _)| name);
            Err(QueryError::malformed(&given.pointer, format!("the {missing} of the box is missing")))
        }
    }
}

pub(super) fn geo_polygon(body: &Body<'_>, limits: &Limits) -> Result<Clause, QueryError> {
    let asked = Asked::of(Parameters::of(body.name, body.value, &body.pointer)?, &[], body)?;
    let object = asked.object()?;
    object.exactly(&["points"])?;
    let (value, pointer) = object.required_value("points")?;
    let Value::Array(items) = value else {
        return Err(object.bad("points", format!("must be an array of points, not {}", kind_of(value))));
    };
    check_size(items.len(), &pointer, limits)?;
    let validation = asked.validation()?;
    let corner = |(index, item)| -> Result<Point, QueryError> {
        let wrong = |reason| QueryError::malformed(element(&pointer, index), reason);
        let point = Spelling::PLAIN.point(item).map_err(wrong)?;
        match validation {
            Validation::Coerce => Ok(point.normalized()),
            Validation::Strict | Validation::IgnoreMalformed if point.is_on_the_globe() => Ok(point),
            Validation::Strict | Validation::IgnoreMalformed => Err(wrong(beyond(point))),
        }
    };
    let corners = items.iter().enumerate().map(corner).collect::<Result<Vec<_>, _>>()?;
    let polygon = Polygon::of_rings(vec![corners]).map_err(|error| refused(&pointer, error))?;
    asked.clause(GeoClause::Polygon, Geometry::Polygon(polygon), GeoRelation::Intersects)
}

pub(super) fn geo_shape(body: &Body<'_>, limits: &Limits) -> Result<Clause, QueryError> {
    let asked = Asked::of(Parameters::skipping_nulls(body.name, body.value, &body.pointer)?, &[], body)?;
    if asked.parameters.has("validation_method") {
        return Err(asked.parameters.bad("validation_method", "is no parameter of \"geo_shape\""));
    }
    let object = asked.object()?;
    object.exactly(&["shape", "relation", "strategy", "indexed_shape"])?;
    if object.has("indexed_shape") {
        return Err(object.unsupported("indexed_shape", "it reads the shape from a document in an index; write it out"));
    }
    let relation = object.choice("relation", &RELATIONS)?.unwrap_or_default();
    if object.choice("strategy", &[("recursive", false), ("term", true)])? == Some(true)
        && relation != GeoRelation::Intersects
    {
        return Err(object.bad("strategy", "\"term\" takes the relation \"intersects\" only"));
    }
    let (value, pointer) = object.required_value("shape")?;
    let geometry = match value {
        Value::String(text) => {
            if text.len() > limits.text_bytes {
                let reason = format!("the text has {} bytes; at most {} are allowed", text.len(), limits.text_bytes);
                return Err(QueryError::limit(pointer, reason));
            }
            wkt::parse(text, true)
        }
        Value::Object(shape) => geojson::parse(shape),
        other => {
            Err(format!("a shape is an object with type and coordinates, or a text, not {}", kind_of(other)).into())
        }
    };
    let geometry = geometry.and_then(on_the_globe).map_err(|error| refused(&pointer, error))?;
    check_size(geometry.size(), &pointer, limits)?;
    asked.clause(GeoClause::Shape, geometry, relation)
}

/// Brings what is beyond the globe onto it, as Elasticsearch's `GeometryNormalizer` does.
fn on_the_globe(geometry: Geometry) -> Result<Geometry, ShapeError> {
    match geometry {
        Geometry::Point(point) => Ok(Geometry::Point(point.normalized())),
        Geometry::Circle { center, metres } => Ok(Geometry::Circle { center: center.normalized(), metres }),
        Geometry::Envelope { south, north, west, east } => {
            for corner in [Point { lat: north, lon: west }, Point { lat: south, lon: east }] {
                if !corner.is_on_the_globe() {
                    return Err(beyond(corner).into());
                }
            }
            Ok(geometry)
        }
        Geometry::Polygon(polygon) => {
            if goes_round(&polygon) {
                return Err(ShapeError::Unsupported(
                    "a polygon that is wider than half the globe or leaves it is not cut at the dateline; give a \
                     \"multipolygon\" with a part on each side"
                        .to_owned(),
                ));
            }
            Ok(Geometry::Polygon(polygon))
        }
        Geometry::Collection(parts) => {
            Ok(Geometry::Collection(parts.into_iter().map(on_the_globe).collect::<Result<_, _>>()?))
        }
    }
}

/// Whether Elasticsearch would cut the polygon at the dateline: one that is exactly the globe wide is left alone.
fn goes_round(polygon: &Polygon) -> bool {
    let lons = || polygon.shell.iter().map(|point| point.lon);
    let width = lons().fold(f64::NEG_INFINITY, f64::max) - lons().fold(f64::INFINITY, f64::min);
    let leaves = polygon.rings().flatten().any(|point| !point.is_on_the_globe());
    leaves || (width > 180.0 && width != 360.0)
}

fn check_size(points: usize, pointer: &str, limits: &Limits) -> Result<(), QueryError> {
    if points <= limits.shape_points {
        return Ok(());
    }
    let reason = format!("the shape has {points} points; at most {} are allowed", limits.shape_points);
    Err(QueryError::limit(pointer, reason))
}

fn refused(pointer: &str, error: ShapeError) -> QueryError {
    match error {
        ShapeError::Malformed(reason) => QueryError::malformed(pointer, reason),
        ShapeError::Unsupported(reason) => QueryError::unsupported(pointer, reason),
    }
}
