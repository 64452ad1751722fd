//! The constants of the functions that come first.
//!
//! What a function reads lies as scattered as its code: strings, tables, vtables. Compilers give most constants a section of their own but no
//! symbol, so that no order of symbols reaches them; a linker script does, by the section's name. The names change with every
//! codegen unit: they are found anew in each program, by what the code that was placed refers to, and are kept nowhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::ops::Range;

use super::function::Function;
use super::place::Placement;
use crate::elf::{Image, SectionKind, code_references, code_references_at_fixed_addresses, data_pointers};
use crate::linkmap::{LinkMap, Piece};

/// All sections of one name are placed together. A name that stands for more than this is no name of a constant: C objects
/// that were not compiled for it have all of theirs in one section. In bytes.
const LARGEST: u64 = 65_536;

/// Names of the input sections of read-only data that functions placed refer to, or that data which is relocated refers to in their stead (tables of
/// strings, vtables). Each once, in the order of the first reference, functions as placed. `map` is of the link that made `image`.
#[must_use]
pub fn constants<'map>(
    image: &Image<'_>,
    functions: &[Function<'_>],
    placement: &Placement,
    map: &LinkMap<'map>,
) -> Vec<&'map str> {
    let data = Data::of(image, map);
    let mut names = Vec::new();
    let mut seen = BTreeSet::new();
    let mut followed = BTreeSet::new();
    let mut found = Vec::new();
    for function in placement.functions.iter().filter_map(|index| functions.get(*index)) {
        found.clear();
        data.references(image, function, &mut found);
        for &to in &found {
            let Some((index, piece)) = data.piece(to) else { continue };
            if let Some(name) = data.constant(piece) {
                names.extend(seen.insert(name).then_some(name));
            }
            // Each piece of relocated data is gone through once, whoever refers to it.
            if followed.insert(index) {
                let targets = data.pointers_in(piece).iter().filter_map(|&(_, target)| data.piece(target));
                let constants = targets.filter_map(|(_, piece)| data.constant(piece));
                names.extend(constants.filter(|name| seen.insert(name)));
            }
        }
    }
    names
}

/// A linker script that puts these sections in front of all other read-only data, for lld and GNU ld: it adds to what the linker does by itself.
#[must_use]
pub fn constants_script(sections: &[&str]) -> String {
    let mut script = "SECTIONS\n{\n  .rodata.lambda_slim :\n  {\n".to_owned();
    for section in sections.iter().filter(|section| is_literal(section)) {
        writeln!(script, "    *(\"{section}\")").expect("text takes all text");
    }
    script.push_str("  }\n}\nINSERT BEFORE .rodata;\n");
    script
}

/// Whether a script's reader takes the name for itself: no pattern, no end of a text.
fn is_literal(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_$.@-".contains(c))
}

/// What code refers to, and what made it.
struct Data<'map> {
    /// Where constants and relocated data are, sorted.
    ranges: Vec<Range<u64>>,
    /// Pieces of these, by address.
    pieces: Vec<Piece<'map>>,
    /// Names of sections that are placed by name, with all their bytes.
    named: BTreeMap<&'map str, u64>,
    /// Place and target of pointers in data, by place.
    pointers: Vec<(u64, u64)>,
}

