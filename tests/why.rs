//! What `--why` tells is what cargo says: edges, features and paths against cargo's own metadata and `cargo tree`, what leaves
//! against a graph from which the crate was taken out.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Output};

use lambda_slim::attribution::{
    CrateKind, CrateRow, GraphKnowledge, Program, Why, WhyCrate, WhyQuery, WhyStep, duplicates, explain,
};
use lambda_slim::cargo::CrateGraph;
use lambda_slim::units::ByteSize;
use proptest::prelude::*;
use serde_json::{Value, json};
use support::functions::{manifest_path, package};

const METADATA: &str = include_str!("../testdata/packages/hello-unstripped.metadata.json");

fn lambda_slim(arguments: &[&str]) -> Output {
    let zip = package("hello-unstripped.zip");
    let mut command = Command::new(env!("CARGO_BIN_EXE_lambda-slim"));
    command.arg("analyze").arg(zip).args(arguments).output().expect("runs")
}

fn with_metadata(arguments: &[&str]) -> Output {
    let metadata = package("hello-unstripped.metadata.json");
    lambda_slim(&[&["--metadata", metadata.to_str().expect("a path")], arguments].concat())
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn why(krate: &str) -> Value {
    let printed = stdout(&with_metadata(&["--format", "json", "-n", "0", "--why", krate]));
    serde_json::from_str(&printed).expect("one JSON document")
}

/// What cargo says in text: packages by name and version, and which of them each resolved node depends on.
struct Cargo {
    metadata: Value,
}

impl Cargo {
    fn saved() -> Self {
        Self { metadata: serde_json::from_str(METADATA).expect("JSON") }
    }

    fn of_functions() -> Self {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        command.args(["metadata", "--format-version", "1", "--locked", "--manifest-path"]).arg(manifest_path());
        Self { metadata: serde_json::from_slice(&command.output().expect("cargo runs").stdout).expect("JSON") }
    }

    fn package(&self, name: &str, version: &str) -> &Value {
        let name = name.split('@').next().expect("a name");
        let packages = self.metadata["packages"].as_array().expect("packages");
        packages
            .iter()
            .find(|package| package["name"] == name && package["version"] == version)
            .unwrap_or_else(|| panic!("cargo knows no {name} {version}"))
    }

    fn node(&self, id: &Value) -> &Value {
        let nodes = self.metadata["resolve"]["nodes"].as_array().expect("nodes");
        nodes.iter().find(|node| node["id"] == *id).expect("every package is a node")
    }

    /// The edge and the declarations that cargo has between two packages.
    fn edge<'a>(&'a self, from: &'a Value, to: &Value) -> (&'a Value, Vec<&'a Value>) {
        let edges = self.node(&from["id"])["deps"].as_array().expect("edges");
        let edge = edges.iter().find(|edge| edge["pkg"] == to["id"]);
        let edge = edge.unwrap_or_else(|| panic!("{} does not depend on {}", from["name"], to["name"]));
        let declared = from["dependencies"].as_array().expect("declarations").iter();
        (edge, declared.filter(|declared| declared["name"] == to["name"]).collect())
    }
}

fn texts(values: &Value) -> BTreeSet<&str> {
    values.as_array().into_iter().flatten().map(|value| value.as_str().expect("text")).collect()
}

/// Checks one step of a path against cargo's text.
fn assert_edge_is_cargo_s(cargo: &Cargo, before: &WhyStep, step: &WhyStep) {
    let (from, to) = (cargo.package(&before.name, &before.version), cargo.package(&step.name, &step.version));
    let (edge, declared) = cargo.edge(from, to);
    let normal = |kind: &Value| kind["kind"].is_null();
    assert!(edge["dep_kinds"].as_array().expect("kinds").iter().any(normal), "{edge}");
    let dependency = step.dependency.as_ref().expect("all but the first are depended on");
    let requirements: BTreeSet<&str> =
        declared.iter().filter(|one| normal(one)).map(|one| one["req"].as_str().expect("text")).collect();
    assert!(dependency.requirements.iter().all(|req| requirements.contains(req.as_str())), "{dependency:?}");
    assert!(!dependency.requirements.is_empty());
    assert_eq!(dependency.optional, declared.iter().filter(|one| normal(one)).all(|one| one["optional"] == true));
    let (on, table) = (texts(&cargo.node(&from["id"])["features"]), &from["features"]);
    let on_below = texts(&cargo.node(&to["id"])["features"]);
    for feature in &dependency.features {
        assert!(on_below.contains(feature.name.as_str()), "{} is off in {}", feature.name, step.name);
        match feature.through.as_deref() {
            Some(through) => {
                assert!(on.contains(through));
                let value = |value: &str| value.ends_with(&format!("/{}", feature.name));
                assert!(texts(&table[through]).into_iter().any(value), "{through} of {}", before.name);
            }
            None if feature.name == "default" => {
                assert!(declared.iter().any(|one| one["uses_default_features"] == true));
            }
            None => assert!(declared.iter().any(|one| texts(&one["features"]).contains(feature.name.as_str()))),
        }
    }
    assert_eq!(dependency.optional, !dependency.turned_on_by.is_empty(), "{} of {}", step.name, before.name);
    assert!(dependency.turned_on_by.iter().all(|feature| on.contains(feature.as_str())));
}

