//! What a command works on: an artifact that is named, or the project in the current directory.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::archive::{Archive, DosTimestamp, Limits};
use crate::attribution::{Detail, Identities, WhyQuery};
use crate::cargo::{CrateGraph, CrateIdentities, SymbolHomes};
use crate::elf::{Architecture, Image, check_twin};
use crate::host::{
    self, Artifact, ArtifactContent, BuildOptions, Built, Bytes, LinkOrder, Project, TreeFile, TreeFileKind,
};
use crate::layout::Placement;
use crate::package::{DeploymentPackage, PackageFile};
use crate::procfs::FilePages;
use crate::report::{BuildFacts, Context, LinkMapFile, Report, SymbolFile};
use crate::slim::{self, Slimmed, Stage};

use super::args::{Arch, Build, Global, Subject};
use super::build_options::{build_architecture, build_options};
use super::error::CliError;
use super::order::{self, Layout};
use super::path::with_slashes;
use super::project::load_project;
use super::symbols::{Symbols, has_symbols, is_twin_of_any, link_map, symbol_file};
use super::terminal::Terminal;

const BOOTSTRAP: &str = "bootstrap";
const PROGRAM_MODE: u32 = 0o755;

/// Pages of a package's files in memory once it was started, by path.
pub(super) type Touched = BTreeMap<String, FilePages>;

/// A program just built, with how it was laid out.
pub(super) struct LaidOut {
    pub(super) loaded: Loaded,
    /// Where functions were placed; `None` without an order.
    pub(super) placement: Option<Placement>,
    /// How the linker was told.
    pub(super) link_order: Option<LinkOrder>,
}

/// An artifact with all that is known about it.
pub(super) struct Loaded {
    /// Where it is, or would be.
    pub(super) path: PathBuf,
    content: Content,
    /// The project that it was built from.
    pub(super) project: Option<Project>,
    /// Saved metadata, where it was named; it comes before the project's own.
    saved_graph: Option<CrateGraph>,
    identities: CrateIdentities,
    std_identities: CrateIdentities,
    homes: SymbolHomes,
    symbols: Vec<Symbols>,
    /// The linker's map of the program's link.
    /// The linker's map and where it is.
    link_map: Option<(String, Bytes)>,
    architecture: Option<Architecture>,
    /// How it was built, where it was built here.
    build: Option<BuildFacts>,
    /// A crate to explain in the report.
    pub(super) why: Option<WhyQuery>,
    /// Where the time of the analysis is told; `None` where the caller tells it.
    timing: Option<Terminal>,
}

enum Content {
    Artifact(ArtifactContent),
    /// A program just built, with the files that go into its package.
    Built {
        program: Bytes,
        included: Vec<TreeFile>,
    },
}

impl Loaded {
    /// Opens the artifact, or builds the project.
    pub(super) fn new(subject: &Subject, global: &Global, terminal: Terminal) -> Result<Self, CliError> {
        Self::at(subject.artifact.as_deref(), subject, global, terminal)
    }

    /// Opens this artifact instead of the one that is named first, or builds the project.
    pub(super) fn at(
        artifact: Option<&Path>,
        subject: &Subject,
        global: &Global,
        terminal: Terminal,
    ) -> Result<Self, CliError> {
        let options = build_options(&subject.build, global);
        match artifact {
            Some(path) => Self::open(path, subject, &options, terminal)?.completed(subject, terminal),
            None => Self::of_project(load_project(&options, terminal)?, subject, &options, terminal),
        }
    }

    /// Builds the project's program, or finds what is built already.
    pub(super) fn of_project(
        project: Project,
        subject: &Subject,
        options: &BuildOptions,
        terminal: Terminal,
    ) -> Result<Self, CliError> {
        let loaded = if subject.build.no_build {
            Self::find(project, options, terminal)?
        } else {
            Self::laid_out(&subject.build, project, options, Layout::AsFound, terminal)?.loaded
        };
        loaded.completed(subject, terminal)
    }

