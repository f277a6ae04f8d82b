//! One file a command; each turns its arguments into calls of the library and prints what came of them.

mod demo;
mod diff;
mod explain;
mod export;
mod ingest;
mod input;
mod match_documents;
mod reindex;
mod serve;
mod token;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Notices when people really change position, and tells those who asked.
#[derive(Parser)]
#[command(version, about)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server.
    Serve(serve::Arguments),
    /// Run the whole path once, on this machine, and show what happened.
    Demo(demo::Arguments),
    /// Mint a bearer token.
    Token(token::Arguments),
    /// Send member updates from files to a server or into a data directory.
    Ingest(ingest::Arguments),
    /// Read every member of an index or of files, detect real changes, and notify.
    Reindex(Box<reindex::Arguments>),
    /// Write every member with all that is known of it into a file.
    Export(export::Arguments),
    /// Match documents against stored queries.
    Match(match_documents::Arguments),
    /// Compare two versions of members and print the position changes.
    Diff(diff::Arguments),
    /// Explain clause by clause why a document matches a query or not.
    Explain(explain::Arguments),
}

/// Runs the command; what it could not do goes to standard error, with exit code 1 unless the command chose another.
pub fn run(command_line: CommandLine) -> ExitCode {
    let result = match command_line.command {
        Command::Serve(arguments) => serve::run(arguments),
        Command::Demo(arguments) => demo::run(arguments),
        Command::Token(arguments) => token::run(arguments),
        Command::Ingest(arguments) => ingest::run(arguments),
        Command::Reindex(arguments) => reindex::run(*arguments),
        Command::Export(arguments) => export::run(arguments),
        Command::Match(arguments) => match_documents::run(arguments),
        Command::Diff(arguments) => diff::run(arguments),
        Command::Explain(arguments) => explain::run(arguments),
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
