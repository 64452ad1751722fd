//! What slimming did: named rewrites, sizes before and after, and what was proven.

use serde::{Deserialize, Serialize};

use crate::units::{ByteDelta, ByteSize};

/// How far slimming may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// No loaded byte changes.
    Strict,
    /// The same behaviour, proven.
    #[default]
    Default,
}

/// What became of one rewrite on one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RewriteStatus {
    /// Done, and the finished file is smaller for it.
    Applied,
    /// Tried, and not smaller.
    NoGain,
    /// Not tried; the reason says why.
    NotApplicable,
}

/// One named rewrite on one file of the package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RewriteRow {
    /// The rewrite's name, as `--with` and `--without` take it.
    pub name: String,
    /// The file of the package, or the package itself.
    pub path: String,
    /// What became of it.
    pub status: RewriteStatus,
    /// Uncompressed bytes saved; for `recompress`, zip bytes.
    pub saved_bytes: ByteDelta,
    /// For rewrites of loaded bytes, which leave the file as long as it was: how much smaller what they changed is when it is
    /// compressed at effort `fast`, in the order applied. The entry saves about as much; exactly known is only what all rewrites
    /// together save, in [`Outcome::after`].
    #[serde(default)]
    pub saved_compressed_bytes: Option<ByteDelta>,
    /// Why it was not applicable or had no gain.
    pub reason: Option<String>,
    /// What the program or its users lose by it, where it was applied.
    #[serde(default)]
    pub gives_up: Option<String>,
}

/// Sizes of a package at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PackageSizes {
    /// Size of the zip; `None` where the input was not a zip.
    pub zip_bytes: Option<ByteSize>,
    /// Sum of the files' sizes.
    pub unzipped_bytes: ByteSize,
}

/// What a package did when it was started before and after slimming.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BootCheck {
    /// The event that it was given: a file, or the event itself.
    pub event: String,
    /// How the start of the package that came in ended: `answered`, `function-error` or `extensions-ready`.
    pub before: String,
    /// How the start of the slimmed package ended.
    pub after: String,
    /// True where both did the same.
    pub alike: bool,
    /// How much was compared: `everything`; `stable-values`, where the original's own answers differ from start to start; `kind-only`, where
    /// they have nothing in common.
    pub compared: String,
    /// True where the programs had a network of their own.
    pub isolated: bool,
}

/// The result of slimming, as the report shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Outcome {
    /// How far it was allowed to go.
    pub level: Level,
    /// Deflate effort: `fast`, `default` or `max`.
    pub effort: String,
    /// The package that came in.
    pub before: PackageSizes,
    /// The package that went out.
    pub after: PackageSizes,
    /// Every rewrite tried, by file, in the order tried.
    pub rewrites: Vec<RewriteRow>,
    /// What was proven about the result, in words.
    pub proof: String,
    /// What the package did when it was started before and after; `None` where nobody asked.
    #[serde(default)]
    pub boot_check: Option<BootCheck>,
    /// SHA-256 of the finished zip in base64, as Lambda reports it (`CodeSha256`).
    pub code_sha256: String,
}
