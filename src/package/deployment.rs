//! A deployment package: files with roles.

use std::borrow::Cow;

use crate::archive::{Archive, ArchiveError, EntryKind, Method};
use crate::elf::is_elf;
use crate::units::ByteSize;

use super::role::Role;

/// Mode of a program: `rwxr-xr-x`.
const EXECUTABLE: u32 = 0o755;

/// Folders that Lambda looks into under `/opt`: a zip that holds nothing else is a layer. Source: Lambda developer guide,
/// "Packaging your layer content"; read 2026-11-23.
const LAYER_FOLDERS: [&str; 7] = ["bin", "extensions", "java", "lib", "nodejs", "python", "ruby"];

/// Why files make no package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PackageError {
    /// Two files have one path.
    #[error("{path:?} would be in the package twice: leave it out of --include, or out of 'include' in Cargo.toml")]
    TwoFilesOnePath {
        /// The path.
        path: String,
    },
}

/// How a zip holds a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZipData<'data> {
    /// Deflate or stored.
    pub method: Method,
    /// The bytes in the zip.
    pub compressed: &'data [u8],
    /// The version that its header says an unpacker needs, times ten: 20 is 2.0.
    pub version_needed: u16,
}

/// One file of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageFile<'data> {
    /// Path inside the package, `/` between folders.
    pub path: String,
    /// What it is for.
    pub role: Role,
    /// Unix permission bits; `None` where the zip does not say.
    pub mode: Option<u32>,
    /// Its bytes; for a symbolic link the path that it points at.
    pub contents: Cow<'data, [u8]>,
    /// True for a symbolic link.
    pub is_symlink: bool,
    /// How the zip holds it; `None` outside a zip.
    pub zip: Option<ZipData<'data>>,
}

impl<'data> PackageFile<'data> {
    /// A regular file that is in no zip. Its role is found when it becomes part of a package.
    #[must_use]
    pub fn new(path: String, mode: Option<u32>, contents: Cow<'data, [u8]>) -> Self {
        Self { path, role: Role::Asset, mode, contents, is_symlink: false, zip: None }
    }

    /// A symbolic link to `target`.
    #[must_use]
    pub fn symlink(path: String, target: &'data str) -> Self {
        Self { is_symlink: true, ..Self::new(path, None, Cow::Borrowed(target.as_bytes())) }
    }
}

impl PackageFile<'_> {
    /// Size of the file.
    #[must_use]
    pub fn size(&self) -> ByteSize {
        ByteSize::of(&self.contents)
    }

    /// True where it is an ELF file.
    #[must_use]
    pub fn is_elf(&self) -> bool {
        !self.is_symlink && is_elf(&self.contents)
    }

    /// True where it starts with `#!`.
    #[must_use]
    pub fn is_script(&self) -> bool {
        !self.is_symlink && self.contents.starts_with(b"#!")
    }

    /// Last part of the path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// What the package was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackageSource {
    /// A zip of this size, of which this much is headers.
    Zip {
        /// Size of the zip.
        size: ByteSize,
        /// Its size less the entries' compressed bytes.
        overhead: ByteSize,
    },
    /// A folder.
    Directory,
    /// One bare ELF file.
    Elf,
}

/// A deployment package. Files are sorted by path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeploymentPackage<'data> {
    /// What it was read from.
    pub source: PackageSource,
    /// Its files and symbolic links; folders are not files.
    pub files: Vec<PackageFile<'data>>,
    /// Folders that hold nothing, which a program may expect to find.
    pub empty_folders: Vec<String>,
    /// Numbers of the files, sorted by the last part of their path: each program asks for its libraries by it.
    by_name: Vec<usize>,
}

impl<'data> DeploymentPackage<'data> {
    /// Reads the entries of a zip.
    ///
    /// # Errors
    /// Where an entry cannot be inflated or its checksum is wrong.
    pub fn from_archive(archive: &Archive<'data>) -> Result<Self, ArchiveError> {
        use rayon::prelude::*;
        let entries: Vec<_> = archive.entries().iter().filter(|e| e.kind() != EntryKind::Directory).collect();
        let files: Result<Vec<_>, ArchiveError> = entries
            .par_iter()
            .map(|entry| {
                Ok(PackageFile {
                    path: entry.path().to_owned(),
                    role: Role::Asset,
                    mode: entry.unix_mode(),
                    contents: entry.read()?,
                    is_symlink: entry.kind() == EntryKind::Symlink,
                    zip: Some(ZipData {
                        method: entry.method(),
                        compressed: entry.compressed(),
                        version_needed: entry.version_needed(),
                    }),
                })
            })
            .collect();
        let source = PackageSource::Zip { size: archive.size(), overhead: archive.overhead() };
        let mut package = Self::new(source, files?);
        package.empty_folders = empty_folders(archive);
        Ok(package)
    }

