//! What a unit's entries point at in other sections: one walk over all its entries, without building any.

use gimli::{Abbreviations, Encoding};

use super::form::{Step, Target, Width, step, steps};
use super::unit::{Bases, Dwarf, Unit};

/// Attributes of abbreviations that a walk may look at, beside 16 for each byte of the unit. A unit looks at each abbreviation once,
/// and an entry takes more bytes than its abbreviation has attributes, flags apart.
const SPARE_ATTRIBUTES: usize = 256;
/// Abbreviations are numbered from 1 without holes. Numbers above this, or above the bytes of the unit, are looked up anew each time.
const MAX_DENSE_CODE: usize = 1 << 14;
/// From this many on, offsets are made unique before there is room for more: a unit may point at one string a million times.
const MANY: usize = 1 << 18;

/// Offsets that a unit points at, by section: sorted, each once.
#[derive(Default)]
pub(super) struct References([Vec<u32>; Target::COUNT]);

impl References {
    pub(super) fn to(&self, target: Target) -> &[u32] {
        self.0.get(target as usize).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, target: Target, offset: u64) {
        if let (Ok(offset), Some(offsets)) = (u32::try_from(offset), self.0.get_mut(target as usize)) {
            push(offsets, offset);
        }
    }

    /// Reads a unit's entries up to the first that cannot be read, and its line program's header.
    pub(super) fn of(unit: &Unit<'_>, dwarf: &Dwarf<'_>) -> Self {
        let mut found = Self::default();
        let Some(root) = &unit.root else { return found };
        let encoding = unit.encoding;
        for (target, base) in [
            (Target::StrOffsets, root.bases.str_offsets),
            (Target::Addr, root.bases.addr),
            (Target::RngLists, root.bases.rnglists),
            (Target::LocLists, root.bases.loclists),
        ] {
            found.0[target as usize].extend(base.and_then(|base| u32::try_from(base).ok()));
        }
        let mut walk = Walk::new(unit.entries, encoding, &unit.abbreviations, found);
        while walk.entry().is_some() {}
        let Walk { references, indices, .. } = walk;
        let mut found = references;
        found.resolve(indices, &root.bases, encoding, dwarf);
        if root.owns_line_program && encoding.version >= 5 {
            found.add_line_header(unit, dwarf);
        }
        for offsets in &mut found.0 {
            sort(offsets);
        }
        found
    }

    /// Turns numbers in tables into the places of their entries, and into what these point at.
    fn resolve(&mut self, indices: [Vec<u32>; 4], bases: &Bases, encoding: Encoding, dwarf: &Dwarf<'_>) {
        let word = u64::from(encoding.format.word_size());
        let [mut strings, addresses, ranges, locations] = indices;
        sort(&mut strings);
        let base = bases.str_offsets.unwrap_or(0);
        for index in strings {
            let Some(at) = base.checked_add(u64::from(index) * word) else { continue };
            self.add(Target::StrOffsets, at);
            if let Some(offset) = read_word(dwarf.str_offsets, at, word) {
                self.add(Target::Str, offset);
            }
        }
        let base = bases.addr.unwrap_or(0);
        for index in addresses {
            if let Some(at) = base.checked_add(u64::from(index) * u64::from(encoding.address_size)) {
                self.add(Target::Addr, at);
            }
        }
        for (indices, base, section, target) in [
            (ranges, bases.rnglists, dwarf.rnglists, Target::RngLists),
            (locations, bases.loclists, dwarf.loclists, Target::LocLists),
        ] {
            for index in indices {
                if let Some(offset) = list_offset(section, base.unwrap_or(0), u64::from(index), word) {
                    self.add(target, offset);
                }
            }
        }
    }

    /// In DWARF 5 the names of folders and files stand in string sections.
    fn add_line_header(&mut self, unit: &Unit<'_>, dwarf: &Dwarf<'_>) {
        let Some(program) = unit.line_program(dwarf) else { return };
        let header = program.header();
        let paths = header.file_names().iter().map(gimli::FileEntry::path_name);
        for path in paths.chain(header.include_directories().iter().copied()) {
            match path {
                gimli::AttributeValue::DebugStrRef(offset) => self.add(Target::Str, offset.0 as u64),
                gimli::AttributeValue::DebugLineStrRef(offset) => self.add(Target::LineStr, offset.0 as u64),
                _ => {}
            }
        }
    }
}

fn sort(numbers: &mut Vec<u32>) {
    numbers.sort_unstable();
    numbers.dedup();
}

#[inline]
fn push(numbers: &mut Vec<u32>, number: u32) {
    if numbers.len() == numbers.capacity() && numbers.len() >= MANY {
        sort(numbers);
        // Room doubles where half of them were new, so that sorting stays cheap beside reading.
        if numbers.len() > numbers.capacity() / 2 {
            numbers.reserve(numbers.capacity());
        }
    }
    numbers.push(number);
}

/// The offset at `at` in a table of them.
pub(super) fn read_word(section: &[u8], at: u64, word: u64) -> Option<u64> {
    let mut bytes = Bytes(section.get(usize::try_from(at).ok()?..)?);
    bytes.fixed(word as usize)
}

/// Place of a list that a unit names by number.
pub(super) fn list_offset(section: &[u8], base: u64, index: u64, word: u64) -> Option<u64> {
    let at = base.checked_add(index.checked_mul(word)?)?;
    base.checked_add(read_word(section, at, word)?)
}

