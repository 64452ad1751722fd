//! Every way in which a package comes into a program: all counted, the first of them listed.
//!
//! There can be exponentially many paths, so none is walked that is not listed. Counting is one pass over the edges. Listing
//! goes only where the wanted length can still be reached, so it costs at most one look at every edge for each path listed.

use super::CrateGraph;

/// How much longer than the shortest a path may be and still be listed.
const MOST_DETOUR: usize = 255;

/// Steps that are listed in all, whatever the number of paths: a hostile graph can have paths of any length.
const MOST_STEPS: usize = 200_000;

/// The ways from a root to a package. No package is twice on a path, for ship edges have no circle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// How many there are; [`u128::MAX`] stands for that many or more.
    pub count: u128,
    /// The first of them: shortest first, then in the order of their packages. Both ends are included.
    pub listed: Vec<Vec<usize>>,
}

/// What is known of a package on the way to the goal.
#[derive(Debug, Clone)]
struct Way {
    /// Steps to the goal.
    shortest: usize,
    paths: u128,
    /// The lengths of the paths from here, as detours over the shortest.
    detours: Detours,
}

/// A set of numbers up to [`MOST_DETOUR`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Detours([u128; 2]);

impl Detours {
    const NONE: Self = Self([1, 0]);

    fn has(self, detour: usize) -> bool {
        let word = self.0.get(detour / 128).copied().unwrap_or(0);
        word >> (detour % 128) & 1 == 1
    }

    /// Each of them longer by `more`; what becomes too long is dropped.
    fn plus(self, more: usize) -> Self {
        let [low, high] = self.0;
        match more {
            0 => self,
            1..128 => Self([low << more, high << more | low >> (128 - more)]),
            128..=MOST_DETOUR => Self([0, low << (more - 128)]),
            _ => Self::default(),
        }
    }

    fn or(self, other: Self) -> Self {
        Self([self.0[0] | other.0[0], self.0[1] | other.0[1]])
    }
}

impl CrateGraph {
    /// The ways in which `root` links `package`, at most `most` of them listed. The root itself has one, of no step.
    #[must_use]
    pub fn paths(&self, root: usize, package: usize, most: usize) -> Paths {
        let ways = self.ways(root, package);
        let Some(start) = &ways[root] else { return Paths { count: 0, listed: Vec::new() } };
        let mut listed = Vec::new();
        let mut steps = 0;
        for detour in (0..=MOST_DETOUR).filter(|&detour| start.detours.has(detour)) {
            self.list(&ways, (root, package), detour, most, &mut listed, &mut steps);
            if listed.len() >= most || steps >= MOST_STEPS {
                break;
            }
        }
        Paths { count: start.paths, listed }
    }

    /// The packages that `root` links and that link `package` themselves, ascending.
    #[must_use]
    pub fn linked_by(&self, root: usize, package: usize) -> Vec<usize> {
        let reachable = self.reachable(root);
        let links = |&index: &usize| self.ship_edges[index].binary_search(&package).is_ok();
        reachable.into_iter().filter(links).collect()
    }

    /// For each package that `root` links, the ways from there to `goal`; `None` where there is none.
    fn ways(&self, root: usize, goal: usize) -> Vec<Option<Way>> {
        let mut ways: Vec<Option<Way>> = vec![None; self.packages.len()];
        let mut order = self.reachable(root);
        // A package's rank is above those of all that it links: by then they are done.
        order.sort_by_key(|&index| self.ranks[index]);
        for index in order {
            ways[index] = if index == goal {
                Some(Way { shortest: 0, paths: 1, detours: Detours::NONE })
            } else {
                self.way_through(&ways, &self.ship_edges[index])
            };
        }
        ways
    }

    fn way_through(&self, ways: &[Option<Way>], next: &[usize]) -> Option<Way> {
        let onward = || next.iter().filter_map(|&next| ways[next].as_ref());
        let nearest = onward().map(|way| way.shortest).min()?;
        let mut all = Way { shortest: nearest + 1, paths: 0, detours: Detours::default() };
        for way in onward() {
            all.paths = all.paths.saturating_add(way.paths);
            all.detours = all.detours.or(way.detours.plus(way.shortest - nearest));
        }
        Some(all)
    }

    /// Lists the paths of one length.
    fn list(
        &self,
        ways: &[Option<Way>],
        (root, goal): (usize, usize),
        detour: usize,
        most: usize,
        listed: &mut Vec<Vec<usize>>,
        steps: &mut usize,
    ) {
        // The path so far: each package, the detour that is left there, and which of its edges is next.
        let mut path = vec![(root, detour, 0)];
        while let Some((index, left, edge)) = path.last_mut() {
            if *index == goal {
                if listed.len() >= most || *steps >= MOST_STEPS {
                    return;
                }
                *steps += path.len();
                listed.push(path.iter().map(|(index, ..)| *index).collect());
                path.pop();
                continue;
            }
            let Some(&next) = self.ship_edges[*index].get(*edge) else {
                path.pop();
                continue;
            };
            *edge += 1;
            let (Some(here), Some(there)) = (&ways[*index], &ways[next]) else { continue };
            // Both are steps to the goal, and `here` is at most one more than `there`.
            let lost = there.shortest + 1 - here.shortest;
            if let Some(left) = left.checked_sub(lost).filter(|&left| there.detours.has(left)) {
                path.push((next, left, 0));
            }
        }
    }
}
