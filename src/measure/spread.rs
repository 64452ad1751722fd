//! Median and range of what was seen.

use serde::{Deserialize, Serialize};

/// What several starts gave for one quantity.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Spread<T> {
    /// The smallest.
    pub min: T,
    /// The middle one; of an even number the lower of the two, so that it was seen.
    pub median: T,
    /// The largest.
    pub max: T,
}

impl<T: Copy + PartialOrd> Spread<T> {
    /// Of these values; `None` of no values, and of values that have no order.
    pub fn of(values: impl IntoIterator<Item = T>) -> Option<Self> {
        let mut values: Vec<T> = values.into_iter().collect();
        let comparable = values.iter().all(|value| value.partial_cmp(value).is_some());
        if !comparable {
            return None;
        }
        values.sort_by(|a, b| a.partial_cmp(b).expect("each has an order"));
        let median = *values.get(values.len().checked_sub(1)? / 2)?;
        Some(Self { min: *values.first()?, median, max: *values.last()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_median_was_seen() {
        assert_eq!(Spread::of([4, 1, 3, 2]), Some(Spread { min: 1, median: 2, max: 4 }));
        assert_eq!(Spread::of([5, 1, 9]), Some(Spread { min: 1, median: 5, max: 9 }));
        assert_eq!(Spread::<u64>::of([]), None);
        assert_eq!(Spread::of([1.0, f64::NAN]), None);
    }

    proptest! {
        #[test]
        fn the_median_lies_between(values in prop::collection::vec(any::<u32>(), 1..40)) {
            let spread = Spread::of(values.clone()).unwrap();
            prop_assert!(spread.min <= spread.median && spread.median <= spread.max);
            prop_assert!(values.contains(&spread.median));
        }
    }
}
