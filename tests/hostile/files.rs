//! Each named kind of bad input through the program itself: one line that names the file and what is wrong, exit 2, and nothing
//! changed on disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use lambda_slim::elf::Architecture;

use crate::raw::{self, Raw, RawEnd};
use crate::say;
use crate::small_elf::{put, section_field, whole};
use crate::support::functions::package;

const PROGRAM: &str = env!("CARGO_BIN_EXE_lambda-slim");
const OLD: &[u8] = b"the file that was there before";

/// A folder with a bad input in it, and an older result.
struct Scene {
    folder: tempfile::TempDir,
    input: PathBuf,
    contents: Vec<u8>,
}

impl Scene {
    fn new(name: &str, contents: &[u8]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let input = folder.path().join(name);
        fs::write(&input, contents).expect("written");
        fs::write(folder.path().join("out.zip"), OLD).expect("written");
        Self { folder, input, contents: contents.to_vec() }
    }

    fn output(&self) -> PathBuf {
        self.folder.path().join("out.zip")
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).current_dir(self.folder.path()).env_remove("LAMBDA_SLIM_FORMAT");
        command.output().expect("the program starts")
    }

    #[track_caller]
    fn is_unchanged(&self) {
        let mut names: Vec<_> = fs::read_dir(self.folder.path())
            .expect("the folder")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
            .collect();
        names.sort();
        let mut expected = vec!["out.zip".to_owned(), name_of(&self.input)];
        expected.sort();
        assert_eq!(names, expected, "files left behind");
        assert!(fs::read(&self.input).expect("the input") == self.contents, "the input changed");
        assert!(fs::read(self.output()).expect("the output") == OLD, "the output changed");
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

/// One line of error that says all of `needles`, exit 2, nothing on stdout.
#[track_caller]
fn one_error(output: &Output, needles: &[&str]) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(output.stdout.is_empty(), "stdout: {}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(stderr.lines().count(), 1, "one line: {stderr}");
    assert!(stderr.starts_with("error: "), "{stderr}");
    for needle in needles {
        assert!(stderr.contains(needle), "{needle:?} is not in {stderr}");
    }
    assert!(!stderr.contains("panicked"), "{stderr}");
}

/// Every command refuses the file alike, with its path and `needles` in the one line.
#[track_caller]
fn refused(name: &str, contents: &[u8], needles: &[&str]) {
    let scene = Scene::new(name, contents);
    let input = scene.input.to_str().expect("UTF-8");
    let needles: Vec<&str> = needles.iter().copied().chain([input]).collect();
    for arguments in [
        &["analyze", input][..],
        &["analyze", "--format", "json", "-o", "out.zip", input],
        &["slim", input, "-o", "out.zip"],
        &["slim", input, "--in-place"],
        &["estimate", input],
        &["check", input],
        &["diff", input, input],
    ] {
        one_error(&scene.run(arguments), &needles);
        scene.is_unchanged();
    }
}

fn program() -> Vec<u8> {
    whole(Architecture::X86_64).build()
}

#[test]
fn an_empty_file() {
    refused("bootstrap.zip", b"", &["is empty"]);
}

#[test]
fn not_an_elf_and_not_a_zip() {
    refused("bootstrap", b"#!/bin/sh\necho hello\n", &["neither a zip nor an ELF file"]);
}

#[test]
fn an_elf_of_32_bits() {
    let mut file = program();
    file[4] = 1;
    refused("bootstrap", &file, &["32-bit ELF file"]);
}

#[test]
fn a_big_endian_elf() {
    let mut file = program();
    file[5] = 2;
    refused("bootstrap", &file, &["big-endian ELF file"]);
}

#[test]
fn a_truncated_elf() {
    let file = program();
    refused("bootstrap", &file[..40], &["cut short", "40 bytes"]);
    refused("bootstrap", &file[..file.len() - 1], &["section header table", "past the end of the file"]);
    refused("bootstrap", &file[..2000], &["past the end of the file (0x7d0)"]);
}

#[test]
fn a_section_past_the_end() {
    let mut file = program();
    let size = section_field(&file, 5, 32);
    put(&mut file, size, 0x10_0000_u64.to_le_bytes());
    refused("bootstrap", &file, &["section \".text\" (number 5) ends at 0x100", "past the end of the file"]);
}

#[test]
fn a_section_whose_end_overflows() {
    let mut file = program();
    let offset = section_field(&file, 5, 24);
    put(&mut file, offset, u64::MAX.to_le_bytes());
    refused("bootstrap", &file, &["section \".text\" (number 5) ends at", "past the end of the file"]);
}

#[test]
fn overlapping_sections() {
    let mut file = program();
    let size = section_field(&file, 5, 32);
    put(&mut file, size, 2010_u64.to_le_bytes());
    refused("bootstrap", &file, &["sections \".text\" and \".rodata\" overlap at offset 0x"]);
}

#[test]
fn a_broken_program_in_a_zip() {
    let mut file = program();
    file[4] = 1;
    let zip = raw::zip(&[Raw { mode: 0o100_755, ..Raw::deflated("bootstrap", &file) }]);
    refused("function.zip", &zip, &["bootstrap: 32-bit ELF file"]);
}

#[test]
fn a_zip_bomb() {
    let claim = |size| Raw { method: 8, data: vec![7; 1000], ..Raw::stored("bootstrap", b"") }.with_size(size);
    refused("bomb.zip", &raw::zip(&[claim(4_000_000_000)]), &["\"bootstrap\"", "expands 1032-fold at most"]);

    // Five times 200 MB of zeroes that are really there, in 1 MB.
    let zeroes = lambda_slim::deflate::compress(&vec![0; 200_000_000], lambda_slim::deflate::Effort::Fast);
    let entry = |number: usize| Raw { method: 8, data: zeroes.clone(), ..Raw::stored(format!("{number}"), b"") };
    let entries: Vec<Raw> = (0..5).map(|number| entry(number).with_size(200_000_000)).collect();
    refused("bomb.zip", &raw::zip(&entries), &["unpacks to more than 536870912 bytes", "\"2\" brings it to 600000000"]);

    let inner = raw::zip(&[Raw::stored("b", b"hello")]);
    let nested = [Raw::stored("a", &inner[..36]), Raw { local_offset: Some(31), ..Raw::stored("b", b"hello") }];
    refused("bomb.zip", &raw::zip(&nested), &["\"b\" at offset 31 overlaps \"a\""]);
}

#[test]
fn duplicate_names() {
    let twice = [Raw::stored("bootstrap", b"1"), Raw::stored("./bootstrap", b"2")];
    refused("function.zip", &raw::zip(&twice), &["\"bootstrap\" is in the zip twice"]);
}

#[test]
fn names_that_leave_the_package() {
    let up = Raw::stored("../../etc/passwd", b"x");
    refused("function.zip", &raw::zip(&[up]), &["\"../../etc/passwd\" has a '..' component"]);
    refused("function.zip", &raw::zip(&[Raw::stored("/etc/passwd", b"x")]), &["\"/etc/passwd\" is an absolute path"]);
    let link = Raw::link("lib/x", "../../etc/passwd");
    refused("function.zip", &raw::zip(&[link]), &["\"lib/x\" leaves the package: it points to \"../../etc/passwd\""]);
}

#[test]
fn a_name_cannot_forge_a_second_line() {
    let forged = Raw::stored("a\nerror: \x1b[31mb", b"x");
    refused("function.zip", &raw::zip(&[forged]), &["has the control character U+000A in its name"]);
}

#[test]
fn an_encrypted_entry() {
    let encrypted = Raw { flags: 1, ..Raw::stored("bootstrap", b"hello") };
    refused("function.zip", &raw::zip(&[encrypted]), &["\"bootstrap\" is encrypted"]);
}

#[test]
fn a_zip64() {
    let locator = [b"PK\x06\x07".as_slice(), &[0; 16]].concat();
    let end = RawEnd { before: locator, ..RawEnd::default() };
    let zip = raw::zip_with(&[Raw::stored("a", b"hello")], &end);
    refused("function.zip", &zip, &["zip64 is not supported", "locator at offset 83"]);
    let field = Raw { extra: vec![1, 0, 0, 0], ..Raw::stored("a", b"hello") };
    refused("function.zip", &raw::zip(&[field]), &["zip64 is not supported", "at offset 36"]);
}

#[test]
fn a_truncated_or_damaged_zip() {
    let zip = fs::read(package("arm64.zip")).expect("a fixture");
    refused("function.zip", &zip[..100_000], &["truncated zip", "100000 bytes"]);
    let mut flipped = zip.clone();
    flipped[50_000] ^= 4;
    refused("function.zip", &flipped, &["\"bootstrap\" is damaged"]);
    let longer = [&zip[..], b"more"].concat();
    refused("function.zip", &longer, &["the zip ends at offset", &format!("{} bytes", longer.len())]);
}

#[test]
fn a_package_without_bootstrap_is_a_finding_of_analyze_and_fails_check() {
    let scene = Scene::new("function.zip", &raw::zip(&[Raw::deflated("bin.txt", b"no program")]));
    let report = scene.run(&["analyze", "function.zip", "--format", "json"]);
    assert_eq!(report.status.code(), Some(0), "{}", String::from_utf8_lossy(&report.stderr));
    let report: serde_json::Value = serde_json::from_slice(&report.stdout).expect("a report");
    let finding = &report["findings"][0];
    assert_eq!((&finding["code"], &finding["severity"]), (&"bootstrap-missing".into(), &"error".into()));

    let verdict = scene.run(&["check", "function.zip"]);
    assert_eq!(verdict.status.code(), Some(1), "{}", String::from_utf8_lossy(&verdict.stderr));
    assert!(String::from_utf8_lossy(&verdict.stdout).contains("bootstrap-missing"));
    scene.is_unchanged();
}

#[test]
fn a_report_that_is_none() {
    refused_as_report("{\"schema_version\": 1, \"artifact\": 7}", &["not a report of lambda-slim"]);
    refused_as_report("{\"schema_version\": 1,", &["not JSON", "line 1 column"]);
    refused_as_report("{\"schema_version\": 9}", &["schema_version is 9"]);
}

#[track_caller]
fn refused_as_report(text: &str, needles: &[&str]) {
    let scene = Scene::new("report.json", text.as_bytes());
    let needles: Vec<&str> = needles.iter().copied().chain(["report.json: "]).collect();
    for arguments in
        [&["check", "report.json"][..], &["estimate", "report.json"], &["diff", "report.json", "report.json"]]
    {
        one_error(&scene.run(arguments), &needles);
        scene.is_unchanged();
    }
}

#[test]
fn an_unreadable_file() {
    let scene = Scene::new("bootstrap", &program());
    one_error(&scene.run(&["analyze", "missing.zip"]), &["missing.zip: no such file"]);
    one_error(&scene.run(&["slim", "missing.zip", "-o", "out.zip"]), &["missing.zip: no such file"]);
    if cfg!(target_os = "linux") {
        // A regular file that even root cannot read.
        one_error(&scene.run(&["analyze", "/proc/self/mem"]), &["/proc/self/mem: cannot read: "]);
    }
    scene.is_unchanged();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let with_mode = |mode| fs::set_permissions(&scene.input, fs::Permissions::from_mode(mode)).expect("own file");
        with_mode(0);
        if fs::read(&scene.input).is_ok() {
            say("skipped: a file without read permission: root may read it");
        } else {
            one_error(&scene.run(&["analyze", "bootstrap"]), &["bootstrap: cannot read: "]);
        }
        with_mode(0o644);
    }
    scene.is_unchanged();
}

