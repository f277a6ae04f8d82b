//! Reads the sources, strongest last, and remembers which of them each value came from.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use figment::providers::{Format, Serialized, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::settings::value_at;
use super::{Backend, Config, JwtAlgorithm, SETTINGS};

/// The file that is read where none is named and this one exists.
const DEFAULT_FILE: &str = "tripline.toml";

/// Variables that begin as settings do but belong to commands (`TRIPLINE_URL` and `TRIPLINE_TOKEN` of `ingest`).
const NO_SETTINGS: [&str; 4] = ["TRIPLINE_CONFIG", "TRIPLINE_URL", "TRIPLINE_TOKEN", "TRIPLINE_WRITE_DOCS"];

/// Kubernetes puts such variables into every pod beside a service named `tripline`.
const SERVICE_LINKS: [&str; 2] = ["TRIPLINE_SERVICE_", "TRIPLINE_PORT"];

/// A wrong setting.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// No such setting.
    #[error("unknown setting {name:?} ({origin}){suggestion}")]
    Unknown { name: String, origin: String, suggestion: String },
    /// A value that the setting cannot take.
    #[error("wrong setting {name:?} ({origin}): {reason}")]
    Wrong { name: String, origin: String, reason: String },
    /// The file cannot be read.
    #[error("cannot read the configuration file {path:?}: {source}")]
    Unreadable { path: PathBuf, source: std::io::Error },
    /// The file is no TOML.
    #[error("the configuration file {path:?} is not valid TOML: {reason}")]
    NotToml { path: PathBuf, reason: String },
}

/// Where settings come from besides the defaults.
#[derive(Debug, Default)]
pub struct Sources {
    /// The file named by `--config`; `None` reads `tripline.toml` of the working directory where it exists.
    pub file: Option<PathBuf>,
    /// The process's environment variables, all of them.
    pub environment: Vec<(String, String)>,
    /// What the command line gave.
    pub flags: Vec<Given>,
}

impl Sources {
    /// The given file and flags, and the environment of this process.
    pub fn of_this_process(file: Option<PathBuf>, flags: Vec<Given>) -> Self {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Sources { file, environment, flags }
    }
}

/// One value given by one variable or flag.
#[derive(Debug, Clone)]
pub struct Given {
    origin: String,
    name: String,
    value: Value,
}

impl Given {
    /// A value given by a flag, for the setting that has this flag.
    pub fn by_flag(flag: &str, value: impl Into<Value>) -> Self {
        let name = SETTINGS.iter().find(|setting| setting.flag == Some(flag)).map_or(flag, |setting| setting.name);
        Given { origin: format!("flag {flag}"), name: name.to_owned(), value: value.into() }
    }

    fn by_variable(variable: &str, value: &str) -> Self {
        let name = variable.trim_start_matches("TRIPLINE_").to_lowercase().replace("__", ".");
        // Figment reads numbers, booleans, [lists] and quoted text as TOML does, and takes all else as text.
        let value = value.parse().unwrap_or_else(|never: std::convert::Infallible| match never {});
        Given { origin: format!("environment variable {variable}"), name, value }
    }
}

impl Provider for Given {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.clone())
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        Serialized::default(&self.name, &self.value).data()
    }
}

/// A configuration and where each of its values came from.
#[derive(Debug)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    values: Figment,
}

/// Reads and checks all settings.
///
/// # Errors
///
/// The first unknown or wrong setting, with its name and source.
pub fn load(sources: Sources) -> Result<Loaded, ConfigError> {
    let mut values = Figment::from(Serialized::defaults(Config::default()));
    if let Some(path) = file(sources.file)? {
        values = values.merge(Toml::file_exact(path));
    }
    for (variable, value) in &sources.environment {
        let sets_something = variable.starts_with("TRIPLINE_")
            && !NO_SETTINGS.contains(&variable.as_str())
            && !SERVICE_LINKS.iter().any(|prefix| variable.starts_with(prefix));
        if sets_something {
            values = values.merge(Given::by_variable(variable, value));
        }
    }
    for flag in sources.flags {
        values = values.merge(flag);
    }
    refuse_unknown(&values)?;
    let config: Config = values.extract().map_err(|error| wrong(&values, error))?;
    let loaded = Loaded { config, values };
    loaded.check()?;
    Ok(loaded)
}

fn file(named: Option<PathBuf>) -> Result<Option<PathBuf>, ConfigError> {
    let Some(path) = named.or_else(|| Path::new(DEFAULT_FILE).is_file().then(|| PathBuf::from(DEFAULT_FILE))) else {
        return Ok(None);
    };
    let text =
        std::fs::read_to_string(&path).map_err(|source| ConfigError::Unreadable { path: path.clone(), source })?;
    match Toml::from_str::<Dict>(&text) {
        Ok(_) => Ok(Some(path)),
        Err(error) => Err(ConfigError::NotToml { path, reason: error.to_string().trim_end().to_owned() }),
    }
}

fn refuse_unknown(values: &Figment) -> Result<(), ConfigError> {
    let all: Dict = values.extract().map_err(|error| wrong(values, error))?;
    let mut names = Vec::new();
    leaves("", &all, &mut names);
    let unknown = names.into_iter().find(|name| !is_setting_or_section(name));
    match unknown {
        None => Ok(()),
        Some(name) => {
            let suggestion = nearest(&name).map(|known| format!("; did you mean {known:?}?")).unwrap_or_default();
            Err(ConfigError::Unknown { origin: origin(values, &name), name, suggestion })
        }
    }
}

