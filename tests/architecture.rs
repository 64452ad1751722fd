//! The house keeps its laws: the ladder of rooms as a table, checked against every line of `src`.
//! A failure names the file, the line and the law.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Rooms by rung. A room imports only from lower rungs.
const LADDER: [(u8, &[&str]); 9] = [
    (1, &["cargo", "units"]),
    (2, &["elf", "archive", "deflate", "linkmap", "logs", "procfs"]),
    (3, &["package"]),
    (4, &["attribution", "slim", "estimate", "measure", "layout", "tune", "host"]),
    (5, &["report"]),
    (6, &["policy"]),
    (7, &["render"]),
    (8, &["cli"]),
    (10, &["bin"]),
];

/// Outside crates that one room alone names (law 6). `bin` and tests are no rooms. `gimli` stands in two: the proof reads unwind tables
/// with it because the editors, in `elf/`, read and write them with code of their own, and a proof must not share their errors.
/// `iced_x86` does: what follows the flow of code needs more of an instruction than what collects its operands, and the proof finds calls with it that
/// the editor finds by their bytes. `flate2` inflates logs, and
/// judges our Deflate in tests.
const ONE_ROOM: [(&str, &[&str]); 17] = [
    ("object", &["elf/"]),
    ("gimli", &["elf/", "slim/verify/"]),
    ("iced_x86", &["elf/references/", "elf/control_flow/", "slim/verify/"]),
    ("rustc_demangle", &["elf/"]),
    ("ruzstd", &["elf/"]),
    ("goblin", &["slim/verify/"]),
    ("zip", &["archive/"]),
    ("flate2", &["logs/gzip", "deflate/trace/reference", "deflate/optimal/tests"]),
    ("walkdir", &["host/tree", "host/inputs", "host/project_copy"]),
    ("memmap2", &["host/bytes"]),
    ("httparse", &["host/runtime_api/"]),
    ("nix", &["host/"]),
    ("clap", &["cli/"]),
    ("cargo_metadata", &["cargo/"]),
    ("toml_edit", &["cargo/profile", "cargo/dependency_edit"]),
    ("humansize", &["render/"]),
    ("unicode_width", &["render/text"]),
];

/// What only `host/` may touch (law 3), and what only `cli/` may.
const HOST_ONLY: [&str; 4] = ["std::fs", "std::process::Command", "std::net", "std::os::unix"];
const CLI_ONLY: [&str; 4] = ["println!(", "eprintln!(", "print!(", "eprint!("];

const MAX_LINES: usize = 500;

struct Source {
    /// Path below `src`, with `/`.
    path: String,
    text: String,
}

