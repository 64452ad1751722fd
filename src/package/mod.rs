//! A deployment package: its files, their roles, Lambda's quotas, and what would keep it from starting.

mod debug_file;
mod deployability;
mod deployment;
mod finding;
mod junk;
mod libraries;
mod quota;
mod role;

pub use debug_file::{BUILD_ID_MISSING, build_id_missing};
pub use deployability::{
    CrateVersion, check_architectures, check_binary, check_package, duplicate_crate, must_be_readable, unreadable_elf,
};
pub use deployment::{DeploymentPackage, PackageError, PackageFile, PackageSource, ZipData};
pub use finding::{Finding, Severity};
pub use junk::Junk;
pub use quota::{DIRECT_UPLOAD_QUOTA, UNZIPPED_QUOTA};
pub use role::Role;
