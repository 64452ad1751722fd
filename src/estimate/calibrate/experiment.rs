//! The experiment in AWS that settles what public data leave open: what a zipped and an unzipped MB cost before INIT.

/// A shell script that deploys a function's package with padding of several sizes, starts each many times at once, and fetches
/// logs and traces for `calibrate`. It is printed, never run.
#[must_use]
pub const fn experiment() -> &'static str {
    include_str!("experiment.sh")
}
