//! The cargo project in a folder: its crate graph, the chosen program, and the target to build it for.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::process::{BuildEvent, Output, Tool};
use super::toolchain::{Toolchain, cargo};
use super::{BuildOptions, HostError, options::gnu_triple};
use crate::cargo::{BinSelection, BinTarget, CargoError, CrateGraph, LambdaBuild, Package, SelectedBin};
use crate::elf::Architecture;

/// A cargo project, read but not built.
#[derive(Debug, Clone, PartialEq)]
pub struct Project {
    /// The crate graph for the platform that is built for.
    pub graph: Arc<CrateGraph>,
    /// Index of the package that builds the program.
    pub root: usize,
    /// The program.
    pub bin: BinTarget,
    /// What cargo's `--target` will be; `None` leaves it to cargo.
    pub target: Option<String>,
    /// cargo-lambda's settings.
    pub lambda_build: LambdaBuild,
    /// What `rustc --version` says.
    pub rustc_version: String,
    /// Where packages are: `--lambda-dir`, or cargo-lambda's `lambda_dir`, or `target/lambda`.
    pub lambda_dir: PathBuf,
    /// The platform that the graph was read for.
    pub(super) platform: String,
    pub(super) toolchain: Toolchain,
}

impl Project {
    /// Reads the project. The target is `--target`, else `--arm64` or `--x86-64`, else cargo's own
    /// `CARGO_BUILD_TARGET`, else arm64 if cargo-lambda's settings say so, else what cargo does without one.
    ///
    /// # Errors
    /// [`HostError`] if cargo or rustc cannot be run or fail, or the program is not exactly one.
    pub fn load(options: &BuildOptions, on_event: &mut dyn FnMut(BuildEvent<'_>)) -> Result<Self, HostError> {
        let (package, bin) = (options.package.as_deref(), options.bin.as_deref());
        let select = |graph: &CrateGraph| Ok(vec![graph.select_bin(package, bin)?]);
        let mut projects = Self::load_with(options, &select, on_event)?;
        Ok(projects.pop().expect("one program was selected"))
    }

    /// Reads the project once, for several of its programs. Each is the project as [`Project::load`] reads it for that program.
    ///
    /// # Errors
    /// As [`Project::load`]; and where the selection means no program.
    pub fn load_several(
        options: &BuildOptions,
        selection: &BinSelection,
        on_event: &mut dyn FnMut(BuildEvent<'_>),
    ) -> Result<Vec<Self>, HostError> {
        Self::load_with(options, &|graph: &CrateGraph| graph.select_bins(selection), on_event)
    }

    fn load_with(
        options: &BuildOptions,
        select: &dyn Fn(&CrateGraph) -> Result<Vec<SelectedBin>, CargoError>,
        on_event: &mut dyn FnMut(BuildEvent<'_>),
    ) -> Result<Vec<Self>, HostError> {
        let toolchain = Toolchain::find(options.directory.as_deref())?;
        let from_environment = env::var("CARGO_BUILD_TARGET").ok().filter(|target| !target.is_empty());
        let asked = options.target_triple().map(str::to_owned);
        let platform = asked.clone().or(from_environment.clone()).unwrap_or(toolchain.host.clone());
        let graph = Arc::new(read_graph(options, &platform, on_event)?);
        let arm64 = gnu_triple(Architecture::Arm64);
        // cargo-lambda's settings can ask for another platform than the one that the graph was read for.
        let mut arm64_graph: Option<Arc<CrateGraph>> = None;
        let mut projects = Vec::new();
        for SelectedBin { package, bin } in select(&graph)? {
            let lambda_build = graph.lambda_build(package)?;
            let wants_arm64 = lambda_build.arm64 == Some(true) && asked.is_none() && from_environment.is_none();
            let (graph, root, platform) = if wants_arm64 && platform != arm64 {
                let read = match &arm64_graph {
                    Some(read) => Arc::clone(read),
                    None => Arc::new(read_graph(options, arm64, on_event)?),
                };
                arm64_graph = Some(Arc::clone(&read));
                let root = read.index_of(&graph.package(package).id).unwrap_or(package);
                (read, root, arm64.to_owned())
            } else {
                (Arc::clone(&graph), package, platform.clone())
            };
            projects.push(Self {
                lambda_dir: lambda_dir(options, &lambda_build, &graph),
                target: asked.clone().or(wants_arm64.then(|| arm64.to_owned())),
                graph,
                root,
                bin,
                lambda_build,
                rustc_version: toolchain.version.clone(),
                platform,
                toolchain: toolchain.clone(),
            });
        }
        Ok(projects)
    }

    /// The platform that the crate graph was read for: the target, or this machine's own.
    #[must_use]
    pub fn platform(&self) -> &str {
        &self.platform
    }

    /// The package that builds the program.
    #[must_use]
    pub fn root_package(&self) -> &Package {
        self.graph.package(self.root)
    }
}

/// Asks cargo for the crate graph of one platform.
pub(super) fn read_graph(
    options: &BuildOptions,
    platform: &str,
    on_event: &mut dyn FnMut(BuildEvent<'_>),
) -> Result<CrateGraph, HostError> {
    let mut tool = Tool::new(cargo(), &options.metadata_args(platform), options.directory.as_deref());
    if let Some(target_dir) = &options.target_dir {
        // `cargo metadata` has no --target-dir; the variable means the same.
        tool = tool.env("CARGO_TARGET_DIR", target_dir.as_os_str());
    }
    Ok(CrateGraph::from_metadata(&ask(tool, options, on_event)?)?)
}

/// What cargo prints on stdout; what it says on stderr is passed on.
fn ask(mut tool: Tool, options: &BuildOptions, on_event: &mut dyn FnMut(BuildEvent<'_>)) -> Result<String, HostError> {
    let mut json = Vec::new();
    let status = tool.listen(options.stderr, |output| match output {
        Output::Line(line) => {
            json.extend_from_slice(&line);
            json.push(b'\n');
        }
        Output::Stderr(chunk) => on_event(BuildEvent::Stderr(&chunk)),
    })?;
    if !status.success() {
        return Err(HostError::BuildFailed { command: tool.text().to_owned(), status: status.to_string() });
    }
    Ok(String::from_utf8_lossy(&json).into_owned())
}

/// Asks cargo for the members of the workspace around the folder, or of `--manifest-path`, without their dependencies:
/// no network, no lock file. `None` where there is no `Cargo.toml`.
///
/// # Errors
/// [`HostError`] if cargo cannot be run, or does not understand the manifest.
pub fn read_members(
    options: &BuildOptions,
    on_event: &mut dyn FnMut(BuildEvent<'_>),
) -> Result<Option<CrateGraph>, HostError> {
    if options.manifest_path.is_none() && !in_a_project(options.directory.as_deref()) {
        return Ok(None);
    }
    let json = ask(Tool::new(cargo(), &options.members_args(), options.directory.as_deref()), options, on_event)?;
    Ok(Some(CrateGraph::members_from_metadata(&json)?))
}

/// Whether the folder or one above it has a `Cargo.toml`, as cargo looks for it.
fn in_a_project(directory: Option<&Path>) -> bool {
    let here = directory.unwrap_or(Path::new("."));
    let here = here.canonicalize();
    here.is_ok_and(|here| here.ancestors().any(|folder| folder.join("Cargo.toml").is_file()))
}

fn lambda_dir(options: &BuildOptions, lambda_build: &LambdaBuild, graph: &CrateGraph) -> PathBuf {
    let set = options.lambda_dir.clone().or(lambda_build.lambda_dir.as_ref().map(PathBuf::from));
    match (set, &options.directory) {
        (Some(folder), Some(directory)) => directory.join(folder),
        (Some(folder), None) => folder,
        (None, _) => graph.target_directory().join("lambda"),
    }
}
