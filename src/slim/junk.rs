//! `drop-junk`: what was left out of the package before anything else, told as rewrites of it.

use crate::package::Junk;
use crate::units::{ByteDelta, ByteSize};

use super::outcome::{Outcome, RewriteRow, RewriteStatus};

/// Name of the rewrite in the report.
const NAME: &str = "drop-junk";

impl Outcome {
    /// Tells of junk that was left out before the package was slimmed: its sizes before are those with it.
    pub fn add_dropped_junk(&mut self, dropped: &[Junk]) {
        let size: ByteSize = dropped.iter().map(|junk| junk.file_bytes).sum();
        self.before.unzipped_bytes += size;
        let mut rows: Vec<RewriteRow> = dropped.iter().map(row).collect();
        if rows.is_empty() {
            rows.push(RewriteRow {
                name: NAME.to_owned(),
                path: "package".to_owned(),
                status: RewriteStatus::NotApplicable,
                saved_bytes: ByteDelta::default(),
                saved_compressed_bytes: None,
                reason: Some("the package has none".to_owned()),
                gives_up: None,
            });
        }
        self.rewrites.splice(0..0, rows);
    }
}

fn row(junk: &Junk) -> RewriteRow {
    let more = if junk.folders > 0 { junk.folders - 1 } else { junk.files.saturating_sub(1) };
    let path = if more == 0 { junk.path.clone() } else { format!("{} and {more} more", junk.path) };
    RewriteRow {
        name: NAME.to_owned(),
        path,
        status: RewriteStatus::Applied,
        saved_bytes: junk.file_bytes.since(ByteSize::ZERO),
        saved_compressed_bytes: None,
        reason: None,
        gives_up: None,
    }
}