    /// With what the flags know about it.
    pub(super) fn completed(self, subject: &Subject, terminal: Terminal) -> Result<Self, CliError> {
        let mut loaded = self;
        if let Some(path) = &subject.metadata {
            let metadata = |source| CliError::Metadata { path: path.clone(), source };
            loaded.saved_graph = Some(CrateGraph::from_metadata(&host::read_text(path)?).map_err(metadata)?);
        }
        let mut loaded = loaded.with_symbols(&subject.symbols)?;
        loaded.timing = Some(terminal);
        if let Some(path) = &subject.link_map {
            loaded.link_map = Some(link_map(path)?);
        }
        loaded.architecture = asked_architecture(subject).or(loaded.architecture);
        Ok(loaded)
    }

    fn of(path: PathBuf, content: Content) -> Self {
        Self {
            path,
            content,
            project: None,
            saved_graph: None,
            identities: CrateIdentities::default(),
            std_identities: CrateIdentities::default(),
            homes: SymbolHomes::default(),
            symbols: Vec::new(),
            link_map: None,
            architecture: None,
            build: None,
            why: None,
            timing: None,
        }
    }

    /// Takes names from unstripped twins or debug files.
    pub(super) fn with_symbols(mut self, files: &[PathBuf]) -> Result<Self, CliError> {
        for path in files {
            self.symbols.push(symbol_file(path)?);
        }
        Ok(self)
    }

    /// An artifact alone, with nothing known about it.
    pub(super) fn named(path: &Path) -> Result<Self, CliError> {
        let Artifact { path, content } = host::open(path)?;
        Ok(Self::of(path, Content::Artifact(content)))
    }

    pub(super) fn open(
        path: &Path,
        subject: &Subject,
        options: &BuildOptions,
        terminal: Terminal,
    ) -> Result<Self, CliError> {
        let mut loaded = terminal.timed("read the artifact", || Self::named(path))?;
        if subject.build.manifest_path.is_some() {
            loaded.set_project(load_project(options, terminal)?);
        }
        Ok(loaded)
    }

    fn find(project: Project, options: &BuildOptions, terminal: Terminal) -> Result<Self, CliError> {
        let found = host::find_built(&project, options)?;
        terminal.note(&format!("note: using {}", found.display()));
        let mut loaded = terminal.timed("read the artifact", || Self::named(&found))?;
        // cargo's own program has the names of a stripped package, where both are of one link.
        if let Some(program) = host::find_program(&project, options) {
            let named = program == found;
            let symbols = symbol_file(&program).ok().filter(|symbols| !named && loaded.has_twin_of(symbols));
            if named || symbols.is_some() {
                loaded.link_map = host::find_link_map(&project, options, &program).and_then(|map| link_map(&map).ok());
            }
            loaded.symbols.extend(symbols);
        }
        loaded.set_project(project);
        Ok(loaded)
    }

    /// Builds the project, with the functions of its program in order.
    pub(super) fn laid_out(
        build: &Build,
        project: Project,
        options: &BuildOptions,
        layout: Layout<'_>,
        terminal: Terminal,
    ) -> Result<LaidOut, CliError> {
        let order::LaidOut { built, placement } = order::build(build, project, options, layout, terminal)?;
        let link_order = built.order.clone();
        let loaded = Self { timing: Some(terminal), ..Self::built(build, built, options.directory.as_deref())? };
        Ok(LaidOut { loaded, placement, link_order })
    }

