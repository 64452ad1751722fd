//! What the library hands back.

use std::collections::BTreeSet;
use std::time::Duration;

use lambda_slim::host::{BootLimits, BootOutcome, BootVerdict, LaunchFile, LaunchFileKind, LaunchOptions, boot_check};
use serde_json::Value;

use crate::support::functions::build;
use crate::support::skip::skip;

fn file<'a>(path: &'a str, contents: &'a [u8]) -> LaunchFile<'a> {
    LaunchFile { path, unix_mode: 0o755, kind: LaunchFileKind::File(contents) }
}

#[test]
fn another_program_is_told_from_the_original() {
    let (hello, native) = (std::fs::read(build("hello")).unwrap(), std::fs::read(build("two-versions")).unwrap());
    let (before, after) = ([file("bootstrap", &hello)], [file("bootstrap", &native)]);
    let check = boot_check(&before, &after, b"{}", BootLimits::default(), &LaunchOptions::default()).unwrap();
    assert_eq!(check.verdict, BootVerdict::Different);
    let BootOutcome::Answered { body } = &check.before else { panic!("{:?}", check.before) };
    assert!(body.starts_with(b"{\"request_id\":"), "{check:?}");
    assert!(matches!(check.after, Some(BootOutcome::FunctionError { .. })), "{check:?}");
}

#[test]
fn a_program_that_is_slower_than_the_limit_is_ended() {
    let mut limits = BootLimits::default();
    limits.init = Duration::from_millis(300);
    let files = [file("bootstrap", b"#!/bin/sh\nsleep 1000\n")];
    let check = boot_check(&files, &files, b"{}", limits, &LaunchOptions::default()).unwrap();
    assert_eq!(check.verdict, BootVerdict::NotConclusive);
    assert_eq!(check.before, BootOutcome::NeverAsked { program: "bootstrap".to_owned(), limit: limits.init });
    assert_eq!(check.after, None);
}

#[test]
fn a_function_sees_lambda_s_environment_and_nothing_of_ours() {
    let program = br#"#!/usr/bin/env python3
import http.client, json, os, stat
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
api.request("GET", "/2018-06-01/runtime/invocation/next")
answer = api.getresponse()
event = json.loads(answer.read())
names = ["Aws-Request-Id", "Deadline-Ms", "Invoked-Function-Arn", "Trace-Id"]
names = ["Lambda-Runtime-" + name for name in names]
told = {
    "event": event,
    "headers": [name for name in names if answer.headers[name]],
    "variables": dict(os.environ),
    "folder": os.getcwd(),
    "mode": stat.S_IMODE(os.stat(".").st_mode),
    "files": sorted(os.path.join(folder, file)[2:] for folder, _, files in os.walk(".") for file in files),
}
api.request("POST", "/2018-06-01/runtime/invocation/" + answer.headers[names[0]] + "/response", json.dumps(told))
api.getresponse().read()
"#;
    if !std::path::Path::new("/usr/bin/python3").exists() {
        return skip("a Python bootstrap", "no python3 on a function's search path");
    }
    let link = LaunchFile { path: "lib/x.so", unix_mode: 0o777, kind: LaunchFileKind::Symlink("x.so.1") };
    let files = [file("bootstrap", program), file("lib/x.so.1", b"x"), link];
    let check = boot_check(&files, &files, br#"{"a": [1]}"#, BootLimits::default(), &LaunchOptions::default()).unwrap();
    let BootOutcome::Answered { body } = &check.before else { panic!("{check:?}") };
    let told: Value = serde_json::from_slice(body).unwrap();

    assert_eq!(told["event"], serde_json::json!({"a": [1]}));
    assert_eq!(told["headers"].as_array().unwrap().len(), 4);
    assert_eq!(told["files"], serde_json::json!(["bootstrap", "lib/x.so", "lib/x.so.1"]));
    assert_eq!(told["mode"], 0o700);
    let variables = told["variables"].as_object().unwrap();
    assert_eq!(variables["LAMBDA_TASK_ROOT"], told["folder"]);
    // The test's own environment has dozens of these.
    let ours: BTreeSet<&str> = variables
        .keys()
        .map(String::as_str)
        .filter(|name| !name.starts_with("AWS_") && !name.starts_with("LAMBDA_"))
        .collect();
    // Python sets LC_CTYPE by itself.
    let expected = ["LANG", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "TZ", "_HANDLER"];
    assert!(ours.is_subset(&expected.into()), "{ours:?}");
    let key = variables["AWS_ACCESS_KEY_ID"].as_str();
    assert_ne!(key, std::env::var("AWS_ACCESS_KEY_ID").ok().as_deref(), "the credentials are made up");
    // Folders and paths differ from start to start; the rest was compared.
    assert_eq!(check.verdict, BootVerdict::Alike(lambda_slim::host::Compared::StableValues));
}
