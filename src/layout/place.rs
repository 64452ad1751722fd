//! An order on the functions of another build.

use std::collections::{BTreeMap, BTreeSet};

use super::function::Function;
use super::order::{Hint, Order, OrderedFunction, paths};
use crate::units::ByteSize;

/// How much code is placed on a guess for one path. A function that is called and was not placed brings 64 KiB into memory with it, the group
/// of pages that Linux maps around a fault (`fault_around_bytes`; source: mm/memory.c of Linux 6.12, read 2026-11-24), so that up to
/// as much may be placed in its stead.
const GUESS_LIMIT: u64 = 65_536;

/// Where the functions of a program are to be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Placement {
    /// Functions by their number in the list that was given, each once: those of init, then those of the first event.
    pub functions: Vec<usize>,
    /// Their code, in bytes.
    pub code_bytes: ByteSize,
    /// Lines of the order and what became of them.
    pub placed: Placed,
}

/// Lines of an order, by what became of them on a program. They sum to the lines of the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Placed {
    /// The program has one function that it can be.
    pub matched: usize,
    /// The program has several, and nothing tells which: the likely ones are placed.
    pub guessed: usize,
    /// The program has none.
    pub gone: usize,
}

/// Places the functions of an order among those of a program.
///
/// A line is the function of its path; where several functions have that path, the one with its mangled name, else the one of its size, else
/// the one nearest in size. What is not sure comes behind what is, so that what runs stays close together. The result does not depend
/// on addresses.
#[must_use]
pub fn place(order: &Order, functions: &[Function<'_>]) -> Placement {
    let parts = [&order.init, &order.first_event];
    let mut candidates = Candidates::of(order, functions);
    // Names that are still the same are sure, and no line before them may take what they mean.
    let named = parts.map(|lines| lines.iter().map(|line| candidates.take_named(line)).collect::<Vec<_>>());
    let mut placement = Placement::default();
    let mut ranks = Vec::new();
    for (lines, named) in parts.into_iter().zip(named) {
        let mut guesses = Vec::new();
        for (line, named) in lines.iter().zip(named) {
            match named.map_or_else(|| candidates.take_likely(line), Likely::Sure) {
                Likely::Sure(rank) => {
                    placement.placed.matched += 1;
                    ranks.push(rank);
                }
                Likely::Guess(likely) => {
                    placement.placed.guessed += 1;
                    guesses.extend(likely);
                }
                Likely::Gone => placement.placed.gone += 1,
            }
        }
        ranks.append(&mut guesses);
    }
    let placed = ranks.iter().filter_map(|rank| candidates.named.get(*rank));
    placement.functions = placed.flat_map(|named| &named.copies).copied().collect();
    let sizes = placement.functions.iter().filter_map(|index| functions.get(*index)).map(|function| function.size);
    placement.code_bytes = ByteSize::new(sizes.fold(0, u64::saturating_add));
    placement
}

/// What a line means. Functions are told by their rank in [`Candidates::named`].
enum Likely {
    Sure(usize),
    Guess(Vec<usize>),
    Gone,
}

/// The functions of one name, which a linker cannot tell apart: codegen units have copies of their own of what is small.
struct Named<'a> {
    names: &'a [&'a str],
    /// Bytes of its longest copy.
    size: u64,
    /// Numbers in the list that was given.
    copies: Vec<usize>,
}

/// The functions of the paths of an order.
struct Candidates<'a> {
    /// The program's functions by name: so that the result is the same wherever they are.
    named: Vec<Named<'a>>,
    by_path: BTreeMap<&'a str, Candidate>,
    ranks: BTreeMap<(&'a str, u32), usize>,
    taken: BTreeSet<usize>,
}

/// The functions of one path.
#[derive(Default)]
struct Candidate {
    /// How many functions have the path.
    count: usize,
    /// Size and rank of those not placed yet.
    free: BTreeSet<(u64, usize)>,
    /// What was placed on a guess, in bytes.
    guessed_bytes: u64,
    /// Sizes of which all were placed on a guess: lines that follow may mean them, too.
    guessed_sizes: BTreeSet<u64>,
    /// Whether a function was found placed already, by another of its paths.
    placed_elsewhere: bool,
}

