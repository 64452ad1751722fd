//! Which names an entry may have.

use super::ArchiveError;

/// What a name says: the path in one spelling, and whether it ends as a folder's does.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// Components joined by `/`; empty for the root of the package itself.
    pub(super) path: String,
    /// It ended in `/`.
    pub(super) folder: bool,
}

/// Reads the name of the entry whose central header is at `offset`.
///
/// `.` components and doubled slashes are dropped, as every unpacker drops them (bsdtar writes `./bootstrap`). Whatever
/// unpackers read in different ways is refused. Names outside ASCII must be UTF-8, whether or not the flag says so: code page
/// 437 has no invalid text, so taking a name for it would be a guess.
pub(super) fn parse(raw: &[u8], offset: u64) -> Result<Name, ArchiveError> {
    if raw.is_empty() {
        return Err(ArchiveError::EmptyName { offset });
    }
    let Ok(name) = std::str::from_utf8(raw) else {
        let lossy = String::from_utf8_lossy(raw).into_owned();
        return Err(ArchiveError::NameNotUtf8 { lossy, offset });
    };
    check(name)?;
    let components: Vec<&str> = name.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    Ok(Name { path: components.join("/"), folder: matches!(name.rsplit('/').next(), Some("" | ".")) })
}

/// Refuses names that would unpack outside the package, or not everywhere in the same place.
pub(super) fn check(name: &str) -> Result<(), ArchiveError> {
    let path = || name.to_owned();
    if let Some(character) = name.chars().find(|character| character.is_control()) {
        return Err(ArchiveError::ControlCharacter { path: path(), character });
    }
    if name.contains('\\') {
        return Err(ArchiveError::BackslashPath { path: path() });
    }
    let drive_letter = matches!(name.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    if name.starts_with('/') || drive_letter {
        return Err(ArchiveError::AbsolutePath { path: path() });
    }
    if name.split('/').any(|part| part == "..") {
        return Err(ArchiveError::ParentPath { path: path() });
    }
    Ok(())
}

/// True where a link at `path` to `target` stays in the package, whatever other links it meets on the way.
///
/// The folder of a link is real, since nothing lies below a link. So leading `..` climb from there through real folders, and
/// what follows them only descends, perhaps through other links, which stay inside themselves. A `..` after a descent could
/// climb from wherever a link led.
pub(super) fn link_stays_inside(path: &str, target: &str) -> bool {
    if target.starts_with('/') {
        return false;
    }
    let depth = path.matches('/').count();
    let mut parts = target.split('/').filter(|part| !matches!(*part, "" | ".")).peekable();
    let mut climbed = 0;
    while parts.next_if_eq(&"..").is_some() {
        climbed += 1;
    }
    climbed <= depth && parts.all(|part| part != "..")
}

/// Refuses duplicates, and files that other entries need as folders. `paths` holds each path with whether it is a folder.
///
/// With `/` sorted below every other character, what lies in a folder follows it directly; so neighbours tell all, however long
/// the paths are.
pub(super) fn check_tree<'p>(paths: impl Iterator<Item = (&'p str, bool)>) -> Result<(), ArchiveError> {
    let mut sorted: Vec<(&str, bool)> = paths.collect();
    // Control characters are refused before, so NUL is free to stand for the slash.
    let key = |path: &'p str| path.bytes().map(|byte| if byte == b'/' { 0 } else { byte });
    sorted.sort_by(|(a, _), (b, _)| key(a).cmp(key(b)));
    for (&(path, folder), &(next, _)) in sorted.iter().zip(sorted.iter().skip(1)) {
        let Some(rest) = next.strip_prefix(path) else { continue };
        if rest.is_empty() {
            return Err(ArchiveError::DuplicateName { path: path.to_owned() });
        }
        if rest.starts_with('/') && !folder {
            return Err(ArchiveError::FileAsFolder { path: path.to_owned(), inside: next.to_owned() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_path_has_one_spelling() {
        let name = |raw: &str| parse(raw.as_bytes(), 0).map(|name| (name.path, name.folder));
        assert_eq!(name("bootstrap"), Ok(("bootstrap".to_owned(), false)));
        assert_eq!(name("./lib//x.so"), Ok(("lib/x.so".to_owned(), false)));
        assert_eq!(name("lib/"), Ok(("lib".to_owned(), true)));
        assert_eq!(name("lib/."), Ok(("lib".to_owned(), true)));
        assert_eq!(name("./"), Ok((String::new(), true)));
        assert_eq!(name("..data/v1..2"), Ok(("..data/v1..2".to_owned(), false)));
        assert_eq!(name("größe"), Ok(("größe".to_owned(), false)));
    }

    #[test]
    fn links_may_climb_only_to_the_root_and_only_at_first() {
        for (path, target) in [("a", "b"), ("lib/a", "../b"), ("a/b/c", "../../d/e"), ("a", "./b"), ("a/b", "..")] {
            assert!(link_stays_inside(path, target), "{path} -> {target}");
        }
        for (path, target) in [("a", "/b"), ("a", ".."), ("lib/a", "../../b"), ("lib/a", "b/../../c"), ("a/b", "c/..")]
        {
            assert!(!link_stays_inside(path, target), "{path} -> {target}");
        }
    }

    proptest! {
        #[test]
        fn neighbours_tell_all(tree in prop::collection::vec(("[a. ]{1,2}(/[a. ]{1,2}){0,2}", any::<bool>()), 0..8)) {
            let bad = tree.iter().enumerate().any(|(i, (path, folder))| {
                tree.iter().enumerate().any(|(j, (other, _))| {
                    i != j && (path == other || !folder && other.starts_with(&format!("{path}/")))
                })
            });
            let found = check_tree(tree.iter().map(|(path, folder)| (path.as_str(), *folder)));
            prop_assert_eq!(found.is_err(), bad, "{:?}", found);
        }
    }
}
