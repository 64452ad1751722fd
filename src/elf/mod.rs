//! ELF, read and edited. The only room that names `object` and `gimli`.

mod architecture;

pub use architecture::Architecture;
