//! What is checked out, and the time.

use std::ffi::OsString;
use std::time::{SystemTime, UNIX_EPOCH};

use super::process::Tool;

/// Digits of a commit's name: SHA-1, SHA-256.
const DIGITS: [usize; 2] = [40, 64];

/// The commit that is checked out in the current folder; `None` outside of git, without git, and before the first commit.
#[must_use]
pub fn commit() -> Option<String> {
    let args: Vec<OsString> = ["rev-parse", "--verify", "HEAD"].map(OsString::from).to_vec();
    commit_name(&Tool::new("git".into(), &args, None).answer().ok()?)
}

/// The name of a commit in what git prints; `None` where it is none.
pub(super) fn commit_name(answer: &str) -> Option<String> {
    let name = answer.trim_end();
    let is_name = DIGITS.contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_name.then(|| name.to_owned())
}

/// Seconds since 1970 in UTC.
#[must_use]
pub fn seconds_since_1970() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX)
}
