//! Language-specific data: call sites, landing pads, what is caught there.
//!
//! After the Itanium C++ ABI's exception tables as gcc and LLVM emit them for C++, Rust and their like: a head (encoding of the
//! landing pads' base, encoding and place of the type table, encoding and size of the call site table), call sites, action
//! records, types; exception specifications behind the types. Promises: linear time by a budget; nothing is guessed: another
//! format is an error, and its bytes are then held to be equal as a whole.

use std::collections::HashMap;

use super::cursor::Cursor;

/// `DW_EH_PE_*`: pointer encodings.
const OMIT: u8 = 0xff;
const INDIRECT: u8 = 0x80;
const APPLICATION: u8 = 0x70;
const PCREL: u8 = 0x10;
const FORMAT: u8 = 0x0f;

/// An action chain is as long as a call is nested in `try` blocks and cleanups with types; a longer one runs in a circle.
const LONGEST_CHAIN: usize = 4096;

/// What a landing pad is told of a type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Type {
    /// Catches everything.
    Null,
    /// The type information is there.
    At(u64),
    /// The address of the type information is there.
    Indirect(u64),
}

/// One action: the number that a landing pad is told, and the types for which it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Action {
    /// 0 is a cleanup, positive a type, negative an exception specification.
    pub(super) filter: i64,
    pub(super) types: Vec<Type>,
}

/// One call site. Addresses are from the beginning of the function, the pad's from the base of landing pads.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct CallSite {
    pub(super) start: u64,
    pub(super) length: u64,
    /// 0 where there is none.
    pub(super) pad: u64,
    /// 0 where there is none, else its number in [`Lsda::chains`], from 1.
    pub(super) chain: u32,
}

/// One table, decoded.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct Lsda {
    /// Where landing pads are counted from; `None` is the beginning of the function.
    pub(super) base: Option<u64>,
    pub(super) sites: Vec<CallSite>,
    /// Distinct action chains in the order of their first call site.
    pub(super) chains: Vec<Vec<Action>>,
    /// Set where the table is of another format: its address, which has to stay, as its bytes have to.
    pub(super) unreadable_at: Option<u64>,
}

impl Lsda {
    /// No call site: nothing is done for any exception.
    pub(super) fn is_empty(&self) -> bool {
        self.sites.is_empty() && self.unreadable_at.is_none()
    }

