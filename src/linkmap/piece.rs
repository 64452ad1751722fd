//! What a map says: output sections and the pieces that they were put together from.

/// A section of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputSection<'a> {
    /// Its name, such as `.text`. Not always unique.
    pub name: &'a str,
    /// Its virtual address; 0 for a section that is not loaded.
    pub address: u64,
    /// Its size in memory, in bytes. `address + size` does not overflow.
    pub size: u64,
}

impl OutputSection<'_> {
    /// The address after its last byte.
    #[must_use]
    pub const fn end(&self) -> u64 {
        self.address.saturating_add(self.size)
    }
}

/// An input section, or the part of one that the linker kept together, at the place that the linker gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece<'a> {
    /// The output section that it lies in, an index into [`LinkMap::outputs`](super::LinkMap::outputs).
    pub output: u32,
    /// Its virtual address; for a section that is not loaded, its offset in that.
    pub address: u64,
    /// Its size in bytes, never 0.
    pub size: u64,
    /// The name of the input section, such as `.text.main`.
    pub section: &'a str,
    /// The file that it comes from, an index into [`LinkMap::objects`](super::LinkMap::objects); `None` for what the linker made.
    pub object: Option<u32>,
}

impl Piece<'_> {
    /// The address after its last byte.
    #[must_use]
    pub const fn end(&self) -> u64 {
        self.address.saturating_add(self.size)
    }
}
