//! Which program is meant: the flags `--package` and `--bin`, or the only one there is.

use super::{BinTarget, CargoError, CrateGraph, Package};

/// A program and the package that builds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectedBin {
    /// Index of the package.
    pub package: usize,
    /// The program.
    pub bin: BinTarget,
}

impl CrateGraph {
    /// The package of the only program that cargo builds here (workspace default members).
    ///
    /// # Errors
    /// As [`CrateGraph::select_bin`].
    pub fn default_root(&self) -> Result<usize, CargoError> {
        Ok(self.select_bin(None, None)?.package)
    }

    /// The package of the program called `bin`.
    ///
    /// # Errors
    /// As [`CrateGraph::select_bin`].
    pub fn root_for_bin(&self, bin: &str) -> Result<usize, CargoError> {
        Ok(self.select_bin(None, Some(bin))?.package)
    }

    /// The program that `--package` and `--bin` mean. Without `--bin`: the only one, or the one that `default-run`
    /// names. A program is looked for among the default members first, then in the whole workspace.
    ///
    /// # Errors
    /// [`CargoError`] that lists what there is, if the choice is not exactly one program.
    pub fn select_bin(&self, package: Option<&str>, bin: Option<&str>) -> Result<SelectedBin, CargoError> {
        let default = match package {
            Some(spec) => vec![self.workspace_member(spec)?],
            None => self.default_members.clone(),
        };
        let Some(name) = bin else {
            return self.only_bin(&default);
        };
        let all = if package.is_some() { Vec::new() } else { self.workspace_members() };
        for packages in [&default, &all] {
            let found: Vec<SelectedBin> =
                self.bins_of(packages).into_iter().filter(|found| found.bin.name == name).collect();
            match found.as_slice() {
                [] => {}
                [only] => return Ok(only.clone()),
                several => {
                    return Err(CargoError::AmbiguousBin {
                        name: name.to_owned(),
                        packages: several.iter().map(|one| self.package(one.package).name.clone()).collect(),
                    });
                }
            }
        }
        let visible = if package.is_some() { default } else { all };
        Err(CargoError::UnknownBin { name: name.to_owned(), bins: self.bin_names(&visible) })
    }

    fn only_bin(&self, packages: &[usize]) -> Result<SelectedBin, CargoError> {
        let mut bins = self.bins_of(packages);
        if let [package] = packages
            && let Some(default_run) = &self.package(*package).default_run
        {
            bins.retain(|found| found.bin.name == *default_run);
        }
        match bins.as_slice() {
            [] => Err(CargoError::NoBin {
                packages: packages.iter().map(|&index| self.package(index).name.clone()).collect(),
            }),
            [only] => Ok(only.clone()),
            _ => Err(CargoError::SeveralBins { bins: self.bin_names(packages) }),
        }
    }

    fn bins_of(&self, packages: &[usize]) -> Vec<SelectedBin> {
        let bins = |&package: &usize| {
            let bins = self.package(package).bins.iter().cloned();
            bins.map(move |bin| SelectedBin { package, bin })
        };
        packages.iter().flat_map(bins).collect()
    }

    fn bin_names(&self, packages: &[usize]) -> Vec<String> {
        let mut names: Vec<String> = self.bins_of(packages).into_iter().map(|found| found.bin.name).collect();
        names.sort();
        names.dedup();
        names
    }

    fn workspace_members(&self) -> Vec<usize> {
        (0..self.packages.len()).filter(|&index| self.packages[index].workspace_member).collect()
    }

    fn workspace_member(&self, spec: &str) -> Result<usize, CargoError> {
        let means = |package: &Package| {
            package.name == spec || package.id == spec || format!("{}@{}", package.name, package.version) == spec
        };
        let members = self.workspace_members();
        let found = members.iter().copied().find(|&index| means(self.package(index)));
        found.ok_or_else(|| CargoError::UnknownPackage {
            name: spec.to_owned(),
            members: members.iter().map(|&index| self.package(index).name.clone()).collect(),
        })
    }
}
