//! Tables and sentences for people at a terminal.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::document::{Block, Document, Item, Tone};
use super::human;
use super::options::Options;
use super::table::{Grid, GridRow, RowRole, Table};
use super::{
    analyze, backtest, calibration, diff, estimate, layout, measure, slim, summary, trend, tune, verdict, why,
};
use crate::attribution::WhyNotLinked;
use crate::estimate::{Backtest, Estimate, Model};
use crate::logs::Tally;
use crate::policy::{Diff, Trend, Verdict};
use crate::report::{LayoutOutcome, PackageFailure, Report, Reports, TuneOutcome};
use crate::slim::Outcome;

/// The report: the artifact, its files, a table for each binary, findings, and what `estimate` and `slim` filled in.
#[must_use]
pub fn report(report: &Report, options: &Options) -> String {
    print(&analyze::document(report, options), options)
}

/// A cold-start prediction: every number with its interval, evidence and source.
#[must_use]
pub fn estimate(estimate: &Estimate, options: &Options) -> String {
    print(&estimate::document(estimate, options), options)
}

/// How far a model is off where the truth is known.
#[must_use]
pub fn backtest(test: &Backtest, options: &Options) -> String {
    print(&backtest::document(test), options)
}

/// What a calibration learnt, and from which inputs.
#[must_use]
pub fn calibration(model: &Model, read: &[(String, &Tally)], options: &Options) -> String {
    print(&calibration::document(model, read), options)
}

/// A program laid out: its package and its start before and after.
#[must_use]
pub fn layout(outcome: &LayoutOutcome, options: &Options) -> String {
    print(&layout::document(outcome), options)
}

/// A measured start: memory, faults, times, and whose memory it is.
#[must_use]
pub fn measure(report: &Report, options: &Options) -> String {
    print(&measure::document(report, options), options)
}

/// What slimming did: sizes before and after, rewrites, proof.
#[must_use]
pub fn slim(outcome: &Outcome, options: &Options) -> String {
    print(&slim::document(outcome), options)
}

/// What slimming made of several packages: a row for each.
#[must_use]
pub fn slim_summary(packages: &[(&str, &Outcome)], options: &Options) -> String {
    print(&slim::summary(packages), options)
}

/// What changed between two reports.
#[must_use]
pub fn diff(diff: &Diff, options: &Options) -> String {
    print(&diff::document(diff, options), options)
}

/// What the gate concluded, and whom it blames.
#[must_use]
pub fn verdict(verdict: &Verdict, options: &Options) -> String {
    print(&verdict::document(verdict, options), options)
}

/// Verdicts over several packages: a row for each.
#[must_use]
pub fn verdict_summary(verdicts: &[&Verdict], failures: &[PackageFailure], options: &Options) -> String {
    print(&summary::verdicts(verdicts, failures), options)
}

/// Reports of several packages: a row for each.
#[must_use]
pub fn report_summary(reports: &Reports, options: &Options) -> String {
    print(&summary::reports(reports), options)
}

/// A history: a line of bars for each size, its ends and extremes, and which crates changed.
#[must_use]
pub fn trend(trend: &Trend, options: &Options) -> String {
    print(&trend::document(trend), options)
}

/// Build experiments: what each costs and changes, and which to take.
#[must_use]
pub fn tune(outcome: &TuneOutcome, options: &Options) -> String {
    print(&tune::document(outcome), options)
}

/// Why a crate is in the package and what would go with it: what [`Report::why`] holds. `None` where it explains no crate.
#[must_use]
pub fn why(report: &Report, options: &Options) -> Option<String> {
    why::document(report, options).map(|document| print(&document, options))
}

/// Packages that no program links, and who uses them: words without a stop.
#[must_use]
pub fn why_not_linked(packages: &[WhyNotLinked]) -> String {
    human::clean(&why::not_linked(packages)).into_owned()
}

/// A sentence below a result, wrapped and cleaned as the rest.
#[must_use]
pub fn paragraph(text: &str, options: &Options) -> String {
    let mut document = Document::default();
    document.paragraph(Tone::Plain, text);
    print(&document, options)
}

