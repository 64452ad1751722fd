//! The deployment snippets of `.github/examples`, read and run by the tools that they are for, as far as these are on PyPI or installed.

#![cfg(unix)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::program::{Run, command, lambda_slim};
use crate::support::python::python_with;
use crate::support::skip::skip;

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/examples").join(name)
}

fn package() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/packages/hello-unstripped.zip")
}

fn is_installed(program: &str) -> bool {
    let mut version = Command::new(program);
    version.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    version.status().is_ok()
}

#[test]
fn cfn_lint_finds_nothing_in_the_sam_template() {
    let Some(python) = python_with("cfn-lint", &["cfn-lint==1.58.0"]) else { return };
    let lint = |template: &Path| Run::of(Command::new(python.with_file_name("cfn-lint")).arg(template));
    let judged = lint(&example("sam/template.yaml")).exits(0);
    assert_eq!(judged.stdout, "");
    // It does look.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let wrong = folder.path().join("template.yaml");
    let text = fs::read_to_string(example("sam/template.yaml")).expect("checked in");
    fs::write(&wrong, text.replace("MemorySize: 256", "MemorySize: lots")).expect("written");
    let judged = lint(&wrong);
    assert!(judged.code != Some(0) && judged.stdout.contains("'lots' is not of type 'integer'"), "{}", judged.stdout);
}

#[test]
fn the_makefile_of_sam_hands_on_a_program_that_is_slimmed() {
    if !is_installed("make") {
        skip("the Makefile of SAM", "no make here");
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (project, artifacts, programs) =
        (folder.path().join("project"), folder.path().join("artifacts"), folder.path().join("programs"));
    for folder in [&project, &artifacts, &programs] {
        fs::create_dir(folder).expect("made");
    }
    fs::copy(example("sam/Makefile"), project.join("Makefile")).expect("copied");
    // What `cargo lambda build` leaves behind, without the minute that it takes.
    let cargo = programs.join("cargo");
    let unpack = "import sys, zipfile, os\nzipfile.ZipFile(sys.argv[1]).extractall('target/lambda/hello')\nos.chmod('target/lambda/hello/bootstrap', 0o755)";
    let script = format!(
        "#!/bin/sh\n[ \"$*\" = 'lambda build --release --bin hello' ] || exit 7\nexec python3 -I -c \"{unpack}\" '{}'\n",
        package().display()
    );
    fs::write(&cargo, script).expect("written");
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).expect("ours");
    let ours = lambda_slim();
    let ours = Path::new(ours.get_program()).parent().expect("it is in a folder").to_owned();
    let others = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([programs, ours].into_iter().chain(std::env::split_paths(&others))).expect("paths");
    let mut make = command(Path::new("make"));
    make.arg("build-Hello")
        .arg(format!("ARTIFACTS_DIR={}", artifacts.display()))
        .current_dir(&project)
        .env("PATH", path);
    Run::of(make.stdin(Stdio::null())).exits(0);
    let slimmed = fs::metadata(artifacts.join("bootstrap")).expect("the program is handed on");
    assert!(slimmed.len() < 2_100_000, "{} bytes of 4426 KiB", slimmed.len());
    assert_eq!(slimmed.permissions().mode() & 0o111, 0o111, "it can be started");
}

#[test]
fn cdk_makes_a_function_of_the_zip_and_uploads_it_as_it_is() {
    if !is_installed("node") {
        skip("CDK", "no node here");
        return;
    }
    let Some(python) = python_with("cdk", &["aws-cdk-lib==2.275.0"]) else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut synthesis = command(&python);
    synthesis.arg(example("cdk/app.py")).env("PACKAGE", package()).env("CDK_OUTDIR", folder.path());
    synthesis.envs([
        ("JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION", "1"),
        ("JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION", "1"),
    ]);
    Run::of(synthesis.current_dir(folder.path()).stdin(Stdio::null())).exits(0);
    let template = fs::read_to_string(folder.path().join("hello.template.json")).expect("the stack");
    let template: Value = serde_json::from_str(&template).expect("JSON");
    let resources = template["Resources"].as_object().expect("resources");
    let function = resources.values().find(|resource| resource["Type"] == "AWS::Lambda::Function").expect("a function");
    assert_eq!(function["Properties"]["Runtime"], "provided.al2023");
    assert_eq!(function["Properties"]["Architectures"][0], "x86_64");
    let key = function["Properties"]["Code"]["S3Key"].as_str().expect("an asset");
    let asset = fs::read(folder.path().join(format!("asset.{key}"))).expect("the asset");
    assert!(asset == fs::read(package()).expect("checked in"), "CDK packs the zip anew");
}

#[test]
fn terraform_s_file_is_hcl_in_terraform_s_form() {
    let main = example("terraform/main.tf");
    if is_installed("terraform") {
        // Nobody's configuration of Terraform is ours to read.
        let mut form = Command::new("terraform");
        form.args(["fmt", "-check", "-diff"])
            .arg(main.parent().expect("a folder"))
            .env("TF_CLI_CONFIG_FILE", "/dev/null");
        assert_eq!(Run::of(form.stdin(Stdio::null())).exits(0).stdout, "");
    } else {
        skip("the form of main.tf", "no terraform here");
    }
    let Some(python) = python_with("hcl2", &["python-hcl2==8.1.4"]) else { return };
    let program = "import hcl2, json, sys; print(json.dumps(hcl2.load(open(sys.argv[1]))))";
    let read = Run::of(Command::new(python).args(["-I", "-c", program]).arg(main)).exits(0).json();
    let text = read["resource"][0].to_string();
    assert!(
        text.contains("aws_lambda_function") && text.contains("provided.al2023") && text.contains("filebase64sha256"),
        "{text}"
    );
}
