//! Relocations packed or carried out, by an encoder of the tests' own: what comes to the same passes, one wrong word does not.

use std::ops::Range;

use lambda_slim::slim::{Changes, Relocations, VerifyError, same_program};

use crate::subject::{ARM64, Subject, X86_64, put32, put64};

const BASE: u64 = 0x40_0000;
const PHDR: usize = 56;

/// What GNU as makes of `testdata/start-stub.s`.
const STUB: &str = "\
    f30f1efa4989f84989f14989d2488d3500000000488d3d00000000488d15000000004839fe7336488b064883c608a801750d488d0c0248\
    01114883c108ebe34989cb48d1e8740da80174034901134983c308ebee4881c1f8010000ebc5488d3d00000000be00000000ba01000000\
    b80a0000000f0585c0740cbf7f000000b8e70000000f054c89c74c89ce4c89d2e900000000";

/// Values of the dynamic section that are addresses.
const POINTERS: [u64; 16] =
    [3, 4, 5, 6, 7, 12, 13, 17, 23, 25, 26, 32, 0x6fff_fef5, 0x6fff_fff0, 0x6fff_fffc, 0x6fff_fffe];

struct Rewritten {
    data: Vec<u8>,
    changes: Changes,
}

impl Rewritten {
    #[track_caller]
    fn is_refused(&self, subject: &Subject, address: u64, edit: impl FnOnce(&mut Vec<u8>)) {
        let mut data = self.data.clone();
        edit(&mut data);
        assert!(data != self.data);
        match same_program(&subject.data, &data, &self.changes) {
            Err(VerifyError::Relocation { address: found, .. }) => assert_eq!(found, address),
            other => panic!("{other:?}"),
        }
    }
}

fn relative(subject: &Subject) -> u32 {
    if subject.data[18] == 183 { 1027 } else { 8 }
}

/// Entries of `.rela.dyn`: the relative ones (address and addend), and the others as they are.
fn entries(subject: &Subject) -> (Vec<(u64, u64)>, Vec<[u8; 24]>) {
    let (mut relatives, mut others) = (Vec::new(), Vec::new());
    for at in subject.section(".rela.dyn").step_by(24) {
        if subject.u32(at + 8) == relative(subject) {
            relatives.push((subject.u64(at), subject.u64(at + 16)));
        } else {
            others.push(subject.data[at..at + 24].try_into().expect("24 bytes"));
        }
    }
    (relatives, others)
}

fn range(range: Range<usize>) -> Range<u64> {
    range.start as u64..range.end as u64
}

/// What is left of `.rela.dyn`, and what the dynamic section says of it.
fn shorten(subject: &Subject, data: &mut [u8], others: &[[u8; 24]]) {
    let room = subject.section(".rela.dyn");
    data[room.clone()].fill(0);
    data[room.start..room.start + others.len() * 24].copy_from_slice(others.as_flattened());
    for at in subject.section(".dynamic").step_by(16) {
        match subject.u64(at) {
            8 => put64(data, at + 8, others.len() as u64 * 24),
            0x6fff_fff9 => put64(data, at + 8, 0),
            _ => {}
        }
    }
}

/// The program at a fixed address.
fn fixed(subject: &Subject) -> Rewritten {
    let mut data = subject.data.clone();
    let mut ranges = vec![range(subject.section(".dynamic")), range(subject.section(".rela.dyn"))];
    let add = |data: &mut Vec<u8>, at: usize| {
        let old = u64::from_le_bytes(data[at..at + 8].try_into().expect("8 bytes"));
        put64(data, at, old + BASE);
    };
    data[16] = 2;
    add(&mut data, 24);
    for header in (0..usize::from(data[56])).map(|number| 64 + number * PHDR) {
        if subject.u64(header + 40) != 0 {
            add(&mut data, header + 16);
            add(&mut data, header + 24);
        }
    }
    let sections = subject.u64(40) as usize;
    for header in (0..usize::from(data[60])).map(|number| sections + number * 64) {
        if data[header + 8] & 2 != 0 {
            add(&mut data, header + 16);
        }
    }
    let (relatives, mut others) = entries(subject);
    for other in &mut others {
        let address = u64::from_le_bytes(other[..8].try_into().expect("8 bytes"));
        other[..8].copy_from_slice(&(address + BASE).to_le_bytes());
    }
    shorten(subject, &mut data, &others);
    for at in subject.section(".dynamic").step_by(16) {
        let tag = subject.u64(at);
        if POINTERS.contains(&tag) {
            add(&mut data, at + 8);
        }
        if tag == 0x6fff_fffb {
            put64(&mut data, at + 8, subject.u64(at + 8) & !0x0800_0000);
        }
    }
    for at in subject.section(".dynsym").step_by(24) {
        let section = u16::from_le_bytes([data[at + 6], data[at + 7]]);
        if section != 0 && section < 0xff00 && data[at + 4] & 15 != 6 {
            add(&mut data, at + 8);
        }
    }
    ranges.push(range(subject.section(".dynsym")));
    let slots = subject.section(".rela.plt");
    ranges.push(range(slots.clone()));
    for at in slots.step_by(24) {
        add(&mut data, at);
        let slot = subject.offset(subject.u64(at));
        add(&mut data, slot);
        ranges.push(range(slot..slot + 8));
    }
    for (address, addend) in relatives {
        let at = subject.offset(address);
        put64(&mut data, at, addend + BASE);
        ranges.push(range(at..at + 8));
    }
    let relocations = Relocations::Fixed { base: BASE };
    Rewritten { data, changes: Changes { relocations, ..Changes::of_ranges(ranges) } }
}

