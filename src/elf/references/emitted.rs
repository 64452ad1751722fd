//! References that the linker left in the file because it was asked to (`--emit-relocs`, `-q`).

use object::LittleEndian as LE;
use object::elf::{self, RelocationType, Sym64};
use object::pod;

use super::targets::{any_contains, merged};
use super::x86_64::OperandEnds;
use crate::elf::architecture::Architecture;
use crate::elf::image::Image;
use crate::elf::relocation::rela_table;
use crate::elf::section::{Section, SectionKind};

/// A reference that the linker resolved and kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmittedReference {
    /// Address of the bytes that hold the reference: inside an instruction, or in data.
    pub place: u64,
    /// The address meant. Of a table of jumps that holds distances from its own start, where the jump goes to. Of what goes
    /// through the global offset table, the symbol and not the slot.
    pub target: u64,
}

/// How the sum of symbol and addend of a relocation becomes the address meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Bias {
    /// It is the address.
    None,
    /// The processor counts from the end of the instruction: the addend makes up for the four bytes of the operand.
    Field,
    /// The same, where an immediate value may stand between the operand and the end.
    Operand,
    /// A distance of 32 bits in data: from the place itself, or from the start of its table.
    Distance,
}

/// One relocation, before it is known what lies around its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Relocation {
    section: u32,
    place: u64,
    /// Symbol and addend.
    sum: u64,
    bias: Bias,
    in_code: bool,
}

/// The references that the linker left in the file, of sections that are loaded, sorted by place and target. Empty where it
/// was not asked to, and where the file is stripped.
#[must_use]
pub fn emitted_references(image: &Image<'_>) -> Vec<EmittedReference> {
    let mut relocations = Vec::new();
    for table in image.sections().iter().filter(|section| !section.is_loaded() && section.is_in_file()) {
        if image.sections().get(table.info as usize).is_some_and(|section| table.info != 0 && section.is_loaded()) {
            read(image, table, &mut relocations);
        }
    }
    // Stable sorting takes the runs that linkers write as they are.
    relocations.sort();
    let mut references = Vec::with_capacity(relocations.len());
    for of_section in relocations.chunk_by(|one, next| one.section == next.section) {
        let section = of_section.first().and_then(|first| image.sections().get(first.section as usize));
        let code = section.filter(|section| is_code(section)).map(|section| code_of(image, section));
        let mut ends = OperandEnds::new(code.unwrap_or_default());
        let start = section.map_or(0, |section| section.address);
        references.extend(of_section.iter().map(|relocation| {
            let behind = match relocation.bias {
                Bias::None | Bias::Distance => 0,
                Bias::Field => OPERAND,
                Bias::Operand => {
                    let offset = usize::try_from(relocation.place.wrapping_sub(start)).unwrap_or(usize::MAX);
                    OPERAND + ends.immediate_behind(offset)
                }
            };
            EmittedReference { place: relocation.place, target: relocation.sum.wrapping_add(behind) }
        }));
    }
    undo_distances(image, &relocations, &mut references);
    references.sort();
    references
}

/// Bytes of an operand relative to the instruction, and of a distance in data.
const OPERAND: u64 = 4;

fn is_code(section: &Section) -> bool {
    section.flags & elf::SHF_EXECINSTR.0 != 0
}

fn code_of<'data>(image: &Image<'data>, section: &Section) -> &'data [u8] {
    image.bytes(&section.file_range).unwrap_or_default()
}

fn read(image: &Image<'_>, table: &Section, into: &mut Vec<Relocation>) {
    let Some(section) = image.sections().get(table.info as usize) else { return };
    let symbols = symbols(image, table);
    let tls_address = image.segments().iter().find(|segment| segment.is_tls()).map_or(0, |segment| segment.address);
    let in_code = is_code(section);
    into.extend(rela_table(image, table).iter().filter_map(|relocation| {
        let r_type = relocation.r_type(LE, false);
        let bias = match image.architecture() {
            Architecture::X86_64 => bias_x86_64(r_type, in_code)?,
            Architecture::Arm64 => bias_arm64(r_type)?,
        };
        let symbol = symbols.get(relocation.r_sym(LE, false) as usize)?;
        if symbol.st_shndx.get(LE) == elf::SHN_UNDEF {
            return None;
        }
        let base = if symbol.st_type() == elf::STT_TLS { tls_address } else { 0 };
        let sum = base.wrapping_add(symbol.st_value.get(LE)).wrapping_add_signed(relocation.r_addend.get(LE));
        Some(Relocation { section: table.info, place: relocation.r_offset.get(LE), sum, bias, in_code })
    }));
}

