//! What the waits of an init say to whoever wants it shorter.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::time::Duration;

use super::waits::{Wait, WaitKind, Waits};

/// Something that init waits for. As text, one sentence for a report.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitFinding {
    /// It opens connections.
    Connects {
        /// Each peer once, by name where it is known, in the order of their first connections.
        peers: Vec<String>,
        /// How many connections.
        count: usize,
        /// From the first connection's begin to the last one's end, without what lies between them; `None` where that says nothing of other
        /// networks.
        took: Option<Duration>,
        /// How long the longest one took; `None` as above.
        longest: Option<Duration>,
        /// True where each began after the one before had ended, and there are several.
        one_after_the_other: bool,
    },
    /// It looks names up.
    LooksUp {
        /// Each once, in the order of their first look-ups.
        names: Vec<String>,
    },
    /// It sleeps, and does nothing meanwhile.
    Sleeps {
        /// How often.
        count: usize,
        /// How long nothing else was done.
        took: Duration,
    },
    /// It starts processes and waits for their ends.
    WaitsForProcesses {
        /// How often.
        count: usize,
        /// How long.
        took: Duration,
    },
}

impl Waits {
    /// How much of init nobody did anything.
    #[must_use]
    pub fn idle_time(&self) -> Duration {
        self.idle.iter().map(|span| span.end.saturating_sub(span.start)).sum()
    }

    /// What init waits for, of the kinds that a program can do something about.
    #[must_use]
    pub fn findings(&self) -> Vec<WaitFinding> {
        let connects = self.connects();
        let names = in_order(self.items.iter().filter_map(|wait| match &wait.kind {
            WaitKind::LookUp { name } => Some(name.clone()),
            _ => None,
        }));
        let looks_up = (!names.is_empty()).then_some(WaitFinding::LooksUp { names });
        let idle = IdleUntil::of(self);
        let sleeps = self.together(&WaitKind::Sleep, &|span| idle.during(span));
        let sleeps = sleeps.map(|(count, took)| WaitFinding::Sleeps { count, took });
        let processes = self.together(&WaitKind::Process, &|span| span.end.saturating_sub(span.start));
        let processes = processes.map(|(count, took)| WaitFinding::WaitsForProcesses { count, took });
        [connects, looks_up, sleeps, processes].into_iter().flatten().collect()
    }

    /// How many waits of a kind there are, and how much `time` they have in all, what is waited side by side once; `None` where there is none.
    fn together(&self, kind: &WaitKind, time: &dyn Fn(&Range<Duration>) -> Duration) -> Option<(usize, Duration)> {
        let (mut count, mut took, mut covered) = (0, Duration::ZERO, Duration::ZERO);
        for wait in self.items.iter().filter(|wait| wait.kind == *kind) {
            count += usize::from(!time(&(wait.start..wait.end)).is_zero());
            // By start, as the items are: what is covered by none of those before.
            took += time(&(wait.start.max(covered)..wait.end.max(covered)));
            covered = covered.max(wait.end);
        }
        (count > 0).then_some((count, took))
    }

    fn connects(&self) -> Option<WaitFinding> {
        let peer = |wait: &Wait| match &wait.kind {
            WaitKind::Connect { address, name, .. } => {
                Some(name.as_ref().map_or_else(|| address.to_string(), |name| format!("{name}:{}", address.port())))
            }
            _ => None,
        };
        let connections: Vec<&Wait> = self.items.iter().filter(|wait| peer(wait).is_some()).collect();
        let peers = in_order(connections.iter().filter_map(|wait| peer(wait)));
        let pairs = connections.windows(2);
        let one_by_one = pairs.clone().all(|pair| matches!(pair, [one, next] if next.start >= one.end));
        let (mut covered, mut took) = (Duration::ZERO, Duration::ZERO);
        for wait in &connections {
            took += wait.end.saturating_sub(wait.start.max(covered));
            covered = covered.max(wait.end);
        }
        // Refused at once by this machine itself.
        let is_measured = !self.isolated.is_yes();
        let longest = connections.iter().map(|wait| wait.took()).max()?;
        Some(WaitFinding::Connects {
            peers,
            count: connections.len(),
            took: is_measured.then_some(took),
            longest: is_measured.then_some(longest),
            one_after_the_other: connections.len() > 1 && one_by_one,
        })
    }
}

/// Each once, in the order of first appearance.
fn in_order(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut known = BTreeSet::new();
    texts.filter(|text| known.insert(text.clone())).collect()
}

/// How much of init was idle until a moment.
struct IdleUntil {
    /// Begin and end of a span, and how much was idle before it. In order.
    spans: Vec<(Duration, Duration, Duration)>,
}