/// Words of a `DT_RELR` table for sorted addresses.
fn relr(addresses: &[u64]) -> Vec<u64> {
    let mut words = Vec::new();
    let mut left = addresses.iter().copied().peekable();
    while let Some(address) = left.next() {
        words.push(address);
        let mut from = address + 8;
        loop {
            let mut bits = 0_u64;
            while let Some(next) = left.next_if(|&next| next < from + 63 * 8) {
                bits |= 1 << ((next - from) / 8 + 1);
            }
            if bits == 0 {
                break;
            }
            words.push(bits | 1);
            from += 63 * 8;
        }
    }
    words
}

/// The start stub as it stands at `address`: each operand is the distance to what it is about, but for a size.
fn start_stub(address: u64, table: Range<u64>, relro: Range<u64>, entry: u64) -> Vec<u8> {
    let digits: Vec<u8> = STUB.bytes().collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("digits"), 16).expect("digits");
    let mut stub: Vec<u8> = digits.chunks_exact(2).map(byte).collect();
    for (at, target) in [(0x10, table.start), (0x17, table.end), (0x1e, 0), (0x60, relro.start), (0x8f, entry)] {
        put32(&mut stub, at, target.wrapping_sub(address + at as u64 + 4) as u32);
    }
    put32(&mut stub, 0x65, (relro.end - relro.start) as u32);
    stub
}

fn program_headers(subject: &Subject) -> impl Iterator<Item = usize> {
    (0..usize::from(subject.data[56])).map(|number| 64 + number * PHDR)
}

fn relro_header(subject: &Subject) -> usize {
    program_headers(subject).find(|&at| subject.u32(at) == 0x6474_e552).expect("PT_GNU_RELRO")
}

/// The relative relocations in a packed table, behind the stub that carries them out.
fn packed(subject: &Subject) -> Rewritten {
    let mut data = subject.data.clone();
    let (mut relatives, others) = entries(subject);
    relatives.sort_unstable();
    let words = relr(&relatives.iter().map(|(address, _)| *address).collect::<Vec<_>>());
    shorten(subject, &mut data, &others);
    let room = subject.section(".rela.dyn");
    let mut ranges = vec![range(subject.section(".dynamic")), range(room.clone())];
    let header = relro_header(subject);
    let relro = subject.u64(header + 16)..subject.u64(header + 16) + subject.u64(header + 40);
    let relro = relro.start / 0x1000 * 0x1000..relro.end / 0x1000 * 0x1000;
    let loads = program_headers(subject).filter(|&at| subject.u32(at) == 1);
    let end = loads.map(|at| subject.u64(at + 16) + subject.u64(at + 40)).max().expect("PT_LOAD");
    let stub = (room.start + others.len() * 24).next_multiple_of(16);
    let address = end.next_multiple_of(0x1000) + stub as u64 % 0x1000;
    let table = (stub + STUB.len() / 2).next_multiple_of(8);
    let table_size = words.len() as u64 * 8;
    let table_address = subject.address(table);
    let code = start_stub(address, table_address..table_address + table_size, relro.clone(), subject.u64(24));
    data[stub..stub + code.len()].copy_from_slice(&code);
    assert!(table + words.len() * 8 <= room.end);
    for (number, word) in words.iter().enumerate() {
        put64(&mut data, table + number * 8, *word);
    }
    for (address, addend) in relatives {
        let at = subject.offset(address);
        put64(&mut data, at, addend);
        ranges.push(range(at..at + 8));
    }
    put32(&mut data, header, 1);
    put32(&mut data, header + 4, 5);
    let (offset, size) = (stub as u64, code.len() as u64);
    for (number, value) in [offset, address, address, size, size, 0x1000].into_iter().enumerate() {
        put64(&mut data, header + 8 + number * 8, value);
    }
    put64(&mut data, 24, address);
    let relocations = Relocations::Packed {
        table: table_address,
        table_size,
        stub: address,
        stub_size: size,
        relro_start: relro.start,
        relro_end: relro.end,
    };
    Rewritten { data, changes: Changes { relocations, ..Changes::of_ranges(ranges) } }
}

