//! Which bytes of a frame description and of its LSDA are for which part of its code, where several functions share it.

use super::entry::{Cie, Fde};
use super::instructions::advances;
use super::lsda::Lsda;

/// Whom bytes of a table are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// All code that the table is for.
    All,
    /// The code at an address, and as far as the next share.
    Code(u64),
}

/// Bytes of the section from a place on, up to the next share.
pub type Share = (usize, For);

impl Fde {
    /// An instruction is for the row that it makes; one that leads to another row, for that one. What stands before them is for all.
    ///
    /// Sorted, beginning with the entry itself. `section` is the one that `cie` and this stand in.
    #[must_use]
    pub fn shares(&self, cie: &Cie, section: &[u8]) -> Vec<Share> {
        let start = self.range.start + self.instructions.start;
        let program = section.get(start..self.range.end).unwrap_or_default();
        let mut shares = vec![(self.range.start, For::All), (start, For::Code(self.address()))];
        shares.extend(advances(program).into_iter().map(|(at, units)| {
            let distance = units.saturating_mul(cie.code_alignment);
            (start + at, For::Code(self.address().saturating_add(distance)))
        }));
        shares
    }

    /// A call site is for the function that its landing pad is in, else that its middle is in: its ends may be rounded. What stands before the call sites is
    /// for all, and so are actions and types.
    ///
    /// Sorted, beginning with the LSDA itself, which is this description's.
    #[must_use]
    pub fn lsda_shares(&self, lsda: &Lsda) -> Vec<Share> {
        let start = lsda.range.start;
        let sites = lsda.call_site_places.iter().zip(&lsda.call_sites);
        let sites = sites.map(|(at, site)| {
            let middle = site.start.saturating_add(site.size / 2);
            let inside = if site.landing_pad == 0 { middle } else { site.landing_pad };
            (start + at, For::Code(self.address().saturating_add(inside)))
        });
        [(start, For::All)].into_iter().chain(sites).chain([(start + lsda.actions.start, For::All)]).collect()
    }
}