    /// A program just built. Paths of flags are taken from `directory`, else from the current one.
    pub(super) fn built(build: &Build, built: Built, directory: Option<&Path>) -> Result<Self, CliError> {
        let Artifact { path, content } = host::open(&built.executable)?;
        let ArtifactContent::Elf(program) = content else {
            return Err(CliError::Usage(
                "the program that was built is no ELF file: build for Linux, with --target or --arm64",
            ));
        };
        let included = included(&build.include, directory.unwrap_or(Path::new(".")), &built.project)?;
        let package_path = host::lambda_zip_path(&built.project);
        let mut loaded = Self::of(package_path, Content::Built { program: program.clone(), included });
        loaded.symbols.push(Symbols { path: path.display().to_string(), data: program });
        loaded.link_map = built.link_map.as_ref().map(|map| (with_slashes(&map.path), map.text.clone()));
        loaded.identities = built.identities();
        loaded.std_identities = built.sysroot_identities();
        loaded.homes = built.symbol_homes();
        loaded.build = Some(build_facts(&built));
        loaded.set_project(built.project);
        Ok(loaded)
    }

    fn set_project(&mut self, project: Project) {
        if project.lambda_build.arm64 == Some(true) {
            self.architecture = Some(Architecture::Arm64);
        }
        self.project = Some(project);
    }

    /// True where the file has the symbols of a program of the package, and that program has none.
    fn has_twin_of(&self, symbols: &Symbols) -> bool {
        let (Ok(package), Ok(symbols)) = (self.package(), Image::parse(&symbols.data)) else { return false };
        let stripped = package.files.iter().filter(|file| file.is_elf() && !has_symbols(file));
        stripped.filter_map(|file| Image::parse(&file.contents).ok()).any(|image| check_twin(&image, &symbols).is_ok())
    }

    /// True where the package was not read from disk but is what `slim` makes of a fresh build.
    pub(super) fn is_built(&self) -> bool {
        matches!(self.content, Content::Built { .. })
    }

