//! What was proven, in words, for the report.

use crate::slim::changes::{Changes, Relocations, Unwinding};

/// What a proof with these `changes` covers, and what it leaves open.
#[must_use]
pub fn proof_in_words(changes: &Changes) -> String {
    let mut parts = vec![
        "goblin reads the same program: header, program headers, dynamic section, needed libraries, notes and loaded sections".to_owned(),
    ];
    let changed = !changes.ranges.is_empty() || changes.relocations != Relocations::Same;
    if !changed {
        parts.push("every loaded byte is equal, but for the ELF header's three fields on section headers".to_owned());
    } else {
        parts.push(
            "every loaded byte outside the declared ranges is equal, and each that differs is accounted for".to_owned(),
        );
        parts.push(match (changes.rounded_call_sites, changes.merged_frames) {
            (true, _) => rounded(changes.unwinding, changes.merged_frames),
            (false, true) => merged(changes.unwinding),
            (false, false) => unwinding(changes.unwinding).to_owned(),
        });
        parts.extend(relocations(changes.relocations));
        if !changes.dead_code.is_empty() {
            parts.push(
                "zeroed code holds no entry point, exported symbol, relocated pointer or landing pad in use; that no instruction \
                 leads there is not proven, only a start of the program can tell"
                    .to_owned(),
            );
        }
    }
    parts.push("the finished zip was read back by the zip crate and each file compared".to_owned());
    parts.join("; ")
}

fn unwinding(declared: Unwinding) -> &'static str {
    match declared {
        Unwinding::Same => {
            "gimli reads for every function the same frame description and place in the index, and of its handlers the same call \
             sites, landing pads, actions and types are decoded"
        }
        Unwinding::WithoutIndex => {
            "gimli reads for every function the same frame description, and of its handlers the same call sites, landing pads, \
             actions and types are decoded; the index may be gone"
        }
        Unwinding::WithoutHandlers => {
            "gimli reads for every function the same frame description; handlers may be gone, and the index"
        }
        Unwinding::None => "there are no unwind tables left",
    }
}

/// The same where neighbours may share a frame description.
fn merged(declared: Unwinding) -> String {
    let more = match declared {
        Unwinding::Same => {
            ", and the index leads to it; of the handlers of every function the same call sites, landing pads, actions and types are \
             decoded"
        }
        Unwinding::WithoutIndex => {
            "; of the handlers of every function the same call sites, landing pads, actions and types are decoded; the index may be gone"
        }
        Unwinding::WithoutHandlers => "; handlers may be gone, and the index",
        Unwinding::None => return unwinding(declared).to_owned(),
    };
    let rows = "gimli reads for every address of every function the same row of the call frame table";
    format!("{rows}{more}; neighbours may share a frame description")
}

/// The same where call sites may begin and end elsewhere, and neighbours may share a frame description if `shared`.
fn rounded(declared: Unwinding, shared: bool) -> String {
    let frames = if shared {
        "gimli reads for every address of every function the same row of the call frame table"
    } else {
        "gimli reads for every function the same frame description"
    };
    let index = match (declared, shared) {
        (Unwinding::Same, true) => ", and the index leads to it",
        (Unwinding::Same, false) => " and place in the index",
        _ => "",
    };
    let gone = match declared {
        Unwinding::Same => "",
        Unwinding::WithoutIndex => "; the index may be gone",
        Unwinding::WithoutHandlers => "; handlers may be gone, and the index",
        Unwinding::None => return unwinding(declared).to_owned(),
    };
    let of = if declared == Unwinding::WithoutHandlers { "handlers that are left" } else { "handlers" };
    let sharing = if shared { "; neighbours may share a frame description" } else { "" };
    format!(
        "{frames}{index}; at every byte at which a call may end, however code is cut into instructions, the {of} of every function have \
         the same landing pad, actions and types; elsewhere their call sites may differ, so that an exception that comes by no call, \
         as from a signal, is not covered{gone}{sharing}"
    )
}

fn relocations(declared: Relocations) -> Option<String> {
    match declared {
        Relocations::Same => None,
        Relocations::Packed { .. } => Some(
            "the packed relocations come to the same addresses and values as those that they replace; the start stub is the known one, \
             for this table, the pages of RELRO and the old entry point"
                .to_owned(),
        ),
        Relocations::Fixed { base } => Some(format!(
            "every address in headers, dynamic section, symbols and relocations is {base:#x} higher, and every relative \
             relocation is carried out in the file; instructions that hold an address as a value hold the one that they took"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_what_is_the_same_where_neighbours_share_a_description() {
        let of = |unwinding, merged_frames| {
            let ranges = std::iter::once(1..2).collect();
            proof_in_words(&Changes { unwinding, merged_frames, ..Changes::of_ranges(ranges) })
        };
        let shared = "neighbours may share a frame description";
        for unwinding in [Unwinding::Same, Unwinding::WithoutIndex, Unwinding::WithoutHandlers] {
            let said = of(unwinding, true);
            assert!(said.contains("every address of every function the same row") && said.contains(shared), "{said}");
            assert!(!said.contains("the same frame description"), "{said}");
            assert!(!of(unwinding, false).contains(shared));
            assert_eq!(said.contains("gone"), of(unwinding, false).contains("gone"));
        }
        assert_eq!(of(Unwinding::None, true), of(Unwinding::None, false));
    }

    #[test]
    fn calls_are_where_the_same_is_found_once_call_sites_are_rounded() {
        let of = |unwinding, merged_frames, rounded_call_sites| {
            let ranges = std::iter::once(1..2).collect();
            proof_in_words(&Changes { unwinding, merged_frames, rounded_call_sites, ..Changes::of_ranges(ranges) })
        };
        let calls = "at every byte at which a call may end";
        for unwinding in [Unwinding::Same, Unwinding::WithoutIndex, Unwinding::WithoutHandlers] {
            for merged in [false, true] {
                let (said, strict) = (of(unwinding, merged, true), of(unwinding, merged, false));
                assert!(said.contains(calls) && said.contains("same landing pad, actions and types"), "{said}");
                assert!(!strict.contains(calls), "{strict}");
                for part in ["neighbours may share", "row of the call frame table", "the same frame description"] {
                    assert_eq!(said.contains(part), strict.contains(part), "{part}: {said}");
                }
                for part in ["handlers may be gone", "the index may be gone", "and the index", "in the index"] {
                    assert_eq!(said.contains(part), strict.contains(part), "{part}: {said}");
                }
                assert!(!said.contains("same call sites"), "{said}");
            }
        }
        assert_eq!(of(Unwinding::None, true, true), of(Unwinding::None, false, false));
    }

    #[test]
    fn only_what_was_given_up_is_said_to_be_gone() {
        assert!(proof_in_words(&Changes::default()).contains("every loaded byte is equal, but"));
        let of =
            |unwinding| proof_in_words(&Changes { unwinding, ..Changes::of_ranges(std::iter::once(1..2).collect()) });
        assert!(!of(Unwinding::Same).contains("gone"));
        assert!(of(Unwinding::WithoutIndex).contains("the index may be gone"));
        assert!(of(Unwinding::None).contains("no unwind tables left"));
        let relocations = Relocations::Fixed { base: 0x40_0000 };
        assert!(proof_in_words(&Changes { relocations, ..Changes::default() }).contains("0x400000 higher"));
    }
}
