//! Which row of the old report is which row of the new one.

use std::collections::{BTreeMap, VecDeque};

/// A row that is on at least one side.
#[derive(Debug)]
pub(super) enum Pair<'a, T> {
    Added(&'a T),
    Removed(&'a T),
    Both(&'a T, &'a T),
}

// By hand: a derive would ask for `T: Copy`, and only references are copied.
impl<T> Clone for Pair<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Pair<'_, T> {}

impl<'a, T> Pair<'a, T> {
    pub(super) const fn before(self) -> Option<&'a T> {
        match self {
            Self::Removed(old) | Self::Both(old, _) => Some(old),
            Self::Added(_) => None,
        }
    }

    pub(super) const fn after(self) -> Option<&'a T> {
        match self {
            Self::Added(new) | Self::Both(_, new) => Some(new),
            Self::Removed(_) => None,
        }
    }

    /// The row that names the pair: the new one, or the old one of what was removed.
    pub(super) const fn row(self) -> &'a T {
        match self {
            Self::Added(row) | Self::Removed(row) | Self::Both(_, row) => row,
        }
    }
}

/// Pairs rows of equal key, in order where a key repeats. A single row on each side is one pair whatever the keys: there
/// is nothing else that it could have become. Every row is in exactly one pair.
pub(super) fn pair<'a, T, K: Ord>(old: &'a [T], new: &'a [T], key: impl Fn(&'a T) -> K) -> Vec<Pair<'a, T>> {
    if let ([old], [new]) = (old, new) {
        return vec![Pair::Both(old, new)];
    }
    let mut waiting: BTreeMap<K, VecDeque<&T>> = BTreeMap::new();
    for row in old {
        waiting.entry(key(row)).or_default().push_back(row);
    }
    let mut pairs: Vec<Pair<'a, T>> = new
        .iter()
        .map(|row| match waiting.get_mut(&key(row)).and_then(VecDeque::pop_front) {
            Some(before) => Pair::Both(before, row),
            None => Pair::Added(row),
        })
        .collect();
    pairs.extend(waiting.into_values().flatten().map(Pair::Removed));
    pairs
}
