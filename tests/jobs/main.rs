//! Reindex jobs and exports, over files and real clusters, in this process and in one that is killed.

mod files;
mod missing;
mod options;
mod shop;
