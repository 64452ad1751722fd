//! Whether compiler or linker changed between two binaries: then sizes move without any change of source.

use serde::{Deserialize, Serialize};

use crate::report::Binary;

/// A tool that makes binaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BuildTool {
    /// rustc.
    Compiler,
    /// The linker.
    Linker,
}

/// Another compiler or linker on each side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolChange {
    /// Which one.
    pub tool: BuildTool,
    /// Name and version in the old binary, as the tool itself gives them.
    pub old: String,
    /// Name and version in the new binary.
    pub new: String,
    /// The change as a sentence.
    pub message: String,
}

/// Tools that both binaries name, and that differ. What one side does not name is not known to have changed.
pub(super) fn tool_changes(old: Option<&Binary>, new: Option<&Binary>) -> Vec<ToolChange> {
    let toolchain = |binary: Option<&Binary>| binary.and_then(|binary| binary.toolchain.clone());
    let (Some(old), Some(new)) = (toolchain(old), toolchain(new)) else { return Vec::new() };
    let rustc = |version: Option<String>| version.map(|version| format!("rustc {version}"));
    let compiler = tool_change(BuildTool::Compiler, rustc(old.rustc), rustc(new.rustc));
    compiler.into_iter().chain(tool_change(BuildTool::Linker, old.linker, new.linker)).collect()
}

fn tool_change(tool: BuildTool, old: Option<String>, new: Option<String>) -> Option<ToolChange> {
    let (old, new) = old.zip(new).filter(|(old, new)| old != new)?;
    let name = match tool {
        BuildTool::Compiler => "compiler",
        BuildTool::Linker => "linker",
    };
    let message = format!("{name}: {}: sizes of unchanged code change with it", versions(&old, &new));
    Some(ToolChange { tool, old, new, message })
}

/// `rustc 1.94.0 -> 1.95.0`; with commit and date where the versions are the same.
fn versions(old: &str, new: &str) -> String {
    let short = |text: &str| text.split(['(', ',']).next().unwrap_or_default().trim().to_owned();
    let (before, after) = (short(old), short(new));
    if before == after {
        return format!("{old} -> {new}");
    }
    match (before.split_once(' '), after.split_once(' ')) {
        (Some((was, _)), Some((is, version))) if was == is => format!("{before} -> {version}"),
        _ => format!("{before} -> {after}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_difference_is_told() {
        for (old, new, told) in [
            ("rustc 1.94.0 (a 2026-03-01)", "rustc 1.95.0 (b 2026-04-14)", "rustc 1.94.0 -> 1.95.0"),
            (
                "rustc 1.96.0-nightly (a)",
                "rustc 1.96.0-nightly (b)",
                "rustc 1.96.0-nightly (a) -> rustc 1.96.0-nightly (b)",
            ),
            ("LLD 22.1.2 (/llvm 1cb4)", "mold 2.40.4 (compatible with GNU ld)", "LLD 22.1.2 -> mold 2.40.4"),
            ("", "x", " -> x"),
        ] {
            assert_eq!(versions(old, new), told);
        }
    }
}
