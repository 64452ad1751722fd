//! The event that a function is started with.

use std::path::Path;

use serde::de::IgnoredAny;

use super::HostError;
use super::file::read_file;
use crate::units::ByteSize;

/// The event where none is named: the smallest JSON object.
pub const EMPTY_EVENT: &[u8] = b"{}";

/// The largest event of a synchronous invocation, 6 MB. Source: AWS Lambda quotas page, read 2026-11-24.
const EVENT_LIMIT: ByteSize = ByteSize::new(6 << 20);

/// Reads an event.
///
/// # Errors
/// [`HostError`] where the file cannot be read, is larger than Lambda takes, or is not JSON.
pub fn read_event(path: &Path) -> Result<Vec<u8>, HostError> {
    let event = read_file(path, EVENT_LIMIT)?;
    match serde_json::from_slice::<IgnoredAny>(&event) {
        Ok(_) => Ok(event),
        Err(cause) => Err(HostError::EventNotJson { path: path.to_owned(), cause }),
    }
}
