//! What the integration tests share: the real functions, a Runtime API to run them against, and judges that we did not write.
//!
//! Used as `mod support;`. No judge here reads or calls lambda-slim: a judge must not be the author. `program` starts it, as its
//! users do.

#![allow(
    clippy::allow_attributes,
    dead_code,
    reason = "each test crate uses its own part, so an #[expect] would be unfulfilled in some of them"
)]

pub(crate) mod backtrace;
pub(crate) mod bench;
pub(crate) mod functions;
pub(crate) mod golden;
pub(crate) mod http;
pub(crate) mod panics;
pub(crate) mod process;
pub(crate) mod program;
pub(crate) mod project;
pub(crate) mod python;
pub(crate) mod runtime_api;
pub(crate) mod skip;
pub(crate) mod symbols;
pub(crate) mod zipfile;
