//! A slimmed function starts and answers as it did.

use std::path::Path;
use std::time::Duration;

use crate::laws::{folder, slim};
use crate::support::functions::{build, package};
use crate::support::runtime_api::{Call, Reply, invoke, run_extension};
use crate::support::skip::skip;
use crate::support::zipfile;

/// Far longer than any start takes, so that a slow machine is no failure.
const TIMEOUT: Duration = Duration::from_secs(60);

fn answer(zip: &Path, event: &str) -> Option<Reply> {
    let folder = folder();
    zipfile::unpack(zip, folder.path())?;
    Some(invoke(&folder.path().join("bootstrap"), event, TIMEOUT).expect("it answers"))
}

#[test]
#[cfg(target_arch = "x86_64")]
fn a_slimmed_package_answers_as_the_one_that_came_in() {
    if !std::arch::is_x86_feature_detected!("avx2") {
        return skip("cargo-lambda's packages", "built for haswell, and this machine has no AVX2");
    }
    let folder = folder();
    let out = folder.path().join("out.zip");
    let event = r#"{"name": "slim"}"#;
    for name in ["hello-cargo-lambda.zip", "hello-unstripped.zip"] {
        slim(&package(name), &out, &["--effort", "fast"]);
        let Some(before) = answer(&package(name), event) else { return };
        assert!(before.asked_for_next);
        assert_eq!(answer(&out, event), Some(before), "{name}");
    }
}

#[test]
fn a_function_built_here_answers_as_before_slimming() {
    let function = build("two-versions");
    let folder = folder();
    let out = folder.path().join("out.zip");
    slim(&function, &out, &["--effort", "fast"]);
    let event = r#"{"value": 1.5, "seconds": 1700000000}"#;
    let before = invoke(&function, event, TIMEOUT).expect("it answers");
    let Some(after) = answer(&out, event) else { return };
    assert_eq!(after, before);
    assert!(after.asked_for_next && after.body.contains("\"round_trip\":true"), "{after:?}");
}

#[test]
fn a_slimmed_extension_registers_as_before() {
    let function = build("extension");
    let folder = folder();
    let (zip, out) = (folder.path().join("layer.zip"), folder.path().join("out.zip"));
    if zipfile::write(&zip, &[("extensions/agent", &function, 0o755)]).is_none() {
        return;
    }
    slim(&zip, &out, &["--effort", "fast"]);
    let (before, after) = (folder.path().join("before"), folder.path().join("after"));
    if zipfile::unpack(&zip, &before).and(zipfile::unpack(&out, &after)).is_none() {
        return;
    }
    let calls = |folder: &Path| run_extension(&folder.join("extensions/agent"), TIMEOUT).expect("it registers");
    let after = calls(&after);
    assert_eq!(after, calls(&before));
    assert!(after.contains(&Call::EventNext));
}
