//! `/proc/PID/stat`: what the kernel counts about a process.

/// The counters that are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stat {
    /// Process group.
    pub group: i64,
    /// Page faults that read nothing from disk, since the process was forked.
    pub minor_faults: u64,
    /// Page faults that waited for the disk.
    pub major_faults: u64,
    /// Threads now.
    pub threads: u64,
}

impl Stat {
    /// Reads the line; `None` where it is none. The program's name may hold anything, so it ends at the last parenthesis.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let (_, rest) = line.rsplit_once(") ")?;
        // Field 3, the state, is the first here.
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number.checked_sub(3)?).copied();
        Some(Self {
            group: field(5)?.parse().ok()?,
            minor_faults: field(10)?.parse().ok()?,
            major_faults: field(12)?.parse().ok()?,
            threads: field(20)?.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_blanks_does_not_move_the_fields() {
        let line = "42 (a) b (c) S 1 41 42 0 -1 4194560 1234 9 5 0 7 8 0 0 20 0 3 0 99 1 2";
        let stat = Stat::parse(line).unwrap();
        assert_eq!(stat, Stat { group: 41, minor_faults: 1234, major_faults: 5, threads: 3 });
    }

    #[test]
    fn what_is_no_line_of_counters_is_none() {
        for line in ["", "42 (a", "42 (a) S", "42 (a) S 1 x 42 0 -1 0 1 9 5 0 7 8 0 0 20 0 3"] {
            assert_eq!(Stat::parse(line), None, "{line:?}");
        }
    }
}
