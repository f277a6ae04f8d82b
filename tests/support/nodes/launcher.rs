//! Builds and starts the processes of search nodes.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::blocking::Client;

use super::{Server, text};

const START_LIMIT: Duration = Duration::from_secs(300);

/// What starts nodes of one kind.
pub struct Launcher {
    server: Server,
    java: PathBuf,
    class_path: String,
}

impl Launcher {
    /// Finds Java and builds the launcher, or says what is missing.
    pub fn new(server: Server) -> Result<Self, String> {
        let java = java(server)?;
        let class_path = build(server, &java)?;
        Ok(Launcher { server, java, class_path })
    }

    /// Starts a node; it ends when its standard input closes.
    pub fn start(&self, home: &Path, port: u16, heap: &str, settings: &[String]) -> Result<Child, String> {
        let log = File::options().create(true).append(true).open(self.log()).map_err(text)?;
        Command::new(self.java.join("bin/java"))
            .args([format!("-Xms{heap}"), format!("-Xmx{heap}")])
            // A node lives for minutes: the optimizing compiler would not pay.
            .args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dlog4j2.disable.jmx=true"])
            .args(java_options(self.server))
            .args(["-cp", &self.class_path, "SearchNode"])
            .arg(home)
            .arg(port.to_string())
            .args(settings)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().map_err(text)?)
            .stderr(log)
            .spawn()
            .map_err(|error| format!("{}: {error}", self.java.display()))
    }

    /// What the nodes of this kind print.
    pub fn log(&self) -> PathBuf {
        target().join(format!("{}.log", self.server.name()))
    }
}

/// A loopback port that nobody listens on now.
pub fn free_port() -> Result<u16, String> {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(text)
}

/// Waits until the node at this address answers.
pub fn wait_until_ready(client: &Client, address: &str, process: &mut Child) -> Result<(), String> {
    let limit = Instant::now() + START_LIMIT;
    while Instant::now() < limit {
        if client.get(address).send().is_ok_and(|response| response.status().is_success()) {
            return Ok(());
        }
        if let Some(status) = process.try_wait().map_err(text)? {
            return Err(format!("the node ended with {status}"));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    let _ = process.kill();
    Err(format!("the node was not ready within {START_LIMIT:?}"))
}

fn java_versions(server: Server) -> std::ops::RangeInclusive<u32> {
    match server {
        Server::Elasticsearch9 | Server::OpenSearch3 => 21..=u32::MAX,
        // It needs the security manager, which Java 24 took away.
        Server::Elasticsearch7 => 17..=23,
    }
}

fn java_options(server: Server) -> &'static [&'static str] {
    match server {
        Server::Elasticsearch9 => &["--enable-native-access=ALL-UNNAMED", "--add-modules", "jdk.incubator.vector"],
        // As the distribution's jvm.options: months and weekdays have their English names.
        Server::Elasticsearch7 => &["-Djava.locale.providers=SPI,COMPAT"],
        Server::OpenSearch3 => &[],
    }
}

/// The home of a Java development kit that this server runs on.
fn java(server: Server) -> Result<PathBuf, String> {
    let versions = java_versions(server);
    let named = std::env::vars_os().filter(|(name, _)| name.to_string_lossy().contains("JAVA_HOME"));
    let named = named.map(|(_, home)| PathBuf::from(home));
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let roots = [PathBuf::from("/usr/lib/jvm"), PathBuf::from("/opt/java"), home.join(".sdkman/candidates/java")];
    let mut installed: Vec<PathBuf> =
        roots.iter().filter_map(|root| fs::read_dir(root).ok()).flatten().flatten().map(|entry| entry.path()).collect();
    installed.sort();
    named
        .chain(installed)
        .find(|home| java_version(home).is_some_and(|version| versions.contains(&version)))
        .ok_or_else(|| {
            format!("no Java development kit of version {} or newer found (JAVA_HOME, /usr/lib/jvm)", versions.start())
        })
}

fn java_version(home: &Path) -> Option<u32> {
    if !home.join("bin/javac").exists() {
        return None;
    }
    let release = fs::read_to_string(home.join("release")).ok()?;
    let version = release.lines().find_map(|line| line.strip_prefix("JAVA_VERSION="))?;
    version.trim_matches('"').split(['.', '-', '+']).next()?.parse().ok()
}

/// Compiles the launcher, once a checkout; gives its class path.
fn build(server: Server, java: &Path) -> Result<String, String> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/search-node");
    let folder = target().join(server.name());
    fs::create_dir_all(&folder).map_err(text)?;
    // Maven runs side by side would spoil an empty repository.
    let lock = File::create(target().join("build.lock")).map_err(text)?;
    lock.lock().map_err(text)?;

    let up_to_date = [sources.join(server.name()), sources.join("lifeline")];
    let source_text: String = up_to_date.iter().map(|folder| all_text(folder)).collect::<Result<_, _>>()?;
    let class_path_file = folder.join("class-path.txt");
    let built_from = folder.join("built-from.txt");
    if class_path_file.exists() && fs::read_to_string(&built_from).is_ok_and(|built| built == source_text) {
        return class_path(&folder, &class_path_file);
    }
    copy(&sources.join(server.name()), &folder)?;
    copy(&sources.join("lifeline"), &folder.join("src/main/java"))?;
    let output = Command::new("mvn")
        .args(["-q", "-B", "compile", "dependency:build-classpath", "-Dmdep.outputFile=class-path.txt"])
        .env("JAVA_HOME", java)
        .current_dir(&folder)
        .output()
        .map_err(|error| format!("mvn (Maven) cannot be run: {error}"))?;
    if !output.status.success() {
        return Err(format!("Maven could not build the launcher: {}", String::from_utf8_lossy(&output.stdout)));
    }
    fs::write(&built_from, source_text).map_err(text)?;
    class_path(&folder, &class_path_file)
}

fn class_path(folder: &Path, file: &Path) -> Result<String, String> {
    let dependencies = fs::read_to_string(file).map_err(text)?;
    Ok(format!("{}:{}", folder.join("target/classes").display(), dependencies.trim()))
}

/// The text of all files below a folder, to notice that one changed.
fn all_text(folder: &Path) -> Result<String, String> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).map_err(text)?.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries
        .iter()
        .map(|path| if path.is_dir() { all_text(path) } else { fs::read_to_string(path).map_err(text) })
        .collect()
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    fs::create_dir_all(to).map_err(text)?;
    for entry in fs::read_dir(from).map_err(text)?.flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target).map_err(text)?;
        }
    }
    Ok(())
}

/// The folder of the built launchers, their homes and logs.
pub fn target() -> PathBuf {
    // Examples have no folder of their own in `target`.
    let folder = option_env!("CARGO_TARGET_TMPDIR").unwrap_or(concat!(env!("CARGO_MANIFEST_DIR"), "/target/tmp"));
    Path::new(folder).with_file_name("search-node")
}
