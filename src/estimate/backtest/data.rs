//! The aggregates of lambda-perf.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::elf::Architecture;
use crate::estimate::coefficient::PackageKind;

#[derive(Deserialize)]
struct Prior {
    rows: Vec<Row>,
    drift: Vec<Drift>,
}

/// Function, package, architecture, samples, INIT quantiles (p5 p10 p25 p50 p75 p90 p95 p99), memory used in MB,
/// INIT by memory (128, 256, 512, 1024 MB), first call by memory.
#[derive(Deserialize)]
pub(super) struct Row(
    pub(super) String,
    pub(super) PackageKind,
    pub(super) Architecture,
    pub(super) u32,
    pub(super) [f64; 8],
    pub(super) f64,
    pub(super) [f64; 4],
    pub(super) [f64; 4],
);

/// Function, package, architecture, p50 and p90 of INIT by half year.
#[derive(Deserialize)]
pub(super) struct Drift(
    pub(super) IgnoredAny,
    pub(super) PackageKind,
    pub(super) Architecture,
    pub(super) BTreeMap<String, [f64; 2]>,
);

/// The four platforms, in the order of tables.
pub(super) const PLATFORMS: [(PackageKind, Architecture); 4] = [
    (PackageKind::Zip, Architecture::X86_64),
    (PackageKind::Zip, Architecture::Arm64),
    (PackageKind::Image, Architecture::X86_64),
    (PackageKind::Image, Architecture::Arm64),
];

impl Row {
    pub(super) const P50: usize = 3;
    pub(super) const P90: usize = 5;
    pub(super) const P99: usize = 7;

    pub(super) fn p50(&self) -> f64 {
        self.4[Self::P50]
    }

    /// Language family of a native function; `None` for interpreters and virtual machines.
    pub(super) fn family(&self) -> Option<&'static str> {
        if self.0.contains("_aot_") {
            return Some("dotnet aot");
        }
        ["rust", "cpp", "go_", "graalvm", "quarkus", "swift", "bun"]
            .into_iter()
            .find(|family| self.0.starts_with(family))
    }

    pub(super) fn is_native(&self) -> bool {
        self.family().is_some()
    }
}

fn prior() -> Prior {
    serde_json::from_str(include_str!("../lambda_perf_prior.json")).expect("the embedded data has the layout of Row")
}

pub(super) fn rows() -> Vec<Row> {
    prior().rows
}

pub(super) fn native_rows() -> Vec<Row> {
    rows().into_iter().filter(Row::is_native).collect()
}

pub(super) fn drift() -> Vec<Drift> {
    prior().drift
}