    /// The package as it came in.
    pub(super) fn package(&self) -> Result<DeploymentPackage<'_>, CliError> {
        match &self.content {
            Content::Artifact(ArtifactContent::Zip(data)) => zip_package(&self.path, data),
            Content::Artifact(ArtifactContent::Elf(data)) => {
                let name = self.path.file_name().map_or(Cow::Borrowed(BOOTSTRAP), |name| name.to_string_lossy());
                Ok(DeploymentPackage::from_elf(&name, data))
            }
            Content::Artifact(ArtifactContent::Directory(files)) => {
                Ok(DeploymentPackage::from_files(files.iter().map(package_file).collect()))
            }
            Content::Built { program, included } => {
                let mut files: Vec<_> = included.iter().map(package_file).collect();
                files.push(PackageFile::new(BOOTSTRAP.to_owned(), Some(PROGRAM_MODE), Cow::Borrowed(program)));
                Ok(DeploymentPackage::from_build(files)?)
            }
        }
    }

    /// ELF files whose symbols may be those of a program of the package.
    pub(super) fn symbol_files(&self) -> impl Iterator<Item = &[u8]> {
        self.symbols.iter().map(|symbols| &*symbols.data)
    }

    /// Files that were read for this, and may not be written over.
    pub(super) fn files_read(&self) -> impl Iterator<Item = PathBuf> {
        let symbols = self.symbols.iter().map(|symbols| PathBuf::from(&symbols.path));
        symbols.chain(self.link_map.iter().map(|(path, _)| PathBuf::from(path))).chain([self.path.clone()])
    }

    /// The artifact's own bytes; empty for a folder.
    fn data(&self) -> &[u8] {
        match &self.content {
            Content::Artifact(ArtifactContent::Zip(data) | ArtifactContent::Elf(data)) => data,
            Content::Artifact(ArtifactContent::Directory(_)) | Content::Built { .. } => &[],
        }
    }

    /// True where the artifact is this very zip.
    pub(super) fn is_same_zip(&self, zip: &[u8]) -> bool {
        self.data() == zip
    }

    /// Analyzes the artifact; of a fresh build, the package that `slim` would write of it with these options.
    pub(super) fn report(
        &self,
        detail: Detail,
        options: &slim::Options,
        terminal: Terminal,
    ) -> Result<Report, CliError> {
        if self.is_built() {
            terminal.note("note: no artifact is named: this is the package that `slim` would write of the fresh build");
            return self.report_as_slimmed(detail, options, terminal);
        }
        self.report_as_it_is(&self.package()?, detail)
    }

    /// Analyzes the package that `slim` would write of the artifact with these options.
    pub(super) fn report_as_slimmed(
        &self,
        detail: Detail,
        options: &slim::Options,
        terminal: Terminal,
    ) -> Result<Report, CliError> {
        let package = self.package()?;
        let slimmed = self.slim(&package, options, terminal)?;
        // What slimming did is `slim`'s result, not this command's.
        Ok(Report { slim: None, ..self.report_slimmed(&package, &slimmed, detail)? })
    }

    /// Analyzes the artifact that `package` was read from.
    pub(super) fn report_as_it_is(&self, package: &DeploymentPackage<'_>, detail: Detail) -> Result<Report, CliError> {
        self.report_as_started(package, detail, None)
    }

    /// The same, with the pages that were in memory once it was started.
    pub(super) fn report_as_started(
        &self,
        package: &DeploymentPackage<'_>,
        detail: Detail,
        touched: Option<&Touched>,
    ) -> Result<Report, CliError> {
        let symbols: Vec<_> = self.symbols.iter().map(Symbols::as_file).collect();
        self.report_of(package, self.data(), detail, &symbols, touched)
    }

    /// The report of a package just slimmed. Names come from the programs of `originals`, before they were stripped.
    pub(super) fn report_slimmed(
        &self,
        originals: &DeploymentPackage<'_>,
        slimmed: &Slimmed<'_>,
        detail: Detail,
    ) -> Result<Report, CliError> {
        self.report_slimmed_and_started(originals, slimmed, detail, None)
    }

    /// The same, with the pages that were in memory once it was started.
    pub(super) fn report_slimmed_and_started(
        &self,
        originals: &DeploymentPackage<'_>,
        slimmed: &Slimmed<'_>,
        detail: Detail,
        touched: Option<&Touched>,
    ) -> Result<Report, CliError> {
        let package = zip_package(&self.path, &slimmed.zip)?;
        let mut symbols: Vec<_> = self.symbols.iter().map(Symbols::as_file).collect();
        // A program just built is among the symbol files already, under the path that it was built at.
        let known = |file: &PackageFile<'_>| self.symbols.iter().any(|symbols| is_same(&symbols.data, &file.contents));
        let twins = originals.files.iter().filter(|file| file.is_elf() && has_symbols(file) && !known(file));
        symbols.extend(twins.map(|file| SymbolFile { path: file.path.clone(), data: &file.contents }));
        // A rewrite that moves the program leaves no symbols that fit.
        let programs: Vec<_> = package.files.iter().filter_map(|file| Image::parse(&file.contents).ok()).collect();
        symbols.retain(|symbols| is_twin_of_any(&programs, symbols));
        let mut report = self.report_of(&package, &slimmed.zip, detail, &symbols, touched)?;
        report.slim = Some(slimmed.outcome.clone());
        Ok(report)
    }

    fn report_of(
        &self,
        package: &DeploymentPackage<'_>,
        data: &[u8],
        detail: Detail,
        symbols: &[SymbolFile<'_>],
        touched: Option<&Touched>,
    ) -> Result<Report, CliError> {
        // The project's root is a number in the project's graph, and means nothing in a saved one.
        let of_project = self.project.as_ref().map(|project| (&project.graph, Some(project.root)));
        let (graph, root) = match &self.saved_graph {
            Some(saved) => (Some(saved), None),
            None => of_project.map_or((None, None), |(graph, root)| (Some(&**graph), root)),
        };
        let context = Context {
            path: with_slashes(&self.path),
            graph,
            root,
            identities: Identities { packages: &self.identities, std: &self.std_identities, homes: &self.homes },
            symbols,
            link_map: self.link_map.as_ref().map(|(path, text)| LinkMapFile { path, text }),
            architecture: self.architecture,
            touched,
            detail,
            why: self.why.as_ref(),
        };
        let analysis = |source| CliError::Analysis { path: self.path.clone(), source };
        let attribute = || Report::build(package, data, &context).map_err(analysis);
        let report = self.timing.map_or_else(attribute, |terminal| terminal.timed("attribute", attribute))?;
        Ok(Report { build: self.build.clone(), ..report })
    }

    /// Slims the package, with a progress bar.
    pub(super) fn slim<'a>(
        &self,
        package: &DeploymentPackage<'a>,
        options: &slim::Options,
        terminal: Terminal,
    ) -> Result<Slimmed<'a>, CliError> {
        let bar = terminal.progress("compressing", package.unzipped_size());
        let started = Cell::new(Instant::now());
        let tell = |stage: Stage| terminal.time(stage.name(), started.replace(Instant::now()).elapsed());
        let symbols: Vec<&[u8]> = self.symbol_files().collect();
        let slimmed = slim::slim_in_stages(package, &symbols, options, &|size| bar.inc(size.get()), &tell);
        bar.finish_and_clear();
        slimmed.map_err(|source| CliError::Slim { path: self.path.clone(), source })
    }
}

