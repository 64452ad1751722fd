//! How linkers are told the order of functions.

use std::ffi::OsString;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// How to tell a linker the order of functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum OrderStyle {
    /// lld, which also sorts for compression.
    Lld {
        /// Whether a compiler stands before it.
        driver: bool,
        /// Whether it knows `--bp-compression-sort`.
        sorts: bool,
    },
    /// GNU ld: a script that puts sections in front of `.text`.
    Script,
    /// Not at all.
    None,
}

impl OrderStyle {
    /// In the order in which they are tried.
    pub(super) const ALL: [Self; 5] = [
        Self::Lld { driver: true, sorts: true },
        Self::Lld { driver: true, sorts: false },
        Self::Lld { driver: false, sorts: true },
        Self::Lld { driver: false, sorts: false },
        Self::Script,
    ];

    pub(super) const fn sorts_for_compression(self) -> bool {
        matches!(self, Self::Lld { sorts: true, .. })
    }

    pub(super) const fn in_words(self) -> &'static str {
        match self {
            Self::Lld { .. } => "symbol-ordering-file",
            Self::Script => "linker-script",
            Self::None => "nothing",
        }
    }

    /// rustc's arguments for the order in `file`.
    pub(super) fn rustc_args(self, file: Option<&Path>, for_compression: bool) -> Vec<OsString> {
        match self {
            Self::Lld { driver, sorts } => {
                let mut args = Vec::new();
                if let Some(file) = file {
                    args.push(with_path("--symbol-ordering-file=", file));
                    // A name that is gone by now, or that is ambiguous, is no reason for a warning per line.
                    args.push("--no-warn-symbol-ordering".into());
                }
                if sorts && for_compression {
                    args.push("--bp-compression-sort=both".into());
                }
                linker_args(driver, &args)
            }
            Self::Script => {
                let args: Vec<OsString> = file.map(|file| with_path("-T", file)).into_iter().collect();
                linker_args(true, &args)
            }
            Self::None => Vec::new(),
        }
    }

    /// What the file holds.
    pub(super) fn text(self, names: &[String]) -> String {
        match self {
            Self::Script => script(names),
            _ => names.iter().flat_map(|name| [name, "\n"]).collect(),
        }
    }
}

/// rustc's arguments that hand these to the linker, one by one.
fn linker_args(through_driver: bool, args: &[OsString]) -> Vec<OsString> {
    let link_arg = |arg: &OsString| {
        let mut whole = OsString::from("link-arg=");
        whole.push(arg);
        ["-C".into(), whole]
    };
    let driver = OsString::from("-Xlinker");
    let each = |arg: &OsString| {
        let first = through_driver.then(|| link_arg(&driver));
        first.into_iter().flatten().chain(link_arg(arg)).collect::<Vec<_>>()
    };
    args.iter().flat_map(each).collect()
}

/// `--name=path`.
fn with_path(name: &str, path: &Path) -> OsString {
    let mut arg = OsString::from(name);
    arg.push(path);
    arg
}

/// rustc, and most C compilers with `-ffunction-sections`, give each function a section of its own, `.text.<name>`, and
/// `.text.unlikely.<name>` where it is cold.
fn script(names: &[String]) -> String {
    let mut text = String::from("SECTIONS\n{\n  .text.lambda_slim :\n  {\n");
    for name in names.iter().filter(|name| is_plain(name)) {
        text.push_str(&format!("    *(.text.{name} .text.unlikely.{name})\n"));
    }
    text.push_str("  }\n}\nINSERT BEFORE .text;\n");
    text
}

/// Whether a script can name it without quotes and wildcards.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'$'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_linker_is_told_in_its_own_words() {
        let args = |style: OrderStyle, file: Option<&str>, sort| {
            let args = style.rustc_args(file.map(Path::new), sort);
            args.iter().map(|arg| arg.to_str().unwrap()).collect::<Vec<_>>().join(" ")
        };
        let driver = OrderStyle::Lld { driver: true, sorts: true };
        assert_eq!(
            args(driver, Some("/a,b"), false),
            "-C link-arg=-Xlinker -C link-arg=--symbol-ordering-file=/a,b -C link-arg=-Xlinker -C link-arg=--no-warn-symbol-ordering"
        );
        let direct = OrderStyle::Lld { driver: false, sorts: true };
        assert_eq!(args(direct, None, true), "-C link-arg=--bp-compression-sort=both");
        assert_eq!(args(OrderStyle::Lld { driver: false, sorts: false }, None, true), "");
        assert_eq!(args(OrderStyle::Script, Some("/x"), true), "-C link-arg=-Xlinker -C link-arg=-T/x");
        assert_eq!(args(OrderStyle::Script, None, true), "");
    }

    #[test]
    fn a_script_names_no_section_that_it_would_have_to_quote() {
        let names = ["_ZN1a1bE", "f*", "g h", "a)", ""].map(str::to_owned);
        let text = OrderStyle::Script.text(&names);
        assert!(text.contains("    *(.text._ZN1a1bE .text.unlikely._ZN1a1bE)\n"), "{text}");
        assert_eq!(text.matches(".text.unlikely").count(), 1, "{text}");
    }
}
