//! Orders of functions: laws that hold for every order and every program, and functions held against `readelf`.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use lambda_slim::archive::{Archive, Limits};
use lambda_slim::elf::Image;
use lambda_slim::layout::{Function, Hint, Order, OrderError, OrderedFunction, Placement, functions, place};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use support::skip::skip;

/// A program as its functions: what a strategy makes, and symbols borrow from.
#[derive(Debug, Clone)]
struct Program {
    /// Mangled names and size; the address follows from the place in the list.
    functions: Vec<(Vec<String>, u64)>,
}

impl Program {
    fn functions(&self) -> Vec<Function<'_>> {
        let mut functions = Vec::new();
        for (index, (names, size)) in self.functions.iter().enumerate() {
            let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
            names.sort_unstable();
            names.dedup();
            functions.push(Function { address: 0x1000 + index as u64 * 0x100, size: *size, names });
        }
        functions
    }
}

/// A name in rustc's legacy scheme: few paths, so that many functions share one.
fn mangled(path: u8, hash: u64, unit: Option<u32>) -> String {
    let item = format!("f{}", path % 6);
    let suffix = unit.map(|unit| format!(".llvm.{unit}")).unwrap_or_default();
    format!("_ZN3api{}{item}17h{hash:016x}E{suffix}", item.len())
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (any::<u8>(), 0..40_u64, proptest::option::weighted(0.2, 0..3_u32))
            .prop_map(|(path, hash, unit)| mangled(path, hash, unit)),
        1 => "[a-z_]{1,6}",
        1 => "lib_1_2_[0-9]_[a-c]",
    ]
}

fn program() -> impl Strategy<Value = Program> {
    vec((vec(name(), 1..3), 0..30_000_u64), 0..40).prop_map(|functions| Program { functions })
}

/// A program, and the order of some of its functions.
fn started() -> impl Strategy<Value = (Program, Vec<u64>, Vec<u64>)> {
    program().prop_flat_map(|program| {
        let addresses: Vec<u64> = program.functions().iter().map(|function| function.address).collect();
        let count = addresses.len();
        let calls = subsequence(addresses, 0..=count).prop_shuffle();
        (Just(program), calls, any::<Index>()).prop_map(|(program, calls, at)| {
            let (init, event) = calls.split_at(at.index(calls.len() + 1));
            (program, init.to_vec(), event.to_vec())
        })
    })
}

