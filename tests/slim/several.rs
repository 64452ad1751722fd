//! Several packages in one run: each as by itself, a table of all, and one that fails stops no other.

use std::fs;
use std::path::{Path, PathBuf};

use crate::laws::{folder, slim};
use crate::support::functions::package;
use crate::support::program::{arg, run};
use crate::support::zipfile;

const EFFORT: [&str; 2] = ["--effort", "fast"];

/// Packages as cargo-lambda names them: `<folder>/<bin>/bootstrap.zip`.
fn packages(folder: &Path) -> Vec<PathBuf> {
    let copy = |(bin, name): (&str, &str)| {
        let path = folder.join(bin).join("bootstrap.zip");
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::copy(package(name), &path).expect("a copy");
        path
    };
    [("api", "hello-unstripped.zip"), ("worker", "arm64.zip")].map(copy).to_vec()
}

#[test]
fn each_is_what_it_would_be_by_itself() {
    let folder = folder();
    let inputs = packages(&folder.path().join("lambda"));
    let out = folder.path().join("out");
    let to = format!("{}/", arg(&out));
    let several = run([&["slim", arg(&inputs[0]), arg(&inputs[1]), "-o", &to][..], &EFFORT].concat()).exits(0);
    for (bin, input) in ["api", "worker"].into_iter().zip(&inputs) {
        let alone = slim(input, &folder.path().join("alone.zip"), &EFFORT);
        assert!(fs::read(out.join(bin).join("bootstrap.zip")).expect("it wrote") == alone, "{bin}");
        assert!(several.stdout.contains(&format!("{}:\n", arg(input))), "{}", several.stdout);
        zipfile::assert_accepted(&out.join(bin).join("bootstrap.zip"));
    }
    assert!(several.stdout.contains("\nAll packages\n"), "{}", several.stdout);
    run([&["slim", arg(&inputs[0]), arg(&inputs[1]), "--in-place", "-q"][..], &EFFORT].concat()).exits(0);
    for (bin, input) in ["api", "worker"].into_iter().zip(&inputs) {
        assert!(fs::read(input).expect("replaced") == fs::read(out.join(bin).join("bootstrap.zip")).expect("written"));
    }
}

#[test]
fn one_that_fails_stops_no_other_and_ends_with_2() {
    let folder = folder();
    let inputs = packages(folder.path());
    let mut damaged = fs::read(&inputs[1]).expect("the copy");
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0xff;
    fs::write(&inputs[1], &damaged).expect("a file");
    let out = folder.path().join("out");
    fs::create_dir(&out).expect("a folder");
    let flags = [arg(&inputs[1]), arg(&inputs[0]), "/no/such.zip", "-o", arg(&out), "--format", "json"];
    let several = run([&["slim"][..], &flags, &EFFORT].concat()).exits(2);
    let json = several.json();
    assert_eq!(json["schema_version"], 1);
    let packages = json["packages"].as_array().expect("packages");
    assert_eq!(packages.len(), 1);
    assert_eq!(
        packages[0]["slim"]["after"]["zip_bytes"],
        fs::metadata(out.join("api/bootstrap.zip")).expect("written").len()
    );
    let failures = json["failures"].as_array().expect("failures");
    assert_eq!(failures.iter().map(|failure| &failure["path"]).collect::<Vec<_>>(), [arg(&inputs[1]), "/no/such.zip"]);
    assert!(failures[1]["error"].as_str().expect("text").contains("no such file"), "{failures:?}");
    assert_eq!(several.stderr.lines().filter(|line| line.starts_with("error: ")).count(), 2, "{}", several.stderr);
    assert!(several.stderr.ends_with("note: 2 of 3 packages failed\n"), "{}", several.stderr);
    assert!(fs::read(&inputs[1]).expect("still there") == damaged);
}

#[test]
fn debug_files_of_several_packages_lie_apart() {
    let folder = folder();
    let inputs = packages(&folder.path().join("lambda"));
    let symbols = folder.path().join("symbols");
    fs::create_dir(&symbols).expect("a folder");
    let flags = [arg(&inputs[0]), arg(&inputs[1]), "--in-place", "--debug-file", arg(&symbols), "-q"];
    run([&["slim"][..], &flags, &EFFORT].concat()).exits(0);
    for bin in ["api", "worker"] {
        assert!(symbols.join(bin).join("bootstrap/bootstrap.debug").is_file(), "{bin}");
    }
}

#[test]
fn what_would_collide_is_refused_before_any_work() {
    let folder = folder();
    let inputs = packages(folder.path());
    let (one, two) = (arg(&inputs[0]), arg(&inputs[1]));
    let file = folder.path().join("out.zip");
    let error = run(["slim", one, two, "-o", arg(&file)]).error();
    assert_eq!(error, "-o takes a folder for several packages: one that exists, or a path that ends in '/'");
    let winding = folder.path().join("worker/../api/bootstrap.zip");
    let error = run(["slim", one, arg(&winding), "--in-place"]).error();
    assert!(error.ends_with("it is named twice"), "{error}");
    let error = run(["slim", one, two, "--dry-run", "--symbols", one]).error();
    assert!(error.starts_with("--symbols and --link-map are of one program"), "{error}");
    let error = run(["slim", one, two]).error();
    assert!(error.starts_with("say where the result goes"), "{error}");
    let without_extension = folder.path().join("api/bootstrap");
    fs::copy(one, &without_extension).expect("a copy");
    let to = format!("{}/", arg(&folder.path().join("out")));
    let error = run(["slim", one, arg(&without_extension), "-o", &to]).error();
    assert!(error.ends_with("it would be written for one package and is another's"), "{error}");
    assert!(!file.exists() && !folder.path().join("out").exists());
}