fn symbols<'data>(image: &Image<'data>, table: &Section) -> &'data [Sym64<LE>] {
    let symbols = image.sections().get(table.link as usize).filter(|linked| linked.sh_type == elf::SHT_SYMTAB.0);
    let bytes = symbols.and_then(|symbols| image.bytes(&symbols.file_range)).unwrap_or_default();
    pod::slice_from_bytes(bytes, bytes.len() / size_of::<Sym64<LE>>()).map_or(&[], |(symbols, _)| symbols)
}

/// `None` for what is no reference. Source: System V ABI, AMD64 supplement 1.0, "Relocation Types", read 2026-11-24.
fn bias_x86_64(r_type: RelocationType, in_code: bool) -> Option<Bias> {
    match r_type {
        elf::R_X86_64_NONE | elf::R_X86_64_SIZE32 | elf::R_X86_64_SIZE64 | elf::R_X86_64_TLSDESC_CALL => None,
        elf::R_X86_64_PC32
        | elf::R_X86_64_GOTPCREL
        | elf::R_X86_64_GOTPCRELX
        | elf::R_X86_64_REX_GOTPCRELX
        | elf::R_X86_64_CODE_4_GOTPCRELX
            if in_code =>
        {
            Some(Bias::Operand)
        }
        elf::R_X86_64_PLT32
        | elf::R_X86_64_GOTTPOFF
        | elf::R_X86_64_CODE_4_GOTTPOFF
        | elf::R_X86_64_TLSGD
        | elf::R_X86_64_TLSLD
        | elf::R_X86_64_GOTPC32
        | elf::R_X86_64_GOTPC32_TLSDESC
            if in_code =>
        {
            Some(Bias::Field)
        }
        elf::R_X86_64_PC32 => Some(Bias::Distance),
        _ => Some(Bias::None),
    }
}

/// `None` for what is no reference. Source: ELF for the Arm 64-bit Architecture (AAELF64), "Relocation types", read 2026-11-24.
fn bias_arm64(r_type: RelocationType) -> Option<Bias> {
    match r_type {
        elf::R_AARCH64_NONE => None,
        elf::R_AARCH64_PREL32 => Some(Bias::Distance),
        _ => Some(Bias::None),
    }
}

/// A jump table holds distances from its start to code; the relocation of its n-th entry is off by n entries. Its start is
/// where code refers to it. What refers to code from elsewhere, as unwind tables do, counts from the place itself.
fn undo_distances(image: &Image<'_>, relocations: &[Relocation], references: &mut [EmittedReference]) {
    let constants = |relocation: &Relocation| {
        let section = image.sections().get(relocation.section as usize);
        section.is_some_and(|section| section.kind() == SectionKind::Rodata)
    };
    let distances: Vec<usize> = relocations
        .iter()
        .enumerate()
        .filter(|(_, relocation)| relocation.bias == Bias::Distance && constants(relocation))
        .map(|(number, _)| number)
        .collect();
    let place_of = |number: &usize| relocations.get(*number).map(|relocation| relocation.place);
    let places = distances.iter().filter_map(place_of);
    let (Some(first), Some(last)) = (places.clone().min(), places.max()) else { return };
    // What code refers to, there alone where distances are.
    let from_code = relocations.iter().zip(references.iter()).filter(|(relocation, _)| relocation.in_code);
    let targets = from_code.map(|(_, reference)| reference.target);
    let mut starts: Vec<u64> = targets.filter(|target| (first..=last).contains(target)).collect();
    starts.sort_unstable();
    let code = image.sections().iter().filter(|section| is_code(section) && section.is_loaded());
    let code = merged(code.map(|section| section.address..section.address.saturating_add(section.size)).collect());
    let mut run = 0..0;
    for number in distances {
        let (Some(place), Some(reference)) = (place_of(&number), references.get_mut(number)) else { continue };
        // Distances that follow each other without a gap.
        if place != run.end {
            run.start = place;
        }
        run.end = place.wrapping_add(OPERAND);
        let behind = starts.partition_point(|&start| start <= place);
        let start = behind.checked_sub(1).and_then(|last| starts.get(last)).filter(|&&start| start >= run.start);
        let Some(inside) = start.and_then(|start| place.checked_sub(*start)) else { continue };
        let target = reference.target.wrapping_sub(inside);
        if any_contains(&code, target) {
            reference.target = target;
        }
    }
}