#[cfg(unix)]
#[test]
fn a_full_disk_while_writing() {
    let scene = Scene::new("function.zip", &fs::read(package("arm64.zip")).expect("a fixture"));
    for (arguments, written) in [
        ("slim function.zip --effort fast -o out.zip", "out.zip"),
        ("analyze function.zip --format json -n 0 -o out.zip", "out.zip"),
    ] {
        // Without the signal, a write past the limit fails as one to a full disk does.
        let script = format!("trap '' XFSZ; ulimit -f 1; exec {PROGRAM} {arguments}");
        let output = Command::new("sh").args(["-c", &script]).current_dir(scene.folder.path()).output().expect("sh");
        one_error(&output, &[&format!("{written}: cannot write: ")]);
        scene.is_unchanged();
    }
    if cfg!(target_os = "linux") {
        let slim = ["slim", "function.zip", "--effort", "fast", "-o", "/dev/full"];
        one_error(&scene.run(&slim), &["/dev/full: cannot write: "]);
        let full = fs::File::options().write(true).open("/dev/full").expect("a device");
        let mut command = Command::new(PROGRAM);
        command.args(["analyze", "function.zip"]).current_dir(scene.folder.path()).stdout(full).stderr(Stdio::piped());
        let child = command.spawn().expect("the program starts");
        let output = child.wait_with_output().expect("its output");
        one_error(&output, &["cannot write to stdout: "]);
    }
    scene.is_unchanged();
}