impl<'map> Data<'map> {
    fn of(image: &Image<'_>, map: &LinkMap<'map>) -> Self {
        // What has no bytes in the file has no pointers, and `.tbss` states addresses that are others'.
        let sections =
            image.sections().iter().filter(|section| section.is_loaded() && section.is_in_file() && section.size > 0);
        let is_data = |kind| matches!(kind, SectionKind::Rodata | SectionKind::Data);
        let data = sections.filter(|section| is_data(section.kind()));
        let mut ranges: Vec<Range<u64>> =
            data.map(|section| section.address..section.address.saturating_add(section.size)).collect();
        ranges.sort_by_key(|range| range.start);
        ranges.dedup_by(|next, before| next.start < before.end);
        let is_in = |address: u64| {
            let after = ranges.partition_point(|range| range.start <= address);
            after.checked_sub(1).and_then(|at| ranges.get(at)).is_some_and(|range| range.contains(&address))
        };
        let mut pieces: Vec<Piece<'map>> = map.pieces().iter().filter(|piece| is_in(piece.address)).copied().collect();
        pieces.sort_by_key(|piece| piece.address);
        let mut named: BTreeMap<&str, u64> = BTreeMap::new();
        for piece in pieces.iter().filter(|piece| is_constant(piece.section)) {
            let bytes = named.entry(piece.section).or_default();
            *bytes = bytes.saturating_add(piece.size);
        }
        let pointers = data_pointers(image).into_iter().map(|pointer| (pointer.place, pointer.target)).collect();
        Self { ranges, pieces, named, pointers }
    }

    fn references(&self, image: &Image<'_>, function: &Function<'_>, into: &mut Vec<u64>) {
        let code = image
            .offset_of(function.address)
            .and_then(|start| image.bytes(&(start..start.checked_add(function.size)?)));
        let Some(code) = code else { return };
        let find = if image.is_fixed() { code_references_at_fixed_addresses } else { code_references };
        let mut references = Vec::new();
        find(image.architecture(), code, function.address, &self.ranges, &mut references);
        into.extend(references.iter().map(|reference| reference.to));
    }

    fn piece(&self, address: u64) -> Option<(usize, &Piece<'map>)> {
        let index = self.pieces.partition_point(|piece| piece.address <= address).checked_sub(1)?;
        self.pieces.get(index).filter(|piece| address < piece.end()).map(|piece| (index, piece))
    }

    /// The name to place a piece by, if it is of a constant.
    fn constant(&self, piece: &Piece<'map>) -> Option<&'map str> {
        self.named.get(piece.section).is_some_and(|bytes| *bytes <= LARGEST).then_some(piece.section)
    }

    fn pointers_in(&self, piece: &Piece<'_>) -> &[(u64, u64)] {
        let from = self.pointers.partition_point(|(place, _)| *place < piece.address);
        let to = self.pointers.partition_point(|(place, _)| *place < piece.end());
        self.pointers.get(from..to).unwrap_or_default()
    }
}

/// Whether the section of this name holds one constant that is not merged with others: `.rodata.cst16` and `.rodata.str1.1` hold many.
fn is_constant(section: &str) -> bool {
    let is_number = |rest: &str| rest.chars().all(|c| c.is_ascii_digit() || c == '.') && !rest.is_empty();
    section.strip_prefix(".rodata.").is_some_and(|rest| {
        let merged = rest.strip_prefix("cst").or_else(|| rest.strip_prefix("str")).is_some_and(is_number);
        !rest.is_empty() && !merged && !rest.contains(".str1.") && rest != "lambda_slim"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_merged_has_no_place_of_its_own() {
        for (section, constant) in [
            (".rodata..Lanon.0123.4", true),
            (".rodata._ZN3api5TABLE17h0123456789abcdefE", true),
            (".rodata.cst16", false),
            (".rodata.str1.1", false),
            (".rodata.main.str1.8", false),
            (".rodata.structure", true),
            (".rodata", false),
            (".text.main", false),
            (".data.rel.ro..Lvtable.1", false),
        ] {
            assert_eq!(is_constant(section), constant, "{section}");
        }
    }

    #[test]
    fn a_script_names_sections_and_no_patterns() {
        let script = constants_script(&[".rodata..Lanon.a.1", ".rodata.*", ".rodata.\"x"]);
        assert_eq!(script.matches("*(").count(), 1, "{script}");
        assert!(script.contains("    *(\".rodata..Lanon.a.1\")\n"), "{script}");
        assert!(script.ends_with("INSERT BEFORE .rodata;\n"), "{script}");
    }
}
