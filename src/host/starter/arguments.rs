//! The words that ask an executable to be a starter.

/// The first argument. No command is called so.
pub(in crate::host) const WORD: &str = "__lambda-slim-starter";

/// The second: make a network, and send what it consists of over stdin, which is a socket.
pub(in crate::host) const NETWORK: &str = "network";

/// The second: become the program at the path that follows, with the `NAME=VALUE` after it as its environment, as soon as stdin, which is a socket,
/// says so.
pub(in crate::host) const PROGRAM: &str = "program";