impl Source {
    fn room(&self) -> &str {
        let first = self.path.split('/').next().expect("a path has a first part");
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// Lines of code with their numbers: comments, doc text and the tests at the end of a file left out.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(number, line)| (number + 1, line.trim()));
        lines.take_while(|(_, line)| *line != "#[cfg(test)]").filter(|(_, line)| !line.starts_with("//"))
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    assert!(files.len() > 40, "found only {} files below src", files.len());
    let source = |file: &PathBuf| Source {
        path: file.strip_prefix(&root).expect("below src").to_string_lossy().replace('\\', "/"),
        text: fs::read_to_string(file).expect("readable source"),
    };
    files.iter().map(source).collect()
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("readable folder") {
        let path = entry.expect("readable entry").path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

fn rung(room: &str) -> Option<u8> {
    LADDER.iter().find(|(_, rooms)| rooms.contains(&room)).map(|(rung, _)| *rung)
}

fn report(law: &str, breaches: &[String]) {
    assert!(breaches.is_empty(), "{law}\n  {}", breaches.join("\n  "));
}

/// Rooms that a line names after `crate::`. `use crate::{a, b}` is not house style, so a path starts with its room.
fn rooms_named(line: &str) -> Vec<&str> {
    let after = |start: usize| &line[start + "crate::".len()..];
    let starts = line.match_indices("crate::").filter(|(at, _)| {
        // `$crate::` and `other_crate::` are not this crate.
        !line[..*at].ends_with(|c: char| c == '$' || c == '_' || c.is_alphanumeric())
    });
    starts.map(|(at, _)| after(at).split(|c: char| c != '_' && !c.is_alphanumeric()).next().unwrap_or("")).collect()
}

#[test]
fn imports_run_to_a_lower_rung_only() {
    let mut breaches = Vec::new();
    for source in sources().iter().filter(|s| s.path != "lib.rs") {
        let room = source.room();
        let Some(own) = rung(room) else {
            breaches.push(format!("src/{}: room {room:?} has no rung", source.path));
            continue;
        };
        for (number, line) in source.code() {
            for named in rooms_named(line) {
                let fine = named == room || rung(named).is_some_and(|rung| rung < own);
                if !fine {
                    let place = format!("src/{}:{number}", source.path);
                    breaches.push(format!("{place}: {room} (rung {own}) imports {named:?} ({:?})", rung(named)));
                }
            }
        }
    }
    report("the ladder: imports run to a lower number only", &breaches);
}

#[test]
fn outside_a_room_only_its_face_is_imported() {
    let mut breaches = Vec::new();
    for source in sources() {
        for (number, line) in source.code().filter(|(_, line)| line.starts_with("use crate::")) {
            let path = line.trim_start_matches("use crate::").trim_end_matches(';');
            let parts: Vec<&str> = path.split("::").collect();
            // `crate::room::Item` or `crate::room::{…}`; a second lower-case part is a module inside the room.
            let inner = parts.get(1).is_some_and(|part| {
                parts.len() > 2 && part.chars().next().is_some_and(char::is_lowercase) && !part.starts_with('{')
            });
            let public_face = ["elf::mangling"].iter().any(|face| path.starts_with(face));
            if inner && parts[0] != source.room() && !public_face {
                breaches.push(format!("src/{}:{number}: {line}", source.path));
            }
        }
    }
    report("from outside a folder its face is imported, not a module inside", &breaches);
}

#[test]
fn lib_and_mod_files_define_nothing() {
    let mut breaches = Vec::new();
    for source in sources().iter().filter(|s| s.path == "lib.rs" || s.path.ends_with("/mod.rs")) {
        for (number, line) in source.code() {
            let defines =
                ["fn ", "struct ", "enum ", "trait ", "impl ", "impl<", "const ", "static ", "type ", "macro_rules!"];
            let item =
                line.trim_start_matches("pub ").trim_start_matches("pub(crate) ").trim_start_matches("pub(super) ");
            if defines.iter().any(|keyword| item.starts_with(keyword)) {
                breaches.push(format!("src/{}:{number}: {line}", source.path));
            }
        }
    }
    report("law 2: lib.rs and mod.rs define nothing", &breaches);
}

#[test]
fn an_outside_crate_is_named_in_one_room() {
    let mut breaches = Vec::new();
    for source in sources() {
        for (number, line) in source.code() {
            for (krate, rooms) in ONE_ROOM {
                let path = format!("{krate}::");
                let named = line.match_indices(&path).any(|(at, _)| {
                    !line[..at].ends_with(|c: char| c == '_' || c == ':' || c == '.' || c.is_alphanumeric())
                });
                if named && !rooms.iter().any(|room| source.path.starts_with(room)) {
                    breaches.push(format!("src/{}:{number}: {krate} belongs to {rooms:?}", source.path));
                }
            }
        }
    }
    report("law 6: one outside crate, one room", &breaches);
}

#[test]
fn files_and_processes_are_host_s_and_printing_is_cli_s() {
    let mut breaches = Vec::new();
    for source in sources() {
        for (number, line) in source.code() {
            let touches = HOST_ONLY.iter().find(|name| line.contains(*name) && source.room() != "host");
            let prints = CLI_ONLY.iter().find(|name| line.contains(*name) && source.room() != "cli");
            for name in touches.into_iter().chain(prints) {
                breaches.push(format!("src/{}:{number}: {name}", source.path));
            }
        }
    }
    report("law 3: only host/ opens files and starts processes, only cli/ prints", &breaches);
}

#[test]
fn rooms_are_small() {
    let long = |source: &Source| source.text.lines().count() > MAX_LINES;
    let breaches: Vec<String> = sources()
        .iter()
        .filter(|source| long(source))
        .map(|source| format!("src/{}: {} lines", source.path, source.text.lines().count()))
        .collect();
    report("law 7: a file that passes 500 lines wants to be two", &breaches);
}

#[test]
fn no_circles_inside_a_room() {
    let mut breaches = Vec::new();
    let sources = sources();
    let rooms: BTreeSet<&str> = sources.iter().map(Source::room).collect();
    for room in rooms {
        let imports = imports_inside(&sources, room);
        for start in imports.keys() {
            if reaches(&imports, start, start) {
                breaches.push(format!("src/{room}/{start}.rs is in a circle of imports"));
            }
        }
    }
    report("law 7: no circles", &breaches);
}

/// Which sibling files each file of a room imports (`super::x::…`); the face (`super::X`) is no file.
fn imports_inside<'s>(sources: &'s [Source], room: &str) -> BTreeMap<&'s str, BTreeSet<&'s str>> {
    let prefix = format!("{room}/");
    let inside = sources.iter().filter_map(|s| Some((s, s.path.strip_prefix(&prefix)?.strip_suffix(".rs")?)));
    let files: Vec<(&Source, &str)> = inside.filter(|(_, name)| !name.contains('/') && *name != "mod").collect();
    let names: BTreeSet<&str> = files.iter().map(|(_, name)| *name).collect();
    let mut imports = BTreeMap::new();
    for (source, name) in files {
        let named = source.code().filter_map(|(_, line)| {
            let path = line.strip_prefix("use super::")?;
            path.split(|c: char| c != '_' && !c.is_alphanumeric()).next()
        });
        imports.insert(name, named.filter(|sibling| names.contains(sibling)).collect());
    }
    imports
}

fn reaches(imports: &BTreeMap<&str, BTreeSet<&str>>, from: &str, goal: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&str> = imports.get(from).into_iter().flatten().copied().collect();
    while let Some(file) = open.pop() {
        if file == goal {
            return true;
        }
        if seen.insert(file) {
            open.extend(imports.get(file).into_iter().flatten().copied());
        }
    }
    false
}
