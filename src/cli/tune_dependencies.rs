//! `tune`: what other dependencies would save. Each change is built in a copy of the project; what does not build, start, answer and pass its tests is not proposed.

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::attribution::{DuplicateCrate, DuplicateVersion};
use crate::cargo::{AskedIn, FeatureEdit, with_features};
use crate::host::{self, BuildOptions, HostError, Project, ProjectCopy, Selection};
use crate::report::{Sureness, TuneFigures, TuneProposal};
use crate::tune::{Experiment, FeatureTrial, HeavyChoice, feature_trials, heavy_choices};
use crate::units::{ByteDelta, ByteSize};

use super::error::CliError;
use super::tune_bench::{Bench, Failed};
use super::tune_session::{BASELINE, Session};
use super::tune_steps::crates;

/// Less than this is no reason to change a manifest.
const WORTH: ByteSize = ByteSize::new(512);
/// Why an update is no merger.
const LEAVES_BOTH: &str = "the update leaves both versions";
/// Duplicates that are looked at, largest first.
const MOST_DUPLICATES: usize = 8;

/// What was found, most first.
pub(super) fn proposals(session: &mut Session<'_>) -> Result<Vec<TuneProposal>, CliError> {
    let mut found: Vec<TuneProposal> = Vec::new();
    let Some(report) = session.baseline_report() else { return Ok(found) };
    let crates = crates(session.project, &report);
    let project = session.project;
    let mut done: BTreeSet<String> = BTreeSet::new();
    for trial in feature_trials(&project.graph, project.root, &crates) {
        if done.contains(&trial.dependency) {
            continue;
        }
        let Some(proposal) = features(session, &trial)? else { continue };
        if trial.is_all {
            done.insert(trial.dependency.clone());
        }
        found.extend(proposal);
    }
    for (choice, retained) in heavy_choices(&crates) {
        found.push(heavy(session, choice, retained)?);
    }
    for duplicate in report.duplicates.iter().filter(|one| one.saves_bytes >= WORTH).take(MOST_DUPLICATES) {
        found.extend(merged(session, duplicate)?);
    }
    session.bench.experiments.remove_copy();
    let saved = |one: &TuneProposal| one.saves_zip_bytes.or(one.saves_file_bytes).map_or(0, ByteDelta::get);
    found.sort_by(|a, b| {
        let sure = |one: &TuneProposal| one.sure == Sureness::Estimated;
        (sure(a), -saved(a), &a.subject).cmp(&(sure(b), -saved(b), &b.subject))
    });
    Ok(found)
}

/// Features that the program has only where the whole workspace is built.
pub(super) fn unification(session: &Session<'_>) -> Result<Option<TuneProposal>, CliError> {
    let (Some(together), Some(alone)) = (session.figures("with-workspace"), session.figures(BASELINE)) else {
        return Ok(None);
    };
    let (project, options) = (session.project, session.bench.options);
    let of_package = host::features_of(project, options, Selection::Package)?;
    let of_workspace = host::features_of(project, options, Selection::Workspace)?;
    let more = of_package.iter().filter_map(|(package, features)| {
        let more: Vec<&str> = of_workspace.get(package)?.difference(features).map(String::as_str).collect();
        (!more.is_empty()).then(|| format!("{package} ({})", more.join(", ")))
    });
    let more: Vec<String> = more.collect();
    let name = &project.root_package().name;
    if more.is_empty() {
        return Ok(None);
    }
    let is_worth_it = together.zip_bytes.saturating_sub(alone.zip_bytes) >= WORTH;
    let advice = if is_worth_it { "Build it alone." } else { "In this program that changes hardly a byte." };
    let commands = ["cargo build --release -p", "cargo lambda build --release -p", "cargo lambda-slim slim -p"];
    Ok(Some(TuneProposal {
        code: "feature-unification".to_owned(),
        subject: name.clone(),
        message: format!(
            "Built with its workspace, {name} has features that other packages ask for: {}. {advice}",
            more.join("; ")
        ),
        lines: commands.iter().filter(|_| is_worth_it).map(|command| format!("{command} {name}")).collect(),
        sure: Sureness::Measured,
        saves_zip_bytes: Some(saved(together.zip_bytes, alone.zip_bytes)),
        saves_file_bytes: Some(saved(together.file_bytes, alone.file_bytes)),
        saves_init_ms: init(&together).zip(init(&alone)).map(|(before, after)| before - after),
        source: None,
    }))
}