/// The functions of a program, sorted by name.
fn by_name<'a>(functions: &'a [Function<'a>]) -> Vec<Named<'a>> {
    let mut sorted: Vec<(usize, &Function<'_>)> = functions.iter().enumerate().collect();
    sorted.sort_by(|(_, a), (_, b)| a.names.cmp(&b.names));
    let mut named: Vec<Named<'_>> = Vec::new();
    for (index, function) in sorted {
        match named.last_mut() {
            Some(last) if last.names == function.names.as_slice() => {
                last.size = last.size.max(function.size);
                last.copies.push(index);
            }
            _ => named.push(Named { names: &function.names, size: function.size, copies: vec![index] }),
        }
    }
    named
}

impl<'a> Candidates<'a> {
    fn of(order: &'a Order, functions: &'a [Function<'a>]) -> Self {
        let named = by_name(functions);
        let lines = order.init.iter().chain(&order.first_event);
        let mut by_path: BTreeMap<&str, Candidate> =
            lines.map(|line| (line.path.as_str(), Candidate::default())).collect();
        let mut ranks = BTreeMap::new();
        for (rank, function) in named.iter().enumerate() {
            for path in paths(function.names) {
                let Some((&path, _)) = by_path.get_key_value(path.as_str()) else { continue };
                for name in function.names {
                    ranks.entry((path, Hint::of(name, 0).name_crc32)).or_insert(rank);
                }
                let candidate = by_path.entry(path).or_default();
                candidate.count += 1;
                candidate.free.insert((function.size, rank));
            }
        }
        Self { named, by_path, ranks, taken: BTreeSet::new() }
    }

    /// The function of exactly this name.
    fn take_named(&mut self, line: &OrderedFunction) -> Option<usize> {
        let rank = *self.ranks.get(&(line.path.as_str(), line.hint?.name_crc32))?;
        let function = self.named.get(rank)?;
        let candidate = self.by_path.get_mut(line.path.as_str())?;
        candidate.free.remove(&(function.size, rank));
        let is_new = self.taken.insert(rank);
        // Two functions can have a name in common, each with others of its own: the line before took both for one.
        candidate.placed_elsewhere |= !is_new;
        is_new.then_some(rank)
    }

    /// The function that the line means, or those that it may mean.
    fn take_likely(&mut self, line: &OrderedFunction) -> Likely {
        let Some(candidate) = self.by_path.get_mut(line.path.as_str()).filter(|candidate| candidate.count > 0) else {
            return Likely::Gone;
        };
        let of_size = |hint: Hint| candidate.free.range((hint.size, 0)..=(hint.size, usize::MAX)).take(2).count();
        let only_one = candidate.count == 1 || line.hint.is_some_and(|hint| of_size(hint) == 1);
        let likely = candidate.take_likely(line.hint, &mut self.taken);
        match likely.as_slice() {
            [rank] if only_one => Likely::Sure(*rank),
            // All that have the path are what other lines meant.
            [] if candidate.guessed_bytes == 0 && !candidate.placed_elsewhere && candidate.free.is_empty() => {
                Likely::Gone
            }
            _ => Likely::Guess(likely),
        }
    }
}

impl Candidate {
    /// Takes what a line may mean: all functions of its size, else the one nearest in size; all of them if the line says no size.
    fn take_likely(&mut self, hint: Option<Hint>, taken: &mut BTreeSet<usize>) -> Vec<usize> {
        let Some(hint) = hint else {
            return self.take(0, u64::MAX, usize::MAX, taken);
        };
        let equal = self.take(hint.size, hint.size, usize::MAX, taken);
        if !equal.is_empty() {
            self.guessed_sizes.insert(hint.size);
            return equal;
        }
        if self.guessed_sizes.contains(&hint.size) {
            return equal;
        }
        let larger = self.free.range((hint.size, 0)..).next();
        let smaller = self.free.range(..(hint.size, 0)).next_back();
        let nearest = [smaller, larger].into_iter().flatten().min_by_key(|(size, _)| size.abs_diff(hint.size));
        match nearest {
            Some(&(size, _)) => self.take(size, size, 1, taken),
            None => Vec::new(),
        }
    }

    /// Takes functions of these sizes, smallest first, at most `most` of them and as long as there is room for guesses. The first is as
    /// likely as any.
    fn take(&mut self, from: u64, to: u64, most: usize, taken: &mut BTreeSet<usize>) -> Vec<usize> {
        let mut first = Vec::new();
        while first.len() < most
            && let Some(&(size, rank)) = self.free.range((from, 0)..=(to, usize::MAX)).next()
        {
            // A function without size counts, so that there is an end.
            let guessed = self.guessed_bytes.saturating_add(size.max(1));
            if self.guessed_bytes > 0 && guessed > GUESS_LIMIT {
                break;
            }
            self.free.remove(&(size, rank));
            if taken.insert(rank) {
                self.guessed_bytes = guessed;
                first.push(rank);
            } else {
                self.placed_elsewhere = true;
            }
        }
        first
    }
}
