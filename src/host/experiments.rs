//! Where build experiments are made and what is known of them: `<target dir>/lambda-slim/tune`, and nothing outside of it.
//!
//! One target folder serves all experiments with the same flags for rustc: cargo keeps builds of different profiles apart by hash, so that build scripts,
//! procedural macros and whatever else two experiments have in common are compiled once. The user's own target folder is never built in. Results are
//! one JSON file, replaced whole after each experiment: a run that is stopped at any moment loses the experiment that it was at, and no other.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::file::read_file;
use super::replace::replace;
use super::{HostError, Project};
use crate::units::ByteSize;

/// The largest file of results that is read.
const RESULTS_LIMIT: ByteSize = ByteSize::new(64 << 20);

/// A program's experiments on this machine. No other process has them at the same time.
#[derive(Debug)]
pub struct Experiments {
    folder: PathBuf,
    bin: String,
    /// Locked as long as this lives.
    _lock: File,
}

impl Experiments {
    /// Makes the folder of the project's experiments, and locks it.
    ///
    /// # Errors
    /// [`HostError::Unwritable`]; [`HostError::ExperimentsRunning`] where another process has it.
    pub fn open(project: &Project) -> Result<Self, HostError> {
        let folder = project.graph.target_directory().join("lambda-slim").join("tune");
        let unwritable = |path: &Path| {
            let path = path.to_owned();
            move |cause| HostError::Unwritable { path, cause }
        };
        fs::create_dir_all(&folder).map_err(unwritable(&folder))?;
        let path = folder.join("lock");
        let lock = File::options().create(true).truncate(false).write(true).open(&path).map_err(unwritable(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(HostError::ExperimentsRunning { folder }),
            // Some file systems have no locks: then two runs may build the same twice.
            Err(TryLockError::Error(_)) => {}
        }
        Ok(Self { folder, bin: format!("{}-{}", project.root_package().name, project.bin.name), _lock: lock })
    }

    /// The target folder for builds with these flags for rustc.
    #[must_use]
    pub fn target_dir(&self, rustflags: &[String]) -> PathBuf {
        match rustflags {
            [] => self.folder.join("target"),
            flags => self.folder.join(format!("target-{:08x}", crc32fast::hash(flags.join("\u{1f}").as_bytes()))),
        }
    }

    /// The folder for a copy of the project.
    #[must_use]
    pub fn copy_dir(&self) -> PathBuf {
        self.folder.join("copy")
    }

    /// Removes the copy. One that cannot be removed lies below the target folder, and is made anew when it is needed.
    pub fn remove_copy(&self) {
        let _ = fs::remove_dir_all(self.copy_dir());
    }

    /// What earlier runs found, by key. Results of another layout, or none, are nothing.
    #[must_use]
    pub fn results<T: DeserializeOwned>(&self) -> BTreeMap<String, T> {
        let json = read_file(&self.results_path(), RESULTS_LIMIT).ok();
        json.and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default()
    }

    /// Keeps what is known by now.
    ///
    /// # Errors
    /// [`HostError::Unwritable`]; the results of before are then as they were.
    pub fn keep<T: Serialize>(&self, results: &BTreeMap<String, T>) -> Result<(), HostError> {
        let json = serde_json::to_vec(results).expect("results have text keys and write to memory");
        replace(&self.results_path(), &json, None)
    }

    /// What the last run chose.
    #[must_use]
    pub fn choices<T: DeserializeOwned + Default>(&self) -> T {
        let json = read_file(&self.choices_path(), RESULTS_LIMIT).ok();
        json.and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default()
    }

    /// Keeps what this run chose.
    ///
    /// # Errors
    /// [`HostError::Unwritable`].
    pub fn keep_choices<T: Serialize>(&self, choices: &T) -> Result<(), HostError> {
        let json = serde_json::to_vec(choices).expect("choices have text keys and write to memory");
        replace(&self.choices_path(), &json, None)
    }

    /// Where the package of the baseline is kept, to compare answers with.
    #[must_use]
    pub fn baseline_path(&self) -> PathBuf {
        self.folder.join(format!("{}-baseline.zip", self.bin))
    }

    fn choices_path(&self) -> PathBuf {
        self.folder.join(format!("{}-choices.json", self.bin))
    }

    fn results_path(&self) -> PathBuf {
        self.folder.join(format!("{}.json", self.bin))
    }
}
