//! `/proc/PID/smaps`: the mappings of a process, with what of each is in memory.

use std::ops::Range;

use crate::units::ByteSize;

/// Bytes of a page where the kernel does not say: what Lambda's machines have.
const PAGE_SIZE: u64 = 4096;

/// One mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mapping {
    /// Addresses, whole pages.
    pub addresses: Range<u64>,
    /// Where in the file the first byte is; 0 where there is no file.
    pub file_offset: u64,
    /// Whether its bytes may be executed.
    pub executable: bool,
    /// Whether its bytes may be written.
    pub writable: bool,
    /// The file, or a name like `[heap]`; `None` for memory without either.
    pub name: Option<String>,
    /// True where there is a file, which may be deleted.
    pub is_file: bool,
    /// What of it is in memory.
    pub resident: ByteSize,
    /// Bytes of one of its pages.
    pub page_size: u64,
    /// What of it is in memory and not the file's: written to, or never of a file.
    pub anonymous: ByteSize,
}

/// Reads the text. Lines that it does not know are skipped.
#[must_use]
pub fn parse_smaps(text: &str) -> Vec<Mapping> {
    let mut mappings: Vec<Mapping> = Vec::new();
    for line in text.lines() {
        if let Some(mapping) = header(line) {
            mappings.push(mapping);
            continue;
        }
        let Some((key, value)) = line.split_once(':') else { continue };
        let Some(mapping) = mappings.last_mut() else { continue };
        let kilobytes = || value.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()?.checked_mul(1024);
        match key {
            "Rss" => mapping.resident = ByteSize::new(kilobytes().unwrap_or(0)),
            "Anonymous" => mapping.anonymous = ByteSize::new(kilobytes().unwrap_or(0)),
            "KernelPageSize" => mapping.page_size = kilobytes().filter(|&size| size > 0).unwrap_or(PAGE_SIZE),
            _ => {}
        }
    }
    mappings
}

/// `7f..-7f.. r-xp 00001000 fe:00 1234   /path`.
fn header(line: &str) -> Option<Mapping> {
    let mut words = line.splitn(6, ' ');
    let (start, end) = words.next()?.split_once('-')?;
    let addresses = u64::from_str_radix(start, 16).ok()?..u64::from_str_radix(end, 16).ok()?;
    let permissions = words.next()?.as_bytes();
    let [_, write, execute, _] = *permissions else { return None };
    let file_offset = u64::from_str_radix(words.next()?, 16).ok()?;
    let _device = words.next()?;
    let inode: u64 = words.next()?.parse().ok()?;
    let name = words.next().unwrap_or_default().trim_start();
    let is_file = inode != 0;
    Some(Mapping {
        addresses,
        file_offset,
        executable: execute == b'x',
        writable: write == b'w',
        name: (!name.is_empty()).then(|| if is_file { unescape(name) } else { name.to_owned() }),
        is_file,
        resident: ByteSize::ZERO,
        page_size: PAGE_SIZE,
        anonymous: ByteSize::ZERO,
    })
}

/// The kernel writes a line feed in a path as `\012`, and marks a file that is gone.
fn unescape(path: &str) -> String {
    path.strip_suffix(" (deleted)").unwrap_or(path).replace("\\012", "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
5590a0000000-5590a0002000 r-xp 00001000 fe:00 1234                       /tmp/a b/bootstrap
Size:                  8 kB
Rss:                   4 kB
Anonymous:             0 kB
VmFlags: rd ex mr mw me sd
5590a0002000-5590a0003000 rw-p 00000000 00:00 0
Rss:                   4 kB
Anonymous:             4 kB
7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0                          [stack]
Rss:                  12 kB
Unknown:               1 pages
Anonymous:            12 kB
7f0000000000-7f0000001000 r--p 00000000 fe:00 99                         /x\\012y (deleted)
";

    #[test]
    fn mappings_are_read_with_their_names_and_what_is_in_memory() {
        let mappings = parse_smaps(TEXT);
        let names: Vec<_> = mappings.iter().map(|mapping| mapping.name.as_deref()).collect();
        assert_eq!(names, [Some("/tmp/a b/bootstrap"), None, Some("[stack]"), Some("/x\ny")]);
        assert_eq!(mappings[0].addresses, 0x5590_a000_0000..0x5590_a000_2000);
        assert_eq!((mappings[0].file_offset, mappings[0].executable, mappings[0].writable), (4096, true, false));
        assert_eq!((mappings[0].is_file, mappings[2].is_file), (true, false));
        let sizes: Vec<_> = mappings.iter().map(|mapping| (mapping.resident.get(), mapping.anonymous.get())).collect();
        assert_eq!(sizes, [(4096, 0), (4096, 4096), (12288, 12288), (0, 0)]);
    }

    #[test]
    fn garbage_is_no_mapping() {
        for text in ["", "Rss: 4 kB", "x-y r-xp 0 0 0", "1-2 r-x 0 0:0 0 /a", "1-2 r-xp 0 0:0 x /a", "1-2"] {
            assert_eq!(parse_smaps(text), [], "{text:?}");
        }
        let large = parse_smaps("1-2 r-xp 0 0:0 1 /a\nRss: 99999999999999999999 kB\nRss: 18446744073709551615 kB");
        assert_eq!(large[0].resident, ByteSize::ZERO);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_very_process_has_its_own_program_in_memory() {
        let mappings = parse_smaps(&std::fs::read_to_string("/proc/self/smaps").unwrap());
        let program = std::env::current_exe().unwrap();
        let own = mappings.iter().filter(|mapping| mapping.name.as_deref() == program.to_str());
        assert!(own.clone().any(|mapping| mapping.executable && mapping.resident > ByteSize::ZERO));
    }
}
