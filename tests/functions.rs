//! The test material is what it claims to be. Judged by binutils, by Python and by running it, never by lambda-slim:
//! whatever the other tests find in these binaries rests on this.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use support::runtime_api::{Call, Reply, calls, invoke, run_extension};
use support::{functions, symbols, zipfile};

const TIMEOUT: Duration = Duration::from_secs(20);

#[test]
fn hello_answers_an_event() {
    let reply = answer("hello", r#"{"name":"Lambda"}"#);
    assert_eq!(reply["message"], "Hello, Lambda!");
}

#[test]
fn two_versions_of_a_crate_both_run_and_agree() {
    let reply = answer("two-versions", r#"{"value":0.1,"seconds":784111777}"#);
    assert_eq!(reply["number_old"], "0.1");
    assert_eq!(reply["number_new"], "0.1");
    assert_eq!(reply["date_old"], "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(reply["date_new"], reply["date_old"]);
    assert_eq!(reply["round_trip"], true);
}

#[test]
fn two_versions_of_a_crate_both_leave_codegen_units_and_symbols() {
    let binary = functions::build("two-versions");
    let Some(files) = symbols::files(&binary) else { return };
    let Some(names) = symbols::defined(&binary) else { return };
    for name in ["ryu", "httpdate"] {
        // `ryu.5c3d40ffc095cee0-cgu.0`: the hash is that of the crate, version included.
        let mut crates: Vec<&str> =
            files.iter().filter_map(|file| file.strip_prefix(&format!("{name}."))?.split('-').next()).collect();
        crates.dedup();
        assert_eq!(crates.len(), 2, "versions of {name}: {crates:?}");
    }
    // Twice the same path is two versions; what only one version has is that version's.
    assert_eq!(count(&names, |name| name.starts_with("ryu::digit_table::DIGIT_TABLE")), 2);
    assert_eq!(count(&names, |name| name.starts_with("httpdate::parse_http_date")), 2);
    assert_eq!(count(&names, |name| name.starts_with("ryu::pretty::d2s_buffered_n")), 1);
    assert_eq!(count(&names, |name| name.starts_with("ryu::pretty::format64")), 1);
}

#[test]
fn native_code_runs() {
    let text = "to be or not to be, that is to be the question ".repeat(20);
    let reply = answer("native", &format!(r#"{{"text":"{text}"}}"#));
    assert_eq!(reply["tiny_round_trip"], true);
    assert_eq!(reply["tiny_crc32"], reply["zlib_crc32"]);
    assert_eq!(reply["tiny_sum"], text.bytes().map(u64::from).sum::<u64>());
    for length in ["tiny_length", "zlib_length"] {
        let length = reply[length].as_u64().expect("a number");
        assert!(length > 0 && length < text.len() as u64 / 4, "{length} of {}", text.len());
    }
}

#[test]
fn native_code_leaves_its_symbols_tables_and_files() {
    let binary = functions::build("native");
    let Some(names) = symbols::defined(&binary) else { return };
    let Some(files) = symbols::files(&binary) else { return };
    for name in ["tiny_compress", "tiny_sum_bytes", "length_base", "compress2", "crc_braid_table"] {
        assert_eq!(count(&names, |defined| defined == name), 1, "{name}");
    }
    assert_eq!(count(&names, |name| name == "crc_table"), 2, "tiny's and zlib's");
    for file in ["lz.c", "checksum.c", "deflate.c"] {
        assert!(files.contains(file), "{file} in {files:?}");
    }
}

#[test]
fn generic_code_runs_for_every_type_it_is_given() {
    let reply = answer("generic", r#"{"sizes":[1.0,2.0,3.0,4.0]}"#);
    // pi + 2*2 + 3*4*9 + 4*4/2, rounded after 4 (the number of sizes) is added.
    assert_eq!(reply["total"], 127.0);
    assert_eq!(reply["largest"], "a shape of 8.00, times 2");
    assert_eq!(reply["places"], serde_json::json!(["big", "small"]));
    assert_eq!(reply["tickets"], serde_json::json!([97, 98, 99, 100]));
}

#[test]
fn generic_code_of_one_crate_holds_the_types_of_others() {
    let binary = functions::build("generic");
    let Some(names) = symbols::defined(&binary) else { return };
    let holds = |parts: &[&str]| count(&names, |name| parts.iter().all(|part| name.contains(part))) > 0;
    assert!(holds(&["core::ptr::drop_in_place<shapes::grid::Grid<", "generic::Ticket", "alloc::boxed::Box<str>"]));
    assert!(holds(&["core::ptr::drop_in_place<", "alloc::boxed::Box<dyn shapes::shape::Area"]));
    assert!(holds(&["<generic::Triangle as shapes::shape::Area>::area"]));
    assert!(count(&names, |name| name.starts_with("shapes::grid::Grid<K,V>::put")) >= 2, "one for each pair of types");
}

#[test]
fn derived_and_generated_code_runs() {
    let order = r#"{"orderId":2047,"customer":{"kind":"company","name":"ACME","vat_number":"X1"},"lines":[{"article":"nut","count":3,"colour":"red"}]}"#;
    let reply = answer("derive", order);
    assert_eq!(reply["prime"], 17_863, "the 2,048th prime");
    assert_eq!(reply["described"]["Customer"], serde_json::json!(["Private", "Company"]));
    assert_eq!(reply["lines"][0]["colour"], "red");
}

#[test]
fn derived_and_generated_code_leaves_symbols_and_the_macro_crate_none() {
    let binary = functions::build("derive");
    let Some(names) = symbols::defined(&binary) else { return };
    assert_eq!(count(&names, |name| name.starts_with("derive::primes::PRIMES")), 1);
    assert!(count(&names, |name| name.starts_with("derive::Order::describe")) >= 1);
    assert_eq!(count(&names, |name| name.contains("describe_derive")), 0);
}

#[test]
fn extension_registers_and_takes_events() {
    let calls = run_extension(&functions::build("extension"), TIMEOUT).expect("the extension runs");
    let [Call::Register { name, body }, Call::EventNext, Call::EventNext] = calls.as_slice() else {
        panic!("{calls:?}");
    };
    assert_eq!(name, "extension");
    assert!(body.contains("INVOKE"), "{body}");
}

#[test]
fn panics_are_caught_values_dropped_and_frames_named() {
    let reply = answer("panics", r#"{"catch":1000}"#);
    assert_eq!((&reply["caught"], &reply["dropped"]), (&1000.into(), &4000.into()));
    assert_eq!(reply["backtrace"], serde_json::Value::Null);
    let reply = answer("panics", r#"{"backtrace":true}"#);
    let backtrace = reply["backtrace"].as_str().expect("a backtrace");
    assert_eq!(backtrace.matches("panics::backtrace_below").count(), 4, "{backtrace}");
    assert!(backtrace.contains("panics::main"), "{backtrace}");
}

#[test]
fn a_panic_in_the_handler_is_reported_and_the_next_event_asked_for() {
    let calls = calls(&functions::build("panics"), r#"{"panic":true}"#, 3, TIMEOUT).expect("it goes on");
    let [Call::Next, Call::InvocationError { body }, Call::Next] = calls.as_slice() else { panic!("{calls:?}") };
    assert!(body.contains("as asked"), "{body}");
}

#[test]
fn functions_are_built_unstripped() {
    let Some(names) = symbols::defined(&functions::build("hello")) else {
        return;
    };
    assert!(count(&names, |name| name.starts_with("hello::")) > 0);
    assert!(count(&names, |name| name.starts_with("std::")) > 0);
}

#[test]
fn stripped_twin_has_no_symbols_and_still_answers() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (binary, twin) = (functions::build("hello"), folder.path().join("bootstrap"));
    if symbols::strip(&binary, &twin).is_none() {
        return;
    }
    assert_eq!(symbols::defined(&twin).unwrap_or_default(), Vec::<String>::new());
    assert_eq!(symbols::machine(&twin), symbols::machine(&binary));
    let reply = invoke(&twin, "{}", TIMEOUT).expect("the twin answers");
    assert!(reply.body.contains("Hello, world!"), "{reply:?}");
}

#[test]
#[ignore = "builds all dependencies once more, for about a minute"]
fn link_map_comes_from_the_link_of_its_binary() {
    let (binary, map) = functions::build_with_link_map("native");
    let map = fs::read_to_string(map).expect("the linker wrote its map");
    assert!(map.contains("lz.o") && map.contains("libtiny_sys-"), "archive members are named");
    assert_eq!(symbols::machine(&binary), symbols::machine(&functions::build("native")));
}

#[test]
fn a_program_that_does_not_call_is_ended_and_shown() {
    let error = invoke(Path::new("/bin/true"), "{}", TIMEOUT).expect_err("it answers nothing");
    assert!(error.contains("ended with exit status: 0"), "{error}");
    let error = invoke(Path::new("/nowhere/bootstrap"), "{}", TIMEOUT).expect_err("there is none");
    assert!(error.contains("did not start"), "{error}");
}

#[test]
fn judges_accept_a_good_zip_and_reject_a_damaged_one() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (file, zip) = (folder.path().join("bootstrap"), folder.path().join("good.zip"));
    fs::write(&file, "not much of a bootstrap, ".repeat(99)).expect("written");
    if zipfile::write(&zip, &[("bootstrap", &file, 0o755)]).is_none() {
        return;
    }
    zipfile::assert_accepted(&zip);
    let entries = zipfile::entries(&zip).expect("python3 was here a moment ago");
    assert_eq!((entries[0].path.as_str(), entries[0].unix_mode, entries[0].method), ("bootstrap", 0o100_755, 8));
    assert_eq!(zipfile::read(&zip, "bootstrap"), fs::read(&file).ok());

    let mut bytes = fs::read(&zip).expect("read");
    bytes[50] ^= 0xff;
    let damaged = folder.path().join("damaged.zip");
    fs::write(&damaged, bytes).expect("written");
    assert!(std::panic::catch_unwind(|| zipfile::assert_accepted(&damaged)).is_err());
}

#[test]
fn checked_in_packages_are_accepted_by_other_tools() {
    for package in ["hello-cargo-lambda.zip", "hello-unstripped.zip", "arm64.zip"] {
        let zip = functions::package(package);
        zipfile::assert_accepted(&zip);
        let Some(entries) = zipfile::entries(&zip) else { return };
        let entries: Vec<_> = entries.iter().map(|entry| (entry.path.as_str(), entry.unix_mode & 0o777)).collect();
        assert_eq!(entries, [("bootstrap", 0o755)], "{package}");
    }
}

#[test]
fn checked_in_packages_hold_the_symbols_that_their_names_promise() {
    for (package, machine, symbol) in [
        ("hello-cargo-lambda.zip", "Advanced Micro Devices X86-64", None),
        ("hello-unstripped.zip", "Advanced Micro Devices X86-64", Some("hello::main")),
        ("arm64.zip", "AArch64", Some("bootstrap::call")),
    ] {
        let Some((_folder, bootstrap)) = unpacked(package) else {
            return;
        };
        let Some(names) = symbols::defined(&bootstrap) else {
            return;
        };
        match symbol {
            None => assert!(names.is_empty(), "{package}: {names:?}"),
            Some(symbol) => assert!(count(&names, |name| name.contains(symbol)) > 0, "{symbol} in {package}"),
        }
        assert_eq!(symbols::machine(&bootstrap).as_deref(), Some(machine), "{package}");
    }
}

#[test]
fn checked_in_packages_hold_no_path_of_the_machine_that_built_them() {
    for package in ["hello-cargo-lambda.zip", "hello-unstripped.zip", "arm64.zip"] {
        let Some(bytes) = zipfile::read(&functions::package(package), "bootstrap") else {
            return;
        };
        let text = String::from_utf8_lossy(&bytes);
        for place in ["/home/", "/root/", "lambda-slim-testdata", ".cargo/registry"] {
            assert!(!text.contains(place), "{place} in {package}");
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn checked_in_packages_answer_an_event() {
    // cargo-lambda builds for Haswell, which is what Lambda guarantees and this machine may not.
    if !std::arch::is_x86_feature_detected!("avx2") {
        support::skip::skip("packages of cargo-lambda", "this processor has no AVX2");
        return;
    }
    for package in ["hello-cargo-lambda.zip", "hello-unstripped.zip"] {
        let Some((_folder, bootstrap)) = unpacked(package) else {
            return;
        };
        let reply = invoke(&bootstrap, r#"{"name":"package"}"#, TIMEOUT).expect("the function answers");
        assert!(reply.body.contains("Hello, package!"), "{package}: {reply:?}");
    }
}

#[test]
fn saved_metadata_is_read_by_the_cargo_metadata_crate() {
    let text = fs::read_to_string(functions::package("hello-unstripped.metadata.json")).expect("it is checked in");
    let metadata = cargo_metadata::MetadataCommand::parse(&text).expect("it is what cargo wrote, less some fields");
    let ids = |name: &str| metadata.packages.iter().filter(|package| package.name == name).count();
    assert_eq!((ids("hello"), ids("lambda_runtime"), ids("ryu")), (1, 1, 2));
    let resolve = metadata.resolve.as_ref().expect("the graph is in it");
    assert_eq!(resolve.nodes.len(), metadata.packages.len());
    assert!(metadata.packages.iter().all(|package| package.manifest_path.starts_with("/build")));
}

/// The `bootstrap` of a checked-in package, in a folder that goes away when dropped. `None` where there is no `unzip`.
fn unpacked(package: &str) -> Option<(tempfile::TempDir, PathBuf)> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    zipfile::unpack(&functions::package(package), folder.path())?;
    let bootstrap = folder.path().join("bootstrap");
    Some((folder, bootstrap))
}

/// What function `name` answers to `event`.
fn answer(name: &str, event: &str) -> serde_json::Value {
    let Reply { asked_for_next, body } = invoke(&functions::build(name), event, TIMEOUT).expect("the function answers");
    assert!(asked_for_next);
    serde_json::from_str(&body).expect("functions answer with JSON")
}

fn count(names: &[String], is: impl Fn(&str) -> bool) -> usize {
    names.iter().filter(|name| is(name)).count()
}
