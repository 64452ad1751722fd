//! A look at running processes, from `/proc`, without touching them.
//!
//! A process that ends while it is looked at is left out. Nothing here stops a process: it is looked at once it waits.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::counters;
use super::launch::Program;
use super::launch::Usage;
use crate::procfs::{FilePages, MappedFile, Mapping, PAGE_WORD, Process, page_words, parse_smaps};

/// How long CPU time must stand still for a process to count as waiting.
const STILL: Duration = Duration::from_millis(4);

/// How long is waited for that. A program that never rests is looked at all the same.
const PATIENCE: Duration = Duration::from_millis(200);

/// The most pages of one mapping that are asked for: 16 GiB, more than Lambda's largest memory.
const PAGES_LIMIT: u64 = 4 << 20;

/// Waits until the programs' processes do nothing more; false where they do not come to rest.
pub(super) fn come_to_rest(programs: &[Program]) -> bool {
    let spent = || -> Duration { processes_of(programs).iter().filter_map(|(pid, _)| counters::cpu_time(*pid)).sum() };
    let until = Instant::now() + PATIENCE;
    let mut before = spent();
    loop {
        thread::sleep(STILL);
        let now = spent();
        if now == before {
            return true;
        }
        if Instant::now() >= until {
            return false;
        }
        before = now;
    }
}

/// All processes of the programs: a script's children too, as long as they stay in its process group.
pub(super) fn snapshot(programs: &[Program], root: &Path) -> Vec<Process> {
    let processes = processes_of(programs);
    processes.iter().filter_map(|(pid, program)| look(*pid, program, root).ok()).collect()
}

/// Process ids, each with the program that it was started as or by.
fn processes_of(programs: &[Program]) -> Vec<(u32, &Program)> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let mut found: Vec<(u32, &Program)> = pids
        .filter_map(|pid| {
            let group = counters::stat(pid)?.group;
            let program = programs.iter().find(|program| i64::from(program.id()) == group)?;
            Some((pid, program))
        })
        .collect();
    found.sort_by_key(|(pid, _)| *pid);
    found
}

fn look(pid: u32, program: &Program, root: &Path) -> io::Result<Process> {
    let stat = counters::stat(pid).ok_or(io::ErrorKind::NotFound)?;
    let cpu = counters::cpu_time(pid).unwrap_or_default();
    let mappings = parse_smaps(&String::from_utf8_lossy(&fs::read(format!("/proc/{pid}/smaps"))?));
    let package_files = package_files(&mappings, &mut File::open(format!("/proc/{pid}/pagemap"))?, root)?;
    // What was counted before the program itself ran is not its own.
    let before = if pid == program.id() { program.before } else { Usage::default() };
    Ok(Process {
        program: executable(pid, root).unwrap_or_else(|| program.path.clone()),
        mappings,
        package_files,
        minor_faults: stat.minor_faults.saturating_sub(before.minor_faults),
        major_faults: stat.major_faults.saturating_sub(before.major_faults),
        cpu: cpu.saturating_sub(before.cpu),
        run_delay: run_delay(pid),
        threads: stat.threads,
    })
}

/// The program that runs: its path in the package where it is of the package.
fn executable(pid: u32, root: &Path) -> Option<String> {
    let path = fs::read_link(format!("/proc/{pid}/exe")).ok()?;
    Some(path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned())
}

/// Time in the queue of ready threads. Source: `Documentation/scheduler/sched-stats.rst`, "/proc/<pid>/schedstat"; read 2026-11-24.
fn run_delay(pid: u32) -> Duration {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Duration::ZERO };
    let delay = |thread: fs::DirEntry| -> Option<u64> {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_ascii_whitespace().nth(1)?.parse().ok()
    };
    Duration::from_nanos(threads.filter_map(|thread| delay(thread.ok()?)).fold(0, u64::saturating_add))
}

fn package_files(mappings: &[Mapping], pagemap: &mut File, root: &Path) -> io::Result<Vec<MappedFile>> {
    let mut files: Vec<MappedFile> = Vec::new();
    for (number, mapping) in mappings.iter().enumerate().filter(|(_, mapping)| mapping.is_file) {
        let path = mapping.name.as_deref().and_then(|name| Path::new(name).strip_prefix(root).ok());
        let Some(path) = path else { continue };
        let path = path.to_string_lossy().into_owned();
        let at = files.iter().position(|file| file.path == path).unwrap_or_else(|| {
            let none = FilePages::new(mapping.page_size);
            files.push(MappedFile { path, pages: none.clone(), code: none, mappings: Vec::new() });
            files.len() - 1
        });
        let file = &mut files[at];
        file.mappings.push(number);
        let resident = resident_pages(mapping, pagemap)?;
        file.pages.extend(&resident);
        if mapping.executable {
            file.code.extend(&resident);
        }
    }
    Ok(files)
}

/// The file's pages that this mapping has in memory.
fn resident_pages(mapping: &Mapping, pagemap: &mut File) -> io::Result<FilePages> {
    let first = mapping.addresses.start / mapping.page_size;
    let count = (mapping.addresses.end.saturating_sub(mapping.addresses.start) / mapping.page_size).min(PAGES_LIMIT);
    pagemap.seek(SeekFrom::Start(first.saturating_mul(PAGE_WORD)))?;
    let mut words = Vec::new();
    pagemap.take(count.saturating_mul(PAGE_WORD)).read_to_end(&mut words)?;
    let mut pages = FilePages::new(mapping.page_size);
    for (number, word) in (0_u64..).zip(page_words(&words)) {
        if word.is_present() {
            pages.add(mapping.file_offset.saturating_add(number.saturating_mul(mapping.page_size)));
        }
    }
    Ok(pages)
}
