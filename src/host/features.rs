//! Which features the dependencies of a program have, by what is built together with it.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use super::process::Tool;
use super::toolchain::cargo;
use super::{BuildOptions, HostError, Project, Selection};

/// The features of every package that the program links, by name and version, when the program's package is built alone or with its whole workspace.
///
/// # Errors
/// [`HostError::CommandFailed`] where cargo cannot tell.
pub fn features_of(
    project: &Project,
    options: &BuildOptions,
    selection: Selection,
) -> Result<BTreeMap<String, BTreeSet<String>>, HostError> {
    let root = project.root_package();
    let mut args: Vec<OsString> = [
        "tree",
        "--edges",
        "normal,no-proc-macro",
        "--prefix",
        "none",
        "--no-dedupe",
        "--format",
        "{p}\t{f}",
        "--target",
    ]
    .map(OsString::from)
    .into();
    args.push(project.platform().into());
    match selection {
        Selection::Package => args.extend(["--package".into(), format!("{}@{}", root.name, root.version).into()]),
        Selection::Workspace => args.push("--workspace".into()),
    }
    options.push_shared(&mut args);
    let tree = Tool::new(cargo(), &args, options.directory.as_deref()).answer()?;
    let mut packages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in tree.lines() {
        let Some((package, features)) = line.split_once('\t') else { continue };
        // `name v1.2.3 (/path)`
        let package: Vec<&str> = package.split(' ').take(2).collect();
        let features = features.split(',').map(str::trim).filter(|feature| !feature.is_empty());
        packages.entry(package.join(" ")).or_default().extend(features.map(str::to_owned));
    }
    Ok(packages)
}
