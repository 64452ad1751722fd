//! Limits as they are applied: each one with what was found.

use super::budget::Budget;
use super::error::Error;
use super::growth::Growth;
use super::limit::{Limit, PartLimit, TimeLimit};
use super::parts::{PartKind, PartSize, Parts, names_crates};
use super::rules::{BASELINE_MISSING, Level};
use super::verdict::{Amounts, Gate, Measure, Part};
use crate::package::Role;
use crate::report::{ArtifactKind, Binary, Report};
use crate::units::{ByteSize, Millis};

/// The name of a limit that holds for each part that no other limit names.
const ANY: &str = "*";

/// Two reports under a budget.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) new: &'a Report,
    pub(super) baseline: Option<&'a Report>,
    pub(super) budget: &'a Budget,
}

/// What was found where a limit was applied.
struct Found {
    measure: Measure,
    part: Option<Part>,
    actual: ByteSize,
    /// `None` where there is no baseline, or one that does not know.
    before: Option<ByteSize>,
}

impl Question<'_> {
    /// Every limit as it was applied.
    ///
    /// # Errors
    /// Where a limit cannot be applied: a limit never goes unapplied in silence.
    pub(super) fn gates(self) -> Result<Vec<Gate>, Error> {
        let budget = self.budget;
        let mut gates = Vec::new();
        for (name, measure, limit) in [
            ("max-zip", Measure::Zipped, budget.max_zip),
            ("max-unzipped", Measure::Unzipped, budget.max_unzipped),
            ("max-touched", Measure::Touched, budget.max_touched),
        ] {
            if !limit.is_empty() {
                self.limit(name, limit, &self.of_package(name, measure)?, &mut gates)?;
            }
        }
        self.programs(&mut gates)?;
        self.growth(&mut gates)?;
        self.parts(PartKind::Crate, &mut gates)?;
        self.parts(PartKind::Section, &mut gates)?;
        self.init(&mut gates)?;
        Ok(gates)
    }

    fn of_package(self, budget: &str, measure: Measure) -> Result<Found, Error> {
        let actual = package_size(self.new, measure).ok_or_else(|| unknown(budget, measure, self.new))?;
        Ok(Found { measure, part: None, actual, before: self.baseline.and_then(|old| package_size(old, measure)) })
    }

    /// One limit on one size: at most a gate for the size, and one for its growth.
    fn limit(self, budget: &str, limit: Limit, found: &Found, gates: &mut Vec<Gate>) -> Result<(), Error> {
        if let Some(max) = limit.max {
            gates.push(gate(budget, format!("{} B", max.get()), found, max, false));
        }
        let Some(growth) = limit.growth else { return Ok(()) };
        match (found.before, self.baseline) {
            (Some(before), _) => {
                gates.push(gate(budget, format!("+{growth}"), found, self.grown_limit(growth, before), true));
            }
            (None, Some(old)) => return Err(unknown(budget, found.measure, old)),
            (None, None) => self.without_baseline(budget, &growth.to_string())?,
        }
        Ok(())
    }

    /// The largest size that is no growth too many: what is within the noise has not grown.
    fn grown_limit(self, growth: Growth, before: ByteSize) -> ByteSize {
        let noise = self.budget.noise.map_or(before, |noise| noise.limit(before));
        growth.limit(before).max(noise)
    }

    /// Growth that nothing is there to compare with: an error, unless the project wants to hear of it otherwise.
    fn without_baseline(self, budget: &str, growth: &str) -> Result<(), Error> {
        if self.budget.rules.own(BASELINE_MISSING) == Level::Deny {
            return Err(Error::GrowthNeedsBaseline { budget: budget.into(), growth: growth.into() });
        }
        Ok(())
    }

    fn programs(self, gates: &mut Vec<Gate>) -> Result<(), Error> {
        let limit = self.budget.max_file;
        if limit.is_empty() {
            return Ok(());
        }
        let (now, before) = (programs(self.new), self.baseline.map(programs));
        for binary in &now {
            let before = before.as_ref().map(|before| match (now.as_slice(), before.as_slice()) {
                ([_], [only]) => only.file_bytes,
                _ => before.iter().find(|old| old.path == binary.path).map_or(ByteSize::ZERO, |old| old.file_bytes),
            });
            let part = Some(Part::Program(binary.path.clone()));
            let found = Found { measure: Measure::File, part, actual: binary.file_bytes, before };
            self.limit("max-file", limit, &found, gates)?;
        }
        Ok(())
    }

    /// `max-growth`: of the zip where both sides are zips, and of the files.
    fn growth(self, gates: &mut Vec<Gate>) -> Result<(), Error> {
        let Some(growth) = self.budget.max_growth else { return Ok(()) };
        if self.baseline.is_none() {
            return self.without_baseline("max-growth", &growth.to_string());
        }
        for measure in [Measure::Zipped, Measure::Unzipped] {
            let sizes = (package_size(self.new, measure), self.baseline.and_then(|old| package_size(old, measure)));
            if let (Some(actual), Some(before)) = sizes {
                let found = Found { measure, part: None, actual, before: Some(before) };
                gates.push(gate("max-growth", growth.to_string(), &found, self.grown_limit(growth, before), true));
            }
        }
        Ok(())
    }

    fn parts(self, kind: PartKind, gates: &mut Vec<Gate>) -> Result<(), Error> {
        let limits = match kind {
            PartKind::Crate => &self.budget.crates,
            PartKind::Section => &self.budget.sections,
        };
        if limits.is_empty() {
            return Ok(());
        }
        let mut sides = [Some(self.new), self.baseline].into_iter().flatten();
        if let Some(report) = sides.find(|report| kind == PartKind::Crate && !names_crates(report)) {
            return Err(Error::CrateBudgetNeedsNames {
                budget: format!("{}.{}", kind.table(), limits.keys().next().map_or(ANY, String::as_str)),
                path: report.artifact.path.clone(),
            });
        }
        let (now, before) = (Parts::of(self.new, kind), self.baseline.map(|old| Parts::of(old, kind)));
        for (name, limit) in limits.iter().filter(|(name, _)| *name != ANY) {
            let key = kind.key(name);
            let sizes = (now.size(&key), before.as_ref().map(|before| before.size(&key)));
            self.part(kind, name, name, *limit, sizes, gates)?;
        }
        let Some(any) = limits.get(ANY) else { return Ok(()) };
        let named: Vec<String> = limits.keys().map(|name| kind.key(name)).collect();
        let mut of_any = Vec::new();
        for (key, name, size) in
            now.iter().filter(|(key, _, size)| size.is_any && !named.iter().any(|name| name == key))
        {
            self.part(kind, ANY, name, *any, (size, before.as_ref().map(|before| before.size(key))), &mut of_any)?;
        }
        // Of hundreds of parts that keep the limit, the one that is nearest to it says enough.
        let nearest =
            of_any.iter().filter(|gate| gate.passed()).max_by_key(|gate| (share(gate), gate.part.clone())).cloned();
        of_any.retain(|gate| !gate.passed());
        gates.extend(of_any.into_iter().chain(nearest));
        Ok(())
    }

    fn part(
        self,
        kind: PartKind,
        limited: &str,
        name: &str,
        limit: PartLimit,
        (now, before): (PartSize, Option<PartSize>),
        gates: &mut Vec<Gate>,
    ) -> Result<(), Error> {
        for (of, measure, limit) in [
            ("", Measure::File, limit.file),
            (".zip", Measure::Zipped, limit.zip),
            (".touched", Measure::Touched, limit.touched),
        ] {
            if limit.is_empty() {
                continue;
            }
            let budget = format!("{}.{limited}{of}", kind.table());
            let part = match kind {
                PartKind::Crate => Part::Crate(name.to_owned()),
                PartKind::Section => Part::Section(name.to_owned()),
            };
            let actual = now.in_measure(measure).ok_or_else(|| unknown(&budget, measure, self.new))?;
            let before = before.and_then(|before| before.in_measure(measure));
            self.limit(&budget, limit, &Found { measure, part: Some(part), actual, before }, gates)?;
        }
        Ok(())
    }

    fn init(self, gates: &mut Vec<Gate>) -> Result<(), Error> {
        const BUDGET: &str = "max-init-ms";
        let TimeLimit { max_ms, growth } = self.budget.max_init_ms;
        if self.budget.max_init_ms.is_empty() {
            return Ok(());
        }
        let needs_program = || Error::InitBudgetNeedsProgram { path: self.new.artifact.path.clone() };
        let actual_ms = init(self.new).ok_or_else(needs_program)?;
        let baseline_ms = self.baseline.and_then(init);
        let mut push = |rule: String, limit_ms, of_growth| {
            let amounts = Amounts::Time { limit_ms, actual_ms, baseline_ms };
            let budget = BUDGET.to_owned();
            gates.push(Gate { budget, rule, measure: Measure::Init, of_growth, part: None, amounts });
        };
        if let Some(max) = max_ms {
            push(format!("{max} ms"), Millis::new(f64::from(max)), false);
        }
        match (growth, baseline_ms) {
            (None, _) => Ok(()),
            (Some(growth), Some(before)) => {
                push(format!("+{growth}"), growth.limit(before), true);
                Ok(())
            }
            (Some(growth), None) => self.without_baseline(BUDGET, &growth.to_string()),
        }
    }
}