fn leaves(prefix: &str, dict: &Dict, names: &mut Vec<String>) {
    for (key, value) in dict {
        let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            Value::Dict(_, inner) if !inner.is_empty() => leaves(&name, inner, names),
            _ => names.push(name),
        }
    }
}

/// A section stands for its settings: where it is given a plain value, reading it says what is wrong. What stands in a source has
/// a name of the operator's before it, and is checked when it is read.
fn is_setting_or_section(name: &str) -> bool {
    name.starts_with("sources.")
        || SETTINGS.iter().any(|setting| {
            setting.name == name || setting.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
        })
}

fn nearest(name: &str) -> Option<&'static str> {
    const LEAST_SIMILARITY: f64 = 0.7;
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    // A setting in the wrong section is found by its last part.
    let similarity = |known: &str| {
        strsim::normalized_levenshtein(known, name).max(strsim::normalized_levenshtein(&last(known), &last(name)))
    };
    SETTINGS
        .iter()
        .map(|setting| (similarity(setting.name), setting.name))
        .filter(|(similarity, _)| *similarity >= LEAST_SIMILARITY)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known)
}

fn wrong(values: &Figment, error: figment::Error) -> ConfigError {
    let name = error.path.join(".");
    let reason = error.kind.to_string();
    ConfigError::Wrong { origin: origin(values, &name), name, reason }
}

fn origin(values: &Figment, name: &str) -> String {
    match values.find_metadata(name) {
        None => "default".to_owned(),
        Some(metadata) => match metadata.source.as_ref().and_then(|source| source.file_path()) {
            Some(path) => format!("file {}", path.display()),
            None if metadata.name.contains("Config") => "default".to_owned(),
            None => metadata.name.to_string(),
        },
    }
}

impl Loaded {
    /// Every setting with its value and origin, a line each, as a valid TOML file.
    pub fn print(&self) -> String {
        let values = serde_json::to_value(&self.config).unwrap_or_default();
        let mut lines = String::new();
        for setting in SETTINGS {
            self.print_value(setting.name, value_at(&values, setting.name), &mut lines);
        }
        lines
    }

    fn print_value(&self, name: &str, value: Option<&serde_json::Value>, lines: &mut String) {
        // A value of JSON that is neither null nor an object is a value of TOML; writing to a String cannot fail.
        let _ = match value {
            None | Some(serde_json::Value::Null) => writeln!(lines, "# {name} is not set"),
            Some(serde_json::Value::Object(inner)) if !inner.is_empty() => {
                for (key, value) in inner {
                    self.print_value(&format!("{name}.{key}"), Some(value), lines);
                }
                Ok(())
            }
            Some(value) => writeln!(lines, "{name} = {value}  # {}", origin(&self.values, name)),
        };
    }

    fn check(&self) -> Result<(), ConfigError> {
        let jwt = &self.config.jwt;
        match (jwt.algorithm, &jwt.secret_file, &jwt.public_key_file) {
            (JwtAlgorithm::HS256, _, None) => {}
            (JwtAlgorithm::HS256, _, Some(_)) => {
                return Err(self.wrong(
                    "jwt.public_key_file",
                    "HS256 has no public key; set jwt.algorithm to RS256, ES256 or EdDSA",
                ));
            }
            (_, Some(_), _) => {
                return Err(self.wrong("jwt.secret_file", "only HS256 has a secret; set jwt.public_key_file instead"));
            }
            (_, None, None) => {
                return Err(self.wrong("jwt.algorithm", "this algorithm needs jwt.public_key_file"));
            }
            (_, None, Some(_)) => {}
        }
        if self.config.limits.body_memory_bytes < self.config.limits.body_bytes {
            return Err(self.wrong("limits.body_memory_bytes", "at least limits.body_bytes is expected"));
        }
        if let Some((name, reason)) = self.config.elasticsearch.fault() {
            return Err(self.wrong(name, &reason));
        }
        match (self.config.store, self.config.percolator) {
            (Backend::Elasticsearch, _) if self.config.elasticsearch.urls.is_empty() => {
                return Err(self.wrong("store", "a cluster as store needs elasticsearch.urls (--elasticsearch-url)"));
            }
            (Backend::Embedded, Backend::Elasticsearch) => {
                return Err(self.wrong("percolator", "a cluster percolates only what it stores; set store too"));
            }
            _ => {}
        }
        for (name, source) in &self.config.sources {
            if let Some(reason) = source.fault() {
                return Err(self.wrong(&format!("sources.{name}"), &reason));
            }
        }
        if let Err(error) = tracing_subscriber::EnvFilter::try_new(&self.config.log.filter) {
            return Err(self.wrong("log.filter", &error.to_string()));
        }
        Ok(())
    }

    fn wrong(&self, name: &str, reason: &str) -> ConfigError {
        ConfigError::Wrong { name: name.to_owned(), origin: origin(&self.values, name), reason: reason.to_owned() }
    }
}

#[cfg(test)]
mod tests;
