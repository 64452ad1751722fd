//! LSDAs: which landing pad handles which call of a function, and for which types.

use std::ops::Range;

use super::encoding::PointerEncoding;
use super::read::Reader;

/// One LSDA: where it ends, and what has to be adjusted when it moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lsda {
    /// Bytes of the section.
    pub range: Range<usize>,
    /// Pointers to types that are not null, in order of place.
    pub types: Vec<TypePointer>,
    /// Its call sites, in order.
    pub call_sites: Vec<CallSite>,
    /// Where each of them stands, counted from the start of the LSDA.
    pub call_site_places: Vec<usize>,
    /// Its chains of actions, counted from the start of the LSDA.
    pub actions: Range<usize>,
    /// How types are pointed at, and where the list of them stands, counted from the start of the LSDA; `None` where there is none.
    pub type_list: Option<(PointerEncoding, Range<usize>)>,
    /// The exception specifications behind the types, counted from the start of the LSDA.
    pub specifications: Range<usize>,
}

impl Lsda {
    /// Offsets of landing pads from the start of the function, sorted, each once.
    #[must_use]
    pub fn landing_pads(&self) -> Vec<u64> {
        let mut pads: Vec<u64> = self.call_sites.iter().map(|site| site.landing_pad).filter(|&pad| pad != 0).collect();
        pads.sort_unstable();
        pads.dedup();
        pads
    }
}

/// What is done where a call unwinds. Offsets are from the start of the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallSite {
    /// Where it starts.
    pub start: u64,
    /// Its bytes.
    pub size: u64,
    /// Where its landing pad is; 0 where it has none.
    pub landing_pad: u64,
    /// Where its chain of actions starts, counted from 1; 0 where there is nothing but cleaning up.
    pub action: u64,
}

/// A pointer to a type in an LSDA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypePointer {
    /// Where it stands, counted from the start of the LSDA.
    pub at: usize,
    /// How it is encoded.
    pub encoding: PointerEncoding,
    /// What it points at: the type, or the address of its address.
    pub target: u64,
}

const ULEB: u8 = 0x01;
const UDATA4: u8 = 0x03;

/// The LSDA at offset `start` of `section`, which is at `address`.
pub(super) fn read_lsda(section: &[u8], address: u64, start: usize) -> Result<Lsda, &'static str> {
    const SHORT: &str = "it is cut short";
    let mut reader = Reader::new(section, start);
    if reader.u8().ok_or(SHORT)? != PointerEncoding::OMITTED {
        return Err("its landing pads have a base of their own");
    }
    let type_encoding = match reader.u8().ok_or(SHORT)? {
        PointerEncoding::OMITTED => None,
        byte => Some(PointerEncoding::known(byte).ok_or("its types are pointed at in an unknown encoding")?),
    };
    let types_end = match type_encoding {
        None => None,
        Some(_) => {
            let distance = usize::try_from(reader.uleb().ok_or(SHORT)?).map_err(|_| SHORT)?;
            Some(reader.at().checked_add(distance).filter(|&end| end <= section.len()).ok_or(SHORT)?)
        }
    };
    let call_site_encoding = reader.u8().ok_or(SHORT)?;
    let size = usize::try_from(reader.uleb().ok_or(SHORT)?).map_err(|_| SHORT)?;
    let call_sites_start = reader.at();
    let call_sites_end = call_sites_start.checked_add(size).ok_or(SHORT)?;
    let call_sites = section.get(..call_sites_end).ok_or(SHORT)?;
    let (call_site_places, call_sites) = read_call_sites(call_sites, start, call_sites_start, call_site_encoding)?;

    let limit = types_end.unwrap_or(section.len());
    let mut actions = read_actions(section.get(..limit).ok_or(SHORT)?, call_sites_end, &call_sites)?;
    let chains = call_sites_end - start..actions.end - start;
    let Some((encoding, types_end)) = type_encoding.zip(types_end) else {
        if actions.highest_filter > 0 || !actions.specifications.is_empty() {
            return Err("it has handlers for types but no types");
        }
        let (types, type_list, specifications) = (Vec::new(), None, chains.end..chains.end);
        let range = start..actions.end;
        return Ok(Lsda { range, types, call_sites, call_site_places, actions: chains, type_list, specifications });
    };
    if types_end < actions.end {
        return Err("its types stand before its actions");
    }
    let end = read_specifications(section, types_end, &mut actions)?;
    let (types, list) = read_types(section, address, start, encoding, actions.end..types_end, actions.highest_filter)?;
    let (type_list, specifications) = (Some((encoding, list)), types_end - start..end - start);
    Ok(Lsda { range: start..end, types, call_sites, call_site_places, actions: chains, type_list, specifications })
}

