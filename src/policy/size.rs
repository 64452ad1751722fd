//! Sizes and decimal numbers from text, exact to the byte.

use super::error::Error;
use crate::units::ByteSize;

/// Units by name in lower case, with their bytes. kB, MB and GB are powers of 10; KiB, MiB and GiB powers of 2.
const UNITS: [(&str, u64); 8] = [
    ("", 1),
    ("b", 1),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
];

/// Reads a size: a number, then `B`, `kB`, `MB`, `GB` (10^3, 10^6, 10^9) or `KiB`, `MiB`, `GiB` (2^10, 2^20, 2^30) in
/// any case; a number alone is bytes. A fraction of a byte is dropped.
///
/// ```
/// use lambda_slim::{policy::parse_size, units::ByteSize};
/// assert_eq!(parse_size("50MB")?, ByteSize::new(50_000_000));
/// assert_eq!(parse_size("1.5 KiB")?, ByteSize::new(1536));
/// # Ok::<(), lambda_slim::policy::Error>(())
/// ```
///
/// # Errors
/// [`Error::SizeSyntax`], [`Error::SizeUnit`] or [`Error::SizeTooLarge`], each with the text.
pub fn parse_size(text: &str) -> Result<ByteSize, Error> {
    let trimmed = text.trim();
    let unit_start = trimmed.find(|c: char| c.is_alphabetic()).unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(unit_start);
    let number = Decimal::parse(number.trim_end()).ok_or_else(|| Error::SizeSyntax { text: text.into() })?;
    let lower = unit.to_lowercase();
    let &(_, factor) = UNITS
        .iter()
        .find(|(name, _)| *name == lower)
        .ok_or_else(|| Error::SizeUnit { text: text.into(), unit: unit.into() })?;
    // Half of the range, so that every difference of two sizes fits in 63 bits and a sign.
    let too_large = || Error::SizeTooLarge { text: text.into() };
    let bytes = i64::try_from(number.times(factor)).map_err(|_| too_large())?;
    Ok(ByteSize::new(bytes.unsigned_abs()))
}

/// A decimal number: `digits / scale`. Integers, because 1.1 is no float and a gate must not depend on rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal {
    digits: u128,
    scale: u128,
}

impl Decimal {
    /// Longest number read, so that `digits * factor` fits in 128 bits.
    const LONGEST: usize = 20;

    /// Reads `12`, `12.5` or `52_428_800`: no sign, no exponent, a digit on each side of the point.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = match text.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (text, None),
        };
        let starts_and_ends_in_digit =
            |part: &str| part.starts_with(|c: char| c.is_ascii_digit()) && part.ends_with(|c: char| c.is_ascii_digit());
        if !starts_and_ends_in_digit(whole) || !fraction.is_none_or(starts_and_ends_in_digit) {
            return None;
        }
        let whole = whole.replace('_', "");
        let fraction = fraction.unwrap_or("");
        if whole.len() + fraction.len() > Self::LONGEST {
            return None;
        }
        let digits = format!("{whole}{fraction}").parse().ok()?;
        let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
        Some(Self { digits, scale })
    }

    /// The number times `factor`, rounded down.
    pub(super) const fn times(self, factor: u64) -> u128 {
        self.digits * factor as u128 / self.scale
    }

    /// The number times `factor`, where that is whole.
    pub(super) const fn times_exactly(self, factor: u64) -> Option<u128> {
        let product = self.digits * factor as u128;
        if product.is_multiple_of(self.scale) { Some(product / self.scale) } else { None }
    }
}
