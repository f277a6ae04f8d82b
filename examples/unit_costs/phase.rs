//! What something cost: processor time of the cluster, and of this process.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::Context;

use super::cluster::Cluster;

/// Processor time of one thing, in microseconds.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    pub tripline_us: f64,
    pub cluster_us: f64,
}

impl Cost {
    pub fn times(self, factor: f64) -> Cost {
        Cost { tripline_us: self.tripline_us * factor, cluster_us: self.cluster_us * factor }
    }

    /// Not less than nothing: measured differences may be.
    pub fn less(self, other: &Cost) -> Cost {
        Cost {
            tripline_us: (self.tripline_us - other.tripline_us).max(0.0),
            cluster_us: (self.cluster_us - other.cluster_us).max(0.0),
        }
    }
}

/// Reads both clocks.
pub struct Meter<'c> {
    pub cluster: &'c Cluster,
}

impl Meter<'_> {
    /// Does something to so many things; the cost of one of them, with what the cluster still has to write of it.
    pub fn measure(&self, things: usize, work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<Cost> {
        let (began, cluster, tripline) = (Instant::now(), self.cluster.processor_time()?, own_processor_time()?);
        work()?;
        let tripline = own_processor_time()? - tripline;
        self.cluster.flush()?;
        let cluster = self.cluster.processor_time()? - cluster;
        eprintln!("{things} in {:?}: tripline {tripline:?}, cluster {cluster:?}", began.elapsed());
        let each = |time: Duration| time.as_secs_f64() * 1e6 / things as f64;
        Ok(Cost { tripline_us: each(tripline), cluster_us: each(cluster) })
    }

    /// The cost of a second in which nothing is done.
    pub fn idle(&self, time: Duration) -> anyhow::Result<Cost> {
        let (cluster, tripline) = (self.cluster.processor_time()?, own_processor_time()?);
        std::thread::sleep(time);
        let a_second = |spent: Duration| spent.as_secs_f64() * 1e6 / time.as_secs_f64();
        Ok(Cost {
            tripline_us: a_second(own_processor_time()? - tripline),
            cluster_us: a_second(self.cluster.processor_time()? - cluster),
        })
    }
}

/// Processor time of all threads of this process.
fn own_processor_time() -> anyhow::Result<Duration> {
    processor_time_of("self")
}

/// Processor time of all threads of a process, to the hundredth of a second.
pub fn processor_time_of(process: &str) -> anyhow::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // Behind the name, which may hold anything, the fields count from 3; user and system time are 14 and 15, in ticks.
    let fields = stat.rsplit_once(')').context("the process's fields have no name")?.1;
    let ticks: Vec<u64> = fields.split_whitespace().skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok(Duration::from_millis(10) * u32::try_from(ticks.iter().sum::<u64>())?)
}