    /// A folder's files.
    #[must_use]
    pub fn from_files(files: Vec<PackageFile<'data>>) -> Self {
        Self::new(PackageSource::Directory, files)
    }

    /// A program just built, with the files that go beside it.
    ///
    /// # Errors
    /// Where two of them have one path.
    pub fn from_build(files: Vec<PackageFile<'data>>) -> Result<Self, PackageError> {
        let package = Self::new(PackageSource::Directory, files);
        for pair in package.files.windows(2) {
            if let [first, second] = pair
                && first.path == second.path
            {
                return Err(PackageError::TwoFilesOnePath { path: first.path.clone() });
            }
        }
        Ok(package)
    }

    /// One ELF file: the bootstrap, or a library where its name says so.
    #[must_use]
    pub fn from_elf(name: &str, contents: &'data [u8]) -> Self {
        let file = PackageFile::new(name.to_owned(), Some(EXECUTABLE), Cow::Borrowed(contents));
        Self::new(PackageSource::Elf, vec![file])
    }

    fn new(source: PackageSource, mut files: Vec<PackageFile<'data>>) -> Self {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let layer = source != PackageSource::Elf && is_layer(&files);
        for file in &mut files {
            file.role = role(file, source, layer);
        }
        let by_name = by_name(&files);
        Self { source, files, empty_folders: Vec::new(), by_name }
    }

    /// Leaves out the files for which `keep` is false.
    pub(super) fn retain(&mut self, keep: impl FnMut(&PackageFile<'data>) -> bool) {
        self.files.retain(keep);
        self.by_name = by_name(&self.files);
    }

    /// Sum of the files' sizes.
    #[must_use]
    pub fn unzipped_size(&self) -> ByteSize {
        self.files.iter().map(PackageFile::size).sum()
    }

    /// The program that Lambda starts.
    #[must_use]
    pub fn bootstrap(&self) -> Option<&PackageFile<'data>> {
        self.files.iter().find(|file| file.role == Role::Bootstrap)
    }

    /// The first file, by path, whose path ends in this name.
    pub(super) fn file_named(&self, name: &str) -> Option<&PackageFile<'data>> {
        let file = |number: usize| self.files.get(number);
        let first = self.by_name.partition_point(|&number| file(number).is_some_and(|file| file.name() < name));
        self.by_name.get(first).and_then(|&number| file(number)).filter(|file| file.name() == name)
    }

    /// True where it is a layer or an extension: no bootstrap, and nothing outside the folders that Lambda looks into.
    #[must_use]
    pub fn is_layer(&self) -> bool {
        self.source != PackageSource::Elf && is_layer(&self.files)
    }
}

fn by_name(files: &[PackageFile<'_>]) -> Vec<usize> {
    let mut by_name: Vec<usize> = (0..files.len()).collect();
    by_name.sort_by_key(|&number| (files[number].name(), number));
    by_name
}

fn empty_folders(archive: &Archive<'_>) -> Vec<String> {
    let mut paths: Vec<&str> = archive.entries().iter().map(|entry| entry.path()).collect();
    paths.sort_unstable();
    let is_empty = |folder: &str| {
        let prefix = format!("{folder}/");
        let first_inside = paths.partition_point(|path| *path < prefix.as_str());
        !paths.get(first_inside).is_some_and(|path| path.starts_with(&prefix))
    };
    let folders = archive.entries().iter().filter(|entry| entry.kind() == EntryKind::Directory);
    folders.map(|entry| entry.path().to_owned()).filter(|folder| is_empty(folder)).collect()
}

fn is_layer(files: &[PackageFile<'_>]) -> bool {
    let in_layer_folder =
        |file: &PackageFile<'_>| file.path.split_once('/').is_some_and(|(top, _)| LAYER_FOLDERS.contains(&top));
    !files.is_empty() && files.iter().all(in_layer_folder)
}

fn role(file: &PackageFile<'_>, source: PackageSource, layer: bool) -> Role {
    let library = file.is_elf() && (file.name().ends_with(".so") || file.name().contains(".so."));
    let in_extensions = file.path.strip_prefix("extensions/").is_some_and(|rest| !rest.contains('/'));
    if library {
        Role::Library
    } else if file.path == "bootstrap" || source == PackageSource::Elf {
        Role::Bootstrap
    } else if in_extensions {
        Role::Extension
    } else if layer {
        Role::Layer
    } else {
        Role::Asset
    }
}
