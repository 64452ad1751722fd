//! The graph on a hand-checked workspace, and its laws on graphs that nobody chose.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{CargoError, CrateGraph, SourceKind};

const WORKSPACE: &str = include_str!("../../testdata/cargo/workspace.json");

fn workspace() -> CrateGraph {
    CrateGraph::from_metadata(WORKSPACE).expect("the fixture is valid")
}

fn workspace_with(change: impl FnOnce(&mut Value)) -> Result<CrateGraph, CargoError> {
    let mut metadata: Value = serde_json::from_str(WORKSPACE).expect("the fixture is JSON");
    change(&mut metadata);
    CrateGraph::from_metadata(&metadata.to_string())
}

fn named(graph: &CrateGraph, label: &str) -> usize {
    let mut found = (0..graph.packages().len()).filter(|&index| graph.label(index) == label);
    let index = found.next().unwrap_or_else(|| panic!("no package {label}"));
    assert_eq!(found.next(), None, "{label} is not one package");
    index
}

fn labels(graph: &CrateGraph, indices: &[usize]) -> Vec<String> {
    indices.iter().map(|&index| graph.label(index)).collect()
}

#[test]
fn packages_keep_what_cargo_says() {
    let graph = workspace();
    let tls = graph.package(named(&graph, "tls"));
    assert_eq!((tls.lib_name.as_deref(), tls.source), (Some("tls_lib"), SourceKind::Git));
    let crypto = graph.package(named(&graph, "aws-lc-sys"));
    assert_eq!((crypto.links.as_deref(), crypto.source), (Some("aws_lc_0_30"), SourceKind::Registry));
    assert_eq!(crypto.source_root, std::path::Path::new("/r/aws-lc-sys-0.30.0"));
    let hello = graph.package(named(&graph, "hello-world"));
    assert_eq!((hello.lib_name.as_deref(), hello.source), (None, SourceKind::Path));
    assert_eq!((hello.bins[0].name.as_str(), hello.bins[0].crate_name.as_str()), ("hello-world", "hello_world"));
    assert!(hello.workspace_member && !crypto.workspace_member);
    assert_eq!(graph.package(named(&graph, "hyper")).features, ["default"]);
}

#[test]
fn only_what_is_linked_ships() {
    let graph = workspace();
    let shipped: Vec<usize> = (0..graph.packages().len()).filter(|&index| graph.is_shipped(index)).collect();
    // Not cc and shlex (build), serde_derive and syn (procedural macro), tempfile (dev), windows-sys (never on Lambda).
    let expected = [
        "api",
        "aws-lc-sys",
        "bytes",
        "hello-world",
        "http@0.2.9",
        "http@1.1.0",
        "hyper",
        "libc",
        "serde",
        "tls",
        "util-core",
    ];
    assert_eq!(labels(&graph, &shipped), expected);
    assert_eq!(labels(&graph, &graph.reachable(named(&graph, "hello-world"))), ["bytes", "hello-world", "util-core"]);
}

#[test]
fn crate_names_find_packages_and_renames_do_not() {
    let graph = workspace();
    assert_eq!(labels(&graph, graph.packages_named("http")), ["http@0.2.9", "http@1.1.0"]);
    assert_eq!(labels(&graph, graph.packages_named("api_worker")), ["api"]);
    assert_eq!(labels(&graph, graph.packages_named("tls_lib")), ["tls"]);
    assert!(graph.packages_named("old_http").is_empty());
    assert!(graph.packages_named("tls").is_empty());
}

#[test]
fn shipped_packages_of_a_name_come_first() {
    // A build-only http 0.1.0 sorts before the others by version, but does not ship.
    let graph = workspace_with(|metadata| {
        let mut old = package("http", "0.1.0", "lib");
        old["id"] = json!("old-http");
        metadata["packages"].as_array_mut().unwrap().push(old);
    })
    .unwrap();
    let found: Vec<&str> = graph.packages_named("http").iter().map(|&i| graph.package(i).version.as_str()).collect();
    assert_eq!(found, ["0.2.9", "1.1.0", "0.1.0"]);
}

