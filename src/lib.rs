//! lambda-slim: makes AWS Lambda deployment packages smaller and faster to start.
//!
//! The program of this name is a thin face over this library; the README shows what it does. The library takes bytes and
//! returns values: only [`host`] opens files and starts processes.
//!
//! # How it works
//!
//! **Analysis** gives every byte of a program one label and asks afterwards what the labels sum to. First the file is cut along
//! its headers and sections, gaps included. Then writers claim ranges, the surest first: what the file format itself needs, what the
//! linker's map and the symbols name, then tables that follow what they are about: unwind data its function, relocations the places that they
//! patch, debug information the unit that it describes. The first claim on a byte stands; what nobody
//! claims is `[unattributed]`. So rows sum to the file whatever the evidence is worth.
//!
//! **Data without a name** (strings, vtables, jump tables, panic locations) is cut where something refers to it. The code is disassembled for
//! references, pointers in data lead on from there, and each piece goes to the functions that it is reached from, in equal parts where
//! several crates share it. Linkers lay out object after object, so that neighbours settle what references leave open.
//!
//! **Owners** come from names. A mangled symbol names the crate that defines the item, in the v0 scheme with the crate's hash and
//! the types that a generic item was made for; the codegen unit that holds it names the crate that instantiated it. Generic code
//! of core, alloc and std belongs to the most downstream crate among its types. All symbols together tell std's private copies of
//! a crate from the user's, and the crate graph adds versions, the path that brought a crate in, and what would leave with it.
//!
//! **Compressed bytes** are counted, not estimated. The Deflate stream in the zip is taken apart token by token; a literal's or match's
//! bits go to the bytes that it produced, a block's header to the block. Costs are kept in fixed point, so that they sum
//! to the stream to the bit.
//!
//! **Slimming** drops sections that no segment loads, and compresses every file anew, keeping the stream that came in where it is not
//! beaten. Level `default` also packs unwind tables; named opt-ins go further and say what they give up. Each rewrite declares what it
//! changes in the loaded part. The result is a value only after a second ELF reader has found the same program in it, every byte that
//! differs is accounted for by readers that share no code with the editors, and the finished zip has been read back by a crate that did not write it.
//!
//! **Measuring** starts the package as Lambda does, against a Runtime API of our own, and reads `/proc` when every program waits for its first event.
//! Pages of the package's files that are in memory are cut by the same ranges as the file, so that they sum to the pages, crate by crate.
//!
//! **Layout** puts a breakpoint at the start of every function, lets the program start once, and keeps the functions in the order of their first calls,
//! by demangled path. Today's symbols of those paths are what the linker is told to put first.
//!
//! **Tuning** builds the program otherwise: each experiment is slimmed and started like any package, single steps first, then combinations from the best on.
//!
//! **Learning** counts what logs, traces and metrics say of a function, in buckets that a query language can count as well, and moves the model's intervals
//! by Bayes' rule; what is known of one function's sums outranks what is guessed of their terms.
//!
//! **Estimation** draws from a model whose coefficients are intervals with source, date and range of validity, and says in which
//! direction slimming moves the result, if it can tell.
//!
//! **The gate** compares a report with a budget and with the report before, and names what grew.
//!
//! ```text
//! analyze   bytes --archive--> package::DeploymentPackage --elf--> elf::Image
//!           text  --cargo----> cargo::CrateGraph; map --linkmap--> linkmap::LinkMap
//!           attribution::attribute(image, map, graph, stream) -> Attribution -> report::Report --render--> bytes
//! slim      DeploymentPackage -> rewrites -> deflate -> archive::write -> proof -> slim::Slimmed
//! measure   DeploymentPackage --host::see_start--> procfs::Start -> measure::Summary -> Report
//! layout    host::trace_start -> layout::Order -> layout::place -> host::build_project (linked again) -> slim, measure
//! tune      tune::next -> host::build_project (in a target folder of its own) -> slim, measure -> tune::choose
//! estimate  sizes + estimate::Model -> Estimate
//! calibrate text --logs--> Samples -> estimate::Observations -> estimate::Model
//! check     Report now + Report before + policy::Budget -> policy::Verdict
//! ```
//!
//! # Example
//! Which crates does a zip hold, and what do they cost in it?
//!
//! ```
//! use lambda_slim::archive::{Archive, Limits};
//! use lambda_slim::attribution::{Compressed, Detail, Identities, Subject, attribute};
//! use lambda_slim::cargo::{CrateIdentities, SymbolHomes};
//! use lambda_slim::elf::Image;
//! use lambda_slim::units::ByteSize;
//!
//! # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/packages/hello-unstripped.zip");
//! # let Ok(zip) = std::fs::read(path) else { return Ok(()) }; // The published crate has no test packages.
//! let archive = Archive::parse(&zip, &Limits::default())?;
//! let bootstrap = &archive.entries()[0];
//! let program = bootstrap.read()?;
//! let image = Image::parse(&program)?;
//! let (nothing, no_homes) = (CrateIdentities::default(), SymbolHomes::default());
//! let attribution = attribute(&Subject {
//!     image: &image,
//!     symbols: None,
//!     link_map: None,
//!     graph: None,
//!     root: None,
//!     identities: Identities { packages: &nothing, std: &nothing, homes: &no_homes },
//!     compressed: Compressed::Deflate(bootstrap.compressed()),
//!     touched: None,
//!     detail: Detail::Crates,
//! })?;
//! let in_file: ByteSize = attribution.crates.iter().map(|row| row.file_bytes).sum();
//! let in_zip: ByteSize = attribution.crates.iter().filter_map(|row| row.compressed_bytes).sum();
//! assert_eq!(in_file.get(), image.file_size());
//! assert_eq!(in_zip, bootstrap.compressed_size());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod archive;
pub mod attribution;
pub mod cargo;
#[cfg(feature = "cli")]
pub mod cli;
pub mod deflate;
pub mod elf;
pub mod estimate;
pub mod host;
pub mod layout;
pub mod linkmap;
pub mod logs;
pub mod measure;
pub mod package;
pub mod policy;
pub mod procfs;
pub mod render;
pub mod report;
pub mod slim;
pub mod tune;
pub mod units;
