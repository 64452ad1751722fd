//! Trees as compact JSON: a node is `[name, value.., parts, facts]` without the zeros at its end, and paths that names share stand once in
//! a dictionary. `~5.` in a name is entry 5 (in base 36), `~~` is a tilde.

use std::collections::HashMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::node::{Facts, Node};

/// Paths that names share, most saving first.
pub(super) struct Dictionary {
    paths: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Dictionary {
    pub(super) fn of(trees: &[&Node]) -> Self {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        let mut open: Vec<&Node> = trees.to_vec();
        while let Some(node) = open.pop() {
            for piece in Pieces(&node.name) {
                if piece.is_path {
                    *counts.entry(piece.text).or_default() += 1;
                }
            }
            open.extend(&node.children);
        }
        // A reference takes up to five characters, an entry its length and three.
        let saving = |text: &str, count: usize| (count * text.len().saturating_sub(5)).saturating_sub(text.len() + 3);
        let mut paths: Vec<(usize, &str)> = counts
            .into_iter()
            .map(|(text, count)| (saving(text, count), text))
            .filter(|(saves, _)| *saves > 0)
            .collect();
        paths.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        let paths: Vec<String> = paths.into_iter().map(|(_, text)| text.to_owned()).collect();
        let numbers = paths.iter().enumerate().map(|(number, path)| (path.clone(), number)).collect();
        Self { paths, numbers }
    }

    pub(super) fn paths(&self) -> &[String] {
        &self.paths
    }

    fn encode(&self, name: &str) -> String {
        let mut out = String::with_capacity(name.len());
        for piece in Pieces(name) {
            match self.numbers.get(piece.text).filter(|_| piece.is_path) {
                Some(number) => {
                    out.push('~');
                    out.push_str(&base_36(*number));
                    out.push('.');
                }
                None => out.push_str(&piece.text.replace('~', "~~")),
            }
        }
        out
    }

    /// Appends a node and all below it.
    pub(super) fn write(&self, node: &Node, out: &mut String) {
        out.push('[');
        out.push_str(&json(&self.encode(&node.name)));
        for value in &node.values {
            match value {
                Some(value) => write!(out, ",{value}").expect("a string takes all"),
                None => out.push_str(",null"),
            }
        }
        let facts = (node.facts != Facts::default()).then_some(&node.facts);
        if node.children.is_empty() && facts.is_some() {
            out.push_str(",0");
        } else if !node.children.is_empty() {
            out.push_str(",[");
            for (at, child) in node.children.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                self.write(child, out);
            }
            out.push(']');
        }
        if let Some(facts) = facts {
            out.push(',');
            out.push_str(&json(facts));
        }
        out.push(']');
    }
}

/// JSON that can stand in a page: no `<` ends a script, no `&` starts an entity.
pub(super) fn json(value: &impl Serialize) -> String {
    let text = serde_json::to_string(value).expect("our types have text keys and write to memory");
    if !text.contains(['<', '>', '&']) {
        return text;
    }
    // None of the three is part of JSON's own syntax, so they stand in strings only.
    text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

fn base_36(mut number: usize) -> String {
    let mut digits = Vec::new();
    loop {
        digits.push(char::from(b"0123456789abcdefghijklmnopqrstuvwxyz"[number % 36]));
        number /= 36;
        if number == 0 {
            return digits.iter().rev().collect();
        }
    }
}

/// A name cut into paths (`core::option::`) and what stands between them. The pieces are the name.
struct Pieces<'a>(&'a str);

struct Piece<'a> {
    text: &'a str,
    is_path: bool,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if self.0.is_empty() {
            return None;
        }
        let path = path_at(self.0);
        let (end, is_path) = if path > 0 { (path, true) } else { (next_path(self.0), false) };
        let (text, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(Piece { text, is_path })
    }
}

const fn in_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

/// Length of the path that `text` starts with: words with `::` behind each. 0 if there is none.
fn path_at(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut end = 0;
    loop {
        let word = bytes[end..].iter().take_while(|byte| in_word(**byte)).count();
        if word == 0 || !text[end + word..].starts_with("::") {
            return end;
        }
        end += word + 2;
    }
}

/// Where the next path may start: behind the words and signs that start none.
fn next_path(text: &str) -> usize {
    let bytes = text.as_bytes();
    let word = bytes.iter().take_while(|byte| in_word(**byte)).count();
    let signs = bytes[word..].iter().take_while(|byte| !in_word(**byte)).count();
    word + signs
}
