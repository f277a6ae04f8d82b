//! How far a job is: a bar on a terminal, a line now and then elsewhere.

use std::cell::Cell;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use tripline::jobs::reindex::{Figures, JobReport};

use super::remote::RemoteJob;

/// How often a line is written where there is no terminal.
const LINE_EACH: Duration = Duration::from_secs(5);

/// The bar counts in thousandths, for the parts of a source have different units.
const WHOLE: u128 = 1_000;

pub struct Progress {
    bar: ProgressBar,
    on_terminal: bool,
    last_line: Cell<Instant>,
}

impl Progress {
    pub fn new() -> Self {
        let on_terminal = std::io::stderr().is_terminal();
        // The template is right; a plain bar is no worse than none.
        let style =
            ProgressStyle::with_template("{bar:30} {percent}% {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = if on_terminal { ProgressBar::new(1_000).with_style(style) } else { ProgressBar::hidden() };
        Progress { bar, on_terminal, last_line: Cell::new(Instant::now()) }
    }

    pub fn update(&self, report: &JobReport) {
        let parts = report.job.parts.iter().map(|part| (part.read, part.size));
        let pace = report.pace.unwrap_or_default();
        let figures = &report.job.figures;
        self.show(parts, figures, pace.members_per_second, pace.remaining_seconds, report.waiting.as_deref());
    }

    pub fn update_remote(&self, job: &RemoteJob) {
        let parts = job.parts.iter().map(|part| (part.read, part.size));
        let pace = job.members_per_second.unwrap_or_default();
        self.show(parts, &job.figures, pace, job.remaining_seconds, job.waiting.as_deref());
    }

    fn show(
        &self,
        parts: impl Iterator<Item = (u64, u64)>,
        figures: &Figures,
        pace: f64,
        remaining: Option<f64>,
        waiting: Option<&str>,
    ) {
        let (read, size) =
            parts.fold((0, 0), |(reads, sizes), (read, size)| (reads + u128::from(read), sizes + u128::from(size)));
        let thousandths = (read * WHOLE).checked_div(size).unwrap_or(WHOLE).min(WHOLE);
        let Figures { received, changed, notified, rejected, .. } = figures;
        let mut state =
            format!("{received} members, {pace:.0}/s, {changed} changed, {notified} notified, {rejected} rejected");
        if let Some(left) = remaining.and_then(|seconds| Duration::try_from_secs_f64(seconds.round()).ok()) {
            state += &format!(", {} left", humantime::format_duration(left));
        }
        if let Some(reason) = waiting {
            state += &format!("; waits: {reason}");
        }
        if self.on_terminal {
            self.bar.set_position(u64::try_from(thousandths).unwrap_or_default());
            self.bar.set_message(state);
        } else if self.last_line.get().elapsed() >= LINE_EACH {
            self.last_line.set(Instant::now());
            eprintln!("{}%: {state}", thousandths / 10);
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
