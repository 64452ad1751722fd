//! Tables before they are printed: typed cells, one unit per column, rows left out summed in one, and a total.

use std::fmt;

use super::human;
use super::options::Options;
use super::tone::Tone;
use crate::policy::SizeChange;
use crate::units::{ByteDelta, ByteSize};

/// One value. Sizes stay bytes until the whole column is known.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Text(String),
    Size(ByteSize),
    /// A change, with its sign.
    Delta(ByteDelta),
    /// What was taken away: no sign, unless it grew.
    Saved(ByteDelta),
    /// A part of a whole, shown in percent.
    Share(ByteSize, ByteSize),
    /// A change, shown in percent of the old size.
    Growth(SizeChange),
    Count(u64),
    Millis(f64),
    /// A number as it is written, whose unit the column's title names.
    Figure(String),
    /// Not known here; never 0.
    Unknown,
    Blank,
}

impl Cell {
    pub(super) fn size(size: Option<ByteSize>) -> Self {
        size.map_or(Self::Unknown, Self::Size)
    }

    pub(super) fn delta(delta: Option<ByteDelta>) -> Self {
        delta.map_or(Self::Unknown, Self::Delta)
    }

    /// The cell that stands for two. What cannot be summed is blank, and the sum with an unknown is unknown.
    fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Size(a), Self::Size(b)) => Self::Size(a + b),
            (Self::Delta(a), Self::Delta(b)) => Self::Delta(ByteDelta::new(a.get().saturating_add(b.get()))),
            (Self::Share(a, whole), Self::Share(b, _)) => Self::Share(a + b, whole),
            (Self::Growth(a), Self::Growth(b)) => {
                Self::Growth(SizeChange::between(a.old_bytes + b.old_bytes, a.new_bytes + b.new_bytes))
            }
            (Self::Count(a), Self::Count(b)) => Self::Count(a.saturating_add(b)),
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            _ => Self::Blank,
        }
    }

    /// What remains of a whole; never below zero, for a report from elsewhere may claim more parts than it has.
    fn less(&self, part: &Self) -> Self {
        match (self, part) {
            (Self::Size(all), Self::Size(part)) => Self::Size(all.saturating_sub(*part)),
            (Self::Share(all, whole), Self::Share(part, _)) => Self::Share(all.saturating_sub(*part), *whole),
            (all, Self::Blank) => all.clone(),
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            _ => Self::Blank,
        }
    }

    fn magnitude(&self) -> Option<ByteSize> {
        match self {
            Self::Size(size) => Some(*size),
            Self::Delta(delta) | Self::Saved(delta) => Some(delta.magnitude()),
            _ => None,
        }
    }

    fn is_zero(&self) -> bool {
        matches!(self, Self::Blank) || self.magnitude() == Some(ByteSize::ZERO)
    }

    /// Growth is bad, and less is good.
    fn tone(&self) -> Tone {
        let delta = match self {
            Self::Delta(delta) => delta.get(),
            Self::Growth(change) => change.delta_bytes.get(),
            _ => 0,
        };
        match delta {
            0 => Tone::Plain,
            1.. => Tone::Bad,
            _ => Tone::Good,
        }
    }

    fn is_known(&self) -> bool {
        !matches!(self, Self::Unknown | Self::Blank)
    }
}

/// The one unit of a column, so that numbers compare by eye.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Bytes,
    Kibibytes,
    Mebibytes,
}

impl Unit {
    /// The largest unit in which the largest value still has two digits before the point.
    const fn for_largest(largest: ByteSize) -> Self {
        match largest.get() {
            0..10_240 => Self::Bytes,
            10_240..10_485_760 => Self::Kibibytes,
            _ => Self::Mebibytes,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Bytes => "B",
            Self::Kibibytes => "KiB",
            Self::Mebibytes => "MiB",
        }
    }

    fn format(self, size: ByteSize) -> String {
        match self {
            Self::Bytes => size.get().to_string(),
            Self::Kibibytes => format!("{:.1}", size.as_f64() / 1024.0),
            Self::Mebibytes => format!("{:.2}", size.as_f64() / 1_048_576.0),
        }
    }
}

/// What becomes of a column in the rows for the rest and the total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sum {
    /// They hold its sum.
    Shown,
    /// Its values overlap, or are no numbers.
    None,
}

