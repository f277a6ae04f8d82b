//! Clauses about places.

use crate::mapping::FieldType;
use crate::percolator::compile::term_level::type_refusal;
use crate::percolator::compile::{Compiler, Refusal};
use crate::percolator::condition::{Condition, Test};
use crate::percolator::geo::GeoArea;
use crate::query::{GeoClause, GeoQuery};

impl Compiler<'_> {
    pub(super) fn geo(&self, query: &GeoQuery) -> Result<Condition, Refusal> {
        self.check_allowed(&query.field)?;
        if query.ignore_unmapped && self.mapping.field(&query.field).is_none() {
            return Ok(Condition::None);
        }
        let field = self.subject(&query.field)?.field;
        let FieldType::GeoPoint(_) = field.kind else {
            return Err(type_refusal(query.clause.name(), field, "geo_point"));
        };
        if query.clause == GeoClause::Polygon && !field.indexed {
            return Err(Refusal::malformed(format!(
                "\"geo_polygon\" finds nothing in field {:?}, which is not indexed; use \"geo_shape\"",
                field.name
            )));
        }
        // Elasticsearch lays every shape on the grid that points lie on, but for this old clause.
        let rounded = query.clause != GeoClause::Polygon;
        let area = GeoArea::new(&query.geometry, query.relation, rounded);
        Ok(area.map_or(Condition::None, |area| Condition::Field(field.id, Test::Geo(area))))
    }
}