/// `None` where it does not work or the budget is over; an empty list where it works and saves nothing to speak of.
fn features(session: &mut Session<'_>, trial: &FeatureTrial) -> Result<Option<Option<TuneProposal>>, CliError> {
    let project = session.project;
    let own = project.root_package().source_root.join("Cargo.toml");
    let shared = project.graph.workspace_root().join("Cargo.toml");
    let mut place = (own.clone(), AskedIn::Package);
    let edit = |path: &std::path::Path, asked_in| -> Result<FeatureEdit, CliError> {
        let text = host::read_text(path)?;
        with_features(&text, &trial.dependency, &trial.choice, asked_in)
            .map_err(|source| CliError::Manifest { path: path.to_owned(), source })
    };
    let mut edited = edit(&own, AskedIn::Package)?;
    if edited == FeatureEdit::Inherited {
        place = (shared.clone(), AskedIn::Workspace);
        edited = edit(&shared, AskedIn::Workspace)?;
    }
    let FeatureEdit::Done { line, .. } = edited else { return Ok(None) };
    let prepare = |copy: &ProjectCopy, _: &BuildOptions| -> Result<(), CliError> {
        let path = copy.path_of(&place.0);
        if let FeatureEdit::Done { manifest, .. } = edit(&path, place.1)? {
            host::replace(&path, manifest.as_bytes(), None)?;
        }
        Ok(())
    };
    let what = format!("{} without {}", trial.dependency, trial.without.join(", "));
    let Some(after) = session.try_in_copy(&trial.key(), &what, &prepare)? else { return Ok(None) };
    let table = if place.1 == AskedIn::Workspace { "[workspace.dependencies]" } else { "[dependencies]" };
    let below = place.0.strip_prefix(project.graph.workspace_root()).unwrap_or(&place.0);
    let lines = vec![format!("{table} in {}:", below.display()), line];
    let message = format!(
        "It works without {} of {}: {}.",
        trial.without.iter().map(|one| format!("the feature {one:?}")).collect::<Vec<_>>().join(", "),
        trial.package,
        session.what_was_checked()
    );
    Ok(Some(session.measured("default-features", &trial.package, message, lines, &after)))
}

fn heavy(session: &mut Session<'_>, choice: &HeavyChoice, retained: ByteSize) -> Result<TuneProposal, CliError> {
    if let Some(version) = &choice.update {
        let prepare = |copy: &ProjectCopy, options: &BuildOptions| {
            Ok(copy.update(options, &choice.package, Some(version.as_str()))?)
        };
        let what = format!("{} {version}", choice.package);
        if let Some(after) = session.try_in_copy(&format!("update {what}"), &what, &prepare)? {
            let message = format!("{} Tried: {}.", choice.advice, session.what_was_checked());
            let measured = session.measured("heavy-choice", &choice.package, message, choice.lines.clone(), &after);
            if let Some(proposal) = measured {
                return Ok(TuneProposal { source: Some(read_on(choice)), ..proposal });
            }
        }
    }
    Ok(TuneProposal {
        code: "heavy-choice".to_owned(),
        subject: choice.package.clone(),
        message: choice.advice.clone(),
        lines: choice.lines.clone(),
        sure: Sureness::Estimated,
        saves_zip_bytes: None,
        saves_file_bytes: Some(saved(retained, ByteSize::ZERO)),
        saves_init_ms: None,
        source: Some(read_on(choice)),
    })
}

fn read_on(choice: &HeavyChoice) -> String {
    format!("{}, read {}", choice.source, choice.read)
}

