//! Programs and libraries with symbols, as compilers here link them, and what tools say of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::support::functions;
use crate::support::program::{arg, run};
use crate::support::skip::skip;
use crate::support::zipfile;

pub(crate) const C: &str = "
#include <stdio.h>
#include <stdlib.h>
static int table[1000] = {4, 5};
static __thread int counter = 3;
__attribute__((noinline)) static int twice(int x) { volatile int y = x + x; return y; }
int main(int count, char **words) { counter += twice(count); printf(\"%d %s\\n\", table[0] + counter, words[0]); return 0; }
";
const LIBRARY: &str = "
#include <string.h>
int exported_data[64] = {7};
__attribute__((noinline)) static int hidden(const char *text) { return (int)strlen(text); }
int exported(const char *text) { return hidden(text) + exported_data[0]; }
";
const CPP: &str = "
#include <map>
#include <stdexcept>
#include <string>
namespace shop {
struct Order { std::map<std::string, int> lines; int total() const; };
__attribute__((noinline)) int Order::total() const { int sum = 0; for (auto &line : lines) sum += line.second; return sum; }
}
int main(int count, char **words) {
    try { shop::Order order; order.lines[words[0]] = count; if (order.total() > 99) throw std::runtime_error(\"x\"); return 0; }
    catch (const std::exception &) { return 1; }
}
";
/// Panics in a function below another, and says where one function is, so that addresses can be told from where it was loaded.
pub(crate) const PANICS: &str = r#"
mod shop {
    #[inline(never)]
    pub fn order(lines: &[u32], wanted: usize) -> u32 { price(lines, wanted) + 1 }
    #[inline(never)]
    pub fn price(lines: &[u32], wanted: usize) -> u32 { lines.iter().map(|line| line + lines[wanted]).sum() }
}
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn anchor() {}
fn main() {
    println!("{:p}", anchor as extern "C" fn());
    println!("{}", shop::order(&[1, 2, 3], std::env::args().count() + 6));
}
"#;
const CDYLIB: &str = r#"
#[inline(never)]
fn inner(x: i32) -> i32 { std::hint::black_box(x) * 3 }
#[unsafe(no_mangle)]
pub extern "C" fn exported(x: i32) -> i32 { inner(x) + std::env::args().count() as i32 }
"#;

/// Name, compiler, file of the source, source, flags.
type Link = (&'static str, &'static str, &'static str, &'static str, &'static [&'static str]);

pub(crate) const LINKS: [Link; 12] = [
    ("pie", "cc", "p.c", C, &["-O1", "-g"]),
    ("not-pie", "cc", "p.c", C, &["-O1", "-g", "-no-pie"]),
    ("static", "cc", "p.c", C, &["-O1", "-g", "-static"]),
    ("static-pie", "cc", "p.c", C, &["-O1", "-g", "-static-pie"]),
    ("compressed", "cc", "p.c", C, &["-O1", "-g", "-gz=zlib"]),
    ("emit-relocs", "cc", "p.c", C, &["-O1", "-g", "-Wl,--emit-relocs"]),
    ("no-build-id", "cc", "p.c", C, &["-O1", "-g", "-Wl,--build-id=none"]),
    ("symbols-only", "cc", "p.c", C, &["-O1"]),
    ("liblibrary.so", "cc", "l.c", LIBRARY, &["-O1", "-g", "-shared", "-fPIC"]),
    ("c++", "c++", "p.cc", CPP, &["-O1", "-g"]),
    (
        "panics",
        "rustc",
        "p.rs",
        PANICS,
        &["--edition=2024", "--crate-name=panics", "-O", "-g", "-Clink-arg=-Wl,--build-id"],
    ),
    (
        "libdynamic.so",
        "rustc",
        "d.rs",
        CDYLIB,
        &["--edition=2024", "--crate-name=dynamic", "-O", "-g", "--crate-type=cdylib", "-Clink-arg=-Wl,--build-id"],
    ),
];

pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Links the one of this name into `folder`; `None`, and a line that says so, where that does not work here.
pub(crate) fn link(name: &str, folder: &Path) -> Option<PathBuf> {
    let (_, compiler, file, source, flags) = LINKS.iter().find(|link| link.0 == name).expect("a known name");
    let (source_file, program) = (folder.join(file), folder.join(name));
    fs::write(&source_file, source).expect("written");
    let mut command = Command::new(compiler);
    functions::forget_the_outer_build(&mut command);
    let output = command.arg(&source_file).args(*flags).arg("-o").arg(&program).output();
    if output.is_ok_and(|output| output.status.success()) {
        return Some(program);
    }
    skip(name, &format!("{compiler} {flags:?} does not work here"));
    None
}

/// Everything that can be linked here, and a real function.
pub(crate) fn all(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = LINKS.iter().filter_map(|link_| link(link_.0, folder)).collect();
    paths.push(functions::build("hello"));
    paths
}

/// Slims `program` as a bare file into `folder`: the stripped program and its debug file.
pub(crate) fn slim(program: &Path, folder: &Path) -> Option<(PathBuf, PathBuf)> {
    let (zip, debug) = (folder.join("out.zip"), folder.join("out.debug"));
    run(["slim", arg(program), "-o", arg(&zip), "--debug-file", arg(&debug), "--effort", "fast", "-q"]).exits(0);
    let unpacked = folder.join("unpacked");
    zipfile::unpack(&zip, &unpacked)?;
    let name = fs::read_dir(&unpacked).expect("a folder").next().expect("a file").expect("readable").path();
    let stripped = folder.join(format!("{}.stripped", program.file_name().expect("a name").to_string_lossy()));
    fs::rename(name, &stripped).expect("our file");
    fs::remove_dir(unpacked).expect("our folder");
    Some((stripped, debug))
}

/// What a tool says of a file, on stdout and on stderr; `None` where there is no such tool.
pub(crate) fn said(tool: &str, arguments: &[&str], file: &Path) -> Option<(String, String)> {
    let Ok(output) = Command::new(tool).args(arguments).arg(file).env("LC_ALL", "C").output() else {
        skip(&format!("{} as {tool} sees it", file.display()), "no such tool here");
        return None;
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let Output { status, stdout, stderr } = &output;
    assert!(status.success(), "{tool} {}: {}", file.display(), text(stderr));
    Some((text(stdout), text(stderr)))
}

/// The build id, as readelf says it.
pub(crate) fn build_id(file: &Path) -> Option<String> {
    let (notes, _) = said("readelf", &["-nW"], file)?;
    notes.lines().find_map(|line| Some(line.trim().strip_prefix("Build ID:")?.trim().to_owned()))
}
