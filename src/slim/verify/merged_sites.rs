//! Call sites of functions that share a frame description: each function's are those that it had.

use std::collections::HashMap;
use std::rc::Rc;

use super::compare::Handlers;
use super::error::VerifyError;
use super::frames::{Contents, Frame};
use super::lsda::{Action, Lsda};
use super::merged::{Run, differs};
use super::rounded::{self, Allowed};

const UNKNOWN: &str = "language-specific data, which is of an unknown format";
const TOO_MANY: &str = "handlers, which are too many to compare";

/// A call site by its addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Site {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) pad: Option<u64>,
    /// Number of its action chain among those of all tables; 0 where there is none.
    pub(super) chain: u32,
}

impl Site {
    /// Unwinding goes on as without handlers.
    fn plain(start: u64, end: u64) -> Self {
        Self { start, end, pad: None, chain: 0 }
    }

    fn is_plain(&self) -> bool {
        self.pad.is_none() && self.chain == 0
    }
}

/// Reads the call sites of both files.
pub(super) struct Sites<'c> {
    contents: &'c Contents<'c>,
    allowed: Allowed<'c>,
    /// Equal action chains have equal numbers, from 1.
    chains: HashMap<&'c [Action], u32>,
    /// The same for the chains of each table, by the table's number.
    by_table: HashMap<u32, Rc<[u32]>>,
    /// Whether a table has types that are not null, by its number.
    has_types: HashMap<u32, bool>,
    /// Many descriptions may lead to one table. More call sites than this the file has no room for.
    budget: u64,
    /// Many segments may show the same code. More bytes than this the file has not.
    code_budget: u64,
}

impl<'c> Sites<'c> {
    pub(super) fn new(contents: &'c Contents<'_>, allowed: Allowed<'c>, file_size: u64) -> Self {
        let budget = file_size.saturating_add(65_536);
        Self {
            contents,
            allowed,
            chains: HashMap::new(),
            by_table: HashMap::new(),
            has_types: HashMap::new(),
            budget,
            // Each is looked at for what was there, and for what may be gone.
            code_budget: budget.saturating_mul(2),
        }
    }

    /// Proves that every function of `run` has the handlers that it had.
    pub(super) fn same(&mut self, run: &Run<'_>, handlers: Handlers) -> Result<(), VerifyError> {
        let contents = self.contents;
        let new = contents.lsdas.get(run.new.says.lsda);
        for old in &run.olds {
            let tables = [contents.lsdas.get(old.says.lsda), new];
            if tables.into_iter().flatten().any(|table| table.unreadable_at.is_some()) {
                return Err(differs(old, UNKNOWN));
            }
            if tables.into_iter().flatten().any(|table| table.base.is_some()) {
                return Err(differs(old, "landing pads"));
            }
        }
        let Some(new) = new else {
            let had = run.olds.iter().find(|old| old.says.lsda != 0 && handlers == Handlers::Kept);
            return had.map_or(Ok(()), |old| Err(differs(old, "handlers, which are gone")));
        };
        if self.allowed.rounding.is_some() {
            match &*run.olds {
                [alone] if alone.says.lsda == 0 => return Err(differs(alone, "handlers, of which it had none")),
                _ => {}
            }
            if !self.is_exact(run) {
                return self.same_at_calls(run, new, handlers);
            }
            if let (false, Some(old)) = (self.allowed.merging, run.olds.first()) {
                let what = handlers.difference(old.says, run.new.says, contents);
                return what.map_or(Ok(()), |what| Err(differs(old, what)));
            }
        }
        let sites = self.of_new(run, new)?;
        for site in sites.iter().filter(|site| !site.is_plain()) {
            let old = run.at(site.start);
            if site.start < old.begin || site.end > old.end {
                return Err(differs(old, "call sites"));
            }
        }
        let mut next = 0;
        for old in &run.olds {
            while sites.get(next).is_some_and(|site| site.end <= old.begin) {
                next += 1;
            }
            let within = sites.get(next..).unwrap_or_default().iter().take_while(|site| site.start < old.end);
            let cut = within.map(|site| Site { start: site.start.max(old.begin), end: site.end.min(old.end), ..*site });
            self.same_of(old, &joined(cut), handlers)?;
        }
        Ok(())
    }

    /// The call sites of the new table: in order, none is empty, and they lie in what it describes.
    fn of_new(&mut self, run: &Run<'_>, table: &'c Lsda) -> Result<Vec<Site>, VerifyError> {
        let read = self.of(run.new, table);
        let sites = read.map_err(|(address, what)| differs(run.at(address), what))?;
        if let Some(empty) = table.sites.iter().find(|site| site.length == 0) {
            return Err(differs(run.at(run.new.begin.saturating_add(empty.start)), "call sites"));
        }
        Ok(sites)
    }

    /// The same where call sites may begin and end elsewhere: what counts is what is found where a call may end.
    fn same_at_calls(&mut self, run: &Run<'_>, table: &'c Lsda, handlers: Handlers) -> Result<(), VerifyError> {
        let sites = self.of_new(run, table)?;
        let mut next = 0;
        for old in &run.olds {
            while sites.get(next).is_some_and(|site| site.end <= old.begin) {
                next += 1;
            }
            let has = sites.get(next..).unwrap_or_default();
            let whole = [Site::plain(old.begin, old.end)];
            let had = match self.contents.lsdas.get(old.says.lsda) {
                None => whole.to_vec(),
                Some(table) => self.of(old, table).map_err(|(_, what)| differs(old, what))?,
            };
            let Some(what) = self.words_at_calls(old, &had, has)? else { continue };
            let gone = handlers == Handlers::MayBeGone && self.words_at_calls(old, &whole, has)?.is_none();
            if !gone {
                return Err(differs(old, what));
            }
        }
        Ok(())
    }