/// Several versions of one package: an update of who asks for an old one, where one is allowed and merges them.
fn merged(session: &mut Session<'_>, duplicate: &DuplicateCrate) -> Result<Vec<TuneProposal>, CliError> {
    let Some((newest, old)) = duplicate.versions.split_last() else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for version in old {
        found.push(merged_version(session, duplicate, version, newest)?);
    }
    Ok(found)
}

fn merged_version(
    session: &mut Session<'_>,
    duplicate: &DuplicateCrate,
    old: &DuplicateVersion,
    newest: &DuplicateVersion,
) -> Result<TuneProposal, CliError> {
    let DuplicateCrate { name, .. } = duplicate;
    let users: Vec<String> =
        old.brought_in_by.iter().map(|user| format!("{}@{}", bare(&user.name), user.version)).collect();
    let known = session.project.graph.packages().iter().map(|package| package.id.clone()).collect::<BTreeSet<_>>();
    if let [user] = users.as_slice() {
        let updated = RefCell::new(String::new());
        let prepare = |copy: &ProjectCopy, options: &BuildOptions| -> Result<(), CliError> {
            copy.update(options, user, None)?;
            let after = Project::load(options, &mut |_| {})?;
            let packages = after.graph.packages();
            if packages.iter().any(|one| one.name == *name && one.version == old.version) {
                return Err(CliError::Usage(LEAVES_BOTH));
            }
            let package = user.split('@').next().unwrap_or_default();
            let new = packages.iter().find(|one| one.name == package && !known.contains(&one.id));
            if let Some(new) = new {
                updated.replace(new.version.clone());
            }
            Ok(())
        };
        let what = format!("{user} updated, for one {name}");
        if let Some(after) = session.try_in_copy(&format!("update {user} for {name}"), &what, &prepare)? {
            let version = updated.into_inner();
            let lines = match version.is_empty() {
                true => vec![format!("cargo update -p {user}")],
                false => vec![format!("cargo update -p {user} --precise {version}")],
            };
            let message =
                format!("{name} {} and {} become one: {}.", old.version, newest.version, session.what_was_checked());
            if let Some(proposal) = session.measured("duplicate-crate", name, message, lines, &after) {
                return Ok(proposal);
            }
        }
    }
    let untried = match users.len() {
        1 => "no update that its requirement allows merged them",
        _ => "several ask for the old one, so no single update was tried",
    };
    let who = if users.is_empty() { "nobody that the graph names".to_owned() } else { users.join(", ") };
    Ok(TuneProposal {
        code: "duplicate-crate".to_owned(),
        subject: name.clone(),
        message: format!(
            "{name} {} is there beside {} for {who}: {untried}. It takes versions of theirs that use {name} {}.",
            old.version, newest.version, newest.version
        ),
        lines: users.iter().map(|user| format!("cargo tree -i {user}")).collect(),
        sure: Sureness::Estimated,
        saves_zip_bytes: None,
        saves_file_bytes: Some(saved(old.file_bytes, ByteSize::ZERO)),
        saves_init_ms: None,
        source: None,
    })
}

/// A label of the crate graph may carry a version.
fn bare(label: &str) -> &str {
    label.split('@').next().unwrap_or(label)
}

fn saved(before: ByteSize, after: ByteSize) -> ByteDelta {
    before.since(after)
}

fn init(figures: &TuneFigures) -> Option<f64> {
    Some(figures.start.as_ref()?.init_ms?.p50)
}

