//! What would keep a package from being accepted or from starting, and what it carries for nothing.

use std::collections::BTreeMap;

use crate::archive::Method;
use crate::elf::{Architecture, Dynamic, ElfError, GlibcVersion, Image, SectionKind};
use crate::units::ByteSize;

use super::deployment::{DeploymentPackage, PackageFile, PackageSource};
use super::finding::{Finding, Severity};
use super::junk::junk_findings;
use super::libraries::{AL2_GLIBC, AL2023_GLIBC, Availability, availability, interpreter};
use super::quota::{DIRECT_UPLOAD_QUOTA, UNZIPPED_QUOTA};
use super::role::Role;

/// What a zip's headers say when every unpacker can read it.
const PLAIN_VERSION: u16 = 20;

/// Checks a package, without looking into its programs.
#[must_use]
pub fn check_package(package: &DeploymentPackage<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    bootstrap(package, &mut findings);
    quotas(package, &mut findings);
    zip_headers(package, &mut findings);
    copies(package, &mut findings);
    findings.extend(junk_findings(package));
    findings
}

/// Checks one ELF file of a package. `asked` is the architecture that the function is deployed for, where the caller knows.
///
/// # Errors
/// Where its dynamic section is malformed.
pub fn check_binary(
    package: &DeploymentPackage<'_>,
    file: &PackageFile<'_>,
    image: &Image<'_>,
    asked: Option<Architecture>,
) -> Result<Vec<Finding>, ElfError> {
    let mut findings = Vec::new();
    let dynamic = image.dynamic()?;
    let is = image.architecture();
    if let Some(asked) = asked.filter(|&asked| asked != is) {
        let message = format!("built for {is}, asked for {asked}: it will not start");
        findings.push(error("architecture-mismatch", &file.path, message));
    }
    glibc(&dynamic, file, &mut findings);
    loader(&dynamic, file, is, &mut findings);
    libraries(package, &dynamic, file, &mut findings);
    shipped_for_nothing(image, file, &mut findings);
    Ok(findings)
}

/// An ELF file of a package that could not be read, where it is not the program itself.
#[must_use]
pub fn unreadable_elf(file: &PackageFile<'_>, why: &ElfError) -> Finding {
    let message = format!("counted as an asset: {why}");
    Finding {
        code: "unreadable-elf".into(),
        severity: Severity::Warning,
        message,
        subject: file.path.clone(),
        saves_bytes: None,
    }
}

/// Programs of several architectures in one package.
#[must_use]
pub fn check_architectures(binaries: &[(String, Architecture)]) -> Option<Finding> {
    let (first_path, first) = binaries.first()?;
    let (other_path, other) = binaries.iter().find(|(_, architecture)| architecture != first)?;
    let message = format!("built for {other}, while {first_path:?} is built for {first}: one of them cannot run");
    Some(error("architectures-mixed", other_path, message))
}

fn finding(severity: Severity, code: &str, subject: &str, message: String) -> Finding {
    Finding { code: code.to_owned(), severity, message, subject: subject.to_owned(), saves_bytes: None }
}

fn error(code: &str, subject: &str, message: String) -> Finding {
    finding(Severity::Error, code, subject, message)
}

fn bootstrap(package: &DeploymentPackage<'_>, findings: &mut Vec<Finding>) {
    if package.source == PackageSource::Elf || package.is_layer() {
        return;
    }
    let Some(file) = package.bootstrap() else {
        let elsewhere = package.files.iter().find(|f| f.name().eq_ignore_ascii_case("bootstrap"));
        let hint = elsewhere.map_or_else(
            || "a custom runtime starts the file of that name at the root".to_owned(),
            |f| format!("found {:?}: it must be called exactly 'bootstrap' and lie at the root", f.path),
        );
        findings.push(error(
            "bootstrap-missing",
            "bootstrap",
            format!("no 'bootstrap' at the root of the package; {hint}"),
        ));
        return;
    };
    match file.mode {
        Some(mode) if mode & 0o111 == 0 && !file.is_symlink => {
            let message =
                format!("mode {mode:04o} has no execute permission: Lambda cannot start it; 'slim' sets 0755");
            findings.push(error("bootstrap-not-executable", &file.path, message));
        }
        None => {
            let message = "the zip says nothing of permissions (it was made on Windows?): Lambda may not be able to start it; 'slim' sets 0755";
            findings.push(finding(Severity::Warning, "bootstrap-mode-unknown", &file.path, message.to_owned()));
        }
        _ => {}
    }
    if !file.is_elf() && !file.is_script() && !file.is_symlink {
        let message = "neither an ELF program nor a script with '#!': Lambda cannot start it".to_owned();
        findings.push(error("bootstrap-not-runnable", &file.path, message));
    }
}