    /// The part in which it differs from `other`, in words.
    pub(super) fn difference(&self, other: &Self) -> &'static str {
        let calls =
            |lsda: &Self| -> Vec<(u64, u64)> { lsda.sites.iter().map(|site| (site.start, site.length)).collect() };
        let pads = |lsda: &Self| -> Vec<u64> { lsda.sites.iter().map(|site| site.pad).collect() };
        let filters = |lsda: &Self| -> Vec<Vec<i64>> {
            let of_site = |site: &CallSite| lsda.chain(site).iter().map(|action| action.filter).collect();
            lsda.sites.iter().map(of_site).collect()
        };
        if self.unreadable_at != other.unreadable_at {
            "language-specific data, which is of an unknown format"
        } else if calls(self) != calls(other) {
            "call sites"
        } else if self.base != other.base || pads(self) != pads(other) {
            "landing pads"
        } else if filters(self) != filters(other) {
            "actions"
        } else {
            "caught types"
        }
    }

    fn chain(&self, site: &CallSite) -> &[Action] {
        let index = (site.chain as usize).checked_sub(1);
        index.and_then(|index| self.chains.get(index)).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Why a table could not be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LsdaTrouble {
    /// The format is not the one known here.
    Unknown,
    /// All tables together hold more than the file has room for: they lie over each other.
    Budget,
}

/// Decodes the table at the beginning of `bytes`, which is at `address`. `budget` is taken off for each item.
/// Hands back how many bytes it covers as well.
pub(super) fn decode(bytes: &[u8], address: u64, budget: &mut u64) -> Result<(Lsda, usize), LsdaTrouble> {
    let head = Head::read(bytes, address).ok_or(LsdaTrouble::Unknown)?;
    let mut lsda = Lsda { base: head.base, ..Lsda::default() };
    let mut actions =
        Actions { bytes, address, head: &head, end: head.end, by_offset: HashMap::new(), by_content: HashMap::new() };
    let mut at = Cursor::new(bytes, head.sites);
    while at.at() < head.sites_end {
        spend(budget)?;
        let mut site = || {
            let (start, length) = (fixed(&mut at, head.site_encoding)?, fixed(&mut at, head.site_encoding)?);
            let pad = fixed(&mut at, head.site_encoding)?;
            Some((start, length, pad, at.uleb128()?))
        };
        let (start, length, pad, action) = site().ok_or(LsdaTrouble::Unknown)?;
        let chain = if action == 0 { 0 } else { actions.chain(action, &mut lsda.chains, budget)? };
        lsda.sites.push(CallSite { start, length, pad, chain });
    }
    if at.at() != head.sites_end {
        return Err(LsdaTrouble::Unknown);
    }
    Ok((lsda, actions.end))
}

fn spend(budget: &mut u64) -> Result<(), LsdaTrouble> {
    *budget = budget.checked_sub(1).ok_or(LsdaTrouble::Budget)?;
    Ok(())
}

struct Head {
    base: Option<u64>,
    type_encoding: u8,
    /// Where the type table ends and exception specifications begin; types are counted backwards from here.
    types: Option<usize>,
    site_encoding: u8,
    sites: usize,
    sites_end: usize,
    /// Past the last byte of what is known so far.
    end: usize,
}

impl Head {
    fn read(bytes: &[u8], address: u64) -> Option<Self> {
        let mut at = Cursor::new(bytes, 0);
        let base = match at.u8()? {
            OMIT => None,
            encoding => match pointer(&mut at, encoding, address)? {
                Type::Null => None,
                Type::At(base) => Some(base),
                Type::Indirect(_) => return None,
            },
        };
        let type_encoding = at.u8()?;
        let types = if type_encoding == OMIT {
            None
        } else {
            let distance = usize::try_from(at.uleb128()?).ok()?;
            let types = at.at().checked_add(distance)?;
            bytes.get(..types)?;
            Some(types)
        };
        let site_encoding = at.u8()?;
        let size = usize::try_from(at.uleb128()?).ok()?;
        let sites = at.at();
        let sites_end = sites.checked_add(size)?;
        bytes.get(..sites_end)?;
        let end = types.unwrap_or_default().max(sites_end);
        Some(Self { base, type_encoding, types, site_encoding, sites, sites_end, end })
    }
}

/// A number in one of the formats, which counts from nothing.
fn fixed(at: &mut Cursor<'_>, encoding: u8) -> Option<u64> {
    match encoding {
        0x00 | 0x04 | 0x0c => at.unsigned(8),
        0x01 => at.uleb128(),
        0x02 => at.unsigned(2),
        0x03 => at.unsigned(4),
        _ => None,
    }
}

/// A pointer in one of the formats, absolute or from where it stands. Zero is no pointer, wherever it would count from.
fn pointer(at: &mut Cursor<'_>, encoding: u8, address: u64) -> Option<Type> {
    let place = address.wrapping_add(at.at() as u64);
    let value = match encoding & FORMAT {
        0x00 | 0x04 | 0x0c => at.unsigned(8)?,
        0x01 => at.uleb128()?,
        0x02 => at.unsigned(2)?,
        0x03 => at.unsigned(4)?,
        0x09 => at.sleb128()?.cast_unsigned(),
        0x0a => i64::from((at.unsigned(2)? as u16).cast_signed()).cast_unsigned(),
        0x0b => i64::from((at.unsigned(4)? as u32).cast_signed()).cast_unsigned(),
        _ => return None,
    };
    let target = match encoding & APPLICATION {
        _ if value == 0 => return Some(Type::Null),
        0 => value,
        PCREL => place.wrapping_add(value),
        _ => return None,
    };
    Some(if encoding & INDIRECT == 0 { Type::At(target) } else { Type::Indirect(target) })
}

struct Actions<'a> {
    bytes: &'a [u8],
    address: u64,
    head: &'a Head,
    end: usize,
    by_offset: HashMap<u64, u32>,
    by_content: HashMap<Vec<Action>, u32>,
}

