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
        (json!({"type": "text", "analyzer": "thai"}), "dictionary"),
        (json!({"type": "text", "analyzer": "germna"}), "\"germna\""),
        (json!({"type": "keyword", "normalizer": "none"}), "\"none\""),
        (json!({"type": "keyword", "script": "x"}), "script"),
        (json!({"type": "keyword", "null_valeu": "x"}), "\"null_valeu\""),
        (json!({"type": "date", "format": "yyyy-QQ"}), "`QQ`"),
        (json!({"type": "date", "format": "d MMM yyyy", "locale": "de"}), "\"de\""),
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
        (json!({"settings": {"analysis": {"analyzer": {"a": {"type": "thai"}}}}}), "dictionary"),
        (
            json!({"settings": {"analysis": {"analyzer": {"a": {"tokenizer": "standard", "filter": ["hunspell"]}}}}}),
            "\"hunspell\"",
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

#[test]
fn a_name_that_a_template_decides_is_a_field_once_it_is_asked_for() {
    let mapping = Mapping::from_json(&json!({
        "dynamic_templates": [
            {"ids": {"match": "*_id", "unmatch": "raw_*", "mapping": {"type": "keyword", "fields": {"t": {"type": "text"}}}}},
            {"strings": {"match_mapping_type": "string", "match": "s_*", "mapping": {"type": "keyword"}}},
            {"years": {"match_pattern": "regex", "match": "y\\d{4}", "mapping": {"type": "integer"}}},
            {"labels": {"path_match": "labels.*", "mapping": {"type": "flattened"}}}
        ],
        "properties": {
            "n": {"type": "nested", "properties": {}}, "off": {"dynamic": false, "properties": {}}, "known_id": {"type": "long"}
        }
    }))
    .unwrap();
    let kind = |name: &str| mapping.field(name).map(|field| field.kind.name());
    assert_eq!(kind("company_id"), Some("keyword"));
    assert_eq!(kind("company_id.t"), Some("text"));
    assert_eq!(kind("a.b.company_id"), Some("keyword"));
    assert_eq!(kind("y2020"), Some("integer"));
    assert_eq!(kind("known_id"), Some("long"));
    assert_eq!(mapping.flattened_key("labels.color.dark").map(|(_, key)| key), Some("dark"));
    assert_eq!(mapping.field("n.x_id").map(|field| field.nested), mapping.nested("n"));
    for unknown in ["raw_id", "s_name", "off.x_id", "y20201", "company_id.x", "labels", "company_id.t.x"] {
        assert_eq!(kind(unknown), None, "{unknown}");
    }
    assert!(mapping.why_undecided("s_name").unwrap().contains("\"strings\""));
    assert_eq!(mapping.fields().len(), 1);
}

#[test]
fn queries_make_a_limited_number_of_fields() {
    let mapping = Mapping::from_json(&json!({
        "dynamic_templates": [{"all": {"match": "*", "mapping": {"type": "keyword"}}}]
    }))
    .unwrap();
    assert_eq!((0..1_010).filter(|number| mapping.field(&format!("f{number}")).is_some()).count(), 1_000);
    assert!(mapping.why_undecided("f2000").unwrap().contains("1000"));
    assert!(mapping.field("f999").is_some());
}

#[test]
fn what_is_wrong_has_its_pointer() {
    for (mapping, place) in [
        (
            json!({"mappings": {"properties": {"a.b": {"type": "text", "analyzer": "x"}}}}),
            "/mappings/properties/a.b/analyzer",
        ),
        (
            json!({"properties": {"o": {"properties": {"k": {"type": "keyword", "ignore_above": "x"}}}}}),
            "/properties/o/properties/k/ignore_above",
        ),
        (
            json!({"properties": {"k": {"type": "keyword", "fields": {"s": {"type": "nested"}}}}}),
            "/properties/k/fields/s/type",
        ),
        (json!({"properties": {"a/b": {"type": "keyword", "foo": 1}}}), "/properties/a~1b/foo"),
        (json!({"properties": {"a": {"type": "keyword", "meta": {"x": 1}}}}), "/properties/a/meta"),
        (json!({"dynamic": "runtime"}), "/dynamic"),
        (
            json!({"dynamic_templates": [{"t": {"match": "x", "mapping": {"type": "date", "format": "'"}}}]}),
            "/dynamic_templates/0/t/mapping/format",
        ),
        (
            json!({"properties": {"k": {"type": "keyword", "copy_to": "o"}, "o": {"properties": {}}}}),
            "/properties/k/copy_to",
        ),
        (json!({"settings": {"analysis": {"analyzer": {"a": 5}}}}), "/settings/analysis/analyzer/a"),
        (json!({"properties": {"_id": {"type": "keyword"}}}), "/properties/_id"),
        (json!(5), "/"),
    ] {
        let error = Mapping::from_json(&mapping).unwrap_err();
        assert_eq!(error.place, place, "{mapping}: {error}");
    }
}
