//! From engines to the report: a package in, every file listed, every program attributed, every finding collected.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::archive::Method;
use crate::attribution::{
    Attribution, AttributionError, Compressed, Detail, DuplicateCrate, Identities, NotItsMap, Program, Subject,
    WhyQuery, attribute, check_link_map, duplicates, explain,
};
use crate::cargo::CrateGraph;
use crate::elf::{Architecture, ElfError, Image, NotATwin, TwinMatch, check_twin};
use crate::linkmap::{LinkMap, LinkMapError};
use crate::package::{
    CrateVersion, DeploymentPackage, Finding, PackageFile, PackageSource, check_architectures, check_binary,
    check_package, duplicate_crate, must_be_readable, unreadable_elf,
};
use crate::procfs::FilePages;
use crate::units::ByteSize;

use super::schema::{Artifact, ArtifactKind, Binary, Entry, Report, SCHEMA_VERSION, Tool};

/// A file whose symbols may name the bytes of a stripped program.
#[derive(Debug, Clone)]
pub struct SymbolFile<'a> {
    /// Where it came from, for the report.
    pub path: String,
    /// Its bytes.
    pub data: &'a [u8],
}

/// The linker's map of a program's link.
#[derive(Debug, Clone, Copy)]
pub struct LinkMapFile<'a> {
    /// Where it came from, for errors.
    pub path: &'a str,
    /// Its text.
    pub text: &'a [u8],
}

/// What the report is made from, besides the package itself.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// The artifact's path, as given.
    pub path: String,
    /// The crate graph.
    pub graph: Option<&'a CrateGraph>,
    /// Number of the package that holds the program; found by name in the graph where `None`.
    pub root: Option<usize>,
    /// Which package a crate's hash is of.
    pub identities: Identities<'a>,
    /// Unstripped twins or debug files. Each must match a program of the package.
    pub symbols: &'a [SymbolFile<'a>],
    /// The linker's map of a program's link. It must be of a program of the package.
    pub link_map: Option<LinkMapFile<'a>>,
    /// The architecture that the function is deployed for.
    pub architecture: Option<Architecture>,
    /// Pages of the package's files in the memory of its started programs, by path; `None` until measured.
    pub touched: Option<&'a BTreeMap<String, FilePages>>,
    /// Whether rows per function are wanted.
    pub detail: Detail,
    /// A crate to explain.
    pub why: Option<&'a WhyQuery>,
}

/// Why no report could be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A program of the package is malformed.
    #[error("{path}: {source}")]
    Elf {
        /// Which file.
        path: String,
        /// What is wrong.
        source: ElfError,
    },
    /// A program could not be attributed.
    #[error("{path}: {source}")]
    Attribution {
        /// Which file.
        path: String,
        /// What is wrong.
        source: AttributionError,
    },
    /// The file given for its symbols is malformed.
    #[error("{path}: {source}")]
    SymbolFile {
        /// Which file.
        path: String,
        /// What is wrong.
        source: ElfError,
    },
    /// The linker's map cannot be read.
    #[error("{path}: {source}")]
    LinkMap {
        /// Which file.
        path: String,
        /// What is wrong.
        source: LinkMapError,
    },
    /// The linker's map belongs to none of the programs.
    #[error("{path}: {source}")]
    OtherLink {
        /// Which file.
        path: String,
        /// What differs; `None` where the artifact holds no program.
        source: NotItsMap,
    },
    /// The file given for its symbols belongs to none of the programs.
    #[error("{path}: its symbols are of another link: {source}")]
    NotATwin {
        /// Which file.
        path: String,
        /// What differs.
        source: NotATwin,
    },
}

impl Report {
    /// Analyzes a package. `data` is the zip or the ELF file itself; empty for a folder.
    ///
    /// # Errors
    /// [`BuildError`] names the file and what is wrong with it.
    pub fn build(package: &DeploymentPackage<'_>, data: &[u8], context: &Context<'_>) -> Result<Self, BuildError> {
        // The hash of the artifact and what is in it have nothing to do with each other.
        let (artifact, binaries) =
            rayon::join(|| artifact(package, data, &context.path), || binaries(package, context));
        let Binaries { binaries, roots, mut findings } = binaries?;
        findings.extend(check_package(package));
        let architectures: Vec<_> = binaries.iter().map(|b| (b.path.clone(), b.architecture)).collect();
        findings.extend(check_architectures(&architectures));
        let programs: Vec<Program<'_>> = binaries
            .iter()
            .zip(&roots)
            .map(|(binary, &root)| Program { path: &binary.path, root, crates: &binary.crates })
            .collect();
        let duplicates: Vec<_> = programs.iter().flat_map(|program| duplicates(context.graph, program)).collect();
        findings.extend(duplicates.iter().map(duplicate_finding));
        let why = context.why.map(|query| explain(query, context.graph, &programs));
        let mut report = Self {
            schema_version: SCHEMA_VERSION,
            tool: Tool::this(),
            build: None,
            artifact,
            binaries,
            findings: Vec::new(),
            duplicates,
            why,
            estimate: None,
            measurement: None,
            layout: None,
            slim: None,
        };
        report.add_findings(findings);
        Ok(report)
    }

