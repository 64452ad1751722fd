//! cargo-lambda's own settings, `[package.metadata.lambda.build]`: read so that both tools agree, never written.
//!
//! Key names: cargo-lambda 1.9.2. Keys that are not read here are left alone.

use serde::Deserialize;
use serde_json::Value;

use super::CargoError;

/// What `cargo lambda build` leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutputFormat {
    /// `bootstrap`, the bare program.
    Binary,
    /// `bootstrap.zip`.
    Zip,
}

/// The keys of `[package.metadata.lambda.build]` that this tool reads. `None` where a key is missing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[non_exhaustive]
pub struct LambdaBuild {
    /// Files and folders to put into the zip beside the program.
    pub include: Option<Vec<String>>,
    /// What to leave behind.
    #[serde(alias = "output-format")]
    pub output_format: Option<OutputFormat>,
    /// Where, instead of `target/lambda`. Relative to the current folder, as cargo-lambda has it.
    #[serde(alias = "lambda-dir")]
    pub lambda_dir: Option<String>,
    /// Build for arm64.
    pub arm64: Option<bool>,
}

impl LambdaBuild {
    /// Reads the settings out of a whole `[package.metadata]` or `[workspace.metadata]`; `owner` is named in the error.
    ///
    /// # Errors
    /// [`CargoError::LambdaBuild`] if a key that is read has a value of another type.
    pub fn from_metadata(owner: &str, metadata: &Value) -> Result<Self, CargoError> {
        let Some(build) = metadata.pointer("/lambda/build") else {
            return Ok(Self::default());
        };
        Self::deserialize(build).map_err(|cause| CargoError::LambdaBuild { package: owner.to_owned(), cause })
    }

    /// Key by key: `self` where it says something, else `other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            include: self.include.or(other.include),
            output_format: self.output_format.or(other.output_format),
            lambda_dir: self.lambda_dir.or(other.lambda_dir),
            arm64: self.arm64.or(other.arm64),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn known_keys_are_read_and_others_tolerated() {
        let metadata = json!({"lambda": {"build": {
            "include": ["assets", "config.json"], "output_format": "zip", "lambda_dir": "dist", "arm64": true,
            "compiler": {"type": "cargo"}, "flatten": "api"}, "deploy": {"memory": 512}}});
        let expected = LambdaBuild {
            include: Some(vec!["assets".to_owned(), "config.json".to_owned()]),
            output_format: Some(OutputFormat::Zip),
            lambda_dir: Some("dist".to_owned()),
            arm64: Some(true),
        };
        assert_eq!(LambdaBuild::from_metadata("api", &metadata).unwrap(), expected);
    }

    #[test]
    fn no_settings_are_no_error() {
        for metadata in [Value::Null, json!({}), json!({"lambda": {}}), json!({"lambda": {"build": {}}})] {
            assert_eq!(LambdaBuild::from_metadata("api", &metadata).unwrap(), LambdaBuild::default());
        }
    }

    #[test]
    fn wrong_type_names_the_package() {
        let error = LambdaBuild::from_metadata("api", &json!({"lambda": {"build": {"arm64": "yes"}}})).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("[package.metadata.lambda.build] of \"api\": invalid type: string \"yes\""), "{text}");
    }

    #[test]
    fn own_keys_win_over_the_workspace() {
        let own = LambdaBuild { arm64: Some(false), ..LambdaBuild::default() };
        let shared = LambdaBuild { arm64: Some(true), lambda_dir: Some("dist".to_owned()), ..LambdaBuild::default() };
        let both = own.or(shared);
        assert_eq!((both.arm64, both.lambda_dir.as_deref()), (Some(false), Some("dist")));
    }
}
