//! Where an attribution rests on less than it should, in plain words.

use super::human;
use crate::attribution::{EvidenceSource, SectionRow};
use crate::report::Binary;
use crate::units::ByteSize;

/// Up to this many percent of the loaded bytes may rest on estimates, or on nothing, without a word about it.
const SILENT_PERCENT: f64 = 2.0;

/// What the reader should know before the numbers are believed.
pub(super) fn doubts(binary: &Binary) -> Vec<String> {
    let mut doubts = Vec::new();
    let loaded = binary.loaded_bytes;
    let estimated = binary.evidence.iter().filter(|row| row.source == EvidenceSource::PathString);
    let estimated: ByteSize = estimated.map(|row| row.file_bytes).sum();
    let help = if binary.stripped && binary.symbols_from.is_none() {
        "; `--symbols FILE` with the program before it was stripped names them"
    } else {
        ""
    };
    if is_much(estimated, loaded) {
        let share = human::percent(estimated, loaded);
        doubts.push(format!("Estimated from panic paths: {share} of the loaded bytes{help}."));
    }
    let unowned = loaded_without_owner(binary);
    if is_much(unowned, loaded) {
        let share = human::percent(unowned, loaded);
        doubts.push(format!("No evidence tells who owns {share} of the loaded bytes{help}."));
    }
    doubts
}

fn is_much(part: ByteSize, loaded: ByteSize) -> bool {
    part.percent_of(loaded).is_some_and(|share| share > SILENT_PERCENT)
}

/// Unattributed bytes of loaded sections: debug information that nobody owns costs no start. 0 where the report's sections do not say
/// what they rest on.
fn loaded_without_owner(binary: &Binary) -> ByteSize {
    let of_section = |row: &SectionRow| -> ByteSize {
        row.evidence.iter().filter(|row| row.source == EvidenceSource::None).map(|row| row.file_bytes).sum()
    };
    binary.sections.iter().filter(|row| row.memory_bytes > ByteSize::ZERO).map(of_section).sum()
}
