//! Sums over processes, and medians over starts.

use std::collections::BTreeMap;
use std::time::Duration;

use super::anonymous::by_kind;
use super::measurement::{AnonymousRow, ColdCache, FirstEvent, Measurement, Spreads, SystemFile, TouchedFile};
use super::spread::Spread;
use crate::procfs::{Answered, FilePages, Process, Start};
use crate::units::{ByteSize, Millis};

/// What a package's starts come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// For the report.
    pub measurement: Measurement,
    /// The pages behind [`Measurement::files`], by path in the package.
    pub pages: BTreeMap<String, FilePages>,
    /// The same once the event was answered; `None` without one.
    pub answered_pages: Option<BTreeMap<String, FilePages>>,
    /// False where some start was looked at while it still ran.
    pub at_rest: bool,
}

/// What the processes of one start have in memory, summed.
#[derive(Debug, Clone, Default)]
struct Totals {
    file: ByteSize,
    code: ByteSize,
    anonymous: ByteSize,
    minor_faults: u64,
    major_faults: u64,
    cpu: Duration,
    run_delay: Duration,
}

impl Totals {
    fn of(processes: &[Process]) -> Self {
        let mut totals = Self::default();
        for process in processes {
            for file in &process.package_files {
                totals.file += file.pages.size();
                totals.code += file.code.size();
            }
            totals.anonymous += by_kind(process).into_iter().map(|(_, size)| size).sum();
            totals.minor_faults = totals.minor_faults.saturating_add(process.minor_faults);
            totals.major_faults = totals.major_faults.saturating_add(process.major_faults);
            totals.cpu = totals.cpu.saturating_add(process.cpu);
            totals.run_delay = totals.run_delay.saturating_add(process.run_delay);
        }
        totals
    }
}

/// Sums and medians; `None` without a start. `cold` are starts from a cold page cache.
#[must_use]
pub fn summarize(starts: &[Start], cold: &[Start]) -> Option<Summary> {
    let totals: Vec<Totals> = starts.iter().map(|start| Totals::of(&start.processes)).collect();
    let sizes = |size: fn(&Totals) -> ByteSize| Spread::of(totals.iter().map(size));
    let counts = |count: fn(&Totals) -> u64| Spread::of(totals.iter().map(count));
    let spread = Spreads {
        touched_file_bytes: sizes(|totals| totals.file)?,
        touched_code_bytes: sizes(|totals| totals.code)?,
        anonymous_bytes: sizes(|totals| totals.anonymous)?,
        minor_faults: counts(|totals| totals.minor_faults)?,
        major_faults: counts(|totals| totals.major_faults)?,
        cpu_ms: Spread::of(totals.iter().map(|totals| millis(totals.cpu)))?,
        ready_ms: Spread::of(starts.iter().map(|start| millis(start.ready)))?,
        first_response_ms: Spread::of(
            starts.iter().filter_map(|start| Some(millis(start.answered.as_ref()?.response))),
        ),
    };
    // The start with the median of touched file memory tells the parts, so that they sum to a start that was.
    let at = totals.iter().position(|totals| totals.file == spread.touched_file_bytes.median)?;
    let (typical, of_typical) = (starts.get(at)?, totals.get(at)?);
    let parts = Parts::of(&typical.processes);
    let waiting = starts
        .iter()
        .zip(&totals)
        .map(|(start, totals)| millis(start.ready.saturating_sub(totals.cpu).saturating_sub(totals.run_delay)));
    let measurement = Measurement {
        runs: u32::try_from(starts.len()).ok()?,
        touched_file_bytes: of_typical.file,
        touched_code_bytes: of_typical.code,
        anonymous_bytes: of_typical.anonymous,
        relocated_dirty_bytes: parts.files.iter().map(|file| file.dirty_bytes).sum(),
        minor_faults: spread.minor_faults.median,
        major_faults: spread.major_faults.median,
        cpu_ms: spread.cpu_ms.median,
        ready_ms: spread.ready_ms.median,
        first_response_ms: spread.first_response_ms.map(|spread| spread.median),
        isolated: false,
        not_isolated_because: None,
        emulator: None,
        touched_bytes: of_typical.file + of_typical.anonymous,
        waiting_ms: Spread::of(waiting)?.median,
        relocations: 0,
        files: parts.files,
        system_files: parts.system_files,
        anonymous: parts.anonymous,
        spread,
        first_event: first_event(starts, &totals),
        cold_cache: cold_cache(cold),
        waits: None,
    };
    let at_rest = starts.iter().all(|start| start.at_rest);
    let answered_pages = typical.answered.as_ref().map(|answered| Parts::of(&answered.processes).pages);
    Some(Summary { measurement, pages: parts.pages, answered_pages, at_rest })
}

