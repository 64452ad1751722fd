//! One rectangle of the map, which is one row of the table.

use serde::Serialize;

use crate::policy::SizeChange;
use crate::units::ByteSize;

/// Bytes by column; `None` where a column is not known. Below zero only in what rounding leaves over.
pub(super) type Values = Vec<Option<i64>>;

/// What the parts of a node lack to it, where the report lists not every byte.
const NOT_LISTED: &str = "[not listed]";
/// What they lack because each list of the report rounds bits to bytes, and pages to parts, by itself.
const ROUNDING: &str = "[rounding]";

/// A part of the package, and its parts.
#[derive(Debug, Clone, Default)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) values: Values,
    pub(super) children: Vec<Node>,
    pub(super) facts: Facts,
}

/// What else is known of a node. Keys are short, because there are thousands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Facts {
    /// What sort of node: `artifact`, `file`, `binary`, `section`, `crate`, `module`; a function has none.
    #[serde(rename = "t", skip_serializing_if = "str::is_empty")]
    pub(super) sort: &'static str,
    /// Kind of crate, kind of section, or role of a file.
    #[serde(rename = "k", skip_serializing_if = "str::is_empty")]
    pub(super) kind: &'static str,
    #[serde(rename = "v", skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<String>,
    /// File bytes that leave with the crate.
    #[serde(rename = "r", skip_serializing_if = "Option::is_none")]
    pub(super) retained: Option<ByteSize>,
    /// The shortest dependency path.
    #[serde(rename = "w", skip_serializing_if = "Vec::is_empty")]
    pub(super) why: Vec<String>,
    /// How many functions of a crate have a size.
    #[serde(rename = "f", skip_serializing_if = "Option::is_none")]
    pub(super) functions: Option<u64>,
    /// The section of a function, as its number in the page's list.
    #[serde(rename = "s", skip_serializing_if = "Option::is_none")]
    pub(super) section: Option<usize>,
    /// How many rows are summed in this one.
    #[serde(rename = "n", skip_serializing_if = "Option::is_none")]
    pub(super) folded: Option<usize>,
    /// `added`, `removed` or `same`; changed rows have none.
    #[serde(rename = "d", skip_serializing_if = "str::is_empty")]
    pub(super) status: &'static str,
}

impl Node {
    /// The magnitude that orders and folds nodes: the file bytes, of a change the larger side or what the zip says.
    pub(super) fn weight(&self) -> i64 {
        self.values.iter().take(2).filter_map(|value| *value).max().unwrap_or(0)
    }

    /// Adds what the parts lack, so that they sum to the node, and sorts them: largest first, then by name.
    pub(super) fn complete(mut self) -> Self {
        if !self.children.is_empty() {
            let sums = sums(&self.children, self.values.len());
            let rest: Values =
                self.values.iter().zip(&sums).map(|(all, sum)| all.zip(*sum).map(|(all, sum)| all - sum)).collect();
            if rest.iter().flatten().any(|&rest| rest != 0) {
                // A file's bytes are never rounded: what lacks in them was not listed.
                let listed = rest.first().is_some_and(|rest| rest.unwrap_or(0) == 0);
                let name = if listed { ROUNDING } else { NOT_LISTED };
                self.children.push(Self { name: name.to_owned(), values: rest, ..Self::default() });
            }
        }
        self.sort();
        self
    }

    pub(super) fn sort(&mut self) {
        self.children.sort_by(|a, b| {
            let by_size = b.weight().cmp(&a.weight());
            by_size.then_with(|| {
                (&a.name, &a.facts.version, a.facts.section).cmp(&(&b.name, &b.facts.version, b.facts.section))
            })
        });
    }
}

/// The columns' sums; `None` where a node does not know one.
pub(super) fn sums(nodes: &[Node], columns: usize) -> Values {
    let zero: Values = vec![Some(0); columns];
    nodes.iter().fold(zero, |sums, node| plus(&sums, &node.values))
}

pub(super) fn plus(a: &Values, b: &Values) -> Values {
    a.iter().zip(b).map(|(a, b)| a.zip(*b).map(|(a, b)| a + b)).collect()
}

/// A size as a column has it.
pub(super) fn bytes(size: ByteSize) -> i64 {
    i64::try_from(size.get()).expect("files are smaller than 2^63 bytes")
}

/// Old and new of the file, old and new of the zip.
pub(super) fn sides(file: SizeChange, zip: Option<SizeChange>) -> Values {
    let old = |change: SizeChange| bytes(change.old_bytes);
    let new = |change: SizeChange| bytes(change.new_bytes);
    vec![Some(old(file)), Some(new(file)), zip.map(old), zip.map(new)]
}
