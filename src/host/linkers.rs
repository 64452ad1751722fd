//! Which linkers a C compiler would find.

use std::env;

/// Of these names, those that are installed: `ld.<name>` on the search path.
#[must_use]
pub fn installed_linkers(names: &[&'static str]) -> Vec<&'static str> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = env::split_paths(&path).collect();
    let is_installed = |name: &str| folders.iter().any(|folder| folder.join(format!("ld.{name}")).is_file());
    names.iter().copied().filter(|name| is_installed(name)).collect()
}
