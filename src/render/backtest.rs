//! How far the model is off where the truth is known.

use super::document::{Document, Tone};
use super::human;
use super::table::{Cell, Column, Field, Table};
use crate::estimate::{Backtest, DriftTest, ExperimentTest, FamilyTest};

pub(super) fn document(test: &Backtest) -> Document {
    let mut document = Document::default();
    document.title(format!("Back-test of model {}", test.model));
    document.paragraph(
        Tone::Dim,
        "Observations: aggregates of lambda-perf (Apache-2.0, Maxime David and contributors), 2026-03-01 to 2026-08-22; errors in \
         percent of what was observed.",
    );
    document.caption("INIT of native functions, each language family predicted by a fit that has not seen it");
    document.table(families(&test.families));
    document.paragraph(
        Tone::Dim,
        "Promised: p50 within 50 % for 80 to 90 % of functions that were not calibrated; the 80 % interval should hold 80 %. 'init' \
         is INIT at 1024 MB over INIT at 128 MB, 'first call' the first call at 128 MB over that at 256 MB, where it takes 20 ms.",
    );
    document.caption("INIT of the same function in the next half year, predicted from the one before");
    document.table(drift(&test.drift));
    document.paragraph(
        Tone::Dim,
        "Promised for a month ahead: p50 off by 1.5 % (zip) and 3.2 % (image) in the median, nine of ten within 9 %; p90 off by 2.2 % \
         and 5.1 %. The data here have half years alone, and functions changed within them.",
    );
    document.caption("Changes of one function whose effect on INIT is public");
    document.table(experiments(&test.experiments));
    document
}

fn percent(number: f64) -> Cell {
    Cell::Figure(human::decimal(number))
}

fn families(tests: &[FamilyTest]) -> Table {
    let fields: Vec<Field<FamilyTest>> = vec![
        Field::new(Column::name("platform"), |test: &FamilyTest| {
            Cell::Text(format!("{} {}", test.package, test.architecture))
        }),
        Field::new(Column::plain("functions", 2), |test: &FamilyTest| Cell::Count(test.functions.into())),
        Field::new(Column::plain("starts", 4), |test: &FamilyTest| Cell::Count(test.samples.into())),
        Field::new(Column::plain("p50 off, %", 0), |test: &FamilyTest| percent(test.p50_error_median_percent)),
        Field::new(Column::plain("1 in 10, %", 0), |test: &FamilyTest| percent(test.p50_error_p90_percent)),
        Field::new(Column::plain("within 50 %", 2), |test: &FamilyTest| percent(test.within_half_percent)),
        Field::new(Column::plain("in interval, %", 0), |test: &FamilyTest| percent(test.covered_percent)),
        Field::new(Column::plain("p90 off, %", 1), |test: &FamilyTest| percent(test.p90_error_median_percent)),
        Field::new(Column::plain("p99 off, %", 1), |test: &FamilyTest| percent(test.p99_error_median_percent)),
        Field::new(Column::plain("init", 5), |test: &FamilyTest| {
            Cell::Figure(format!("{:.3}", test.init_at_1024_over_128_mb))
        }),
        Field::new(Column::plain("first call", 5), |test: &FamilyTest| {
            test.first_call_at_128_over_256_mb.map_or(Cell::Unknown, |ratio| Cell::Figure(format!("{ratio:.2}")))
        }),
        Field::new(Column::words("furthest off", 3), |test: &FamilyTest| {
            Cell::Text(format!("{} ({:+.0} %)", test.worst, test.worst_error_percent))
        }),
    ];
    Table::of(tests.iter().cloned(), &fields)
}

fn drift(tests: &[DriftTest]) -> Table {
    let fields: Vec<Field<DriftTest>> = vec![
        Field::new(Column::name("platform"), |test: &DriftTest| {
            Cell::Text(format!("{} {}", test.package, test.architecture))
        }),
        Field::new(Column::plain("pairs", 2), |test: &DriftTest| Cell::Count(test.pairs.into())),
        Field::new(Column::plain("p50 off, %", 0), |test: &DriftTest| percent(test.p50_error_median_percent)),
        Field::new(Column::plain("1 in 10, %", 0), |test: &DriftTest| percent(test.p50_error_p90_percent)),
        Field::new(Column::plain("in a month's interval, %", 1), |test: &DriftTest| percent(test.covered_percent)),
        Field::new(Column::plain("p90 off, %", 0), |test: &DriftTest| percent(test.p90_error_median_percent)),
    ];
    Table::of(tests.iter().cloned(), &fields)
}

fn experiments(tests: &[ExperimentTest]) -> Table {
    let fields: Vec<Field<ExperimentTest>> = vec![
        Field::new(Column::name("change"), |test: &ExperimentTest| Cell::Text(test.what.clone())),
        Field::new(Column::words("platform", 1), |test: &ExperimentTest| Cell::Text(test.platform.clone())),
        Field::new(Column::plain("predicted, ms", 0), |test: &ExperimentTest| {
            Cell::Figure(human::interval(test.predicted_ms))
        }),
        Field::new(Column::plain("observed, ms", 0), |test: &ExperimentTest| {
            Cell::Figure(human::decimal(test.observed_ms))
        }),
        Field::new(Column::plain("in interval", 2), |test: &ExperimentTest| {
            Cell::Text(if test.covered { "yes" } else { "no" }.to_owned())
        }),
    ];
    Table::of(tests.iter().cloned(), &fields)
}
