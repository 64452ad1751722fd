//! How a test says that it did not judge something, instead of passing in silence.

/// Prints one line to stderr: what was left out, and why. Shown by `cargo test -- --nocapture`.
#[expect(clippy::print_stderr, clippy::disallowed_macros, reason = "a test has no other place to say it")]
pub(crate) fn skip(what: &str, why: &str) {
    eprintln!("skipped: {what}: {why}");
}
