//! A package in, a smaller one out: rewrite, prove, compress, write, read back.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::archive::{self, ArchiveError, EntryKind, Expected, ReadbackError};
use crate::elf::{ElfError, Image};
use crate::package::{DeploymentPackage, PackageFile, PackageSource, Role, must_be_readable};
use crate::units::{ByteDelta, ByteSize};

use super::changes::Changes;
use super::options::Options;
use super::outcome::{Outcome, PackageSizes, RewriteRow, RewriteStatus};
use super::program::{SlimProgram, row, slim_program};
use super::recompress::{SlimmedFile, Streams, compress_all};
use super::rewrite::Rewrite;
use super::stage::Stage;
use super::verify::{VerifyError, proof_in_words, same_program};

const PROGRAM_MODE: u32 = 0o755;
const FILE_MODE: u32 = 0o644;
const LINK_MODE: u32 = 0o777;

/// Why a package could not be slimmed. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SlimError {
    /// A program of the package is malformed.
    #[error("{path}: {source}")]
    Elf {
        /// Which file.
        path: String,
        /// What is wrong.
        source: ElfError,
    },
    /// The slimmed program is not the same program.
    #[error("{path}: the slimmed file failed its proof, nothing was written: {source}")]
    Verify {
        /// Which file.
        path: String,
        /// What differs.
        source: VerifyError,
    },
    /// The zip cannot be written.
    #[error("the zip cannot be written: {0}")]
    Write(#[from] ArchiveError),
    /// The finished zip does not hold what was meant.
    #[error("the finished zip failed its proof, nothing was written: {0}")]
    Readback(#[from] ReadbackError),
    /// The finished zip is larger than the one that came in.
    #[error("the finished zip has {after} bytes, the one that came in {before}: nothing was written")]
    Larger {
        /// Size that came in.
        before: u64,
        /// Size that would go out.
        after: u64,
    },
}

/// A slimmed package. It exists only where it is proven and not larger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slimmed<'data> {
    /// Its files, sorted by path.
    pub files: Vec<SlimmedFile<'data>>,
    /// The finished zip.
    pub zip: Vec<u8>,
    /// What was done.
    pub outcome: Outcome,
}

/// Slims a package. `done` is called with the size of each file whose compression is finished.
///
/// # Errors
/// [`SlimError`]: malformed programs, a proof that failed, a result that would be larger.
pub fn slim<'data>(
    package: &DeploymentPackage<'data>,
    options: &Options,
    done: &(dyn Fn(ByteSize) + Sync),
) -> Result<Slimmed<'data>, SlimError> {
    slim_in_stages(package, &[], options, done, &|_| {})
}

