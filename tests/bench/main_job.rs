//! How long the stages of `analyze` and `slim` take, on real binaries: `cargo bench`, or `cargo bench -- FILE...` for ELF
//! files and zips of your own. Prints the median of the runs; a single run of a stage under 1 s says little.

#![expect(clippy::print_stdout, clippy::disallowed_macros, reason = "a benchmark's result is what it prints")]

use std::borrow::Cow;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lambda_slim::archive::{Archive, Limits};
use lambda_slim::attribution::{Compressed, Detail, Identities, Subject, attribute};
use lambda_slim::cargo::{CrateGraph, CrateIdentities, SymbolHomes};
use lambda_slim::deflate::{Effort, compress, cost_per_range};
use lambda_slim::elf::Image;
use lambda_slim::package::DeploymentPackage;
use lambda_slim::slim;

/// A stage is repeated for this long, and at least [`LEAST_RUNS`] times.
const TIME_PER_STAGE: Duration = Duration::from_secs(2);
const LEAST_RUNS: usize = 5;
const MOST_RUNS: usize = 200;

fn main() {
    let asked: Vec<PathBuf> = std::env::args_os().skip(1).filter(|arg| arg != "--bench").map(PathBuf::from).collect();
    let files = if asked.is_empty() { usual_files() } else { asked };
    for file in &files {
        bench(file);
    }
}

/// The checked-in package, and the larger case where it lies beside the project.
fn usual_files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let beside = root.join("../shared/cases/hello");
    let packages = root.join("testdata/packages/hello-unstripped.zip");
    [packages, beside].into_iter().filter(|path| path.is_file()).collect()
}

fn bench(file: &Path) {
    let data = std::fs::read(file).expect("a file to bench");
    println!("{} ({} bytes)", file.display(), data.len());
    println!("  {:<34} {:>10} {:>10} {:>6}", "stage", "median ms", "MB/s", "runs");
    let program = if data.starts_with(b"PK") {
        let read = || {
            let archive = Archive::parse(&data, &Limits::default()).expect("a sound zip");
            archive.entries().iter().map(|entry| entry.read().expect("a sound entry").len()).sum::<usize>()
        };
        let unzipped = read();
        stage("zip: parse, inflate, check CRC", unzipped, read);
        program_of(&data)
    } else {
        data.clone()
    };
    binary(&program, &graph_beside(file));
    let package = package(&data);
    let options = slim::Options::default();
    stage("slim (default effort)", package.unzipped_size().get() as usize, || {
        slim::slim(&package, &options, &|_| {}).expect("it can be slimmed")
    });
}

fn binary(program: &[u8], graph: &Option<CrateGraph>) {
    let image = Image::parse(program).expect("an ELF file");
    stage("elf: parse, read symbols", program.len(), || {
        let image = Image::parse(program).expect("an ELF file");
        image.symbols().expect("a sound symbol table").len()
    });

    let stream = compress(program, Effort::Default);
    let ends: Vec<u64> = (0..program.len() as u64).step_by(256).skip(1).chain([program.len() as u64]).collect();
    stage("deflate: cost of 256-byte ranges", program.len(), || {
        cost_per_range(&stream, &ends).expect("our own stream")
    });
    let (packages, std, homes) = (CrateIdentities::default(), CrateIdentities::default(), SymbolHomes::default());
    let attribution = |detail| {
        attribute(&Subject {
            image: &image,
            symbols: None,
            link_map: None,
            graph: graph.as_ref(),
            root: None,
            identities: Identities { packages: &packages, std: &std, homes: &homes },
            compressed: Compressed::Deflate(&stream),
            touched: None,
            detail,
        })
    };
    stage("attribute: crates", program.len(), || attribution(Detail::Crates).expect("it can be attributed"));
    stage("attribute: functions", program.len(), || attribution(Detail::Functions).expect("it can be attributed"));

    for effort in [Effort::Fast, Effort::Default, Effort::Max] {
        stage(&format!("deflate: compress, {}", effort.name()), program.len(), || compress(program, effort));
    }
}

/// Prints the median time of `run`, and what that is in MB (10^6 bytes) of `bytes` per second.
fn stage<T>(name: &str, bytes: usize, mut run: impl FnMut() -> T) {
    black_box(run());
    let start = Instant::now();
    let mut times = Vec::new();
    while times.len() < LEAST_RUNS || (start.elapsed() < TIME_PER_STAGE && times.len() < MOST_RUNS) {
        let run_start = Instant::now();
        black_box(run());
        times.push(run_start.elapsed());
    }
    times.sort_unstable();
    let median = times[times.len() / 2].as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "for display")]
    let rate = bytes as f64 / 1e6 / median;
    println!("  {name:<34} {:>10.3} {rate:>10.0} {:>6}", median * 1e3, times.len());
}

fn package(data: &[u8]) -> DeploymentPackage<'_> {
    if data.starts_with(b"PK") {
        let archive = Archive::parse(data, &Limits::default()).expect("a sound zip");
        return DeploymentPackage::from_archive(&archive).expect("a sound package");
    }
    DeploymentPackage::from_elf("bootstrap", data)
}

/// The program that Lambda starts.
fn program_of(zip: &[u8]) -> Vec<u8> {
    let package = package(zip);
    package.bootstrap().map(|file| Cow::clone(&file.contents).into_owned()).expect("a package with a bootstrap")
}

/// `NAME.metadata.json` beside `NAME.zip`.
fn graph_beside(file: &Path) -> Option<CrateGraph> {
    let text = std::fs::read_to_string(file.with_extension("metadata.json")).ok()?;
    Some(CrateGraph::from_metadata(&text).expect("saved cargo metadata"))
}
