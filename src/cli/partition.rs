//! `--partition`: which of many packages this machine takes.

use std::str::FromStr;

/// The K-th of N parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Partition {
    by: By,
    part: u64,
    of: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// Every N-th in order: parts of one size.
    Turn,
    /// By the name's hash: a package stays in its part whatever comes and goes beside it.
    Name,
}

impl Partition {
    /// Whether the package of this name, the `number`-th from 0 in order of names, belongs to the part.
    pub(super) fn takes(self, number: usize, name: &str) -> bool {
        let number = match self.by {
            By::Turn => number as u64,
            By::Name => u64::from(crc32fast::hash(name.as_bytes())),
        };
        number % self.of == self.part - 1
    }
}

impl FromStr for Partition {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "expected K/N or hash:K/N with 1 <= K <= N";
        let (by, parts) = match text.split_once(':') {
            Some(("hash", parts)) => (By::Name, parts),
            // cargo-nextest's names for taking turns.
            Some(("slice" | "count", parts)) => (By::Turn, parts),
            Some(_) => return Err(FORM),
            None => (By::Turn, text),
        };
        let (part, of) = parts.split_once('/').ok_or(FORM)?;
        let (part, of) = (part.parse().map_err(|_| FORM)?, of.parse().map_err(|_| FORM)?);
        if part == 0 || part > of { Err(FORM) } else { Ok(Self { by, part, of }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_is_in_exactly_one_part() {
        for form in ["", "hash:", "count:"] {
            for of in [1, 2, 5, 7] {
                let parts: Vec<Partition> =
                    (1..=of).map(|part| format!("{form}{part}/{of}").parse().unwrap()).collect();
                for number in 0..100 {
                    let name = format!("target/lambda/f{number}/bootstrap.zip");
                    assert_eq!(parts.iter().filter(|part| part.takes(number, &name)).count(), 1);
                }
            }
        }
    }

    #[test]
    fn what_is_no_part_is_refused() {
        for text in ["", "1", "0/3", "4/3", "1/0", "a/b", "1/2/3", "part:1/2", "-1/2"] {
            assert!(text.parse::<Partition>().is_err(), "{text:?}");
        }
    }
}
