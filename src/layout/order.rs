//! The functions of a start, in the order of their first call.

use std::collections::{BTreeMap, BTreeSet};

use super::function::Function;
use super::path::{is_line, path_of};

/// The functions of a start of a program, each once, in the order of their first call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Order {
    /// Called before the program asked for its first event.
    pub init: Vec<OrderedFunction>,
    /// Called first while it handled that event.
    pub first_event: Vec<OrderedFunction>,
}

/// A function as an order knows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OrderedFunction {
    /// Its demangled path, without hashes; a name of C as it is.
    pub path: String,
    /// Which one it is, where several functions of the program have that path: the copies of a generic function, or closures.
    pub hint: Option<Hint>,
}

/// What tells functions of one path apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hint {
    /// Its code in bytes: mostly the same as long as its source and the compiler are.
    pub size: u64,
    /// CRC-32 of its mangled name: the same as long as its codegen unit is.
    pub name_crc32: u32,
}

impl Hint {
    pub(super) fn of(name: &str, size: u64) -> Self {
        Self { size, name_crc32: crc32fast::hash(name.as_bytes()) }
    }
}

impl Order {
    /// The order of the functions that begin at these addresses, each name once: copies of one name cannot be told apart by a linker. `init` and
    /// `first_event` may repeat an address: its first call counts. Where no function begins, none is named. `functions` are sorted by
    /// address, as [`functions`](super::functions()) gives them.
    #[must_use]
    pub fn of_calls(functions: &[Function<'_>], init: &[u64], first_event: &[u64]) -> Self {
        let mut seen = BTreeSet::new();
        let mut called = |addresses: &[u64]| -> Vec<&Function<'_>> {
            let at = |address: &u64| functions.binary_search_by_key(address, |function| function.address).ok();
            let found = addresses.iter().filter_map(at).filter_map(|index| functions.get(index));
            found.filter(|function| seen.insert(&function.names)).collect()
        };
        let (init, first_event) = (called(init), called(first_event));
        let shared = shared_paths(functions, init.iter().chain(&first_event));
        let ordered = |function: &&Function<'_>| {
            // Which of equal functions was meant, nobody knows: the first by name stands for them.
            let name = function.names.first().copied().unwrap_or_default();
            let path = path_of(name);
            let hint = shared.contains(&path).then(|| Hint::of(name, function.size));
            is_line(&path).then_some(OrderedFunction { path, hint })
        };
        Self {
            init: init.iter().filter_map(ordered).collect(),
            first_event: first_event.iter().filter_map(ordered).collect(),
        }
    }

    /// How many functions it names.
    #[must_use]
    pub fn len(&self) -> usize {
        self.init.len() + self.first_event.len()
    }

    /// True where it names none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The paths of the functions called that other functions of the program have too.
fn shared_paths<'a>(
    functions: &[Function<'_>],
    called: impl Iterator<Item = &'a &'a Function<'a>>,
) -> BTreeSet<String> {
    let first_name = |function: &Function<'_>| function.names.first().copied().unwrap_or_default().to_owned();
    let mut holders: BTreeMap<String, BTreeSet<&[&str]>> =
        called.map(|function| (path_of(&first_name(function)), BTreeSet::new())).collect();
    for function in functions {
        for path in paths(&function.names) {
            if let Some(holders) = holders.get_mut(&path) {
                holders.insert(&function.names);
            }
        }
    }
    holders.into_iter().filter(|(_, holders)| holders.len() > 1).map(|(path, _)| path).collect()
}

/// The paths of the names of a function, each once.
pub(super) fn paths(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| path_of(name)).collect()
}
