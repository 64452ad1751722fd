//! What to build next. No state: what was measured tells.

use super::experiment::Experiment;
use super::step::Step;
use crate::units::ByteSize;

/// What is known of an experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Its zip.
    Zip(ByteSize),
    /// It failed.
    Failed,
}

/// The experiment to build next; `None` where all is tried. `known` is asked by name.
///
/// First the baseline, then every step alone, in the order given. Then combinations: from the smallest single step on, each other step that made a smaller
/// zip alone is added, largest saving first, and stays if the zip is smaller with it. So of `n` steps at most `2 n` experiments are built, and not `2^n`.
#[must_use]
pub fn next(steps: &[Step], known: &dyn Fn(&str) -> Option<Known>) -> Option<Experiment> {
    let unknown = |experiment: &Experiment| known(&experiment.name()).is_none();
    let singles = steps.iter().map(|step| Experiment::single(step.clone()));
    if let Some(first) = std::iter::once(Experiment::baseline()).chain(singles).find(unknown) {
        return Some(first);
    }
    let zip = |experiment: &Experiment| match known(&experiment.name()) {
        Some(Known::Zip(size)) => Some(size),
        Some(Known::Failed) | None => None,
    };
    let baseline = zip(&Experiment::baseline())?;
    let mut useful: Vec<(ByteSize, &Step)> = steps
        .iter()
        .filter(|step| !Experiment::single((*step).clone()).is_reference())
        .filter_map(|step| Some((zip(&Experiment::single(step.clone()))?, step)))
        .filter(|(size, _)| *size < baseline)
        .collect();
    useful.sort_by(|a, b| (a.0, &a.1.name).cmp(&(b.0, &b.1.name)));
    let mut useful = useful.into_iter();
    let (mut best_size, first) = useful.next()?;
    let mut best = Experiment::single(first.clone());
    for (_, step) in useful {
        let Some(more) = best.with(step) else { continue };
        match known(&more.name()) {
            None => return Some(more),
            Some(Known::Zip(size)) if size < best_size => (best, best_size) = (more, size),
            Some(Known::Zip(_) | Known::Failed) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::tune::{Availability, Circumstances, steps};

    fn all_steps() -> Vec<Step> {
        let here = Circumstances { profile: "release".to_owned(), ..Circumstances::default() };
        let here = steps(&here).into_iter().filter(|(_, available)| *available == Availability::Here);
        here.map(|(step, _)| step).collect()
    }

    /// Runs the search to its end, with a size for each experiment by its name.
    fn run(steps: &[Step], size: impl Fn(&Experiment) -> Known) -> Vec<(String, Known)> {
        let mut order: Vec<(String, Known)> = Vec::new();
        let mut found: BTreeMap<String, Known> = BTreeMap::new();
        while let Some(experiment) = next(steps, &|name| found.get(name).copied()) {
            let name = experiment.name();
            let result = size(&experiment);
            assert!(found.insert(name.clone(), result).is_none(), "{name} is asked for twice");
            order.push((name, result));
            assert!(order.len() <= 2 * steps.len() + 1, "{order:?}");
        }
        order
    }

    fn savings(seed: &[u16]) -> impl Fn(&Experiment) -> Known + '_ {
        let steps = all_steps();
        move |experiment| {
            let saved = experiment.steps().iter().map(|step| {
                let at = steps.iter().position(|known| known.name == step.name).expect("one of them");
                u64::from(seed[at % seed.len()])
            });
            let saved: u64 = saved.sum();
            if saved % 11 == 10 { Known::Failed } else { Known::Zip(ByteSize::new(1_000_000 - saved)) }
        }
    }

    proptest! {
        #[test]
        fn it_ends_tries_every_step_alone_first_and_nothing_twice(seed in prop::collection::vec(0_u16..999, 1..30)) {
            let steps = all_steps();
            let order = run(&steps, savings(&seed));
            if order[0].1 == Known::Failed {
                // Everything is still tried alone: another way to build may work where the project's own does not.
                prop_assert!(order.len() == steps.len() + 1);
            }
            prop_assert_eq!(&order[0].0, "baseline");
            let singles: Vec<&str> = order[1..=steps.len()].iter().map(|(name, _)| name.as_str()).collect();
            prop_assert_eq!(singles, steps.iter().map(|step| step.name.as_str()).collect::<Vec<_>>());
            prop_assert!(order[steps.len() + 1..].iter().all(|(name, _)| name.contains('+') && !name.contains("cargo-lambda")));
        }

        #[test]
        fn a_run_that_was_stopped_goes_on_where_it_was(seed in prop::collection::vec(0_u16..999, 1..30), stop in 0_usize..40) {
            let steps = all_steps();
            let whole = run(&steps, savings(&seed));
            let before: BTreeMap<String, Known> = whole.iter().take(stop).cloned().collect();
            let goes_on = next(&steps, &|name| before.get(name).copied()).map(|experiment| experiment.name());
            prop_assert_eq!(goes_on, whole.get(stop).map(|(name, _)| name.clone()));
        }
    }

    #[test]
    fn combinations_begin_at_the_best_single_step_and_keep_what_helps() {
        let size = |experiment: &Experiment| {
            let name = experiment.name();
            let saved = [("opt-level-z", 100), ("lto-fat", 90), ("panic-abort", 50), ("lto-thin", 40)];
            let mut saved: u64 =
                saved.iter().filter(|(step, _)| name.split('+').any(|part| part == *step)).map(|(_, by)| by).sum();
            if name.contains('+') && name.contains("panic-abort") {
                saved -= 60;
            }
            Known::Zip(ByteSize::new(1000 - saved))
        };
        let order = run(&all_steps(), size);
        let combined: Vec<&str> =
            order.iter().map(|(name, _)| name.as_str()).filter(|name| name.contains('+')).collect();
        assert_eq!(combined, ["opt-level-z+lto-fat", "opt-level-z+lto-fat+panic-abort"]);
    }
}
