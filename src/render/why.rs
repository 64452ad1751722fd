//! Why a crate is in the package, and what would go with it.

use super::document::{Document, Item, Tone};
use super::options::Options;
use super::table::{Cell, Column, Field, Table};
use super::{human, words};
use crate::attribution::{
    GraphKnowledge, WhyActivation, WhyAsker, WhyAsks, WhyCrate, WhyDependency, WhyDependent, WhyLeaving, WhyNotLinked,
    WhyOtherUse, WhyPath, WhyStep, WhySwitch,
};
use crate::cargo::DependencyKind;
use crate::report::Report;
use crate::units::ByteSize;

/// Lines about who asks for features, and names in a sentence, that are shown at most; JSON has all.
const MOST_LINES: usize = 6;

/// `None` where the report explains no crate.
pub(super) fn document(report: &Report, options: &Options) -> Option<Document> {
    let why = report.why.as_ref().filter(|why| !why.crates.is_empty())?;
    let mut document = Document::default();
    for krate in &why.crates {
        let binary = report.binaries.iter().find(|binary| binary.path == krate.binary);
        sizes(&mut document, krate, binary.map(|binary| binary.file_bytes));
        if krate.graph == GraphKnowledge::Known {
            leaves(&mut document, &krate.leaves, options);
            paths(&mut document, krate);
            kept_by(&mut document, &krate.kept_by);
            switches(&mut document, &krate.switches);
            also_used_by(&mut document, &krate.also_used_by);
        } else {
            document.paragraph(Tone::Plain, unknown(krate.graph));
        }
    }
    Some(document)
}

fn sizes(document: &mut Document, krate: &WhyCrate, file: Option<ByteSize>) {
    let name = human::with_version(&krate.name, krate.version.as_deref());
    document.title(format!("{name} ({}) in {}", words::crate_kind(krate.kind), krate.binary));
    let share = file.map(|file| format!(", {} of the file", human::percent(krate.file_bytes, file)));
    let mut fields = vec![("file", human::exact_size(krate.file_bytes) + &share.unwrap_or_default())];
    if let Some(zip) = krate.compressed_bytes {
        fields.push(("in zip", human::exact_size(zip)));
    }
    if let Some(retained) = krate.retained_bytes {
        let zip = krate.retained_compressed_bytes.map(|zip| format!(", {} in zip", human::size(zip)));
        let zip = zip.unwrap_or_default();
        fields.push(("retained", format!("{}{zip}: what leaves with it", human::exact_size(retained))));
    }
    fields.push(("functions", krate.functions.to_string()));
    document.fields(fields);
}

const fn unknown(graph: GraphKnowledge) -> &'static str {
    match graph {
        GraphKnowledge::Known => "",
        GraphKnowledge::NoGraph => {
            "What brought it in and what would leave with it is in the crate graph: give one with --metadata FILE (saved by `cargo metadata --format-version 1`), or analyze in the cargo project."
        }
        GraphKnowledge::NoPackage => "It is no package's: no dependency brought it in.",
        GraphKnowledge::Ambiguous => {
            "The crate graph has several versions of it, and nothing in this file tells which this is. In the cargo project, the libraries that it was linked from may tell."
        }
        GraphKnowledge::NotLinked => {
            "The crate graph does not tell what brought it in: none of its programs is known to be this one and to link it."
        }
    }
}

