//! How much a package may grow over its baseline.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::error::Error;
use super::size::{Decimal, parse_size};
use crate::units::ByteSize;

/// A percentage, exact to a thousandth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent {
    thousandths: u64,
}

impl Percent {
    /// A percentage in thousandths of a percent: 2500 is 2.5 %.
    #[must_use]
    pub const fn from_thousandths(thousandths: u64) -> Self {
        Self { thousandths }
    }

    /// The percentage as a fraction of 1.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a percentage that anybody means stays far below 2^53 thousandths")]
    pub const fn as_fraction(self) -> f64 {
        self.thousandths as f64 / 100_000.0
    }

    /// This share of `whole`, rounded down to whole bytes.
    #[must_use]
    pub fn of(self, whole: ByteSize) -> ByteSize {
        let share = u128::from(whole.get()) * u128::from(self.thousandths) / 100_000;
        ByteSize::new(u64::try_from(share).unwrap_or(u64::MAX))
    }
}

impl FromStr for Percent {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let error = || Error::PercentSyntax { text: text.into() };
        let number = text.trim().strip_suffix('%').ok_or_else(error)?.trim_end();
        let thousandths = Decimal::parse(number).and_then(|n| n.times_exactly(1000)).ok_or_else(error)?;
        u64::try_from(thousandths).map(Self::from_thousandths).map_err(|_| error())
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.thousandths / 1000, self.thousandths % 1000);
        if rest == 0 {
            return write!(f, "{whole}%");
        }
        write!(f, "{whole}.{}%", format!("{rest:03}").trim_end_matches('0'))
    }
}

/// How much a size may grow over its baseline before the gate fails.
///
/// ```
/// use lambda_slim::{policy::Growth, units::ByteSize};
/// let growth: Growth = "5% and 10KiB".parse()?;
/// // Small packages may grow by 10 KiB, large ones by 5 %.
/// assert_eq!(growth.limit(ByteSize::new(1000)), ByteSize::new(11_240));
/// assert_eq!(growth.limit(ByteSize::new(1_000_000)), ByteSize::new(1_050_000));
/// # Ok::<(), lambda_slim::policy::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Growth {
    /// `5%`: of the baseline's size.
    Percent(Percent),
    /// `10 KiB`.
    Bytes(ByteSize),
    /// `5% and 10 KiB`: fails only past both.
    Both(Percent, ByteSize),
    /// `5% or 10 KiB`: fails past either.
    Either(Percent, ByteSize),
}

impl Growth {
    /// The largest size that passes, for a baseline of `before`.
    #[must_use]
    pub fn limit(self, before: ByteSize) -> ByteSize {
        let plus = |more: ByteSize| ByteSize::new(before.get().saturating_add(more.get()));
        match self {
            Self::Percent(percent) => plus(percent.of(before)),
            Self::Bytes(bytes) => plus(bytes),
            Self::Both(percent, bytes) => plus(percent.of(before).max(bytes)),
            Self::Either(percent, bytes) => plus(percent.of(before).min(bytes)),
        }
    }

    fn single(text: &str) -> Result<Self, Error> {
        if text.ends_with('%') {
            return text.parse().map(Self::Percent);
        }
        let bytes = parse_size(text)?;
        // Nothing is nothing in any unit; any other bare number could have been meant as percent.
        if bytes > ByteSize::ZERO && !text.contains(char::is_alphabetic) {
            return Err(Error::GrowthWithoutUnit { text: text.into() });
        }
        Ok(Self::Bytes(bytes))
    }
}

impl FromStr for Growth {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let joins = |word: &str| word.eq_ignore_ascii_case("and") || word.eq_ignore_ascii_case("or");
        let Some(at) = words.iter().position(|word| joins(word)) else {
            return Self::single(text.trim());
        };
        let syntax = || Error::GrowthSyntax { text: text.into() };
        let (left, right) = (words[..at].join(" "), words[at + 1..].join(" "));
        if left.is_empty() || right.is_empty() || words[at + 1..].iter().any(|word| joins(word)) {
            return Err(syntax());
        }
        let (percent, bytes) = match (Self::single(&left)?, Self::single(&right)?) {
            (Self::Percent(percent), Self::Bytes(bytes)) | (Self::Bytes(bytes), Self::Percent(percent)) => {
                (percent, bytes)
            }
            _ => return Err(syntax()),
        };
        if words[at].eq_ignore_ascii_case("and") {
            Ok(Self::Both(percent, bytes))
        } else {
            Ok(Self::Either(percent, bytes))
        }
    }
}

/// The form that [`Growth::from_str`] reads back, with exact bytes.
impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(percent) => write!(f, "{percent}"),
            Self::Bytes(bytes) => write!(f, "{} B", bytes.get()),
            Self::Both(percent, bytes) => write!(f, "{percent} and {} B", bytes.get()),
            Self::Either(percent, bytes) => write!(f, "{percent} or {} B", bytes.get()),
        }
    }
}

impl TryFrom<String> for Growth {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Growth> for String {
    fn from(growth: Growth) -> Self {
        growth.to_string()
    }
}
