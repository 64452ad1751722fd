//! Why code cannot be taken for dead.

/// Why the flow of a program cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CannotFollow {
    /// Only `x86_64` code is understood.
    #[error("code is followed on x86_64 alone")]
    Architecture,
    /// The program has fixed addresses.
    #[error("it is loaded at a fixed address, so that any number in it may be the address of code")]
    Fixed,
    /// What must be disjoint is not.
    #[error("{what} overlap")]
    Overlap {
        /// What overlaps.
        what: &'static str,
    },
    /// A function leaves the address space.
    #[error("the function at {address:#x} has no end")]
    Function {
        /// Where it starts.
        address: u64,
    },
    /// Its code lies too far apart.
    #[error("its code is spread over {span} bytes of addresses, many times the file")]
    Spread {
        /// From its first byte to its last.
        span: u64,
    },
    /// It does not start in a section of code.
    #[error("it starts at {address:#x}, outside of its sections of code")]
    Entry {
        /// Where it starts.
        address: u64,
    },
    /// Dynamic symbols cannot be read.
    #[error("its dynamic symbols cannot be read")]
    Symbols,
    /// Something that is not understood leads to functions.
    #[error("nothing is seen to lead to {unreached} of its {functions} functions: not all references are understood")]
    Unreached {
        /// How many.
        unreached: usize,
        /// Of how many.
        functions: usize,
    },
    /// The second reading found a reference into what was to be dead.
    #[error("a second reading finds {what} at {from:#x} that leads into code taken for dead, at {to:#x}")]
    StillReferred {
        /// What refers to it.
        what: &'static str,
        /// Where that is.
        from: u64,
        /// Where it leads.
        to: u64,
    },
}