/// What `root` reaches by the edges of `graph`, with one package or one edge taken out.
fn reached(graph: &CrateGraph, root: usize, without: impl Fn(usize, usize) -> bool) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut open = vec![root];
    while let Some(index) = open.pop() {
        if found.insert(index) {
            open.extend(graph.ship_dependencies(index).iter().filter(|&&next| !without(index, next)));
        }
    }
    found
}

/// A program that holds every package that the root links, each with its own number of bytes.
fn rows(graph: &CrateGraph, root: usize) -> Vec<CrateRow> {
    let row = |index: usize| {
        let package = graph.package(index);
        let bytes = |bytes: u64| ByteSize::new(bytes);
        let size = 1000 + index as u64 * index as u64;
        CrateRow {
            name: package.crate_names().next().unwrap_or(&package.name).to_owned(),
            version: Some(package.version.clone()),
            package_id: Some(package.id.clone()),
            kind: CrateKind::Dependency,
            file_bytes: bytes(size),
            code_bytes: bytes(size),
            data_bytes: bytes(0),
            unwind_bytes: bytes(0),
            relocation_bytes: bytes(0),
            symbol_bytes: bytes(0),
            other_bytes: bytes(0),
            compressed_bytes: Some(bytes(size / 2)),
            touched_bytes: None,
            retained_bytes: None,
            functions: 1,
            why: Vec::new(),
            evidence: Vec::new(),
        }
    };
    graph.reachable(root).into_iter().map(row).collect()
}

fn explained(graph: &CrateGraph, root: usize, package: usize) -> WhyCrate {
    let rows = rows(graph, root);
    let found = graph.package(package);
    let krate = format!("{}@{}", found.name, found.version);
    let query = WhyQuery { krate, most_paths: 0 };
    let program = Program { path: "bootstrap", root: Some(root), crates: &rows };
    let mut why: Why = explain(&query, Some(graph), &[program]);
    assert_eq!(why.crates.len(), 1, "{}", query.krate);
    why.crates.remove(0)
}

/// The laws of one explanation, against brute force on the graph.
fn assert_explained(graph: &CrateGraph, root: usize, package: usize, krate: &WhyCrate) {
    assert_eq!(krate.graph, GraphKnowledge::Known);
    let all = reached(graph, root, |_, _| false);
    let rest = reached(graph, root, |_, next| next == package);
    let gone: BTreeSet<usize> = match package == root {
        true => all,
        false => all.difference(&rest).copied().collect(),
    };
    let leaves: BTreeSet<usize> =
        krate.leaves.iter().map(|leaving| graph.index_of(&leaving.package_id).expect("a package")).collect();
    assert_eq!(leaves, gone, "{}", krate.name);
    let sum: ByteSize = krate.leaves.iter().map(|leaving| leaving.file_bytes).sum();
    assert_eq!(krate.retained_bytes, Some(sum));
    let zip: ByteSize = krate.leaves.iter().filter_map(|leaving| leaving.compressed_bytes).sum();
    assert_eq!(krate.retained_compressed_bytes, Some(zip));

    let kept_by: BTreeSet<usize> =
        krate.kept_by.iter().map(|one| graph.index_of(&one.package_id).expect("a package")).collect();
    let without_them = reached(graph, root, |from, next| next == package && kept_by.contains(&from));
    assert_eq!(without_them.contains(&package), package == root, "{}: all that keep it are named", krate.name);

    // A switch is an optional edge without which the package is not reached, and every such edge is one.
    let switches: BTreeSet<(&str, &str)> =
        krate.switches.iter().map(|switch| (switch.dependent.as_str(), switch.dependency.as_str())).collect();
    let mut expected = BTreeSet::new();
    let labels: Vec<String> = (0..graph.packages().len()).map(|index| graph.label(index)).collect();
    for from in graph.reachable(root) {
        for edge in graph.edges(from).iter().filter(|edge| edge.ships && edge.shipping().all(|one| one.optional)) {
            if !reached(graph, root, |a, b| (a, b) == (from, edge.package)).contains(&package) {
                expected.insert((labels[from].as_str(), labels[edge.package].as_str()));
            }
        }
    }
    assert_eq!(switches, expected, "{}", krate.name);
}