fn quotas(package: &DeploymentPackage<'_>, findings: &mut Vec<Finding>) {
    let unzipped = package.unzipped_size();
    if unzipped > UNZIPPED_QUOTA {
        let message = format!(
            "{} bytes unzipped are over Lambda's quota of {} bytes (layers included)",
            unzipped.get(),
            UNZIPPED_QUOTA.get()
        );
        findings.push(error("unzipped-over-quota", "package", message));
    }
    if let PackageSource::Zip { size, .. } = package.source
        && size > DIRECT_UPLOAD_QUOTA
    {
        let message = format!(
            "{} bytes zipped are over the quota of {} bytes for direct upload: upload it through S3",
            size.get(),
            DIRECT_UPLOAD_QUOTA.get()
        );
        findings.push(finding(Severity::Warning, "zipped-over-direct-upload-quota", "package", message));
    }
}

/// Headers above 2.0 are valid, yet Lambda has refused such zips (sst issue 6660, read 2026-11-23).
fn zip_headers(package: &DeploymentPackage<'_>, findings: &mut Vec<Finding>) {
    for file in &package.files {
        let Some(zip) = file.zip else { continue };
        if zip.version_needed > PLAIN_VERSION {
            let message = format!(
                "its zip header asks for version {}.{} of the format; Lambda has refused such zips: 'slim' writes 2.0",
                zip.version_needed / 10,
                zip.version_needed % 10
            );
            findings.push(finding(Severity::Warning, "zip-version-above-2.0", &file.path, message));
        }
        if zip.method == Method::Stored && file.size().get() > 4096 && file.is_elf() {
            let message = "stored without compression: 'slim' compresses it".to_owned();
            findings.push(finding(Severity::Warning, "stored-uncompressed", &file.path, message));
        }
    }
}

fn copies(package: &DeploymentPackage<'_>, findings: &mut Vec<Finding>) {
    let mut by_contents: BTreeMap<&[u8], Vec<&str>> = BTreeMap::new();
    let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
    let files = || package.files.iter().filter(|f| !f.is_symlink && !f.contents.is_empty());
    for file in files() {
        *sizes.entry(file.contents.len()).or_default() += 1;
    }
    for file in files().filter(|f| sizes[&f.contents.len()] > 1) {
        by_contents.entry(&file.contents).or_default().push(&file.path);
    }
    for (contents, paths) in by_contents.iter().filter(|(_, paths)| paths.len() > 1) {
        let [first, rest @ ..] = paths.as_slice() else { continue };
        let message = format!("the same bytes as {first:?}{}", more_copies(rest));
        let mut note = finding(Severity::Note, "duplicate-file", rest[0], message);
        note.saves_bytes = Some(ByteSize::new(contents.len() as u64 * rest.len() as u64));
        findings.push(note);
    }
}

fn more_copies(rest: &[&str]) -> String {
    match rest.len() {
        1 => String::new(),
        n => format!(", and {} more copies", n - 1),
    }
}

fn glibc(dynamic: &Dynamic, file: &PackageFile<'_>, findings: &mut Vec<Finding>) {
    let Some(needed) = &dynamic.glibc else { return };
    let known = |text| GlibcVersion::parse(text).expect("a constant version");
    if *needed > known(AL2023_GLIBC) {
        let message = format!(
            "needs glibc {needed}; provided.al2023 has {AL2023_GLIBC}: build with cargo-lambda or cargo-zigbuild, which target an older one, or for musl"
        );
        findings.push(error("glibc-too-new", &file.path, message));
    } else if *needed > known(AL2_GLIBC) {
        let message = format!(
            "needs glibc {needed}: starts on provided.al2023 ({AL2023_GLIBC}), not on provided.al2 ({AL2_GLIBC})"
        );
        findings.push(finding(Severity::Note, "glibc-needs-al2023", &file.path, message));
    }
}

fn loader(dynamic: &Dynamic, file: &PackageFile<'_>, architecture: Architecture, findings: &mut Vec<Finding>) {
    let expected = interpreter(architecture);
    if let Some(found) = dynamic.interpreter.as_deref().filter(|&found| found != expected) {
        let message = format!("asks for the dynamic linker {found:?}; Lambda's is {expected:?}: it will not start");
        findings.push(error("dynamic-linker-missing", &file.path, message));
    }
}

