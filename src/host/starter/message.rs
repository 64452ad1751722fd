//! What starters and those who started them say to each other, one byte each, some with more behind it.

/// From the starter: it has done what was asked, or waits for [`GO`].
pub(in crate::host) const READY: u8 = b'+';

/// From the starter: it could not. Why follows: 4 bytes of an error number where a program was not executed, otherwise words.
pub(in crate::host) const FAILED: u8 = b'-';

/// To the starter: become the program.
pub(in crate::host) const GO: u8 = b'!';

/// What files of a network are, behind [`READY`], one for each: the Runtime API's listener.
pub(in crate::host) const LISTENER: u8 = b'l';

/// The network itself.
pub(in crate::host) const NETWORK_FILE: u8 = b'n';

/// A socket at port 53 of every address.
pub(in crate::host) const NAMES: u8 = b'd';

/// The user namespace that the network belongs to, where it needed one.
pub(in crate::host) const USERS: u8 = b'u';
