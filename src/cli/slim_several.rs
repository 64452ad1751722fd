//! `slim` of several packages: each by itself, several at a time; one that fails does not stop the others.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::time::Instant;

use rayon::prelude::*;

use crate::host;
use crate::report::PackageFailure;
use crate::units::ByteSize;

use super::args::{Global, Slim};
use super::boot_check::Asked;
use super::error::CliError;
use super::exit_code::ExitCode;
use super::output;
use super::slim::{Done, Goal, carry_out, refuse_what_cannot_be};
use super::subject::Loaded;
use super::terminal::Terminal;

/// Slims every package that is named. Ends with [`ExitCode::Trouble`] where one of them failed.
pub(super) fn run(flags: &Slim, global: &Global, terminal: Terminal) -> Result<ExitCode, CliError> {
    refuse_what_cannot_be(flags)?;
    let artifacts: Vec<&Path> = flags.subject.artifact.iter().chain(&flags.more).map(PathBuf::as_path).collect();
    let jobs = jobs(flags, &artifacts)?;
    let boot_check = Asked::of(flags)?;
    let bar = terminal.progress("slimming", jobs.iter().map(|job| job.size).sum());
    // As many at a time as there are threads: each holds its package in memory, and the threads that it leaves idle compress.
    let mut results = Vec::with_capacity(jobs.len());
    let started = Instant::now();
    for wave in jobs.chunks(rayon::current_num_threads().max(1)) {
        results.par_extend(wave.par_iter().map(|job| {
            let done = job.run(flags, global, boot_check.as_ref(), terminal.silent());
            bar.inc(job.size.get());
            done
        }));
    }
    bar.finish_and_clear();
    terminal.time("slim all", started.elapsed());
    tell(flags, terminal, &artifacts, &results)
}

/// One package, and where what becomes of it goes.
struct Job<'a> {
    artifact: &'a Path,
    goal: Goal,
    debug_file: Option<PathBuf>,
    size: ByteSize,
}

impl Job<'_> {
    fn run(
        &self,
        flags: &Slim,
        global: &Global,
        boot_check: Option<&Asked>,
        terminal: Terminal,
    ) -> Result<Done, CliError> {
        let loaded = Loaded::at(Some(self.artifact), &flags.subject, global, terminal)?;
        carry_out(flags, &loaded, &self.goal, boot_check, self.debug_file.as_deref(), terminal)
    }
}

fn jobs<'a>(flags: &Slim, artifacts: &[&'a Path]) -> Result<Vec<Job<'a>>, CliError> {
    let subject = &flags.subject;
    if !subject.symbols.is_empty() || subject.link_map.is_some() {
        return Err(CliError::Usage("--symbols and --link-map are of one program: slim its package by itself"));
    }
    for (number, artifact) in artifacts.iter().enumerate() {
        if artifacts.iter().take(number).any(|other| host::is_same_place(other, artifact)) {
            return Err(CliError::NamedTwice { path: artifact.to_path_buf() });
        }
    }
    let names = relative_names(artifacts);
    let is_folder = |path: &Path| host::is_folder(path) || ends_like_a_folder(path);
    if flags.output.as_deref().is_some_and(|output| !is_folder(output)) {
        return Err(CliError::Usage(
            "-o takes a folder for several packages: one that exists, or a path that ends in '/'",
        ));
    }
    if flags.debug_file.as_deref().is_some_and(|to| !is_folder(to) && !to.ends_with(".build-id")) {
        return Err(CliError::Usage(
            "--debug-file takes a folder for several packages: one that exists, or a path that ends in '/'",
        ));
    }
    let job = |(&artifact, name): (&&'a Path, PathBuf)| {
        let goal = match &flags.output {
            _ if flags.dry_run => Goal::Nowhere,
            Some(folder) => Goal::ZipInFolder(folder.join(with_zip(&name))),
            None => Goal::Artifact,
        };
        let debug_file = flags.debug_file.as_deref().map(|to| {
            // By build id, files of several packages lie beside each other; by path, each package has its folder.
            if to.ends_with(".build-id") { to.to_owned() } else { to.join(name.with_extension("")).join("") }
        });
        Job { artifact, goal, debug_file, size: host::size_of(artifact) }
    };
    let jobs: Vec<Job<'a>> = artifacts.iter().zip(names).map(job).collect();
    for (number, job) in jobs.iter().enumerate() {
        let Some(path) = job.goal.path() else { continue };
        let others = || artifacts.iter().enumerate().filter(|(other, _)| *other != number);
        let twice = jobs.iter().take(number).any(|other| other.goal.path() == Some(path));
        if twice || others().any(|(_, other)| host::is_same_place(other, path)) {
            return Err(CliError::WrittenTwice { path: path.to_owned() });
        }
    }
    Ok(jobs)
}

