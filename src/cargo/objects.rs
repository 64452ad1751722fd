//! Whose an object is, by the path that a linker's map names it with.
//!
//! | object | owner |
//! |---|---|
//! | `/…/deps/libzstd_sys-4cb9079086ac5344.rlib(7c9960efb53c0b35-huf_compress.o)` | the package of that library |
//! | `/…/rustlib/<triple>/lib/libcore-1c75….rlib(core-….o)` | std's `core` |
//! | `/…/build/foo-sys-1/out/libfoo.a(foo.o)` | the package whose build script wrote it |
//! | `/usr/lib/…/Scrt1.o`, `<internal>`, the program's own units | nobody that is known here |
//!
//! A library is known by its file name: rustc links a copy in a temporary folder where it leaves out a part, and the
//! name has a hash of its own.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use super::messages::BuildScript;

/// Who built an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectOwner<'a> {
    /// A package of the crate graph, by its id.
    Package(&'a str),
    /// A crate of the toolchain's own libraries, by its name. It may be a private copy of a crate that the graph has too.
    Std(&'a str),
}

impl<'a> ObjectOwner<'a> {
    /// The package id, or the name of std's crate.
    #[must_use]
    pub const fn name(self) -> &'a str {
        match self {
            Self::Package(name) | Self::Std(name) => name,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Owner {
    Package(String),
    Std(String),
}

impl Owner {
    fn of(owner: ObjectOwner<'_>) -> Self {
        match owner {
            ObjectOwner::Package(id) => Self::Package(id.to_owned()),
            ObjectOwner::Std(name) => Self::Std(name.to_owned()),
        }
    }

    fn as_ref(&self) -> ObjectOwner<'_> {
        match self {
            Self::Package(id) => ObjectOwner::Package(id),
            Self::Std(name) => ObjectOwner::Std(name),
        }
    }
}

/// The owners of objects. Where two claim one, nobody has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ObjectOwners {
    /// By the library's file name.
    libraries: HashMap<String, Option<Owner>>,
    /// By the path of a static archive, or of a folder that a build script wrote into.
    paths: BTreeMap<String, Option<Owner>>,
}

impl ObjectOwners {
    pub(super) fn add_library(&mut self, path: &Path, owner: ObjectOwner<'_>) {
        if let Some(name) = path.file_name().and_then(|name| name.to_str()) {
            claim(self.libraries.entry(name.to_owned()).or_insert_with(|| Some(Owner::of(owner))), owner);
        }
    }

    pub(super) fn add_build_script(&mut self, script: &BuildScript) {
        let owner = ObjectOwner::Package(&script.package_id);
        let mut add = |path: String| {
            claim(self.paths.entry(path).or_insert_with(|| Some(Owner::of(owner))), owner);
        };
        if let Some(folder) = script.out_dir.to_str().filter(|folder| !folder.is_empty()) {
            add(folder.trim_end_matches('/').to_owned());
        }
        // Archives that it did not write but names: prebuilt ones that came with the package.
        for library in script.linked_libs.iter().filter_map(|library| static_library(library)) {
            for path in &script.linked_paths {
                let folder = path.split_once('=').map_or(path.as_str(), |(_kind, folder)| folder);
                add(format!("{}/lib{library}.a", folder.trim_end_matches('/')));
            }
        }
    }

    /// The owner of an object, by its text in a linker's map: `path` or `archive(member)`.
    pub(super) fn owner_of(&self, object: &str) -> Option<ObjectOwner<'_>> {
        let file = match object.strip_suffix(')') {
            Some(object) => object.rsplit_once('(')?.0,
            None => object,
        };
        let name = file.rsplit_once('/').map_or(file, |(_, name)| name);
        if let Some(owner) = self.libraries.get(name) {
            return owner.as_ref().map(Owner::as_ref);
        }
        let mut path = file;
        while !path.is_empty() {
            if let Some(owner) = self.paths.get(path) {
                return owner.as_ref().map(Owner::as_ref);
            }
            path = path.rsplit_once('/')?.0;
        }
        None
    }
}