/// The rewriter's defaults, with the date that the environment asks for.
pub(super) fn slim_options() -> Result<slim::Options, CliError> {
    let mut options = slim::Options::default();
    if let Some(seconds) = source_date()? {
        options.timestamp = DosTimestamp::from_unix(seconds);
    }
    Ok(options)
}

/// The time that the environment asks for instead of now, in seconds since 1970.
pub(super) fn source_date() -> Result<Option<i64>, CliError> {
    const NAME: &str = "SOURCE_DATE_EPOCH";
    let Some(value) = std::env::var_os(NAME) else { return Ok(None) };
    let value = value.to_string_lossy().into_owned();
    match value.parse() {
        Ok(seconds) => Ok(Some(seconds)),
        Err(_) => {
            Err(CliError::Environment { name: NAME, value, expected: "seconds since 1970-01-01, a whole number" })
        }
    }
}

fn zip_package<'a>(path: &Path, data: &'a [u8]) -> Result<DeploymentPackage<'a>, CliError> {
    let archive = |source| CliError::Archive { path: path.to_owned(), source };
    let parsed = Archive::parse(data, &Limits::default()).map_err(archive)?;
    DeploymentPackage::from_archive(&parsed).map_err(archive)
}

fn package_file(file: &TreeFile) -> PackageFile<'_> {
    match &file.kind {
        TreeFileKind::File(bytes) => PackageFile::new(file.path.clone(), Some(file.unix_mode), Cow::Borrowed(bytes)),
        TreeFileKind::Symlink(target) => PackageFile::symlink(file.path.clone(), target),
    }
}

fn build_facts(built: &Built) -> BuildFacts {
    let mut features = built.project.root_package().features.clone();
    features.sort();
    BuildFacts {
        target: built.target.clone(),
        profile: built.profile.clone(),
        features,
        rustc: built.rustc_version.clone(),
        commit: host::commit(),
    }
}

/// The same memory, else the same bytes: a program just built is not read twice for this.
fn is_same(a: &[u8], b: &[u8]) -> bool {
    std::ptr::eq(a, b) || a == b
}

/// Files of `--include`, taken from `directory`, else those of cargo-lambda's `include`, taken from the package's folder.
fn included(flags: &[PathBuf], directory: &Path, project: &Project) -> Result<Vec<TreeFile>, CliError> {
    if !flags.is_empty() {
        return Ok(host::read_included(directory, flags)?);
    }
    let configured: Vec<PathBuf> = project.lambda_build.include.iter().flatten().map(PathBuf::from).collect();
    Ok(host::read_included(&project.root_package().source_root, &configured)?)
}

pub(super) fn asked_architecture(subject: &Subject) -> Option<Architecture> {
    match subject.arch {
        Some(Arch::X86_64) => Some(Architecture::X86_64),
        Some(Arch::Arm64) => Some(Architecture::Arm64),
        None => build_architecture(&subject.build),
    }
}
