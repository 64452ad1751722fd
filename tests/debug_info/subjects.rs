//! The files that are read: programs compiled here, and the functions of `testdata`.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use lambda_slim::archive::{Archive, Limits};
use lambda_slim::elf::Image;

use crate::support::functions::{package, target_dir};
use crate::support::skip::skip;

pub(crate) const FIRST: &str = r#"
#include <stdio.h>
struct only_in_first { int field_of_first; } first_value;
int second(const char *);
int dropped_function(int x) { return x * 77; }
static __attribute__((noinline)) int twice(int x) { return x + x; }
int main(int count, char **words) {
    for (int i = 0; i < count; i++) if (words[i][0] == 'x') puts("an x");
    first_value.field_of_first = twice(second(words[0]));
    return first_value.field_of_first & 1;
}
"#;
pub(crate) const SECOND: &str = r#"
#include <string.h>
struct only_in_second { int field_of_second; const char *text; };
int second(const char *text) {
    struct only_in_second pair = {1, text};
    int sum = 0;
    for (const char *at = text; *at; at++) sum += *at;
    return sum + pair.field_of_second + (int)strlen(pair.text);
}
"#;
const RUST: &str = r#"
use std::collections::BTreeMap;
mod inner {
    #[inline(never)]
    pub fn count(words: &[String]) -> super::BTreeMap<String, usize> {
        let mut counts = super::BTreeMap::new();
        for word in words { *counts.entry(word.clone()).or_default() += 1; }
        counts
    }
}
fn main() {
    let words: Vec<String> = std::env::args().collect();
    println!("{:?}", inner::count(&words));
}
"#;

pub(crate) struct Subject {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) data: Vec<u8>,
}

impl Subject {
    pub(crate) fn image(&self) -> Image<'_> {
        Image::parse(&self.data).expect("a sound file")
    }
}

pub(crate) struct Subjects {
    pub(crate) folder: PathBuf,
    pub(crate) list: Vec<Subject>,
}

impl Subjects {
    /// In a folder of this name, which stays from run to run.
    pub(crate) fn new(folder: &str) -> Self {
        let folder = target_dir("debug-info").join(folder);
        fs::create_dir_all(&folder).expect("a folder");
        Self { folder, list: Vec::new() }
    }

    pub(crate) fn add(&mut self, name: &str) {
        let path = self.folder.join(name);
        let data = fs::read(&path).expect("what was written");
        self.list.push(Subject { name: name.to_owned(), path, data });
    }

    fn packaged(mut self) -> Self {
        for name in ["hello-unstripped", "arm64"] {
            let zip = fs::read(package(&format!("{name}.zip"))).expect("a fixture");
            let archive = Archive::parse(&zip, &Limits::default()).expect("a sound zip");
            let program = archive.entries().iter().find(|entry| entry.path() == "bootstrap").expect("its program");
            fs::write(self.folder.join(name), program.read().expect("sound data")).expect("written");
            self.add(name);
        }
        self
    }

    fn rust(mut self) -> Self {
        for version in [4, 5] {
            for (level, flags) in [("debug", ["-Copt-level=0", "-Clto=off"]), ("fat", ["-Copt-level=2", "-Clto=fat"])] {
                let name = format!("rust-dwarf{version}-{level}");
                let version = format!("-Cdwarf-version={version}");
                let mut rustc = Command::new("rustc");
                rustc.args(["--edition=2024", "-g", &version]).args(flags);
                self.compile(&name, rustc, &[("main.rs", RUST)]);
            }
        }
        self
    }

    fn c(mut self) -> Self {
        for version in 2..=5 {
            let version_flag = format!("-gdwarf-{version}");
            let kinds: [(&str, &[&str]); 3] = [
                ("plain", &["-O2"]),
                ("dropped", &["-O1", "-ffunction-sections", "-Wl,--gc-sections"]),
                ("types", &["-O2", "-fdebug-types-section", "-gpubnames"]),
            ];
            for (kind, flags) in kinds.into_iter().filter(|&(kind, _)| version >= 4 || kind != "types") {
                let mut cc = Command::new("cc");
                cc.args(["-g", &version_flag]).args(flags);
                self.compile(&format!("c-dwarf{version}-{kind}"), cc, &[("first.c", FIRST), ("second.c", SECOND)]);
            }
        }
        self
    }

    /// What cannot be compiled here is left out with a line that says so.
    pub(crate) fn compile(&mut self, name: &str, mut compiler: Command, sources: &[(&str, &str)]) {
        for (file, text) in sources {
            fs::write(self.folder.join(file), text).expect("written");
            compiler.arg(file);
        }
        compiler.current_dir(&self.folder).args(["-o", name]).stderr(Stdio::null());
        if compiler.status().is_ok_and(|status| status.success()) {
            self.add(name);
        } else {
            skip(name, &format!("{compiler:?} does not work here"));
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Subject> {
        self.list.iter().find(|subject| subject.name == name)
    }
}

/// Made once for all tests.
pub(crate) fn everything() -> &'static Subjects {
    static SUBJECTS: OnceLock<Subjects> = OnceLock::new();
    SUBJECTS.get_or_init(|| Subjects::new("plain").packaged().rust().c())
}

pub(crate) fn c_programs() -> impl Iterator<Item = &'static Subject> {
    everything().list.iter().filter(|subject| subject.name.starts_with("c-"))
}

/// A hundred thousand units with one name without an end, one list of ranges, one line program, one table of abbreviations.
pub(crate) const SHARING: &str = r#"
    .text
    .globl main
main: ret
    .section .debug_abbrev,"",@progbits
    .byte 1, 0x11, 0, 0x03, 0x0e, 0x55, 0x17, 0x10, 0x17, 0x1b, 0x0e, 0, 0
    .byte 2, 0x2e, 0
    .rept 2000
    .byte 0x3f, 0x19
    .endr
    .byte 0, 0, 0
    .section .debug_str,"",@progbits
    .fill 1000000, 1, 0x61
    .section .debug_ranges,"",@progbits
    .rept 100000
    .quad main, main + 1
    .endr
    .quad 0, 0
    .section .debug_line,"",@progbits
    .long 2f - 1f
1:  .short 4
    .long 4f - 3f
3:  .byte 1, 1, 1, 0xfb, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1
    .rept 50000
    .asciz "folder"
    .endr
    .byte 0
    .asciz "file"
    .byte 1, 0, 0, 0
4:  .rept 20000
    .byte 0, 9, 2
    .quad main
    .byte 1, 2, 1, 0, 1, 1
    .endr
2:
    .section .debug_info,"",@progbits
    .rept 100000
    .long 24 + 8
    .short 4
    .long 0
    .byte 8
    .byte 1
    .long 0, 0, 0, 0
    .byte 2, 2, 2, 2, 2, 2, 2, 2
    .endr
"#;
