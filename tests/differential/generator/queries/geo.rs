//! `geo_distance`, `geo_bounding_box`, `geo_polygon`.

use serde_json::{Value, json};

use super::Ground;
use super::parameters::decorate;
use crate::generator::draw::Draw;
use crate::generator::values::{PLACES, Values, point};

pub fn geo(draw: &mut Draw, ground: &Ground, _: usize) -> Option<Value> {
    let field = ground.field(draw, |field| field.values == Values::Point)?.path.clone();
    let (name, mut body) = match draw.below(10) {
        0..5 => {
            let distances = ["1km", "500km", "1000mi", "20000km", "0m", "700000", "300nmi", "1e3km"];
            let mut body = json!({"distance": draw.one(&distances), field: point(draw)});
            draw.maybe(15, &mut body, "distance_type", |draw| json!(draw.one(&["arc", "plane"])));
            ("geo_distance", body)
        }
        5..9 => ("geo_bounding_box", json!({field: corners(draw)})),
        _ => {
            let points: Vec<Value> = (0..draw.between(3, 5)).map(|_| point(draw)).collect();
            ("geo_polygon", json!({field: {"points": points}}))
        }
    };
    draw.maybe(15, &mut body, "ignore_unmapped", |_| json!(true));
    draw.maybe(15, &mut body, "validation_method", |draw| json!(draw.one(&["STRICT", "COERCE", "IGNORE_MALFORMED"])));
    decorate(draw, &mut body);
    Some(json!({name: body}))
}

/// A box in one of its spellings.
fn corners(draw: &mut Draw) -> Value {
    let ((one_lat, one_lon), (other_lat, other_lon)) = (draw.one(PLACES), draw.one(PLACES));
    let (top, bottom) = (f64::max(one_lat, other_lat), f64::min(one_lat, other_lat));
    // From the left to the right, over the date line at times.
    let (left, right) = if draw.chance(80) {
        (f64::min(one_lon, other_lon), f64::max(one_lon, other_lon))
    } else {
        (one_lon, other_lon)
    };
    match draw.below(5) {
        0 => json!({"top": top, "left": left, "bottom": bottom, "right": right}),
        1 => json!({"top_right": {"lat": top, "lon": right}, "bottom_left": {"lat": bottom, "lon": left}}),
        2 => json!({"top_left": [left, top], "bottom_right": [right, bottom]}),
        3 => json!({"wkt": format!("BBOX ({left}, {right}, {top}, {bottom})")}),
        _ => json!({"top_left": format!("{top},{left}"), "bottom_right": format!("{bottom},{right}")}),
    }
}
