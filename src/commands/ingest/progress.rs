//! How far a file is: a bar with rate and remaining time on a terminal, a line now and then elsewhere.

use std::cell::Cell;
use std::io::{IsTerminal, Read};
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use tripline::jobs::ingest::Tally;

/// How often a line is written where there is no terminal.
const LINE_EACH: Duration = Duration::from_secs(5);

/// The progress of one file.
pub struct Progress {
    name: String,
    bar: ProgressBar,
    on_terminal: bool,
    started: Instant,
    last_line: Cell<Instant>,
}

impl Progress {
    /// `bytes` is the file's size, where it is known.
    pub fn new(path: &Path, bytes: Option<u64>) -> Self {
        let on_terminal = std::io::stderr().is_terminal();
        let bar = match (on_terminal, bytes) {
            (false, _) => ProgressBar::hidden(),
            (true, Some(bytes)) => ProgressBar::new(bytes)
                .with_style(style("{prefix} {bar:30} {percent}% of {total_bytes}, {msg}, {eta} left")),
            (true, None) => ProgressBar::no_length().with_style(style("{prefix} {spinner} {bytes}, {msg}")),
        };
        let name = path.display().to_string();
        let now = Instant::now();
        Progress { bar: bar.with_prefix(name.clone()), name, on_terminal, started: now, last_line: Cell::new(now) }
    }

    /// Counts the bytes that are read.
    pub fn watch<R: Read>(&self, source: R) -> impl Read + use<R> {
        self.bar.wrap_read(source)
    }

    /// Writes a line that stays.
    pub fn say(&self, line: &str) {
        self.bar.suspend(|| eprintln!("{line}"));
    }

    /// After each commit.
    pub fn update(&self, tally: &Tally) {
        let rate = tally.received as f64 / self.started.elapsed().as_secs_f64().max(f64::EPSILON);
        let state = format!("{} lines, {rate:.0} a second", tally.received);
        if self.on_terminal {
            self.bar.set_message(state);
        } else if self.last_line.get().elapsed() >= LINE_EACH {
            self.last_line.set(Instant::now());
            eprintln!("{}: {state}", self.name);
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    // The templates above are right; a plain bar is no worse than none.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
