//! `drop-dead-lsdas`: language-specific unwind tables that no frame description refers to are zeroed.

use crate::elf::Image;

use super::rewritten::Rewritten;

pub(super) fn apply(_image: &Image<'_>) -> Rewritten {
    Rewritten::NotApplicable("not built yet".to_owned())
}
