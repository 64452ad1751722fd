//! Times counted in buckets of 2 %: what a query language can count as well, and what can be added up in any order.

use std::collections::BTreeMap;

use crate::units::Millis;

/// Counts of times, by `floor(50 * ln(ms))`. Percentiles are within 1 % of the exact ones.
///
/// ```
/// use lambda_slim::logs::Histogram;
/// use lambda_slim::units::Millis;
///
/// let mut times = Histogram::default();
/// for ms in [10.0, 20.0, 30.0] {
///     times.add(Millis::new(ms));
/// }
/// assert!((times.quantile(0.5).unwrap().get() - 20.0).abs() < 0.3);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Histogram {
    counts: BTreeMap<i32, u64>,
    total: u64,
}

impl Histogram {
    /// Buckets in one unit of the natural logarithm.
    pub const BUCKETS_PER_LN: f64 = 50.0;
    /// Bucket of what is too short to have a logarithm, and the first bucket that is told apart: 0.01 ms.
    const LEAST: i32 = -231;
    /// Last bucket: 18 hours, longer than Lambda lets an invocation run or was seen to keep an environment.
    const MOST: i32 = 900;

    /// The bucket of a time.
    #[must_use]
    pub fn bucket(time: Millis) -> i32 {
        // `as` holds -infinity and NaN within i32.
        ((time.get().ln() * Self::BUCKETS_PER_LN).floor() as i32).clamp(Self::LEAST, Self::MOST)
    }

    /// The middle of a bucket, on the logarithmic scale.
    #[must_use]
    pub fn middle(bucket: i32) -> Millis {
        Millis::new(((f64::from(bucket) + 0.5) / Self::BUCKETS_PER_LN).exp())
    }

    /// Counts one time.
    pub fn add(&mut self, time: Millis) {
        self.add_bucket(Self::bucket(time), 1);
    }

    /// Counts `count` times of one bucket.
    pub fn add_bucket(&mut self, bucket: i32, count: u64) {
        let bucket = bucket.clamp(Self::LEAST, Self::MOST);
        let before = self.total;
        self.total = self.total.saturating_add(count);
        // What would pass the largest total is left out, so that counts sum to it.
        *self.counts.entry(bucket).or_default() += self.total - before;
    }

    /// Counts what another one counted.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, count) in &other.counts {
            self.add_bucket(*bucket, *count);
        }
    }

    /// How many were counted.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.total
    }

    /// The time that `share` of the counted ones do not exceed, spread evenly (in the logarithm) within its bucket; `None`
    /// where there are none.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<Millis> {
        let rank = share.clamp(0.0, 1.0) * self.total as f64;
        let mut below = 0.0;
        let mut last = None;
        for (bucket, count) in self.counts.iter().filter(|(_, count)| **count > 0) {
            let count = *count as f64;
            let inside = ((rank - below) / count).clamp(0.0, 1.0);
            last = Some(Millis::new(((f64::from(*bucket) + inside) / Self::BUCKETS_PER_LN).exp()));
            if below + count >= rank {
                return last;
            }
            below += count;
        }
        last
    }

    /// Buckets and how many lie in each, shortest first.
    pub fn buckets(&self) -> impl Iterator<Item = (i32, u64)> + '_ {
        self.counts.iter().map(|(bucket, count)| (*bucket, *count))
    }
}