/// How many paths there are, by walking them all.
fn walked(graph: &CrateGraph, from: usize, goal: usize) -> u64 {
    if from == goal {
        return 1;
    }
    graph.ship_dependencies(from).iter().map(|&next| walked(graph, next, goal)).sum()
}

#[test]
fn every_step_of_every_path_is_an_edge_that_cargo_resolved() {
    for (cargo, least) in [(Cargo::saved(), 400), (Cargo::of_functions(), 400)] {
        let graph = CrateGraph::from_metadata(&cargo.metadata.to_string()).expect("cargo's metadata");
        let root = graph.root_for_bin("hello").expect("the function");
        let mut edges = 0;
        for package in graph.reachable(root) {
            let krate = explained(&graph, root, package);
            assert_explained(&graph, root, package, &krate);
            assert_eq!(krate.paths_count, walked(&graph, root, package), "{}", krate.name);
            assert_eq!(krate.paths.len() as u64, krate.paths_count.min(1000));
            for path in &krate.paths {
                assert_eq!(path.steps.first().map(|step| step.name.as_str()), Some("hello"));
                for step in path.steps.windows(2) {
                    assert_edge_is_cargo_s(&cargo, &step[0], &step[1]);
                    edges += 1;
                }
            }
        }
        assert!(edges > least, "only {edges} edges");
    }
}

/// Lines of `cargo tree --prefix depth`: depth, and the rest without the mark for what was shown before.
fn cargo_tree(arguments: &[&str]) -> Vec<(usize, String)> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    command.args(["tree", "--locked", "--workspace", "--prefix", "depth", "--manifest-path"]).arg(manifest_path());
    let output = command.args(arguments).output().expect("cargo runs");
    let split = |line: &str| {
        let letters = line.find(|c: char| !c.is_ascii_digit()).expect("a name follows the depth");
        let (depth, rest) = line.split_at(letters);
        (depth.parse().expect("a depth"), rest.trim_end_matches(" (*)").to_owned())
    };
    stdout(&output).lines().filter(|line| !line.is_empty()).map(split).collect()
}

/// `name v1.2.3 …` as `name 1.2.3`.
fn name_and_version(line: &str) -> String {
    let mut words = line.split(' ');
    let name = words.next().unwrap_or_default();
    format!("{name} {}", words.next().unwrap_or_default().trim_start_matches('v'))
}

#[test]
fn what_ships_is_what_cargo_tree_shows() {
    let cargo = Cargo::of_functions();
    let graph = CrateGraph::from_metadata(&cargo.metadata.to_string()).expect("cargo's metadata");
    let tree = cargo_tree(&[
        "-e",
        "normal,no-proc-macro",
        "--target",
        "x86_64-unknown-linux-gnu",
        "--exclude",
        "describe-derive",
    ]);
    let mut above: Vec<String> = Vec::new();
    let mut shown = BTreeSet::new();
    for (depth, line) in tree {
        above.truncate(depth);
        let name = name_and_version(&line);
        if let Some(from) = above.last() {
            shown.insert((from.clone(), name.clone()));
        }
        above.push(name);
    }
    let name = |index: usize| format!("{} {}", graph.package(index).name, graph.package(index).version);
    let mut ours = BTreeSet::new();
    for from in (0..graph.packages().len()).filter(|&index| graph.is_shipped(index)) {
        for edge in graph.edges(from).iter().filter(|edge| edge.ships) {
            // An edge for another Linux or for a `cfg` that may be set is possible, and not in the tree of this target.
            if edge.shipping().any(|declaration| declaration.target.is_none())
                || shown.contains(&(name(from), name(edge.package)))
            {
                ours.insert((name(from), name(edge.package)));
            }
        }
    }
    assert!(ours.len() > 100);
    let missing: Vec<_> = shown.difference(&ours).collect();
    let too_many: Vec<_> = ours.difference(&shown).collect();
    assert!(missing.is_empty() && too_many.is_empty(), "cargo has besides {missing:?}; we have besides {too_many:?}");
}

