//! Field types of Elasticsearch and OpenSearch that are not supported, and why.

const AGGREGATIONS: &str = "it is for aggregations";
const VECTORS: &str = "vectors are not indexed";
const MODELS: &str = "it needs a model that runs in the cluster";
const SHAPES: &str = "shapes are not indexed";

/// Why a type that a node knows is not supported; `None` for names that no node knows.
pub(super) fn reason(kind: &str) -> Option<&'static str> {
    let reason = match kind {
        "aggregate_metric_double"
        | "histogram"
        | "exponential_histogram"
        | "tdigest"
        | "star_tree"
        | "murmur3"
        | "counted_keyword" => AGGREGATIONS,
        "dense_vector" | "sparse_vector" | "rank_vectors" | "knn_vector" => VECTORS,
        "semantic_text" | "semantic" => MODELS,
        "geo_shape" | "shape" | "point" | "xy_shape" | "xy_point" => SHAPES,
        "join" => "it joins documents, and each document is matched by itself",
        "passthrough" => "it lends its fields names of their own; map it as object, and query full paths",
        "completion" => "it is for suggestions; use text",
        "search_as_you_type" => "use text, and \"match_bool_prefix\" or \"match_phrase_prefix\"",
        "annotated_text" => "its annotations need a parser of their own; use text",
        "pattern_text" => "it is a denser match_only_text; use match_only_text",
        "icu_collation_keyword" => "it needs collation tables; use keyword with a normalizer",
        "derived" => "its values are computed by a script",
        _ => return None,
    };
    Some(reason)
}
