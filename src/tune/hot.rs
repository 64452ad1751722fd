//! Which crates an event keeps busy, as far as pages in memory tell.

use super::crate_bytes::CrateBytes;
use crate::units::ByteSize;

/// The share of all touched bytes of dependencies that the hot ones hold, in percent. Engineering judgement, 2026-11-29.
const HOT_PERCENT: u64 = 90;

/// The most crates that get a line of their own.
const MOST: usize = 40;

/// Crates that together hold most of the touched bytes, largest first: as cargo's package specs. The others are cold.
#[must_use]
pub fn hot_crates(crates: &[CrateBytes]) -> Vec<String> {
    let mut touched: Vec<(ByteSize, &CrateBytes)> =
        crates.iter().filter_map(|one| Some((one.touched?, one))).filter(|(size, _)| *size > ByteSize::ZERO).collect();
    touched.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.spec.cmp(&b.1.spec)));
    let all: ByteSize = touched.iter().map(|(size, _)| *size).sum();
    let mut seen = ByteSize::ZERO;
    let mut hot = Vec::new();
    for (size, one) in touched {
        if seen.get() * 100 >= all.get() * HOT_PERCENT || hot.len() == MOST {
            break;
        }
        seen += size;
        hot.push(one.spec.clone());
    }
    hot
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hot_crates_hold_most_of_what_is_touched() {
        let one = |name: &str, touched: Option<u64>| CrateBytes {
            spec: name.to_owned(),
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            file: ByteSize::new(9),
            retained: None,
            touched: touched.map(ByteSize::new),
        };
        let crates = [one("a", Some(5)), one("b", Some(90)), one("c", Some(5)), one("d", Some(0)), one("e", None)];
        assert_eq!(hot_crates(&crates), ["b"]);
        assert_eq!(hot_crates(&[one("e", None)]), Vec::<String>::new());
    }
}