    fn words_at_calls(&mut self, old: &Frame, had: &[Site], has: &[Site]) -> Result<Option<&'static str>, VerifyError> {
        let Some(calls) = self.allowed.rounding else { return Ok(words(had, has)) };
        rounded::words(old, had, has, calls, &mut self.code_budget).map_err(|_| differs(old, TOO_MANY))
    }

    fn is_exact(&mut self, run: &Run<'_>) -> bool {
        let (contents, known) = (self.contents, &mut self.has_types);
        let signals = self.allowed.signals;
        signals
            || rounded::is_exact(run, |number| {
                let of_table = || contents.lsdas.get(number).is_some_and(rounded::has_types);
                *known.entry(number).or_insert_with(of_table)
            })
    }

    /// Compares the part of the new call sites that is in `old` with what it had.
    fn same_of(&mut self, old: &Frame, cut: &[Site], handlers: Handlers) -> Result<(), VerifyError> {
        let whole = [Site::plain(old.begin, old.end)];
        let Some(table) = self.contents.lsdas.get(old.says.lsda) else {
            return words(&whole, cut).map_or(Ok(()), |what| Err(differs(old, what)));
        };
        let had = self.of(old, table).map_err(|(_, what)| differs(old, what))?;
        let had = joined(had.into_iter());
        let Some(what) = words(&had, cut) else { return Ok(()) };
        match handlers {
            Handlers::MayBeGone if cut == whole => Ok(()),
            Handlers::Kept if cut == whole => Err(differs(old, "handlers, which are gone")),
            _ if self.caught_types_alone(&had, cut) => Err(differs(old, "caught types")),
            _ => Err(differs(old, what)),
        }
    }

    /// The call sites of the function that `frame` describes, without empty ones. Where they are in no order, lie over each other or leave
    /// it: where, and what is wrong.
    fn of(&mut self, frame: &Frame, table: &'c Lsda) -> Result<Vec<Site>, (u64, &'static str)> {
        let count = table.sites.len() as u64;
        self.budget = self.budget.checked_sub(count).ok_or((frame.begin, TOO_MANY))?;
        let chains = self.chains_of(frame.says.lsda, table);
        let mut sites = Vec::with_capacity(table.sites.len());
        let mut past = frame.begin;
        for site in &table.sites {
            let start = frame.begin.saturating_add(site.start);
            if site.length == 0 {
                // A search ends at the first that begins behind, be it empty.
                past = if self.allowed.rounding.is_some() { past.max(start) } else { past };
                continue;
            }
            let end = start.saturating_add(site.length);
            if start < past || end > frame.end {
                return Err((start, "call sites"));
            }
            past = end;
            let pad = (site.pad != 0).then(|| frame.begin.wrapping_add(site.pad));
            let chain = (site.chain as usize).checked_sub(1).map_or(Some(0), |chain| chains.get(chain).copied());
            sites.push(Site { start, end, pad, chain: chain.ok_or((start, "actions"))? });
        }
        Ok(sites)
    }

    fn chains_of(&mut self, number: u32, table: &'c Lsda) -> Rc<[u32]> {
        if let Some(known) = self.by_table.get(&number) {
            return Rc::clone(known);
        }
        let numbers = table.chains.iter().map(|chain| {
            let next = u32::try_from(self.chains.len() + 1).unwrap_or(u32::MAX);
            *self.chains.entry(chain).or_insert(next)
        });
        let numbers: Rc<[u32]> = numbers.collect();
        self.by_table.insert(number, Rc::clone(&numbers));
        numbers
    }

    /// Whether all that differs is the types for which an action is.
    fn caught_types_alone(&self, had: &[Site], has: &[Site]) -> bool {
        let filters: HashMap<u32, Vec<i64>> = self
            .chains
            .iter()
            .map(|(chain, &number)| (number, chain.iter().map(|action| action.filter).collect()))
            .collect();
        let same = |(had, has): (&Site, &Site)| {
            let filters = |site: &Site| filters.get(&site.chain);
            (had.start, had.end, had.pad) == (has.start, has.end, has.pad) && filters(had) == filters(has)
        };
        had.len() == has.len() && had.iter().zip(has).all(same)
    }
}

/// Neighbours of no landing pad and no action that touch become one.
fn joined(sites: impl Iterator<Item = Site>) -> Vec<Site> {
    let mut joined: Vec<Site> = Vec::new();
    for site in sites {
        match joined.last_mut() {
            Some(last) if last.is_plain() && site.is_plain() && last.end == site.start => last.end = site.end,
            _ => joined.push(site),
        }
    }
    joined
}

/// What differs between the call sites; `None` where nothing does.
fn words(had: &[Site], has: &[Site]) -> Option<&'static str> {
    let differs = |part: fn(&Site) -> (u64, u64)| !had.iter().map(part).eq(has.iter().map(part));
    if differs(|site| (site.start, site.end)) {
        Some("call sites")
    } else if had.iter().zip(has).any(|(had, has)| had.pad != has.pad) {
        Some("landing pads")
    } else {
        (had != has).then_some("actions")
    }
}