/// The names of what was placed, each once, in order.
fn placed_names(placement: &Placement, functions: &[Function<'_>]) -> Vec<Vec<String>> {
    let mut seen = BTreeSet::new();
    let names = placement.functions.iter().map(|index| functions[*index].names.iter().map(|n| n.to_string()).collect());
    names.filter(|names: &Vec<String>| seen.insert(names.clone())).collect()
}

fn assert_lawful(placement: &Placement, order: &Order, functions: &[Function<'_>]) {
    let once: BTreeSet<_> = placement.functions.iter().collect();
    assert_eq!(once.len(), placement.functions.len(), "each function once");
    let placed = placement.placed;
    assert_eq!(placed.matched + placed.guessed + placed.gone, order.len(), "every line has one fate");
    let bytes: u64 = placement.functions.iter().map(|index| functions[*index].size).sum();
    assert_eq!(placement.code_bytes.get(), bytes);
}

fn line() -> impl Strategy<Value = OrderedFunction> {
    let path = "[a-zA-Z<_&$({][ -~é]{0,30}[a-zA-Z>0-9})]".prop_filter("a mark of version control", |path| {
        !["<<<<<<<", ">>>>>>>", "=======", "|||||||"].iter().any(|mark| path.starts_with(mark))
    });
    let hint = proptest::option::of((any::<u64>(), any::<u32>()));
    (path, hint).prop_map(|(path, hint)| {
        let hint = hint.map(|(size, name_crc32)| Hint { size, name_crc32 });
        OrderedFunction { path, hint }
    })
}

proptest! {
    #[test]
    fn an_order_survives_its_text_comments_blank_lines_and_other_line_ends(
        init in vec(line(), 0..20), first_event in vec(line(), 0..20), at in any::<Index>(),
    ) {
        let order = Order { init, first_event };
        let text = order.to_text();
        prop_assert_eq!(&Order::from_text(&text).unwrap(), &order);
        let mut lines: Vec<&str> = text.lines().collect();
        let at = at.index(lines.len());
        lines.splice(at..at, ["# said by a person", "", "   "]);
        prop_assert_eq!(Order::from_text(&lines.join("\r\n")).unwrap(), order);
    }

    #[test]
    fn any_text_is_an_order_or_an_error(text in "(\\PC|[\t\r\n#\\[]|\\[init\\]\n|[a-c]\t12\t0000000f\n){0,40}") {
        if let Ok(order) = Order::from_text(&text) {
            prop_assert_eq!(Order::from_text(&order.to_text()).unwrap(), order);
        }
    }

    #[test]
    fn the_program_that_was_started_gets_exactly_its_own_order((program, init, event) in started()) {
        let functions = program.functions();
        let order = Order::of_calls(&functions, &init, &event);
        let placement = place(&order, &functions);
        assert_lawful(&placement, &order, &functions);
        prop_assert_eq!(placement.placed.gone, 0);
        let of_address = |address: &u64| functions.iter().find(|function| function.address == *address).unwrap();
        // Copies of one name are all placed with it.
        let called: BTreeSet<_> = init.iter().chain(&event).map(of_address).map(|f| f.names[0]).collect();
        let placed: BTreeSet<_> = placement.functions.iter().flat_map(|index| functions[*index].names.clone()).collect();
        prop_assert!(called.is_subset(&placed), "{called:?} {placed:?}");
    }

    #[test]
    fn where_functions_lie_changes_nothing((program, init, event) in started(), seed in any::<u64>()) {
        let functions = program.functions();
        let order = Order::of_calls(&functions, &init, &event);
        let mut moved = program.clone();
        let count = moved.functions.len().max(1);
        moved.functions.rotate_left(usize::try_from(seed % count as u64).unwrap());
        moved.functions.reverse();
        let moved = moved.functions();
        let (here, there) = (place(&order, &functions), place(&order, &moved));
        prop_assert_eq!(placed_names(&here, &functions), placed_names(&there, &moved));
        prop_assert_eq!(here.placed, there.placed);
    }

    #[test]
    fn any_order_on_any_program_is_lawful(program in program(), init in vec(line(), 0..10), other in started()) {
        let functions = program.functions();
        let of_other = Order::of_calls(&other.0.functions(), &other.1, &other.2);
        for order in [Order { init, first_event: Vec::new() }, of_other] {
            assert_lawful(&place(&order, &functions), &order, &functions);
        }
    }

    #[test]
    fn new_hashes_lose_no_path((program, init, event) in started(), salt in 1..1000_u64) {
        let functions = program.functions();
        let order = Order::of_calls(&functions, &init, &event);
        let rehash = |name: &String| match name.split_once("17h") {
            Some((path, hash)) => {
                let old = u64::from_str_radix(&hash[..16], 16).unwrap();
                format!("{path}17h{:016x}E", (old + 1).wrapping_mul(salt.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1))
            }
            None => name.clone(),
        };
        let mut rebuilt = program.clone();
        rebuilt.functions.iter_mut().for_each(|(names, _)| names.iter_mut().for_each(|name| *name = rehash(name)));
        let rebuilt = rebuilt.functions();
        let placement = place(&order, &rebuilt);
        assert_lawful(&placement, &order, &rebuilt);
        let paths: BTreeSet<&str> = order.init.iter().chain(&order.first_event).map(|line| line.path.as_str()).collect();
        // Reading the placed program's own order is how its paths are told without a second reader of names.
        let addresses: Vec<u64> = placement.functions.iter().map(|index| rebuilt[*index].address).collect();
        let placed = Order::of_calls(&rebuilt, &addresses, &[]);
        let aliased = program.functions.iter().any(|(names, _)| names.len() > 1);
        let placed: BTreeSet<&str> = placed.init.iter().map(|line| line.path.as_str()).collect();
        prop_assert!(aliased || paths.is_subset(&placed), "{paths:?} {placed:?}");
    }
}

#[test]
fn functions_of_one_path_are_told_apart_by_name_then_by_size() {
    let (first, second, third) = (mangled(1, 1, None), mangled(1, 2, None), mangled(1, 3, None));
    let old = [function(0x10, 100, &[&first]), function(0x20, 200, &[&second]), function(0x30, 300, &[&third])];
    let order = Order::of_calls(&old, &[0x20, 0x10], &[]);
    assert_eq!(place(&order, &old).functions, [1, 0]);

    // Another hash each, the sizes as they were.
    let (first, second, third) = (mangled(1, 11, None), mangled(1, 12, None), mangled(1, 13, None));
    let new = [function(0x10, 300, &[&third]), function(0x20, 100, &[&first]), function(0x30, 200, &[&second])];
    let placement = place(&order, &new);
    assert_eq!(placement.functions, [2, 1]);
    assert_eq!(placement.placed.matched, 2);

    // Two of the size: both are placed, because a function that is missing costs more than one too many.
    let twins = [function(0x10, 200, &[&first]), function(0x20, 200, &[&second]), function(0x30, 900, &[&third])];
    let placement = place(&Order { init: vec![order.init[0].clone()], ..Order::default() }, &twins);
    assert_eq!((placement.functions, placement.placed.guessed), (vec![0, 1], 1));
}

#[test]
fn guesses_come_behind_what_is_sure_and_have_an_end() {
    let names: Vec<String> = (0..100).map(|hash| mangled(2, hash, None)).collect();
    let mut program: Vec<_> =
        names.iter().enumerate().map(|(index, name)| function(0x1000 + index as u64, 10_000, &[name])).collect();
    program.push(function(0x9000, 5, &["main"]));
    let line = |path: &str, hint| OrderedFunction { path: path.to_owned(), hint };
    let hint = Some(Hint { size: 10_000, name_crc32: 0 });
    let order = Order { init: vec![line("api::f2", hint), line("main", None), line("gone", None)], ..Order::default() };
    let placement = place(&order, &program);
    assert_eq!(placement.functions[0], 100, "main is sure");
    assert_eq!(placement.functions.len(), 1 + 6, "64 KiB of guesses");
    assert_eq!((placement.placed.matched, placement.placed.guessed, placement.placed.gone), (1, 1, 1));
}

#[test]
fn functions_of_the_first_event_come_behind_all_of_init() {
    let program = [function(0x10, 1, &["a"]), function(0x20, 1, &["b"]), function(0x30, 1, &["c"])];
    let order = Order::of_calls(&program, &[0x30, 0x30, 0x77], &[0x10, 0x30]);
    assert_eq!(
        order.to_text().lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>(),
        ["[init]", "c", "[first-event]", "a"]
    );
    assert_eq!(place(&order, &program).functions, [2, 0]);
}

#[test]
fn what_is_no_order_is_told_with_its_line() {
    let error = |text: &str| Order::from_text(text).unwrap_err();
    assert_eq!(error("# lambda-slim order 2\n"), OrderError::Version { line: 1, version: "2".to_owned() });
    assert_eq!(error("\n\nmain\n"), OrderError::NoMarker { line: 3 });
    assert_eq!(error("[init]\n[handler]\n"), OrderError::UnknownMarker { line: 2, marker: "[handler]".to_owned() });
    assert_eq!(error("[init]\n<<<<<<< ours\n"), OrderError::MergeConflict { line: 2 });
    for line in ["a\t1", "a\t-1\t00000000", "a\t1\t0000000g", "a\t1\t00000000\tx", "a\t1\t0", " a", "a\u{7}b", "\tx"] {
        assert_eq!(error(&format!("[init]\n{line}\n")), OrderError::NotAFunction { line: 2, text: line.to_owned() });
    }
    let said = error("[init]\nok\nno\tno\n").to_string();
    assert_eq!(
        said,
        "line 3: expected a path, or a path, a size and a hash of 8 hex digits with tabs between them: \"no\\tno\""
    );
}

#[test]
fn the_functions_of_a_real_program_are_those_that_readelf_lists() {
    let zip = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/packages/hello-unstripped.zip")).unwrap();
    let archive = Archive::parse(&zip, &Limits::default()).unwrap();
    let program = archive.entries()[0].read().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hello");
    std::fs::write(&path, &program).unwrap();
    let Ok(listing) = Command::new("readelf").args(["--symbols", "--wide"]).arg(&path).env("LC_ALL", "C").output()
    else {
        return skip("the functions of hello", "no readelf here");
    };
    let listing = String::from_utf8(listing.stdout).unwrap();
    let mut judged: BTreeMap<u64, BTreeSet<&str>> = BTreeMap::new();
    for line in listing.lines().skip_while(|line| !line.contains(".symtab")) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        if let [_, value, _, "FUNC", _, _, section, name, ..] = fields.as_slice()
            && *section != "UND"
        {
            judged.entry(u64::from_str_radix(value, 16).unwrap()).or_default().insert(name);
        }
    }
    let image = Image::parse(&program).unwrap();
    let ours = functions(&image).unwrap();
    assert!(ours.len() > 1000, "{}", ours.len());
    let ours: BTreeMap<u64, BTreeSet<&str>> =
        ours.iter().map(|function| (function.address, function.names.iter().copied().collect())).collect();
    assert_eq!(ours, judged);
}

fn function<'a>(address: u64, size: u64, names: &[&'a str]) -> Function<'a> {
    Function { address, size, names: names.to_vec() }
}
