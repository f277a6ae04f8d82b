//! Work on many members at once: streams of updates coming in, whole sources taken in as jobs, files of documents going out.

pub mod bulk_collect;
pub mod export;
pub mod ingest;
pub mod reindex;
