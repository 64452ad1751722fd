//! Build experiments, for people: one table of figures, what each step changes, which build to take, and other dependencies.

use std::collections::BTreeMap;

use super::document::{Document, Item, Tone};
use super::human;
use super::table::{Cell, Column, Field, Table};
use crate::policy::SizeChange;
use crate::report::{Sureness, TuneFigures, TuneOutcome, TuneProposal, TuneRow, TuneStart, TuneStatus};
use crate::units::ByteSize;

pub(super) fn document(outcome: &TuneOutcome) -> Document {
    let mut document = Document::default();
    let built = outcome.experiments.iter().any(|row| row.figures.is_some());
    let target = outcome.target.as_deref().map(|target| format!(" for {target}")).unwrap_or_default();
    if !built {
        document.title(format!("Experiments with {}, profile {}{target}", outcome.bin, outcome.profile));
        document.table(listed(outcome));
        return document;
    }
    document.title(format!("Build experiments with {}, profile {}{target}", outcome.bin, outcome.profile));
    document.paragraph(Tone::Dim, how(outcome));
    document.table(figures(outcome));
    failures(&mut document, outcome);
    choices(&mut document, outcome);
    proposals(&mut document, outcome);
    changes(&mut document, outcome);
    if outcome.budget_ran_out {
        document.paragraph(
            Tone::Caution,
            "The budget ran out before everything was tried. The same command goes on where this one stopped.",
        );
    }
    document
}

fn how(outcome: &TuneOutcome) -> String {
    let started = match &outcome.event {
        Some(event) => format!("Each answered {event} as the project's own build does, {} times", outcome.runs),
        None => format!(
            "Each was started {} times to the end of init; with --event its answer is compared and timed",
            outcome.runs
        ),
    };
    format!(
        "{}. zip: what `slim` makes of it; unslimmed: without symbols, as zip tools compress it by default. {started}. Times are this machine's; building \
         goes on from what the experiments before have in common with it. Predicted init: {} MB.",
        outcome.rustc, outcome.memory_mb
    )
}

/// A row with the baseline's figures beside it.
struct Line {
    name: String,
    figures: Option<TuneFigures>,
    baseline: ByteSize,
}

fn figures(outcome: &TuneOutcome) -> Table {
    let baseline = outcome.experiments.first().and_then(|row| row.figures.as_ref());
    let baseline = baseline.map(|figures| figures.zip_bytes).unwrap_or_default();
    let lines = outcome.experiments.iter().filter(|row| row.figures.is_some()).map(|row| Line {
        name: row.name.clone(),
        figures: row.figures.clone(),
        baseline,
    });
    let of = |cell: fn(&TuneFigures) -> Cell| move |line: &Line| line.figures.as_ref().map_or(Cell::Unknown, cell);
    let start = |cell: fn(&TuneStart) -> Cell| {
        move |line: &Line| line.figures.as_ref().and_then(|figures| figures.start.as_ref()).map_or(Cell::Unknown, cell)
    };
    let event = |cell: fn(&crate::measure::Spread<crate::units::Millis>) -> Cell| {
        move |line: &Line| {
            let start = line.figures.as_ref().and_then(|figures| figures.start.as_ref());
            start.and_then(|start| start.event_cpu_ms.as_ref()).map_or(Cell::Unknown, cell)
        }
    };
    let init = |cell: fn(&crate::estimate::Interval) -> Cell| {
        move |line: &Line| {
            let start = line.figures.as_ref().and_then(|figures| figures.start.as_ref());
            start.and_then(|start| start.init_ms.as_ref()).map_or(Cell::Unknown, cell)
        }
    };
    let fields: Vec<Field<Line>> = vec![
        Field::new(Column::name("experiment"), |line: &Line| Cell::Text(line.name.clone())),
        Field::new(Column::plain("zip", 0), of(|figures| Cell::Size(figures.zip_bytes))),
        Field::new(Column::plain("% of baseline", 0), |line: &Line| {
            line.figures
                .as_ref()
                .map_or(Cell::Unknown, |figures| Cell::Growth(SizeChange::between(line.baseline, figures.zip_bytes)))
        }),
        Field::new(Column::plain("unslimmed", 6), of(|figures| Cell::Size(figures.plain_zip_bytes))),
        Field::new(Column::plain("file", 5), of(|figures| Cell::Size(figures.file_bytes))),
        Field::new(Column::plain("touched", 1), start(|start| Cell::Size(start.touched_bytes))),
        Field::new(Column::plain("faults", 4), start(|start| Cell::Count(start.minor_faults))),
        Field::new(Column::plain("init CPU", 2), start(|start| Cell::Millis(start.init_cpu_ms.median.get()))),
        Field::new(Column::plain("event CPU (ms)", 0), event(|cpu| Cell::Figure(fine(cpu.median.get())))),
        Field::new(Column::plain("least (ms)", 3), event(|cpu| Cell::Figure(fine(cpu.min.get())))),
        Field::new(Column::plain("most (ms)", 3), event(|cpu| Cell::Figure(fine(cpu.max.get())))),
        Field::new(Column::plain("init on Lambda", 0), init(|init| Cell::Millis(init.p50))),
        Field::new(Column::plain("p10", 4), init(|init| Cell::Millis(init.p10))),
        Field::new(Column::plain("p90", 4), init(|init| Cell::Millis(init.p90))),
        Field::new(Column::plain("built in (s)", 3), of(|figures| Cell::Figure(human::decimal(figures.build_seconds)))),
    ];
    Table::of(lines, &fields)
}

/// Two decimals: an event may take less than a millisecond.
fn fine(ms: f64) -> String {
    format!("{ms:.2}")
}

