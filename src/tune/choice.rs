//! Which of the builds to take, by stated rules.

use crate::units::{ByteSize, Millis};

/// How much more processor time than the baseline's a balanced choice may take for the event, in percent, beyond what the baseline's own runs differ by.
const BALANCED_PERCENT: f64 = 5.0;

/// What was measured of one experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// The experiment.
    pub name: String,
    /// Size of its zip.
    pub zip: ByteSize,
    /// Processor time of the event, else of init: median, least and most. `None` where nothing was started.
    pub cpu: Option<[Millis; 3]>,
    /// Median of the predicted init.
    pub init: Option<Millis>,
    /// False where it changes what the program does or tells.
    pub same_behaviour: bool,
    /// True where it only shows what somebody ships.
    pub is_reference: bool,
}

/// The builds to choose from, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Choice {
    /// The smallest zip, whatever it costs.
    pub smallest: Option<String>,
    /// The smallest zip of those that take hardly more processor time than the baseline, and whose init is predicted to take no longer.
    pub balanced: Option<String>,
    /// The smallest balanced one of those that change nothing but size and speed.
    pub same_behaviour: Option<String>,
}

/// Chooses among all that was measured; the first is the baseline. Where nothing was started there is no balanced choice: nobody knows what a build costs.
#[must_use]
pub fn choose(all: &[Measured]) -> Choice {
    let Some((baseline, _)) = all.split_first() else { return Choice::default() };
    let smallest = |accepts: &dyn Fn(&Measured) -> bool| {
        let candidates = all.iter().filter(|one| !one.is_reference && accepts(one));
        candidates.min_by(|a, b| (a.zip, &a.name).cmp(&(b.zip, &b.name))).map(|one| one.name.clone())
    };
    let is_balanced = |one: &Measured| is_balanced(one, baseline);
    Choice {
        smallest: smallest(&|_| true),
        balanced: smallest(&is_balanced),
        same_behaviour: smallest(&|one| one.same_behaviour && is_balanced(one)),
    }
}

fn is_balanced(one: &Measured, baseline: &Measured) -> bool {
    let (Some([cpu, ..]), Some([_, least, most])) = (one.cpu, baseline.cpu) else { return false };
    let Some([median, ..]) = baseline.cpu else { return false };
    let noise = (most.get() - least.get()) / 2.0;
    let allowed = median.get() * (1.0 + BALANCED_PERCENT / 100.0) + noise;
    let init = match (one.init, baseline.init) {
        (Some(init), Some(before)) => init.get() <= before.get(),
        _ => true,
    };
    cpu.get() <= allowed && init
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn measured(name: &str, zip: u64, cpu: f64, init: f64) -> Measured {
        let cpu = Some([cpu, cpu - 0.1, cpu + 0.1].map(Millis::new));
        Measured {
            name: name.to_owned(),
            zip: ByteSize::new(zip),
            cpu,
            init: Some(Millis::new(init)),
            same_behaviour: true,
            is_reference: false,
        }
    }

    #[test]
    fn slow_code_is_the_smallest_choice_and_not_the_balanced_one() {
        let all = [
            measured("baseline", 100, 10.0, 20.0),
            measured("opt-level-z", 60, 14.0, 15.0),
            Measured { same_behaviour: false, ..measured("panic-abort", 70, 10.4, 18.0) },
            measured("lto-fat", 80, 9.0, 18.0),
            measured("later", 50, 9.0, 21.0),
            Measured { is_reference: true, ..measured("cargo-lambda", 10, 1.0, 1.0) },
        ];
        let choice = choose(&all);
        assert_eq!(choice.smallest.as_deref(), Some("later"));
        assert_eq!(choice.balanced.as_deref(), Some("panic-abort"));
        assert_eq!(choice.same_behaviour.as_deref(), Some("lto-fat"));
    }

    #[test]
    fn nothing_is_balanced_that_was_not_started() {
        let all = [("baseline", 9), ("lto-fat", 8)]
            .map(|(name, zip)| Measured { cpu: None, ..measured(name, zip, 1.0, 1.0) });
        let choice = choose(&all);
        assert_eq!((choice.smallest.as_deref(), choice.balanced), (Some("lto-fat"), None));
    }

    proptest! {
        #[test]
        fn each_choice_is_no_smaller_than_the_one_with_fewer_conditions(
            rows in prop::collection::vec((1_u64..1000, 1.0_f64..20.0, 1.0_f64..20.0, any::<bool>()), 1..12)
        ) {
            let all: Vec<Measured> = rows
                .iter()
                .enumerate()
                .map(|(number, &(zip, cpu, init, same_behaviour))| Measured { same_behaviour, ..measured(&number.to_string(), zip, cpu, init) })
                .collect();
            let choice = choose(&all);
            let zip = |name: &Option<String>| name.as_ref().and_then(|name| all.iter().find(|one| one.name == *name)).map(|one| one.zip);
            prop_assert!(choice.smallest.is_some() && choice.balanced.is_some(), "the baseline is balanced by itself");
            prop_assert!(zip(&choice.smallest) <= zip(&choice.balanced));
            if choice.same_behaviour.is_some() {
                prop_assert!(zip(&choice.balanced) <= zip(&choice.same_behaviour));
            }
        }
    }
}
