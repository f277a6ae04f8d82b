//! Mappings that are read, and those that are refused.

use serde_json::json;

use super::*;

#[test]
fn all_three_shapes_are_read() {
    let properties = json!({"title": {"type": "text"}});
    for shape in [
        json!({"properties": properties}),
        json!({"mappings": {"properties": properties}}),
        json!({"settings": {"number_of_shards": 1}, "mappings": {"properties": properties}, "aliases": {}}),
    ] {
        assert!(Mapping::from_json(&shape).unwrap().field("title").is_some(), "{shape}");
    }
}

#[test]
fn settings_may_be_written_with_dots() {
    for settings in [
        json!({"index": {"analysis": {"normalizer": {"low": {"type": "custom", "filter": ["lowercase"]}}}}}),
        json!({"analysis.normalizer.low": {"filter": "lowercase"}, "index.mapping.ignore_malformed": "true"}),
    ] {
        let mapping =
            json!({"settings": settings, "mappings": {"properties": {"k": {"type": "keyword", "normalizer": "low"}}}});
        assert!(Mapping::from_json(&mapping).is_ok(), "{settings}");
    }
}

#[test]
fn names_lead_to_fields_objects_and_nested_objects() {
    let mapping = Mapping::from_json(&json!({"properties": {
        "company.name": {"type": "text", "fields": {"raw": {"type": "keyword"}}},
        "experience": {"type": "nested", "properties": {"title": {"type": "text"}, "skills": {"type": "nested", "properties": {"name": {"type": "keyword"}}}}},
        "firm": {"type": "alias", "path": "company.name"},
        "labels": {"type": "flattened"}
    }}))
    .unwrap();
    assert_eq!(mapping.field("firm").map(|field| &*field.name), Some("company.name"));
    assert!(mapping.is_object("company") && mapping.is_object("experience") && !mapping.is_object("company.name"));
    assert_eq!(mapping.nested("company"), None);
    let experience = mapping.nested("experience").unwrap();
    let skills = mapping.nested("experience.skills").unwrap();
    assert_eq!(mapping.nested_parent(skills), Some(experience));
    assert_eq!(mapping.nested_path(skills), "experience.skills");
    assert_eq!(mapping.field("experience.skills.name").map(|field| field.nested), Some(skills));
    assert_eq!(mapping.fields_below("experience").count(), 2);
    assert_eq!(mapping.fields_matching("company.*").count(), 2);
    assert_eq!(mapping.nearest("experience.titel"), Some("experience.title"));
    let (keyed, key) = mapping.flattened_key("labels.priority.level").unwrap();
    assert_eq!((&*keyed.name, key), ("labels", "priority.level"));
    assert_eq!(mapping.default_fields(), ["*"]);
}

#[test]
fn what_is_not_supported_is_refused_with_its_name() {
    for (field, expected) in [
        (json!({"type": "dense_vector"}), "\"dense_vector\", which is not supported"),
        (json!({"type": "nope"}), "\"nope\", which is not supported"),
        (json!({"type": "text", "analyzer": "german"}), "\"german\""),
        (json!({"type": "keyword", "normalizer": "none"}), "\"none\""),
        (json!({"type": "keyword", "script": "x"}), "script"),
        (json!({"type": "keyword", "null_valeu": "x"}), "\"null_valeu\""),
        (json!({"type": "date", "format": "yyyy-QQ"}), "`QQ`"),
        (json!({"type": "date", "locale": "de"}), "\"de\""),
        (json!({"type": "integer", "null_value": 3.7}), "3.7"),
        (json!({"type": "scaled_float"}), "scaling_factor"),
        (json!({"type": "alias", "path": "other"}), "\"other\""),
        (json!({"type": "text", "fields": {"x": {"type": "nested"}}}), "nested"),
        (json!({"dynamic": "maybe", "properties": {}}), "\"maybe\""),
        (json!({}), "type"),
        (json!(5), "object"),
    ] {
        let error = Mapping::from_json(&json!({"properties": {"f": field}})).unwrap_err();
        assert!(error.reason.contains(expected) && error.place.starts_with("/properties/f"), "{field}: {error}");
    }
}

#[test]
fn the_root_is_checked_too() {
    for (mapping, expected) in [
        (json!([]), "object"),
        (json!({"runtime": {"x": {"type": "keyword"}}}), "runtime"),
        (json!({"title": {"type": "text"}}), "\"title\""),
        (json!({"mappings": {}, "mapping": {}}), "unknown key"),
        (json!({"settings": {"analysis": {"analyzer": {"a": {"type": "german"}}}}}), "\"german\""),
        (
            json!({"settings": {"analysis": {"analyzer": {"a": {"tokenizer": "standard", "filter": ["porter_stem"]}}}}}),
            "\"porter_stem\"",
        ),
        (json!({"properties": {"a": {"type": "keyword"}, "a.b": {"type": "keyword"}}}), "field and an object"),
        (
            json!({"properties": {"k": {"type": "keyword", "copy_to": "n.k"}, "n": {"type": "nested", "properties": {"k": {"type": "keyword"}}}}}),
            "nested",
        ),
    ] {
        let error = Mapping::from_json(&mapping).unwrap_err();
        assert!(error.to_string().contains(expected), "{mapping}: {error}");
    }
}