/// The same; `finished` is called after each stage. `symbols` are unstripped twins or debug files of programs that came stripped: names show
/// some rewrites what they may do. What is a twin of none is not used.
///
/// # Errors
/// As [`slim`].
pub fn slim_in_stages<'data>(
    package: &DeploymentPackage<'data>,
    symbols: &[&[u8]],
    options: &Options,
    done: &(dyn Fn(ByteSize) + Sync),
    finished: &dyn Fn(Stage),
) -> Result<Slimmed<'data>, SlimError> {
    let mut rewrites = Vec::new();
    let mut files = Vec::with_capacity(package.files.len());
    let mut proofs = Vec::new();
    let twins: Vec<Image<'_>> = symbols.iter().filter_map(|data| Image::parse(data).ok()).collect();
    let slimmed: Vec<_> = package.files.par_iter().map(|file| slim_file(package, file, &twins, options)).collect();
    for result in slimmed {
        let (file, changes, rows) = result?;
        rewrites.extend(rows);
        proofs.extend(changes.map(|changes| (file.path.clone(), changes)));
        files.push(file);
    }
    files.extend(package.empty_folders.iter().map(|path| SlimmedFile {
        path: path.clone(),
        mode: PROGRAM_MODE,
        kind: EntryKind::Directory,
        contents: Cow::Borrowed(&[]),
        changed: false,
        unchanged: None,
    }));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    finished(Stage::Rewritten);

    let recompress = options.asks_for(Rewrite::Recompress);
    let streams = if recompress { Streams::Fresh } else { Streams::Kept };
    let proofs: BTreeMap<String, Changes> = proofs.into_iter().collect();
    // The proof takes less time than the compression beside it.
    let (proven, mut entries) =
        rayon::join(|| prove(package, &files, &proofs), || compress_all(&files, streams, options.effort, done));
    proven?;
    let beaten = beaten_by_what_came_in(&files, &entries, package);
    if !beaten.is_empty() {
        for (index, original, larger_by) in beaten {
            no_gain_in_the_zip(&mut rewrites, &original.path, larger_by);
            files[index] = as_it_came(package, original);
        }
        entries = compress_all(&files, streams, options.effort, &|_| {});
    }
    finished(Stage::CompressedAndProven);
    if recompress {
        rewrites.extend(package.files.iter().filter_map(|file| recompress_row(file, &entries, package)));
    }
    let zip = archive::write(&entries, options.timestamp)?;
    let expected: Vec<_> = files
        .iter()
        .zip(&entries)
        .map(|(file, entry)| Expected {
            path: &file.path,
            kind: file.kind,
            mode: file.mode,
            method: entry.method,
            contents: &file.contents,
        })
        .collect();
    archive::confirm(&zip, &expected)?;
    finished(Stage::Written);

    let before = match package.source {
        PackageSource::Zip { size, .. } => Some(size),
        PackageSource::Directory | PackageSource::Elf => None,
    };
    let after = ByteSize::of(&zip);
    if let Some(before) = before.filter(|&before| after > before) {
        return Err(SlimError::Larger { before: before.get(), after: after.get() });
    }
    let outcome = Outcome {
        level: options.level,
        effort: options.effort.name().to_owned(),
        before: PackageSizes { zip_bytes: before, unzipped_bytes: package.unzipped_size() },
        after: PackageSizes {
            zip_bytes: Some(after),
            unzipped_bytes: files.iter().map(|f| ByteSize::of(&f.contents)).sum(),
        },
        rewrites,
        proof: proof_in_words(&all_changes(&files, &proofs)),
        boot_check: None,
        code_sha256: STANDARD.encode(Sha256::digest(&zip)),
    };
    Ok(Slimmed { files, zip, outcome })
}

type SlimmedWithRows<'data> = (SlimmedFile<'data>, Option<Changes>, Vec<RewriteRow>);

fn slim_file<'data>(
    package: &DeploymentPackage<'data>,
    file: &PackageFile<'data>,
    twins: &[Image<'_>],
    options: &Options,
) -> Result<SlimmedWithRows<'data>, SlimError> {
    let unchanged = as_it_came(package, file);
    if !file.is_elf() {
        return Ok((unchanged, None, Vec::new()));
    }
    let (program, rows) = slim_elf(file, twins, options)?;
    let Some((contents, changes)) = program.and_then(|program| Some((program.contents?, program.changes))) else {
        return Ok((unchanged, None, rows));
    };
    let slimmed = SlimmedFile { contents: Cow::Owned(contents), changed: true, unchanged: None, ..unchanged };
    Ok((slimmed, Some(changes), rows))
}

