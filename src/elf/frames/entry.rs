//! CIEs and FDEs, taken apart.

use std::ops::Range;

use super::encoding::PointerEncoding;
use super::instructions::check_movable;
use super::read::Reader;

/// A pointer in an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pointer {
    /// Where it stands, counted from the start of the entry.
    pub at: usize,
    /// How it is encoded.
    pub encoding: PointerEncoding,
    /// What it points at; `None` for null.
    pub target: Option<u64>,
}

/// A pointer of an FDE to its LSDA.
pub type LsdaPointer = Pointer;

/// What functions share: a common information entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cie {
    /// Bytes of the section, its length field included.
    pub range: Range<usize>,
    /// How FDEs point at functions.
    pub function_encoding: PointerEncoding,
    /// How FDEs point at LSDAs; `None` where they have none.
    pub lsda_encoding: Option<PointerEncoding>,
    /// The personality routine.
    pub personality: Option<Pointer>,
    /// Bytes by which instructions advance.
    pub code_alignment: u64,
    /// The factors and the register of the return address, counted from the start of the entry.
    pub factors: Range<usize>,
    /// The initial instructions, counted from the start of the entry, filling at the end included.
    pub instructions: Range<usize>,
    /// True where it says more than where things are: a signal frame, how addresses are signed.
    pub is_special: bool,
}

/// The frame description of one function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fde {
    /// Bytes of the section, its length field included.
    pub range: Range<usize>,
    /// Number of its CIE.
    pub cie: usize,
    /// Address of the function, and where that stands.
    pub function: Pointer,
    /// Size of the function in bytes.
    pub function_size: u64,
    /// The LSDA; `None` where the CIE has no such field.
    pub lsda: Option<LsdaPointer>,
    /// The call frame instructions, counted from the start of the entry, filling at the end included.
    pub instructions: Range<usize>,
}

impl Fde {
    /// Address of the function.
    #[must_use]
    pub fn address(&self) -> u64 {
        self.function.target.unwrap_or(0)
    }

    /// Address of the LSDA.
    #[must_use]
    pub fn lsda_address(&self) -> Option<u64> {
        self.lsda?.target
    }
}

/// Bytes of an entry before its own fields: length, and CIE pointer.
pub(super) const ENTRY_HEADER: usize = 8;

/// `section` is at `address`; `range` is the entry.
pub(super) fn read_cie(section: &[u8], address: u64, range: Range<usize>) -> Result<Cie, &'static str> {
    const SHORT: &str = "it is cut short";
    let entry = section.get(range.clone()).ok_or(SHORT)?;
    let place = address.wrapping_add(range.start as u64);
    let mut reader = Reader::new(entry, ENTRY_HEADER);
    let version = reader.u8().ok_or(SHORT)?;
    if version != 1 && version != 3 {
        return Err("its version is neither 1 nor 3");
    }
    let augmentation = reader.text().ok_or(SHORT)?;
    let Some((b'z', letters)) = augmentation.split_first() else {
        return Err("its augmentation has no size");
    };
    let factors_start = reader.at();
    let code_alignment = reader.uleb().ok_or(SHORT)?;
    reader.sleb().ok_or(SHORT)?;
    if version == 1 {
        reader.u8().ok_or(SHORT)?;
    } else {
        reader.uleb().ok_or(SHORT)?;
    }
    let factors = factors_start..reader.at();
    let size = usize::try_from(reader.uleb().ok_or(SHORT)?).map_err(|_| SHORT)?;
    let end = reader.at().checked_add(size).filter(|&end| end <= entry.len()).ok_or(SHORT)?;
    let (mut function_encoding, mut lsda_encoding, mut personality) = (None, None, None);
    let mut is_special = false;
    for letter in letters {
        let mut encoding = || reader.u8().and_then(PointerEncoding::known).ok_or("a pointer in an unknown encoding");
        match letter {
            b'R' => function_encoding = Some(encoding()?),
            b'L' => lsda_encoding = Some(encoding()?),
            b'P' => {
                let encoding = encoding()?;
                let at = reader.at();
                let stored = encoding.stored(&mut reader).ok_or(SHORT)?;
                let target = encoding.target(stored, place.wrapping_add(at as u64));
                personality = Some(Pointer { at, encoding, target });
            }
            // Signal frames, pointer authentication with key B, tagged stacks: no data.
            b'S' | b'B' | b'G' => is_special = true,
            _ => return Err("its augmentation has an unknown letter"),
        }
    }
    if reader.at() != end {
        return Err("its augmentation does not have the size that it states");
    }
    check_movable(entry.get(end..).ok_or(SHORT)?)?;
    let function_encoding = function_encoding.ok_or("it does not say how functions are pointed at")?;
    if function_encoding.is_indirect() || lsda_encoding.is_some_and(PointerEncoding::is_indirect) {
        return Err("functions or LSDAs are pointed at indirectly");
    }
    let instructions = end..entry.len();
    Ok(Cie { range, function_encoding, lsda_encoding, personality, code_alignment, factors, instructions, is_special })
}

/// `section` is at `address`; `range` is the entry, whose CIE is number `number`.
pub(super) fn read_fde(
    section: &[u8],
    address: u64,
    range: Range<usize>,
    cie: &Cie,
    number: usize,
) -> Result<Fde, &'static str> {
    const SHORT: &str = "it is cut short";
    let entry = section.get(range.clone()).ok_or(SHORT)?;
    let place = address.wrapping_add(range.start as u64);
    let mut reader = Reader::new(entry, ENTRY_HEADER);
    let encoding = cie.function_encoding;
    let stored = encoding.stored(&mut reader).ok_or(SHORT)?;
    let target = encoding.target(stored, place.wrapping_add(ENTRY_HEADER as u64));
    if target.is_none() {
        return Err("it is for no function");
    }
    let function = Pointer { at: ENTRY_HEADER, encoding, target };
    let function_size = if encoding.size() == 4 { reader.u32().map(u64::from) } else { reader.u64() }.ok_or(SHORT)?;
    let size = usize::try_from(reader.uleb().ok_or(SHORT)?).map_err(|_| SHORT)?;
    let end = reader.at().checked_add(size).filter(|&end| end <= entry.len()).ok_or(SHORT)?;
    let lsda = match cie.lsda_encoding {
        None => None,
        Some(encoding) => {
            let at = reader.at();
            let stored = encoding.stored(&mut reader).ok_or(SHORT)?;
            Some(Pointer { at, encoding, target: encoding.target(stored, place.wrapping_add(at as u64)) })
        }
    };
    if reader.at() != end {
        return Err("its augmentation does not have the size that it states");
    }
    check_movable(entry.get(end..).ok_or(SHORT)?)?;
    Ok(Fde { cie: number, function, function_size, lsda, instructions: end..entry.len(), range })
}