impl Actions<'_> {
    /// The number of the chain that begins at byte `action - 1` of the action records.
    fn chain(&mut self, action: u64, chains: &mut Vec<Vec<Action>>, budget: &mut u64) -> Result<u32, LsdaTrouble> {
        if let Some(&known) = self.by_offset.get(&action) {
            return Ok(known);
        }
        let mut chain = Vec::new();
        let first = usize::try_from(action - 1).ok().and_then(|offset| self.head.sites_end.checked_add(offset));
        let mut next = Some(first.ok_or(LsdaTrouble::Unknown)?);
        while let Some(record) = next {
            spend(budget)?;
            if chain.len() == LONGEST_CHAIN {
                return Err(LsdaTrouble::Unknown);
            }
            let (action, after) = self.record(record, budget)?;
            chain.push(action);
            next = after;
        }
        let number = match self.by_content.get(&chain) {
            Some(&known) => known,
            None => {
                chains.push(chain.clone());
                let number = u32::try_from(chains.len()).map_err(|_| LsdaTrouble::Unknown)?;
                self.by_content.insert(chain, number);
                number
            }
        };
        self.by_offset.insert(action, number);
        Ok(number)
    }

    /// The record at `offset`, and where the next of its chain is.
    fn record(&mut self, offset: usize, budget: &mut u64) -> Result<(Action, Option<usize>), LsdaTrouble> {
        let mut at = Cursor::new(self.bytes, offset);
        let filter = at.sleb128().ok_or(LsdaTrouble::Unknown)?;
        let from = at.at();
        let distance = at.sleb128().ok_or(LsdaTrouble::Unknown)?;
        self.end = self.end.max(at.at());
        let types = match filter {
            0 => Vec::new(),
            1.. => vec![self.type_number(filter.cast_unsigned())?],
            _ => self.specification(filter, budget)?,
        };
        let next = match distance {
            0 => None,
            _ => {
                let next = isize::try_from(distance).ok().and_then(|distance| from.checked_add_signed(distance));
                // Records stand behind the call sites.
                Some(next.filter(|&next| next >= self.head.sites_end).ok_or(LsdaTrouble::Unknown)?)
            }
        };
        Ok((Action { filter, types }, next))
    }

    /// Types are counted backwards from the end of their table.
    fn type_number(&self, number: u64) -> Result<Type, LsdaTrouble> {
        let entry = || {
            let size = match self.head.type_encoding & FORMAT {
                0x00 | 0x04 | 0x0c => 8,
                0x02 | 0x0a => 2,
                0x03 | 0x0b => 4,
                _ => return None,
            };
            let back = usize::try_from(number).ok()?.checked_mul(size)?;
            let place = self.head.types?.checked_sub(back)?;
            pointer(&mut Cursor::new(self.bytes, place), self.head.type_encoding, self.address)
        };
        entry().ok_or(LsdaTrouble::Unknown)
    }

    /// The types that an exception specification lets through: numbers, closed by 0, behind the type table.
    fn specification(&mut self, filter: i64, budget: &mut u64) -> Result<Vec<Type>, LsdaTrouble> {
        let start = usize::try_from(filter.unsigned_abs() - 1).ok().zip(self.head.types);
        let start = start.and_then(|(offset, types)| types.checked_add(offset)).ok_or(LsdaTrouble::Unknown)?;
        let mut at = Cursor::new(self.bytes, start);
        let mut types = Vec::new();
        loop {
            spend(budget)?;
            match at.uleb128().ok_or(LsdaTrouble::Unknown)? {
                0 => break,
                number => types.push(self.type_number(number)?),
            }
        }
        self.end = self.end.max(at.at());
        Ok(types)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// gcc 12 -O2 for `void f() { try { g(); } catch (int) {} }` with a cleanup and `throw (int)`-like specifications, by hand.
    fn table(action: u8) -> Vec<u8> {
        let mut bytes = vec![0xff, 0x9b, 21, 0x01, 8, 5, 3, 40, action, 9, 2, 0, 0];
        // Action records: 1 → catch type 1; 3 → cleanup, then the record at 1; 5 → specification -1.
        bytes.extend([1, 0, 0, 0x7d, 0x7f, 0]);
        bytes.extend([0, 0, 0, 0, 16, 0, 0, 0]);
        // Behind the types: the specification {type 1}.
        bytes.truncate(3 + 21 - 4);
        bytes.resize(3 + 21 - 4, 0);
        bytes.extend(16_i32.to_le_bytes());
        bytes.extend([1, 0]);
        bytes
    }

    #[test]
    fn types_are_resolved_from_where_they_stand() {
        let (lsda, size) = decode(&table(1), 0x1000, &mut 100).expect("sound");
        let caught = Action { filter: 1, types: vec![Type::Indirect(0x1000 + 20 + 16)] };
        assert_eq!(lsda.chains, [vec![caught.clone()]]);
        assert_eq!(lsda.sites[0], CallSite { start: 5, length: 3, pad: 40, chain: 1 });
        assert_eq!(lsda.sites[1], CallSite { start: 9, length: 2, pad: 0, chain: 0 });
        assert_eq!(size, 24);
        let (lsda, _) = decode(&table(3), 0x1000, &mut 100).expect("sound");
        assert_eq!(lsda.chains, [vec![Action { filter: 0, types: vec![] }, caught.clone()]]);
        let (lsda, size) = decode(&table(5), 0x1000, &mut 100).expect("sound");
        assert_eq!(lsda.chains, [vec![Action { filter: -1, types: caught.types }]]);
        assert_eq!(size, 26);
    }

    #[test]
    fn a_circle_of_actions_is_refused() {
        let mut bytes = table(1);
        // The record leads to itself.
        bytes[14] = 0x7f;
        assert_eq!(decode(&bytes, 0, &mut 100_000).unwrap_err(), LsdaTrouble::Unknown);
        assert_eq!(decode(&bytes, 0, &mut 100).unwrap_err(), LsdaTrouble::Budget);
    }

    #[test]
    fn cut_tables_are_refused() {
        let bytes = table(5);
        for end in 0..bytes.len() {
            assert!(decode(&bytes[..end], 0, &mut 100).is_err(), "{end}");
        }
    }
}