/// What all programs together declared.
fn all_changes(files: &[SlimmedFile<'_>], changes: &BTreeMap<String, Changes>) -> Changes {
    let mut all = Changes::default();
    for changed in files.iter().filter(|file| file.changed).filter_map(|file| changes.get(&file.path)) {
        all.add(changed.clone());
    }
    all
}

/// Proves every program that changed.
fn prove(
    package: &DeploymentPackage<'_>,
    files: &[SlimmedFile<'_>],
    changes: &BTreeMap<String, Changes>,
) -> Result<(), SlimError> {
    let originals: BTreeMap<&str, &PackageFile<'_>> =
        package.files.iter().map(|file| (file.path.as_str(), file)).collect();
    files.par_iter().filter(|file| file.changed).try_for_each(|file| {
        // A bare program has another name in the zip.
        let original = originals.get(file.path.as_str()).copied().or_else(|| package.files.first());
        let (Some(original), Some(changes)) = (original, changes.get(&file.path)) else { return Ok(()) };
        same_program(&original.contents, &file.contents, changes)
            .map_err(|source| SlimError::Verify { path: file.path.clone(), source })
    })
}

fn as_it_came<'data>(package: &DeploymentPackage<'data>, file: &PackageFile<'data>) -> SlimmedFile<'data> {
    // Lambda starts the file that is called so; a bare program becomes it.
    let bare_program = package.source == PackageSource::Elf && file.role == Role::Bootstrap;
    SlimmedFile {
        path: if bare_program { "bootstrap".to_owned() } else { file.path.clone() },
        mode: mode(file),
        kind: if file.is_symlink { EntryKind::Symlink } else { EntryKind::File },
        contents: file.contents.clone(),
        changed: false,
        unchanged: file.zip,
    }
}

/// Files that became smaller but whose new stream is larger than the one that came in, as a better compressor made it:
/// their number, the file that came in, and by how much.
fn beaten_by_what_came_in<'package, 'data>(
    files: &[SlimmedFile<'_>],
    entries: &[archive::NewEntry<'_>],
    package: &'package DeploymentPackage<'data>,
) -> Vec<(usize, &'package PackageFile<'data>, usize)> {
    let changed = files.iter().zip(entries).enumerate().filter(|(_, (file, _))| file.changed);
    changed
        .filter_map(|(index, (file, entry))| {
            let original = package.files.iter().find(|original| original.path == file.path)?;
            let larger_by = entry.data.len().checked_sub(original.zip?.compressed.len())?;
            (larger_by > 0).then_some((index, original, larger_by))
        })
        .collect()
}

/// Takes back what was said of a file that stays as it came.
fn no_gain_in_the_zip(rewrites: &mut [RewriteRow], path: &str, larger_by: usize) {
    for row in rewrites.iter_mut().filter(|row| row.path == path && row.status == RewriteStatus::Applied) {
        row.status = RewriteStatus::NoGain;
        row.saved_bytes = ByteDelta::default();
        row.saved_compressed_bytes = None;
        row.gives_up = None;
        row.reason = Some(format!("the zip would be {larger_by} bytes larger at this effort"));
    }
}

/// 0755 for what can be started, 0644 for all else: the same on every host.
fn mode(file: &PackageFile<'_>) -> u32 {
    if file.is_symlink {
        return LINK_MODE;
    }
    let marked = file.mode.is_some_and(|mode| mode & 0o111 != 0);
    if marked || file.is_elf() || file.is_script() || must_be_readable(file) { PROGRAM_MODE } else { FILE_MODE }
}

/// The rewritten program; `None` where it stays as it came.
fn slim_elf<'data>(
    file: &PackageFile<'data>,
    twins: &[Image<'_>],
    options: &Options,
) -> Result<(Option<SlimProgram>, Vec<RewriteRow>), SlimError> {
    match slim_program(&file.contents, &file.path, twins, options) {
        Ok(mut program) => {
            let rows = std::mem::take(&mut program.rows);
            Ok((Some(program).filter(|program| program.contents.is_some()), rows))
        }
        // An ELF file of another kind among the assets is data to us.
        Err(source) if !must_be_readable(file) => {
            let why = Some(source.to_string());
            Ok((
                None,
                vec![row(Rewrite::StripSymbols, &file.path, RewriteStatus::NotApplicable, ByteDelta::default(), why)],
            ))
        }
        Err(source) => Err(SlimError::Elf { path: file.path.clone(), source }),
    }
}

fn recompress_row(
    file: &PackageFile<'_>,
    entries: &[archive::NewEntry<'_>],
    package: &DeploymentPackage<'_>,
) -> Option<RewriteRow> {
    let before = file.zip.map(|zip| zip.compressed.len());
    if package.source == PackageSource::Elf || before.is_none() {
        return None;
    }
    // Entries are sorted by path, and there may be 65,535 of them.
    let entry = entries.binary_search_by(|entry| entry.path.as_str().cmp(&file.path)).ok()?;
    let after = entries.get(entry)?.data.len();
    let (before, after) = (ByteSize::new(before? as u64), ByteSize::new(after as u64));
    Some(if after < before {
        row(Rewrite::Recompress, &file.path, RewriteStatus::Applied, before.since(after), None)
    } else {
        let why = "the stream that came in is as small".to_owned();
        row(Rewrite::Recompress, &file.path, RewriteStatus::NoGain, ByteDelta::default(), Some(why))
    })
}
