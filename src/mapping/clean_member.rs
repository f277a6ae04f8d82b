//! The mapping that Tripline brings: the documented Clean Employee schema.

use crate::json;
use crate::mapping::{Mapping, MappingError};

/// The index body as it is given to Elasticsearch.
const INDEX_BODY: &str = include_str!("../../mappings/clean_member.json");

impl Mapping {
    /// The documented Clean Employee schema, `mappings/clean_member.json`.
    ///
    /// # Errors
    /// None, as long as the file that was built in is sound; a test reads it.
    pub fn clean_member() -> Result<Mapping, MappingError> {
        let body = json::parse(INDEX_BODY.as_bytes()).map_err(|error| MappingError::new("", error.to_string()))?;
        Mapping::from_json(&body)
    }
}

#[cfg(test)]
mod tests {
    use crate::mapping::Mapping;

    #[test]
    fn the_mapping_that_is_brought_can_be_read() {
        let mapping = Mapping::clean_member().unwrap();
        assert!(mapping.field("experience.title.exact").is_some());
        assert!(mapping.nested("experience").is_some());
    }
}