fn claim(known: &mut Option<Owner>, owner: ObjectOwner<'_>) {
    if known.as_ref().is_some_and(|known| known.as_ref() != owner) {
        *known = None;
    }
}

/// `foo` of `static=foo`, `static:+whole-archive=foo` and `static=foo:renamed`.
fn static_library(library: &str) -> Option<&str> {
    let (kind, name) = library.split_once('=')?;
    let kind = kind.split_once(':').map_or(kind, |(kind, _modifiers)| kind);
    let name = name.split_once(':').map_or(name, |(name, _renamed)| name);
    (kind == "static").then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT_DIR: &str = "/t/release/build/foo-sys-1/out";

    fn owners() -> ObjectOwners {
        let mut owners = ObjectOwners::default();
        owners.add_library(Path::new("/t/release/deps/libzstd_sys-4cb9.rlib"), ObjectOwner::Package("zstd-sys 2"));
        owners.add_library(Path::new("/rust/lib/libmemchr-ea71.rlib"), ObjectOwner::Std("memchr"));
        owners.add_library(Path::new("/t/release/deps/libmemchr-0001.rlib"), ObjectOwner::Package("memchr 2"));
        owners.add_build_script(&BuildScript {
            package_id: "foo-sys 1".to_owned(),
            linked_libs: vec!["static:+whole-archive=pre".to_owned(), "z".to_owned(), "dylib=ssl".to_owned()],
            linked_paths: vec!["native=/registry/foo-sys-1/prebuilt/".to_owned()],
            out_dir: SCRIPT_DIR.into(),
        });
        owners
    }

    #[test]
    fn a_library_is_known_wherever_rustc_copied_it() {
        let (owners, zstd) = (owners(), Some(ObjectOwner::Package("zstd-sys 2")));
        assert_eq!(owners.owner_of("/t/release/deps/libzstd_sys-4cb9.rlib(7c99-huf.o)"), zstd);
        assert_eq!(owners.owner_of("/tmp/rustcAb3/libzstd_sys-4cb9.rlib(7c99-huf.o)"), zstd);
        assert_eq!(owners.owner_of("libzstd_sys-4cb9.rlib"), zstd);
        assert_eq!(owners.owner_of("/rust/lib/libmemchr-ea71.rlib(m.o)"), Some(ObjectOwner::Std("memchr")));
        assert_eq!(owners.owner_of("/t/deps/libmemchr-0001.rlib(m.o)"), Some(ObjectOwner::Package("memchr 2")));
    }

    #[test]
    fn what_a_build_script_wrote_or_brought_is_its_packages() {
        let (owners, foo) = (owners(), Some(ObjectOwner::Package("foo-sys 1")));
        assert_eq!(owners.owner_of(&format!("{SCRIPT_DIR}/libfoo.a(foo.o)")), foo);
        assert_eq!(owners.owner_of(&format!("{SCRIPT_DIR}/deep/er/bar.o")), foo);
        assert_eq!(owners.owner_of("/registry/foo-sys-1/prebuilt/libpre.a(x.o)"), foo);
        assert_eq!(owners.owner_of("/registry/foo-sys-1/prebuilt/libssl.a(x.o)"), None);
        assert_eq!(owners.owner_of(&format!("{SCRIPT_DIR}side/libfoo.a(foo.o)")), None);
    }

    #[test]
    fn what_nobody_built_is_nobodys() {
        for object in
            ["", ")", "(", "/", "<internal>", "/usr/lib/Scrt1.o", "/t/app-1.app.0123456789abcdef-cgu.0.rcgu.o"]
        {
            assert_eq!(owners().owner_of(object), None, "{object}");
        }
    }

    #[test]
    fn what_two_claim_is_nobodys() {
        let mut owners = owners();
        owners.add_library(Path::new("/other/libzstd_sys-4cb9.rlib"), ObjectOwner::Std("zstd-sys 2"));
        assert_eq!(owners.owner_of("/t/release/deps/libzstd_sys-4cb9.rlib(7c99-huf.o)"), None);
    }
}
