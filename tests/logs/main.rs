//! Logs: real lines and documents as goldens, laws over made-up ones.

mod throughput;
