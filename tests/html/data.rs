//! The pages that are judged, and their data read back by rules of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use lambda_slim::report::Report;
use serde_json::Value;

use crate::support::program::{arg, run};

pub(crate) fn package(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/packages").join(name)
}

/// The largest package that is checked in, with its crate graph, as the JSON report has it.
pub(crate) static HELLO: LazyLock<Value> = LazyLock::new(|| {
    let (zip, graph) = (package("hello-unstripped.zip"), package("hello-unstripped.metadata.json"));
    run(["analyze", arg(&zip), "--metadata", arg(&graph), "--by", "function", "--format", "json"]).exits(0).json()
});

pub(crate) fn report(value: &Value) -> Report {
    serde_json::from_value(value.clone()).expect("a report")
}

/// One node of a page's tree.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) values: Vec<Option<i64>>,
    pub(crate) parts: Vec<Node>,
    pub(crate) facts: Value,
}

impl Node {
    pub(crate) fn part(&self, name: &str) -> &Self {
        self.parts.iter().find(|part| part.name == name).unwrap_or_else(|| panic!("{name} in {}", self.name))
    }

    /// This node and all below it.
    pub(crate) fn all(&self) -> Vec<&Self> {
        let mut nodes = vec![self];
        nodes.extend(self.parts.iter().flat_map(Self::all));
        nodes
    }

    pub(crate) fn leaves(&self) -> Vec<&Self> {
        self.all().into_iter().filter(|node| node.parts.is_empty()).collect()
    }
}

/// What a page holds as data.
pub(crate) fn data(page: &str) -> Value {
    let (_, rest) = page.split_once("<script type=\"application/json\" id=\"data\">").expect("the page has data");
    let (json, _) = rest.split_once("</script>").expect("the data ends");
    serde_json::from_str(json).expect("JSON")
}

pub(crate) fn tree(data: &Value, key: &str) -> Node {
    let columns = data["columns"].as_array().expect("columns").len();
    let paths: Vec<&str> =
        data["paths"].as_array().expect("paths").iter().map(|path| path.as_str().expect("text")).collect();
    node(&data[key], columns, &paths)
}

fn node(value: &Value, columns: usize, paths: &[&str]) -> Node {
    let parts = value.get(columns + 1).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    Node {
        name: decode(value[0].as_str().expect("a name"), paths),
        values: (1..=columns).map(|at| value[at].as_i64()).collect(),
        parts: parts.iter().map(|part| node(part, columns, paths)).collect(),
        facts: value.get(columns + 2).cloned().unwrap_or_default(),
    }
}

/// `~5.` is path 5 in base 36, `~~` a tilde.
fn decode(name: &str, paths: &[&str]) -> String {
    let mut out = String::new();
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('~') {
        out.push_str(before);
        rest = if let Some(after) = after.strip_prefix('~') {
            out.push('~');
            after
        } else {
            let (number, after) = after.split_once('.').expect("a reference ends");
            out.push_str(paths[usize::from_str_radix(number, 36).expect("base 36")]);
            after
        };
    }
    out + rest
}

/// Bytes by name and version, rows of one key summed.
pub(crate) fn by_name(rows: &Value, key: &str) -> BTreeMap<(String, Option<String>), Option<i64>> {
    let mut sums = BTreeMap::new();
    for row in rows.as_array().expect("rows") {
        let name = row["name"].as_str().expect("a name").to_owned();
        let version = row["version"].as_str().map(str::to_owned);
        let sum = sums.entry((name, version)).or_insert(Some(0_i64));
        *sum = sum.zip(row[key].as_i64()).map(|(sum, size)| sum + size);
    }
    sums
}
