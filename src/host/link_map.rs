//! The linker's map of a build, and whether the one on the disk is of this very program.
//!
//! The map is at `<target dir>/lambda-slim/<triple or host>/<profile>/<bin>-<settings>.map`. Its path is an argument of rustc, so
//! it stays the same as long as the settings do: else cargo would compile the crate again. cargo knows nothing of the
//! map and calls a program fresh without it; so a note beside the map says of which bytes it is, and where that is not
//! the program at hand, a map of another name is asked for, which makes cargo link again.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::linker::{MapStyle, build_settings, link_folder, try_map};
use super::open::FILE_LIMIT;
use super::{BuildOptions, Bytes, Project, bytes::file_bytes, open_link_map};

/// What is known of the map, kept beside it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Known {
    style: Option<MapStyle>,
    /// Why there is no map.
    refusal: Option<String>,
    /// When the map was asked for under another name, in nanoseconds since 1970: part of its name.
    renamed: Option<u64>,
    link: Option<Link>,
}

/// A program and the map of its link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Link {
    program_bytes: u64,
    program_crc32: u32,
    map_bytes: u64,
    /// In nanoseconds since 1970.
    map_modified: u64,
}

/// The map of a build, read before another build could write into it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BuiltMap {
    /// Where it is.
    pub path: PathBuf,
    /// What the linker wrote.
    pub text: Bytes,
}

/// A map to ask for.
#[derive(Debug)]
pub(super) struct MapRequest {
    folder: PathBuf,
    /// File name without ending.
    name: String,
    known: Known,
    /// Whether the linker was tried out, which is done once.
    tried: bool,
    /// Whether the map was found to be of the program.
    checked: bool,
}

impl MapRequest {
    /// What to ask for in this project. Nothing, with the reason, where there is no place for a map or no linker that writes one.
    pub(super) fn new(project: &Project, options: &BuildOptions) -> Self {
        let settings = build_settings(options);
        let mut request = Self::find(project, options, &settings);
        if !project.platform.contains("linux") {
            request.refuse(format!("{} is not Linux", project.platform));
        } else if let Err(cause) = fs::create_dir_all(&request.folder) {
            request.refuse(format!("{}: {cause}", request.folder.display()));
        } else if request.known.style.is_none() && settings.contains("linker") {
            // Somebody chose a linker: it is asked first, so that no build fails for the map.
            request.try_styles(project, options);
        }
        request
    }

    fn find(project: &Project, options: &BuildOptions, settings: &str) -> Self {
        let folder = link_folder(project, options);
        let features = (&options.features, options.all_features, options.no_default_features);
        let package = (&project.root_package().id, &project.rustc_version, options.profile_name());
        let settings = crc32fast::hash(format!("{package:?} {features:?} {settings}").as_bytes());
        let name = format!("{}-{settings:08x}", project.bin.name);
        let known = fs::read(folder.join(format!("{name}.json")));
        let known = known.ok().and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default();
        Self { folder, name, known, tried: false, checked: false }
    }

    fn refuse(&mut self, why: String) {
        self.known = Known { style: Some(MapStyle::None), refusal: Some(why), ..Known::default() };
    }

    fn style(&self) -> MapStyle {
        self.known.style.unwrap_or(MapStyle::Driver)
    }

    /// Whether a map is asked for.
    pub(super) fn asks(&self) -> bool {
        self.style() != MapStyle::None
    }

    /// What rustc is to be told.
    pub(super) fn rustc_args(&self) -> Vec<OsString> {
        self.style().rustc_args(&self.map())
    }

    fn map(&self) -> PathBuf {
        let ending = self.known.renamed.map_or_else(|| "map".to_owned(), |when| format!("{when}.map"));
        self.folder.join(format!("{}.{ending}", self.name))
    }

    /// After a build that failed: true where the linker does not take the map as it was asked for, and now another way is chosen.
    pub(super) fn was_refused(&mut self, project: &Project, options: &BuildOptions) -> bool {
        let asked = self.style();
        self.asks() && !self.tried && self.try_styles(project, options) && self.style() != asked
    }

    /// True where the linker works at all.
    fn try_styles(&mut self, project: &Project, options: &BuildOptions) -> bool {
        self.tried = true;
        let trial = try_map(project, options, &self.folder);
        // What was known of a map stands as long as the linker does.
        if let Some(trial) = &trial
            && self.known.style != Some(trial.style)
        {
            self.known = Known { style: Some(trial.style), refusal: trial.refusal.clone(), ..Known::default() };
            self.save();
        }
        trial.is_some()
    }

    /// Whether the map on the disk is of the link that made `program`.
    pub(super) fn is_of(&mut self, program: &Path) -> bool {
        self.checked = self.known.link.is_some() && self.known.link == link(program, &self.map());
        self.checked
    }

    /// Asks under a name that no link has written to.
    pub(super) fn rename(&mut self) {
        // Nobody looks for the old one any more.
        let _ = fs::remove_file(self.map());
        self.known.renamed = Some(nanoseconds(SystemTime::now()));
    }

    /// The map of the build that made `program` just now, or why there is none.
    pub(super) fn settle(mut self, program: &Path) -> Result<BuiltMap, String> {
        let path = self.map();
        if let Some(text) = self.asks().then(|| open_link_map(&path).ok()).flatten() {
            if !self.checked {
                self.known.style = Some(self.style());
                self.known.link = link(program, &path);
                self.save();
            }
            return Ok(BuiltMap { path, text });
        }
        if self.asks() {
            self.refuse("the linker wrote none".to_owned());
            self.save();
        }
        Err(self.known.refusal.unwrap_or_else(|| "the linker takes no -Map".to_owned()))
    }

    /// Where this cannot be written, the next analysis links once more.
    fn save(&self) {
        let json = serde_json::to_vec(&self.known).expect("numbers and text become JSON");
        let _ = fs::write(self.folder.join(format!("{}.json", self.name)), json);
    }
}

/// The map of an earlier build by [`build`](super::build()), if it is of the link that made this very program.
#[must_use]
pub fn find_link_map(project: &Project, options: &BuildOptions, program: &Path) -> Option<PathBuf> {
    let mut request = MapRequest::find(project, options, &build_settings(options));
    request.is_of(program).then(|| request.map())
}

fn link(program: &Path, map: &Path) -> Option<Link> {
    let map = fs::metadata(map).ok()?;
    let program = file_bytes(program, FILE_LIMIT).ok()?;
    Some(Link {
        program_bytes: program.len() as u64,
        program_crc32: crc32fast::hash(&program),
        map_bytes: map.len(),
        map_modified: nanoseconds(map.modified().ok()?),
    })
}

fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