#[cfg(unix)]
#[test]
fn an_interrupted_run() {
    let scene = Scene::new("function.zip", &fs::read(package("hello-unstripped.zip")).expect("a fixture"));
    for signal in ["KILL", "INT", "TERM"] {
        let mut command = Command::new(PROGRAM);
        command.args(["slim", "function.zip", "--effort", "max", "-o", "out.zip"]).current_dir(scene.folder.path());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
        thread::sleep(Duration::from_millis(150));
        assert!(child.try_wait().expect("a child").is_none(), "it was done before it could be interrupted");
        let sent = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
        assert!(sent.expect("kill").success());
        assert!(!child.wait().expect("a child").success());
        scene.is_unchanged();
    }
}

/// Ended at any moment, the file is the old one or the new one, whole.
#[test]
fn a_run_killed_at_any_moment_leaves_a_whole_file() {
    let scene = Scene::new("function.zip", &fs::read(package("arm64.zip")).expect("a fixture"));
    let arguments = ["slim", "function.zip", "--effort", "fast", "-o", "out.zip"];
    let start = Instant::now();
    assert!(scene.run(&arguments).status.success());
    let whole_run = start.elapsed();
    let new = fs::read(scene.output()).expect("the output");
    assert!(new.len() > 100_000);
    for step in 0..24 {
        fs::write(scene.output(), OLD).expect("written");
        let mut command = Command::new(PROGRAM);
        command.args(arguments).current_dir(scene.folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the program starts");
        thread::sleep(whole_run * step / 20);
        // It may have ended by itself.
        let _ = child.kill();
        child.wait().expect("a child");
        let found = fs::read(scene.output()).expect("the output");
        assert!(found == OLD || found == new, "{} bytes are neither the old file nor the new one", found.len());
    }
}
