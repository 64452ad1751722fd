//! The ELF reader and editor, judged by tools that we did not write: `readelf`, `nm`, `strip`, `gdb`, and by running what was edited.
//!
//! The subjects are the real functions, the packages of `testdata`, and programs and libraries that the system's C compiler
//! links in the ways that differ for an editor: with debug information, static, static-pie, with relocations kept.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use lambda_slim::archive::{Archive, Limits};
use lambda_slim::elf::{CannotEdit, Droppable, GlibcVersion, Image, Section, SymbolKind, without_sections};
use support::functions::{self, package};
use support::process::unless_busy;
use support::runtime_api::invoke;
use support::skip::skip;

const PROGRAM: &str = "
#include <stdio.h>
#include <stdlib.h>
static int table[1000] = {4, 5};
static __thread int counter = 3;
__attribute__((noinline)) static int twice(int x) { return x + x; }
int main(int count, char **words) { counter += twice(count); printf(\"%d %s\\n\", table[0] + counter, \"ran\"); return 0; }
";
const LIBRARY: &str = "
#include <string.h>
int exported_data[64] = {7};
static int hidden(const char *text) { return (int)strlen(text); }
int exported(const char *text) { return hidden(text) + exported_data[0]; }
";
const USER: &str = "
#include <stdio.h>
int exported(const char *);
int main(void) { printf(\"%d\\n\", exported(\"words\")); return 0; }
";

/// What the C compiler links, and how.
const LINKS: [(&str, &str, &[&str]); 7] = [
    ("pie", PROGRAM, &["-O1", "-g"]),
    ("not-pie", PROGRAM, &["-O1", "-g", "-no-pie"]),
    ("static", PROGRAM, &["-O1", "-g", "-static"]),
    ("static-pie", PROGRAM, &["-O1", "-g", "-static-pie"]),
    ("emit-relocs", PROGRAM, &["-O1", "-g", "-Wl,--emit-relocs"]),
    ("no-build-id", PROGRAM, &["-O1", "-Wl,--build-id=none"]),
    ("liblibrary.so", LIBRARY, &["-O1", "-g", "-shared", "-fPIC"]),
];

struct Linked {
    folder: tempfile::TempDir,
    files: Vec<PathBuf>,
}

/// Links them all; what cannot be linked here (no compiler, no static libc) is left out with a line that says so.
fn linked() -> Linked {
    let folder = tempfile::tempdir().expect("a folder");
    let mut files = Vec::new();
    for (name, source, flags) in LINKS {
        let path = folder.path().join(name);
        if compile(source, &path, flags) {
            files.push(path);
        }
    }
    Linked { folder, files }
}

fn compile(source: &str, path: &Path, flags: &[&str]) -> bool {
    let text = path.with_extension("c");
    fs::write(&text, source).expect("written");
    let output = Command::new("cc").arg(&text).args(flags).arg("-o").arg(path).output();
    let compiled = output.is_ok_and(|output| output.status.success());
    if !compiled {
        skip(&format!("{} with {flags:?}", path.display()), "cc does not link it here");
    }
    compiled
}

/// The programs of `testdata/packages`, written beside each other.
fn packaged(folder: &Path) -> Vec<PathBuf> {
    let names = ["hello-cargo-lambda", "hello-unstripped", "arm64"];
    let write = |name: &str| {
        let zip = fs::read(package(&format!("{name}.zip"))).expect("a fixture");
        let archive = Archive::parse(&zip, &Limits::default()).expect("a sound zip");
        let program = archive.entries().iter().find(|entry| entry.path() == "bootstrap").expect("its program");
        let path = folder.join(name);
        fs::write(&path, program.read().expect("sound data")).expect("written");
        path
    };
    names.map(write).to_vec()
}

/// Every subject, each with its bytes.
fn subjects() -> (Linked, Vec<(PathBuf, Vec<u8>)>) {
    let linked = linked();
    let mut paths = linked.files.clone();
    paths.extend(packaged(linked.folder.path()));
    paths.extend(["hello", "native"].map(functions::build));
    let read = |path: PathBuf| {
        let data = fs::read(&path).expect("readable");
        (path, data)
    };
    (linked, paths.into_iter().map(read).collect())
}

/// What a tool says; `None` where there is no such tool.
fn said(tool: &str, arguments: &[&str], file: &Path) -> Option<String> {
    let Ok(output) = Command::new(tool).args(arguments).arg(file).env("LC_ALL", "C").output() else {
        skip(&format!("{} as {tool} sees it", file.display()), "no such tool here");
        return None;
    };
    assert!(output.status.success(), "{tool} {}: {}", file.display(), String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
}

/// Name, address, offset, size and flags of a section.
type Listed = (String, u64, u64, u64, String);

/// Every section, by number, as readelf sees it.
fn sections_by_readelf(file: &Path) -> Option<Vec<Listed>> {
    let listing = said("readelf", &["-SW"], file)?;
    let rows = listing.lines().filter_map(|line| {
        let (number, rest) = line.trim().strip_prefix('[')?.split_once(']')?;
        number.trim().parse::<usize>().ok()?;
        let words: Vec<&str> = rest.split_whitespace().collect();
        let hex = |word: &str| u64::from_str_radix(word, 16).ok();
        let at = words.iter().position(|word| word.len() == 16 && hex(word).is_some())?;
        let name = if at >= 2 { words[0].to_owned() } else { String::new() };
        let flags = words.get(at + 4).filter(|word| word.chars().all(|c| c.is_ascii_alphabetic()));
        let flags = flags.copied().unwrap_or_default().to_owned();
        Some((name, hex(words[at])?, hex(words[at + 1])?, hex(words[at + 2])?, flags))
    });
    Some(rows.collect())
}

fn droppable(section: &Section) -> bool {
    Droppable::of(section).is_some()
}

fn edited(data: &[u8]) -> Vec<u8> {
    without_sections(&Image::parse(data).expect("sound"), droppable).expect("editable")
}

fn write_program(path: &Path, data: &[u8]) {
    fs::write(path, data).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("own file");
}

#[test]
fn sections_are_those_of_readelf() {
    let (_linked, subjects) = subjects();
    for (path, data) in &subjects {
        let Some(expected) = sections_by_readelf(path) else { return };
        let image = Image::parse(data).expect("sound");
        let found: Vec<_> =
            image.sections().iter().map(|s| (s.name.clone(), s.address, s.file_range.start, s.size)).collect();
        let expected: Vec<_> =
            expected.into_iter().map(|(name, address, offset, size, _)| (name, address, offset, size)).collect();
        assert_eq!(found, expected, "{}", path.display());
        for section in image.sections().iter().filter(|s| s.is_in_file()) {
            assert_eq!(section.file_range.end - section.file_range.start, section.size, "{}", section.name);
        }
    }
}

#[test]
fn symbols_are_those_of_nm() {
    let (_linked, subjects) = subjects();
    for (path, data) in subjects.iter().filter(|(path, _)| !path.ends_with("arm64")) {
        let Some(listing) = said("nm", &["--format=posix", "--no-demangle"], path) else { return };
        let mut expected: Vec<(String, u64, u64)> = listing
            .lines()
            .filter_map(|line| {
                let words: Vec<&str> = line.split_whitespace().collect();
                let [name, _kind, value, size @ ..] = words.as_slice() else { return None };
                let number = |text: &str| u64::from_str_radix(text, 16).ok();
                // nm prints no size where there is none.
                Some(((*name).to_owned(), number(value)?, size.first().map_or(Some(0), |size| number(size))?))
            })
            .collect();
        let image = Image::parse(data).expect("sound");
        let tls = image.segments().iter().find(|segment| segment.is_tls()).map_or(0, |segment| segment.address);
        let symbols = image.symbols().expect("sound");
        let mut found: Vec<(String, u64, u64)> = symbols
            .iter()
            .filter(|symbol| symbol.defined && symbol.kind != SymbolKind::File && !symbol.name.is_empty())
            .map(|symbol| {
                let base = if symbol.kind == SymbolKind::ThreadLocal { tls } else { 0 };
                (symbol.name.to_owned(), symbol.address - base, symbol.size)
            })
            .collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{}", path.display());
    }
}

#[test]
fn build_id_libraries_and_glibc_are_those_of_readelf() {
    let (_linked, subjects) = subjects();
    for (path, data) in &subjects {
        let image = Image::parse(data).expect("sound");
        let Some(notes) = said("readelf", &["-nW"], path) else { return };
        let id = notes.split_once("Build ID: ").and_then(|(_, rest)| rest.split_whitespace().next()).map(str::to_owned);
        assert_eq!(image.build_id(), id, "{}", path.display());

        let Some(entries) = said("readelf", &["-dW"], path) else { return };
        let needed = entries.lines().filter(|line| line.contains("(NEEDED)"));
        let needed: Vec<&str> = needed.filter_map(|line| line.split_once('[')?.1.strip_suffix(']')).collect();
        let dynamic = image.dynamic().expect("sound");
        assert_eq!(dynamic.needed, needed, "{}", path.display());

        let Some(versions) = said("readelf", &["-VW"], path) else { return };
        let needs = versions.split("Version needs section").nth(1).unwrap_or_default();
        let glibc = needs.split_whitespace().filter_map(|word| GlibcVersion::parse(word.strip_prefix("GLIBC_")?)).max();
        assert_eq!(dynamic.glibc, glibc, "{}", path.display());
    }
}

#[test]
fn an_edited_file_loads_the_same_and_no_tool_complains() {
    let (linked, subjects) = subjects();
    for (number, (path, data)) in subjects.iter().enumerate() {
        let after = linked.folder.path().join(format!("edited-{number}"));
        write_program(&after, &edited(data));
        let Some(old) = sections_by_readelf(path) else { return };
        let Some(new) = sections_by_readelf(&after) else { return };
        let loaded =
            |rows: Vec<Listed>| -> Vec<Listed> { rows.into_iter().filter(|row| row.4.contains('A')).collect() };
        assert_eq!(loaded(old), loaded(new), "{}", path.display());
        // Program headers with the sections in them, and the loaded symbols with the numbers of theirs.
        for question in [["-lW", "--dyn-syms"], ["-dW", "-rW"], ["-nW", "-VW"]] {
            let both = [path, &after].map(|file| said("readelf", &question, file));
            let [Some(old), Some(new)] = both else { return };
            let kept = |text: &str| -> Vec<String> {
                // Relocations of sections that nothing loads were kept for tools, and go.
                let loaded = text.split("Relocation section '").filter(|part| !is_of_unloaded(part, data));
                let lines = loaded.flat_map(str::lines).filter(|line| !line.trim().is_empty());
                lines.map(str::to_owned).collect()
            };
            assert_eq!(kept(&old), kept(&new), "readelf {question:?} {}", path.display());
        }
        let complaints = |file: &Path| -> Option<BTreeSet<String>> {
            let everything = said("readelf", &["-aW"], file)?;
            let complaints = everything.lines().filter(|line| line.contains("Warning") || line.contains("Error"));
            Some(complaints.map(str::to_owned).collect())
        };
        let [Some(old), Some(new)] = [complaints(path), complaints(&after)] else { return };
        let own: Vec<_> = new.difference(&old).collect();
        assert!(own.is_empty(), "{}: {own:?}", path.display());
        if let Some(text) = said("gdb", &["-batch", "-nx", "-ex", "info files"], &after) {
            assert!(!text.contains("not in executable format") && text.contains(".text"), "{}", path.display());
        }
    }
}

/// True for readelf's list of a relocation section that the loader does not read.
fn is_of_unloaded(part: &str, data: &[u8]) -> bool {
    let Some((name, _)) = part.split_once('\'') else { return false };
    let image = Image::parse(data).expect("sound");
    image.sections().iter().any(|section| section.name == name && !section.is_loaded())
}

#[test]
fn an_edited_program_still_runs() {
    let linked = linked();
    for path in linked.files.iter().filter(|path| path.extension().is_none_or(|extension| extension != "so")) {
        let after = linked.folder.path().join("edited");
        write_program(&after, &edited(&fs::read(path).expect("readable")));
        let output = unless_busy(|| Command::new(&after).output()).expect("it starts");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "9 ran\n", "{}", path.display());
    }
    let program = functions::build("hello");
    let after = linked.folder.path().join("bootstrap");
    write_program(&after, &edited(&fs::read(program).expect("readable")));
    let reply = invoke(&after, r#"{"name":"Lambda"}"#, Duration::from_secs(20)).expect("an answer");
    assert!(reply.asked_for_next && reply.body.contains("Hello, Lambda!"), "{}", reply.body);
}

#[test]
fn an_edited_library_still_links_and_loads() {
    let folder = tempfile::tempdir().expect("a folder");
    let (library, user) = (folder.path().join("liblibrary.so"), folder.path().join("user"));
    if !compile(LIBRARY, &library, &["-O1", "-g", "-shared", "-fPIC"]) {
        return;
    }
    let search = format!("-L{}", folder.path().display());
    for edit in [false, true] {
        if edit {
            write_program(&library, &edited(&fs::read(&library).expect("readable")));
        }
        assert!(compile(USER, &user, &["-llibrary", &search, "-Wl,-rpath,$ORIGIN", "-Wl,--no-as-needed", "-llibrary"]));
        let output = Command::new(&user).output().expect("it starts");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "12\n", "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn an_edited_file_is_no_larger_than_strip_leaves_it() {
    /// `strip` merges names that end alike (`.text` in `.rela.text`); we write each.
    const NAMES: usize = 64;
    let (linked, subjects) = subjects();
    for (path, data) in subjects.iter().filter(|(path, _)| !path.ends_with("arm64")) {
        let stripped = linked.folder.path().join("stripped");
        if support::symbols::strip(path, &stripped).is_none() {
            return;
        }
        let (ours, theirs) = (edited(data).len(), fs::metadata(&stripped).expect("written").len() as usize);
        say(&format!("{}: {} bytes, edited {ours}, by strip {theirs}", path.display(), data.len()));
        assert!(ours <= theirs + NAMES, "{}: {ours} bytes, strip leaves {theirs}", path.display());
    }
}

#[expect(clippy::print_stderr, clippy::disallowed_macros, reason = "figures have no other place in a test")]
fn say(line: &str) {
    eprintln!("{line}");
}

#[test]
fn editing_in_steps_is_editing_at_once() {
    let (_linked, subjects) = subjects();
    for (path, data) in &subjects {
        let mut stepped = data.clone();
        for class in [Droppable::Debug, Droppable::Symbols, Droppable::Comment] {
            let image = Image::parse(&stepped).expect("sound");
            stepped = without_sections(&image, |section| Droppable::of(section) == Some(class)).expect("editable");
        }
        let at_once = edited(data);
        assert!(stepped == at_once, "{}: {} bytes in steps, {} at once", path.display(), stepped.len(), at_once.len());
        assert!(edited(&at_once) == at_once, "{}: twice is not once", path.display());
    }
}

#[test]
fn symbols_that_stay_keep_their_sections() {
    let linked = linked();
    for path in &linked.files {
        let data = fs::read(path).expect("readable");
        let image = Image::parse(&data).expect("sound");
        let after = linked.folder.path().join("edited");
        let file =
            without_sections(&image, |section| Droppable::of(section) == Some(Droppable::Debug)).expect("editable");
        write_program(&after, &file);
        let both = [path, &after].map(|file| said("nm", &["--format=posix"], file));
        let [Some(old), Some(new)] = both else { return };
        assert_eq!(old, new, "{}", path.display());
    }
}

/// Moves unloaded sections to the front of the section header table: their numbers come before those that symbols name.
fn unloaded_first(data: &[u8]) -> Vec<u8> {
    let image = Image::parse(data).expect("sound");
    let mut order = vec![0];
    order.extend(image.sections().iter().filter(|s| s.index > 0 && !s.is_loaded()).map(|s| s.index));
    order.extend(image.sections().iter().filter(|s| s.index > 0 && s.is_loaded()).map(|s| s.index));
    let numbers: BTreeMap<usize, usize> = order.iter().enumerate().map(|(new, &old)| (old, new)).collect();
    let mut moved = data.to_vec();
    let table = image.section_headers_range().start as usize;
    for (new, &old) in order.iter().enumerate() {
        let (from, to) = (table + old * 64, table + new * 64);
        moved[to..to + 64].copy_from_slice(&data[from..from + 64]);
        let section = &image.sections()[old];
        let link = numbers[&(section.link as usize)] as u32;
        moved[to + 40..to + 44].copy_from_slice(&link.to_le_bytes());
        if section.info != 0 && (matches!(section.sh_type, 4 | 9) || section.flags & 0x40 != 0) {
            let info = numbers[&(section.info as usize)] as u32;
            moved[to + 44..to + 48].copy_from_slice(&info.to_le_bytes());
        }
        if matches!(section.sh_type, 2 | 11) {
            let range = section.file_range.start as usize..section.file_range.end as usize;
            for entry in moved[range].chunks_exact_mut(24) {
                let number = usize::from(u16::from_le_bytes([entry[6], entry[7]]));
                if let Some(&new) = numbers.get(&number) {
                    entry[6..8].copy_from_slice(&(new as u16).to_le_bytes());
                }
            }
        }
    }
    moved[62..64].copy_from_slice(&(numbers[&image.section_names_index()] as u16).to_le_bytes());
    moved
}

#[test]
fn sections_dropped_before_loaded_ones_leave_the_numbers_right() {
    let linked = linked();
    for path in &linked.files {
        let moved = unloaded_first(&fs::read(path).expect("readable"));
        let (before, after) = (linked.folder.path().join("moved"), linked.folder.path().join("edited"));
        write_program(&before, &moved);
        let file = edited(&moved);
        assert!(file.len() < moved.len(), "{}", path.display());
        write_program(&after, &file);
        let both = [&before, &after].map(|file| said("readelf", &["-lW", "--dyn-syms"], file));
        let [Some(old), Some(new)] = both else { return };
        assert_eq!(old, new, "{}", path.display());
        assert!(!new.contains("Warning"), "{new}");
    }
}

#[test]
fn what_no_header_describes_is_not_lost() {
    let linked = linked();
    for path in &linked.files {
        let data = fs::read(path).expect("readable");
        let end = data.len() as u64;
        let appended = [&data[..], b"PK payload"].concat();
        let image = Image::parse(&appended).expect("sound");
        let error = without_sections(&image, droppable).expect_err("refused");
        assert_eq!(error, CannotEdit::AppendedData { offset: end, size: 10 }, "{}", path.display());

        // A few zeroes say nothing; patchelf leaves one.
        let padded = [&data[..], &[0]].concat();
        assert!(edited(&padded) == edited(&data), "{}", path.display());
        let reserved = [&data[..], &[0; 4096]].concat();
        let error = without_sections(&Image::parse(&reserved).expect("sound"), droppable).expect_err("refused");
        assert!(matches!(error, CannotEdit::AppendedData { size: 4096, .. }), "{}: {error}", path.display());

        // The same behind the sections, with the section header table moved behind it.
        let table = Image::parse(&data).expect("sound").section_headers_range();
        let headers = &data[table.start as usize..table.end as usize];
        let mut hidden = [&data[..], b"PK payload      ", headers].concat();
        hidden[40..48].copy_from_slice(&(end + 16).to_le_bytes());
        hidden[table.start as usize..table.end as usize].fill(0);
        let image = Image::parse(&hidden).expect("sound");
        let error = without_sections(&image, droppable).expect_err("refused");
        assert!(matches!(error, CannotEdit::AppendedData { .. }), "{}: {error}", path.display());
    }
}

#[test]
fn a_file_without_section_headers_is_read_by_its_segments() {
    let (_linked, subjects) = subjects();
    for (path, data) in &subjects {
        let whole = Image::parse(data).expect("sound");
        let loaded_end = whole.loaded_ranges().last().expect("a program").end as usize;
        let mut bare = data[..loaded_end].to_vec();
        bare[40..48].fill(0);
        bare[60..64].fill(0);
        let image = Image::parse(&bare).expect("sound");
        assert_eq!((image.dynamic(), image.build_id()), (whole.dynamic(), whole.build_id()), "{}", path.display());
        assert_eq!(without_sections(&image, droppable), Err(CannotEdit::NoSections), "{}", path.display());
    }
}
