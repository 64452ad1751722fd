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

/// Several programs: `--workspace`, `--exclude`, and repeated `--package` and `--bin`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BinSelection {
    /// Every member of the workspace.
    pub workspace: bool,
    /// Members to leave out.
    pub exclude: Vec<String>,
    /// These members; with none, and without `workspace`, cargo's default members.
    pub packages: Vec<String>,
    /// Programs of this name alone; with none, every program.
    pub bins: Vec<String>,
}

impl CrateGraph {
    /// The programs that a selection means, by package and name.
    ///
    /// # Errors
    /// [`CargoError`] that lists what there is, where a package or program is unknown, or nothing is selected.
    pub fn select_bins(&self, selection: &BinSelection) -> Result<Vec<SelectedBin>, CargoError> {
        let members =
            |specs: &[String]| specs.iter().map(|spec| self.workspace_member(spec)).collect::<Result<Vec<_>, _>>();
        let excluded = members(&selection.exclude)?;
        let mut packages = match (selection.workspace, selection.packages.as_slice()) {
            (true, _) => self.workspace_members(),
            (false, []) => self.default_members.clone(),
            (false, specs) => members(specs)?,
        };
        packages.retain(|package| !excluded.contains(package));
        let mut selected = if selection.bins.is_empty() {
            self.bins_of(&packages)
        } else {
            let named = |name: &String| {
                let own =
                    self.bins_of(&packages).into_iter().filter(|found| found.bin.name == *name).collect::<Vec<_>>();
                match own.as_slice() {
                    [] if selection.packages.is_empty() => Ok(vec![self.select_bin(None, Some(name))?]),
                    [] => Err(CargoError::UnknownBin { name: name.clone(), bins: self.bin_names(&packages) }),
                    _ => Ok(own),
                }
            };
            selection.bins.iter().map(named).collect::<Result<Vec<_>, _>>()?.concat()
        };
        let key = |selected: &SelectedBin| (self.package(selected.package).id.clone(), selected.bin.name.clone());
        selected.sort_by_cached_key(key);
        selected.dedup_by_key(|selected| key(selected));
        if selected.is_empty() {
            return Err(CargoError::NoBin {
                packages: packages.iter().map(|&index| self.package(index).name.clone()).collect(),
            });
        }
        Ok(selected)
    }

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
