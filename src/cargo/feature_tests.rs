//! Features on a workspace that has each way of turning one on.

use serde_json::{Value, json};

use super::{CrateGraph, DependencyKind, FeatureRequest};

/// `app` links `web` and, under a condition, `unix`. `web` has optional dependencies of every kind, of which `tls`, `log` and `zip` are on.
fn graph() -> CrateGraph {
    graph_with(|_| {})
}

fn graph_with(change: impl FnOnce(&mut Value)) -> CrateGraph {
    let dependency = |name: &str, more: Value| {
        let mut dependency = json!({"name": name, "source": null, "req": "^1", "kind": null, "rename": null, "optional": false,
            "uses_default_features": true, "features": [], "target": null, "registry": null});
        for (key, value) in more.as_object().expect("keys") {
            dependency[key] = value.clone();
        }
        dependency
    };
    let package = |name: &str, kind: &str, features: Value, dependencies: Vec<Value>| {
        json!({"name": name, "version": "1.2.0", "id": name, "source": null, "dependencies": dependencies, "features": features,
            "targets": [{"kind": [kind], "crate_types": [kind], "name": name, "src_path": "/s.rs"}],
            "manifest_path": format!("/w/{name}/Cargo.toml")})
    };
    let edge = |extern_name: &str, to: &str, kinds: Value| json!({"name": extern_name, "pkg": to, "dep_kinds": kinds});
    let normal = || json!([{"kind": null, "target": null}]);
    let optional = || json!({"optional": true});
    let packages = vec![
        package(
            "app",
            "bin",
            json!({"default": ["fast"], "fast": ["web/https"], "unused": []}),
            vec![
                dependency("web", json!({"uses_default_features": false, "features": ["logging"]})),
                dependency("unix", json!({"target": "cfg(unix)", "req": ">=1, <3"})),
                dependency("codegen", json!({"kind": "build"})),
            ],
        ),
        package(
            "web",
            "lib",
            json!({"default": ["https"], "https": ["tls-stack"], "tls-stack": ["dep:tls", "zip?/checked", "off?/any"],
                "logging": ["log/text"], "log": ["dep:log"], "off": ["dep:off"]}),
            vec![
                dependency("tls", optional()),
                dependency("log", optional()),
                dependency("off", optional()),
                dependency(
                    "archive",
                    json!({"optional": true, "rename": "zip", "req": "^1.1", "uses_default_features": false}),
                ),
                dependency("codegen", json!({})),
            ],
        ),
        package("unix", "lib", json!({}), vec![]),
        package("codegen", "lib", json!({}), vec![]),
        package("tls", "lib", json!({}), vec![]),
        package("log", "lib", json!({"default": [], "text": []}), vec![]),
        package("off", "lib", json!({"any": []}), vec![]),
        package("archive", "lib", json!({"default": [], "checked": []}), vec![]),
    ];
    let node = |id: &str, features: Value, deps: Vec<Value>| json!({"id": id, "dependencies": [], "features": features, "deps": deps});
    let nodes = vec![
        node(
            "app",
            json!(["default", "fast"]),
            vec![
                edge("web", "web", normal()),
                edge("unix", "unix", json!([{"kind": null, "target": "cfg(unix)"}])),
                edge("codegen", "codegen", json!([{"kind": "build", "target": null}])),
            ],
        ),
        // `zip` is on as old metadata has it: a feature that no table lists.
        node(
            "web",
            json!(["https", "tls-stack", "logging", "log", "zip"]),
            vec![
                edge("tls", "tls", normal()),
                edge("log", "log", normal()),
                edge("off", "off", normal()),
                edge("zip", "archive", normal()),
                edge("codegen", "codegen", normal()),
            ],
        ),
        node("unix", json!([]), vec![]),
        node("codegen", json!([]), vec![]),
        node("tls", json!([]), vec![]),
        node("log", json!(["default", "text"]), vec![]),
        node("off", json!(["any"]), vec![]),
        node("archive", json!(["checked"]), vec![]),
    ];
    let mut metadata = json!({"packages": packages, "workspace_members": ["app"], "workspace_default_members": ["app"],
        "resolve": {"nodes": nodes, "root": "app"}, "workspace_root": "/w", "target_directory": "/t", "version": 1});
    change(&mut metadata);
    CrateGraph::from_metadata(&metadata.to_string()).expect("a valid graph")
}

fn at(graph: &CrateGraph, id: &str) -> usize {
    graph.index_of(id).unwrap_or_else(|| panic!("no package {id}"))
}

fn requested(graph: &CrateGraph, from: &str, to: &str) -> Vec<String> {
    let words = |feature: super::RequestedFeature| match feature.through {
        Some(through) => format!("{} through {through}", feature.name),
        None => feature.name,
    };
    graph.requested_features(at(graph, from), at(graph, to)).into_iter().map(words).collect()
}

