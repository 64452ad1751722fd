//! From functions' names to modules: the first path in a name that starts with the owner's crate tells where it belongs.

use std::collections::BTreeMap;

use super::node::{Facts, Node, sums};

/// The group of what no symbol names.
const NO_SYMBOL: &str = "[no symbol]";

/// Modules deeper than this are shown as one. Real ones have seven; made-up names could nest without end.
const DEEPEST: usize = 16;

/// The modules of a function, outermost first; none where its name has no path of the crate.
fn modules_of<'a>(name: &'a str, krate: &str) -> Vec<&'a str> {
    if name.starts_with('[') {
        return vec![NO_SYMBOL];
    }
    let Some(mut rest) = path_below(name, krate) else { return Vec::new() };
    let mut segments = Vec::new();
    while segments.len() < DEEPEST {
        let end = rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len());
        let segment = &rest[..end];
        // A type, a closure or a generic argument: what stands before it was the module.
        if segment.is_empty() || segment.starts_with(char::is_uppercase) {
            return segments;
        }
        match rest[end..].strip_prefix("::") {
            Some(below) if below.starts_with(|c: char| c == '_' || c.is_alphabetic()) => rest = below,
            Some(below) if below.starts_with("<impl ") || below.starts_with("{impl") => {
                segments.push(segment);
                return segments;
            }
            // The function itself.
            _ => return segments,
        }
        segments.push(segment);
    }
    segments
}

/// What follows `krate::` where that first starts a path.
fn path_below<'a>(name: &'a str, krate: &str) -> Option<&'a str> {
    let part_of_word = |c: char| c == '_' || c == ':' || c.is_alphanumeric();
    name.match_indices(krate).find_map(|(at, _)| {
        let below = name[at + krate.len()..].strip_prefix("::")?;
        (!name[..at].ends_with(part_of_word)).then_some(below)
    })
}

/// Functions below their modules. `leaves` are names as the report has them, each with its node.
pub(super) fn nest(leaves: Vec<(&str, Node)>, krate: &str, columns: usize) -> Vec<Node> {
    if krate.is_empty() || krate.starts_with('[') {
        return leaves.into_iter().map(|(_, leaf)| leaf).collect();
    }
    let krate = krate.replace('-', "_");
    let mut root = Module::default();
    for (name, leaf) in leaves {
        let module = modules_of(name, &krate)
            .into_iter()
            .fold(&mut root, |module, segment| module.modules.entry(segment.to_owned()).or_default());
        module.functions.push(leaf);
    }
    root.into_nodes(columns)
}

#[derive(Default)]
struct Module {
    modules: BTreeMap<String, Module>,
    functions: Vec<Node>,
}

impl Module {
    fn into_nodes(self, columns: usize) -> Vec<Node> {
        let mut nodes = self.functions;
        nodes.extend(self.modules.into_iter().map(|(name, module)| module.into_node(name, columns)));
        nodes
    }

    /// A module with nothing but one module in it is shown as one: `de::value`.
    fn into_node(mut self, mut name: String, columns: usize) -> Node {
        while self.functions.is_empty() && self.modules.len() == 1 {
            let (inner, module) = self.modules.pop_first().expect("there is one");
            name = format!("{name}::{inner}");
            self = module;
        }
        if self.modules.is_empty() && self.functions.len() == 1 {
            return self.functions.remove(0);
        }
        let children = self.into_nodes(columns);
        let values = sums(&children, columns);
        Node { name, values, children, facts: Facts { sort: "module", ..Facts::default() } }.complete()
    }
}

#[cfg(test)]
mod tests {
    use super::modules_of;

    #[test]
    fn a_function_belongs_to_the_module_of_the_first_path_of_its_crate() {
        let modules = |name| modules_of(name, "hyper").join("::");
        assert_eq!(modules("hyper::client::conn::Builder::new"), "client::conn");
        assert_eq!(modules("hyper::client::connect"), "client");
        assert_eq!(modules("hyper::client::connect::{closure#0}"), "client");
        assert_eq!(modules("hyper::client::connect::<u8>"), "client");
        assert_eq!(modules("<hyper::body::Incoming as core::fmt::Debug>::fmt"), "body");
        assert_eq!(modules("core::ptr::drop_in_place::<hyper::proto::h1::Conn>"), "proto::h1");
        assert_eq!(modules("hyper::error::<impl core::fmt::Display for hyper::Error>::fmt"), "error");
        assert_eq!(modules("hyper::service"), "");
        assert_eq!(modules("my_hyper::a::b"), "");
        assert_eq!(modules("x::hyper::a::b"), "");
        assert_eq!(modules("[no symbol]"), "[no symbol]");
    }
}
