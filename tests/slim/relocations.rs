//! `relr` and `no-aslr`: the program does what it did, judged by running it, by the kernel's map of it, by readelf and by GNU as.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use goblin::elf::Elf;
use goblin::elf::header::{ET_DYN, ET_EXEC};
use goblin::elf::program_header::{PF_X, PT_GNU_RELRO, PT_LOAD};
use serde_json::Value;

use crate::laws::{self, folder, report, slim};
use crate::support::functions::{build, manifest_path, package};
use crate::support::process::Process;
use crate::support::program::Run;
use crate::support::runtime_api::{Call, RuntimeApi, calls, invoke};
use crate::support::skip::skip;
use crate::support::zipfile;

/// Far longer than any start takes, so that a slow machine is no failure.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Pages of this architecture.
const PAGE: u64 = 4096;

/// `program` with one more rewrite, unpacked into `folder`; `None` where there is no unzip.
fn rewritten(program: &Path, rewrite: &str, folder: &Path) -> Option<PathBuf> {
    let zip = folder.join(format!("{rewrite}.zip"));
    slim(program, &zip, &["--effort", "fast", "--with", rewrite]);
    assert_eq!(row(program, rewrite)["status"], "applied", "{}", program.display());
    let into = folder.join(rewrite);
    zipfile::unpack(&zip, &into)?;
    let bootstrap = into.join("bootstrap");
    fs::set_permissions(&bootstrap, fs::Permissions::from_mode(0o755)).expect("our file");
    Some(bootstrap)
}

/// What the report says of `rewrite`.
fn row(program: &Path, rewrite: &str) -> Value {
    laws::row(&report(program, &["--effort", "fast", "--with", rewrite]), rewrite)
}

/// A function that panics in its handler, catches panics and prints backtraces as it is told to; before and after a rewrite.
fn before_and_after(rewrite: &str, folder: &Path) -> Option<(PathBuf, PathBuf)> {
    let before = build("panics");
    let after = rewritten(&before, rewrite, folder)?;
    Some((before, after))
}

/// One mapping of a process, of a file.
struct Mapping {
    start: u64,
    end: u64,
    permissions: String,
}

/// Where the kernel has put the parts of `program` by the time that it asks for an event.
fn mappings(program: &Path) -> Vec<Mapping> {
    let api = RuntimeApi::start("{}").expect("a port");
    let mut process = Process::start(program, api.address()).expect("it starts");
    let call = api.next_call(&mut process, Instant::now() + TIMEOUT).expect("it asks");
    assert_eq!(call, Call::Next);
    let maps = fs::read_to_string(format!("/proc/{}/maps", process.id())).expect("it is running");
    let program = fs::canonicalize(program).expect("it is there");
    let lines = maps.lines().filter(|line| line.ends_with(program.to_str().expect("UTF-8")));
    let mappings = lines.map(|line| {
        let mut fields = line.split_whitespace();
        let (start, end) = fields.next().and_then(|range| range.split_once('-')).expect("a range");
        let number = |text| u64::from_str_radix(text, 16).expect("a hexadecimal number");
        let permissions = fields.next().expect("permissions").to_owned();
        Mapping { start: number(start), end: number(end), permissions }
    });
    mappings.collect()
}

/// The address of the first byte of the program.
fn base(mappings: &[Mapping]) -> u64 {
    mappings.iter().map(|mapping| mapping.start).min().expect("it is mapped")
}

/// The pages of RELRO, before the program is moved.
fn relro(program: &Path) -> std::ops::Range<u64> {
    let bytes = fs::read(program).expect("it is there");
    let elf = Elf::parse(&bytes).expect("goblin reads it");
    let header = elf.program_headers.iter().find(|header| header.p_type == PT_GNU_RELRO).expect("it has one");
    header.p_vaddr / PAGE * PAGE..(header.p_vaddr + header.p_memsz) / PAGE * PAGE
}