impl IdleUntil {
    fn of(waits: &Waits) -> Self {
        let mut before = Duration::ZERO;
        let spans = waits.idle.iter().map(|span| {
            let entry = (span.start, span.end, before);
            before += span.end.saturating_sub(span.start);
            entry
        });
        Self { spans: spans.collect() }
    }

    fn until(&self, moment: Duration) -> Duration {
        let index = self.spans.partition_point(|(start, ..)| *start <= moment);
        let span = index.checked_sub(1).and_then(|index| self.spans.get(index));
        span.map_or(Duration::ZERO, |(start, end, before)| *before + moment.min(*end).saturating_sub(*start))
    }

    fn during(&self, span: &Range<Duration>) -> Duration {
        self.until(span.end).saturating_sub(self.until(span.start))
    }
}

impl fmt::Display for WaitFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connects { peers, count, took, longest, one_after_the_other } => {
                let connections = if *count == 1 { "connection" } else { "connections" };
                write!(f, "init opens {count} {connections}")?;
                if *one_after_the_other {
                    f.write_str(" one after the other")?;
                }
                write!(f, " ({})", peers.join(", "))?;
                match (took, longest) {
                    (Some(took), Some(longest)) if *one_after_the_other => {
                        write!(f, ": {} ms, {} ms side by side, or none if they leave init", ms(*took), ms(*longest))
                    }
                    (Some(took), _) => write!(f, ": {} ms, or none if they leave init", ms(*took)),
                    (None, _) if *one_after_the_other => {
                        f.write_str(": they could be opened side by side, or leave init")
                    }
                    (None, _) => f.write_str(": could it leave init?"),
                }
            }
            Self::LooksUp { names } => write!(f, "init looks up {}", names.join(", ")),
            Self::Sleeps { count: 1, took } => write!(f, "init sleeps {} ms", ms(*took)),
            Self::Sleeps { count, took } => write!(f, "init sleeps {count} times, {} ms in all", ms(*took)),
            Self::WaitsForProcesses { count: 1, took } => {
                write!(f, "init waits {} ms for the end of a process that it started", ms(*took))
            }
            Self::WaitsForProcesses { count, took } => {
                write!(f, "init waits {count} times for processes that it started, {} ms in all", ms(*took))
            }
        }
    }
}

fn ms(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{BootOutcome, Isolated};

    fn wait(start: u64, end: u64, kind: WaitKind) -> Wait {
        Wait { thread: 0, start: Duration::from_millis(start), end: Duration::from_millis(end), kind }
    }

    fn connect(name: &str) -> WaitKind {
        let name = Some(name.to_owned());
        WaitKind::Connect { address: ([198, 18, 0, 1], 443).into(), name, error: None }
    }

    fn waits(items: Vec<Wait>, idle: &[(u64, u64)], isolated: Isolated) -> Waits {
        let idle = idle.iter().map(|(a, b)| Duration::from_millis(*a)..Duration::from_millis(*b)).collect();
        let (wall, log) = (Duration::from_secs(1), String::new());
        Waits { items, left_out: 0, wall, idle, outcome: BootOutcome::Ready, log, isolated }
    }

    fn said(waits: &Waits) -> Vec<String> {
        waits.findings().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn connections_that_overlap_are_not_called_one_after_the_other_and_count_once() {
        let host = || Isolated::No("asked for".to_owned());
        let one_by_one = vec![wait(10, 30, connect("a")), wait(30, 80, connect("b")), wait(100, 110, connect("a"))];
        let expected = "init opens 3 connections one after the other (a:443, b:443): 80.0 ms, 50.0 ms side by side, or none if they leave init";
        assert_eq!(said(&waits(one_by_one.clone(), &[], host())), [expected]);
        let overlapping = vec![wait(10, 30, connect("a")), wait(20, 40, connect("b"))];
        assert_eq!(
            said(&waits(overlapping, &[], host())),
            ["init opens 2 connections (a:443, b:443): 30.0 ms, or none if they leave init"]
        );
        // Times of connections that nobody answers are not shown.
        let expected = "init opens 3 connections one after the other (a:443, b:443): they could be opened side by side, or leave init";
        assert_eq!(said(&waits(one_by_one, &[], Isolated::Yes)), [expected]);
    }

    #[test]
    fn only_sleep_while_nothing_else_is_done_counts() {
        let spans = [(0, 100), (95, 110), (200, 300), (400, 500)];
        let items = spans.map(|(start, end)| wait(start, end, WaitKind::Sleep)).to_vec();
        let waits = waits(items, &[(50, 60), (90, 120), (210, 220)], Isolated::Yes);
        assert_eq!(said(&waits), ["init sleeps 3 times, 40.0 ms in all"]);
        assert_eq!(waits.idle_time(), Duration::from_millis(50));
    }
}
