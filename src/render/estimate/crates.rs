//! What each crate is worth.

use crate::estimate::{CrateWorth, Interval};
use crate::render::document::{Document, Tone};
use crate::render::human;
use crate::render::options::Options;
use crate::render::table::{Cell, Column, Field, Table};

pub(super) fn add(document: &mut Document, crates: &[CrateWorth], options: &Options) {
    if crates.is_empty() {
        return;
    }
    let most = if options.rows == 0 { crates.len() } else { options.rows };
    let interval = |of: Option<Interval>| of.map_or(Cell::Unknown, |of| Cell::Figure(human::interval(of)));
    let fields: Vec<Field<CrateWorth>> = vec![
        Field::new(Column::name("crate"), |worth: &CrateWorth| {
            Cell::Text(human::with_version(&worth.name, worth.version.as_deref()))
        }),
        Field::new(Column::plain("zip", 0), |worth: &CrateWorth| Cell::size(worth.zip_bytes)),
        Field::new(Column::plain("touched", 0), |worth: &CrateWorth| Cell::size(worth.touched_bytes)),
        Field::new(Column::plain("retained", 2), |worth: &CrateWorth| Cell::size(worth.retained_bytes)),
        Field::new(Column::plain("before init, ms", 1), move |worth: &CrateWorth| interval(worth.before_init_ms)),
        Field::new(Column::plain("init, ms", 0), move |worth: &CrateWorth| interval(worth.init_ms)),
    ];
    document.title("What a crate costs");
    let measured = crates.iter().any(|worth: &CrateWorth| worth.touched_bytes.is_some());
    document.paragraph(
        Tone::Dim,
        if measured {
            "Its own bytes alone, at the slopes above; what leaves with it ('retained', of the file) comes on top: `analyze --why`."
        } else {
            "Its own bytes alone; what leaves with it ('retained', of the file) comes on top: `analyze --why`. Init is not known by \
             crate until it is measured (`measure`)."
        },
    );
    document.table(Table::of(crates.iter().take(most).cloned(), &fields));
    if crates.len() > most {
        document.paragraph(Tone::Dim, format!("{} more crates: -n 0 shows all.", crates.len() - most));
    }
}