#[test]
fn features_are_those_that_cargo_tree_says_a_dependent_turns_on() {
    let cargo = Cargo::of_functions();
    let graph = CrateGraph::from_metadata(&cargo.metadata.to_string()).expect("cargo's metadata");
    for name in ["regex-automata", "tracing-subscriber", "matchers", "mio", "hyper-util", "lambda_runtime_api_client"] {
        let package = (0..graph.packages().len()).find(|&index| graph.package(index).name == name).expect("a package");
        // Lines are `package v1` for a package and `package feature "x"` for one of its features. What stands right below a
        // feature turns it on.
        let mut above: Vec<String> = Vec::new();
        let mut shown = BTreeSet::new();
        for (depth, line) in cargo_tree(&["-e", "features,normal", "--no-dedupe", "-i", name]) {
            above.truncate(depth);
            if let Some((of, feature)) = above.last().and_then(|line| line.split_once(" feature ")) {
                let dependent = line.split(' ').next().unwrap_or_default().to_owned();
                if of == name && dependent != name {
                    let feature = feature.trim_matches('"').split('"').next().unwrap_or_default();
                    let through = line.split_once(" feature \"").map(|(_, rest)| rest.trim_end_matches('"').to_owned());
                    shown.insert((dependent, feature.to_owned(), through));
                }
            }
            above.push(line);
        }
        let mut ours = BTreeSet::new();
        for dependent in graph.dependents(package).iter().copied().filter(|&index| graph.is_shipped(index)) {
            for feature in graph.requested_features(dependent, package) {
                ours.insert((graph.package(dependent).name.clone(), feature.name, feature.through));
            }
        }
        // cargo shows `default` also of a package that has none.
        shown.retain(|(_, feature, _)| {
            feature != "default" || graph.package(package).feature_table.contains_key(feature)
        });
        assert!(ours.is_subset(&shown), "{name}: {ours:?} and cargo {shown:?}");
        let named = |all: &BTreeSet<(String, String, Option<String>)>| -> BTreeSet<(String, String)> {
            all.iter().map(|(dependent, feature, _)| (dependent.clone(), feature.clone())).collect()
        };
        assert_eq!(named(&ours), named(&shown), "{name}: one that is asked for twice is told once");
    }
}

#[test]
fn the_answer_is_in_the_report_and_agrees_with_its_rows() {
    let graph = CrateGraph::from_metadata(METADATA).expect("cargo's metadata");
    let root = graph.root_for_bin("hello").expect("the function");
    for name in ["regex-automata", "tokio", "lambda_runtime", "hello", "memchr"] {
        let report = why(name);
        // std has a copy of memchr too, which no package brought in.
        let answers = report["why"]["crates"].as_array().expect("answers");
        let krate = answers.iter().find(|one| one["package_id"].is_string()).expect("the package's answer");
        let rows = report["binaries"][0]["crates"].as_array().expect("rows");
        let row = rows.iter().find(|row| row["package_id"] == krate["package_id"]).expect("its row");
        for key in ["name", "version", "kind", "file_bytes", "compressed_bytes", "retained_bytes", "functions"] {
            assert_eq!(row[key], krate[key], "{key} of {name}");
        }
        let sum = |key: &str| -> u64 {
            krate["leaves"].as_array().expect("leaves").iter().map(|one| one[key].as_u64().expect("a size")).sum()
        };
        assert_eq!(row["retained_bytes"], sum("file_bytes"));
        assert_eq!(krate["retained_compressed_bytes"], sum("compressed_bytes"));
        let shortest: Vec<&str> = krate["paths"][0]["steps"]
            .as_array()
            .expect("steps")
            .iter()
            .map(|step| step["name"].as_str().expect("a name"))
            .collect();
        assert_eq!(row["why"], json!(shortest));
        let package = graph.index_of(krate["package_id"].as_str().expect("an id")).expect("a package");
        assert_eq!(krate["paths_count"], walked(&graph, root, package));
    }
    assert!(why("tokio")["why"]["crates"][0]["paths"].as_array().expect("paths").len() > 5);
}

