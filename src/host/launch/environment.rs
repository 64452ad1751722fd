//! The environment variables of a function, and no others.
//!
//! Source: AWS Lambda developer guide, "Defined runtime environment variables"; read 2026-11-24. Values that would open something
//! are made up.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;

use super::super::runtime_api::Identity;

/// Names the private folder, and so every process that was started in it.
pub(super) const TASK_ROOT: &str = "LAMBDA_TASK_ROOT";

/// Who the function is told to be.
pub(super) const IDENTITY: Identity = Identity {
    function_name: "boot-check",
    function_version: "$LATEST",
    handler: "bootstrap",
    arn: "arn:aws:lambda:us-east-1:123456789012:function:boot-check",
};

/// The environment of a program that is unpacked at `root`.
pub(super) fn environment(root: &Path, api: SocketAddr) -> Vec<(&'static str, OsString)> {
    let fixed = [
        // Documentation's own examples: no account has them.
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ("AWS_SESSION_TOKEN", "example"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_LAMBDA_FUNCTION_NAME", IDENTITY.function_name),
        ("AWS_LAMBDA_FUNCTION_VERSION", IDENTITY.function_version),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/boot-check"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/01/[$LATEST]00000000000000000000000000000000"),
        ("LANG", "en_US.UTF-8"),
        ("TZ", ":UTC"),
        ("_HANDLER", IDENTITY.handler),
    ];
    let root = root.as_os_str();
    let joined = |parts: &[&str]| {
        let mut joined = OsString::new();
        for part in parts {
            joined.push(part);
            joined.push(root);
        }
        joined
    };
    let mut libraries = joined(&["", ":"]);
    libraries.push("/lib");
    let mut path = joined(&["/usr/local/bin:/usr/bin:/bin:"]);
    path.push("/bin");
    let of_this_start = [
        ("AWS_LAMBDA_RUNTIME_API", api.to_string().into()),
        ("LAMBDA_RUNTIME_DIR", root.to_owned()),
        (TASK_ROOT, root.to_owned()),
        ("LD_LIBRARY_PATH", libraries),
        ("PATH", path),
    ];
    fixed.into_iter().map(|(name, value)| (name, value.into())).chain(of_this_start).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_looked_for_in_the_package_alone_before_the_system_s() {
        let variables = environment(Path::new("/task"), ([127, 0, 0, 1], 9001).into());
        let value = |name: &str| variables.iter().find(|(known, _)| *known == name).unwrap().1.to_str().unwrap();
        assert_eq!(value("LD_LIBRARY_PATH"), "/task:/task/lib");
        assert_eq!(value("PATH"), "/usr/local/bin:/usr/bin:/bin:/task/bin");
        assert_eq!(value("AWS_LAMBDA_RUNTIME_API"), "127.0.0.1:9001");
    }
}
