//! Linkers' maps, held against judges that we did not write: the truth script of the shared cases, `readelf`, `nm`, and the linkers
//! against each other.

#![expect(clippy::disallowed_macros, clippy::print_stdout, reason = "tests print the figures that they reached")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use lambda_slim::linkmap::{LinkMap, MapFormat, Piece};
use serde_json::{Map, Value, json};
use support::functions::cases_dir;
use support::skip::skip;
use tempfile::TempDir;

const LINKERS: [(&str, MapFormat); 4] =
    [("lld", MapFormat::Lld), ("bfd", MapFormat::GnuLd), ("gold", MapFormat::Gold), ("mold", MapFormat::Mold)];

/// Maps, vectors, strings, formatting and panics: a few dozen crates' worth of std.
const PROGRAM: &str = r#"
use std::collections::BTreeMap;
fn main() {
    let mut lengths = BTreeMap::new();
    for argument in std::env::args() {
        *lengths.entry(argument.len()).or_insert(0_u32) += 1;
    }
    println!("{lengths:?}");
}
"#;

struct Linked {
    program: PathBuf,
    map: Vec<u8>,
    _folder: TempDir,
}

/// [`PROGRAM`] linked by `linker` with a map, or `None` with a note if the linker is not here.
fn link(linker: &str) -> Option<Linked> {
    let name = if linker == "lld" { "ld.lld" } else { linker };
    let there = ["", "ld."].iter().any(|prefix| {
        let name = format!("{prefix}{}", name.trim_start_matches("ld."));
        Command::new(name).arg("--version").output().is_ok()
    });
    if !there {
        skip(&format!("a map by {linker}"), "the linker is not installed");
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (source, program, map) =
        (folder.path().join("program.rs"), folder.path().join("program"), folder.path().join("map"));
    fs::write(&source, PROGRAM).expect("written");
    let output = Command::new("rustc")
        .args(["--edition=2024", "-Copt-level=2"])
        .arg(format!("-Clink-arg=-fuse-ld={linker}"))
        .arg(format!("-Clink-arg=-Wl,-Map={}", map.display()))
        .arg("-o")
        .args([&program, &source])
        .current_dir(folder.path())
        .output()
        .expect("rustc runs");
    assert!(output.status.success(), "{linker}: {}", String::from_utf8_lossy(&output.stderr));
    Some(Linked { program, map: fs::read(map).expect("a map"), _folder: folder })
}

fn linked() -> impl Iterator<Item = (&'static str, MapFormat, Linked)> {
    LINKERS.into_iter().filter_map(|(linker, format)| Some((linker, format, link(linker)?)))
}

fn object_of<'a>(map: &LinkMap<'a>, piece: &Piece<'_>) -> Option<&'a str> {
    piece.object.map(|object| map.objects()[object as usize])
}

/// Whose bytes these are by the rules of `linkmap_truth.py`.
fn owner(object: Option<&str>, rlib: &regex_lite::Regex, unit: &regex_lite::Regex) -> String {
    let Some(object) = object else { return "<linker>".to_owned() };
    let found = rlib.captures(object).or_else(|| unit.captures(object));
    found.map_or_else(|| "<crt>".to_owned(), |found| found[1].to_owned())
}

/// What `linkmap_truth.py` prints, counted by our reader.
fn sums(map: &LinkMap<'_>) -> Value {
    let rlib = regex_lite::Regex::new(r"lib([A-Za-z0-9_]+)-[0-9a-f]{15,16}\.rlib").expect("a pattern");
    let unit = regex_lite::Regex::new(r"/deps/([A-Za-z0-9_]+)-[0-9a-f]{15,16}\..*rcgu\.o").expect("a pattern");
    let unloaded = [".symtab", ".strtab", ".shstrtab", ".comment", ".bss", ".tbss"];
    let shown = [".text", ".rodata", ".data.rel.ro", ".eh_frame", ".gcc_except_table", ".data"];
    let mut sections: BTreeMap<&str, BTreeMap<String, u64>> = BTreeMap::new();
    let mut loaded: BTreeMap<String, u64> = BTreeMap::new();
    for piece in map.pieces() {
        let section = map.outputs()[piece.output as usize].name;
        if unloaded.contains(&section) || section.starts_with(".debug") {
            continue;
        }
        let owner = owner(object_of(map, piece), &rlib, &unit);
        *loaded.entry(owner.clone()).or_default() += piece.size;
        if shown.contains(&section) {
            *sections.entry(section).or_default().entry(owner).or_default() += piece.size;
        }
    }
    json!({ "sections": sections, "loaded": loaded })
}

/// The script's rows without a size have no pieces, so neither has an owner or section that has no others.
fn without_zeros(value: Value) -> Value {
    let Value::Object(object) = value else { return value };
    let inner = object.into_iter().map(|(key, value)| (key, without_zeros(value)));
    Value::Object(inner.filter(|(_, value)| *value != 0 && *value != json!({})).collect::<Map<_, _>>())
}

fn judge(script: &Path, map: &Path) -> Option<Value> {
    let Ok(output) = Command::new("python3").args([script, map]).output() else {
        skip("the judge of maps", "no python3");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(without_zeros(serde_json::from_slice(&output.stdout).expect("JSON")))
}

#[test]
fn bytes_by_crate_and_section_are_those_of_the_truth_script() {
    let Some(cases) = cases_dir() else { return };
    let mut hello = Vec::new();
    let file = fs::File::open(cases.join("hello.map.gz")).expect("the case");
    flate2::read::GzDecoder::new(file).read_to_end(&mut hello).expect("gzip");
    let own = link("lld").map(|linked| linked.map);
    // Any more maps by lld, such as those of a large program or of zig.
    let more = std::env::var_os("LAMBDA_SLIM_MAPS");
    let more = more.iter().flat_map(std::env::split_paths).map(|path| fs::read(path).expect("a map"));
    let folder = tempfile::tempdir().expect("a folder");
    for text in [hello].into_iter().chain(own).chain(more) {
        let path = folder.path().join("map");
        fs::write(&path, &text).expect("written");
        let Some(truth) = judge(&cases.join("linkmap_truth.py"), &path) else { return };
        let map = LinkMap::parse(&text).expect("a map");
        assert_eq!(without_zeros(sums(&map)), truth);
        println!("{} bytes of map, {} pieces of {} objects", text.len(), map.pieces().len(), map.objects().len());
    }
}

/// Stdout of a program of binutils about `program`.
fn binutils(tool: &str, arguments: &[&str], program: &Path) -> String {
    let output = Command::new(tool).args(arguments).arg(program).env("LC_ALL", "C").output();
    let output = output.unwrap_or_else(|error| panic!("{tool} does not run: {error}"));
    assert!(output.status.success(), "{tool}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn hex(text: &str) -> u64 {
    u64::from_str_radix(text, 16).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

#[test]
fn output_sections_are_those_that_readelf_sees() {
    for (linker, format, linked) in linked() {
        let map = LinkMap::parse(&linked.map).expect("a map");
        assert_eq!(map.format(), format, "{linker}");
        let listing = binutils("readelf", &["-SW"], &linked.program);
        let rows = listing.lines().filter_map(|line| line.split_once(']'));
        let mut loaded = 0;
        for (_, row) in rows {
            let columns: Vec<&str> = row.split_whitespace().collect();
            let [name, _, address, _, size, _, flags, ..] = columns[..] else { continue };
            if !flags.contains('A') || hex(size) == 0 {
                continue;
            }
            let found = map.outputs().iter().find(|output| output.name == name && output.size > 0);
            let found = found.unwrap_or_else(|| panic!("{linker}: no {name}"));
            assert_eq!((found.address, found.size), (hex(address), hex(size)), "{linker}: {name}");
            loaded += 1;
        }
        assert!(loaded > 15, "{linker}: {loaded} sections");
    }
}

#[test]
fn a_function_lies_in_the_piece_that_is_named_after_it() {
    for (linker, _, linked) in linked() {
        let map = LinkMap::parse(&linked.map).expect("a map");
        let text = map.outputs().iter().position(|output| output.name == ".text").expect("code");
        let pieces: Vec<&Piece> = map.pieces().iter().filter(|piece| piece.output as usize == text).collect();
        let mut named = 0;
        for line in binutils("nm", &["-S", "--defined-only"], &linked.program).lines() {
            let columns: Vec<&str> = line.splitn(4, ' ').collect();
            let [address, size, "t" | "T", name] = columns[..] else { continue };
            if !name.starts_with("_R") && !name.starts_with("_ZN") {
                continue;
            }
            let (address, size) = (hex(address), hex(size));
            let before = pieces.partition_point(|piece| piece.address <= address);
            let piece = pieces[before - 1];
            assert!(address + size <= piece.address + piece.size, "{linker}: {name} leaves {piece:?}");
            assert!(object_of(&map, piece).is_some_and(|object| object.ends_with(".o") || object.ends_with(".o)")));
            named += usize::from(piece.section.ends_with(name));
        }
        println!("{linker}: {named} functions in pieces of their names");
        assert!(named > 200, "{linker}: only {named} functions");
    }
}

#[test]
fn linkers_agree_on_the_code_of_each_object() {
    let mut first: Option<(&str, BTreeMap<String, u64>)> = None;
    for (linker, _, linked) in linked() {
        let map = LinkMap::parse(&linked.map).expect("a map");
        let mut code: BTreeMap<String, u64> = BTreeMap::new();
        for piece in map.pieces().iter().filter(|piece| piece.section.starts_with(".text.")) {
            let object = object_of(&map, piece).expect("an object placed it");
            let file = object.rsplit('/').next().expect("a last part").to_owned();
            // GNU ld keeps some of its helpers, such as `__udivti3`, in a program from which lld leaves them out.
            if file.starts_with("libcompiler_builtins-") {
                continue;
            }
            *code.entry(file).or_default() += piece.size;
        }
        assert!(code.values().sum::<u64>() > 100_000, "{linker}: {code:?}");
        match &first {
            Some((other, expected)) => assert_eq!(&code, expected, "{linker} and {other}"),
            None => first = Some((linker, code)),
        }
    }
}
