//! `tripline token`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::Args;
use tripline::api::auth::{GENERATED_SECRET, Scopes, mint, read_secret};
use tripline::subscription::Tenant;

/// Prints a token that is signed with the secret of a server.
#[derive(Args)]
pub struct Arguments {
    /// File with the HS256 secret that the server was given.
    #[arg(long, value_name = "FILE", required_unless_present = "data_dir")]
    jwt_secret_file: Option<PathBuf>,
    /// Data directory of a server that made its own secret there.
    #[arg(long, value_name = "DIR", conflicts_with = "jwt_secret_file")]
    data_dir: Option<PathBuf>,
    /// Whose subscriptions the token opens.
    #[arg(long, value_name = "NAME")]
    tenant: String,
    /// What it allows, separated by spaces: subscriptions:read subscriptions:write members:read members:write jobs metrics
    /// admin [default: all].
    #[arg(long, value_name = "SCOPES")]
    scope: Option<String>,
    /// How long it is good for: 15m, 1h, 30days.
    #[arg(long, value_name = "DURATION", default_value = "1h")]
    ttl: humantime::Duration,
}

pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    ensure!(!arguments.tenant.is_empty(), "--tenant is empty; a name is expected");
    let generated = arguments.data_dir.map(|directory| directory.join(GENERATED_SECRET));
    let file = arguments.jwt_secret_file.or(generated).context("--jwt-secret-file or --data-dir is expected")?;
    let scopes = match &arguments.scope {
        None => Scopes::all(),
        Some(text) => Scopes::checked(text)?,
    };
    let token = mint(&read_secret(&file)?, &Tenant::from(arguments.tenant.as_str()), &scopes, *arguments.ttl)?;
    println!("{token}");
    Ok(ExitCode::SUCCESS)
}
