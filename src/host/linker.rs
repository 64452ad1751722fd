//! What the linker of a project takes for a map. Nobody but cargo knows which linker it will run, so a program of one line is linked
//! in the project's place, where cargo's configuration holds.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::process::Tool;
use super::toolchain::cargo;
use super::{BuildOptions, HostError, Project};

/// How to ask a linker for its map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum MapStyle {
    /// Through a compiler that calls the linker: what rustc does by default.
    Driver,
    /// The linker itself: `linker = "rust-lld"`.
    Linker,
    /// Not at all: zig's linker, or one of another system.
    None,
}

impl MapStyle {
    /// rustc's arguments for a map at `path`.
    pub(super) fn rustc_args(self, path: &Path) -> Vec<OsString> {
        let link_arg = |parts: &[&OsStr]| {
            let mut arg = OsString::from("link-arg=");
            parts.iter().for_each(|part| arg.push(part));
            ["-C".into(), arg]
        };
        let map: &OsStr = "-Map=".as_ref();
        // A driver cuts -Wl at commas.
        let has_comma = path.to_string_lossy().contains(',');
        match self {
            Self::Driver if has_comma => [link_arg(&["-Xlinker".as_ref()]), link_arg(&[map, path.as_ref()])].concat(),
            Self::Driver => link_arg(&["-Wl,".as_ref(), map, path.as_ref()]).into(),
            Self::Linker => link_arg(&[map, path.as_ref()]).into(),
            Self::None => Vec::new(),
        }
    }
}

/// What a trial showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trial {
    pub(super) style: MapStyle,
    /// What was said to `-Map`, where the linker takes none.
    pub(super) refusal: Option<String>,
}

/// Links a program of one line with each style, in a new folder in `folder`. `None` where it cannot be linked at all: then the
/// map is not what is wrong.
pub(super) fn try_map(project: &Project, options: &BuildOptions, folder: &Path) -> Option<Trial> {
    let (trial, manifest) = trial_project(folder, "fn main() {}\n")?;
    let map = trial.path().join("trial.map");
    let link = |style: MapStyle| {
        let args = trial_args(project, options, &manifest, &style.rustc_args(&map));
        Tool::new(cargo(), &args, options.directory.as_deref()).answer()
    };
    let writes_map = |answer: &Result<String, HostError>| answer.is_ok() && has_bytes(&map);
    let through_driver = link(MapStyle::Driver);
    if writes_map(&through_driver) {
        return Some(Trial { style: MapStyle::Driver, refusal: None });
    }
    if writes_map(&link(MapStyle::Linker)) {
        return Some(Trial { style: MapStyle::Linker, refusal: None });
    }
    link(MapStyle::None).ok()?;
    Some(Trial { style: MapStyle::None, refusal: refusal(&through_driver) })
}

/// A project whose program has this source.
pub(super) fn trial_project(folder: &Path, source: &str) -> Option<(tempfile::TempDir, PathBuf)> {
    let trial = tempfile::Builder::new().prefix("trial-").tempdir_in(folder).ok()?;
    let manifest = trial.path().join("Cargo.toml");
    fs::write(trial.path().join("main.rs"), source).ok()?;
    let text = "[package]\nname = 'trial'\nedition = '2021'\n[[bin]]\nname = 'trial'\npath = 'main.rs'\n[workspace]\n";
    fs::write(&manifest, text).ok()?;
    Some((trial, manifest))
}

/// Where maps and orders of this project's links are kept: below the target folder, by target and profile.
pub(super) fn link_folder(project: &Project, options: &BuildOptions) -> PathBuf {
    let folder = project.graph.target_directory().join("lambda-slim");
    folder.join(project.target.as_deref().unwrap_or("host")).join(options.profile_folder())
}

pub(super) fn has_bytes(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.len() > 0)
}

