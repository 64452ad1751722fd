//! What is to be said of a program whose symbols go into a separate debug file.

use super::finding::{Finding, Severity};

/// Code of the finding that [`build_id_missing`] makes.
pub const BUILD_ID_MISSING: &str = "build-id-missing";

/// A program without a build id, by which debuggers would find its debug file.
///
/// That the flag adds one was tried with rust-lld, GNU ld, and zig 0.15 as cargo-lambda 1.9.2 drives it (2026-11-24).
#[must_use]
pub fn build_id_missing(path: &str) -> Finding {
    let message = "it has no build id, so debuggers use its debug file only when told to (gdb: symbol-file FILE); \
        the rustc flag '-C link-arg=-Wl,--build-id' adds one (zig's linker, which cargo-lambda uses, adds none by itself)";
    Finding {
        code: BUILD_ID_MISSING.to_owned(),
        severity: Severity::Warning,
        message: message.to_owned(),
        subject: path.to_owned(),
        saves_bytes: None,
    }
}
