//! How fast inputs are read. Run by hand, with files of `tests/bench/logs.py`:
//! `LOGS="a.log b.json" cargo test --release --test logs -- --ignored --nocapture throughput`

use std::fs::{self, File};
use std::time::Instant;

use lambda_slim::logs::{Place, read};

/// Runs of which the fastest counts: other processes only ever make one slower.
const RUNS: usize = 7;

/// Seconds that this thread was on a CPU, where the kernel tells: other processes take none of them.
fn cpu_seconds() -> Option<f64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: f64 = text.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds / 1e9)
}

#[test]
#[ignore = "a measurement, of files that LOGS names"]
fn throughput() {
    for path in std::env::var("LOGS").unwrap_or_default().split_whitespace() {
        let (mut best_wall, mut best_cpu) = (f64::INFINITY, f64::INFINITY);
        let mut tally = None;
        for _ in 0..RUNS {
            let mut file = File::open(path).expect("a file");
            let (start, cpu) = (Instant::now(), cpu_seconds());
            tally = Some(read(&mut file, &Place::default(), &mut |_| {}).expect("readable"));
            best_wall = best_wall.min(start.elapsed().as_secs_f64());
            best_cpu = best_cpu.min(cpu_seconds().zip(cpu).map_or(f64::INFINITY, |(after, before)| after - before));
        }
        let tally = tally.expect("was read");
        let megabytes = tally.bytes as f64 / 1e6;
        let (wall, cpu) = (megabytes / best_wall, megabytes / best_cpu);
        println!(
            "{path}: {wall:.0} MB/s, {cpu:.0} MB per CPU second ({megabytes:.0} MB, {} samples, {} malformed)",
            tally.samples, tally.malformed
        );
    }
}
