//! A map from places to values: generic over both, and itself made of std's generic maps.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

pub struct Grid<K, V> {
    cells: HashMap<K, Vec<V>>,
    order: BTreeMap<usize, K>,
}

impl<K: Clone + Eq + Hash + Ord, V: Clone> Default for Grid<K, V> {
    fn default() -> Self {
        Self {
            cells: HashMap::new(),
            order: BTreeMap::new(),
        }
    }
}

impl<K: Clone + Eq + Hash + Ord, V: Clone> Grid<K, V> {
    /// Puts `value` at `place`, after what is there.
    #[inline(never)]
    pub fn put(&mut self, place: K, value: V) {
        let next = self.order.len();
        self.cells
            .entry(place)
            .or_insert_with_key(|place| {
                self.order.insert(next, place.clone());
                Vec::new()
            })
            .push(value);
    }

    /// All places with their values, in the order of the first `put`, each value seen through `view`.
    #[inline(never)]
    pub fn rows<T>(&self, mut view: impl FnMut(&V) -> T) -> Vec<(K, Vec<T>)> {
        self.order
            .values()
            .map(|place| (place.clone(), self.cells[place].iter().map(&mut view).collect()))
            .collect()
    }

    /// The places, sorted.
    #[inline(never)]
    pub fn places(&self) -> Vec<K> {
        let mut places: Vec<K> = self.cells.keys().cloned().collect();
        places.sort();
        places
    }
}
