//! Runs a target until its time is over, under a watch.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cases;
use crate::corpus::{self, Theme};
use crate::mutate::Mutator;
use crate::random::Random;
use crate::shrink::shrunk;

/// Each target, unless `TRIPLINE_FUZZ_SECONDS` says otherwise: all of them take a minute of two cores at most.
const SECONDS: u64 = 8;
/// No case may take longer. It is a watch and no measurement: a case takes a few milliseconds, and what expands without bound
/// takes forever.
const LONGEST_CASE: Duration = Duration::from_secs(60);
/// In bytes: reading a document takes a time in proportion to it, which is no news.
const LARGEST_CASE: usize = 200_000;
const SEED: u64 = 20_261_124;

type Make = fn(&mut Random, &[Theme], &Mutator<'_>) -> Value;

/// Makes cases and checks them.
pub fn target(name: &'static str, make: Make) {
    let seed = setting("TRIPLINE_FUZZ_SEED").unwrap_or(SEED);
    let end = Instant::now() + Duration::from_secs(setting("TRIPLINE_FUZZ_SECONDS").unwrap_or(SECONDS));
    let current = Arc::new(Mutex::new(Value::Null));
    let (beat, beats) = mpsc::channel();
    let worker = std::thread::spawn({
        let current = Arc::clone(&current);
        move || {
            let themes = corpus::themes();
            let mutator = Mutator::new(&themes);
            let mut number = 0;
            while Instant::now() < end {
                // A case is made from its own seed, so that it can be made again.
                let case = make(&mut Random::new(seed.wrapping_add(number)), &themes, &mutator);
                if case.to_string().len() > LARGEST_CASE {
                    number += 1;
                    continue;
                }
                current.lock().expect("nobody panics with it").clone_from(&case);
                if let Err(reason) = checked(&case) {
                    let small = shrunk(case, |smaller| checked(smaller).is_err());
                    let reason = checked(&small).err().unwrap_or(reason);
                    panic!("{name}, TRIPLINE_FUZZ_SEED={}: {reason}\n{small}", seed.wrapping_add(number));
                }
                number += 1;
                if beat.send(()).is_err() {
                    return number;
                }
            }
            number
        }
    });
    loop {
        match beats.recv_timeout(LONGEST_CASE) {
            Ok(()) => {}
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                let case = current.lock().expect("nobody panics with it");
                panic!("{name}: a case goes on for more than {LONGEST_CASE:?}: {case}");
            }
        }
    }
    match worker.join() {
        Ok(cases) => println!("{name}: {cases} cases"),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

fn checked(case: &Value) -> Result<(), String> {
    let checked = catch_unwind(AssertUnwindSafe(|| cases::check(case)));
    checked.unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        Err(format!(
            "a panic: {}",
            said.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
        ))
    })
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
