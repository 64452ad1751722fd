//! The side of Lambda that a function talks to: the Runtime API (2018-06-01) and the Extensions API (2020-01-01), on
//! loopback, at a port of its own.
//!
//! It says what it was told, with the moment at which each request began, and answers as Lambda does; what follows from a call is for the
//! caller to judge. Requests may come from a program that is broken: heads, bodies, connections and pauses are limited, and the end of
//! the API ends every connection. Telemetry and logs are not delivered; who subscribes is told so in Lambda's own words.
//!
//! Sources: AWS Lambda developer guide, "Using the Lambda runtime API" and "Using the Lambda Extensions API"; read 2026-11-24.

mod body;
mod call;
mod connection;
mod head;
mod routes;
mod server;
mod session;
#[cfg(test)]
mod tests;

pub(super) use call::{Call, CallKind};
pub(super) use server::RuntimeApi;
pub(super) use session::{Identity, Invocation};