#[test]
fn shortest_path_is_short_and_first_by_name() {
    let graph = workspace();
    let path = |root: &str, to: &str| graph.shortest_path(named(&graph, root), named(&graph, to));
    assert_eq!(path("api", "libc").unwrap(), ["api", "tls", "aws-lc-sys", "libc"]);
    assert_eq!(path("api", "http@1.1.0").unwrap(), ["api", "hyper", "http@1.1.0"]);
    // Through http 0.2.9, hyper or util-core: all as short.
    assert_eq!(path("api", "bytes").unwrap(), ["api", "http@0.2.9", "bytes"]);
    assert_eq!(path("api", "api").unwrap(), ["api"]);
    assert_eq!(path("hello-world", "libc"), None);
    assert_eq!(path("api", "syn"), None);
}

#[test]
fn dominators_tell_what_leaves_with_a_dependency() {
    let graph = workspace();
    let api = named(&graph, "api");
    let dominators = graph.dominators(api);
    let retained = |label: &str| labels(&graph, &dominators.retained(named(&graph, label)));
    assert_eq!(retained("tls"), ["aws-lc-sys", "libc", "tls"]);
    assert_eq!(retained("hyper"), ["http@1.1.0", "hyper"]);
    assert_eq!(retained("bytes"), ["bytes"]);
    assert_eq!(retained("syn"), Vec::<String>::new());
    assert_eq!(dominators.immediate(named(&graph, "bytes")), Some(api));
    assert_eq!(dominators.immediate(api), None);
    assert_eq!(dominators.retained(api), graph.reachable(api));
}

#[test]
fn two_versions_in_one_program_are_duplicates() {
    let graph = workspace();
    let duplicates = graph.duplicates(named(&graph, "api"));
    assert_eq!(duplicates.len(), 1);
    assert_eq!(duplicates[0].name, "http");
    assert_eq!(labels(&graph, &duplicates[0].packages), ["http@0.2.9", "http@1.1.0"]);
    assert!(graph.duplicates(named(&graph, "hello-world")).is_empty());
}

#[test]
fn the_program_is_chosen_as_cargo_would() {
    let graph = workspace();
    let chosen = |package, bin| graph.select_bin(package, bin).map(|found| graph.label(found.package));
    assert_eq!(chosen(None, Some("api-worker")).unwrap(), "api");
    assert_eq!(chosen(Some("hello-world"), None).unwrap(), "hello-world");
    assert_eq!(chosen(Some("hello-world@0.1.0"), None).unwrap(), "hello-world");
    assert_eq!(graph.label(graph.root_for_bin("hello-world").unwrap()), "hello-world");

    let text = |result: Result<usize, CargoError>| result.unwrap_err().to_string();
    assert_eq!(
        text(graph.default_root()),
        "several binaries (api, api-worker, hello-world): choose one with --bin NAME"
    );
    assert_eq!(text(graph.root_for_bin("nope")), "no binary \"nope\"; there is api, api-worker, hello-world");
    assert_eq!(chosen(Some("util-core"), None).unwrap_err().to_string(), "no binary target in util-core");
    assert_eq!(
        chosen(Some("serde"), None).unwrap_err().to_string(),
        "no package \"serde\" in the workspace; there is api, hello-world, util-core"
    );
}

#[test]
fn default_run_chooses_among_several() {
    let graph = workspace_with(|metadata| {
        metadata["packages"][0]["default_run"] = json!("api-worker");
        let only_api = json!([metadata["packages"][0]["id"]]);
        metadata["workspace_default_members"] = only_api;
    })
    .unwrap();
    assert_eq!(graph.select_bin(None, None).unwrap().bin.name, "api-worker");
    // A program outside the default members is still found by its name.
    assert_eq!(graph.select_bin(None, Some("hello-world")).unwrap().bin.name, "hello-world");
}

#[test]
fn settings_of_the_package_win_over_the_workspace() {
    let graph = workspace();
    let api = named(&graph, "api");
    assert_eq!(graph.package(api).lambda_slim_metadata(), &json!({"budget": {"zip": "5 MB"}}));
    assert_eq!(graph.workspace_lambda_slim_metadata(), &json!({"warn": true}));
    let build = graph.lambda_build(api).unwrap();
    assert_eq!((build.arm64, build.include), (Some(true), Some(vec!["assets".to_owned()])));
    assert!(graph.package(named(&graph, "serde")).lambda_slim_metadata().is_null());
}

