//! Clauses of Elasticsearch and OpenSearch that are not supported, and why.

const ONE_DOCUMENT: &str = "each document is matched by itself, and this clause joins several";
const SCRIPTS: &str = "scripts are not run";
const OTHER_DOCUMENTS: &str = "it takes its terms from documents in an index, and each document is matched by itself";
const NEAREST: &str =
    "it ranks an index by nearness and keeps the top; whether one document matches depends on all others";
const PLANE: &str = "shapes on a plane are not indexed; points on the globe are, see \"geo_shape\"";
const GRID: &str = "a member is no cell of an aggregation; use the cell's corners in a \"geo_bounding_box\"";
const VECTORS: &str = "vectors are not indexed";
const QUERIES: &str = "it matches documents against stored queries, and is itself one of them here";
const BITMAPS: &str = "bitmaps are not read; list the values in \"terms\"";
const OTHER_LANGUAGE: &str = "its language is not read; write the query in \"query_string\" or in clauses";
const RANKING: &str = "it changes the order of hits and not which documents match; use the query inside it";
const MODELS: &str = "it needs a model that runs in the cluster";
const STATISTICS: &str = "it depends on the frequencies of terms in an index; use \"match\"";

/// Why a clause that a node knows is not supported; `None` for names that no node knows.
pub(super) fn reason(clause: &str) -> Option<&'static str> {
    let reason = match clause {
        "has_child" | "has_parent" | "parent_id" => ONE_DOCUMENT,
        "script" | "script_score" => SCRIPTS,
        "more_like_this" | "mlt" => OTHER_DOCUMENTS,
        "percolate" => QUERIES,
        "bitmap_terms" => BITMAPS,
        "kql" => OTHER_LANGUAGE,
        "knn" | "hybrid" => NEAREST,
        "dense_vector" => VECTORS,
        "geo_grid" => GRID,
        "shape" | "xy_shape" => PLANE,
        "pinned" | "rule" | "rule_query" => RANKING,
        "semantic" | "sparse_vector" | "text_expansion" | "weighted_tokens" | "neural" | "neural_sparse" => MODELS,
        "common" => STATISTICS,
        "type" => "mapping types are gone since Elasticsearch 8",
        "template" => "search templates are not filled in; write the query out",
        _ => return None,
    };
    Some(reason)
}