/// Folders that Lambda puts on the library path. Source: Lambda developer guide, `LD_LIBRARY_PATH`
/// (`/lib64:/usr/lib64:$LAMBDA_RUNTIME_DIR:…:$LAMBDA_TASK_ROOT:$LAMBDA_TASK_ROOT/lib:/opt/lib`); read 2026-11-23.
const LIBRARY_FOLDERS: [&str; 2] = ["", "lib"];

fn libraries(package: &DeploymentPackage<'_>, dynamic: &Dynamic, file: &PackageFile<'_>, findings: &mut Vec<Finding>) {
    for library in &dynamic.needed {
        let found = package.file_named(library);
        if let Some(found) = found {
            let folder = found.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let by_runpath = dynamic.runpath.as_deref().is_some_and(|path| path.contains("$ORIGIN"));
            if !LIBRARY_FOLDERS.contains(&folder) && !by_runpath {
                let message =
                    format!("needs {library}, which lies in {folder:?}: Lambda looks at the root and in 'lib'");
                findings.push(finding(Severity::Warning, "library-off-path", &file.path, message));
            }
            continue;
        }
        match availability(library) {
            Availability::Always => {}
            Availability::Likely => {
                let message =
                    format!("needs {library}, which provided.al2023 is said to have, but AWS does not promise it");
                findings.push(finding(Severity::Warning, "library-not-promised", &file.path, message));
            }
            Availability::Missing => {
                let message = format!(
                    "needs {library}, which neither the runtime nor the package has: ship it in 'lib', link it statically, or add a layer with it"
                );
                findings.push(error("library-missing", &file.path, message));
            }
        }
    }
}

fn shipped_for_nothing(image: &Image<'_>, file: &PackageFile<'_>, findings: &mut Vec<Finding>) {
    let size_of = |class| {
        let sections = image.sections().iter().filter(|s| s.kind() == class);
        ByteSize::new(sections.map(|s| s.file_range.end - s.file_range.start).sum())
    };
    for (class, code, severity, what) in [
        (SectionKind::Debug, "debug-information-shipped", Severity::Warning, "debug information"),
        (SectionKind::Symbols, "symbols-shipped", Severity::Note, "symbol table"),
    ] {
        let size = size_of(class);
        if size > ByteSize::ZERO {
            let message = format!("ships its {what}, which nothing loads: 'slim' drops it");
            let mut shipped = finding(severity, code, &file.path, message);
            shipped.saves_bytes = Some(size);
            findings.push(shipped);
        }
    }
}

/// One of several versions of a crate in one binary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrateVersion {
    /// The version.
    pub version: String,
    /// What it takes in the file.
    pub file_bytes: ByteSize,
    /// The packages that depend on it, each with the versions that it allows; empty text where that is not known.
    pub brought_in_by: Vec<(String, String)>,
}

/// Packages that a finding names as bringing in one version.
const MOST_NAMED: usize = 3;

/// Two or more versions of one crate in one binary, with the bytes of each and who brings it in. `saves` is what merging them
/// saves at most: the one that stays may grow.
#[must_use]
pub fn duplicate_crate(name: &str, versions: &[CrateVersion], saves: ByteSize) -> Finding {
    let list: Vec<String> = versions.iter().map(in_words).collect();
    let message = format!("{} versions of one crate: {}", versions.len(), list.join("; "));
    let mut note = finding(Severity::Note, "duplicate-crate", name, message);
    note.saves_bytes = Some(saves);
    note
}

fn in_words(version: &CrateVersion) -> String {
    let CrateVersion { version, file_bytes, brought_in_by } = version;
    let named: Vec<String> = brought_in_by
        .iter()
        .take(MOST_NAMED)
        .map(|(name, allows)| if allows.is_empty() { name.clone() } else { format!("{name} ({allows})") })
        .collect();
    let size = format!("{version} ({} bytes)", file_bytes.get());
    match brought_in_by.len().saturating_sub(MOST_NAMED) {
        0 if named.is_empty() => size,
        0 => format!("{size} for {}", named.join(", ")),
        more => format!("{size} for {} and {more} more", named.join(", ")),
    }
}

/// True for files whose unreadable ELF is an error and not a finding: what Lambda starts.
#[must_use]
pub fn must_be_readable(file: &PackageFile<'_>) -> bool {
    matches!(file.role, Role::Bootstrap | Role::Extension)
}
