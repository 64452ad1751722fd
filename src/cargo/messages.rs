//! What `cargo build --message-format=json` prints, line by line.
//!
//! Lines that are no JSON (a build script's chatter, a wrapper's banner) come back as text; messages of a kind that is
//! not known here come back as [`BuildMessage::Other`]. Nothing is an error: cargo's exit code says whether it worked.

use std::path::PathBuf;

use cargo_metadata::Message;
use serde_json::Value;

/// A file that cargo made, or found up to date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltArtifact {
    /// The package it belongs to.
    pub package_id: String,
    /// The target's name.
    pub target_name: String,
    /// The target's kinds: `bin`, `lib`, `proc-macro`, `custom-build`, ...
    pub kinds: Vec<String>,
    /// What the compiler was asked to make: `bin`, `lib`, `cdylib`, ...
    pub crate_types: Vec<String>,
    /// The features it was compiled with.
    pub features: Vec<String>,
    /// Everything that was made.
    pub filenames: Vec<PathBuf>,
    /// The program, if it is one.
    pub executable: Option<PathBuf>,
    /// Whether it was already up to date.
    pub fresh: bool,
}

impl BuiltArtifact {
    /// Whether this is the program `bin` of package `package_id`.
    #[must_use]
    pub fn is_program(&self, package_id: &str, bin: &str) -> bool {
        let is_bin = self.kinds.iter().any(|kind| kind == "bin");
        self.executable.is_some() && is_bin && self.package_id == package_id && self.target_name == bin
    }

    /// The Rust libraries among its files.
    pub fn rlibs(&self) -> impl Iterator<Item = &PathBuf> {
        let is_rlib = |path: &&PathBuf| path.extension().is_some_and(|extension| extension == "rlib");
        self.filenames.iter().filter(is_rlib)
    }
}

/// What a build script told cargo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildScript {
    /// The package it belongs to.
    pub package_id: String,
    /// Libraries to link, as it wrote them (`static=crypto`, `z`).
    pub linked_libs: Vec<String>,
    /// Where to look for them, as it wrote them (`native=/path`).
    pub linked_paths: Vec<String>,
    /// The folder that it wrote into.
    pub out_dir: PathBuf,
}

/// One line of cargo's output.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildMessage {
    /// A file was made, or was up to date.
    Artifact(BuiltArtifact),
    /// A build script ran, or its earlier output was used.
    BuildScript(BuildScript),
    /// The compiler said something, as it would be shown.
    Compiler {
        /// The package that was compiled.
        package_id: String,
        /// The message with its source lines; empty where the compiler rendered nothing.
        rendered: String,
    },
    /// The last message.
    Finished {
        /// Whether everything was built.
        success: bool,
    },
    /// A message of another kind.
    Other,
    /// A line that is no message.
    Text(String),
}

/// Reads one line, without its line end.
#[must_use]
pub fn parse_message(line: &str) -> BuildMessage {
    match serde_json::from_str::<Message>(line) {
        Ok(message) => from_cargo(message),
        Err(_) if is_message(line) => BuildMessage::Other,
        Err(_) => BuildMessage::Text(line.to_owned()),
    }
}

/// Reads all lines of a saved output.
pub fn parse_messages(output: &str) -> impl Iterator<Item = BuildMessage> {
    output.lines().map(parse_message)
}

fn is_message(line: &str) -> bool {
    let value: Option<Value> = serde_json::from_str(line).ok();
    value.is_some_and(|value| value.get("reason").is_some_and(Value::is_string))
}

fn from_cargo(message: Message) -> BuildMessage {
    match message {
        Message::CompilerArtifact(artifact) => BuildMessage::Artifact(BuiltArtifact {
            package_id: artifact.package_id.repr,
            target_name: artifact.target.name,
            kinds: artifact.target.kind.iter().map(ToString::to_string).collect(),
            crate_types: artifact.target.crate_types.iter().map(ToString::to_string).collect(),
            features: artifact.features,
            filenames: artifact.filenames.into_iter().map(PathBuf::from).collect(),
            executable: artifact.executable.map(PathBuf::from),
            fresh: artifact.fresh,
        }),
        Message::BuildScriptExecuted(script) => BuildMessage::BuildScript(BuildScript {
            package_id: script.package_id.repr,
            linked_libs: script.linked_libs.into_iter().map(String::from).collect(),
            linked_paths: script.linked_paths.into_iter().map(String::from).collect(),
            out_dir: script.out_dir.into(),
        }),
        Message::CompilerMessage(compiler) => BuildMessage::Compiler {
            package_id: compiler.package_id.repr,
            rendered: compiler.message.rendered.unwrap_or_default(),
        },
        Message::BuildFinished(finished) => BuildMessage::Finished { success: finished.success },
        _ => BuildMessage::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = include_str!("../../testdata/cargo/messages.jsonl");

    #[test]
    fn every_line_of_a_real_build_is_read() {
        let messages: Vec<BuildMessage> = parse_messages(OUTPUT).collect();
        assert_eq!(messages.len(), OUTPUT.lines().count());
        assert_eq!(messages[0], BuildMessage::Text("a line from a wrapper".to_owned()));
        let BuildMessage::BuildScript(script) = &messages[1] else { panic!("{:?}", messages[1]) };
        assert_eq!(script.linked_libs, ["static=foo"]);
        assert_eq!(script.linked_paths, ["native=/p/target/release/build/foo-sys-1/out"]);
        let BuildMessage::Artifact(library) = &messages[2] else { panic!("{:?}", messages[2]) };
        assert_eq!((library.fresh, library.rlibs().count()), (true, 1));
        let BuildMessage::Artifact(program) = &messages[3] else { panic!("{:?}", messages[3]) };
        assert!(program.is_program("path+file:///p#api@0.1.0", "api"));
        assert!(!program.is_program("path+file:///p#api@0.1.0", "other"));
        let BuildMessage::Compiler { rendered, .. } = &messages[4] else { panic!("{:?}", messages[4]) };
        assert!(rendered.starts_with("warning: unused variable"));
        assert_eq!(messages[5], BuildMessage::Other);
        assert_eq!(messages[6], BuildMessage::Finished { success: true });
    }

    #[test]
    fn anything_else_is_text() {
        for line in ["", "{", "[]", "{\"reason\": 7}", "null", "error: no"] {
            assert_eq!(parse_message(line), BuildMessage::Text(line.to_owned()));
        }
    }
}
