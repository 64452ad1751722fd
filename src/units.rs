//! Sizes and times with their unit in the type. A bare integer is an index, never a size.
//!
//! Arithmetic is checked: sizes come from hostile files, so an overflow is a defect to show, not a number to wrap.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

/// A size in bytes.
///
/// ```
/// use lambda_slim::units::ByteSize;
/// let sum: ByteSize = [ByteSize::new(2), ByteSize::new(3)].into_iter().sum();
/// assert_eq!(sum, ByteSize::new(5));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct ByteSize(u64);

impl ByteSize {
    /// No bytes.
    pub const ZERO: ByteSize = ByteSize(0);

    /// A size of `bytes` bytes.
    #[must_use]
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// The length of something in memory.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(bytes.len() as u64)
    }

    /// The size in bytes.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The size in bytes as a float, for models and percentages.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "files stay far below 2^53 bytes")]
    pub const fn as_f64(self) -> f64 {
        self.0 as f64
    }

    /// The size in MB of 10^6 bytes, as AWS counts memory and as the cold-start model is stated.
    #[must_use]
    pub const fn megabytes(self) -> f64 {
        self.as_f64() / 1e6
    }

    /// `self - other`, never below zero.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The signed change from `before` to `self`.
    #[must_use]
    pub fn since(self, before: Self) -> ByteDelta {
        let wide = i128::from(self.0) - i128::from(before.0);
        ByteDelta(i64::try_from(wide).expect("sizes of files differ by less than 2^63"))
    }

    /// `self` as a share of `whole` in percent; `None` where `whole` is empty.
    #[must_use]
    pub fn percent_of(self, whole: Self) -> Option<f64> {
        (whole.0 > 0).then(|| self.as_f64() * 100.0 / whole.as_f64())
    }
}

impl Add for ByteSize {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.checked_add(other.0).expect("sum of sizes fits in 64 bits"))
    }
}

impl AddAssign for ByteSize {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for ByteSize {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.checked_sub(other.0).expect("a part is not larger than its whole"))
    }
}

impl Sum for ByteSize {
    fn sum<I: Iterator<Item = Self>>(sizes: I) -> Self {
        sizes.fold(Self::ZERO, Add::add)
    }
}

/// A signed difference of two sizes, in bytes. Growth is positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct ByteDelta(i64);

impl ByteDelta {
    /// A difference of `bytes` bytes.
    #[must_use]
    pub const fn new(bytes: i64) -> Self {
        Self(bytes)
    }

    /// The difference in bytes.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The difference without its sign.
    #[must_use]
    pub const fn magnitude(self) -> ByteSize {
        ByteSize(self.0.unsigned_abs())
    }
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar. Years are counted from March, so that leap days
/// end them (Howard Hinnant, 'chrono-Compatible Low-Level Date Algorithms', `civil_from_days`).
///
/// ```
/// assert_eq!(lambda_slim::units::civil_from_days(11_016), (2000, 2, 29));
/// assert_eq!(lambda_slim::units::civil_from_days(-1), (1969, 12, 31));
/// ```
#[must_use]
pub const fn civil_from_days(day: i64) -> (i64, i64, i64) {
    let since_march_0000 = day + 719_468;
    let (era, day_of_era) = (since_march_0000.div_euclid(146_097), since_march_0000.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

/// A duration in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Millis(f64);

impl Millis {
    /// A duration of `ms` milliseconds.
    #[must_use]
    pub const fn new(ms: f64) -> Self {
        Self(ms)
    }

    /// The duration in milliseconds.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}