/// Each activation as `chain < askers`.
fn activations(graph: &CrateGraph, from: &str, to: &str) -> Vec<String> {
    let asker = |request: &FeatureRequest| match request {
        FeatureRequest::Listed { by } => graph.label(*by),
        FeatureRequest::Default { by } => format!("{} default", graph.label(*by)),
        FeatureRequest::Feature { by, feature } => format!("{}/{feature}", graph.label(*by)),
        FeatureRequest::Selected => "selected".to_owned(),
    };
    let activations = graph.activations(at(graph, from), at(graph, to)).into_iter();
    let words = |activation: super::Activation| {
        let askers: Vec<String> = activation.asked_by.iter().map(asker).collect();
        format!("{} < {}", activation.features.join(" > "), askers.join(", "))
    };
    activations.map(words).collect()
}

#[test]
fn an_edge_keeps_what_the_manifest_says() {
    let graph = graph();
    let edge = |from, to| graph.edge(at(&graph, from), at(&graph, to)).expect("an edge").clone();
    let unix = &edge("app", "unix").declarations[0];
    assert_eq!((unix.target.as_deref(), unix.requirement.as_deref()), (Some("cfg(unix)"), Some(">=1, <3")));
    let archive = &edge("web", "archive").declarations[0];
    assert!(archive.renamed && archive.optional && !archive.default_features);
    assert_eq!(archive.name, "zip");
    assert_eq!(edge("app", "codegen").declarations[0].kind, DependencyKind::Build);
    assert!(!edge("app", "codegen").ships && edge("web", "codegen").ships);
    let dependents: Vec<String> =
        graph.dependents(at(&graph, "codegen")).iter().map(|&index| graph.label(index)).collect();
    assert_eq!(dependents, ["app", "web"]);
}

#[test]
fn features_are_asked_for_by_lists_by_default_and_by_features() {
    let graph = graph();
    assert_eq!(requested(&graph, "app", "web"), ["logging", "https through fast"]);
    assert_eq!(requested(&graph, "web", "log"), ["default", "text through logging"]);
    assert_eq!(requested(&graph, "web", "archive"), ["checked through tls-stack"]);
    assert!(requested(&graph, "web", "tls").is_empty(), "tls has no default feature");
    assert!(requested(&graph, "app", "tls").is_empty(), "there is no such edge");
}

#[test]
fn an_optional_dependency_names_the_features_that_turn_it_on_and_who_asks() {
    let graph = graph();
    assert_eq!(activations(&graph, "web", "tls"), ["https > tls-stack < app/fast"]);
    assert_eq!(activations(&graph, "web", "log"), ["logging < app"]);
    assert!(activations(&graph, "app", "web").is_empty(), "it is not optional");
    let back = graph.feature_activations(at(&graph, "app"), "fast");
    assert_eq!(back.len(), 1);
    assert_eq!(
        (back[0].features.join(" > "), &back[0].asked_by),
        ("default > fast".to_owned(), &vec![FeatureRequest::Selected])
    );
    assert!(graph.feature_activations(at(&graph, "app"), "unused").is_empty(), "it is off");
}

#[test]
fn a_weak_feature_turns_nothing_on() {
    let graph = graph();
    // cargo resolves `off` for the sake of `off?/any`, and does not build it.
    assert!(!graph.is_shipped(at(&graph, "off")));
    assert!(!graph.edge(at(&graph, "web"), at(&graph, "off")).expect("cargo lists it").ships);
    assert!(graph.is_shipped(at(&graph, "archive")), "an implicit feature turns it on");
}

#[test]
fn metadata_without_feature_tables_loses_no_edge() {
    let graph = graph_with(|metadata| {
        for package in metadata["packages"].as_array_mut().expect("packages") {
            package["features"] = json!({});
        }
    });
    assert!(graph.is_shipped(at(&graph, "off")) && graph.is_shipped(at(&graph, "tls")));
    assert!(activations(&graph, "web", "tls").is_empty());
    assert_eq!(requested(&graph, "app", "web"), ["logging"]);
}

#[test]
fn a_version_that_no_requirement_allows_is_still_that_dependency() {
    // A path dependency without a requirement on a pre-release: cargo writes `*`, which semver does not match with it.
    let graph = graph_with(|metadata| {
        metadata["packages"][1]["version"] = json!("2.0.0-alpha.1");
        metadata["packages"][0]["dependencies"][0]["req"] = json!("*");
    });
    assert_eq!(requested(&graph, "app", "web"), ["logging", "https through fast"]);
}