/// How a column behaves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) title: &'static str,
    pub(super) sum: Sum,
    /// True for names, which stand on the left and are shortened where a line is too wide.
    pub(super) is_name: bool,
    /// In which order columns leave a table that is too wide: highest first; 0 stays.
    pub(super) leaves: u8,
}

impl Column {
    /// The row's name.
    pub(super) const fn name(title: &'static str) -> Self {
        Self { title, sum: Sum::None, is_name: true, leaves: 0 }
    }

    /// Another name: a path or a reason.
    pub(super) const fn words(title: &'static str, leaves: u8) -> Self {
        Self { title, sum: Sum::None, is_name: true, leaves }
    }

    /// Numbers that add up.
    pub(super) const fn sum(title: &'static str, leaves: u8) -> Self {
        Self { title, sum: Sum::Shown, is_name: false, leaves }
    }

    /// Words, or numbers that do not add up.
    pub(super) const fn plain(title: &'static str, leaves: u8) -> Self {
        Self { title, sum: Sum::None, is_name: false, leaves }
    }
}

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowRole {
    Item,
    /// All rows that are left out.
    Rest,
    Total,
}

#[derive(Debug, Clone)]
struct Row {
    role: RowRole,
    cells: Vec<Cell>,
}

/// A table of typed cells.
#[derive(Debug, Clone)]
pub(super) struct Table {
    columns: Vec<Column>,
    rows: Vec<Row>,
}

/// How to read one cell of a column from a row of the report.
pub(super) struct Field<T> {
    column: Column,
    cell: Box<dyn Fn(&T) -> Cell>,
}

impl<T> Field<T> {
    pub(super) fn new(column: Column, cell: impl Fn(&T) -> Cell + 'static) -> Self {
        Self { column, cell: Box::new(cell) }
    }
}

impl<T> fmt::Debug for Field<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.column.fmt(f)
    }
}

impl Table {
    /// A table of the rows as they are.
    pub(super) fn of<T>(rows: impl IntoIterator<Item = T>, fields: &[Field<T>]) -> Self {
        let cells = |row: &T| fields.iter().map(|field| (field.cell)(row)).collect();
        Self {
            columns: fields.iter().map(|field| field.column).collect(),
            rows: rows.into_iter().map(|row| Row { role: RowRole::Item, cells: cells(&row) }).collect(),
        }
    }

    /// Names at most `options.rows` rows that pass the filter, and sums the others in one. The first column is the name.
    pub(super) fn abridged(mut self, options: &Options) -> Self {
        let most = if options.rows == 0 { usize::MAX } else { options.rows };
        let mut named = 0;
        let (rows, rest): (Vec<Row>, Vec<Row>) = self.rows.into_iter().partition(|row| {
            let accepted = matches!(&row.cells[0], Cell::Text(name) if options.accepts(name) || options.accepts(bare(name))) && named < most;
            named += usize::from(accepted);
            accepted
        });
        self.rows = rows;
        if !rest.is_empty() {
            let label = format!("... and {} more", rest.len());
            let sum = self.summed(label, RowRole::Rest, &rest);
            self.rows.push(sum);
        }
        self
    }

    /// Adds a row for what no row names: `whole` less the sum of the rows, column by column.
    pub(super) fn filled_up(mut self, label: &str, whole: &[Cell]) -> Self {
        let named = self.summed(String::new(), RowRole::Rest, &self.rows);
        let mut cells: Vec<Cell> = whole.iter().zip(named.cells).map(|(whole, named)| whole.less(&named)).collect();
        cells[0] = Cell::Text(label.to_owned());
        self.rows.push(Row { role: RowRole::Rest, cells });
        self
    }

    /// Ends the table in the sum of its rows.
    pub(super) fn totalled(mut self, label: &str) -> Self {
        let total = self.summed(label.to_owned(), RowRole::Total, &self.rows);
        self.rows.push(total);
        self
    }

    fn summed(&self, label: String, role: RowRole, rows: &[Row]) -> Row {
        let sum = |(at, column): (usize, &Column)| match column.sum {
            Sum::Shown => rows.iter().map(|row| row.cells[at].clone()).reduce(Cell::plus).unwrap_or(Cell::Blank),
            Sum::None => Cell::Blank,
        };
        let mut cells: Vec<Cell> = self.columns.iter().enumerate().map(sum).collect();
        cells[0] = Cell::Text(label);
        Row { role, cells }
    }

