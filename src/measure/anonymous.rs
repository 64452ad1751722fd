//! What anonymous memory is for, as far as mappings tell.

use serde::{Deserialize, Serialize};

use crate::procfs::{Mapping, Process};
use crate::units::ByteSize;

/// A kind of memory that no file of the package holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AnonymousKind {
    /// The heap that grows from the end of the program (`brk`).
    Heap,
    /// The main thread's stack.
    Stack,
    /// Zero-initialized data behind the program's own: `.bss`.
    Bss,
    /// Pages of the system's libraries that were written to.
    SystemLibraries,
    /// Memory that was mapped: other threads' stacks, and an allocator's other arenas and large blocks.
    Mapped,
}

/// Sizes by kind, of one process. What was written to in the package's own files is not among them.
pub(super) fn by_kind(process: &Process) -> Vec<(AnonymousKind, ByteSize)> {
    let is_package = |number: usize| process.package_files.iter().any(|file| file.mappings.contains(&number));
    let mut sizes = Vec::new();
    for (number, mapping) in process.mappings.iter().enumerate() {
        if mapping.anonymous > ByteSize::ZERO && !is_package(number) {
            let before = number.checked_sub(1).filter(|before| is_package(*before));
            let before = before.and_then(|before| process.mappings.get(before));
            sizes.push((kind(mapping, before), mapping.anonymous));
        }
    }
    sizes
}

/// `before` is the mapping in front of it, where that is one of the package.
fn kind(mapping: &Mapping, before: Option<&Mapping>) -> AnonymousKind {
    match mapping.name.as_deref() {
        Some("[heap]") => AnonymousKind::Heap,
        Some("[stack]") => AnonymousKind::Stack,
        _ if mapping.is_file => AnonymousKind::SystemLibraries,
        None if before.is_some_and(|before| before.writable && before.addresses.end == mapping.addresses.start) => {
            AnonymousKind::Bss
        }
        _ => AnonymousKind::Mapped,
    }
}
