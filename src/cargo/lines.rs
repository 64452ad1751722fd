//! Two texts, line by line: which lines went and which came. Line ends are no part of a line here, so that they can be kept.

/// One line of two texts compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineChange<'a> {
    /// In both: the line of the old text, with the end that it has there.
    Kept(&'a str),
    /// Only in the old text.
    Removed(&'a str),
    /// Only in the new one.
    Added(&'a str),
}

/// Longest texts that are compared line by line: what is longer has all of its middle replaced.
const MOST_LINES: usize = 4_000;

/// The shortest change from `old` to `new`, in order; where there are several, lines go before others come.
#[must_use]
pub fn line_changes<'a>(old: &'a str, new: &'a str) -> Vec<LineChange<'a>> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| bare(a) == bare(b)).count();
    let most = old.len().min(new.len()) - head;
    let tail = old.iter().rev().zip(new.iter().rev()).take(most).take_while(|(a, b)| bare(a) == bare(b)).count();
    let mut changes: Vec<LineChange<'_>> = old[..head].iter().map(|line| LineChange::Kept(line)).collect();
    let (old_middle, new_middle) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    changes.extend(middle(old_middle, new_middle));
    changes.extend(old[old.len() - tail..].iter().map(|line| LineChange::Kept(line)));
    changes
}

/// By the longest common subsequence.
fn middle<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<LineChange<'a>> {
    if old.len() > MOST_LINES || new.len() > MOST_LINES {
        let removed = old.iter().map(|line| LineChange::Removed(line));
        return removed.chain(new.iter().map(|line| LineChange::Added(line))).collect();
    }
    // `common[a][b]`: lines that the rests from `a` and `b` have in common.
    let mut common = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for a in (0..old.len()).rev() {
        for b in (0..new.len()).rev() {
            common[a][b] = if bare(old[a]) == bare(new[b]) {
                common[a + 1][b + 1] + 1
            } else {
                common[a + 1][b].max(common[a][b + 1])
            };
        }
    }
    let (mut a, mut b) = (0, 0);
    let mut changes = Vec::new();
    while a < old.len() || b < new.len() {
        if a < old.len() && b < new.len() && bare(old[a]) == bare(new[b]) {
            changes.push(LineChange::Kept(old[a]));
            (a, b) = (a + 1, b + 1);
        } else if b == new.len() || (a < old.len() && common[a + 1][b] >= common[a][b + 1]) {
            changes.push(LineChange::Removed(old[a]));
            a += 1;
        } else {
            changes.push(LineChange::Added(new[b]));
            b += 1;
        }
    }
    changes
}

fn bare(line: &str) -> &str {
    line.strip_suffix('\n').map_or(line, |line| line.strip_suffix('\r').unwrap_or(line))
}

/// `old` with what differs between `before` and `after`. `before` is `old` as a printer of ours writes it, line for line: what the printer writes otherwise
/// by itself, line ends among it, stays as it was. New lines end as most of the old ones do.
pub(super) fn with_changes(old: &str, before: &str, after: &str) -> String {
    let carriage_returns = old.matches("\r\n").count();
    let end = if carriage_returns * 2 > old.matches('\n').count() { "\r\n" } else { "\n" };
    let mut old_lines = old.split_inclusive('\n');
    let mut text = String::with_capacity(after.len());
    let mut push = |line: &str| {
        // The last line of a file need not have an end; what follows it now needs one.
        if !text.is_empty() && !text.ends_with('\n') {
            text.push_str(end);
        }
        text.push_str(line);
    };
    for change in line_changes(before, after) {
        match change {
            LineChange::Kept(line) => push(old_lines.next().unwrap_or(line)),
            LineChange::Added(line) if line.ends_with('\n') => push(&format!("{}{end}", bare(line))),
            LineChange::Added(line) => push(line),
            LineChange::Removed(_) => {
                old_lines.next();
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sides(changes: &[LineChange<'_>]) -> (String, String) {
        let mut sides = (String::new(), String::new());
        for change in changes {
            match change {
                LineChange::Kept(line) => {
                    sides.0.push_str(line);
                    sides.1.push_str(line);
                }
                LineChange::Removed(line) => sides.0.push_str(line),
                LineChange::Added(line) => sides.1.push_str(line),
            }
        }
        sides
    }

    proptest! {
        #[test]
        fn both_texts_can_be_read_off_their_changes(old in "([abc]?\n){0,9}", new in "([abc]?\n){0,9}") {
            prop_assert_eq!(sides(&line_changes(&old, &new)), (old, new));
        }

        #[test]
        fn a_text_has_no_changes_to_itself(text in "([abc]\r?\n){0,9}[abc]?") {
            prop_assert!(line_changes(&text, &text).iter().all(|change| matches!(change, LineChange::Kept(_))));
            let printed = text.replace("\r\n", "\n");
            prop_assert_eq!(with_changes(&text, &printed, &printed), text);
        }
    }

    #[test]
    fn new_lines_end_as_old_ones_do() {
        assert_eq!(with_changes("a\r\nb\r\n", "a\nb\n", "a\nx\nb\n"), "a\r\nx\r\nb\r\n");
        assert_eq!(with_changes("a\nb", "a\nb", "a\nb\nx\n"), "a\nb\nx\n");
        // One end that is not like the others stays.
        assert_eq!(with_changes("a\nb\r\nc\n", "a\nb\nc\n", "a\nb\nx\nc\n"), "a\nb\r\nx\nc\n");
        // So does a line that the printer would write otherwise.
        assert_eq!(with_changes("[a]\nb\n", "[ a ]\nb\n", "[ a ]\nc\n"), "[a]\nc\n");
    }
}
