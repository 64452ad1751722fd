//! Where a `Cargo.toml` asks for a dependency: the line that a reviewer should look at.
//!
//! Reads as much of TOML as that takes: headers, dotted and quoted keys, values that go on over lines. cargo has parsed the
//! file before; what this reader does not understand it passes over, so that a line is found or not, and never wrong for long.

use std::collections::BTreeMap;

/// The line, from 1, on which the manifest asks for `package` in `[dependencies]` or `[target.*.dependencies]`, under its own
/// name or another. `None` where it does not. Build and development dependencies do not ship, and do not count.
///
/// ```
/// use lambda_slim::cargo::dependency_line;
/// let manifest = "[package]\nname = \"api\"\n\n[dependencies]\nhyper.workspace = true\njson = { package = \"serde_json\", version = \"1\" }\n";
/// assert_eq!(dependency_line(manifest, "hyper"), Some(5));
/// assert_eq!(dependency_line(manifest, "serde_json"), Some(6));
/// assert_eq!(dependency_line(manifest, "json"), None);
/// ```
#[must_use]
pub fn dependency_line(manifest: &str, package: &str) -> Option<usize> {
    let asked = dependencies(manifest);
    let line = |same: &dyn Fn(&str) -> bool| {
        asked.iter().filter(|(alias, place)| same(place.package.as_ref().unwrap_or(alias))).map(|(_, at)| at.line).min()
    };
    // A crate's name in symbols has `_` where its package may have `-`; cargo lets no two packages differ by that alone.
    line(&|name| name == package).or_else(|| line(&|name| name.replace('-', "_") == package.replace('-', "_")))
}

/// Where a name of a dependency stands first, and the package behind it where that is called otherwise.
struct Asked {
    line: usize,
    package: Option<String>,
}

fn dependencies(manifest: &str) -> BTreeMap<String, Asked> {
    let mut asked: BTreeMap<String, Asked> = BTreeMap::new();
    let mut header: Vec<String> = Vec::new();
    let mut value = Value::default();
    for (number, line) in (1..).zip(manifest.trim_start_matches('\u{feff}').lines()) {
        if value.goes_on() {
            value.read(line);
            continue;
        }
        let line = line.trim();
        let (path, set) = if let Some(rest) = line.strip_prefix('[') {
            header = keys(rest.trim_start_matches('[')).0;
            (header.clone(), "")
        } else {
            let (own, rest) = keys(line);
            let Some(set) = rest.strip_prefix('=') else { continue };
            value.read(set);
            (header.iter().cloned().chain(own).collect(), set.trim())
        };
        let Some([alias, below @ ..]) = in_dependencies(&path) else { continue };
        let entry = asked.entry(alias.clone()).or_insert(Asked { line: number, package: None });
        let renamed = match below {
            [] => package_in(set),
            [key] if key == "package" => quoted(set),
            _ => None,
        };
        entry.package = renamed.map(str::to_owned).or(entry.package.take());
    }
    asked
}

/// What a path has below `dependencies` or `target.X.dependencies`.
fn in_dependencies(path: &[String]) -> Option<&[String]> {
    match path {
        [first, rest @ ..] if first == "dependencies" => Some(rest),
        [first, _, third, rest @ ..] if first == "target" && third == "dependencies" => Some(rest),
        _ => None,
    }
}

/// The dotted key that text begins with, and what follows it.
fn keys(text: &str) -> (Vec<String>, &str) {
    let mut path = Vec::new();
    let mut rest = text.trim_start();
    loop {
        let (key, after) = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => rest[1..].split_once(quote).unwrap_or((&rest[1..], "")),
            _ => {
                rest.split_at(rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).unwrap_or(rest.len()))
            }
        };
        path.push(key.to_owned());
        rest = after.trim_start();
        match rest.strip_prefix('.') {
            Some(more) => rest = more.trim_start(),
            None => return (path, rest),
        }
    }
}

