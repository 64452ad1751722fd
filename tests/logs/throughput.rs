//! How fast inputs are read. Run by hand, with files of `tests/bench/logs.py`:
//! `LOGS="a.log b.json" cargo test --release --test logs -- --ignored --nocapture throughput`

use std::fs::File;
use std::time::Instant;

use lambda_slim::logs::{Place, read};

/// Runs of which the fastest counts: other processes only ever make one slower.
const RUNS: usize = 7;

#[test]
#[ignore = "a measurement, of files that LOGS names"]
fn throughput() {
    for path in std::env::var("LOGS").unwrap_or_default().split_whitespace() {
        let mut best = f64::INFINITY;
        let mut tally = None;
        for _ in 0..RUNS {
            let mut file = File::open(path).expect("a file");
            let start = Instant::now();
            tally = Some(read(&mut file, &Place::default(), &mut |_| {}).expect("readable"));
            best = best.min(start.elapsed().as_secs_f64());
        }
        let tally = tally.expect("was read");
        let (megabytes, samples, bad) = (tally.bytes as f64 / 1e6, tally.samples, tally.malformed);
        println!("{path}: {:.0} MB/s ({megabytes:.0} MB, {samples} samples, {bad} malformed)", megabytes / best);
    }
}
