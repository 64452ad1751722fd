//! The prior against the data it was read from: a mistyped coefficient or a bent fit fails here.
//!
//! `lambda_perf_prior.json` holds aggregates of lambda-perf (Apache-2.0, Maxime David and contributors; see `prior`).

use serde::Deserialize;

use super::model::{Model, PackageKind};
use crate::elf::Architecture;

#[derive(Deserialize)]
struct Prior {
    rows: Vec<Row>,
}

/// Function, package, architecture, samples, INIT quantiles (p5 p10 p25 p50 p75 p90 p95 p99), memory used in MB,
/// INIT by memory (128, 256, 512, 1024 MB), first call by memory.
#[derive(Deserialize)]
struct Row(String, PackageKind, Architecture, u32, [f64; 8], f64, [f64; 4], [f64; 4]);

impl Row {
    const P50: usize = 3;
    const P90: usize = 5;
    const P99: usize = 7;

    fn is_native(&self) -> bool {
        let families = ["rust", "cpp", "go_", "graalvm", "quarkus", "swift", "bun"];
        self.0.contains("_aot_") || families.iter().any(|family| self.0.starts_with(family))
    }
}

fn rows() -> Vec<Row> {
    let prior: Prior =
        serde_json::from_str(include_str!("lambda_perf_prior.json")).expect("the embedded data has the layout of Row");
    prior.rows
}

fn native_rows() -> Vec<Row> {
    rows().into_iter().filter(Row::is_native).collect()
}

/// Memory that lambda-perf reports for the smallest functions, in MB: the base of its fits.
fn base_mb(row: &Row) -> f64 {
    match (row.1, row.2) {
        (PackageKind::Zip, Architecture::X86_64) => 15.1,
        (PackageKind::Zip, Architecture::Arm64) => 15.0,
        (PackageKind::Image, Architecture::X86_64) => 17.3,
        (PackageKind::Image, Architecture::Arm64) => 17.0,
    }
}

fn above_base_mb(row: &Row) -> f64 {
    (row.5 - base_mb(row)).max(0.0)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[test]
fn floor_is_the_hello_world_of_each_platform() {
    let model = Model::prior();
    let mut seen = 0;
    for row in rows().iter().filter(|row| row.0 == "rust_on_provided_al2023") {
        let floor = model.platform(row.1, row.2).init_floor.value;
        assert_eq!(floor.p50, row.4[Row::P50], "{} {}", row.1, row.2);
        assert!(row.3 > 5000, "{} samples", row.3);
        seen += 1;
    }
    assert_eq!(seen, 4);
}

#[test]
fn native_functions_lie_within_the_scatter_of_floor_and_slope() {
    let model = Model::prior();
    let native = native_rows();
    let inside = native.iter().filter(|row| {
        let platform = model.platform(row.1, row.2);
        let fit = platform.init_floor.value.p50 + platform.init_per_touched_mb.value.p50 * above_base_mb(row);
        let scatter = model.shared.init_scatter.value;
        (fit * scatter.p10..=fit * scatter.p90).contains(&row.4[Row::P50])
    });
    let share = inside.count() as f64 / native.len() as f64;
    assert!(share >= 0.8, "{share} of {} functions", native.len());
}

#[test]
fn tails_are_centred_on_the_native_functions() {
    let model = Model::prior();
    for package in [PackageKind::Zip, PackageKind::Image] {
        for architecture in [Architecture::X86_64, Architecture::Arm64] {
            let platform = model.platform(package, architecture);
            for (tail, quantile) in [(&platform.tail_p90, Row::P90), (&platform.tail_p99, Row::P99)] {
                let ratios: Vec<f64> = native_rows()
                    .iter()
                    .filter(|row| (row.1, row.2) == (package, architecture))
                    .map(|row| {
                        let fit = tail.base.value.p50 + tail.per_touched_mb.value.p50 * above_base_mb(row);
                        (row.4[quantile] - row.4[Row::P50]) / fit
                    })
                    .collect();
                let centre = median(ratios);
                assert!((0.85..=1.2).contains(&centre), "{package} {architecture}: {centre}");
            }
        }
    }
}

// The finding that keeps the memory setting out of INIT.
#[test]
fn init_of_native_functions_does_not_depend_on_memory() {
    for row in native_rows().iter().filter(|row| row.1 == PackageKind::Zip) {
        let ratio = row.6[3] / row.6[0];
        assert!((0.95..=1.06).contains(&ratio), "{} {}: {ratio}", row.0, row.2);
    }
}

#[test]
fn first_call_of_a_trivial_handler_is_the_floor_at_every_memory_setting() {
    let model = Model::prior();
    for row in rows().iter().filter(|row| row.0.starts_with("rust")) {
        let floor = model.platform(row.1, row.2).first_call_floor.value;
        for observed in row.7 {
            assert!((floor.p10..=floor.p90).contains(&observed), "{} {}: {observed}", row.1, row.2);
        }
    }
}

#[test]
fn arm_factor_agrees_with_the_floors() {
    let model = Model::prior();
    let factor = model.shared.arm_factor.value;
    let ratio = model.zip_arm64.init_floor.value.p50 / model.zip_x86_64.init_floor.value.p50;
    assert!((factor.p10..=factor.p90).contains(&ratio), "{ratio}");
}