struct Walk<'unit> {
    bytes: Bytes<'unit>,
    encoding: Encoding,
    abbreviations: &'unit Abbreviations,
    /// Where the steps of an abbreviation start and end, by its number; `UNKNOWN` where it was not met yet.
    known: Vec<(u32, u32)>,
    steps: Vec<Step>,
    scratch: Vec<Step>,
    /// Numbers of abbreviations from here on are looked up anew each time.
    sparse_from: u64,
    /// Attributes that may still be looked at.
    left: usize,
    references: References,
    /// By [`Table`].
    indices: [Vec<u32>; 4],
}

const UNKNOWN: (u32, u32) = (u32::MAX, 0);

impl<'unit> Walk<'unit> {
    fn new(
        entries: &'unit [u8],
        encoding: Encoding,
        abbreviations: &'unit Abbreviations,
        references: References,
    ) -> Self {
        let bytes = Bytes(entries);
        let left = entries.len().saturating_mul(16).saturating_add(SPARE_ATTRIBUTES);
        Self {
            bytes,
            encoding,
            abbreviations,
            known: Vec::new(),
            steps: Vec::new(),
            scratch: Vec::new(),
            sparse_from: entries.len().min(MAX_DENSE_CODE) as u64,
            left,
            references,
            indices: Default::default(),
        }
    }

    /// Passes one entry; `None` at the end and at what cannot be read.
    fn entry(&mut self) -> Option<()> {
        let code = self.bytes.uleb()?;
        if code == 0 {
            return Some(());
        }
        if code >= self.sparse_from {
            let mut steps = std::mem::take(&mut self.scratch);
            steps.clear();
            self.compile(code, &mut steps)?;
            for &step in &steps {
                self.take(step)?;
            }
            self.scratch = steps;
            return Some(());
        }
        let (start, end) = match self.known.get(code as usize) {
            Some(&known) if known != UNKNOWN => known,
            _ => self.learn(code)?,
        };
        for index in start..end {
            let step = *self.steps.get(index as usize)?;
            self.take(step)?;
        }
        Some(())
    }

    fn learn(&mut self, code: u64) -> Option<(u32, u32)> {
        let mut steps = std::mem::take(&mut self.steps);
        let start = steps.len() as u32;
        let compiled = self.compile(code, &mut steps);
        let range = (start, steps.len() as u32);
        self.steps = steps;
        compiled?;
        let code = code as usize;
        if self.known.len() <= code {
            self.known.resize(code + 1, UNKNOWN);
        }
        *self.known.get_mut(code)? = range;
        Some(range)
    }

    fn compile(&mut self, code: u64, into: &mut Vec<Step>) -> Option<()> {
        let attributes = self.abbreviations.get(code)?.attributes();
        self.left = self.left.checked_sub(attributes.len())?;
        steps(attributes, self.encoding, into)
    }

    #[inline]
    fn take(&mut self, taken: Step) -> Option<()> {
        match taken {
            Step::Skip(size) => self.bytes.skip(u64::from(size)),
            Step::SkipUleb => self.bytes.uleb().map(|_| ()),
            Step::Block(width) => {
                let size = self.bytes.number(width)?;
                self.bytes.skip(size)
            }
            Step::CString => self.bytes.c_string(),
            Step::Offset(target, size) => {
                let offset = self.bytes.fixed(usize::from(size))?;
                self.references.add(target, offset);
                Some(())
            }
            Step::Index(table, width) => {
                let index = self.bytes.number(width)?;
                if let (Ok(index), Some(indices)) = (u32::try_from(index), self.indices.get_mut(table as usize)) {
                    push(indices, index);
                }
                Some(())
            }
            Step::Indirect(name) => {
                let form = u16::try_from(self.bytes.uleb()?).ok()?;
                match step(name, gimli::DwForm(form), self.encoding)? {
                    Step::Indirect(_) => None,
                    step => self.take(step),
                }
            }
        }
    }
}

/// What was not read yet.
struct Bytes<'data>(&'data [u8]);

impl Bytes<'_> {
    #[inline]
    fn skip(&mut self, size: u64) -> Option<()> {
        self.0 = self.0.get(usize::try_from(size).ok()?..)?;
        Some(())
    }

    #[inline]
    fn number(&mut self, width: Width) -> Option<u64> {
        match width {
            Width::Fixed(size) => self.fixed(usize::from(size)),
            Width::Uleb => self.uleb(),
        }
    }

    #[inline]
    fn fixed(&mut self, size: usize) -> Option<u64> {
        if size == 4 {
            let (value, rest) = self.0.split_first_chunk::<4>()?;
            self.0 = rest;
            return Some(u64::from(u32::from_le_bytes(*value)));
        }
        let (value, rest) = self.0.split_at_checked(size)?;
        self.0 = rest;
        Some(value.iter().rev().fold(0, |sum, &byte| sum << 8 | u64::from(byte)))
    }

    #[inline]
    fn uleb(&mut self) -> Option<u64> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        if first & 0x80 == 0 {
            return Some(u64::from(first));
        }
        let mut value = u64::from(first & 0x7f);
        let mut shift = 7_u32;
        loop {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            // Bits past the 64th of a signed or padded number are nobody's reference.
            value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            shift = shift.saturating_add(7);
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
    }

    fn c_string(&mut self) -> Option<()> {
        let size = std::ffi::CStr::from_bytes_until_nul(self.0).ok()?.count_bytes();
        self.0 = self.0.get(size + 1..)?;
        Some(())
    }
}