#[test]
fn relocations_that_are_carried_out_pass_and_one_wrong_word_does_not() {
    for subject in [&*ARM64, &*X86_64] {
        let fixed = fixed(subject);
        assert_eq!(same_program(&subject.data, &fixed.data, &fixed.changes), Ok(()));
        let (relatives, others) = entries(subject);
        let (address, _) = relatives[relatives.len() / 2];
        let word = subject.offset(address);
        fixed.is_refused(subject, address, |data| data[word] ^= 8);
        // As if the program still moved.
        fixed.is_refused(subject, address, |data| data[word + 2] ^= 0x40);
        // One of the others, which no longer finds its word.
        let first = u64::from_le_bytes(others[0][..8].try_into().expect("8 bytes"));
        let table = subject.section(".rela.dyn").start;
        fixed.is_refused(subject, first, |data| put64(data, table, first));
    }
}

#[test]
fn a_fixed_program_has_moved_as_a_whole() {
    let subject = &*X86_64;
    let fixed = fixed(subject);
    let init = subject.section(".dynamic").step_by(16).find(|&at| subject.u64(at) == 25).expect("DT_INIT_ARRAY");
    for (at, what) in
        [(24, "entry point"), (16, "ELF type"), (64 + PHDR + 16, "program header 1"), (init + 8, "dynamic entry 0x19")]
    {
        let mut data = fixed.data.clone();
        let size = if at == 16 { 2 } else { 8 };
        data[at..at + size].copy_from_slice(&subject.data[at..at + size]);
        let error = same_program(&subject.data, &data, &fixed.changes);
        assert!(matches!(&error, Err(VerifyError::Differs { what: found }) if found == what), "{what}: {error:?}");
    }
    // It is no fixed program if that is not said.
    assert!(same_program(&subject.data, &fixed.data, &Changes::of_ranges(fixed.changes.ranges)).is_err());
}

#[test]
fn packed_relocations_pass_and_one_wrong_word_does_not() {
    let subject = &*X86_64;
    let packed = packed(subject);
    assert_eq!(same_program(&subject.data, &packed.data, &packed.changes), Ok(()));
    let Relocations::Packed { table, table_size, .. } = packed.changes.relocations else { panic!("packed") };
    let (mut relatives, _) = entries(subject);
    relatives.sort_unstable();
    let (address, _) = relatives[relatives.len() / 2];
    let word = subject.offset(address);
    packed.is_refused(subject, address, |data| data[word] ^= 8);
    // One relocation less: the first bit of the first run of bits.
    let (first, second) = (relatives[0].0, relatives[1].0);
    assert!(second - first < 63 * 8);
    let table = subject.offset(table);
    packed.is_refused(subject, second, |data| {
        let bit = 1_u64 << ((second - first - 8) / 8 + 1);
        let word = u64::from_le_bytes(data[table + 8..table + 16].try_into().expect("8 bytes"));
        put64(data, table + 8, word ^ bit);
    });
    // The same one twice would be moved twice.
    let last = table + table_size as usize - 8;
    let mut data = packed.data.clone();
    put64(&mut data, last, first);
    assert!(matches!(same_program(&subject.data, &data, &packed.changes), Err(VerifyError::Relocation { .. })));
}

