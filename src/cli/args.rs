//! The command line, as clap reads it. Flags shared with cargo and cargo-lambda carry their names.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, ValueEnum};

use crate::estimate::PackageKind;
use crate::slim::Rewrite;

use super::partition::Partition;

/// Flags of every command.
#[derive(Debug, Args)]
pub(super) struct Global {
    /// No progress and no notes on stderr
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// The time of each stage, and more from cargo (-vv for still more)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", env = "CARGO_TERM_COLOR", default_value = "auto")]
    pub(super) color: ColorWhen,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorWhen {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What a command works on.
#[derive(Debug, Args)]
pub(super) struct Subject {
    /// A deployment zip, an unpacked package, or an ELF file. Left out in a cargo project, the program is built
    #[arg(value_name = "ARTIFACT", conflicts_with = "include")]
    pub(super) artifact: Option<PathBuf>,
    /// The architecture that the function is deployed for
    #[arg(long, value_name = "ARCH")]
    pub(super) arch: Option<Arch>,
    /// Unstripped twin or debug file of a stripped program (matched by build id, else by its loaded bytes; repeatable)
    #[arg(long, value_name = "FILE", help_heading = "Naming crates")]
    pub(super) symbols: Vec<PathBuf>,
    /// Saved `cargo metadata --format-version 1`: crate versions and dependency paths
    #[arg(long, value_name = "FILE", help_heading = "Naming crates")]
    pub(super) metadata: Option<PathBuf>,
    /// The linker's map (-Wl,-Map=FILE) of the link that made the program. A fresh build has its own
    #[arg(long, value_name = "FILE", help_heading = "Naming crates", requires = "artifact")]
    pub(super) link_map: Option<PathBuf>,
    /// How to build the project.
    #[command(flatten)]
    pub(super) build: Build,
}

/// Several packages in one run. `-p` and `--bin` are then repeatable.
#[derive(Debug, Args)]
#[command(next_help_heading = "Several packages")]
pub(super) struct Several {
    /// More packages or reports, in the same run
    #[arg(value_name = "MORE", index = 2)]
    pub(super) more: Vec<PathBuf>,
    /// All programs of the workspace
    #[arg(long, conflicts_with_all = ["artifact", "package"])]
    pub(super) workspace: bool,
    /// Leave this package out (repeatable)
    #[arg(long, value_name = "SPEC", requires = "workspace")]
    pub(super) exclude: Vec<String>,
    /// Only the K-th of N parts, as "2/5" (every fifth package from the second) or "hash:2/5" (by name, whatever else there is): to
    /// spread packages over machines. `merge` joins their reports
    #[arg(long, value_name = "K/N")]
    pub(super) partition: Option<Partition>,
}

impl Several {
    /// Whether the flags choose among the programs of a project, which may come to several.
    pub(super) fn chooses(&self, build: &Build) -> bool {
        self.workspace || build.bin.len() > 1 || build.package.len() > 1 || self.partition.is_some()
    }
}

/// Lambda's architectures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Arch {
    /// Intel and AMD.
    #[value(name = "x86_64", alias = "x86-64")]
    X86_64,
    /// Graviton.
    #[value(name = "arm64", alias = "aarch64")]
    Arm64,
}

/// How to build the project in the current directory.
#[derive(Debug, Args)]
#[command(next_help_heading = "Building the project")]
pub(super) struct Build {
    /// Use what is built already: target/lambda/<bin>/bootstrap[.zip], else target/<triple>/<profile>/<bin>
    #[arg(long)]
    pub(super) no_build: bool,
    /// Path to Cargo.toml
    #[arg(long, value_name = "PATH")]
    pub(super) manifest_path: Option<PathBuf>,
    /// Package to build
    #[arg(short, long, value_name = "SPEC")]
    pub(super) package: Vec<String>,
    /// Program to build
    #[arg(long, value_name = "NAME")]
    pub(super) bin: Vec<String>,
    /// Build in release mode (the default)
    #[arg(short, long, conflicts_with = "profile")]
    pub(super) release: bool,
    /// Build with this profile
    #[arg(long, value_name = "NAME")]
    pub(super) profile: Option<String>,
    /// Features to activate, separated by spaces or commas
    #[arg(short = 'F', long, value_name = "FEATURES")]
    pub(super) features: Vec<String>,
    /// Activate all features
    #[arg(long)]
    pub(super) all_features: bool,
    /// Do not activate the `default` feature
    #[arg(long)]
    pub(super) no_default_features: bool,
    /// Build for this target triple
    #[arg(long, value_name = "TRIPLE")]
    pub(super) target: Option<String>,
    /// Build for arm64
    #[arg(long, conflicts_with = "x86_64")]
    pub(super) arm64: bool,
    /// Build for x86_64
    #[arg(long = "x86-64")]
    pub(super) x86_64: bool,
    /// Folder for what cargo makes
    #[arg(long, value_name = "DIRECTORY")]
    pub(super) target_dir: Option<PathBuf>,
    /// Folder for packages, instead of target/lambda
    #[arg(short, long, value_name = "DIRECTORY")]
    pub(super) lambda_dir: Option<PathBuf>,
    /// File or folder to put into the package beside the program (repeatable)
    #[arg(short, long, value_name = "PATH", conflicts_with = "no_build")]
    pub(super) include: Vec<PathBuf>,
    /// The order of functions that `layout` wrote. Without it, lambda-slim.order beside the package's Cargo.toml, if it is there
    #[arg(long, value_name = "FILE", conflicts_with_all = ["no_build", "no_order"])]
    pub(super) order_file: Option<PathBuf>,
    /// Link without an order of functions, also where there is an order file
    #[arg(long)]
    pub(super) no_order: bool,
    /// Number of parallel jobs
    #[arg(short, long, value_name = "N")]
    pub(super) jobs: Option<String>,
    /// Assert that Cargo.lock stays as it is
    #[arg(long)]
    pub(super) locked: bool,
    /// Run without the network
    #[arg(long)]
    pub(super) offline: bool,
    /// Equivalent to --locked and --offline
    #[arg(long)]
    pub(super) frozen: bool,
    /// Override a cargo configuration value
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) config: Vec<String>,
    /// Flags for rustc, for the last crate only
    #[arg(last = true, value_name = "ARGS")]
    pub(super) rustc_args: Vec<OsString>,
}