fn failures(document: &mut Document, outcome: &TuneOutcome) {
    let failed = |row: &&TuneRow| row.figures.is_none();
    let item = |row: &TuneRow| {
        let reason = row.reason.clone().unwrap_or_default();
        let (tone, what) = match row.status {
            TuneStatus::Measured => (Tone::Plain, "measured"),
            TuneStatus::BuildFailed => (Tone::Bad, "does not build"),
            TuneStatus::StartFailed => (Tone::Bad, "does not start"),
            TuneStatus::AnswersDiffer => (Tone::Bad, "answers otherwise"),
            TuneStatus::PackageFailed => (Tone::Bad, "makes no package"),
            TuneStatus::NotHere => (Tone::Dim, "not tried"),
        };
        Item::new(row.name.clone(), tone, format!("{what}: {reason}"))
    };
    let items: Vec<Item> = outcome.experiments.iter().filter(failed).map(item).collect();
    if !items.is_empty() {
        document.title("Failed or not tried");
        document.list(items);
    }
}

fn choices(document: &mut Document, outcome: &TuneOutcome) {
    if outcome.choices.is_empty() {
        return;
    }
    document.title("Which to take");
    let before = outcome.experiments.first().and_then(|row| row.figures.as_ref()).map(|figures| figures.zip_bytes);
    let item = |choice: &crate::report::TuneChoice| {
        let row = outcome.experiment(&choice.experiment);
        let zip = row.and_then(|row| row.figures.as_ref()).map(|figures| figures.zip_bytes);
        let percent = before.and_then(|before| choice.zip_delta_bytes.magnitude().percent_of(before)).unwrap_or(0.0);
        let sign = if choice.zip_delta_bytes.get() < 0 { "-" } else { "" };
        let size = zip.map(human::size).unwrap_or_default();
        let mut lines: Vec<String> = row.map(|row| row.settings.clone()).unwrap_or_default();
        lines.push(format!("rule: {}", choice.means));
        Item::new(
            choice.rule.clone(),
            Tone::Good,
            format!("{}: {size}, {sign}{percent:.1} % of the baseline's zip", choice.experiment),
        )
        .with_lines(lines)
    };
    document.list(outcome.choices.iter().map(item).collect());
    document.paragraph(
        Tone::Dim,
        "`cargo lambda-slim tune --apply NAME` writes the lines of a profile to Cargo.toml; then `cargo lambda-slim check --baseline slim-report.json --update-baseline` keeps what it comes to for CI.",
    );
}

fn proposals(document: &mut Document, outcome: &TuneOutcome) {
    if outcome.proposals.is_empty() {
        return;
    }
    document.title("Other dependencies");
    document.table(proposal_table(outcome));
    let item = |proposal: &TuneProposal| {
        let mut lines = proposal.lines.clone();
        lines.extend(proposal.source.iter().map(|source| format!("source: {source}")));
        Item::new(proposal.subject.clone(), Tone::Plain, proposal.message.clone()).with_lines(lines)
    };
    document.list(outcome.proposals.iter().map(item).collect());
}

fn proposal_table(outcome: &TuneOutcome) -> Table {
    let fields: Vec<Field<&TuneProposal>> = vec![
        Field::new(Column::name("what"), |one: &&TuneProposal| Cell::Text(format!("{} {}", one.code, one.subject))),
        Field::new(Column::plain("saves in zip", 0), |one: &&TuneProposal| {
            one.saves_zip_bytes.map_or(Cell::Unknown, Cell::Saved)
        }),
        Field::new(Column::plain("saves in file", 0), |one: &&TuneProposal| {
            one.saves_file_bytes.map_or(Cell::Unknown, Cell::Saved)
        }),
        Field::new(Column::plain("saves of init", 0), |one: &&TuneProposal| {
            one.saves_init_ms.map_or(Cell::Unknown, Cell::Millis)
        }),
        Field::new(Column::words("how sure", 0), |one: &&TuneProposal| {
            Cell::Text(match one.sure {
                Sureness::Measured => "measured".to_owned(),
                Sureness::Estimated => "estimated, from its own bytes".to_owned(),
            })
        }),
    ];
    Table::of(outcome.proposals.iter(), &fields)
}

/// What each step changes, once: combinations change what their steps do.
fn changes(document: &mut Document, outcome: &TuneOutcome) {
    let mut steps: BTreeMap<&str, &TuneRow> = BTreeMap::new();
    let measured = outcome.experiments.iter().filter(|row| row.figures.is_some());
    for row in measured.filter(|row| !row.name.contains('+') && !row.changes.is_empty()) {
        steps.insert(&row.name, row);
    }
    if !steps.is_empty() {
        document.title("What they change besides size and speed");
        let item = |(name, row): (&str, &TuneRow)| Item::new(name, Tone::Caution, row.changes.join(" "));
        document.list(steps.into_iter().map(item).collect());
    }
}

fn listed(outcome: &TuneOutcome) -> Table {
    let fields: Vec<Field<&TuneRow>> = vec![
        Field::new(Column::name("experiment"), |row: &&TuneRow| Cell::Text(row.name.clone())),
        Field::new(Column::words("sets", 2), |row: &&TuneRow| Cell::Text(row.settings.join(", "))),
        Field::new(Column::words("changes", 3), |row: &&TuneRow| Cell::Text(row.changes.join(" "))),
        Field::new(Column::words("here", 1), |row: &&TuneRow| {
            Cell::Text(row.reason.clone().unwrap_or_else(|| "yes".to_owned()))
        }),
    ];
    Table::of(outcome.experiments.iter(), &fields)
}
