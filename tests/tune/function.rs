//! A Lambda function without dependencies but its own: it speaks to the Runtime API itself, so that a build takes seconds.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::program::{Run, lambda_slim};
use crate::support::project::TinyProject;

/// The function answers `{"name": …}`; an event without a name is an error. It says so by its address where it is linked to a fixed one, and ends where
/// the linker has merged two of its functions. It does not compile where a panic aborts.
const MAIN: &str = r#"
use std::io::{Read, Write};
use std::net::TcpStream;

#[cfg(panic = "abort")]
compile_error!("this function wants to catch panics");

#[inline(never)]
fn twin(x: u64) -> u64 {
    (x.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(17) ^ x).wrapping_add(x >> 7)
}

fn call(api: &str, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(api).expect("the Runtime API");
    stream.write_all(request.as_bytes()).expect("a request");
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let read = stream.read(&mut chunk).expect("an answer");
        bytes.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(|n| n.trim().parse::<usize>().unwrap()));
            if read == 0 || length.is_some_and(|length| body.len() >= length) {
                return (head.to_owned(), body.to_owned());
            }
        } else if read == 0 {
            return (text, String::new());
        }
    }
}

fn main() {
    let twins: [fn(u64) -> u64; 2] = [twin, greeter::twin];
    let addresses = std::hint::black_box(twins).map(|twin| twin as usize);
    if addresses[0] == addresses[1] {
        eprintln!("two functions have one address");
        std::process::exit(3);
    }
    let place = if addresses[0] < 0x1_0000_0000 { "fixed" } else { "anywhere" };
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").expect("a Runtime API");
    loop {
        let next = format!("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: {api}\r\n\r\n");
        let (head, event) = call(&api, &next);
        let id = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("lambda-runtime-aws-request-id").then(|| value.trim().to_owned())
        });
        let Some(id) = id else { return };
        let (path, answer) = if event.contains("name") && greeter::checks(event.len() as u64) {
            ("response", format!("{{\"place\":\"{place}\",\"greeting\":\"{}\"}}", greeter::greeting()))
        } else {
            ("error", "{\"errorType\":\"NoName\",\"errorMessage\":\"who?\"}".to_owned())
        };
        let request = format!(
            "POST /2018-06-01/runtime/invocation/{id}/{path} HTTP/1.1\r\nHost: {api}\r\nContent-Length: {}\r\n\r\n{answer}",
            answer.len()
        );
        call(&api, &request);
    }
}
"#;

/// A library that carries 64 KiB of numbers unless its feature is off.
const GREETER: &str = r#"
#[inline(never)]
pub fn twin(x: u64) -> u64 {
    (x.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(17) ^ x).wrapping_add(x >> 7)
}

pub fn greeting() -> &'static str {
    "hello"
}

#[cfg(feature = "tables")]
const fn numbers() -> [u64; 8192] {
    let mut numbers = [0; 8192];
    let mut state: u64 = 1;
    let mut at = 0;
    while at < numbers.len() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        numbers[at] = state;
        at += 1;
    }
    numbers
}

#[cfg(feature = "tables")]
pub static NUMBERS: [u64; 8192] = numbers();

#[cfg(feature = "tables")]
#[inline(never)]
pub fn checks(x: u64) -> bool {
    NUMBERS[(x % 8192) as usize] != 0
}

#[cfg(not(feature = "tables"))]
#[inline(never)]
pub fn checks(x: u64) -> bool {
    x > 0
}
"#;

const GREETER_MANIFEST: &str = "[package]\nname = \"greeter\"\nversion = \"0.2.0\"\nedition = \"2024\"\n[features]\ndefault = [\"tables\"]\ntables = []\n";

/// The function in a folder of its own, with its event; its manifest ends with `manifest`.
pub(crate) fn function(manifest: &str) -> TinyProject {
    let project = TinyProject::new(&format!("{manifest}\n[dependencies]\ngreeter = {{ path = \"greeter\" }}\n"));
    project.write("src/main.rs", MAIN);
    project.write("greeter/Cargo.toml", GREETER_MANIFEST);
    project.write("greeter/src/lib.rs", GREETER);
    project.write("event.json", "{\"name\": \"x\"}\n");
    project
}

/// The same as a member of a workspace whose other member asks for the library's feature; the function does not.
pub(crate) fn workspace() -> TinyProject {
    let project = TinyProject::new("members = [\"app\", \"other\"]\nresolver = \"3\"\n");
    let manifest = |name: &str, greeter: &str| {
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\ngreeter = {{ path = \"../greeter\"{greeter} }}\n"
        )
    };
    project.write("Cargo.toml", "[workspace]\nmembers = [\"app\", \"other\"]\nresolver = \"3\"\n");
    fs::remove_dir_all(project.path().join("src")).expect("a folder");
    project.write("app/Cargo.toml", &manifest("app", ", default-features = false"));
    project.write("app/src/main.rs", MAIN);
    project.write("other/Cargo.toml", &manifest("other", ""));
    project.write("other/src/main.rs", "fn main() { println!(\"{}\", greeter::checks(1)); }\n");
    project.write("greeter/Cargo.toml", GREETER_MANIFEST);
    project.write("greeter/src/lib.rs", GREETER);
    project.write("event.json", "{\"name\": \"x\"}\n");
    project
}

/// `lambda-slim tune` in the project, offline.
pub(crate) fn tune(project: &TinyProject, args: &[&str]) -> Command {
    command(project, &[&["tune"], args].concat())
}

pub(crate) fn command(project: &TinyProject, args: &[&str]) -> Command {
    let mut command = lambda_slim();
    command.args(args).arg("--offline").current_dir(project.path());
    command
}

/// The JSON of a run that succeeds.
pub(crate) fn tuned(project: &TinyProject, args: &[&str]) -> Value {
    Run::of(&mut tune(project, &[args, &["--runs", "2", "--format", "json"]].concat())).exits(0).json()
}

/// The experiment of that name.
pub(crate) fn experiment<'v>(outcome: &'v Value, name: &str) -> &'v Value {
    let rows = outcome["experiments"].as_array().expect("experiments");
    rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no {name} in {outcome:#}"))
}

pub(crate) fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("no number: {value}"))
}

/// Size of the zip that `slim` writes of the project with these flags, built in a folder of its own.
pub(crate) fn slimmed(project: &TinyProject, flags: &[&str]) -> u64 {
    let elsewhere = tempfile::tempdir().expect("a folder");
    let zip = elsewhere.path().join("out.zip");
    let target = elsewhere.path().join("target");
    let paths = ["-o", path(&zip), "--target-dir", path(&target)];
    Run::of(&mut command(project, &[&["slim"], flags, &paths].concat())).exits(0);
    fs::metadata(&zip).expect("it was written").len()
}

pub(crate) fn path(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}
