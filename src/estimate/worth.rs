//! What a megabyte costs, and what leaving a crate out would save.

use serde::{Deserialize, Serialize};

use super::interval::Interval;
use crate::units::ByteSize;

/// Predicted milliseconds for each further megabyte (10^6 bytes).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PerMegabyte {
    /// Per zipped MB: download.
    pub zipped_ms: Interval,
    /// Per unzipped MB: unpacking.
    pub unzipped_ms: Interval,
    /// Per MB of memory that init touches, as it shows in `Init Duration` (the unexplained factor included).
    pub touched_ms: Interval,
}

/// What would be saved without one crate, its own bytes alone: what leaves with it comes on top (`analyze --why`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CrateWorth {
    /// Name of the crate.
    pub name: String,
    /// Its version; `None` where it is not known.
    pub version: Option<String>,
    /// Its bytes in the zip; `None` outside a zip.
    pub zip_bytes: Option<ByteSize>,
    /// Bytes in the file that leave with it, those of crates reached only through it included; `None` without a crate graph.
    pub retained_bytes: Option<ByteSize>,
    /// Its bytes in memory at the end of init; `None` until measured.
    pub touched_bytes: Option<ByteSize>,
    /// Download and unpacking of its own bytes, in ms; `None` outside a zip.
    pub before_init_ms: Option<Interval>,
    /// INIT of its touched bytes, in ms; `None` until measured.
    pub init_ms: Option<Interval>,
}

impl CrateWorth {
    /// Milliseconds of bytes, at these slopes.
    #[must_use]
    pub fn in_ms(mut self, file_bytes: ByteSize, slopes: &PerMegabyte) -> Self {
        self.before_init_ms = self.zip_bytes.map(|zip| {
            // Both slopes go with one unknown, so that their percentiles add up.
            let (zipped, unzipped) =
                (slopes.zipped_ms.times(zip.megabytes()), slopes.unzipped_ms.times(file_bytes.megabytes()));
            Interval { p10: zipped.p10 + unzipped.p10, p50: zipped.p50 + unzipped.p50, p90: zipped.p90 + unzipped.p90 }
                .times(1.0)
        });
        self.init_ms = self.touched_bytes.map(|touched| slopes.touched_ms.times(touched.megabytes()));
        self
    }
}
