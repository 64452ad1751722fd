//! Building the project's program with its symbols kept, and learning which crate is which.
//!
//! `cargo rustc -- -C strip=none` compiles the last crate again and nothing else: the profile stays what it is, so every
//! dependency stays as it was built. The same flags ask the linker for its map. The program at `target/<profile>/<bin>` then has its symbols; the next
//! `cargo build` puts the stripped one back.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::build_lock::BuildLock;
use super::bytes::file_bytes;
use super::find::find_program;
use super::libraries::{CrateLibrary, package_libraries, sysroot_libraries};
use super::link_map::{BuiltMap, MapRequest};
use super::linker::link_folder;
use super::open::FILE_LIMIT;
use super::ordering::{LinkOrder, OrderRequest, Ordering};
use super::process::{BuildEvent, Output, Tool};
use super::project::read_graph;
use super::rustflags::Rustflags;
use super::toolchain::cargo;
use super::{BuildOptions, HostError, Project, Selection};
use crate::cargo::{
    BuildMessage, BuildScript, BuiltArtifact, CrateIdentities, ObjectOwner, SymbolHomes, parse_message,
};

/// A program that was built, with all that is needed to say what is in it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Built {
    /// The project; its graph is that of `target`.
    pub project: Project,
    /// The program, with its symbols.
    pub executable: PathBuf,
    /// The linker's map of the link that made `executable`; `None` where the linker writes none.
    pub link_map: Option<BuiltMap>,
    /// Everything that cargo made or found up to date.
    pub artifacts: Vec<BuiltArtifact>,
    /// What build scripts told cargo.
    pub build_scripts: Vec<BuildScript>,
    /// The Rust libraries of the packages, sorted by package and path. A package can have one for the building machine
    /// beside the one for the target.
    pub libraries: Vec<CrateLibrary>,
    /// The Rust libraries of the standard library, sorted by name. They include its private copies of other crates.
    pub sysroot_libraries: Vec<CrateLibrary>,
    /// What `rustc --version` says.
    pub rustc_version: String,
    /// The profile's name.
    pub profile: String,
    /// The target that it was built for.
    pub target: String,
    /// The order of its functions, where one was asked for.
    pub order: Option<LinkOrder>,
}

impl Built {
    /// The packages behind the hashes in codegen-unit names. The program's own crate is not among them, because no
    /// library holds it: it is the crate with the program's name and a hash that nobody else has.
    #[must_use]
    pub fn identities(&self) -> CrateIdentities {
        identities(&self.libraries)
    }

    /// The objects behind the program's global symbols and native code, the standard library's included.
    #[must_use]
    pub fn symbol_homes(&self) -> SymbolHomes {
        let packages = self.libraries.iter().map(|library| library.index(ObjectOwner::Package(&library.package)));
        let std = self.sysroot_libraries.iter().map(|library| library.index(ObjectOwner::Std(&library.package)));
        SymbolHomes::from_libraries(packages.chain(std)).with_build_scripts(&self.build_scripts)
    }

    /// The standard library's crates (by name) behind the hashes in codegen-unit names.
    #[must_use]
    pub fn sysroot_identities(&self) -> CrateIdentities {
        identities(&self.sysroot_libraries)
    }
}

fn identities(libraries: &[CrateLibrary]) -> CrateIdentities {
    CrateIdentities::from_members(libraries.iter().flat_map(|library| {
        let members = library.members.iter();
        members.map(|member| (library.package.as_str(), member.as_str()))
    }))
}