/// What a table of sizes looks like and where it goes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct TableOutput {
    /// What the result looks like
    #[arg(long, value_name = "FORMAT", default_value = "text", env = "LAMBDA_SLIM_FORMAT")]
    pub(super) format: TableFormat,
    /// Write the result to this file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

/// What the result looks like and where it goes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct Output {
    /// What the result looks like
    #[arg(long, value_name = "FORMAT", default_value = "text", env = "LAMBDA_SLIM_FORMAT")]
    pub(super) format: Format,
    /// Write the result to this file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

/// What a result looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Tables for people.
    Text,
    /// For programs.
    Json,
    /// Tables for pull requests.
    Markdown,
}

/// What a comparison looks like and where it goes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct DiffOutput {
    /// What the result looks like
    #[arg(long, value_name = "FORMAT", default_value = "text", env = "LAMBDA_SLIM_FORMAT")]
    pub(super) format: DiffFormat,
    /// Write the result to this file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

/// What a comparison looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DiffFormat {
    /// Tables for people.
    Text,
    /// For programs.
    Json,
    /// Tables for pull requests.
    Markdown,
    /// One page to open in a browser: a treemap and its table, down to functions.
    Html,
}

/// What the gate's verdict looks like and where it goes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct CheckOutput {
    /// What the result looks like. In GitHub Actions its Markdown is also appended to $GITHUB_STEP_SUMMARY
    #[arg(long, value_name = "FORMAT", default_value = "text", env = "LAMBDA_SLIM_FORMAT")]
    pub(super) format: CheckFormat,
    /// Write the result to this file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

/// What the gate's verdict looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CheckFormat {
    /// Tables for people.
    Text,
    /// For programs.
    Json,
    /// Tables for pull requests.
    Markdown,
    /// GitHub workflow commands: annotations, on the line of Cargo.toml that asks for what grew.
    Github,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// JUnit XML: a test case for each limit.
    Junit,
}

/// What a table of sizes looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum TableFormat {
    /// Tables for people.
    Text,
    /// The report, for programs.
    Json,
    /// Tables for pull requests.
    Markdown,
    /// One page to open in a browser: a treemap and its table, down to functions.
    Html,
    /// Rows with exact bytes.
    Csv,
    /// Stacks for flame graphs.
    Folded,
}

