//! Well-known text (`POLYGON ((30 10, 40 40, 20 40, 30 10))`), as Elasticsearch's `WellKnownText` reads it.

use super::Point;
use super::geometry::{Geometry, Polygon, ShapeError};
use super::spelling::double;

/// Collections within each other.
const MAX_DEPTH: usize = 100;

/// Reads one shape; what stands behind it is not looked at.
pub(crate) fn parse(text: &str, ignores_z: bool) -> Result<Geometry, ShapeError> {
    Reader { rest: text, ignores_z }.geometry(0)
}

struct Reader<'t> {
    rest: &'t str,
    ignores_z: bool,
}

/// A word, a single other character, or the end.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Token<'t> {
    Word(&'t str),
    Mark(char),
    End,
}

fn is_of_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '+' | '.' | '\u{a0}'..='\u{ff}')
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Token<'t> {
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
            match self.rest.strip_prefix('#') {
                Some(comment) => self.rest = comment.split_once(['\r', '\n']).map_or("", |(_, rest)| rest),
                None => break,
            }
        }
        let Some(first) = self.rest.chars().next() else { return Token::End };
        let length = if is_of_word(first) {
            self.rest.find(|character| !is_of_word(character)).unwrap_or(self.rest.len())
        } else {
            first.len_utf8()
        };
        let (token, rest) = self.rest.split_at(length);
        self.rest = rest;
        if is_of_word(first) { Token::Word(token) } else { Token::Mark(first) }
    }

    fn peek(&self) -> Token<'t> {
        Reader { rest: self.rest, ignores_z: self.ignores_z }.next()
    }

    fn geometry(&mut self, depth: usize) -> Result<Geometry, ShapeError> {
        if depth > MAX_DEPTH {
            return Err(format!("more than {MAX_DEPTH} collections within each other").into());
        }
        let Token::Word(kind) = self.next() else { return Err("a shape's name is expected, like POINT".into()) };
        if matches!(self.peek(), Token::Word("Z" | "M")) {
            self.next();
        }
        match kind.to_ascii_lowercase().as_str() {
            "point" => Ok(match self.open()? {
                true => {
                    let point = self.point()?;
                    self.close()?;
                    Geometry::Point(point)
                }
                // Elasticsearch's empty point has coordinates.
                false => Geometry::Point(Point { lat: 0.0, lon: 0.0 }),
            }),
            "multipoint" => {
                let points = if self.open()? { self.points()? } else { Vec::new() };
                Ok(Geometry::Collection(points.into_iter().map(Geometry::Point).collect()))
            }
            "polygon" => self.polygon(),
            "multipolygon" => self.list(Self::polygon).map(Geometry::Collection),
            "geometrycollection" => self.list(|reader| reader.geometry(depth + 1)).map(Geometry::Collection),
            "bbox" => self.envelope(),
            "circle" => self.circle(),
            "linestring" | "multilinestring" => Err(Geometry::lines(kind)),
            _ => Err(format!("{kind:?} is no shape").into()),
        }
    }

    fn polygon(&mut self) -> Result<Geometry, ShapeError> {
        let rings = self.list(|reader| {
            if reader.next() != Token::Mark('(') {
                return Err("a \"(\" is expected before a ring".into());
            }
            reader.points()
        })?;
        if rings.is_empty() { Ok(Geometry::NOTHING) } else { Polygon::of_rings(rings).map(Geometry::Polygon) }
    }

    fn envelope(&mut self) -> Result<Geometry, ShapeError> {
        if !self.open()? {
            return Ok(Geometry::NOTHING);
        }
        let mut sides = [0.0; 4];
        for (place, side) in sides.iter_mut().enumerate() {
            if place > 0 && self.next() != Token::Mark(',') {
                return Err("BBOX has four numbers with commas between them".into());
            }
            *side = self.number()?;
        }
        self.close()?;
        let [west, east, north, south] = sides;
        Geometry::envelope(west, east, north, south)
    }

    fn circle(&mut self) -> Result<Geometry, ShapeError> {
        if !self.open()? {
            return Ok(Geometry::NOTHING);
        }
        let (lon, lat, metres) = (self.number()?, self.number()?, self.number()?);
        self.height()?;
        self.close()?;
        if metres < 0.0 {
            return Err("a circle's radius is not negative".into());
        }
        Ok(Geometry::Circle { center: Point { lat, lon }, metres })
    }

    /// Whether a bracket opens; false for `EMPTY`.
    fn open(&mut self) -> Result<bool, ShapeError> {
        match self.next() {
            Token::Mark('(') => Ok(true),
            Token::Word(word) if word.eq_ignore_ascii_case("empty") => Ok(false),
            _ => Err("\"(\" or EMPTY is expected".into()),
        }
    }

    fn close(&mut self) -> Result<(), ShapeError> {
        if self.next() == Token::Mark(')') { Ok(()) } else { Err("\")\" is expected".into()) }
    }

    /// Items in brackets, with commas between them; none for `EMPTY`.
    fn list<T>(&mut self, item: impl Fn(&mut Self) -> Result<T, ShapeError>) -> Result<Vec<T>, ShapeError> {
        if self.open()? { self.items(item) } else { Ok(Vec::new()) }
    }

    /// Items up to the closing bracket.
    fn items<T>(&mut self, item: impl Fn(&mut Self) -> Result<T, ShapeError>) -> Result<Vec<T>, ShapeError> {
        let mut items = vec![item(self)?];
        loop {
            match self.next() {
                Token::Mark(',') => items.push(item(self)?),
                Token::Mark(')') => return Ok(items),
                _ => return Err("\",\" or \")\" is expected".into()),
            }
        }
    }

    fn points(&mut self) -> Result<Vec<Point>, ShapeError> {
        self.items(Self::point)
    }

    fn point(&mut self) -> Result<Point, ShapeError> {
        let (lon, lat) = (self.number()?, self.number()?);
        self.height()?;
        Ok(Point { lat, lon })
    }

    /// A third coordinate, which decides nothing.
    fn height(&mut self) -> Result<(), ShapeError> {
        if !matches!(self.peek(), Token::Word(_)) {
            return Ok(());
        }
        self.number()?;
        if self.ignores_z { Ok(()) } else { Err("a third coordinate is not taken here".into()) }
    }

    fn number(&mut self) -> Result<f64, ShapeError> {
        match self.next() {
            Token::Word(word) => double(word).ok_or_else(|| format!("{word:?} is no number").into()),
            Token::Mark(_) | Token::End => Err("a number is expected".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Geometry, ShapeError> {
        parse(text, true)
    }

    #[test]
    fn shapes_are_read() {
        let point = |lon, lat| Point { lat, lon };
        assert_eq!(read("point(1 2)"), Ok(Geometry::Point(point(1.0, 2.0))));
        assert_eq!(read(" POINT Z ( 1 2 3 ) and more"), Ok(Geometry::Point(point(1.0, 2.0))));
        assert_eq!(read("BBOX (1, 2, 4, 3)"), Ok(Geometry::Envelope { west: 1.0, east: 2.0, north: 4.0, south: 3.0 }));
        assert_eq!(
            read("POLYGON ((0 0, 0 1, 1 1), (0 0, 1 0, 1 1, 0 0)) # no more"),
            Ok(Geometry::Polygon(Polygon {
                shell: vec![point(0.0, 0.0), point(0.0, 1.0), point(1.0, 1.0), point(0.0, 0.0)],
                holes: vec![vec![point(0.0, 0.0), point(1.0, 0.0), point(1.0, 1.0), point(0.0, 0.0)]],
            }))
        );
        assert_eq!(read("CIRCLE (1 2 300)"), Ok(Geometry::Circle { center: point(1.0, 2.0), metres: 300.0 }));
        assert_eq!(read("POLYGON EMPTY"), Ok(Geometry::Collection(Vec::new())));
        assert_eq!(
            read("GEOMETRYCOLLECTION (POINT (1 2), MULTIPOINT (3 4))"),
            Ok(Geometry::Collection(vec![
                Geometry::Point(point(1.0, 2.0)),
                Geometry::Collection(vec![Geometry::Point(point(3.0, 4.0))])
            ]))
        );
    }

    #[test]
    fn what_is_no_shape_is_refused() {
        for wrong in [
            "",
            "POINT",
            "POINT (1)",
            "POINT (1 2",
            "POINT (1 2 3 4)",
            "SPHERE (1 2)",
            "POLYGON ((0 0, 1 1))",
            "POLYGON (0 0, 0 1, 1 1)",
            "BBOX (1, 2, 3, 4)",
            "BBOX (1 2 4 3)",
            "CIRCLE (1 2 -3)",
        ] {
            assert!(matches!(read(wrong), Err(ShapeError::Malformed(_))), "{wrong}");
        }
        assert!(matches!(read("LINESTRING (0 0, 1 1)"), Err(ShapeError::Unsupported(_))));
        assert!(matches!(parse("POINT (1 2 3)", false), Err(ShapeError::Malformed(_))));
        assert!(read(&"GEOMETRYCOLLECTION (".repeat(100_000)).is_err());
    }
}