/// The arguments that build it as the project is built, with `rustc_args` for rustc.
pub(super) fn trial_args(
    project: &Project,
    options: &BuildOptions,
    manifest: &Path,
    rustc_args: &[OsString],
) -> Vec<OsString> {
    let mut args: Vec<OsString> = ["rustc", "--quiet", "--offline", "--manifest-path"].map(OsString::from).into();
    let target_dir = manifest.with_file_name("target");
    args.extend([manifest.into(), "--target-dir".into(), target_dir.into()]);
    args.extend(project.target.iter().flat_map(|target| ["--target".into(), target.into()]));
    args.extend(options.config.iter().flat_map(|config| ["--config".into(), config.into()]));
    args.push("--".into());
    args.extend(rustc_args.iter().chain(&options.rustc_args).cloned());
    args
}

fn refusal(answer: &Result<String, HostError>) -> Option<String> {
    let Err(HostError::CommandFailed { stderr, .. }) = answer else { return None };
    line_that_names(stderr, &["-Map"], 200)
}

/// The line of an error, shorter than `limit` bytes, that names one of the options; not the one that shows the command.
pub(super) fn line_that_names(stderr: &str, options: &[&str], limit: usize) -> Option<String> {
    let names = |line: &str| options.iter().any(|option| line.contains(option));
    let line = stderr.lines().rfind(|line| names(line) && !line.contains("link-arg") && line.len() < limit)?;
    Some(line.trim_start_matches([' ', '=']).trim_start_matches("note:").trim().to_owned())
}

/// All that chooses the linker and rustc's flags, apart from the command line of cargo itself: variables and cargo's
/// configuration files, as text.
pub(super) fn build_settings(options: &BuildOptions) -> String {
    let mut settings = format!("{:?} {:?}\n", options.config, options.rustc_args);
    let mut variables: Vec<(String, String)> = env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
        .filter(|(name, _)| is_setting(name))
        .collect();
    variables.sort();
    for (name, value) in variables {
        settings.push_str(&format!("{name}={value}\n"));
    }
    for path in configuration_files(options.directory.as_deref()) {
        settings.push_str(&fs::read_to_string(path).unwrap_or_default());
    }
    settings
}

fn is_setting(variable: &str) -> bool {
    variable.contains("RUSTFLAGS")
        || variable.starts_with("CARGO_PROFILE_")
        || variable == "CARGO_BUILD_TARGET"
        || (variable.starts_with("CARGO_TARGET_") && variable.ends_with("_LINKER"))
}

/// Where cargo looks: `.cargo` of the folder and of every folder above it, and its home.
pub(super) fn configuration_files(directory: Option<&Path>) -> Vec<PathBuf> {
    let here = directory.unwrap_or(Path::new(".")).canonicalize().unwrap_or_default();
    let mut folders: Vec<PathBuf> = here.ancestors().map(|folder| folder.join(".cargo")).collect();
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    folders.extend(home.or_else(|| Some(env::home_dir()?.join(".cargo"))));
    folders.sort();
    folders.dedup();
    let files = folders.iter().flat_map(|folder| [folder.join("config.toml"), folder.join("config")]);
    files.filter(|path| path.is_file()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_style_names_the_file_in_its_own_way() {
        let args = |style: MapStyle, path: &str| style.rustc_args(Path::new(path)).join(OsStr::new(" "));
        assert_eq!(args(MapStyle::Driver, "/t/a b.map"), "-C link-arg=-Wl,-Map=/t/a b.map");
        assert_eq!(args(MapStyle::Driver, "/t/a,b.map"), "-C link-arg=-Xlinker -C link-arg=-Map=/t/a,b.map");
        assert_eq!(args(MapStyle::Linker, "/t/a,b.map"), "-C link-arg=-Map=/t/a,b.map");
        assert_eq!(args(MapStyle::None, "/t/a.map"), "");
    }

    #[test]
    fn what_the_linker_said_is_kept() {
        let stderr = "error: linking with `zigcc` failed: exit status: 1\n  |\n  = note:  \"zigcc\" \"-Wl,-Map=/t/x.map\" link-arg\n  \
            = note: error: unsupported linker arg: -Map\n          \n";
        let failed =
            HostError::CommandFailed { command: String::new(), status: String::new(), stderr: stderr.to_owned() };
        assert_eq!(refusal(&Err(failed)).as_deref(), Some("error: unsupported linker arg: -Map"));
        assert_eq!(refusal(&Ok(String::new())), None);
    }
}
