//! The words that ask an executable to be a starter.

/// The first argument. No command is called so.
pub(in crate::host) const WORD: &str = "__lambda-slim-starter";

/// The second: make a network, and send what it consists of over stdin, which is a socket.
pub(in crate::host) const NETWORK: &str = "network";

/// The second: become a program as soon as stdin, which is a socket, says so. What follows is a number, so many words, the program's absolute path
/// and its arguments, and the `NAME=VALUE` of its environment.
pub(in crate::host) const PROGRAM: &str = "program";