    /// The cells as text. Columns in which nothing is known are left out; so are those that may leave and are all 0.
    pub(super) fn grid(&self) -> Grid {
        let says_something = |at: usize| {
            let mut cells = self.rows.iter().map(|row| &row.cells[at]);
            cells.clone().any(Cell::is_known) && (self.columns[at].leaves == 0 || !cells.all(Cell::is_zero))
        };
        let kept: Vec<usize> = (0..self.columns.len()).filter(|&at| at == 0 || says_something(at)).collect();
        let units: Vec<Option<Unit>> = kept.iter().map(|&at| self.unit(at)).collect();
        Grid {
            heads: kept.iter().zip(&units).map(|(&at, unit)| self.head(at, *unit)).collect(),
            rows: self
                .rows
                .iter()
                .map(|row| GridRow {
                    role: row.role,
                    cells: kept.iter().zip(&units).map(|(&at, unit)| print(&row.cells[at], *unit)).collect(),
                    tones: kept.iter().map(|&at| row.cells[at].tone()).collect(),
                    share: row.cells.iter().find_map(|cell| match cell {
                        Cell::Share(part, whole) => part.percent_of(*whole),
                        _ => None,
                    }),
                })
                .collect(),
        }
    }

    fn unit(&self, at: usize) -> Option<Unit> {
        self.rows.iter().filter_map(|row| row.cells[at].magnitude()).max().map(Unit::for_largest)
    }

    fn head(&self, at: usize, unit: Option<Unit>) -> Head {
        let column = self.columns[at];
        let cells = || self.rows.iter().map(|row| &row.cells[at]);
        let is_words =
            cells().any(|cell| matches!(cell, Cell::Text(_))) && !cells().any(|cell| cell.magnitude().is_some());
        let milliseconds = cells().any(|cell| matches!(cell, Cell::Millis(_)));
        Head {
            title: column.title,
            unit: unit.map(Unit::name).or_else(|| milliseconds.then_some("ms")),
            is_name: column.is_name,
            on_the_left: column.is_name || is_words,
            leaves: column.leaves,
        }
    }
}

fn print(cell: &Cell, unit: Option<Unit>) -> String {
    let unit = unit.unwrap_or(Unit::Bytes);
    match cell {
        Cell::Text(text) => human::clean(text).into_owned(),
        Cell::Size(size) => unit.format(*size),
        Cell::Delta(delta) => format!("{}{}", sign(delta.get()), unit.format(delta.magnitude())),
        Cell::Saved(delta) if delta.get() < 0 => format!("-{}", unit.format(delta.magnitude())),
        Cell::Saved(delta) => unit.format(delta.magnitude()),
        Cell::Share(part, whole) => {
            part.percent_of(*whole).map_or_else(|| "?".to_owned(), |share| format!("{share:.1}"))
        }
        Cell::Growth(change) if change.delta_bytes.get() == 0 => "0.0".to_owned(),
        Cell::Growth(change) => change
            .delta_bytes
            .magnitude()
            .percent_of(change.old_bytes)
            .map_or_else(|| "new".to_owned(), |share| format!("{}{share:.1}", sign(change.delta_bytes.get()))),
        Cell::Count(count) => count.to_string(),
        Cell::Millis(ms) => human::decimal(*ms),
        Cell::Figure(figure) => figure.clone(),
        Cell::Unknown => "?".to_owned(),
        Cell::Blank => String::new(),
    }
}

const fn sign(number: i64) -> &'static str {
    match number {
        0 => "",
        1.. => "+",
        _ => "-",
    }
}

/// The head of a printed column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) title: &'static str,
    pub(super) unit: Option<&'static str>,
    pub(super) is_name: bool,
    pub(super) on_the_left: bool,
    pub(super) leaves: u8,
}

/// A row of printed cells.
#[derive(Debug, Clone)]
pub(super) struct GridRow {
    pub(super) role: RowRole,
    pub(super) cells: Vec<String>,
    /// What each cell means, for printers with colours.
    pub(super) tones: Vec<Tone>,
    /// Its first share in percent, for printers that can draw it.
    pub(super) share: Option<f64>,
}

/// A table as text, before it is laid out.
#[derive(Debug, Clone)]
pub(super) struct Grid {
    pub(super) heads: Vec<Head>,
    pub(super) rows: Vec<GridRow>,
}

/// A crate's name without the version that stands behind it.
fn bare(name: &str) -> &str {
    match name.rsplit_once(' ') {
        Some((bare, version)) if version.starts_with(|c: char| c.is_ascii_digit()) => bare,
        _ => name,
    }
}
