//! With `--no-build`: where the program already is. cargo-lambda's layout first, then cargo's.

use std::path::PathBuf;

use super::{BuildOptions, HostError, Project};

/// The artifact of a project that is built already: cargo-lambda's `bootstrap.zip`, its `bootstrap`, an extension of
/// this name, then cargo's own program.
///
/// # Errors
/// [`HostError::NotBuilt`] with every place that was looked at.
pub fn find_built(project: &Project, options: &BuildOptions) -> Result<PathBuf, HostError> {
    let looked_at = places(project, options);
    match looked_at.iter().find(|path| path.is_file()) {
        Some(path) => Ok(path.clone()),
        None => Err(HostError::NotBuilt { bin: project.bin.name.clone(), looked_at }),
    }
}

/// Where the deployment package of the project's program belongs, as cargo-lambda has it.
#[must_use]
pub fn lambda_zip_path(project: &Project) -> PathBuf {
    project.lambda_dir.join(&project.bin.name).join("bootstrap.zip")
}

/// cargo's own program, whether or not there is a package of it.
#[must_use]
pub fn find_program(project: &Project, options: &BuildOptions) -> Option<PathBuf> {
    programs(project, options).into_iter().find(|path| path.is_file())
}

fn places(project: &Project, options: &BuildOptions) -> Vec<PathBuf> {
    let bin = project.bin.name.as_str();
    let lambda = &project.lambda_dir;
    let mut places =
        vec![lambda_zip_path(project), lambda.join(bin).join("bootstrap"), lambda.join("extensions").join(bin)];
    places.extend(programs(project, options));
    places
}

fn programs(project: &Project, options: &BuildOptions) -> Vec<PathBuf> {
    let folder = |triple: &str| project.graph.target_directory().join(triple).join(options.profile_folder());
    let built = |triple: &str| folder(triple).join(&project.bin.name);
    match &project.target {
        Some(triple) => vec![built(triple)],
        // Without --target cargo leaves the triple out; a configured target puts it in.
        None => vec![built(""), built(&project.toolchain.host)],
    }
}