#[test]
fn metadata_that_cannot_be_used_says_why() {
    let text = |result: Result<CrateGraph, CargoError>| result.unwrap_err().to_string();
    assert!(text(CrateGraph::from_metadata("")).starts_with("not the output of `cargo metadata --format-version 1`"));
    assert!(text(workspace_with(|metadata| metadata["resolve"] = Value::Null)).contains("save it without --no-deps"));
    let unknown = workspace_with(|metadata| metadata["resolve"]["nodes"][0]["deps"][0]["pkg"] = json!("ghost"));
    assert_eq!(text(unknown), "the dependency graph names package \"ghost\", which the metadata does not describe");
    let repeated = workspace_with(|metadata| metadata["packages"][1]["id"] = metadata["packages"][0]["id"].clone());
    assert!(matches!(repeated, Err(CargoError::RepeatedPackageId { .. })));
    // The dev-dependency of util-core on api becomes a normal one.
    let circle = workspace_with(|metadata| {
        for node in metadata["resolve"]["nodes"].as_array_mut().unwrap() {
            for dependency in node["deps"].as_array_mut().unwrap() {
                dependency["dep_kinds"] = json!([]);
            }
        }
    });
    assert!(matches!(circle, Err(CargoError::DependencyCycle { .. })));
}

fn package(name: &str, version: &str, kind: &str) -> Value {
    json!({"name": name, "version": version, "id": format!("{name}@{version}"), "source": null, "dependencies": [],
        "targets": [{"kind": [kind], "crate_types": [kind], "name": name, "src_path": "/s.rs"}],
        "features": {}, "manifest_path": format!("/w/{name}/Cargo.toml")})
}

/// `edges[i]` says on which of the packages after `i` package `i` depends; package 0 is the only workspace member.
pub(super) fn graph_of(edges: &[Vec<bool>]) -> CrateGraph {
    let count = edges.len();
    // Names descend, so that an index of the graph is not an index of `edges`.
    let name = |index: usize| format!("p{:02}", count - index);
    let packages: Vec<Value> =
        (0..count).map(|index| package(&name(index), "1.0.0", if index == 0 { "bin" } else { "lib" })).collect();
    let nodes: Vec<Value> = edges
        .iter()
        .enumerate()
        .map(|(from, wants)| {
            let deps: Vec<Value> = (from + 1..count)
                .filter(|&to| wants[to])
                .map(|to| json!({"name": name(to), "pkg": format!("{}@1.0.0", name(to)), "dep_kinds": []}))
                .collect();
            json!({"id": format!("{}@1.0.0", name(from)), "dependencies": [], "deps": deps})
        })
        .collect();
    let root = format!("{}@1.0.0", name(0));
    let metadata = json!({"packages": packages, "workspace_members": [root], "workspace_default_members": [root],
        "resolve": {"nodes": nodes, "root": root}, "workspace_root": "/w", "target_directory": "/w/target", "version": 1});
    CrateGraph::from_metadata(&metadata.to_string()).expect("a graph without circles")
}

/// What the root reaches when `without` is taken out: the definition of dominance, one package at a time.
fn reached_without(graph: &CrateGraph, root: usize, without: usize) -> Vec<usize> {
    let mut found = std::collections::BTreeSet::new();
    let mut open = vec![root];
    while let Some(index) = open.pop() {
        if index != without && found.insert(index) {
            open.extend(graph.ship_dependencies(index));
        }
    }
    found.into_iter().collect()
}

proptest! {
    #[test]
    fn every_shipped_package_has_a_path_and_a_rank_below_its_dependents(
        edges in (2usize..12).prop_flat_map(|n| proptest::collection::vec(proptest::collection::vec(any::<bool>(), n), n))
    ) {
        let graph = graph_of(&edges);
        let root = graph.default_root().expect("one program");
        for index in 0..graph.packages().len() {
            let path = graph.shortest_path(root, index);
            prop_assert_eq!(path.is_some(), graph.is_shipped(index));
            for &dependency in graph.ship_dependencies(index) {
                prop_assert!(graph.topological_rank(dependency) < graph.topological_rank(index));
            }
        }
    }

    #[test]
    fn retained_is_what_nothing_else_brings_in(
        edges in (2usize..12).prop_flat_map(|n| proptest::collection::vec(proptest::collection::vec(any::<bool>(), n), n))
    ) {
        let graph = graph_of(&edges);
        let root = graph.default_root().expect("one program");
        let reachable = graph.reachable(root);
        let dominators = graph.dominators(root);
        for &index in &reachable {
            let rest = reached_without(&graph, root, index);
            let expected: Vec<usize> = reachable.iter().copied().filter(|other| !rest.contains(other)).collect();
            prop_assert_eq!(dominators.retained(index), expected);
        }
    }
}
