//! LSDAs of neighbouring functions, as one.

use crate::elf::{CallSite, Lsda, PointerEncoding};

use super::model::Handlers;

const OMITTED: u8 = 0xff;
const ULEB: u8 = 0x01;

/// One of the functions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'m> {
    /// Where it starts, from the start of the first one.
    pub(super) offset: u64,
    pub(super) size: u64,
    /// Its LSDA, taken apart and in bytes.
    pub(super) lsda: Option<(&'m Lsda, &'m Handlers)>,
}

/// True where the call sites stand in order, none over another and all with their landing pads inside the function.
pub(super) fn are_orderly(call_sites: &[CallSite], size: u64) -> bool {
    let mut end = 0;
    call_sites.iter().all(|site| {
        let starts_behind = site.start >= end && site.size > 0;
        end = site.start.saturating_add(site.size);
        starts_behind && end <= size && site.landing_pad < size
    })
}

/// One LSDA for all; `None` where their types or exception specifications do not go together. A function that has none gets a call site
/// for all of it, without a landing pad or an action: personality routines go on there as unwinders do without an LSDA.
pub(super) fn join(parts: &[Part<'_>]) -> Option<Handlers> {
    let mut joined = Joined::default();
    for part in parts {
        joined.add(part)?;
    }
    Some(joined.encode())
}

/// The call sites of one function as they are written.
pub(super) fn encoded(call_sites: &[CallSite]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for site in call_sites {
        for number in [site.start, site.size, site.landing_pad, site.action] {
            push_uleb(&mut bytes, number);
        }
    }
    bytes
}

#[derive(Default)]
struct Joined {
    call_sites: Vec<CallSite>,
    /// True where the last call site leads on to what follows the last function.
    is_open: bool,
    actions: Vec<u8>,
    /// Tables of actions that are in it, with their places.
    tables: Vec<(Vec<u8>, u64)>,
    type_encoding: Option<PointerEncoding>,
    /// Types by number, from 1; `None` is null.
    types: Vec<Option<u64>>,
    specifications: Vec<u8>,
}

impl Joined {
    fn add(&mut self, part: &Part<'_>) -> Option<()> {
        let nothing = [CallSite { start: 0, size: part.size, landing_pad: 0, action: 0 }];
        let (call_sites, first_action) = match part.lsda {
            None => (&nothing[..], 0),
            Some((lsda, handlers)) => (lsda.call_sites.as_slice(), self.add_tables(lsda, handlers)?),
        };
        for (number, site) in call_sites.iter().enumerate() {
            let is_nothing = site.landing_pad == 0 && site.action == 0;
            // What stands between two functions is neither's: one call site may reach over it.
            if number == 0 && site.start == 0 && is_nothing && self.is_open {
                let last = self.call_sites.last_mut()?;
                last.size = part.offset.checked_add(site.size)?.checked_sub(last.start)?;
                continue;
            }
            self.call_sites.push(CallSite {
                start: part.offset.checked_add(site.start)?,
                size: site.size,
                landing_pad: if site.landing_pad == 0 { 0 } else { part.offset.checked_add(site.landing_pad)? },
                action: if site.action == 0 { 0 } else { first_action + site.action },
            });
        }
        let last = call_sites.last();
        self.is_open = last.is_some_and(|site| {
            site.landing_pad == 0 && site.action == 0 && site.start.checked_add(site.size) == Some(part.size)
        });
        Some(())
    }

    /// Takes in the chains of actions, types and exception specifications. Hands back where its chains start.
    fn add_tables(&mut self, lsda: &Lsda, handlers: &Handlers) -> Option<u64> {
        if let Some((encoding, list)) = &lsda.type_list {
            if *self.type_encoding.get_or_insert(*encoding) != *encoding {
                return None;
            }
            let slots = list.clone().step_by(encoding.size()).rev();
            let types: Vec<Option<u64>> = slots
                .map(|slot| handlers.types.iter().find(|(at, ..)| *at == slot).map(|(_, _, target)| *target))
                .collect();
            longer(&mut self.types, &types)?;
            longer(&mut self.specifications, handlers.bytes.get(lsda.specifications.clone())?)?;
        }
        let actions = handlers.bytes.get(lsda.actions.clone())?;
        if actions.is_empty() {
            return Some(0);
        }
        if let Some((_, start)) = self.tables.iter().find(|(known, _)| known == actions) {
            return Some(*start);
        }
        let start = self.actions.len() as u64;
        self.actions.extend(actions);
        self.tables.push((actions.to_vec(), start));
        Some(start)
    }

    fn encode(self) -> Handlers {
        let mut body = vec![ULEB];
        let call_sites = encoded(&self.call_sites);
        push_uleb(&mut body, call_sites.len() as u64);
        body.extend(call_sites);
        body.extend(self.actions);
        let mut bytes = vec![OMITTED];
        let Some(encoding) = self.type_encoding else {
            bytes.push(OMITTED);
            bytes.extend(body);
            return Handlers { bytes, types: Vec::new() };
        };
        bytes.push(encoding.byte());
        push_uleb(&mut bytes, (body.len() + self.types.len() * encoding.size()) as u64);
        bytes.extend(body);
        let mut types = Vec::new();
        for target in self.types.iter().rev() {
            types.extend(target.map(|target| (bytes.len(), encoding, target)));
            bytes.resize(bytes.len() + encoding.size(), 0);
        }
        bytes.extend(self.specifications);
        Handlers { bytes, types }
    }
}

/// Makes `list` the longer of the two; `None` where the shorter one is not how the longer one begins.
fn longer<T: Clone + PartialEq>(list: &mut Vec<T>, other: &[T]) -> Option<()> {
    let both = list.len().min(other.len());
    if list[..both] != other[..both] {
        return None;
    }
    list.extend_from_slice(&other[both..]);
    Some(())
}

fn push_uleb(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elf::PointerEncoding;

    /// An LSDA with call sites (start, size, landing pad, action) and, where `actions` are any, one type and the specifications `[0]`.
    fn table(sites: &[[u64; 4]], actions: &[u8], target: Option<u64>) -> (Lsda, Handlers) {
        let call_sites: Vec<CallSite> = sites
            .iter()
            .map(|&[start, size, landing_pad, action]| CallSite { start, size, landing_pad, action })
            .collect();
        let mut bytes = vec![OMITTED, 0x9b, 0, ULEB, 0];
        bytes.extend(encoded(&call_sites));
        let chains = bytes.len()..bytes.len() + actions.len();
        bytes.extend(actions);
        let list = bytes.len()..bytes.len() + 4 * usize::from(!actions.is_empty());
        bytes.resize(list.end, 0);
        let specifications = list.end..list.end + usize::from(!actions.is_empty());
        bytes.resize(specifications.end, 0);
        let types: Vec<_> = target.map(|target| (list.start, signed_relative(), target)).into_iter().collect();
        let lsda = Lsda {
            range: 0..bytes.len(),
            types: Vec::new(),
            call_sites,
            call_site_places: Vec::new(),
            actions: chains,
            type_list: (!actions.is_empty()).then(|| (signed_relative(), list)),
            specifications,
        };
        (lsda, Handlers { bytes, types })
    }

    /// What compilers write: four bytes from where they stand, of the place of the address.
    fn signed_relative() -> PointerEncoding {
        PointerEncoding::known(0x9b).expect("it is known")
    }

    /// Offset, size, and the LSDA.
    type Function<'t> = (u64, u64, Option<&'t (Lsda, Handlers)>);

    fn joined(parts: &[Function<'_>]) -> Option<Handlers> {
        let parts: Vec<Part<'_>> = parts
            .iter()
            .map(|&(offset, size, lsda)| Part { offset, size, lsda: lsda.map(|(lsda, handlers)| (lsda, handlers)) })
            .collect();
        join(&parts)
    }

    #[test]
    fn functions_without_handlers_between_two_with_them_are_one_call_site() {
        // The first ends in a call site that leads nowhere, the last one begins with one.
        let first = table(&[[2, 5, 9, 0], [7, 3, 0, 0]], &[], None);
        let last = table(&[[0, 4, 0, 0], [4, 1, 6, 0]], &[], None);
        let all = joined(&[(0, 10, Some(&first)), (16, 8, None), (32, 4, None), (48, 7, Some(&last))]);
        let sites = [2, 5, 9, 0, 7, 45, 0, 0, 52, 1, 54, 0];
        assert_eq!(all.expect("joined").bytes, [&[OMITTED, OMITTED, ULEB, 12][..], &sites].concat());
        // One that ends before its function ends stays apart: what follows in it is not to be unwound through.
        let early = table(&[[2, 5, 0, 0]], &[], None);
        let all = joined(&[(0, 10, Some(&early)), (16, 8, None)]).expect("joined");
        assert_eq!(all.bytes, [OMITTED, OMITTED, ULEB, 8, 2, 5, 0, 0, 16, 8, 0, 0]);
    }

    #[test]
    fn chains_of_actions_are_shared_or_follow_each_other_and_types_go_together() {
        let (catches, also, cleans) = (
            table(&[[0, 4, 5, 1]], &[1, 0], Some(0x4000)),
            table(&[[1, 2, 3, 1]], &[1, 0], Some(0x4000)),
            table(&[[1, 2, 3, 1]], &[0x7f, 0], Some(0x4000)),
        );
        let all = joined(&[(0, 8, Some(&catches)), (16, 8, Some(&also)), (32, 8, Some(&cleans))]).expect("joined");
        let sites = [0, 4, 5, 1, 17, 2, 19, 1, 33, 2, 35, 3];
        let body = [&[ULEB, 12][..], &sites, &[1, 0, 0x7f, 0]].concat();
        assert_eq!(all.bytes, [&[OMITTED, 0x9b, body.len() as u8 + 4][..], &body, &[0; 4], &[0]].concat());
        assert_eq!(all.types, [(3 + body.len(), signed_relative(), 0x4000)]);
        // Numbers of types are told to landing pads: another type under the same number cannot be.
        let other = table(&[[0, 4, 5, 1]], &[1, 0], Some(0x5000));
        assert_eq!(joined(&[(0, 8, Some(&catches)), (16, 8, Some(&other))]), None);
        let everything = table(&[[0, 4, 5, 1]], &[1, 0], None);
        assert_eq!(joined(&[(0, 8, Some(&catches)), (16, 8, Some(&everything))]), None);
    }

    #[test]
    fn call_sites_that_are_not_in_order_are_left_alone() {
        let site = |start, size, landing_pad| CallSite { start, size, landing_pad, action: 0 };
        assert!(are_orderly(&[site(0, 4, 9), site(4, 2, 0), site(8, 2, 9)], 10));
        for sites in [
            [site(4, 2, 0), site(0, 4, 0)],
            [site(0, 4, 0), site(3, 2, 0)],
            [site(0, 0, 0), site(1, 1, 0)],
            [site(0, 1, 0), site(8, 3, 0)],
            [site(0, 1, 10), site(1, 1, 0)],
        ] {
            assert!(!are_orderly(&sites, 10), "{sites:?}");
        }
    }
}