impl Session<'_> {
    /// Builds the project's own way in a copy that `prepare` has changed. `None` where that does not work, or the budget is over.
    fn try_in_copy(
        &mut self,
        key: &str,
        what: &str,
        prepare: &dyn Fn(&ProjectCopy, &BuildOptions) -> Result<(), CliError>,
    ) -> Result<Option<TuneFigures>, CliError> {
        let key = format!("{key}; tests: {:?}", self.test_command);
        if let Some(known) = self.results.known_trial(&key) {
            self.say_trial(what, known.as_ref().map_err(String::as_str), true);
            return Ok(known.ok());
        }
        if self.is_out_of_time() {
            return Ok(None);
        }
        let began = std::time::Instant::now();
        let spinner = self.bench.terminal.spinner_over(what.to_owned());
        let found = self.in_copy(prepare);
        spinner.finish_and_clear();
        self.took(began.elapsed());
        self.say_trial(what, found.as_ref().map_err(|failed| failed.reason.as_str()), false);
        self.results.keep_trial(&key, &found);
        Ok(found.ok())
    }

    fn in_copy(
        &self,
        prepare: &dyn Fn(&ProjectCopy, &BuildOptions) -> Result<(), CliError>,
    ) -> Result<TuneFigures, Failed> {
        let unprepared = |error: CliError| Failed::unprepared(&error);
        let copy = ProjectCopy::make(self.project, &self.bench.experiments.copy_dir());
        let copy = copy.map_err(|error| unprepared(error.into()))?;
        let root = self.project.root_package();
        if !copy.holds(&root.source_root) {
            return Err(unprepared(CliError::Usage("the package lies outside of its workspace's folder")));
        }
        let options = BuildOptions {
            manifest_path: Some(copy.path_of(&root.source_root).join("Cargo.toml")),
            package: None,
            bin: Some(self.project.bin.name.clone()),
            // Another choice of features is another lock file.
            locked: false,
            offline: self.bench.options.offline || self.bench.options.frozen,
            frozen: false,
            ..self.bench.options.clone()
        };
        prepare(&copy, &options).map_err(unprepared)?;
        let bench = Bench { options: &options, ..self.bench };
        let tried = bench.carry_out(&Experiment::baseline(), self.baseline_package())?;
        if let Some(command) = &self.test_command {
            let target = self.bench.experiments.target_dir(&["tests".to_owned()]);
            copy.test(command, &target).map_err(|error| Failed::of_test(&error))?;
        }
        Ok(tried.figures)
    }

    fn say_trial(&self, what: &str, found: Result<&TuneFigures, &str>, earlier: bool) {
        let earlier = if earlier { " (known from before)" } else { "" };
        let told = match (found, self.figures(BASELINE)) {
            (Ok(after), Some(before)) => {
                format!("zip {:+} bytes", after.zip_bytes.since(before.zip_bytes).get())
            }
            (Ok(after), None) => format!("zip {} bytes", after.zip_bytes.get()),
            (Err(why), _) => format!("does not work: {why}"),
        };
        self.bench.terminal.note(&format!("tune: [dependencies] {what}: {told}{earlier}"));
    }

    /// What stands behind a trial that worked.
    fn what_was_checked(&self) -> String {
        let answered = if self.bench.asked.event.is_some() {
            "it compiles, starts, and answers the event as before"
        } else {
            "it compiles and starts; no event was answered (--event)"
        };
        match &self.test_command {
            Some(command) => format!("{answered}, and `{command}` passes"),
            None => format!("{answered}. What else needs it was not tried (--test-command)"),
        }
    }

    /// A proposal with what was measured; `None` where it saves nothing to speak of.
    fn measured(
        &self,
        code: &str,
        subject: &str,
        message: String,
        lines: Vec<String>,
        after: &TuneFigures,
    ) -> Option<TuneProposal> {
        let before = self.figures(BASELINE)?;
        (before.zip_bytes.saturating_sub(after.zip_bytes) >= WORTH).then(|| TuneProposal {
            code: code.to_owned(),
            subject: subject.to_owned(),
            message,
            lines,
            sure: Sureness::Measured,
            saves_zip_bytes: Some(saved(before.zip_bytes, after.zip_bytes)),
            saves_file_bytes: Some(saved(before.file_bytes, after.file_bytes)),
            saves_init_ms: init(&before).zip(init(after)).map(|(before, after)| before - after),
            source: None,
        })
    }
}

impl Failed {
    fn unprepared(error: &CliError) -> Self {
        // What a registry offers changes from day to day.
        Self::new(crate::report::TuneStatus::BuildFailed, error.to_string(), false)
    }

    fn of_test(error: &HostError) -> Self {
        Self::new(crate::report::TuneStatus::StartFailed, format!("the tests fail: {error}"), true)
    }
}
