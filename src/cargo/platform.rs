//! Whether a dependency under `[target.'cfg(..)']` can be in a program that Lambda runs.
//!
//! `cargo metadata` without `--filter-platform` lists the dependencies of every platform. Lambda runs 64-bit Linux,
//! so `cfg(windows)` never ships. A `cfg` that this room does not know (`tokio_unstable`) may be on: it counts as
//! possible, because a dependency too many is a wrong guess, and one too few would lose its bytes.

use cargo_metadata::cargo_platform::{Cfg, CfgExpr, Platform};

/// What is known about a condition on the platforms of Lambda.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    Always,
    Sometimes,
    Never,
}

/// Whether a dependency on `platform` can be in a program that Lambda runs. `None` is every platform.
pub(super) fn can_run_on_lambda(platform: Option<&Platform>) -> bool {
    match platform {
        None => true,
        Some(Platform::Name(triple)) => triple.contains("linux"),
        Some(Platform::Cfg(condition)) => holds(condition) != Holds::Never,
    }
}

/// Whether a dependency on `platform` is in every program that Lambda runs. `None` is every platform.
pub(super) fn always_runs_on_lambda(platform: Option<&Platform>) -> bool {
    match platform {
        None => true,
        // One architecture or C library of several.
        Some(Platform::Name(_)) => false,
        Some(Platform::Cfg(condition)) => holds(condition) == Holds::Always,
    }
}

fn holds(condition: &CfgExpr) -> Holds {
    match condition {
        CfgExpr::True => Holds::Always,
        CfgExpr::False => Holds::Never,
        CfgExpr::Value(cfg) => cfg_holds(cfg),
        CfgExpr::Not(inner) => match holds(inner) {
            Holds::Always => Holds::Never,
            Holds::Sometimes => Holds::Sometimes,
            Holds::Never => Holds::Always,
        },
        CfgExpr::All(inner) => {
            let all: Vec<Holds> = inner.iter().map(holds).collect();
            if all.contains(&Holds::Never) {
                Holds::Never
            } else if all.contains(&Holds::Sometimes) {
                Holds::Sometimes
            } else {
                Holds::Always
            }
        }
        CfgExpr::Any(inner) => {
            let any: Vec<Holds> = inner.iter().map(holds).collect();
            if any.contains(&Holds::Always) {
                Holds::Always
            } else if any.contains(&Holds::Sometimes) {
                Holds::Sometimes
            } else {
                Holds::Never
            }
        }
    }
}

fn cfg_holds(cfg: &Cfg) -> Holds {
    let always = |yes: bool| if yes { Holds::Always } else { Holds::Never };
    let sometimes = |yes: bool| if yes { Holds::Sometimes } else { Holds::Never };
    match cfg {
        Cfg::Name(name) => match name.as_str() {
            "unix" => Holds::Always,
            "windows" => Holds::Never,
            _ => Holds::Sometimes,
        },
        Cfg::KeyPair(key, value) => match key.as_str() {
            "target_os" => always(value == "linux"),
            "target_family" => always(value == "unix"),
            "target_pointer_width" => always(value == "64"),
            "target_endian" => always(value == "little"),
            "target_arch" => sometimes(value == "x86_64" || value == "aarch64"),
            "target_env" => sometimes(value == "gnu" || value == "musl"),
            _ => Holds::Sometimes,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn possible(text: &str) -> bool {
        can_run_on_lambda(Some(&text.parse().expect("a platform")))
    }

    #[test]
    fn other_systems_never_ship() {
        for text in [
            "cfg(windows)",
            "cfg(target_os = \"macos\")",
            "cfg(not(unix))",
            "cfg(all(unix, target_arch = \"wasm32\"))",
            "cfg(any(windows, target_os = \"redox\"))",
            "x86_64-pc-windows-msvc",
        ] {
            assert!(!possible(text), "{text}");
        }
    }

    #[test]
    fn linux_and_unknown_conditions_may_ship() {
        for text in [
            "cfg(unix)",
            "cfg(not(windows))",
            "cfg(not(target_env = \"musl\"))",
            "cfg(target_arch = \"aarch64\")",
            "cfg(tokio_unstable)",
            "cfg(not(tokio_unstable))",
            "cfg(any(windows, tokio_unstable))",
            "aarch64-unknown-linux-musl",
        ] {
            assert!(possible(text), "{text}");
        }
        assert!(can_run_on_lambda(None));
    }

    #[test]
    fn only_what_holds_on_every_linux_always_ships() {
        let always = |text: &str| always_runs_on_lambda(Some(&text.parse().expect("a platform")));
        assert!(always_runs_on_lambda(None) && always("cfg(unix)") && always("cfg(not(windows))"));
        assert!(!always("cfg(tokio_unstable)") && !always("cfg(windows)") && !always("x86_64-unknown-linux-gnu"));
    }
}
