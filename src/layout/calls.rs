//! What several starts of one program call, as if it were one start.

use std::collections::BTreeSet;

/// The functions that starts of a program call first, by address, each once. A start differs from the one before: threads that race, tables that
/// are hashed anew. What a single start does not call lies among the code that no start calls, and brings a group of pages into memory each time
/// that another start calls it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StartCalls {
    init: Vec<u64>,
    first_event: Vec<u64>,
    of_init: BTreeSet<u64>,
    of_event: BTreeSet<u64>,
}

impl StartCalls {
    /// Adds what one more start called. What only it calls comes behind what starts before it called. Gives how many functions are new to
    /// init, or to the program.
    pub fn add(&mut self, init: impl IntoIterator<Item = u64>, first_event: impl IntoIterator<Item = u64>) -> usize {
        let before = self.of_init.len() + self.of_event.len();
        self.init.extend(init.into_iter().filter(|address| self.of_init.insert(*address)));
        let of_init = &self.of_init;
        let only_later = first_event.into_iter().filter(|address| !of_init.contains(address));
        self.first_event.extend(only_later.filter(|address| self.of_event.insert(*address)));
        self.of_init.len() + self.of_event.len() - before
    }

    /// Those of `functions` that no init called so far: what is left to look for in one more start.
    #[must_use]
    pub fn not_of_init(&self, functions: &[u64]) -> Vec<u64> {
        functions.iter().filter(|address| !self.of_init.contains(address)).copied().collect()
    }

    /// Called during init of a start.
    #[must_use]
    pub fn init(&self) -> &[u64] {
        &self.init
    }

    /// Called after it. What init of another start called may be among them.
    #[must_use]
    pub fn first_event(&self) -> &[u64] {
        &self.first_event
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_more_start_calls_comes_behind_and_is_counted_once() {
        let mut calls = StartCalls::default();
        assert_eq!(calls.add([3, 1, 2], [9, 8]), 5);
        assert_eq!(calls.not_of_init(&[1, 2, 3, 4, 8, 9]), [4, 8, 9]);
        // The second start looks for the rest alone: 8 is called by its init, 7 by its event.
        assert_eq!(calls.add([8], [9, 7]), 2);
        assert_eq!((calls.init(), calls.first_event()), (&[3, 1, 2, 8][..], &[9, 8, 7][..]));
        assert_eq!(calls.add([8], [7, 1]), 0);
    }
}