/// `analyze`.
#[derive(Debug, Args)]
#[command(mut_arg("artifact", |arg| arg.index(1)), mut_arg("rustc_args", |arg| arg.index(3)))]
pub(super) struct Analyze {
    /// What a row is
    #[arg(long, value_name = "WHAT", default_value = "crate")]
    pub(super) by: By,
    /// Which crate a byte counts for
    #[arg(long, value_name = "VIEW", default_value = "owner")]
    pub(super) view: View,
    /// How many rows to show (0 for all); with --why also how many paths (0 for all, up to 1000)
    #[arg(short = 'n', value_name = "N", default_value_t = 20)]
    pub(super) rows: usize,
    /// Show only rows whose name matches; the rest is summed
    #[arg(long, value_name = "REGEX")]
    pub(super) filter: Option<String>,
    /// Show how this crate came into the program, what would leave with it, and what keeps it; NAME or NAME@VERSION
    #[arg(long, value_name = "CRATE")]
    pub(super) why: Option<String>,
    /// Show the package that `slim` would write of the artifact: for a bare ELF file, what its crates would cost in a zip
    #[arg(long)]
    pub(super) slimmed: bool,
    /// What to analyze.
    #[command(flatten)]
    pub(super) subject: Subject,
    /// Several packages.
    #[command(flatten)]
    pub(super) several: Several,
    /// Where the result goes.
    #[command(flatten)]
    pub(super) output: TableOutput,
}

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum By {
    /// A crate of the crate graph.
    Crate,
    /// A section of the ELF file.
    Section,
    /// A function or data object.
    Function,
    /// A generic function, all its copies together.
    Generic,
    /// A file of the package.
    File,
}

/// Which crate a byte counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum View {
    /// The crate that defines the item; generic items of std go to the most downstream crate among their types.
    Owner,
    /// The crate that defines the item.
    Definition,
    /// The crate whose codegen unit holds the code.
    Instantiation,
}

/// `slim`.
#[derive(Debug, Args)]
#[command(mut_arg("artifact", |arg| arg.index(1)), mut_arg("rustc_args", |arg| arg.index(3)))]
#[command(mut_arg("package", |arg| arg.action(ArgAction::Set)), mut_arg("bin", |arg| arg.action(ArgAction::Set)))]
pub(super) struct Slim {
    /// The zip to write; of several packages, the folder for their zips. In a project the default is
    /// target/lambda/<bin>/bootstrap.zip
    #[arg(short, long, value_name = "OUT.zip", conflicts_with_all = ["in_place", "dry_run"])]
    pub(super) output: Option<PathBuf>,
    /// Replace the artifact itself: the zip, the ELF file, or the programs in the folder
    #[arg(long, conflicts_with = "dry_run")]
    pub(super) in_place: bool,
    /// Say what would be saved, write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// How far to go. 'strict' changes no loaded byte; 'default' also packs unwind tables, proven equal entry by entry
    #[arg(long, value_name = "LEVEL", default_value = "default")]
    pub(super) level: LevelArg,
    /// How hard Deflate tries
    #[arg(long, value_name = "EFFORT", env = "LAMBDA_SLIM_EFFORT")]
    pub(super) effort: Option<EffortArg>,
    /// Add a rewrite that gives something up, and so is in no level (repeatable)
    #[arg(long, value_name = "NAME", value_parser = rewrites(|rewrite| rewrite.level().is_none()))]
    pub(super) with: Vec<Rewrite>,
    /// Leave out a rewrite of the level (repeatable)
    #[arg(long, value_name = "NAME", value_parser = rewrites(|rewrite| rewrite.level().is_some()))]
    pub(super) without: Vec<Rewrite>,
    /// Keep symbols and debug information in this file, for gdb, lldb, addr2line, perf and `--symbols`
    ///
    /// As `objcopy --only-keep-debug` writes it, of the program before it is stripped, with the same build id. A folder (one that
    /// exists, or a path ending in '/') gets FOLDER/<path in the package>.debug of each program that has symbols; a folder called
    /// '.build-id' gets .build-id/xx/yyyy.debug, where debuggers look (gdb: set debug-file-directory). Of a program that is stripped
    /// already, --symbols names the unstripped one. It is an error if there is nothing to keep.
    #[arg(long, value_name = "FILE", env = "LAMBDA_SLIM_DEBUG_FILE")]
    pub(super) debug_file: Option<PathBuf>,
    /// Leave out what editors, operating systems and version control left in the package (findings 'junk-file')
    #[arg(long)]
    pub(super) drop_junk: bool,
    /// Start the package before and after against a local Lambda Runtime API, and write it only if both answer an event alike (Linux;
    /// the program has your files, made-up credentials, and a network of its own where the system allows)
    #[arg(long, help_heading = "Boot check")]
    pub(super) boot_check: bool,
    /// The event to answer, a JSON file; without it the event is {}
    #[arg(long, value_name = "FILE", requires = "boot_check", help_heading = "Boot check")]
    pub(super) event: Option<PathBuf>,
    /// How long the program may take to start, and then to answer; without it 10 s, as Lambda has it, and 30 s
    #[arg(long, value_name = "SECONDS", requires = "boot_check", help_heading = "Boot check")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=900))]
    pub(super) boot_limit: Option<u16>,
    /// What the result looks like on stdout
    #[arg(long, value_name = "FORMAT", default_value = "text", env = "LAMBDA_SLIM_FORMAT")]
    pub(super) format: Format,
    /// What to slim.
    #[command(flatten)]
    pub(super) subject: Subject,
    /// More packages: each is slimmed by itself, into the folder that -o names, or in place
    #[arg(value_name = "MORE", index = 2)]
    pub(super) more: Vec<PathBuf>,
}