#[test]
fn the_start_stub_is_where_it_is_said_to_be_and_loads_nothing_new() {
    let subject = &*X86_64;
    let packed = packed(subject);
    let header = relro_header(subject);
    type Edit = fn(&mut Vec<u8>, usize);
    let edits: [(Edit, &str); 5] = [
        (|data, _| data[24] ^= 8, "entry point"),
        (|data, at| data[at + 4] |= 2, "writable"),
        (|data, at| data[at + 17] ^= 0x10, "at another address"),
        (|data, at| put64(data, at + 40, 0x10_0000), "with more memory than file"),
        (|data, at| put64(data, at + 32, 16), "without the stub"),
    ];
    for (edit, what) in edits {
        let mut data = packed.data.clone();
        edit(&mut data, header);
        let error = same_program(&subject.data, &data, &packed.changes);
        assert!(matches!(error, Err(VerifyError::Differs { .. })), "{what}: {error:?}");
    }
    // One bit of an operand, of an instruction, of the way to the old entry point.
    let stub = u64::from_le_bytes(packed.data[header + 8..header + 16].try_into().expect("8 bytes")) as usize;
    for at in [0x10, 0x36, 0x66, 0x8f] {
        let mut data = packed.data.clone();
        data[stub + at] ^= 1;
        let error = same_program(&subject.data, &data, &packed.changes);
        assert!(matches!(error, Err(VerifyError::Unexplained { .. })), "{at:#x}: {error:?}");
    }
    // Pages that stay writable.
    let mut changes = packed.changes.clone();
    let Relocations::Packed { relro_end, .. } = &mut changes.relocations else { panic!("packed") };
    *relro_end -= 0x1000;
    assert!(same_program(&subject.data, &packed.data, &changes).is_err());
    // A table that says the same, but over something else.
    let mut changes = packed.changes.clone();
    let Relocations::Packed { stub_size, .. } = &mut changes.relocations else { panic!("packed") };
    *stub_size += 1 << 20;
    assert!(same_program(&subject.data, &packed.data, &changes).is_err());
}

/// Offsets in the file of `lea r64, [rip + x]` in code, among them bytes that only look like it.
fn address_loads(subject: &Subject) -> Vec<usize> {
    let code = subject.section(".text");
    let found = subject.data[code.clone()]
        .windows(7)
        .enumerate()
        .filter(|(_, w)| matches!(w[0], 0x48 | 0x4c) && w[1] == 0x8d && w[2] & 0xc7 == 5);
    let mut last = 0;
    let mut offsets = Vec::new();
    for (at, _) in found {
        let at = code.start + at;
        if at >= last {
            offsets.push(at);
            last = at + 7;
        }
    }
    offsets
}

#[test]
fn an_address_held_as_a_value_is_the_one_that_was_taken() {
    let subject = &*X86_64;
    let mut fixed = fixed(subject);
    let offsets = address_loads(subject);
    assert!(offsets.len() > 1000);
    for &at in &offsets {
        let (rex, modrm) = (subject.data[at], subject.data[at + 2]);
        let distance = i64::from(subject.u32(at + 3).cast_signed());
        let value = (subject.address(at) + 7).wrapping_add_signed(distance).wrapping_add(BASE) as u32;
        let opcode = 0xb8 | (modrm >> 3 & 7);
        let mov = match rex {
            0x48 => [&[opcode][..], &value.to_le_bytes(), &[0x66, 0x90]].concat(),
            _ => [&[0x41, opcode][..], &value.to_le_bytes(), &[0x90]].concat(),
        };
        fixed.data[at..at + 7].copy_from_slice(&mov);
        fixed.changes.ranges.push(range(at..at + 7));
    }
    // Not said, it is unexplained.
    assert!(same_program(&subject.data, &fixed.data, &fixed.changes).is_err());
    fixed.changes.address_loads = offsets.iter().map(|&at| at as u64).collect();
    let sound = offsets.iter().all(|&at| {
        let distance = i64::from(subject.u32(at + 3).cast_signed());
        u32::try_from((subject.address(at) + 7).wrapping_add_signed(distance).wrapping_add(BASE)).is_ok()
    });
    assert!(sound, "an address beyond 32 bits");
    assert_eq!(same_program(&subject.data, &fixed.data, &fixed.changes), Ok(()));
    // Another register, another address, another instruction behind.
    let at = offsets[offsets.len() / 2];
    for byte in [0, 3, 6] {
        let mut data = fixed.data.clone();
        data[at + byte] ^= 1;
        assert!(same_program(&subject.data, &data, &fixed.changes).is_err(), "byte {byte}");
    }
}