/// Each page of `pages` is mapped readable and no more.
#[track_caller]
fn assert_read_only(mappings: &[Mapping], pages: std::ops::Range<u64>) {
    assert!(!pages.is_empty());
    for page in pages.step_by(PAGE as usize) {
        let mapping = mappings.iter().find(|mapping| (mapping.start..mapping.end).contains(&page));
        assert_eq!(mapping.map(|mapping| mapping.permissions.as_str()), Some("r--p"), "page {page:#x}");
    }
}

#[track_caller]
fn readelf_has_no_complaint(program: &Path) {
    let Ok(output) = Command::new("readelf").args(["-hlSWdrs"]).arg(program).env("LC_ALL", "C").output() else {
        return skip("readelf's opinion", "no readelf");
    };
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{}", program.display());
}

/// Answers, panics and caught panics are those of the program as it was.
#[track_caller]
fn assert_does_the_same(before: &Path, after: &Path) {
    let event = r#"{"catch": 1000}"#;
    let reply = invoke(before, event, TIMEOUT).expect("it answers");
    assert!(reply.body.contains("\"caught\":1000") && reply.body.contains("\"dropped\":4000"), "{}", reply.body);
    assert_eq!(invoke(after, event, TIMEOUT).expect("it answers"), reply);
    let panicked = |program: &Path| calls(program, r#"{"panic": true}"#, 3, TIMEOUT).expect("it reports the panic");
    let after_panic = panicked(after);
    assert!(
        matches!(after_panic.as_slice(), [Call::Next, Call::InvocationError { .. }, Call::Next]),
        "{after_panic:?}"
    );
    assert_eq!(after_panic, panicked(before));
}

#[test]
fn packed_relocations_leave_the_program_what_it_does_and_its_protection() {
    let folder = folder();
    let Some((before, after)) = before_and_after("relr", folder.path()) else { return };
    assert_does_the_same(&before, &after);
    readelf_has_no_complaint(&after);
    let (first, second) = (mappings(&after), mappings(&after));
    assert_ne!(base(&first), base(&second), "twice at the same address: that happens once in 2^28");
    let pages = relro(&before);
    assert_read_only(&first, base(&first) + pages.start..base(&first) + pages.end);
    assert!(!first.iter().any(|mapping| mapping.permissions.contains("wx")));
}

#[test]
fn a_fixed_address_leaves_the_program_what_it_does_but_for_the_address() {
    let folder = folder();
    let Some((before, after)) = before_and_after("no-aslr", folder.path()) else { return };
    assert_does_the_same(&before, &after);
    readelf_has_no_complaint(&after);
    assert_ne!(base(&mappings(&before)), base(&mappings(&before)));
    let (first, second) = (mappings(&after), mappings(&after));
    assert_eq!([base(&first), base(&second)], [0x40_0000; 2]);
    let pages = relro(&after);
    assert_eq!(pages.start, relro(&before).start + 0x40_0000);
    assert_read_only(&first, pages);
    let bytes = fs::read(&after).expect("it is there");
    assert_eq!(Elf::parse(&bytes).expect("goblin reads it").header.e_type, ET_EXEC);
}

#[test]
fn the_start_stub_is_what_gnu_as_makes_of_its_source() {
    let folder = folder();
    let Some((_, after)) = before_and_after("relr", folder.path()) else { return };
    let bytes = fs::read(&after).expect("it is there");
    let elf = Elf::parse(&bytes).expect("goblin reads it");
    assert_eq!(elf.header.e_type, ET_DYN);
    let segment = elf.program_headers.iter().rfind(|header| header.p_type == PT_LOAD).expect("it is loaded");
    assert_eq!((segment.p_vaddr, segment.p_flags & PF_X), (elf.entry, PF_X));
    let mut stub = bytes[segment.file_range()].to_vec();
    // What depends on the program: addresses of the table, its end, address 0, RELRO, its size, the old entry point.
    for operand in [0x10, 0x17, 0x1e, 0x60, 0x65, 0x8f] {
        stub[operand..operand + 4].fill(0);
    }
    let source = manifest_path().with_file_name("../start-stub.s");
    let (object, code) = (folder.path().join("stub.o"), folder.path().join("stub.bin"));
    let assembled = Command::new("as").arg(source).arg("-o").arg(&object).status();
    let copied = Command::new("objcopy").args(["-O", "binary", "-j", ".text"]).args([&object, &code]).status();
    match (assembled, copied) {
        (Ok(assembled), Ok(copied)) => assert!(assembled.success() && copied.success()),
        _ => return skip("the start stub", "no as or no objcopy"),
    }
    assert!(stub == fs::read(&code).expect("objcopy wrote it"));
}

/// Enough relocations that to have none of them is worth it: a small program has few.
const MANY: &str = "
#define TEN(x) x, x, x, x, x, x, x, x, x, x
#define HUNDRED(x) TEN(x), TEN(x), TEN(x), TEN(x), TEN(x), TEN(x), TEN(x), TEN(x), TEN(x), TEN(x)
static int number_of_many = 5;
int *volatile many[] = { HUNDRED(&number_of_many), HUNDRED(0), HUNDRED(&number_of_many), TEN(0), HUNDRED(&number_of_many) };
";

/// Compiles a program; `None` where there is no compiler.
fn compiled(compiler: &str, source: &str, flags: &[&str], folder: &Path) -> Option<PathBuf> {
    let extension = if compiler == "g++" { "cc" } else { "c" };
    let (file, program) = (folder.join("source").with_extension(extension), folder.join("program"));
    fs::write(&file, [MANY, source].concat()).expect("a temporary file");
    let Ok(output) = Command::new(compiler).args(["-O2", "-o"]).args([&program, &file]).args(flags).output() else {
        skip("a compiled program", compiler);
        return None;
    };
    if !output.status.success() {
        // A static C library, or a linker that knows a flag, need not be there.
        skip("a compiled program", &String::from_utf8_lossy(&output.stderr));
        return None;
    }
    Some(program)
}

/// Both programs end alike and write the same.
#[track_caller]
fn assert_runs_alike(before: &Path, after: &Path) {
    let before = Run::of(&mut Command::new(before)).exits(0);
    let after = Run::of(&mut Command::new(after)).exits(0);
    assert!(!before.stdout.is_empty());
    assert_eq!(after.stdout, before.stdout);
}

/// Why `rewrite` leaves `program` as it is.
#[track_caller]
fn refused(program: &Path, rewrite: &str) -> String {
    let row = row(program, rewrite);
    assert_eq!(row["status"], "not_applicable", "{row}");
    row["reason"].as_str().expect("a reason").to_owned()
}

/// Constructors, virtual calls through typeinfo, exceptions across frames, thread-local data with addresses in it, calls bound late.
const CPP: &str = r#"
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>
struct Shape { virtual ~Shape() {} virtual double area() const = 0; };
struct Circle : Shape { double r; Circle(double r) : r(r) { if (r < 0) throw std::domain_error("negative"); }
  double area() const override { return 3.0 * r * r; } };
struct Square : Shape { double a; Square(double a) : a(a) {} double area() const override { return a * a; } };
static int number = 41;
static std::string name = "made before main";
__thread int *pointer = &number;
__attribute__((constructor)) static void first() { ++number; }
__attribute__((destructor)) static void last() { puts("last"); }
static const char *day(int n) { switch (n) { case 0: return "zero"; case 1: return "one"; case 2: return "two";
  case 3: return "three"; case 4: return "four"; case 5: return "five"; default: return "many"; } }
int main(int argc, char **) {
  for (double r : {1.0, -1.0, 2.0}) {
    try { Circle c(r * argc); Shape *s = &c; printf("%g %d\n", s->area(), dynamic_cast<Square *>(s) != nullptr); }
    catch (const std::exception &e) { printf("caught %s\n", e.what()); }
  }
  std::thread([] { printf("%s %d %s\n", name.c_str(), *pointer, day(*pointer - 39)); }).join();
  printf("%s %s\n", day(argc), day(argc + 6));
}
"#;

#[test]
fn a_cpp_program_runs_as_before() {
    for (flags, may_export) in
        [(&["-Wl,-z,lazy", "-pthread"][..], true), (&["-Wl,-z,now", "-pthread", "-static-libstdc++"], false)]
    {
        for rewrite in ["relr", "no-aslr"] {
            let folder = folder();
            let Some(program) = compiled("g++", CPP, flags, folder.path()) else { return };
            if may_export && rewrite == "relr" && row(&program, rewrite)["status"] == "not_applicable" {
                // Inline functions of the C++ library that the library may call.
                assert!(refused(&program, rewrite).contains("exports"));
                continue;
            }
            let Some(after) = rewritten(&program, rewrite, folder.path()) else { return };
            assert_runs_alike(&program, &after);
            readelf_has_no_complaint(&after);
        }
    }
}

/// Bytes of data between instructions, and code that is the middle of an instruction: neither may be taken for `lea`.
const LOOKALIKES: &str = r#"
#include <stdio.h>
char far_away[32 << 20];
extern long island(void), middle(void);
extern long entered(long);
extern void *taken(void);
asm(".text\n"
    // Control passes over eight bytes that look like lea of an address of the program, and reads them.
    "island: .cfi_startproc\n jmp 1f\n 0: .byte 0x48, 0x8d, 0x05, 0x00, 0x01, 0x00, 0x00, 0x90\n"
    "1: mov 0b(%rip), %rax\n ret\n .cfi_endproc\n"
    // xor eax, eax; ret is the distance of a lea that control also runs through, from its own function
    "entered: .cfi_startproc\n test %rdi, %rdi\n jne 2f\n .byte 0x48, 0x8d, 0x05\n 2: .byte 0x31, 0xc0, 0xc3, 0x00\n ret\n .cfi_endproc\n"
    // and from another.
    "shared: .cfi_startproc\n .byte 0x48, 0x8d, 0x05\n 3: .byte 0x31, 0xc0, 0xc3, 0x00\n ret\n .cfi_endproc\n"
    "middle: .cfi_startproc\n jmp 3b\n .cfi_endproc\n"
    "taken: .cfi_startproc\n lea far_away(%rip), %r9\n mov %r9, %rax\n ret\n .cfi_endproc\n");
int main(void) {
  printf("%lx %ld %ld %d\n", island(), entered(1), middle(), taken() == far_away);
  return 0;
}
"#;

#[test]
fn what_only_looks_like_an_instruction_stays() {
    let folder = folder();
    let Some(program) = compiled("gcc", LOOKALIKES, &[], folder.path()) else { return };
    let Some(after) = rewritten(&program, "no-aslr", folder.path()) else { return };
    assert_runs_alike(&program, &after);
    let bytes = fs::read(&after).expect("it is there");
    // mov r9d, far_away; nop; mov rax, r9: the lea that is one was rewritten.
    let is_taken =
        |window: &[u8]| window.starts_with(&[0x41, 0xb9]) && window.ends_with(&[0x90, 0x4c, 0x89, 0xc8, 0xc3]);
    assert_eq!(bytes.windows(11).filter(|window| is_taken(window)).count(), 1);
}

/// The loader calls a function of the program while it relocates, and one before the entry point.
const EARLY: &str = r#"
#include <stdio.h>
static int one(void) { return 1; }
static int (*volatile table[])(void) = { one };
static void *choose(void) { return one; }
static int chosen(void) __attribute__((ifunc("choose")));
#ifdef PREINIT
static int seen;
static void early(void) { seen = table[0](); }
__attribute__((section(".preinit_array"), used)) static void (*const before)(void) = early;
int main(void) { printf("%d %d\n", seen, table[0]()); return 0; }
#else
int main(void) { printf("%d %d\n", chosen(), table[0]()); return 0; }
#endif
"#;

#[test]
fn what_runs_before_the_start_stub_is_refused_and_is_fine_at_a_fixed_address() {
    for (flags, why) in [(&[][..], "IFUNC"), (&["-DPREINIT"], "DT_PREINIT_ARRAY")] {
        let folder = folder();
        let Some(program) = compiled("gcc", EARLY, flags, folder.path()) else { return };
        let reason = refused(&program, "relr");
        assert!(reason.contains(why), "{reason}");
        let Some(after) = rewritten(&program, "no-aslr", folder.path()) else { return };
        assert_runs_alike(&program, &after);
    }
}

const PLAIN: &str =
    "#include <stdio.h>\nint exported(void) { return 7; }\nint main(void) { printf(\"%d\\n\", exported()); }\n";

#[test]
fn what_is_not_known_to_work_is_refused_with_its_reason() {
    let cases: [(&[&str], &str, &[&str]); 6] = [
        (&["-shared", "-fPIC"], "shared library", &["relr", "no-aslr"]),
        (&["-static"], "fixed address", &["relr", "no-aslr"]),
        (&["-no-pie"], "fixed address", &["relr", "no-aslr"]),
        (&["-static-pie"], "relocates itself", &["relr", "no-aslr"]),
        (&["-rdynamic"], "exports", &["relr"]),
        (&["-Wl,-z,norelro", "-pie"], "PT_GNU_RELRO", &["relr"]),
    ];
    for (flags, why, rewrites) in cases {
        let folder = folder();
        let Some(program) = compiled("gcc", PLAIN, flags, folder.path()) else { continue };
        for rewrite in rewrites {
            let reason = refused(&program, rewrite);
            assert!(reason.contains(why), "{flags:?}: {reason}");
        }
    }
    // Debug information would still name the old addresses.
    let folder = folder();
    let Some(program) = compiled("gcc", PLAIN, &["-g"], folder.path()) else { return };
    let flags = ["--effort", "fast", "--with", "no-aslr", "--without", "strip-debug"];
    let report = report(&program, &flags).to_string();
    assert!(report.contains("names addresses that would change"), "{report}");
}

#[test]
fn twice_is_once_for_both() {
    let folder = folder();
    for rewrite in ["relr", "no-aslr"] {
        let Some((_, once)) = before_and_after(rewrite, folder.path()) else { return };
        let (first, second) = (folder.path().join(format!("{rewrite}.zip")), folder.path().join("twice.zip"));
        let flags = ["--effort", "fast", "--with", rewrite];
        assert!(slim(&first, &second, &flags) == fs::read(&first).expect("it is there"), "{rewrite}");
        assert_eq!(row(&once, rewrite)["status"], "not_applicable");
    }
}

#[test]
fn an_arm64_function_answers_at_a_fixed_address_as_before() {
    let folder = folder();
    let zip = folder.path().join("fixed.zip");
    let input = package("arm64.zip");
    slim(&input, &zip, &["--effort", "fast", "--with", "no-aslr"]);
    assert_eq!(row(&input, "no-aslr")["status"], "applied");
    assert!(refused(&input, "relr").contains("not proven on arm64"));
    // Debian's cross compiler brings a C library for arm64.
    let library = Path::new("/usr/aarch64-linux-gnu");
    let answer = |zip: &Path, name: &str| {
        let into = folder.path().join(name);
        zipfile::unpack(zip, &into)?;
        fs::rename(into.join("bootstrap"), into.join("program")).expect("our file");
        let script = format!("#!/bin/sh\nexec qemu-aarch64-static -L {} ./program\n", library.display());
        fs::write(into.join("bootstrap"), script).expect("our file");
        for file in ["program", "bootstrap"] {
            fs::set_permissions(into.join(file), fs::Permissions::from_mode(0o755)).expect("our file");
        }
        readelf_has_no_complaint(&into.join("program"));
        Some(invoke(&into.join("bootstrap"), r#"{"name": "arm"}"#, TIMEOUT).expect("it answers"))
    };
    let has_qemu = Command::new("qemu-aarch64-static").arg("--version").output().is_ok();
    if !has_qemu || !library.is_dir() {
        return skip("an arm64 function", "no qemu-aarch64-static, or no C library for it");
    }
    let Some(before) = answer(&input, "before") else { return };
    assert_eq!(answer(&zip, "after"), Some(before));
}
