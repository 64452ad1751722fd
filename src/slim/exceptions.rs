//! Who raises exceptions, and who handles them: what taking handlers away would cost a program.
//!
//! Rust raises panics and catches each with a handler for everything. All else that goes through the same tables is none of
//! the loss that a rewrite declares: C++ exceptions, which are how such a program works; threads that end by unwinding.

use std::collections::BTreeSet;

use crate::elf::{FrameTables, Image};

/// Imports that show exceptions other than panics: raised or handled by C++, forced by the C library to end a thread.
const OTHER_EXCEPTIONS: [&str; 11] = [
    "__cxa_begin_catch",
    "__cxa_rethrow",
    "__cxa_throw",
    "__gcc_personality_v0",
    "__gxx_personality_v0",
    "_Unwind_ForcedUnwind",
    "_Unwind_Resume_or_Rethrow",
    "pthread_cancel",
    "pthread_exit",
    "pthread_testcancel",
    "thrd_exit",
];

/// Libraries that raise no exception through a Rust function: glibc's, libgcc's unwinder, the dynamic linker.
pub(super) const SILENT_LIBRARIES: [&str; 9] = [
    "ld-linux-aarch64.so.1",
    "ld-linux-x86-64.so.2",
    "libc.so.6",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libpthread.so.0",
    "librt.so.1",
    "libutil.so.1",
];

const RAISE: &str = "_Unwind_RaiseException";
const BACKTRACE: &str = "_Unwind_Backtrace";

/// A message of LLVM's libunwind, of the function that reads the index.
const LLVM_UNWINDER: &[u8] = b"unsupported .eh_frame_hdr version";

/// What a program imports.
pub(super) struct Imports<'data>(BTreeSet<&'data str>);

impl<'data> Imports<'data> {
    /// Why they are not known, in words.
    pub(super) fn of(image: &Image<'data>) -> Result<Self, String> {
        let symbols = image.dynamic_symbols().map_err(|why| why.to_string())?;
        Ok(Self(symbols.iter().filter(|symbol| !symbol.defined).map(|symbol| symbol.name).collect()))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// True where the unwinder is linked in, so that imports do not tell who uses it.
    pub(super) fn lack_the_unwinder(&self) -> bool {
        !self.has(BACKTRACE) && !self.has(RAISE)
    }
}

/// Fails where handlers are for more than panics, and says for what.
pub(super) fn only_panics(imports: &Imports<'_>, tables: &FrameTables) -> Result<(), String> {
    if let Some(name) = OTHER_EXCEPTIONS.into_iter().find(|name| imports.has(name)) {
        return Err(format!("its handlers are for more than panics: it imports {name}"));
    }
    // Rust's handlers are for everything: no type is named. A linked-in C++ library shows itself by its types.
    if tables.lsdas.iter().any(|lsda| !lsda.types.is_empty()) {
        return Err("its handlers are for more than panics: some name types of C++ exceptions".to_owned());
    }
    Ok(())
}

/// True where nothing in the program can raise a panic that its handlers would see: it imports the unwinder for backtraces
/// alone, as a build with `panic = "abort"` does, and needs no library that raises exceptions of its own.
pub(super) fn nothing_is_raised(image: &Image<'_>, imports: &Imports<'_>) -> bool {
    let Ok(dynamic) = image.dynamic() else { return false };
    let silent = dynamic.needed.iter().all(|library| SILENT_LIBRARIES.contains(&library.as_str()));
    imports.has(BACKTRACE) && !imports.has(RAISE) && silent && dynamic.interpreter.is_some()
}

/// True where LLVM's unwinder is linked in. It gives up where it finds no frame description; that of libgcc, linked in, ends
/// the program where it finds none for itself (`uw_init_context_1`).
pub(super) fn has_llvm_unwinder(image: &Image<'_>) -> bool {
    memchr::memmem::find(image.data(), LLVM_UNWINDER).is_some()
}