/// Names of rewrites, each with what it does and what it gives up. A name that is not `listed` is taken all the same.
pub(super) fn rewrites(listed: fn(Rewrite) -> bool) -> impl TypedValueParser<Value = Rewrite> {
    let name = move |rewrite: Rewrite| {
        let gives_up = rewrite.gives_up().map(|what| format!("; gives up {what}")).unwrap_or_default();
        PossibleValue::new(rewrite.name()).help(format!("{}{gives_up}", rewrite.summary())).hide(!listed(rewrite))
    };
    PossibleValuesParser::new(Rewrite::ALL.map(name)).try_map(|name| name.parse::<Rewrite>())
}

/// How far slimming may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LevelArg {
    /// No loaded byte changes.
    Strict,
    /// The same behaviour, proven.
    Default,
}

/// How hard Deflate tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum EffortArg {
    /// libdeflate level 6.
    Fast,
    /// libdeflate level 12.
    Default,
    /// Our own near-optimal encoder: half a percent smaller than 'default', never larger, ten times slower.
    Max,
}

/// How a function is packaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum PackageArg {
    /// A zip.
    Zip,
    /// A container image.
    Image,
}

impl PackageArg {
    /// As the model has it.
    pub(super) const fn kind(self) -> PackageKind {
        match self {
            Self::Zip => PackageKind::Zip,
            Self::Image => PackageKind::Image,
        }
    }
}

/// `diff`.
#[derive(Debug, Args)]
pub(super) struct Diff {
    /// The artifact or report before
    pub(super) old: PathBuf,
    /// The artifact or report after
    pub(super) new: PathBuf,
    /// What a row is
    #[arg(long, value_name = "WHAT", default_value = "crate")]
    pub(super) by: DiffBy,
    /// Unstripped twin or debug file of a stripped program in OLD (repeatable)
    #[arg(long, value_name = "FILE")]
    pub(super) symbols_old: Vec<PathBuf>,
    /// Unstripped twin or debug file of a stripped program in NEW (repeatable)
    #[arg(long, value_name = "FILE")]
    pub(super) symbols_new: Vec<PathBuf>,
    /// How many rows to show (0 for all)
    #[arg(short = 'n', value_name = "N", default_value_t = 20)]
    pub(super) rows: usize,
    /// Where the result goes.
    #[command(flatten)]
    pub(super) output: DiffOutput,
}

/// What a row of a comparison is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DiffBy {
    /// A crate.
    Crate,
    /// A section of the ELF file.
    Section,
    /// A function or data object. Of reports, those that `analyze --by function` wrote.
    Function,
}