fn millis(duration: Duration) -> Millis {
    // A thousandth of a millisecond is finer than any of this repeats.
    Millis::new((duration.as_secs_f64() * 1e6).round() / 1e3)
}

/// One start, by file and kind.
struct Parts {
    files: Vec<TouchedFile>,
    system_files: Vec<SystemFile>,
    anonymous: Vec<AnonymousRow>,
    pages: BTreeMap<String, FilePages>,
}

impl Parts {
    fn of(processes: &[Process]) -> Self {
        let mut files: BTreeMap<&str, TouchedFile> = BTreeMap::new();
        let mut pages: BTreeMap<String, FilePages> = BTreeMap::new();
        let mut system: BTreeMap<&str, ByteSize> = BTreeMap::new();
        let mut kinds = BTreeMap::new();
        for process in processes {
            for file in &process.package_files {
                let row = files.entry(&file.path).or_insert_with(|| TouchedFile {
                    path: file.path.clone(),
                    touched_bytes: ByteSize::ZERO,
                    touched_code_bytes: ByteSize::ZERO,
                    dirty_bytes: ByteSize::ZERO,
                });
                row.touched_bytes += file.pages.size();
                row.touched_code_bytes += file.code.size();
                let mappings = file.mappings.iter().filter_map(|&number| process.mappings.get(number));
                row.dirty_bytes += mappings.map(|mapping| mapping.anonymous).sum();
                match pages.get_mut(&file.path) {
                    Some(known) => known.extend(&file.pages),
                    None => drop(pages.insert(file.path.clone(), file.pages.clone())),
                }
            }
            let of_package = |number: usize| process.package_files.iter().any(|file| file.mappings.contains(&number));
            for (number, mapping) in process.mappings.iter().enumerate() {
                if let Some(name) = mapping.name.as_deref().filter(|_| mapping.is_file && !of_package(number)) {
                    *system.entry(name).or_default() += mapping.resident.saturating_sub(mapping.anonymous);
                }
            }
            for (kind, size) in by_kind(process) {
                *kinds.entry(kind).or_default() += size;
            }
        }
        let mut files: Vec<TouchedFile> = files.into_values().collect();
        files.sort_by(|a, b| b.touched_bytes.cmp(&a.touched_bytes).then_with(|| a.path.cmp(&b.path)));
        let system =
            system.into_iter().map(|(path, touched_bytes)| SystemFile { path: path.to_owned(), touched_bytes });
        let mut system_files: Vec<SystemFile> = system.collect();
        system_files.sort_by(|a, b| b.touched_bytes.cmp(&a.touched_bytes).then_with(|| a.path.cmp(&b.path)));
        let mut anonymous: Vec<AnonymousRow> =
            kinds.into_iter().map(|(kind, bytes)| AnonymousRow { kind, bytes }).collect();
        anonymous.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.kind.cmp(&b.kind)));
        Self { files, system_files, anonymous, pages }
    }
}

/// What the event added, in the median of what each start shows.
fn first_event(starts: &[Start], before: &[Totals]) -> Option<FirstEvent> {
    let answers: Vec<(&Totals, Totals)> = before
        .iter()
        .zip(starts)
        .filter_map(|(before, start)| {
            let Answered { processes, .. } = start.answered.as_ref()?;
            Some((before, Totals::of(processes)))
        })
        .collect();
    let more = |size: fn(&Totals) -> ByteSize| {
        let sizes = answers.iter().map(|(before, after)| size(after).saturating_sub(size(before)));
        Spread::of(sizes).map(|spread| spread.median)
    };
    let faults = answers.iter().map(|(before, after)| after.minor_faults.saturating_sub(before.minor_faults));
    let cpu = answers.iter().map(|(before, after)| millis(after.cpu.saturating_sub(before.cpu)));
    let cpu = Spread::of(cpu)?;
    Some(FirstEvent {
        touched_file_bytes: more(|totals| totals.file)?,
        touched_code_bytes: more(|totals| totals.code)?,
        anonymous_bytes: more(|totals| totals.anonymous)?,
        minor_faults: Spread::of(faults)?.median,
        cpu_ms: cpu.median,
        cpu_ms_spread: Some(cpu),
    })
}

fn cold_cache(starts: &[Start]) -> Option<ColdCache> {
    let totals: Vec<Totals> = starts.iter().map(|start| Totals::of(&start.processes)).collect();
    Some(ColdCache {
        runs: u32::try_from(starts.len()).ok()?,
        ready_ms: Spread::of(starts.iter().map(|start| millis(start.ready)))?,
        major_faults: Spread::of(totals.iter().map(|totals| totals.major_faults))?,
    })
}
