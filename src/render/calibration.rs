//! What was learnt, from how much, and how much better it is.

use super::document::{Document, Item, Tone};
use super::human;
use super::table::{Cell, Column, Field, Table};
use crate::estimate::{Accuracy, Calibration, FunctionModel, FunctionSummary, Interval, Model};
use crate::logs::Tally;

pub(super) fn document(model: &Model, read: &[(String, &Tally)]) -> Document {
    let mut document = Document::default();
    document.title(format!("Calibrated model {}", model.id));
    let Some(calibration) = &model.calibration else { return document };
    document.fields(what_was_read(calibration, read));
    bills(&mut document, calibration);
    document.table(functions(&calibration.functions));
    for (name, function) in &model.functions {
        learnt(&mut document, name, function);
    }
    if let Some(regression) = &calibration.regression {
        document.paragraph(Tone::Plain, format!("Moved for all functions: {regression}."));
    }
    accuracy(&mut document, &calibration.accuracy);
    document
}

fn what_was_read(calibration: &Calibration, read: &[(String, &Tally)]) -> Vec<(&'static str, String)> {
    let sum = |of: fn(&Tally) -> u64| read.iter().map(|(_, tally)| of(tally)).sum::<u64>();
    let mut formats: Vec<String> =
        read.iter().flat_map(|(_, tally)| &tally.formats).map(|format| format.name().to_owned()).collect();
    formats.sort();
    formats.dedup();
    let mut fields = vec![
        (
            "read",
            format!(
                "{} {}, {} records: {}",
                read.len(),
                if read.len() == 1 { "input" } else { "inputs" },
                sum(|tally| tally.lines),
                formats.join(", ")
            ),
        ),
        ("passed over", format!("{} other records", sum(|tally| tally.passed_over))),
        ("malformed", sum(|tally| tally.malformed).to_string()),
        ("cold starts", format!("{} of {} invocations", calibration.cold_starts, calibration.invocations)),
    ];
    if !calibration.through.is_empty() {
        fields.push(("days", format!("{} to {}", calibration.from, calibration.through)));
    }
    let apart = calibration.set_apart;
    let apart: Vec<String> = [
        (apart.provisioned_concurrency, "by provisioned concurrency"),
        (apart.snap_start, "from snapshots"),
        (apart.failed_inits, "failed or second inits"),
        (apart.incomplete_traces, "traces in which a segment is missing"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format!("{count} {what}"))
    .collect();
    if !apart.is_empty() {
        fields.push(("set apart", apart.join(", ")));
    }
    fields
}

fn bills(document: &mut Document, calibration: &Calibration) {
    let billed = &calibration.billed;
    if billed.checked == 0 {
        return;
    }
    let (without, otherwise) = (billed.without_init, billed.otherwise);
    if without + otherwise == 0 {
        document.paragraph(Tone::Good, format!("All {} bills are ceil(init + duration) ms.", billed.checked));
        return;
    }
    document.paragraph(
        Tone::Caution,
        format!(
            "Of {} bills {without} leave out init (managed runtimes in zips, before 2025-08-01) and {otherwise} are not \
             ceil(init + duration) ms for another reason:",
            billed.checked
        ),
    );
    document.list(billed.examples.iter().map(|example| Item::new("-", Tone::Dim, example)).collect());
}

fn ms(value: Option<f64>) -> Cell {
    value.map_or(Cell::Unknown, Cell::Millis)
}

fn functions(functions: &[FunctionSummary]) -> Table {
    let fields: Vec<Field<FunctionSummary>> = vec![
        Field::new(Column::name("function"), |function: &FunctionSummary| Cell::Text(function.name.clone())),
        Field::new(Column::words("version", 2), |function: &FunctionSummary| Cell::Text(function.version.clone())),
        Field::new(Column::plain("invocations", 3), |function: &FunctionSummary| Cell::Count(function.invocations)),
        Field::new(Column::plain("errors", 4), |function: &FunctionSummary| Cell::Count(function.errors)),
        Field::new(Column::plain("cold", 0), |function: &FunctionSummary| Cell::Count(function.cold_starts)),
        Field::new(Column::plain("throttles", 4), |function: &FunctionSummary| {
            function.throttles.map_or(Cell::Blank, Cell::Count)
        }),
        Field::new(Column::plain("at once", 4), |function: &FunctionSummary| {
            function.concurrent_executions.map_or(Cell::Blank, Cell::Count)
        }),
        Field::new(Column::plain("traces", 3), |function: &FunctionSummary| Cell::Count(function.cold_traces)),
        Field::new(Column::plain("prior init", 0), |function: &FunctionSummary| ms(function.prior_init_ms)),
        Field::new(Column::plain("learnt init", 0), |function: &FunctionSummary| ms(function.init_ms)),
    ];
    Table::of(functions.iter().cloned(), &fields)
}

fn learnt(document: &mut Document, name: &str, function: &FunctionModel) {
    let mut fields = Vec::new();
    let mut known = |title: &'static str, coefficient: Option<&crate::estimate::Coefficient>| {
        if let Some(coefficient) = coefficient {
            fields.push((
                title,
                format!("{} {}; {}", human::interval(coefficient.value), coefficient.unit, coefficient.source),
            ));
        }
    };
    known("init", function.init.as_ref());
    known("init, p90 above it", function.tails.as_ref().map(|tails| &tails.p90));
    known("init, p99 above it", function.tails.as_ref().map(|tails| &tails.p99));
    known("before init", function.before_init.as_ref());
    known("first call", function.first_call_cpu.as_ref());
    known("idle environments live", function.keep_alive_minutes.as_ref());
    if let Some(minutes) = function.lifetime_minutes {
        fields.push((
            "environments are used for",
            format!("{} minutes in the median, first invocation to last", human::decimal(minutes)),
        ));
    }
    if let Some(warm) = function.warm_ms {
        fields.push(("warm calls", format!("{} ms on average", human::decimal(warm))));
    }
    if let Some(requests) = function.requests_per_month {
        fields.push(("requests", format!("{requests:.0} per month")));
    }
    document.caption(name);
    document.fields(fields);
}

