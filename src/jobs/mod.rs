//! Work on many members at once: streams of updates coming in, files of documents going out.

pub mod bulk_collect;
pub mod ingest;
