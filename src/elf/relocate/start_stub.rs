//! Machine code that carries out a packed relocation table, makes the relocated pages read-only, and goes on to the program.
//!
//! It runs where the dynamic linker enters a program (System V ABI, `x86_64` supplement 1.0, section 3.4.1; read 2026-11-24) and
//! hands on what it was handed: the stack and its pointer, `rdi`, `rsi` and `rdx` (the function that the dynamic linker wants
//! called at exit). It writes nothing to the stack and calls nothing but the kernel. Where the pages cannot be made read-only it
//! ends the process with code 127, as the dynamic linker does.

use std::ops::Range;

use super::error::CannotRelocate;

/// What the stub works on, as addresses before the program is moved.
#[derive(Debug, Clone)]
pub(super) struct Work {
    /// The packed table.
    pub(super) table: Range<u64>,
    /// Whole pages that become read-only.
    pub(super) relro: Range<u64>,
    /// Where the program was entered.
    pub(super) entry: u64,
}

/// Four bytes at the end of an instruction.
#[derive(Debug, Clone, Copy)]
enum Field {
    None,
    /// Distance from the end of the instruction to the first byte of the table.
    Table,
    /// To the first byte behind the table.
    TableEnd,
    /// To address 0, before the program is moved.
    Zero,
    /// To the pages that become read-only.
    Relro,
    /// Their size.
    RelroSize,
    /// To where the program was entered.
    Entry,
}

/// The stub for `x86_64`.
#[rustfmt::skip]
const X86_64: [(&[u8], Field); 41] = [
    (&[0xf3, 0x0f, 0x1e, 0xfa],          Field::None),      //  0         endbr64            an indirect jump may land here
    (&[0x49, 0x89, 0xf8],                Field::None),      //  4         mov r8, rdi        kept where neither the kernel nor
    (&[0x49, 0x89, 0xf1],                Field::None),      //  7         mov r9, rsi        what follows writes; no program may
    (&[0x49, 0x89, 0xd2],                Field::None),      //  a         mov r10, rdx       rely on what r8 to r11 hold
    (&[0x48, 0x8d, 0x35],                Field::Table),     //  d         lea rsi, [rip+..]  rsi: next word of the table
    (&[0x48, 0x8d, 0x3d],                Field::TableEnd),  // 14         lea rdi, [rip+..]
    (&[0x48, 0x8d, 0x15],                Field::Zero),      // 1b         lea rdx, [rip+..]  rdx: what every address moves by
    (&[0x48, 0x39, 0xfe],                Field::None),      // 22 word:   cmp rsi, rdi
    (&[0x73, 0x36],                      Field::None),      // 25         jae protect
    (&[0x48, 0x8b, 0x06],                Field::None),      // 27         mov rax, [rsi]
    (&[0x48, 0x83, 0xc6, 0x08],          Field::None),      // 2a         add rsi, 8
    (&[0xa8, 0x01],                      Field::None),      // 2e         test al, 1         odd: a bitmap
    (&[0x75, 0x0d],                      Field::None),      // 30         jnz bitmap
    (&[0x48, 0x8d, 0x0c, 0x02],          Field::None),      // 32         lea rcx, [rdx+rax] even: the address of a place
    (&[0x48, 0x01, 0x11],                Field::None),      // 36         add [rcx], rdx
    (&[0x48, 0x83, 0xc1, 0x08],          Field::None),      // 39         add rcx, 8         rcx: first place of a next bitmap
    (&[0xeb, 0xe3],                      Field::None),      // 3d         jmp word
    (&[0x49, 0x89, 0xcb],                Field::None),      // 3f bitmap: mov r11, rcx       r11: place of the lowest bit
    (&[0x48, 0xd1, 0xe8],                Field::None),      // 42 bit:    shr rax, 1         at first drops what says bitmap
    (&[0x74, 0x0d],                      Field::None),      // 45         jz behind
    (&[0xa8, 0x01],                      Field::None),      // 47         test al, 1
    (&[0x74, 0x03],                      Field::None),      // 49         jz next
    (&[0x49, 0x01, 0x13],                Field::None),      // 4b         add [r11], rdx
    (&[0x49, 0x83, 0xc3, 0x08],          Field::None),      // 4e next:   add r11, 8
    (&[0xeb, 0xee],                      Field::None),      // 52         jmp bit
    (&[0x48, 0x81, 0xc1, 0xf8, 1, 0, 0], Field::None),      // 54 behind: add rcx, 504       63 places of 8 bytes
    (&[0xeb, 0xc5],                      Field::None),      // 5b         jmp word
    (&[0x48, 0x8d, 0x3d],                Field::Relro),     // 5d protect: lea rdi, [rip+..]
    (&[0xbe],                            Field::RelroSize), // 64         mov esi, ..
    (&[0xba, 1, 0, 0, 0],                Field::None),      // 69         mov edx, 1         PROT_READ
    (&[0xb8, 10, 0, 0, 0],               Field::None),      // 6e         mov eax, 10        mprotect
    (&[0x0f, 0x05],                      Field::None),      // 73         syscall            writes rax, rcx and r11 alone
    (&[0x85, 0xc0],                      Field::None),      // 75         test eax, eax
    (&[0x74, 0x0c],                      Field::None),      // 77         jz enter
    (&[0xbf, 127, 0, 0, 0],              Field::None),      // 79         mov edi, 127
    (&[0xb8, 231, 0, 0, 0],              Field::None),      // 7e         mov eax, 231       exit_group
    (&[0x0f, 0x05],                      Field::None),      // 83         syscall
    (&[0x4c, 0x89, 0xc7],                Field::None),      // 85 enter:  mov rdi, r8
    (&[0x4c, 0x89, 0xce],                Field::None),      // 88         mov rsi, r9
    (&[0x4c, 0x89, 0xd2],                Field::None),      // 8b         mov rdx, r10
    (&[0xe9],                            Field::Entry),     // 8e         jmp ..
];

/// Size of the stub in bytes.
pub(super) const STUB_SIZE: u64 = 0x93;

/// The stub for `x86_64` as it stands at `address`.
///
/// # Errors
/// Where something is too far from it.
pub(super) fn start_stub(address: u64, work: &Work) -> Result<Vec<u8>, CannotRelocate> {
    let mut stub = Vec::new();
    for (opcode, field) in X86_64 {
        stub.extend_from_slice(opcode);
        let end = address.wrapping_add(stub.len() as u64 + 4);
        let value = match field {
            Field::None => continue,
            Field::RelroSize => work.relro.end.wrapping_sub(work.relro.start).cast_signed(),
            Field::Table => distance(end, work.table.start),
            Field::TableEnd => distance(end, work.table.end),
            Field::Zero => distance(end, 0),
            Field::Relro => distance(end, work.relro.start),
            Field::Entry => distance(end, work.entry),
        };
        let value = i32::try_from(value).map_err(|_| CannotRelocate::TooLarge)?;
        stub.extend_from_slice(&value.to_le_bytes());
    }
    Ok(stub)
}

fn distance(from: u64, to: u64) -> i64 {
    to.wrapping_sub(from).cast_signed()
}
