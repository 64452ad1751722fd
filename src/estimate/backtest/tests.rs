//! A mistyped coefficient or a bent fit fails here.

use super::data::{Row, native_rows, rows};
use super::median;
use crate::elf::Architecture;
use crate::estimate::backtest;
use crate::estimate::coefficient::PackageKind;
use crate::estimate::model::Model;

fn above_base_mb(row: &Row) -> f64 {
    (row.5 - Model::prior().platform(row.1, row.2).max_memory_used_baseline_mb).max(0.0)
}

// Section 4 of the research promises p50 within 50 % for 80 to 90 % of native functions that were not seen.
#[test]
fn families_that_were_not_seen_lie_where_it_is_promised() {
    for test in backtest(&Model::prior()).families {
        assert!(test.functions >= 15, "{test:?}");
        assert!(test.within_half_percent >= 80.0, "{test:?}");
        assert!(test.covered_percent >= 70.0, "{test:?}");
        assert!(test.p50_error_median_percent <= 20.0, "{test:?}");
    }
}

#[test]
fn half_years_ahead_are_near() {
    for test in backtest(&Model::prior()).drift {
        assert!(test.p50_error_median_percent <= 10.0 && test.p50_error_p90_percent <= 30.0, "{test:?}");
    }
}

// The strip pair: nothing that is touched changes, so nothing may be promised.
#[test]
fn stripping_predicts_no_change_of_init() {
    for test in backtest(&Model::prior()).experiments.iter().filter(|test| test.what.contains("strip=true")) {
        assert!(test.predicted_ms.p50 == 0.0 && test.predicted_ms.p10 > -0.5, "{test:?}");
        // The images became faster by 1.1 and 0.3 ms, within what their half years differ by.
        assert!(test.covered || test.platform.starts_with("image"), "{test:?}");
    }
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
