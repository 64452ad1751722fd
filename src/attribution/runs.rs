//! Objects are laid out one after the other: what stands between two pieces of one crate is of that crate too, where nothing else tells.

use super::crate_table::CrateNumber;

/// Gives the pieces between two of one crate to that crate, up to `longest` pieces apart. A run ends at each piece that is not `open`.
pub(super) fn fill(crates: &mut [Option<CrateNumber>], longest: usize, open: impl Fn(usize) -> bool) {
    let mut last: Option<usize> = None;
    for at in 0..crates.len() {
        if !open(at) {
            last = None;
        } else if let Some(krate) = crates[at] {
            if let Some(before) = last
                && crates[before] == Some(krate)
                && at - before <= longest
            {
                crates[before + 1..at].fill(Some(krate));
            }
            last = Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_two_of_one_crate_is_filled() {
        let mut crates = [None, Some(7), None, None, Some(7), None, Some(8), None, None, None, Some(8), None, Some(8)];
        fill(&mut crates, 3, |at| at != 11);
        let seven = Some(7);
        let eight = Some(8);
        let expected = [None, seven, seven, seven, seven, None, eight, None, None, None, eight, None, eight];
        assert_eq!(crates, expected, "not past a closed piece, and not further than the longest run");
    }
}
