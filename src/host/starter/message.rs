//! What starters and those who started them say to each other, one byte each, some with more behind it.

/// From the starter: it has done what was asked, or waits for [`GO`].
pub(in crate::host) const READY: u8 = b'+';

/// From the starter: it could not. Why follows: 4 bytes of an error number where a program was not executed, otherwise words.
pub(in crate::host) const FAILED: u8 = b'-';

/// To the starter: become the program.
pub(in crate::host) const GO: u8 = b'!';