fn leaves(document: &mut Document, leaves: &[WhyLeaving], options: &Options) {
    if leaves.len() < 2 {
        return;
    }
    document.caption("Leaves with it (only it brings these in):");
    type Row<'a> = &'a WhyLeaving;
    let fields: Vec<Field<&WhyLeaving>> = vec![
        Field::new(Column::name("package"), |row: &Row<'_>| {
            Cell::Text(human::with_version(&row.name, Some(&row.version)))
        }),
        Field::new(Column::sum("file", 0), |row: &Row<'_>| Cell::Size(row.file_bytes)),
        Field::new(Column::sum("in zip", 1), |row: &Row<'_>| Cell::size(row.compressed_bytes)),
    ];
    let options = Options { filter: None, ..options.clone() };
    let rows: Vec<&WhyLeaving> = leaves.iter().collect();
    document.table(Table::of(rows, &fields).abridged(&options).totalled("retained"));
}

fn paths(document: &mut Document, krate: &WhyCrate) {
    let Some(root) = krate.paths.first().and_then(|path| path.steps.first()) else { return };
    if krate.paths.iter().all(|path| path.steps.len() < 2) {
        document.paragraph(Tone::Plain, "It is the program's own package.");
        return;
    }
    let count = match krate.paths_count {
        u64::MAX => format!("{} or more", u64::MAX),
        count => count.to_string(),
    };
    let shown = match krate.paths.len() {
        all if all as u64 == krate.paths_count => String::new(),
        some => format!(", the {some} shortest shown"),
    };
    let are = if krate.paths_count == 1 { "path" } else { "paths" };
    document.caption(format!(
        "Brought in by {count} {are} from {}{shown}. In brackets what each package asks of the next: features; 'by' its own features that turn it on:",
        root.name
    ));
    let item = |(at, path): (usize, &WhyPath)| Item::new((at + 1).to_string(), Tone::Dim, path_in_words(path));
    document.list(krate.paths.iter().enumerate().map(item).collect());
}

fn path_in_words(path: &WhyPath) -> String {
    let steps: Vec<String> = path.steps.iter().map(step).collect();
    human::path(&steps)
}

fn step(step: &WhyStep) -> String {
    let asks = step.dependency.as_ref().map(asks).unwrap_or_default();
    if asks.is_empty() { step.name.clone() } else { format!("{} ({asks})", step.name) }
}

/// `std, unicode; by env-filter`. `default` is what a dependency asks for without a word.
fn asks(dependency: &WhyDependency) -> String {
    let mut parts = Vec::new();
    let named = dependency.features.iter().map(|feature| feature.name.as_str()).filter(|name| *name != "default");
    let features: Vec<&str> = named.collect();
    if !features.is_empty() {
        parts.push(features.join(", "));
    }
    if !dependency.renamed.is_empty() {
        parts.push(format!("as {}", dependency.renamed.join(", ")));
    }
    if !dependency.targets.is_empty() {
        parts.push(format!("for {}", dependency.targets.join(", ")));
    }
    if !dependency.turned_on_by.is_empty() {
        parts.push(format!("by {}", dependency.turned_on_by.join(", ")));
    } else if dependency.optional {
        parts.push("optional".to_owned());
    }
    parts.join("; ")
}

fn kept_by(document: &mut Document, dependents: &[WhyDependent]) {
    if dependents.is_empty() {
        return;
    }
    document.caption(match dependents.len() {
        1 => "Kept by one package; it leaves when that drops it:".to_owned(),
        several => format!("Kept by {several} packages; it leaves when each of them drops it:"),
    });
    let item = |dependent: &WhyDependent| {
        let dependency = &dependent.dependency;
        let mut text = dependency.requirements.join(", ");
        let asks = asks(dependency);
        if !asks.is_empty() {
            text += &format!("{}({asks})", if text.is_empty() { "" } else { " " });
        }
        let name = dependent.name.split('@').next().unwrap_or_default();
        Item::new(human::with_version(name, Some(&dependent.version)), Tone::Plain, text)
            .with_lines(activations(&dependent.activations))
    };
    document.list(dependents.iter().map(item).collect());
}

fn switches(document: &mut Document, switches: &[WhySwitch]) {
    if switches.is_empty() {
        return;
    }
    document.caption("Every path takes these optional dependencies; it leaves when one of them is off:");
    let item = |switch: &WhySwitch| {
        let retained = human::size(switch.retained_bytes);
        Item::new(format!("{} > {}", switch.dependent, switch.dependency), Tone::Plain, format!("{retained} leave"))
            .with_lines(activations(&switch.activations))
    };
    document.list(switches.iter().map(item).collect());
}

/// `lambda_runtime/default > tracing: asked for by hello (default features)`.
fn activations(activations: &[WhyActivation]) -> Vec<String> {
    let line = |activation: &WhyActivation| {
        let features = activation.features.join(" > ");
        let askers = some_of(&activation.asked_by, asker);
        format!("feature {}/{features}: asked for by {askers}", activation.package)
    };
    let mut lines: Vec<String> = activations.iter().take(MOST_LINES).map(line).collect();
    if activations.len() > MOST_LINES {
        lines.push(format!("and {} more", activations.len() - MOST_LINES));
    }
    lines
}

fn asker(asker: &WhyAsker) -> String {
    let name = asker.package.clone().unwrap_or_else(|| "the build".to_owned());
    let how = match (asker.how, &asker.feature) {
        (WhyAsks::Default, _) => " (default features)".to_owned(),
        (WhyAsks::Feature, Some(feature)) => format!(" (its feature {feature})"),
        _ => String::new(),
    };
    let elsewhere = if asker.linked { "" } else { " (not linked by this program)" };
    format!("{name}{how}{elsewhere}")
}

fn also_used_by(document: &mut Document, uses: &[WhyOtherUse]) {
    if !uses.is_empty() {
        document.paragraph(Tone::Dim, format!("Also {}; that puts no bytes into the program.", other_uses(uses)));
    }
}

/// `syn 2.0.119, a dependency of the procedural macro serde_derive 1.0.229`.
pub(super) fn not_linked(packages: &[WhyNotLinked]) -> String {
    let package = |package: &WhyNotLinked| {
        let what = if package.procedural_macro { " (a procedural macro)" } else { "" };
        let uses = match package.used_by.as_slice() {
            [] => String::new(),
            uses => format!(", {}", other_uses(uses)),
        };
        format!("{} {}{what}{uses}", package.name, package.version)
    };
    let all: Vec<String> = packages.iter().map(package).collect();
    all.join("; ")
}

/// `a build dependency of aws-lc-sys 0.30.0, a dependency of the procedural macro serde_derive 1.0.1`.
fn other_uses(uses: &[WhyOtherUse]) -> String {
    some_of(uses, |other| {
        let kind = match other.kind {
            DependencyKind::Normal => "dependency",
            DependencyKind::Build => "build dependency",
            DependencyKind::Development => "development dependency",
        };
        let kind = if other.turned_off { format!("n optional {kind}") } else { format!(" {kind}") };
        let off = if other.turned_off { " that no feature turns on" } else { "" };
        let target = other.target.as_ref().map(|target| format!(" for {target}")).unwrap_or_default();
        let of = if other.procedural_macro { "of the procedural macro " } else { "of " };
        format!("a{kind}{target} {of}{} {}{off}", other.name, other.version)
    })
}

fn some_of<T>(all: &[T], word: impl Fn(&T) -> String) -> String {
    let named: Vec<String> = all.iter().take(MOST_LINES).map(word).collect();
    match all.len().saturating_sub(MOST_LINES) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}
