//! Lambda's limits on packages.

use crate::units::ByteSize;

/// Largest zip that can be uploaded directly (`UpdateFunctionCode` with the zip in the request); larger ones go through S3.
/// Source: AWS Lambda quotas page, "50 MB (zipped, when uploaded through the Lambda API or SDKs)", counted as 50 MiB; read 2026-11-23.
pub const DIRECT_UPLOAD_QUOTA: ByteSize = ByteSize::new(52_428_800);

/// Largest unzipped deployment package, layers included. Source: AWS Lambda quotas page, "250 MB", counted as 250 MiB as the
/// service's own error message does ("must be smaller than 262144000 bytes"); read 2026-11-23.
pub const UNZIPPED_QUOTA: ByteSize = ByteSize::new(262_144_000);