    /// Adds findings, each at its place in the order.
    pub fn add_findings(&mut self, findings: impl IntoIterator<Item = Finding>) {
        self.findings.extend(findings);
        self.findings.sort_by(|a, b| (a.severity, &a.code, &a.subject).cmp(&(b.severity, &b.code, &b.subject)));
        self.findings.dedup();
    }
}

impl Tool {
    fn this() -> Self {
        Self { name: env!("CARGO_PKG_NAME").to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
    }
}

/// The programs of a package.
struct Binaries {
    binaries: Vec<Binary>,
    /// The package in the graph that holds each.
    roots: Vec<Option<usize>>,
    findings: Vec<Finding>,
}

/// Every program of the package, and what is to be said about each.
fn binaries(package: &DeploymentPackage<'_>, context: &Context<'_>) -> Result<Binaries, BuildError> {
    let mut findings = Vec::new();
    let symbols = symbol_images(context.symbols)?;
    let mut matches = Matches::new(&symbols);
    let link_map = context.link_map.as_ref().map(parse_link_map).transpose()?;
    let mut map_fits: Result<(), NotItsMap> = Err(NotItsMap::NoBinary);
    let mut binaries = Vec::new();
    let mut roots = Vec::new();
    for file in package.files.iter().filter(|file| file.is_elf()) {
        let image = match Image::parse(&file.contents) {
            Ok(image) => image,
            Err(why) if must_be_readable(file) => {
                return Err(BuildError::Elf { path: file.path.clone(), source: why });
            }
            Err(why) => {
                findings.push(unreadable_elf(file, &why));
                continue;
            }
        };
        let own = check_binary(package, file, &image, context.architecture)
            .map_err(|source| BuildError::Elf { path: file.path.clone(), source })?;
        findings.extend(own);
        let its_map = link_map.as_ref().filter(|map| {
            let fits = check_link_map(map, &image);
            let is_its = fits.is_ok();
            map_fits = std::mem::replace(&mut map_fits, Ok(())).or(fits);
            is_its
        });
        let (binary, root) = binary(file, &image, matches.find(&image), its_map, context)?;
        binaries.push(binary);
        roots.push(root);
    }
    matches.all_used()?;
    if let (Some(file), Err(source)) = (&context.link_map, map_fits) {
        return Err(BuildError::OtherLink { path: file.path.to_owned(), source });
    }
    Ok(Binaries { binaries, roots, findings })
}

fn symbol_images<'a>(files: &'a [SymbolFile<'a>]) -> Result<Vec<(&'a SymbolFile<'a>, Image<'a>)>, BuildError> {
    let parse = |file: &'a SymbolFile<'a>| match Image::parse_symbol_file(file.data) {
        Ok(image) => Ok((file, image)),
        Err(source) => Err(BuildError::SymbolFile { path: file.path.clone(), source }),
    };
    files.iter().map(parse).collect()
}

fn parse_link_map<'a>(file: &LinkMapFile<'a>) -> Result<LinkMap<'a>, BuildError> {
    LinkMap::parse(file.text).map_err(|source| BuildError::LinkMap { path: file.path.to_owned(), source })
}

/// Symbol files, and which of them were of use.
struct Matches<'a> {
    files: &'a [(&'a SymbolFile<'a>, Image<'a>)],
    unmatched: Vec<Option<NotATwin>>,
}

impl<'a> Matches<'a> {
    fn new(files: &'a [(&'a SymbolFile<'a>, Image<'a>)]) -> Self {
        // A package without any program matches no symbols.
        let unmatched = files.iter().map(|_| Some(NotATwin::NoBinary)).collect();
        Self { files, unmatched }
    }

    fn find(&mut self, binary: &Image<'_>) -> Option<(&'a (&'a SymbolFile<'a>, Image<'a>), TwinMatch)> {
        let mut found = None;
        for (file, unmatched) in self.files.iter().zip(&mut self.unmatched) {
            match check_twin(binary, &file.1) {
                Ok(by) => {
                    *unmatched = None;
                    found = found.or(Some((file, by)));
                }
                Err(why) if unmatched.is_some() => *unmatched = Some(why),
                Err(_) => {}
            }
        }
        found
    }

    fn all_used(self) -> Result<(), BuildError> {
        for ((file, _), unmatched) in self.files.iter().zip(self.unmatched) {
            if let Some(source) = unmatched {
                return Err(BuildError::NotATwin { path: file.path.clone(), source });
            }
        }
        Ok(())
    }
}