fn accuracy(document: &mut Document, tests: &[Accuracy]) {
    if tests.is_empty() {
        document.paragraph(
            Tone::Dim,
            "Accuracy is not known: cold starts on fewer than three days leave none to hold out.",
        );
        return;
    }
    let interval = |interval: Interval| Cell::Figure(human::interval(interval));
    let share = |share: f64| Cell::Figure(format!("{:.0}", share * 100.0));
    let fields: Vec<Field<Accuracy>> = vec![
        Field::new(Column::name("function"), |test: &Accuracy| Cell::Text(test.function.clone())),
        Field::new(Column::plain("days", 1), |test: &Accuracy| Cell::Count(test.days)),
        Field::new(Column::plain("cold", 2), |test: &Accuracy| Cell::Count(test.cold_starts)),
        Field::new(Column::plain("observed", 0), |test: &Accuracy| Cell::Millis(test.observed_ms)),
        Field::new(Column::plain("prior, ms", 1), move |test: &Accuracy| test.prior_ms.map_or(Cell::Unknown, interval)),
        Field::new(Column::plain("off, %", 0), |test: &Accuracy| {
            test.prior_error_percent.map_or(Cell::Unknown, |off| Cell::Figure(human::decimal(off)))
        }),
        Field::new(Column::plain("covers, %", 2), move |test: &Accuracy| {
            test.prior_covers.map_or(Cell::Unknown, share)
        }),
        Field::new(Column::plain("calibrated, ms", 1), move |test: &Accuracy| interval(test.calibrated_ms)),
        Field::new(Column::plain("off, %", 0), |test: &Accuracy| {
            Cell::Figure(human::decimal(test.calibrated_error_percent))
        }),
        Field::new(Column::plain("covers, %", 0), move |test: &Accuracy| share(test.calibrated_covers)),
    ];
    document.caption("Median init on days that were held out: the prior, and a model calibrated on the days before");
    document.table(Table::of(tests.iter().cloned(), &fields));
}
