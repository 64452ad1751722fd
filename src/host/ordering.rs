//! The order of functions that a program is linked in.
//!
//! What the linker is told lies at `<target dir>/lambda-slim/<triple or host>/<profile>/<bin>-<settings>.<content>.ld`, a name that
//! follows the content: it is an argument of rustc, so that cargo links again when the order changes, and finds the program fresh when it does not.
//! Which symbols there are is known only once the program is linked. So it is linked with the order of the build before, asked for
//! its symbols, and linked once more if today's order is another.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::linker::{build_settings, link_folder};
use super::order_style::OrderStyle;
use super::order_trial::try_order;
use super::{BuildOptions, HostError, Project};

/// How functions are to be ordered.
pub struct Ordering<'a> {
    /// From the program with its symbols to the mangled names that come first, in order. Asked after each link.
    pub first: &'a dyn Fn(&[u8]) -> Vec<String>,
    /// Whether all else is put in the order in which it compresses best, by a linker that can do that.
    pub for_compression: bool,
}

impl std::fmt::Debug for Ordering<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ordering").field("for_compression", &self.for_compression).finish_non_exhaustive()
    }
}

/// How a program was laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkOrder {
    /// How the linker was told: `symbol-ordering-file` or `linker-script`.
    pub told_by: &'static str,
    /// Whether all else is in compression order.
    pub for_compression: bool,
}

/// What is known from the build before.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Known {
    style: Option<OrderStyle>,
    /// What the linker said to an order, where it takes none.
    refusal: Option<String>,
    /// The file of the last link, by the hash in its name.
    content: Option<u32>,
}

/// An order to ask for.
#[derive(Debug)]
pub(super) struct OrderRequest {
    folder: PathBuf,
    /// File name without what follows the settings.
    name: String,
    known: Known,
    style: OrderStyle,
    for_compression: bool,
}

impl OrderRequest {
    /// # Errors
    /// [`HostError::LinkerTakesNoOrder`] where the project's linker takes none, found by linking a program of a few lines.
    pub(super) fn new(project: &Project, options: &BuildOptions, ordering: &Ordering<'_>) -> Result<Self, HostError> {
        let folder = link_folder(project, options);
        fs::create_dir_all(&folder).map_err(|cause| HostError::Unwritable { path: folder.clone(), cause })?;
        let settings = (build_settings(options), &project.rustc_version, &project.root_package().id);
        let settings = crc32fast::hash(format!("{settings:?}").as_bytes());
        let name = format!("{}-{settings:08x}", project.bin.name);
        let known = fs::read(folder.join(format!("{name}.order.json")));
        let mut known: Known = known.ok().and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default();
        if known.style.is_none() {
            let trial = try_order(project, options, &folder);
            known = Known { style: Some(trial.style), refusal: trial.refusal, content: None };
        }
        let style = known.style.unwrap_or(OrderStyle::None);
        if style == OrderStyle::None {
            return Err(HostError::LinkerTakesNoOrder { refusal: known.refusal.unwrap_or_default() });
        }
        let for_compression = ordering.for_compression && style.sorts_for_compression();
        let request = Self { folder, name, known, style, for_compression };
        request.save();
        Ok(request)
    }

    /// True where no build before has left an order.
    pub(super) const fn is_new(&self) -> bool {
        self.known.content.is_none()
    }

    /// What rustc is to be told: the order of the build before, as long as no other is set.
    pub(super) fn rustc_args(&self) -> Vec<OsString> {
        let file = self.known.content.map(|content| self.file(content)).filter(|file| file.exists());
        self.style.rustc_args(file.as_deref(), self.for_compression)
    }

    /// Sets the names; true where they are not those of the link that was.
    pub(super) fn set(&mut self, names: &[String]) -> Result<bool, HostError> {
        let text = self.style.text(names);
        let content = (!names.is_empty()).then(|| crc32fast::hash(text.as_bytes()));
        let file = content.map(|content| self.file(content));
        if content == self.known.content && file.as_ref().is_none_or(|file| file.exists()) {
            return Ok(false);
        }
        if let Some(before) = self.known.content {
            // Nobody asks for the old one any more.
            let _ = fs::remove_file(self.file(before));
        }
        if let Some(path) = file {
            fs::write(&path, text).map_err(|cause| HostError::Unwritable { path, cause })?;
        }
        self.known.content = content;
        self.save();
        Ok(true)
    }

    pub(super) fn outcome(&self) -> LinkOrder {
        LinkOrder { told_by: self.style.in_words(), for_compression: self.for_compression }
    }

    fn file(&self, content: u32) -> PathBuf {
        self.folder.join(format!("{}.{content:08x}.ld", self.name))
    }

    /// Where this cannot be written, the next build tries again.
    fn save(&self) {
        let json = serde_json::to_vec(&self.known).expect("numbers and text become JSON");
        let _ = fs::write(self.folder.join(format!("{}.order.json", self.name)), json);
    }
}