/// Builds the project's program, and asks the linker for its map. What cargo says goes to `on_event` while it says it.
///
/// # Errors
/// [`HostError::BuildFailed`] if cargo fails, after its messages were handed over; else as [`Project::load`], or
/// [`HostError::Unreadable`] for a library that cannot be read.
pub fn build(options: &BuildOptions, on_event: &mut dyn FnMut(BuildEvent<'_>)) -> Result<Built, HostError> {
    let project = Project::load(options, on_event)?;
    build_project(project, options, None, on_event)
}

/// The same of a project that was loaded with these options, with its functions in order where that is asked for. Where today's order is not that of
/// the last link, the last crate alone is compiled and linked once more.
///
/// # Errors
/// As [`build`]; [`HostError::LinkerTakesNoOrder`] where the project's linker takes none.
pub fn build_project(
    project: Project,
    options: &BuildOptions,
    ordering: Option<&Ordering<'_>>,
    on_event: &mut dyn FnMut(BuildEvent<'_>),
) -> Result<Built, HostError> {
    let _lock = BuildLock::take(&link_folder(&project, options), on_event);
    let Some(ordering) = ordering else {
        let linked = with_map(&project, options, &[], on_event)?;
        return built(project, options, linked, None, on_event);
    };
    let mut request = OrderRequest::new(&project, options, ordering)?;
    let names = |program: &Path| Ok::<_, HostError>((ordering.first)(&file_bytes(program, FILE_LIMIT)?));
    // A program of an earlier build has most of today's symbols, and mostly all: that saves a link.
    if request.is_new()
        && let Some(program) = find_program(&project, options)
    {
        request.set(&names(&program)?)?;
    }
    let mut linked = with_map(&project, options, &request.rustc_args(), on_event)?;
    if request.set(&names(&linked.0.executable)?)? {
        // The symbols are the same wherever they are; where they are not after all, the next build settles it.
        linked = with_map(&project, options, &request.rustc_args(), on_event)?;
    }
    built(project, options, linked, Some(request.outcome()), on_event)
}

/// What was compiled, and the map of its link.
type Linked = (Compiled, Option<BuiltMap>);

fn built(
    mut project: Project,
    options: &BuildOptions,
    (Compiled { artifacts, build_scripts, executable, .. }, link_map): Linked,
    order: Option<LinkOrder>,
    on_event: &mut dyn FnMut(BuildEvent<'_>),
) -> Result<Built, HostError> {
    let target = target_of(&executable, &project);
    follow_configured_target(&mut project, options, &target, on_event)?;
    Ok(Built {
        libraries: package_libraries(&artifacts)?,
        sysroot_libraries: sysroot_libraries(&project.toolchain.libraries(&target))?,
        rustc_version: project.rustc_version.clone(),
        profile: options.profile_name().to_owned(),
        project,
        executable,
        link_map,
        artifacts,
        build_scripts,
        target,
        order,
    })
}

/// What one run of cargo made.
struct Compiled {
    artifacts: Vec<BuiltArtifact>,
    build_scripts: Vec<BuildScript>,
    executable: PathBuf,
    /// Whether the program was up to date.
    fresh: bool,
}

/// Compiles, and once more where the linker takes no map or where the map of a program that is up to date is gone.
fn with_map(
    project: &Project,
    options: &BuildOptions,
    order: &[OsString],
    on_event: &mut dyn FnMut(BuildEvent<'_>),
) -> Result<Linked, HostError> {
    let args = |map: &MapRequest| [order, &map.rustc_args()].concat();
    if options.selection == Selection::Workspace {
        return Ok((compile(project, options, order, on_event)?, None));
    }
    let mut map = MapRequest::new(project, options);
    let mut compiled = match compile(project, options, &args(&map), on_event) {
        Err(HostError::BuildFailed { .. }) if map.was_refused(project, options) => {
            on_event(BuildEvent::Note("the linker does not take -Map as it was asked: building again"));
            compile(project, options, &args(&map), on_event)?
        }
        compiled => compiled?,
    };
    if compiled.fresh && map.asks() && !map.is_of(&compiled.executable) {
        map.rename();
        compiled = compile(project, options, &args(&map), on_event)?;
    }
    let link_map = map.settle(&compiled.executable);
    if let Err(why) = &link_map {
        on_event(BuildEvent::Note(&format!("no linker map, crates are named by symbols alone: {why}")));
    }
    Ok((compiled, link_map.ok()))
}

fn compile(
    project: &Project,
    options: &BuildOptions,
    map_args: &[OsString],
    on_event: &mut dyn FnMut(BuildEvent<'_>),
) -> Result<Compiled, HostError> {
    let package = project.root_package();
    let bin = &project.bin.name;
    let spec = format!("{}@{}", package.name, package.version);
    let flags = Rustflags::of(options);
    let with_flags =
        BuildOptions { config: options.config.iter().cloned().chain(flags.config()).collect(), ..options.clone() };
    let args = with_flags.rustc_args(&spec, bin, project.target.as_deref(), map_args);
    let mut tool = Tool::new(cargo(), &args, options.directory.as_deref());
    if let Rustflags::Environment(value) = &flags {
        tool = tool.env("CARGO_ENCODED_RUSTFLAGS", value);
    }

    let mut artifacts = Vec::new();
    let mut build_scripts = Vec::new();
    let status = tool.listen(options.stderr, |output| match output {
        Output::Stderr(chunk) => on_event(BuildEvent::Stderr(&chunk)),
        Output::Line(line) => match parse_message(&String::from_utf8_lossy(&line)) {
            BuildMessage::Artifact(artifact) => {
                on_event(BuildEvent::Artifact(&artifact));
                artifacts.push(artifact);
            }
            BuildMessage::BuildScript(script) => build_scripts.push(script),
            BuildMessage::Text(text) => on_event(BuildEvent::Text(&text)),
            // Rendered on stderr already (json-render-diagnostics); the exit status says how it ended.
            BuildMessage::Compiler { .. } | BuildMessage::Finished { .. } | BuildMessage::Other => {}
        },
    })?;
    let command = tool.text().to_owned();
    if !status.success() {
        let status = status.to_string();
        return Err(HostError::BuildFailed { command, status });
    }
    let program = artifacts.iter().find(|artifact| artifact.is_program(&package.id, bin));
    match program.and_then(|program| Some((program.executable.clone()?, program.fresh))) {
        Some((executable, fresh)) => Ok(Compiled { artifacts, build_scripts, executable, fresh }),
        None => Err(HostError::NothingBuilt { command, bin: bin.clone() }),
    }
}

/// The target that cargo built for: it can come from cargo's configuration too, and then shows in the path,
/// `target/<triple>/<profile>/<bin>`.
fn target_of(executable: &Path, project: &Project) -> String {
    let below = executable.strip_prefix(project.graph.target_directory()).ok();
    let parts: Vec<&str> = below.into_iter().flatten().filter_map(|part| part.to_str()).collect();
    match (&project.target, parts.as_slice()) {
        (Some(target), _) => target.clone(),
        (None, [triple, _profile, _bin]) => (*triple).to_owned(),
        _ => project.toolchain.host.clone(),
    }
}

/// Reads the graph again if cargo's configuration chose another platform than the graph was read for.
fn follow_configured_target(
    project: &mut Project,
    options: &BuildOptions,
    target: &str,
    on_event: &mut dyn FnMut(BuildEvent<'_>),
) -> Result<(), HostError> {
    if project.platform == target {
        return Ok(());
    }
    let id = project.root_package().id.clone();
    let graph = read_graph(options, target, on_event)?;
    if let Some(root) = graph.index_of(&id) {
        target.clone_into(&mut project.platform);
        project.root = root;
        project.graph = Arc::new(graph);
    }
    Ok(())
}
