//! Logs: files, every file of a folder, standard input; read as streams, for they may be larger than memory.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::HostError;
use super::file::unreadable;
use super::tree::files_below;

/// One input of `calibrate`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogInput {
    /// The file; `None` is standard input.
    path: Option<PathBuf>,
}

/// The inputs that `paths` name: `-` is standard input, a folder all of its files, sorted.
///
/// # Errors
/// Where a path does not exist or cannot be read, or a folder holds no file.
pub fn log_inputs(paths: &[PathBuf]) -> Result<Vec<LogInput>, HostError> {
    let mut inputs = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            inputs.push(LogInput { path: None });
        } else if path.metadata().map_err(|cause| unreadable(path, cause))?.is_dir() {
            let files = files_below(path)?;
            if files.is_empty() {
                return Err(HostError::EmptyFolder { path: path.clone() });
            }
            inputs.extend(files.into_iter().map(|path| LogInput { path: Some(path) }));
        } else {
            inputs.push(LogInput { path: Some(path.clone()) });
        }
    }
    Ok(inputs)
}

impl LogInput {
    /// Where it comes from, for messages.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.path.as_deref().unwrap_or(Path::new("standard input"))
    }

    /// Its size in bytes as it lies on disk; `None` where that is not known.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        Some(self.path.as_deref()?.metadata().ok()?.len())
    }

    /// Opens it.
    ///
    /// # Errors
    /// Where the operating system refuses.
    pub fn open(&self) -> Result<Box<dyn Read + Send>, HostError> {
        match &self.path {
            None => Ok(Box::new(io::stdin())),
            Some(path) => Ok(Box::new(File::open(path).map_err(|cause| unreadable(path, cause))?)),
        }
    }
}
