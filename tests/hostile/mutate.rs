//! Damage with a fixed seed: cuts, flips, and lies in the very fields that readers believe.

use std::ops::Range;

/// Numbers that look random and are always the same (splitmix64, Steele, Lea and Flood 2014).
#[derive(Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64, case: u64) -> Self {
        Self(seed ^ case.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

/// One to four changes: mostly lies in `fields`, else cuts, flips, runs of one byte, bytes taken out and put in.
pub(crate) fn damage(data: &mut Vec<u8>, fields: &[Range<usize>], random: &mut Random) {
    for _ in 0..1 + random.below(4) {
        match random.below(16) {
            0 => data.truncate(random.below(data.len() + 1)),
            1 => {
                // Near an end is where the tables are.
                let cut = random.below(200).min(data.len());
                data.truncate(data.len() - cut);
            }
            2 => {
                let (at, size) = (random.below(data.len()), 1 + random.below(64));
                let end = (at + size).min(data.len());
                let byte = [0, 0xff, b'P', random.next() as u8][random.below(4)];
                data[at.min(end)..end].fill(byte);
            }
            3 => {
                let at = random.below(data.len() + 1);
                let end = (at + 1 + random.below(40)).min(data.len());
                if random.below(2) == 0 {
                    data.drain(at.min(end)..end);
                } else {
                    data.splice(at..at, [random.next() as u8; 7]);
                }
            }
            4 | 5 if !data.is_empty() => {
                let at = random.below(data.len());
                data[at] ^= 1 << random.below(8);
            }
            _ if !fields.is_empty() => lie(data, fields, random),
            _ => {}
        }
    }
}

/// Overwrites one field with a value that readers trip over.
fn lie(data: &mut [u8], fields: &[Range<usize>], random: &mut Random) {
    let field = fields[random.below(fields.len())].clone();
    let other = fields[random.below(fields.len())].clone();
    let size = data.len() as u64;
    let read = |range: &Range<usize>| {
        let mut bytes = [0; 8];
        let value = data.get(range.clone()).unwrap_or_default();
        bytes[..value.len()].copy_from_slice(value);
        u64::from_le_bytes(bytes)
    };
    let (old, foreign) = (read(&field), read(&other));
    let values = [
        0,
        1,
        2,
        7,
        0xff00,
        0xffff,
        u64::from(u32::MAX),
        u64::MAX,
        u64::MAX - 1,
        1 << 63,
        1 << 40,
        i64::MAX as u64,
        size,
        size.wrapping_sub(1),
        size + 1,
        size / 2,
        old.wrapping_add(1),
        old.wrapping_sub(1),
        old.wrapping_mul(2),
        old ^ 1 << random.below(64),
        old.wrapping_sub(size),
        foreign,
        foreign.wrapping_add(old),
        random.next(),
        random.next() % (size + 1),
        random.next() % 64,
    ];
    let value = values[random.below(values.len())].to_le_bytes();
    if let Some(bytes) = data.get_mut(field) {
        let width = bytes.len();
        bytes.copy_from_slice(&value[..width]);
    }
}

/// The fields of an ELF file that was not damaged yet: headers, and entries of the tables that are read.
pub(crate) fn elf_fields(file: &[u8]) -> Vec<Range<usize>> {
    let number = |at: usize, width: usize| {
        let mut bytes = [0; 8];
        bytes[..width].copy_from_slice(&file[at..at + width]);
        u64::from_le_bytes(bytes) as usize
    };
    let mut fields = Vec::new();
    add(&mut fields, 4, &[1, 1]);
    add(&mut fields, 16, &[2, 2, 4, 8, 8, 8, 4, 2, 2, 2, 2, 2, 2]);
    for segment in 0..number(56, 2) {
        add(&mut fields, number(32, 8) + segment * 56, &[4, 4, 8, 8, 8, 8, 8, 8]);
    }
    // Headers decide most: they are hit as often as all table entries together.
    fields.extend(fields.clone());
    for section in 0..number(60, 2) {
        let header = number(40, 8) + section * 64;
        add(&mut fields, header, &[4, 4, 8, 8, 8, 8, 4, 4, 8, 8]);
        let (kind, offset, size) = (number(header + 4, 4), number(header + 24, 8), number(header + 32, 8));
        let (entry, widths): (usize, &[usize]) = match kind {
            2 => (24, &[4, 1, 1, 2, 8, 8]),
            6 => (16, &[8, 8]),
            7 => (12, &[4, 4, 4]),
            0x6fff_fffe => (16, &[2, 2, 4, 4, 4]),
            _ => continue,
        };
        // A few of a large table, spread over it.
        let count = size / entry;
        for at in (0..count).step_by((count / 24).max(1)) {
            add(&mut fields, offset + at * entry, widths);
        }
    }
    fields
}

/// The fields of a zip that was not damaged yet.
pub(crate) fn zip_fields(zip: &[u8]) -> Vec<Range<usize>> {
    let mut fields = Vec::new();
    for at in 0..zip.len().saturating_sub(21) {
        match &zip[at..at + 4] {
            b"PK\x03\x04" => add(&mut fields, at, &[4, 2, 2, 2, 2, 2, 4, 4, 4, 2, 2, 1, 1, 1]),
            b"PK\x01\x02" => add(&mut fields, at, &[4, 2, 2, 2, 2, 2, 2, 4, 4, 4, 2, 2, 2, 2, 2, 4, 4, 1, 1, 1]),
            b"PK\x05\x06" => add(&mut fields, at, &[4, 2, 2, 2, 2, 4, 4, 2]),
            _ => {}
        }
    }
    fields.retain(|field| field.end <= zip.len());
    fields
}

fn add(fields: &mut Vec<Range<usize>>, mut at: usize, widths: &[usize]) {
    for width in widths {
        fields.push(at..at + width);
        at += width;
    }
}
