//! A program before all rewrites, and what has its symbols.

use crate::elf::{Image, check_twin};

/// A program before all rewrites.
#[derive(Clone, Copy)]
pub(super) struct CameIn<'i, 'data> {
    pub(super) program: &'i Image<'data>,
    /// What has its symbols: itself, or a twin where it came stripped. Of a twin, symbols alone count: a debug file has no code.
    pub(super) named: &'i Image<'data>,
}

impl<'i, 'data> CameIn<'i, 'data> {
    pub(super) fn of(program: &'i Image<'data>, twins: &'i [Image<'data>]) -> Self {
        let twin = twins.iter().find(|twin| program.is_stripped() && check_twin(program, twin).is_ok());
        Self { program, named: twin.unwrap_or(program) }
    }
}
