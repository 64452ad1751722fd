//! What Lambda's runtime brings along: the C library's version, its loader, shared libraries.

use crate::elf::Architecture;

/// glibc of `provided.al2023`. Source: Amazon Linux 2023 release notes, glibc 2.34; read 2026-11-23.
pub(super) const AL2023_GLIBC: &str = "2.34";
/// glibc of `provided.al2`. Source: Amazon Linux 2 release notes, glibc 2.26; read 2026-11-23.
pub(super) const AL2_GLIBC: &str = "2.26";

/// Shared libraries of glibc and of GCC's runtime: each image with glibc has these. Source: file lists of the packages `glibc`
/// and `libgcc`, without which no program of Amazon Linux starts.
const BASE: [&str; 14] = [
    "ld-linux-aarch64.so.1",
    "ld-linux-x86-64.so.2",
    "libanl.so.1",
    "libc.so.6",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libmvec.so.1",
    "libnss_dns.so.2",
    "libnss_files.so.2",
    "libpthread.so.0",
    "libresolv.so.2",
    "librt.so.1",
    "libutil.so.1",
];

/// Libraries that the image of `provided.al2023` is known to ship for its own programs. AWS does not promise them, and other
/// images have other versions: shipping them or linking statically is safer. Not verified on Lambda itself.
const LIKELY: [&str; 6] =
    ["libcrypto.so.3", "libcurl.so.4", "libssl.so.3", "libstdc++.so.6", "libz.so.1", "libzstd.so.1"];

/// Whether the runtime has a library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Availability {
    Always,
    Likely,
    Missing,
}

pub(super) fn availability(library: &str) -> Availability {
    if BASE.contains(&library) {
        Availability::Always
    } else if LIKELY.contains(&library) {
        Availability::Likely
    } else {
        Availability::Missing
    }
}

/// Path of the dynamic linker that the runtime has.
pub(super) const fn interpreter(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::X86_64 => "/lib64/ld-linux-x86-64.so.2",
        Architecture::Arm64 => "/lib/ld-linux-aarch64.so.1",
    }
}
