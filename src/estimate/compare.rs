//! What turning one package into another changes, with the same draw of every unknown on both sides.
//!
//! Placement, the INIT floor and the scatter are the same function's on both sides, so they cancel, and what remains is what
//! the packages differ in. Two equal packages differ by exactly 0.

use super::coefficient::PackageKind;
use super::draws::{Draws, interval};
use super::inputs::Inputs;
use super::interval::Interval;
use super::model::Model;
use super::prediction::Change;
use super::sample::{Pivot, Sample, samples};

/// Change in touched memory, in MB, above which the direction of a change of INIT is reliable; or
/// `RELIABLE_SHARE` of INIT. Engineering judgement on lambda-perf's within-function drift, 2026-11-23.
const RELIABLE_TOUCHED_MB: f64 = 0.5;
/// See `RELIABLE_TOUCHED_MB`.
const RELIABLE_SHARE: f64 = 0.1;
/// Smallest change that is worth a word, in ms: Lambda bills in whole ms. Source: AWS Lambda pricing page, read 2026-11-23.
const MEASURABLE_MS: f64 = 1.0;
/// Half of the last digit that a conclusion shows, in ms: an interval that ends nearer to 0 reads as if it held 0.
const SHOWN_MS: f64 = 0.05;

/// Predicts what the cold start gains or loses when `before` is replaced by `after`.
///
/// Memory that was measured on one side only is taken for both where the loaded bytes are equal, else it is guessed on both.
#[must_use]
pub fn compare(before: &Inputs, after: &Inputs, model: &Model) -> Change {
    let pair = Pair::align(before, after);
    let draws = Draws::new();
    let pivot = Pivot::between(&pair.before, &pair.after);
    let before_samples = samples(&pair.before, &pair.before, model, &draws, pivot);
    let after_samples = samples(&pair.after, &pair.before, model, &draws, pivot);
    let change = |value: fn(&Sample) -> f64| {
        let differences = before_samples.iter().zip(&after_samples);
        interval(differences.map(|(before, after)| value(after) - value(before)).collect())
    };
    let before_init_ms = change(Sample::before_init);
    let init_ms = change(Sample::init);
    let cold_total_ms = change(Sample::cold_total);

    let parts = [before_init_ms, init_ms].map(|part| Expectation::of(part, MEASURABLE_MS));
    let whole = Expectation::of(cold_total_ms, MEASURABLE_MS).no_surer_than(parts);
    let init_before = interval(before_samples.iter().map(Sample::init).collect());
    let conclusion = [
        before_init_conclusion(&pair, before_init_ms),
        init_conclusion(&pair, model, init_before, init_ms),
        format!("Whole cold start: {}.", outcome(cold_total_ms, whole)),
    ]
    .join(" ");
    Change { before_init_ms, init_ms, cold_total_ms, conclusion }
}

/// Both sides, with touched memory known in the same way.
struct Pair {
    before: Inputs,
    after: Inputs,
    dropped: Dropped,
}

/// What happened to a measurement that one side lacks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dropped {
    Nothing,
    Measurement,
}

impl Pair {
    fn align(before: &Inputs, after: &Inputs) -> Self {
        let (mut before, mut after) = (*before, *after);
        let mut dropped = Dropped::Nothing;
        if before.touched.is_some() != after.touched.is_some() {
            let same_program = before.loaded == after.loaded && before.bundled_libraries == after.bundled_libraries;
            let known = before.touched.or(after.touched).filter(|_| same_program);
            if known.is_none() {
                dropped = Dropped::Measurement;
            }
            before.touched = known;
            after.touched = known;
        }
        Self { before, after, dropped }
    }

    fn same_platform(&self) -> bool {
        self.before.package == self.after.package && self.before.architecture == self.after.architecture
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expectation {
    NoMeasurableChange,
    Faster,
    MaybeFaster,
    MaybeSlower,
    Slower,
}

impl Expectation {
    /// What to expect of a change whose median counts only from `smallest_ms` on.
    fn of(change: Interval, smallest_ms: f64) -> Self {
        let Interval { p10, p50, p90 } = change;
        if p50.abs() < smallest_ms {
            Self::NoMeasurableChange
        } else if p90 < -SHOWN_MS {
            Self::Faster
        } else if p10 > SHOWN_MS {
            Self::Slower
        } else if p50 < 0.0 {
            Self::MaybeFaster
        } else {
            Self::MaybeSlower
        }
    }
}

impl Expectation {
    /// A sum of two effects, each of which may be nothing, can look certain where neither is: then it is said with the doubt
    /// of its parts.
    fn no_surer_than(self, parts: [Self; 2]) -> Self {
        match self {
            Self::Faster if !parts.contains(&Self::Faster) => Self::MaybeFaster,
            Self::Slower if !parts.contains(&Self::Slower) => Self::MaybeSlower,
            other => other,
        }
    }
}

fn before_init_conclusion(pair: &Pair, change: Interval) -> String {
    let outcome = outcome(change, Expectation::of(change, MEASURABLE_MS));
    let sizes_differ = pair.before.zip.size() != pair.after.zip.size() || pair.before.unzipped != pair.after.unzipped;
    let evidence = match (pair.after.package, sizes_differ) {
        (_, false) if pair.same_platform() => "",
        (PackageKind::Zip, _) => {
            " (weak evidence: the cost of a zipped MB is hardly known, and if Lambda re-packs code on its side, a smaller zip \
             changes nothing)"
        }
        (PackageKind::Image, _) => {
            " (images are read on demand, so bytes that init does not read cost next to nothing)"
        }
    };
    format!("Before INIT: {outcome}{evidence}.")
}

fn init_conclusion(pair: &Pair, model: &Model, before: Interval, change: Interval) -> String {
    let per_touched = model.platform(pair.before.package, pair.before.architecture).init_per_touched_mb.value.p50;
    let smallest_ms = if pair.same_platform() {
        (RELIABLE_TOUCHED_MB * per_touched).min(RELIABLE_SHARE * before.p50)
    } else {
        MEASURABLE_MS
    };
    let expectation = Expectation::of(change, smallest_ms);
    let outcome = outcome(change, expectation);
    let why = if pair.dropped == Dropped::Measurement {
        " (touched memory was measured on one side only, so it is guessed from loaded bytes on both: weak evidence)"
    } else if expectation == Expectation::NoMeasurableChange {
        ""
    } else if pair.before.touched.is_none() {
        " (touched memory is guessed from loaded bytes: weak evidence)"
    } else {
        " (from measured memory: moderate evidence)"
    };
    format!("INIT: {outcome}{why}.")
}

fn outcome(change: Interval, expectation: Expectation) -> String {
    let Interval { p10, p50, p90 } = change;
    let span = format!("{p50:+.1} ms, 80 % interval {p10:+.1} to {p90:+.1}");
    match expectation {
        Expectation::NoMeasurableChange if (p10, p90) == (0.0, 0.0) => "no measurable change expected".to_owned(),
        Expectation::NoMeasurableChange => format!("no measurable change expected ({span})"),
        Expectation::Faster => format!("faster ({span})"),
        Expectation::MaybeFaster => format!("may be faster ({span})"),
        Expectation::MaybeSlower => format!("may be slower ({span})"),
        Expectation::Slower => format!("slower ({span})"),
    }
}