/// `package = "…"` in an inline table.
fn package_in(table: &str) -> Option<&str> {
    if !table.starts_with('{') {
        return None;
    }
    table.match_indices("package").find_map(|(at, key)| {
        let begins = table[..at].trim_end().ends_with(['{', ',']);
        let value = table[at + key.len()..].trim_start().strip_prefix('=')?;
        quoted(value.trim_start()).filter(|_| begins)
    })
}

fn quoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|c| ['"', '\''].contains(c))?;
    text[1..].split_once(quote).map(|(inside, _)| inside)
}

/// Whether a value is over: brackets that are open, and a string of several lines.
#[derive(Default)]
struct Value {
    depth: usize,
    string: Option<&'static str>,
}

impl Value {
    fn goes_on(&self) -> bool {
        self.depth > 0 || self.string.is_some()
    }

    /// Reads a line of the value.
    fn read(&mut self, line: &str) {
        let mut rest = line;
        loop {
            if let Some(end) = self.string {
                let Some((_, after)) = rest.split_once(end) else { return };
                self.string = None;
                rest = after;
            }
            let Some(at) = rest.find(['"', '\'', '[', ']', '{', '}', '#']) else { return };
            let (found, after) = (&rest[at..=at], &rest[at + 1..]);
            rest = after;
            match found {
                "#" => return,
                "[" | "{" => self.depth += 1,
                "]" | "}" => self.depth = self.depth.saturating_sub(1),
                quote => {
                    let long = if quote == "\"" { "\"\"\"" } else { "'''" };
                    if let Some(inside) = after.strip_prefix(&long[1..]) {
                        self.string = Some(long);
                        rest = inside;
                    } else {
                        rest = after_string(after, quote);
                    }
                }
            }
        }
    }
}

/// What follows a string of one line; a backslash hides a quote in `"…"` and not in `'…'`.
fn after_string<'a>(text: &'a str, quote: &str) -> &'a str {
    let mut hidden = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if hidden => hidden = false,
            '\\' if quote == "\"" => hidden = true,
            _ if quote.starts_with(c) => return &text[at + 1..],
            _ => {}
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"# dependencies.hyper = "1"
dependencies.early = "1"
[package]
name = "api"
description = """
[dependencies]
rand = "1"
"""
keywords = [
  "]", # rand = "1" ]
]
[features]
hyper = ["dep:hyper"]
[build-dependencies]
cc = "1"
[dependencies]
  "hyper" = { version = "1", features = [
    "full",
  ] }
tokio.version = "1"
tokio.package = "tokio-fork"
ring = { package = 'ring-compat', version = "1" }
note = { version = "1", features = ["package = \"serde\""] }
lambda_http = "1"
[dependencies.serde]
version = "1"
[ target . 'cfg(target_os = "linux")' . dependencies . nix ]
version = "1"
[target."cfg(unix)".dependencies]
libc = "0.2"
[dev-dependencies]
proptest = "1"
"#;

    #[test]
    fn a_dependency_is_found_however_it_is_written() {
        for (package, line) in [
            ("early", Some(2)),
            ("hyper", Some(17)),
            ("tokio-fork", Some(20)),
            ("tokio", None),
            ("ring-compat", Some(22)),
            ("ring", None),
            ("note", Some(23)),
            ("lambda_http", Some(24)),
            ("lambda-http", Some(24)),
            ("serde", Some(25)),
            ("nix", Some(27)),
            ("libc", Some(30)),
            ("rand", None),
            ("cc", None),
            ("proptest", None),
        ] {
            assert_eq!(dependency_line(MANIFEST, package), line, "{package}");
        }
    }

    #[test]
    fn no_text_makes_it_panic() {
        for text in
            ["[", "[\"", "=", "é = 'é", "[dependencies]\né.", "[dependencies]\n\"é\" = \"\\", "a = '''", "a = {package"]
        {
            assert_eq!(dependency_line(text, "x"), None, "{text}");
        }
        for end in 0..MANIFEST.len() {
            let _ = dependency_line(&MANIFEST[..end], "hyper");
        }
    }
}