fn binary(
    file: &PackageFile<'_>,
    image: &Image<'_>,
    symbols: Option<(&(&SymbolFile<'_>, Image<'_>), TwinMatch)>,
    link_map: Option<&LinkMap<'_>>,
    context: &Context<'_>,
) -> Result<(Binary, Option<usize>), BuildError> {
    let compressed = match file.zip {
        None => Compressed::Unknown,
        Some(zip) if zip.method == Method::Stored => Compressed::Stored,
        Some(zip) => Compressed::Deflate(zip.compressed),
    };
    // A program that was not mapped has no page in memory.
    let none = FilePages::default();
    // The file's own symbols are the better witness: they cannot be of another link.
    let symbols = symbols.filter(|_| image.is_stripped());
    let subject = Subject {
        image,
        symbols: symbols.map(|((_, image), _)| image),
        link_map,
        graph: context.graph,
        root: context.root,
        identities: context.identities,
        compressed,
        touched: context.touched.map(|files| files.get(&file.path).unwrap_or(&none)),
        detail: context.detail,
    };
    let Attribution {
        sections,
        crates,
        crates_by_definition,
        crates_by_instantiation,
        evidence,
        functions,
        generics,
        tree,
        unattributed_bytes,
        root,
    } = attribute(&subject).map_err(|source| BuildError::Attribution { path: file.path.clone(), source })?;
    let dynamic = image.dynamic().map_err(|source| BuildError::Elf { path: file.path.clone(), source })?;
    let binary = Binary {
        path: file.path.clone(),
        architecture: image.architecture(),
        build_id: image.build_id(),
        file_bytes: file.size(),
        loaded_bytes: ByteSize::new(image.loaded_size()),
        stripped: image.is_stripped(),
        needs_glibc: dynamic.glibc.map(|version| version.to_string()),
        toolchain: image.toolchain().or_else(|| symbols.and_then(|((_, image), _)| image.toolchain())),
        symbols_from: symbols.map(|((file, _), _)| file.path.clone()),
        symbols_matched_by: symbols.map(|(_, by)| by),
        sections,
        crates,
        crates_by_definition,
        crates_by_instantiation,
        evidence,
        unattributed_bytes,
        tree,
        functions,
        generics,
    };
    Ok((binary, root))
}

fn duplicate_finding(duplicate: &DuplicateCrate) -> Finding {
    let versions: Vec<CrateVersion> = duplicate
        .versions
        .iter()
        .map(|version| CrateVersion {
            version: version.version.clone(),
            file_bytes: version.file_bytes,
            brought_in_by: version
                .brought_in_by
                .iter()
                .map(|by| (by.name.clone(), by.requirements.join(", ")))
                .collect(),
        })
        .collect();
    duplicate_crate(&duplicate.name, &versions, duplicate.saves_bytes)
}

fn artifact(package: &DeploymentPackage<'_>, data: &[u8], path: &str) -> Artifact {
    let (kind, zip_bytes, zip_overhead_bytes) = match package.source {
        PackageSource::Zip { size, overhead } => (ArtifactKind::Zip, Some(size), Some(overhead)),
        PackageSource::Directory => (ArtifactKind::Directory, None, None),
        PackageSource::Elf => (ArtifactKind::Elf, None, None),
    };
    let digest = match kind {
        ArtifactKind::Directory => Sha256::digest(listing(package)),
        ArtifactKind::Zip | ArtifactKind::Elf => Sha256::digest(data),
    };
    let entries = package.files.iter().map(|file| Entry {
        path: file.path.clone(),
        role: file.role,
        method: file.zip.map(|zip| zip.method),
        uncompressed_bytes: file.size(),
        compressed_bytes: file.zip.map(|zip| ByteSize::of(zip.compressed)),
        unix_mode: file.mode,
    });
    Artifact {
        path: path.to_owned(),
        kind,
        zip_bytes,
        zip_overhead_bytes,
        unzipped_bytes: package.unzipped_size(),
        sha256: hex(&digest),
        code_sha256: (kind == ArtifactKind::Zip).then(|| STANDARD.encode(digest)),
        entries: entries.collect(),
    }
}

/// One line per file: hash, mode, path.
fn listing(package: &DeploymentPackage<'_>) -> String {
    let line = |file: &PackageFile<'_>| {
        let mode = file.mode.unwrap_or_default();
        format!("{} {mode:04o} {}\n", hex(&Sha256::digest(&file.contents)), file.path)
    };
    package.files.iter().map(line).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