#[test]
fn a_table_of_steps_has_a_line_for_each() {
    let lines = stdout(&with_metadata(&["--format", "csv", "--why", "regex_automata"]));
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines[0].split(',').count(), 13);
    assert_eq!(lines.len(), 1 + 5 + 6, "two paths, of five and six packages");
    assert!(lines[1].starts_with("bootstrap,regex_automata,0.4.19,1,1,hello,0.1.0,"), "{}", lines[1]);
    assert!(lines[5].contains("regex-automata,0.4.19,^0.4,std,,,true,env-filter"), "{}", lines[5]);
}

#[test]
fn what_is_not_there_is_one_error_that_says_what_is() {
    for (krate, says) in [
        ("regex_autmata", "did you mean regex_automata?"),
        ("tokio@0.2", "did you mean tokio@1.54.1?"),
        ("serde_derive", "serde_derive 1.0.229 (a procedural macro), a dependency of serde 1.0.229"),
        ("aho-corasick", "an optional dependency of regex-automata 0.4.19 that no feature turns on"),
        ("nothing-like-it", "no crate of that name has bytes in the package"),
    ] {
        let output = with_metadata(&["--why", krate]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{krate}");
        assert!(error.contains(says) && error.starts_with(&format!("error: --why {krate}: ")), "{error}");
        assert!(output.stdout.is_empty() && error.lines().count() == 1, "{error}");
    }
    let folded = with_metadata(&["--why", "tokio", "--format", "folded"]);
    assert_eq!(folded.status.code(), Some(2));
}

#[test]
fn without_a_graph_it_says_what_it_needs() {
    let told = stdout(&lambda_slim(&["--why", "tokio"]));
    assert!(told.contains("tokio 1.54.1 (dependency) in bootstrap") && told.contains("--metadata FILE"), "{told}");
    let std = stdout(&with_metadata(&["--why", "std"]));
    assert!(std.contains("no dependency brought it in"), "{std}");
}

/// Two versions of `lib`, each under a new name.
fn renamed() -> CrateGraph {
    let package = |name: &str, version: &str, kind: &str, dependencies: Value| {
        json!({"name": name, "version": version, "id": format!("{name} {version}"), "source": null, "features": {},
            "targets": [{"kind": [kind], "crate_types": [kind], "name": name, "src_path": "/s.rs"}],
            "dependencies": dependencies, "manifest_path": format!("/w/{name}/Cargo.toml")})
    };
    let declared = |rename: &str, req: &str| {
        json!({"name": "lib", "source": null, "req": req, "kind": null, "rename": rename, "optional": false,
            "uses_default_features": true, "features": [], "target": null, "registry": null})
    };
    let edge = |name: &str, version: &str| json!({"name": name, "pkg": format!("lib {version}"), "dep_kinds": [{"kind": null, "target": null}]});
    let node = |id: &str, deps: Value| json!({"id": id, "dependencies": [], "features": [], "deps": deps});
    let metadata = json!({
        "packages": [
            package("app", "0.1.0", "bin", json!([declared("lib-new", "^2"), declared("lib_old", ">=1.0, <1.9")])),
            package("lib", "1.4.0", "lib", json!([])),
            package("lib", "2.0.0", "lib", json!([])),
        ],
        "workspace_members": ["app 0.1.0"], "workspace_default_members": ["app 0.1.0"],
        "resolve": {"root": "app 0.1.0", "nodes": [
            node("app 0.1.0", json!([edge("lib_new", "2.0.0"), edge("lib_old", "1.4.0")])),
            node("lib 1.4.0", json!([])),
            node("lib 2.0.0", json!([])),
        ]},
        "workspace_root": "/w", "target_directory": "/t", "version": 1
    });
    CrateGraph::from_metadata(&metadata.to_string()).expect("a graph")
}

#[test]
fn a_renamed_dependency_keeps_its_package_and_shows_the_name() {
    let graph = renamed();
    let root = graph.default_root().expect("one program");
    let rows = rows(&graph, root);
    let program = Program { path: "bootstrap", root: Some(root), crates: &rows };
    let find = |krate: &str| explain(&WhyQuery { krate: krate.to_owned(), most_paths: 0 }, Some(&graph), &[program]);
    let by_rename = find("lib-old");
    assert_eq!(by_rename.crates.len(), 1);
    assert_eq!(by_rename.crates[0].version.as_deref(), Some("1.4.0"));
    let steps = &by_rename.crates[0].paths[0].steps;
    assert_eq!((steps[1].name.as_str(), steps[1].version.as_str()), ("lib@1.4.0", "1.4.0"));
    let dependency = steps[1].dependency.as_ref().expect("a dependency");
    assert_eq!(
        (&dependency.renamed[..], &dependency.requirements[..]),
        (&["lib_old".to_owned()][..], &[">=1.0, <1.9".to_owned()][..])
    );
    assert_eq!(find("lib").crates.len(), 2, "its own name means every version");
    assert_eq!(find("lib@2").crates.len(), 1);
}

#[test]
fn several_versions_are_named_with_who_asks_for_them() {
    let graph = renamed();
    let root = graph.default_root().expect("one program");
    let rows = rows(&graph, root);
    let found = duplicates(Some(&graph), &Program { path: "bootstrap", root: Some(root), crates: &rows });
    assert_eq!(found.len(), 1);
    let versions: Vec<&str> = found[0].versions.iter().map(|version| version.version.as_str()).collect();
    assert_eq!((found[0].name.as_str(), versions), ("lib", vec!["1.4.0", "2.0.0"]));
    let users: Vec<(&str, &str)> = found[0]
        .versions
        .iter()
        .flat_map(|version| &version.brought_in_by)
        .map(|user| (user.name.as_str(), user.requirements[0].as_str()))
        .collect();
    assert_eq!(users, [("app", ">=1.0, <1.9"), ("app", "^2")]);
    let sizes: Vec<u64> = found[0].versions.iter().map(|version| version.file_bytes.get()).collect();
    assert_eq!(found[0].saves_bytes.get(), sizes.iter().sum::<u64>() - sizes.iter().max().expect("two"));
    let alone = Program { path: "bootstrap", root: Some(root), crates: &rows[..2] };
    assert!(duplicates(Some(&graph), &alone).is_empty(), "a version without bytes is no copy");
}

/// Package 0 is the program; `edges[i]` says on which packages after `i` it depends, and whether optionally (2). Every optional
/// dependency has a feature of its name, which is on.
fn random(edges: &[Vec<u8>]) -> CrateGraph {
    let count = edges.len();
    let name = |index: usize| format!("p{index:02}");
    let wanted = |from: usize| (from + 1..count).filter(move |&to| edges[from][to] > 0);
    let packages: Vec<Value> = (0..count)
        .map(|index| {
            let kind = if index == 0 { "bin" } else { "lib" };
            let features: BTreeMap<String, [String; 1]> = wanted(index)
                .filter(|&to| edges[index][to] == 2)
                .map(|to| (format!("with-{}", name(to)), [format!("dep:{}", name(to))]))
                .collect();
            let dependencies: Vec<Value> = wanted(index)
                .map(|to| {
                    json!({"name": name(to), "source": null, "req": "^1", "kind": null, "rename": null,
                        "optional": edges[index][to] == 2, "uses_default_features": true, "features": [], "target": null})
                })
                .collect();
            json!({"name": name(index), "version": "1.0.0", "id": name(index), "source": null, "dependencies": dependencies,
                "targets": [{"kind": [kind], "crate_types": [kind], "name": name(index), "src_path": "/s.rs"}],
                "features": features, "manifest_path": format!("/w/{index}/Cargo.toml")})
        })
        .collect();
    let nodes: Vec<Value> = (0..count)
        .map(|index| {
            let deps: Vec<Value> = wanted(index)
                .map(|to| json!({"name": name(to), "pkg": name(to), "dep_kinds": [{"kind": null, "target": null}]}))
                .collect();
            let on: Vec<String> = wanted(index).map(|to| format!("with-{}", name(to))).collect();
            json!({"id": name(index), "dependencies": [], "features": on, "deps": deps})
        })
        .collect();
    let metadata = json!({"packages": packages, "workspace_members": ["p00"], "workspace_default_members": ["p00"],
        "resolve": {"nodes": nodes, "root": "p00"}, "workspace_root": "/w", "target_directory": "/t", "version": 1});
    CrateGraph::from_metadata(&metadata.to_string()).expect("a graph without circles")
}

proptest! {
    #[test]
    fn what_leaves_what_keeps_and_what_switches_hold_on_any_graph(
        edges in (2usize..9).prop_flat_map(|n| prop::collection::vec(prop::collection::vec(0u8..3, n), n))
    ) {
        let graph = random(&edges);
        let root = graph.default_root().expect("one program");
        for package in graph.reachable(root) {
            let krate = explained(&graph, root, package);
            assert_explained(&graph, root, package, &krate);
            prop_assert_eq!(krate.paths_count, walked(&graph, root, package));
        }
    }
}
