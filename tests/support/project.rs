//! Projects for the command line to work in: real ones around the sources of `hello`, and tiny ones without dependencies.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::functions::{manifest_path, target_dir};

/// A project of its own called `name`, in folder `folder_name`, around the sources of `hello`, with more `dependencies` and a `main.rs` that `change`
/// makes. Its folder stays, and its dependencies are those of the other functions: with their target directory, cargo
/// compiles one crate the first time, and none after it.
pub(crate) fn hello_project(
    folder_name: &str,
    name: &str,
    dependencies: &str,
    change: impl FnOnce(String) -> String,
) -> PathBuf {
    let functions = manifest_path().parent().expect("a folder").to_owned();
    let read = |path: &str| fs::read_to_string(functions.join(path)).expect("a source of hello");
    let workspace = read("Cargo.toml");
    let (before, shared) = workspace.split_once("[workspace.dependencies]").expect("shared dependencies");
    let (_, package) = before.split_once("[workspace.package]").expect("shared settings");
    let manifest = format!(
        "{}{dependencies}\n[workspace]\nresolver = \"3\"\n[workspace.package]{package}[workspace.dependencies]{shared}",
        read("hello/Cargo.toml").replace("name = \"hello\"", &format!("name = \"{name}\""))
    );
    let folder = target_dir("tmp").join("projects").join(folder_name);
    fs::create_dir_all(folder.join("src")).expect("a folder");
    // What is the same keeps its time, because cargo compiles what is newer; cargo takes from the lock file what it needs.
    let write = |path: &str, text: &str| {
        let path = folder.join(path);
        if fs::read_to_string(&path).ok().as_deref() != Some(text) {
            fs::write(path, text).expect("a file");
        }
    };
    write("Cargo.toml", &manifest);
    write("src/main.rs", &change(read("hello/src/main.rs")));
    if !folder.join("Cargo.lock").is_file() {
        write("Cargo.lock", &read("Cargo.lock"));
    }
    folder
}

/// A project without dependencies in a folder of its own: a program that says its name.
pub(crate) struct TinyProject {
    folder: TempDir,
}

impl TinyProject {
    /// A package `app` whose manifest ends with `manifest`.
    pub(crate) fn new(manifest: &str) -> Self {
        let project = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        project.write(
            "Cargo.toml",
            &format!("[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n{manifest}"),
        );
        project.write("src/main.rs", "fn main() {\n    println!(\"app\");\n}\n");
        project
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
}