/// The call sites from `first` on, and where they stand, counted from the start of the LSDA.
fn read_call_sites(
    section: &[u8],
    lsda: usize,
    first: usize,
    encoding: u8,
) -> Result<(Vec<usize>, Vec<CallSite>), &'static str> {
    let mut reader = Reader::new(section, first);
    let (mut places, mut call_sites) = (Vec::new(), Vec::new());
    while !reader.is_empty() {
        places.push(reader.at() - lsda);
        let mut number = || match encoding {
            ULEB => reader.uleb(),
            UDATA4 => reader.u32().map(u64::from),
            _ => None,
        };
        let (Some(start), Some(size), Some(landing_pad)) = (number(), number(), number()) else {
            return Err("its call sites are cut short or in an unknown encoding");
        };
        let action = reader.uleb().ok_or("its call sites are cut short")?;
        call_sites.push(CallSite { start, size, landing_pad, action });
    }
    Ok((places, call_sites))
}

struct Actions {
    end: usize,
    /// The types that are caught: 1 is the last of the list.
    highest_filter: u64,
    /// Exception specifications, as bytes behind the types; sorted, each once.
    specifications: Vec<u64>,
}

/// Lists of the types that may leave the function, each of which ends in 0. rustc writes empty ones, for what may not unwind.
/// Returns where the last one ends.
fn read_specifications(section: &[u8], start: usize, actions: &mut Actions) -> Result<usize, &'static str> {
    const SHORT: &str = "its exception specifications are cut short";
    actions.specifications.sort_unstable();
    actions.specifications.dedup();
    let mut end = start;
    for &specification in &actions.specifications {
        let at = usize::try_from(specification).ok().and_then(|inside| start.checked_add(inside)).ok_or(SHORT)?;
        // One that starts inside the one before ends with it.
        if at < end {
            continue;
        }
        let mut reader = Reader::new(section, at);
        loop {
            match reader.uleb().ok_or(SHORT)? {
                0 => break,
                filter => actions.highest_filter = actions.highest_filter.max(filter),
            }
        }
        end = reader.at();
    }
    Ok(end)
}

/// Follows all chains of actions from `start` on. Each is read once, so that chains which share their ends stay linear.
fn read_actions(section: &[u8], start: usize, call_sites: &[CallSite]) -> Result<Actions, &'static str> {
    const SHORT: &str = "its actions are cut short";
    let mut read = std::collections::HashSet::new();
    let mut actions = Actions { end: start, highest_filter: 0, specifications: Vec::new() };
    let mut firsts: Vec<u64> = call_sites.iter().map(|site| site.action).filter(|&action| action != 0).collect();
    firsts.sort_unstable();
    firsts.dedup();
    for first in firsts {
        let mut at = usize::try_from(first - 1).ok().and_then(|first| start.checked_add(first)).ok_or(SHORT)?;
        while read.insert(at) {
            let mut reader = Reader::new(section, at);
            let filter = reader.sleb().ok_or(SHORT)?;
            let next_from = reader.at();
            let next = reader.sleb().ok_or(SHORT)?;
            actions.end = actions.end.max(reader.at());
            match u64::try_from(filter) {
                Ok(filter) => actions.highest_filter = actions.highest_filter.max(filter),
                Err(_) => actions.specifications.push(filter.unsigned_abs() - 1),
            }
            if next == 0 {
                break;
            }
            let next = isize::try_from(next).map_err(|_| SHORT)?;
            at = next_from.checked_add_signed(next).filter(|&at| at >= start).ok_or("an action before its table")?;
        }
    }
    Ok(actions)
}

/// The types stand before the end of `room`, the first one last. Hands back those that are not null, and where the list stands in the LSDA.
fn read_types(
    section: &[u8],
    address: u64,
    start: usize,
    encoding: PointerEncoding,
    room: Range<usize>,
    highest_filter: u64,
) -> Result<(Vec<TypePointer>, Range<usize>), &'static str> {
    let size = usize::try_from(highest_filter).ok().and_then(|count| count.checked_mul(encoding.size()));
    let first = size.and_then(|size| room.end.checked_sub(size)).filter(|&first| first >= room.start);
    let first = first.ok_or("it has handlers for more types than it lists")?;
    let mut reader = Reader::new(section, first);
    let mut types = Vec::new();
    while reader.at() < room.end {
        let at = reader.at();
        let stored = encoding.stored(&mut reader).ok_or("its types are cut short")?;
        let target = encoding.target(stored, address.wrapping_add(at as u64));
        types.extend(target.map(|target| TypePointer { at: at - start, encoding, target }));
    }
    Ok((types, first - start..room.end - start))
}
