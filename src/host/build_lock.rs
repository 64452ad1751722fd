//! One run of this program at a time builds in a folder of the target directory.
//!
//! cargo's own lock ends with cargo, before the linker's map and the notes beside it are read: another run that links again
//! meanwhile would write into that map, or ask for one of another name and remove it.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use super::process::BuildEvent;

/// The lock of a folder, held until it is dropped.
#[derive(Debug)]
pub(super) struct BuildLock {
    /// `None` where the folder cannot be written to, or its file system has no locks: then there is nothing to share, or no better way.
    _file: Option<File>,
}

impl BuildLock {
    /// Waits until no other run has it.
    pub(super) fn take(folder: &Path, on_event: &mut dyn FnMut(BuildEvent<'_>)) -> Self {
        let file = fs::create_dir_all(folder).and_then(|()| File::create(folder.join(".lock"))).ok();
        let file = file.and_then(|file| match file.try_lock() {
            Ok(()) => Some(file),
            Err(TryLockError::Error(_)) => None,
            Err(TryLockError::WouldBlock) => {
                on_event(BuildEvent::Note("waiting for another lambda-slim that builds in this target folder"));
                file.lock().is_ok().then_some(file)
            }
        });
        Self { _file: file }
    }
}