fn init(report: &Report) -> Option<Millis> {
    report.estimate.as_ref().map(|estimate| Millis::new(estimate.init_ms.p50))
}

fn gate(budget: &str, rule: String, found: &Found, limit: ByteSize, of_growth: bool) -> Gate {
    Gate {
        budget: budget.to_owned(),
        rule,
        measure: found.measure,
        of_growth,
        part: found.part.clone(),
        amounts: Amounts::Bytes { limit_bytes: limit, actual_bytes: found.actual, baseline_bytes: found.before },
    }
}

/// How much of its limit is used, in millionths.
fn share(gate: &Gate) -> u128 {
    match gate.amounts {
        Amounts::Bytes { limit_bytes, actual_bytes, .. } => {
            u128::from(actual_bytes.get()) * 1_000_000 / u128::from(limit_bytes.get().max(1))
        }
        Amounts::Time { .. } => 0,
    }
}

/// The programs that Lambda starts; of a package without one, all its ELF files.
fn programs(report: &Report) -> Vec<&Binary> {
    let is_started = |binary: &&Binary| {
        let mut entries = report.artifact.entries.iter().filter(|entry| entry.path == binary.path);
        entries.any(|entry| matches!(entry.role, Role::Bootstrap | Role::Extension))
    };
    let started: Vec<&Binary> = report.binaries.iter().filter(is_started).collect();
    if started.is_empty() { report.binaries.iter().collect() } else { started }
}

/// A size of the package as a whole; `None` where the report does not know it.
fn package_size(report: &Report, measure: Measure) -> Option<ByteSize> {
    match measure {
        Measure::Zipped => report.artifact.zip_bytes,
        Measure::Unzipped | Measure::File => Some(report.artifact.unzipped_bytes),
        Measure::Touched => report.measurement.as_ref().map(|measurement| measurement.touched_bytes),
        Measure::Init => None,
    }
}

/// The size that a limit is about is not known of this report.
fn unknown(budget: &str, measure: Measure, report: &Report) -> Error {
    let (budget, path) = (budget.to_owned(), report.artifact.path.clone());
    match (measure, budget.as_str()) {
        (Measure::Touched, _) => Error::TouchedBudgetNeedsMeasurement { budget, path },
        (_, "max-zip") => Error::ZipBudgetNeedsZip { path, kind: kind_in_words(report.artifact.kind) },
        _ => Error::PartBudgetNeedsZip { budget, path },
    }
}

const fn kind_in_words(kind: ArtifactKind) -> &'static str {
    match kind {
        ArtifactKind::Zip => "a zip",
        ArtifactKind::Directory => "a folder",
        ArtifactKind::Elf => "an ELF file",
    }
}
