//! Which package C and assembly code is of, where no map and no library tells: by the prefix that C libraries give to their names.
//!
//! C has no crates, so its libraries begin each global name with their own: `sqlite3_step`, `ZSTD_compress`, `aws_lc_0_38_0_EVP_sha1`.
//! A `-sys` package of the crate graph is named after the library that it builds. What a prefix tells of one name it tells of the whole
//! object file, and objects of one library stand side by side, so what stands between two of them is of it too.

use std::collections::{BTreeMap, HashMap};

use super::crate_table::{CrateNumber, CrateTable};
use super::names::{Names, ObjectId};
use super::places::Place;
use super::runs;

/// Letters that a library's name must have, for its prefix to be no accident.
const SHORTEST_STEM: usize = 3;
/// Native places between two of one library.
const LONGEST_RUN: usize = 4096;

/// For each place: the crate that its prefix, its object or its neighbours name. `None` for all that is Rust or is known anyway.
pub(super) fn crates_by_prefix(
    places: &[Place],
    names: &Names<'_>,
    known: &dyn Fn(&Place) -> bool,
    table: &mut CrateTable<'_>,
) -> Vec<Option<CrateNumber>> {
    let stems = Stems::new(table);
    let mut crates: Vec<Option<CrateNumber>> = vec![None; places.len()];
    if stems.by_start.is_empty() {
        return crates;
    }
    let open: Vec<bool> = places.iter().map(|place| names.crates(place.symbol).is_none() && !known(place)).collect();
    let mut votes: HashMap<(ObjectId, CrateNumber), usize> = HashMap::new();
    for (number, place) in places.iter().enumerate().filter(|(number, _)| open[*number]) {
        crates[number] = stems.find(names.symbols[place.symbol].name);
        if let (Some(object), Some(krate)) = (place.object, crates[number]) {
            *votes.entry((object, krate)).or_default() += 1;
        }
    }
    let mut of_object: BTreeMap<ObjectId, (usize, CrateNumber)> = BTreeMap::new();
    let mut sorted: Vec<_> = votes.into_iter().collect();
    sorted.sort_unstable();
    for ((object, krate), count) in sorted {
        let best = of_object.entry(object).or_insert((count, krate));
        if count > best.0 {
            *best = (count, krate);
        }
    }
    for (number, place) in places.iter().enumerate().filter(|(number, _)| open[*number]) {
        let by_object = place.object.and_then(|object| of_object.get(&object)).map(|(_, krate)| *krate);
        crates[number] = crates[number].or(by_object);
    }
    runs::fill(&mut crates, LONGEST_RUN, |at| open[at]);
    crates
}

/// Names of libraries, by their first letters.
struct Stems {
    by_start: BTreeMap<[u8; SHORTEST_STEM], Vec<(String, CrateNumber)>>,
}

impl Stems {
    fn new(table: &mut CrateTable<'_>) -> Self {
        let mut by_start: BTreeMap<[u8; SHORTEST_STEM], Vec<(String, CrateNumber)>> = BTreeMap::new();
        for (name, krate) in table.native_packages() {
            for stem in stems_of(&name) {
                if let Some(start) = stem.as_bytes().first_chunk::<SHORTEST_STEM>() {
                    by_start.entry(*start).or_default().push((stem.clone(), krate));
                }
            }
        }
        for stems in by_start.values_mut() {
            // The longest stem that fits tells most.
            stems.sort_by(|a, b| (b.0.len(), &a.0, a.1).cmp(&(a.0.len(), &b.0, b.1)));
        }
        Self { by_start }
    }

    fn find(&self, symbol: &str) -> Option<CrateNumber> {
        let symbol = symbol.trim_start_matches('_');
        let start = symbol.as_bytes().first_chunk::<SHORTEST_STEM>()?.map(|byte| byte.to_ascii_lowercase());
        let fits = |stem: &str| {
            let head = symbol.get(..stem.len()).is_some_and(|head| head.eq_ignore_ascii_case(stem));
            // A letter behind it goes on with another word.
            head && !symbol[stem.len()..].starts_with(|c: char| c.is_ascii_lowercase())
        };
        self.by_start.get(&start)?.iter().find(|(stem, _)| fits(stem)).map(|(_, krate)| *krate)
    }
}

/// `sqlite3` of `libsqlite3_sys`.
fn stems_of(name: &str) -> Vec<String> {
    let name = name.to_ascii_lowercase().replace('-', "_");
    let bare = name.strip_suffix("_sys").or_else(|| name.strip_suffix("_src")).unwrap_or(&name);
    let without_lib = bare.strip_prefix("lib").filter(|rest| rest.len() >= SHORTEST_STEM);
    let stems = [Some(bare), without_lib];
    stems.into_iter().flatten().filter(|stem| stem.len() >= SHORTEST_STEM).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_the_package_s_name_without_its_ornaments() {
        assert_eq!(stems_of("libsqlite3_sys"), ["libsqlite3", "sqlite3"]);
        assert_eq!(stems_of("aws-lc-sys"), ["aws_lc"]);
        assert_eq!(stems_of("z-sys"), Vec::<String>::new(), "one letter is no evidence");
    }

    #[test]
    fn a_prefix_ends_where_a_word_ends() {
        let stems = |names: &[&str]| {
            let mut by_start: BTreeMap<_, Vec<_>> = BTreeMap::new();
            for (number, name) in names.iter().enumerate() {
                let start = *name.as_bytes().first_chunk::<SHORTEST_STEM>().expect("long enough");
                by_start.entry(start).or_default().push(((*name).to_owned(), number as CrateNumber));
            }
            Stems { by_start }
        };
        let stems = stems(&["zstd", "ring"]);
        assert_eq!(stems.find("ZSTD_compress"), Some(0));
        assert_eq!(stems.find("ring_core_0_17_14__p256_mul"), Some(1));
        assert_eq!(stems.find("ringbuffer_new"), None);
        assert_eq!(stems.find("memcpy"), None);
    }
}