fn ends_like_a_folder(path: &Path) -> bool {
    path.as_os_str().to_string_lossy().ends_with(std::path::is_separator)
}

/// The artifacts' names, where they differ. Those of one name, as cargo-lambda calls every zip `bootstrap.zip`, with their
/// folders below the one that they have in common.
fn relative_names(artifacts: &[&Path]) -> Vec<PathBuf> {
    let absolute: Vec<PathBuf> =
        artifacts.iter().map(|path| std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())).collect();
    let name = |path: &Path| path.file_name().map_or_else(|| PathBuf::from("package"), PathBuf::from);
    let mut of_name: BTreeMap<PathBuf, Vec<Vec<Component<'_>>>> = BTreeMap::new();
    for path in &absolute {
        of_name.entry(with_zip(&name(path))).or_default().push(folders(path));
    }
    let relative = |path: &PathBuf| {
        let name = name(path);
        let sharing = of_name.get(&with_zip(&name)).map_or(&[][..], Vec::as_slice);
        if sharing.len() < 2 {
            return name;
        }
        let own = folders(path);
        let shared = (0..own.len()).take_while(|&at| sharing.iter().all(|other| other.get(at) == own.get(at))).count();
        let below: PathBuf = own.iter().skip(shared).collect();
        below.join(name)
    };
    absolute.iter().map(relative).collect()
}

fn folders(path: &Path) -> Vec<Component<'_>> {
    let components = path.parent().unwrap_or(path).components();
    components.filter(|component| matches!(component, Component::Normal(_))).collect()
}

/// `a.zip` stays so; `bootstrap` becomes `bootstrap.zip`.
fn with_zip(name: &Path) -> PathBuf {
    if name.extension().is_some_and(|extension| extension == "zip") {
        return name.to_owned();
    }
    let mut with_zip = name.as_os_str().to_owned();
    with_zip.push(".zip");
    with_zip.into()
}

fn tell(
    flags: &Slim,
    terminal: Terminal,
    artifacts: &[&Path],
    results: &[Result<Done, CliError>],
) -> Result<ExitCode, CliError> {
    let mut failures = Vec::new();
    for (artifact, result) in artifacts.iter().zip(results) {
        match result {
            Ok(done) => {
                for warning in &done.warnings {
                    terminal.note(&warning.replacen("warning: ", &format!("warning: {}: ", artifact.display()), 1));
                }
            }
            Err(error) => {
                Terminal::error(error);
                failures.push(PackageFailure { path: artifact.display().to_string(), error: error.to_string() });
            }
        }
    }
    let done: Vec<&Done> = results.iter().filter_map(|result| result.as_ref().ok()).collect();
    let reports: Vec<_> = done.iter().map(|done| &done.report).collect();
    let options = output::options(terminal, None, 0);
    terminal.result(&output::slim_several(&reports, &failures, flags.format, &options), None)?;
    for (artifact, done) in
        artifacts.iter().zip(results).filter_map(|(artifact, result)| Some((artifact, result.as_ref().ok()?)))
    {
        for note in &done.notes {
            terminal.note(&note.replacen("note: ", &format!("note: {}: ", artifact.display()), 1));
        }
    }
    if failures.is_empty() {
        return Ok(ExitCode::Done);
    }
    terminal.note(&format!("note: {} of {} packages failed", failures.len(), results.len()));
    Ok(ExitCode::Trouble)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(artifacts: &[&str]) -> Vec<String> {
        let artifacts: Vec<&Path> = artifacts.iter().map(Path::new).collect();
        relative_names(&artifacts).iter().map(|name| name.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn names_stay_short_while_they_differ() {
        assert_eq!(names(&["/a/api.zip", "/b/worker.zip"]), ["api.zip", "worker.zip"]);
        let lambda = ["/x/target/lambda/api/bootstrap.zip", "/x/target/lambda/worker/bootstrap.zip"];
        assert_eq!(names(&lambda), ["api/bootstrap.zip", "worker/bootstrap.zip"]);
        assert_eq!(names(&["/a/x", "/a/x.zip", "/c/y.zip"]), ["x", "x.zip", "y.zip"]);
        assert_eq!(names(&["/a/x", "/b/x.zip", "/c/y.zip"]), ["a/x", "b/x.zip", "y.zip"]);
    }
}
