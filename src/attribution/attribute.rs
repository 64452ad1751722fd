//! One binary in, every byte attributed out.

use rayon::prelude::*;

use crate::cargo::{CrateGraph, Package};
use crate::deflate::{self, Bits, DeflateError};
use crate::elf::{ElfError, Image, data_pointers, debug_info, emitted_references, relocation_entries, unwind};
use crate::linkmap::LinkMap;
use crate::procfs::FilePages;
use crate::units::ByteSize;

use super::census::Census;
use super::claims::{self, Evidence};
use super::crate_table::{CrateTable, Identities, UNATTRIBUTED};
use super::debug::Units;
use super::functions::Functions;
use super::linked::{self, NotItsMap};
use super::names::Names;
use super::owner::{Owners, one_object_for_all};
use super::places;
use super::regions;
use super::retained;
use super::row::{CrateRow, EvidenceRow, FunctionRow, GenericRow, SectionRow, SectionTree};
use super::rows::{self, Costs, Weights};
use super::tree;

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
    /// The linker's map of the link that made it.
    pub link_map: Option<&'a LinkMap<'a>>,
    /// The crate graph that it was built from.
    pub graph: Option<&'a CrateGraph>,
    /// Number of the root package in the graph: the one that holds the program. Where `None`, the one whose program has the
    /// name of a codegen unit of this file.
    pub root: Option<usize>,
    /// Which package a crate's hash is of; empty where no build tells.
    pub identities: Identities<'a>,
    /// How the zip holds it.
    pub compressed: Compressed<'a>,
    /// Its pages in the memory of a started program, where that was measured.
    pub touched: Option<&'a FilePages>,
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
    /// Functions that were instantiated more than once; empty unless functions are asked for.
    pub generics: Vec<GenericRow>,
    /// Section > crate > function, functions only if asked for.
    pub tree: Vec<SectionTree>,
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
    /// The linker's map is of another link.
    #[error(transparent)]
    LinkMap(#[from] NotItsMap),
    /// Its Deflate stream is malformed.
    #[error("the compressed bytes cannot be attributed: {0}")]
    Deflate(#[from] DeflateError),
}

/// Attributes every byte of a binary.
///
/// # Errors
/// Where the symbol table or the Deflate stream is malformed, or the map is of another link.
pub fn attribute(subject: &Subject<'_>) -> Result<Attribution, AttributionError> {
    let image = subject.image;
    let source = subject.symbols.unwrap_or(image);
    let mut symbols = source.symbols()?;
    let names_are_exports = symbols.is_empty();
    if names_are_exports {
        symbols = source.dynamic_symbols()?;
    }
    // The tables know nothing of names, and names nothing of tables.
    let ((unwind, relocations, pointers), (info, mut names)) = rayon::join(
        || (unwind(image), relocation_entries(image), pointers(image)),
        || (debug_info(source), Names::read(&symbols, subject.identities.homes)),
    );
    let linked = match subject.link_map {
        Some(map) => linked::pieces(map, image, &mut names)?,
        None => Vec::new(),
    };
    let units = Units::read(&info, image, &mut names);
    let census = Census::take(&names);
    let regions = regions::cut(image);
    let mut places = places::places(image, &names, &linked);
    places::infer_objects(&mut places, &regions, &names);
    places::drop_silent(&mut places, &names);

    let mut table = CrateTable::new(subject.graph, subject.identities, &names.roots, &census);
    let own = subject.symbols.is_none() && !image.is_stripped();
    let merged = one_object_for_all(&names, &census);
    let evidence = Evidence {
        image,
        regions: &regions,
        names: &names,
        symbols_are_own: own,
        names_are_exports,
        has_rust: names.has_rust() || image.toolchain().is_some_and(|toolchain| toolchain.rustc.is_some()),
        merged,
        places,
        linked: &linked,
        unwind,
        relocations,
        pointers: &pointers,
        debug: &info,
        debug_is_own: subject.symbols.is_none(),
        units: &units,
    };
    let mut claims = claims::stake(evidence, &mut table);
    table.name_versions();
    table.add_versions(&claims.versions);
    claims.owners.rename(&table.same_crates());
    let leaves = rows::leaves(&regions, std::mem::take(&mut claims.ranges));
    let touched = subject.touched.map(|pages| pages.bytes_in(leaves.iter().map(|leaf| leaf.range.clone())));
    let weights = &Weights { costs: costs(subject, &leaves)?, touched };

    let root = subject.root.or_else(|| root_package(subject.graph?, &names));
    let view = |rows: Vec<(Option<usize>, CrateRow)>| retained::with_graph(rows, subject.graph, root);
    let entries = table.entries();
    let by = |pick: fn(&Owners) -> u32| view(rows::crates(entries, &regions, &claims, &leaves, weights, pick));
    let owner_rows = by(|owners| owners.owner);
    let functions = match subject.detail {
        Detail::Crates => None,
        Detail::Functions => {
            let demangled: Vec<String> = claims.items.par_iter().map(|item| claims::name_of(&names, item)).collect();
            Some(Functions::group(&claims, &leaves, &demangled))
        }
    };
    let of_functions = functions.as_ref();
    let sections = rows::sections(&regions, &leaves, weights);
    let source = tree::Source {
        table: entries,
        regions: &regions,
        claims: &claims,
        leaves: &leaves,
        costs: weights.costs.as_ref(),
        functions: of_functions,
    };
    let tree = source.tree(&sections);
    debug_assert_eq!(entries[UNATTRIBUTED as usize].kind, super::row::CrateKind::Unattributed);
    Ok(Attribution {
        tree,
        sections: sections.into_iter().map(|(_, row)| row).collect(),
        unattributed_bytes: owner_rows.iter().filter(|row| rows::is_nobody(row)).map(|row| row.file_bytes).sum(),
        crates: owner_rows,
        crates_by_definition: by(|owners| owners.definition),
        crates_by_instantiation: by(|owners| owners.instantiation),
        evidence: rows::evidence(&leaves),
        functions: of_functions.map(|f| f.rows(entries, &regions, &leaves, weights)).unwrap_or_default(),
        generics: of_functions.map(|f| f.generics(entries, &claims, &leaves, weights)).unwrap_or_default(),
        root,
    })
}

/// Where a pointer stands in loaded data, and where it leads: what the loader relocates, and what the linker noted down of the rest.
fn pointers(image: &Image<'_>) -> Vec<(u64, u64)> {
    let mut pointers: Vec<(u64, u64)> = data_pointers(image).iter().map(|p| (p.place, p.target)).collect();
    pointers.extend(emitted_references(image).iter().map(|reference| (reference.place, reference.target)));
    pointers.sort_unstable();
    pointers.dedup();
    pointers
}

/// The workspace's package with a program by the name of a crate that was compiled into this file. Of several, the one that is
/// most downstream: a program's library may have the name of another program.
fn root_package(graph: &CrateGraph, names: &Names<'_>) -> Option<usize> {
    let units = names.objects.list().iter().filter_map(|object| object.unit);
    let mut compiled: Vec<&str> = units.map(|unit| names.roots.name_of(unit).text).collect();
    compiled.sort_unstable();
    let compiled = |name: &str| compiled.binary_search(&name).is_ok();
    let holds = |package: &Package| package.bins.iter().any(|bin| compiled(&bin.crate_name));
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
