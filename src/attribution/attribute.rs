//! One binary in, every byte attributed out.

use std::collections::BTreeSet;

use crate::cargo::{CrateGraph, Package};
use crate::deflate::{self, Bits, DeflateError};
use crate::elf::{ElfError, Image};
use crate::units::ByteSize;

use super::census::{Census, Named};
use super::claims::{self, SymbolNames};
use super::crate_table::{CrateTable, Identities, UNATTRIBUTED};
use super::regions;
use super::retained;
use super::row::{CrateRow, EvidenceRow, FunctionRow, SectionRow};
use super::rows::{self, Costs};

/// How the zip holds the binary.
#[derive(Debug, Clone, Copy)]
pub enum Compressed<'a> {
    /// Not in a zip.
    Unknown,
    /// Stored: every byte costs a byte.
    Stored,
    /// This raw Deflate stream.
    Deflate(&'a [u8]),
}

/// Whether rows per function are wanted: a large binary has tens of thousands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Sections, crates, evidence.
    Crates,
    /// Functions and data objects too.
    Functions,
}

/// What is known about one binary.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The binary itself.
    pub image: &'a Image<'a>,
    /// Its unstripped twin or debug file, already matched; else its own symbols are used.
    pub symbols: Option<&'a Image<'a>>,
    /// The crate graph that it was built from.
    pub graph: Option<&'a CrateGraph>,
    /// Number of the root package in the graph: the one that holds the program. Where `None`, the one whose program has the
    /// name of a codegen unit of this file.
    pub root: Option<usize>,
    /// Which package a crate's hash is of; empty where no build tells.
    pub identities: Identities<'a>,
    /// How the zip holds it.
    pub compressed: Compressed<'a>,
    /// Whether rows per function are wanted.
    pub detail: Detail,
}

/// Where every byte of one binary went. Each list sums to the file; compressed columns sum to the entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribution {
    /// By section.
    pub sections: Vec<SectionRow>,
    /// By owner.
    pub crates: Vec<CrateRow>,
    /// By the crate that defines the item.
    pub crates_by_definition: Vec<CrateRow>,
    /// By the crate whose codegen unit holds the code.
    pub crates_by_instantiation: Vec<CrateRow>,
    /// By evidence.
    pub evidence: Vec<EvidenceRow>,
    /// By function or data object; empty unless asked for.
    pub functions: Vec<FunctionRow>,
    /// Bytes that no evidence places.
    pub unattributed_bytes: ByteSize,
    /// Number of the package in the graph that holds the program: as given, or as its symbols tell.
    pub root: Option<usize>,
}

/// Why a binary could not be attributed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttributionError {
    /// Its symbol table is malformed.
    #[error(transparent)]
    Elf(#[from] ElfError),
    /// Its Deflate stream is malformed.
    #[error("the compressed bytes cannot be attributed: {0}")]
    Deflate(#[from] DeflateError),
}

/// Attributes every byte of a binary.
///
/// # Errors
/// Where the symbol table or the Deflate stream is malformed.
pub fn attribute(subject: &Subject<'_>) -> Result<Attribution, AttributionError> {
    let image = subject.image;
    let symbols = subject.symbols.unwrap_or(image).symbols()?;
    let names = SymbolNames::read(&symbols, subject.identities.homes);
    let crates = names.crates();
    let named = names.named(&crates);
    let census = Census::take(&named);
    let mut table = CrateTable::new(subject.graph, subject.identities, &census);

    let regions = regions::cut(image);
    let own = subject.symbols.is_none();
    let claims = claims::stake(image, &regions, &names, &named, &census, &mut table, own);
    let leaves = rows::leaves(&regions, &claims);
    let costs = costs(subject, &leaves)?;
    let costs = costs.as_ref();

    let root = subject.root.or_else(|| root_package(subject.graph?, &named));
    let view = |rows: Vec<(Option<usize>, CrateRow)>| retained::with_graph(rows, subject.graph, root);
    let entries = table.entries();
    let items = &claims.items;
    let by =
        |pick: fn(&super::owner::Owners) -> u32| view(rows::crates(entries, &regions, items, &leaves, costs, pick));
    let owner_rows = by(|owners| owners.owner);
    let functions = match subject.detail {
        Detail::Crates => Vec::new(),
        Detail::Functions => {
            let version = |package: Option<usize>| Some(subject.graph?.packages().get(package?)?.version.clone());
            let versions: Vec<_> = entries.iter().map(|entry| version(entry.package)).collect();
            rows::functions(&versions, entries, &regions, items, &leaves, costs)
        }
    };
    let nobody = entries[UNATTRIBUTED as usize].kind;
    Ok(Attribution {
        sections: rows::sections(&regions, &leaves, costs),
        unattributed_bytes: owner_rows.iter().filter(|row| row.kind == nobody).map(|row| row.file_bytes).sum(),
        crates: owner_rows,
        crates_by_definition: by(|owners| owners.definition),
        crates_by_instantiation: by(|owners| owners.instantiation),
        evidence: rows::evidence(&leaves),
        functions,
        root,
    })
}

/// The workspace's package with a program by the name of a crate that was compiled into this file. Of several, the one that is
/// most downstream: a program's library may have the name of another program.
fn root_package(graph: &CrateGraph, named: &[Named<'_>]) -> Option<usize> {
    let compiled: BTreeSet<&str> = named.iter().filter_map(|symbol| Some(symbol.unit?.crate_name)).collect();
    let holds = |package: &Package| package.bins.iter().any(|bin| compiled.contains(bin.crate_name.as_str()));
    let packages = graph.packages().iter().enumerate();
    let roots = packages.filter(|(_, package)| package.workspace_member && holds(package)).map(|(number, _)| number);
    roots.max_by_key(|&number| (graph.topological_rank(number), std::cmp::Reverse(number)))
}

fn costs(subject: &Subject<'_>, leaves: &[rows::Leaf]) -> Result<Option<Costs>, DeflateError> {
    match subject.compressed {
        Compressed::Unknown => Ok(None),
        Compressed::Stored => Ok(Some(Costs {
            bits: leaves.iter().map(|leaf| Bits::of_bytes(leaf.size())).collect(),
            total: ByteSize::new(subject.image.file_size()),
        })),
        Compressed::Deflate(stream) => {
            let ends: Vec<u64> = leaves.iter().map(|leaf| leaf.range.end).collect();
            let bits = deflate::cost_per_range(stream, &ends)?;
            Ok(Some(Costs { bits, total: ByteSize::of(stream) }))
        }
    }
}