/// Space between columns.
const GAP: usize = 2;
/// Names are not cut shorter than this while there are columns that can leave.
const SHORTEST_NAME: usize = 24;
/// Names are never cut shorter than this.
const STUB: usize = 8;

fn print(document: &Document, options: &Options) -> String {
    let mut printer = Printer { width: options.width, color: options.color, out: String::new() };
    let mut previous: Option<&Block> = None;
    for block in &document.blocks {
        let joined = matches!((previous, block), (None | Some(Block::Title(..) | Block::Caption(_)), _));
        if !joined {
            printer.out.push('\n');
        }
        printer.block(block);
        previous = Some(block);
    }
    printer.out
}

struct Printer {
    width: Option<usize>,
    color: bool,
    out: String,
}

impl Printer {
    fn block(&mut self, block: &Block) {
        match block {
            Block::Title(tone, title) => self.wrapped("", *tone, &human::clean(title), 0),
            Block::Paragraph(tone, text) => self.wrapped("", *tone, &human::clean(text), 0),
            Block::Caption(text) => self.wrapped("", Tone::Dim, &human::clean(text), 0),
            Block::Fields(fields) => self.fields(fields),
            Block::List(items) => self.list(items),
            Block::Table(table) => self.table(table),
        }
    }

    fn fields(&mut self, fields: &[(&'static str, String)]) {
        let widest = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        for (name, value) in fields {
            let value = human::clean(value);
            let room = self.width.map_or(usize::MAX, |width| width.saturating_sub(widest + GAP).max(STUB));
            // A hash or a path is one word: its ends tell more than a second line would.
            let value = if value.contains(' ') { value.into_owned() } else { shorten(&value, room) };
            let label = format!("{name:widest$}{:GAP$}", "");
            self.hanging(&label, Tone::Dim, &value, Tone::Plain);
        }
    }

    fn list(&mut self, items: &[Item]) {
        let widest = items.iter().map(|item| length(&item.mark)).max().unwrap_or(0);
        for item in items {
            let padding = widest - length(&item.mark) + GAP;
            self.hanging(&format!("{}{:padding$}", item.mark, ""), item.tone, &human::clean(&item.text), Tone::Plain);
            for line in &item.lines {
                self.hanging(&format!("{:1$}", "", widest + GAP), Tone::Plain, &human::clean(line), Tone::Dim);
            }
        }
    }

    /// A label, and text beside it whose further lines start below its first.
    fn hanging(&mut self, label: &str, label_tone: Tone, text: &str, tone: Tone) {
        let indent = length(label);
        let label = self.toned(label_tone, label);
        self.wrapped(&label, tone, text, indent);
    }

    fn wrapped(&mut self, first: &str, tone: Tone, text: &str, indent: usize) {
        let room = self.width.map_or(usize::MAX, |width| width.saturating_sub(indent).max(STUB));
        let mut lead = first.to_owned();
        for line in wrap(text, room) {
            let line = self.toned(tone, &line);
            self.line(&format!("{lead}{line}"));
            lead = " ".repeat(indent);
        }
    }

    fn line(&mut self, line: &str) {
        self.out.push_str(line.trim_end());
        self.out.push('\n');
    }

    fn toned(&self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Plain => "",
            Tone::Strong => "1",
            Tone::Dim => "2",
            Tone::Good => "32",
            Tone::Bad => "1;31",
            Tone::Caution => "33",
        };
        if !self.color || code.is_empty() || text.trim().is_empty() {
            return text.to_owned();
        }
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    fn table(&mut self, table: &Table) {
        let (layout, left_out) = Layout::fit(table.grid(), self.width);
        let as_it_is = |_: usize, text: String| text;
        let head = layout.line(|at| layout.grid.heads[at].title.to_owned(), as_it_is);
        let head = self.toned(Tone::Strong, &head);
        self.line(&head);
        if layout.grid.heads.iter().any(|head| head.unit.is_some()) {
            let units = layout.line(|at| layout.grid.heads[at].unit.unwrap_or("").to_owned(), as_it_is);
            let units = self.toned(Tone::Dim, &units);
            self.line(&units);
        }
        let bars = Bars::of(&layout, self.width);
        for row in &layout.grid.rows {
            let tone = match row.role {
                RowRole::Item => Tone::Plain,
                RowRole::Rest => Tone::Dim,
                RowRole::Total => Tone::Strong,
            };
            let meaning = |at: usize, text: String| match row.role {
                RowRole::Item => self.toned(row.tones[at], &text),
                RowRole::Rest | RowRole::Total => text,
            };
            let line = layout.line(|at| row.cells[at].clone(), meaning);
            let line = self.toned(tone, line.trim_end());
            let bar = bars.as_ref().and_then(|bars| bars.bar(row));
            let bar = bar.map(|bar| format!("{:GAP$}{}", "", self.toned(Tone::Dim, &bar))).unwrap_or_default();
            self.line(&format!("{line}{bar}"));
        }
        let left_out: Vec<&str> = left_out.into_iter().filter(|title| !title.is_empty()).collect();
        if !left_out.is_empty() {
            let between = if left_out.iter().any(|title| title.contains(',')) { "; " } else { ", " };
            self.wrapped("", Tone::Dim, &format!("(too narrow for: {})", left_out.join(between)), 0);
        }
    }
}

/// A grid and the width of each of its columns.
struct Layout {
    grid: Grid,
    widths: Vec<usize>,
}

impl Layout {
    /// Shortens names, then lets columns leave, then shortens names further, until the table fits.
    fn fit(mut grid: Grid, width: Option<usize>) -> (Self, Vec<&'static str>) {
        let mut left_out = Vec::new();
        loop {
            let mut widths = natural_widths(&grid);
            let excess = width.map_or(0, |width| line_width(&widths).saturating_sub(width));
            let leaving = leaving_column(&grid);
            let shortest = if leaving.is_some() { SHORTEST_NAME } else { STUB };
            // A title is cut last of all.
            let with_title = |at: usize| shortest.max(length(grid.heads[at].title));
            let excess = shrink_names(&grid, &mut widths, excess, with_title);
            let excess = if leaving.is_none() { shrink_names(&grid, &mut widths, excess, |_| STUB) } else { excess };
            match leaving {
                Some(at) if excess > 0 => left_out.push(remove_column(&mut grid, at)),
                _ => return (Self { grid, widths }, left_out),
            }
        }
    }

    /// One line of cells; `tone` colours what is in place.
    fn line(&self, cell: impl Fn(usize) -> String, tone: impl Fn(usize, String) -> String) -> String {
        let mut line = String::new();
        for (at, &width) in self.widths.iter().enumerate() {
            let text = shorten(&cell(at), width);
            let padding = " ".repeat(width.saturating_sub(length(&text)));
            if at > 0 {
                line.push_str(&" ".repeat(GAP));
            }
            let text = tone(at, text);
            if self.grid.heads[at].on_the_left {
                line.push_str(&text);
                line.push_str(&padding);
            } else {
                line.push_str(&padding);
                line.push_str(&text);
            }
        }
        line
    }
}

/// Where a table with shares leaves room in the line: a bar for each row, the longest for the largest share.
struct Bars {
    room: usize,
    largest: f64,
}

/// A bar is no longer than this; with less room than [`SHORTEST_BAR`] there is none.
const LONGEST_BAR: usize = 24;
const SHORTEST_BAR: usize = 8;
/// Two rows compare without.
const FEWEST_BARS: usize = 3;
/// Parts of a letter, by eighths.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

impl Bars {
    fn of(layout: &Layout, width: Option<usize>) -> Option<Self> {
        let room = width?.checked_sub(line_width(&layout.widths) + GAP)?.min(LONGEST_BAR);
        let items = layout.grid.rows.iter().filter(|row| row.role == RowRole::Item);
        let shares: Vec<f64> = items.filter_map(|row| row.share).collect();
        let largest = shares.iter().copied().fold(0.0, f64::max);
        (room >= SHORTEST_BAR && shares.len() >= FEWEST_BARS && largest > 0.0).then_some(Self { room, largest })
    }

    /// `None` for rows that stand for others.
    fn bar(&self, row: &GridRow) -> Option<String> {
        let share = row.share.filter(|share| row.role == RowRole::Item && *share > 0.0)?;
        let eighths = (0..=self.room * 8).rev().find(|&eighths| eighths_as_share(eighths, self) <= share)?;
        Some("█".repeat(eighths / 8) + EIGHTHS[eighths % 8])
    }
}

/// The share that a bar of so many eighths of a letter stands for.
#[expect(clippy::cast_precision_loss, reason = "a line has fewer than 2^52 letters")]
fn eighths_as_share(eighths: usize, bars: &Bars) -> f64 {
    bars.largest * eighths as f64 / (bars.room * 8) as f64
}

fn natural_widths(grid: &Grid) -> Vec<usize> {
    let widest_cell = |at: usize| grid.rows.iter().map(|row: &GridRow| length(&row.cells[at])).max().unwrap_or(0);
    let of_head = |at: usize| grid.heads[at].title.len().max(grid.heads[at].unit.map_or(0, str::len));
    (0..grid.heads.len()).map(|at| widest_cell(at).max(of_head(at))).collect()
}

fn line_width(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
}

/// Takes from the widest name first. Returns what is still too wide.
fn shrink_names(grid: &Grid, widths: &mut [usize], mut excess: usize, least: impl Fn(usize) -> usize) -> usize {
    while excess > 0 {
        let names = (0..widths.len()).filter(|&at| grid.heads[at].is_name && widths[at] > least(at));
        let Some(widest) = names.max_by_key(|&at| (widths[at], at)) else {
            return excess;
        };
        widths[widest] -= 1;
        excess -= 1;
    }
    0
}

fn leaving_column(grid: &Grid) -> Option<usize> {
    (0..grid.heads.len()).filter(|&at| grid.heads[at].leaves > 0).max_by_key(|&at| (grid.heads[at].leaves, at))
}

fn remove_column(grid: &mut Grid, at: usize) -> &'static str {
    for row in &mut grid.rows {
        row.cells.remove(at);
        row.tones.remove(at);
    }
    grid.heads.remove(at).title
}

/// Columns of a terminal that the text takes: a letter of Chinese takes two, an accent of its own none.
fn length(text: &str) -> usize {
    text.width()
}

/// The longest start of `text` that fits into `room` columns.
fn start_of(text: &str, room: usize) -> &str {
    let mut taken = 0;
    let end = text.char_indices().find(|(_, c)| {
        taken += c.width().unwrap_or(0);
        taken > room
    });
    end.map_or(text, |(at, _)| &text[..at])
}

/// The longest end of `text` that fits into `room` columns.
fn end_of(text: &str, room: usize) -> &str {
    let mut taken = 0;
    let mut start = text.len();
    for (at, c) in text.char_indices().rev() {
        taken += c.width().unwrap_or(0);
        if taken > room {
            break;
        }
        start = at;
    }
    &text[start..]
}

/// `text` in at most `room` columns of a terminal, its middle replaced by `…`.
pub(super) fn shorten(text: &str, room: usize) -> String {
    if length(text) <= room {
        return text.to_owned();
    }
    let kept = room.saturating_sub(1);
    let start = kept.div_ceil(2);
    format!("{}…{}", start_of(text, start), end_of(text, kept - start))
}

/// The start of a word that is broken: up to its last sign between words, where that is not near the beginning.
fn breakable(start: &str) -> &str {
    let sign = start.rfind(['/', '-', '_', ',', ':', '>']).map(|at| at + 1);
    sign.filter(|at| at * 2 > start.len()).map_or(start, |at| &start[..at])
}

/// Lines of at most `room` columns. A longer word is broken, except an address, which would no longer be one.
fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let mut word = word.to_owned();
        if !line.is_empty() && length(&line) + 1 + length(&word) > room {
            lines.push(std::mem::take(&mut line));
        }
        while length(&word) > room && !word.contains("://") {
            let start = breakable(start_of(&word, room));
            let (start, rest) = word.split_at(start.len());
            // A letter that is wider than the room cannot be broken.
            if start.is_empty() {
                break;
            }
            lines.push(start.to_owned());
            word = rest.to_owned();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}
