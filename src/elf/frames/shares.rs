//! Which bytes of a frame description and of its LSDA are for which part of its code, where several functions share it.

use super::entry::{Cie, Fde};
use super::instructions::advances;
use super::lsda::Lsda;

/// From a place in the section on, bytes are for the code from an address on.
pub type Share = (usize, u64);

impl Fde {
    /// An instruction is for the row that it makes; one that leads to another row, for that one. What stands before the instructions is for the start.
    ///
    /// Sorted, beginning with the entry itself. `section` is the one that `cie` and this stand in.
    #[must_use]
    pub fn shares(&self, cie: &Cie, section: &[u8]) -> Vec<Share> {
        let mut shares = vec![(self.range.start, self.address())];
        let start = self.range.start + self.instructions.start;
        let program = section.get(start..self.range.end).unwrap_or_default();
        shares.extend(advances(program).into_iter().map(|(at, units)| {
            let distance = units.saturating_mul(cie.code_alignment);
            (start + at, self.address().saturating_add(distance))
        }));
        shares
    }

    /// A call site is for its call. What stands before the call sites is for the start, and so are actions and types, which all may use.
    ///
    /// Sorted, beginning with the LSDA itself, which is this description's.
    #[must_use]
    pub fn lsda_shares(&self, lsda: &Lsda) -> Vec<Share> {
        let start = lsda.range.start;
        let sites = lsda.call_site_places.iter().zip(&lsda.call_sites);
        let sites = sites.map(|(at, site)| (start + at, self.address().saturating_add(site.start)));
        [(start, self.address())]
            .into_iter()
            .chain(sites)
            .chain([(start + lsda.actions.start, self.address())])
            .collect()
    }
}
