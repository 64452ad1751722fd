//! Real cargo on tiny projects: path dependencies only, so that no network is needed.

#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lambda_slim::cargo::{CargoError, CrateHash, parse_codegen_unit};
use lambda_slim::elf::Architecture;
use lambda_slim::host::{BuildEvent, BuildOptions, Built, HostError, Project, build, find_built, lambda_zip_path};

struct TinyProject {
    folder: tempfile::TempDir,
}

impl TinyProject {
    /// A program `app` that links a library `greeter`, in a profile that strips.
    fn new() -> Self {
        let project = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        project.write(
            "Cargo.toml",
            "[package]\nname = 'app'\nversion = '0.1.0'\nedition = '2021'\n\
             [features]\nloud = ['greeter/loud']\n\
             [dependencies]\ngreeter = { path = 'greeter' }\n\
             [workspace]\n[profile.release]\nstrip = true\n",
        );
        project.write("src/main.rs", "fn main() { println!(\"{}{}\", greeter::greeting(), greeter::shown(&3)); }\n");
        project.write(
            "greeter/Cargo.toml",
            "[package]\nname = 'greeter'\nversion = '0.2.0'\nedition = '2021'\n[features]\nloud = []\n",
        );
        project.write(
            "greeter/src/lib.rs",
            "#[inline(never)]\npub fn greeting() -> String {\n    \
             std::env::args().map(|_| if cfg!(feature = \"loud\") { \"HELLO\" } else { \"hello\" }).collect()\n}\n\
             pub fn shown<T: std::fmt::Debug>(value: &T) -> String {\n    format!(\"{value:?}\")\n}\n",
        );
        project
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    fn append_to_manifest(&self, text: &str) {
        let manifest = fs::read_to_string(self.folder.path().join("Cargo.toml")).expect("a manifest");
        self.write("Cargo.toml", &format!("{manifest}\n{text}"));
    }

    fn options(&self) -> BuildOptions {
        let mut options = BuildOptions::default();
        options.directory = Some(self.folder.path().to_owned());
        options.target_dir = Some(self.target_dir());
        options.offline = true;
        options
    }

    fn target_dir(&self) -> PathBuf {
        self.folder.path().join("out")
    }
}

/// The result, and what cargo said on stderr.
fn built(options: &BuildOptions) -> (Result<Built, HostError>, String) {
    let mut said = Vec::new();
    let result = build(options, &mut |event| {
        if let BuildEvent::Stderr(chunk) = event {
            said.extend_from_slice(chunk);
        }
    });
    (result, String::from_utf8_lossy(&said).into_owned())
}

fn expect_built(options: &BuildOptions) -> Built {
    let (result, said) = built(options);
    result.unwrap_or_else(|error| panic!("{error}\n{said}"))
}

fn contains(file: &Path, text: &[u8]) -> bool {
    let bytes = fs::read(file).expect("a readable program");
    bytes.windows(text.len()).any(|window| window == text)
}

fn output(program: &Path) -> String {
    let output = Command::new(program).output().expect("the program starts");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn only_the_last_crate_is_compiled_again_and_its_symbols_stay() {
    let project = TinyProject::new();
    let options = project.options();
    // First as the user builds: stripped.
    let status = Command::new(std::env::var_os("CARGO").expect("cargo runs the tests"))
        .args(["build", "--release", "--quiet", "--offline", "--target-dir"])
        .arg(project.target_dir())
        .current_dir(project.folder.path())
        .status()
        .expect("cargo starts");
    assert!(status.success());
    assert!(!contains(&project.target_dir().join("release/app"), b"greeting"));

    let built = expect_built(&options);
    let fresh = |name: &str| {
        let artifact = built.artifacts.iter().find(|artifact| artifact.target_name == name);
        artifact.expect("an artifact of that name").fresh
    };
    assert!(fresh("greeter"), "the dependency was compiled again");
    assert!(!fresh("app"));
    assert!(contains(&built.executable, b"greeting"), "the profile's strip won");
    assert_eq!(output(&built.executable), "hello3\n");

    let again = expect_built(&options);
    assert!(again.artifacts.iter().all(|artifact| artifact.fresh));
    assert_eq!(again.libraries, built.libraries);
}

/// What linkers say, in tests of Linux programs.
#[cfg(target_os = "linux")]
mod link_map {
    use std::collections::BTreeSet;
    use std::os::unix::fs::PermissionsExt;

    use lambda_slim::cargo::ObjectOwner;
    use lambda_slim::host::find_link_map;

    use super::*;

    fn names_of_fresh(built: &Built) -> Vec<(&str, bool)> {
        built.artifacts.iter().map(|artifact| (artifact.target_name.as_str(), artifact.fresh)).collect()
    }

    /// Texts in a map that name a member of a Rust library.
    fn library_objects(map: &Path) -> BTreeSet<String> {
        let map = fs::read_to_string(map).expect("a map");
        let objects = map.split_whitespace().filter(|word| word.contains(".rlib("));
        let objects: BTreeSet<_> = objects.filter_map(|word| Some(word[..=word.find(')')?].to_owned())).collect();
        assert!(!objects.is_empty(), "no object of a library in the map");
        objects
    }

    #[test]
    fn the_map_costs_no_second_build_and_changes_no_byte() {
        let project = TinyProject::new();
        let options = project.options();
        let status = Command::new(std::env::var_os("CARGO").expect("cargo runs the tests"))
            .args(["rustc", "--release", "--quiet", "--offline", "--bin", "app", "--target-dir"])
            .arg(project.target_dir())
            .args(["--", "-C", "strip=none"])
            .current_dir(project.folder.path())
            .status()
            .expect("cargo starts");
        assert!(status.success());
        let without = fs::read(project.target_dir().join("release/app")).expect("a program");

        let first = expect_built(&options);
        assert_eq!(names_of_fresh(&first), [("greeter", true), ("app", false)]);
        assert!(fs::read(&first.executable).expect("a program") == without, "the map changed the program");
        let map = first.link_map.clone().expect("a map").path;
        assert!(map.starts_with(project.target_dir().join("lambda-slim/host/release")), "{}", map.display());

        let second = expect_built(&options);
        assert_eq!(names_of_fresh(&second), [("greeter", true), ("app", true)]);
        assert_eq!(second.link_map.as_ref().map(|map| &map.path), Some(&map));
        assert_eq!(find_link_map(&second.project, &options, &second.executable), Some(map.clone()));

        // A program that is up to date whose map is gone is linked again, and then is up to date again.
        fs::remove_file(&map).expect("a map to remove");
        let third = expect_built(&options);
        assert_eq!(names_of_fresh(&third), [("greeter", true), ("app", false)]);
        let fourth = expect_built(&options);
        assert_eq!(names_of_fresh(&fourth), [("greeter", true), ("app", true)]);
        assert_eq!(fourth.link_map, third.link_map);
        assert!(fourth.link_map.is_some_and(|map| map.path.is_file()));
    }

    #[test]
    fn of_two_runs_at_once_one_links_and_both_have_its_map() {
        let project = TinyProject::new();
        let options = project.options();
        let first = expect_built(&options).link_map.expect("a map");
        // Both find a program that is up to date and no map of it.
        fs::remove_file(&first.path).expect("a map to remove");
        let both = std::thread::scope(|scope| {
            let runs = [(); 2].map(|()| scope.spawn(|| expect_built(&options)));
            runs.map(|run| run.join().expect("it builds"))
        });
        let linked = both.iter().filter(|built| names_of_fresh(built).contains(&("app", false)));
        assert_eq!(linked.count(), 1, "both linked");
        let maps = both.map(|built| built.link_map.expect("a map"));
        assert!(
            maps[0] == maps[1] && maps[0].path.is_file(),
            "{} and {}",
            maps[0].path.display(),
            maps[1].path.display()
        );
    }

    #[test]
    fn each_object_of_a_library_has_its_owner() {
        let project = TinyProject::new();
        let built = expect_built(&project.options());
        let homes = built.symbol_homes();
        let greeter = built.project.graph.packages_named("greeter")[0];
        let greeter = &built.project.graph.package(greeter).id;
        let objects = library_objects(&built.link_map.as_ref().expect("a map").path);
        let owners: BTreeSet<ObjectOwner<'_>> = objects
            .iter()
            .map(|object| homes.owner_of_object(object).unwrap_or_else(|| panic!("{object} is nobody's")))
            .collect();
        assert!(owners.contains(&ObjectOwner::Package(greeter)), "{owners:?}");
        assert!(owners.contains(&ObjectOwner::Std("std")) && owners.contains(&ObjectOwner::Std("core")), "{owners:?}");
        let packages = owners.iter().filter(|owner| matches!(owner, ObjectOwner::Package(_)));
        assert_eq!(packages.count(), 1, "{owners:?}");
    }

    #[test]
    fn maps_of_two_feature_sets_do_not_stand_for_each_other() {
        let project = TinyProject::new();
        let quiet = project.options();
        let mut loud = project.options();
        loud.features = vec!["loud".to_owned()];
        let maps = [&quiet, &loud].map(|options| expect_built(options).link_map.expect("a map"));
        assert_ne!(maps[0], maps[1]);
        for (options, map) in [&quiet, &loud].into_iter().zip(&maps) {
            let again = expect_built(options);
            assert!(again.artifacts.iter().all(|artifact| artifact.fresh));
            assert!(again.link_map.as_ref() == Some(map), "{}", map.path.display());
        }
    }

    /// A linker that takes the map in one way, or in none.
    fn linker(project: &TinyProject, cases: &str) {
        let refusal = "echo 'error: unsupported linker arg: -Map' >&2; exit 1";
        let script = format!(
            "#!/bin/sh\nfor arg do\n  shift\n  case $arg in\n  {cases}\n  *-Map=*) {refusal};;\n  esac\n  set -- \"$@\" \"$arg\"\ndone\n\
             exec cc \"$@\"\n"
        );
        // Beside and renamed: a script that is open for writing cannot be run.
        project.write("linker.new", &script);
        let (new, path) = (project.folder.path().join("linker.new"), project.folder.path().join("linker.sh"));
        fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).expect("a mode");
        fs::rename(new, path).expect("a name");
    }

    fn noted(options: &BuildOptions) -> (Built, Vec<String>) {
        let mut notes = Vec::new();
        let built = build(options, &mut |event| {
            if let BuildEvent::Note(note) = event {
                notes.push(note.to_owned());
            }
        });
        (built.expect("it builds"), notes)
    }

    #[test]
    fn a_linker_is_asked_in_the_way_that_it_takes_and_may_refuse() {
        let project = TinyProject::new();
        let options = project.options();
        project.write(
            ".cargo/config.toml",
            &format!(
                "[build]\nrustflags = ['-Clinker-features=-lld']\n[target.'cfg(unix)']\nlinker = '{}/linker.sh'\n",
                project.folder.path().display()
            ),
        );
        // As a linker without a driver takes it.
        linker(&project, "-Map=*) set -- \"$@\" \"-Wl,$arg\"; continue;;");
        let (built, notes) = noted(&options);
        assert_eq!(notes, [""; 0]);
        assert!(built.link_map.is_some_and(|map| !library_objects(&map.path).is_empty()));

        // Another linker of the same name, which only the failing build shows.
        linker(&project, "");
        project.write("src/main.rs", "fn main() { println!(\"{}\", greeter::greeting()); }\n");
        let (built, notes) = noted(&options);
        assert_eq!(built.link_map, None);
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert!(notes[1].ends_with("error: unsupported linker arg: -Map"), "{notes:?}");
        assert_eq!(output(&built.executable), "hello\n");

        // It is not asked again.
        let (built, notes) = noted(&options);
        assert!(built.artifacts.iter().all(|artifact| artifact.fresh));
        assert_eq!(notes.len(), 1, "{notes:?}");
    }
}

#[test]
fn every_crate_of_the_program_is_known_by_its_hash() {
    let project = TinyProject::new();
    let built = expect_built(&project.options());
    let greeter = built.project.graph.packages_named("greeter")[0];
    let known: Vec<String> = built.identities().iter().map(|(_, id)| id.to_owned()).collect();
    assert_eq!(known, [built.project.graph.package(greeter).id.clone()]);

    let sysroot = built.sysroot_identities();
    let std: Vec<&str> = sysroot.iter().map(|(_, name)| name).collect();
    for name in ["alloc", "core", "hashbrown", "memchr", "std"] {
        assert!(std.contains(&name), "{name} is not among {std:?}");
    }
    for library in &built.sysroot_libraries {
        for unit in library.members.iter().filter_map(|member| parse_codegen_unit(member)) {
            assert_eq!(unit.crate_name, library.package);
        }
    }
    assert!(built.rustc_version.starts_with("rustc 1."));
    assert_eq!(built.profile, "release");
    assert!(!built.target.is_empty());
    assert_eq!(built.project.root_package().name, "app");
}

/// The hash in codegen-unit names is the v0 disambiguator of the crate, and legacy mangling does not change it.
#[test]
fn hash_is_the_v0_disambiguator_under_both_manglings() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let source = folder.path().join("lib.rs");
    fs::write(&source, "#[inline(never)]\npub fn plain() -> usize { std::env::args().count() }\n").expect("a file");
    let compile = |flags: &[&str]| {
        let path = folder.path().join("unit.o");
        let status = Command::new(std::env::var_os("RUSTC").unwrap_or("rustc".into()))
            .args(["--crate-type=lib", "--crate-name=dep", "-Cmetadata=abc", "-Ccodegen-units=1", "--emit=obj"])
            .args(flags)
            .arg("-o")
            .args([&path, &source])
            .status()
            .expect("rustc starts");
        assert!(status.success());
        fs::read(path).expect("an object")
    };
    // No ELF reader is needed: the names stand in the string table as they are.
    let strings = |object: &[u8]| -> Vec<String> {
        let strings = object.split(|&byte| byte == 0);
        strings.map(|text| String::from_utf8_lossy(text).into_owned()).collect()
    };
    let hash_of_unit = |object: &[u8]| {
        let strings = strings(object);
        let units = strings.iter().filter_map(|text| parse_codegen_unit(text));
        let mut hashes: Vec<CrateHash> = units.filter(|unit| unit.crate_name == "dep").map(|unit| unit.hash).collect();
        hashes.dedup();
        assert_eq!(hashes.len(), 1, "{hashes:?}");
        hashes[0]
    };

    let default = compile(&[]);
    let v0 = compile(&["-Csymbol-mangling-version=v0"]);
    assert_eq!(hash_of_unit(&default), hash_of_unit(&v0));

    let symbols = strings(&v0);
    let digits = |text: &String| Some(text.split("_RNvCs").nth(1)?.split_once("_3dep5plain")?.0.to_owned());
    let digits = symbols.iter().find_map(digits).expect("the v0 name of dep::plain");
    assert_eq!(CrateHash::from_base62(&digits), Some(hash_of_unit(&v0)));
}

#[test]
fn features_reach_the_graph_and_the_build() {
    let project = TinyProject::new();
    let mut options = project.options();
    options.features = vec!["loud".to_owned()];
    let built = expect_built(&options);
    assert_eq!(output(&built.executable), "HELLO3\n");
    let greeter = built.project.graph.packages_named("greeter")[0];
    assert_eq!(built.project.graph.package(greeter).features, ["loud"]);
}

#[test]
fn flags_behind_the_dashes_reach_rustc_and_come_last() {
    let project = TinyProject::new();
    let mut options = project.options();
    options.rustc_args = vec!["-Cstrip=symbols".into()];
    assert!(!contains(&expect_built(&options).executable, b"greeting"));
}

#[test]
fn another_profile_is_found_where_cargo_puts_it() {
    let project = TinyProject::new();
    let mut options = project.options();
    options.profile = Some("dev".to_owned());
    let built = expect_built(&options);
    assert_eq!(built.executable, project.target_dir().join("debug/app"));
    let found = find_built(&built.project, &options).expect("it was built");
    assert_eq!(found, built.executable);
}

#[test]
fn a_target_shows_in_the_path_whether_flag_or_configuration_chose_it() {
    let project = TinyProject::new();
    let host = expect_built(&project.options()).target;
    project.write(".cargo/config.toml", &format!("[build]\ntarget = '{host}'\n"));
    let configured = expect_built(&project.options());
    assert_eq!(configured.target, host);
    assert_eq!(configured.executable, project.target_dir().join(&host).join("release/app"));
    let mut options = project.options();
    options.target = Some(host);
    assert_eq!(expect_built(&options).executable, configured.executable);
}

#[test]
fn a_failing_build_is_a_typed_error_and_cargo_says_why() {
    let project = TinyProject::new();
    project.write("src/main.rs", "fn main() { let number: u8 = \"text\"; }\n");
    let (result, said) = built(&project.options());
    let error = result.expect_err("it does not compile");
    assert!(matches!(error, HostError::BuildFailed { .. }), "{error}");
    assert!(said.contains("mismatched types"), "{said}");
    assert!(error.to_string().starts_with("the build failed: `cargo rustc "), "{error}");
}

#[test]
fn a_folder_without_a_project_is_a_typed_error() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut options = BuildOptions::default();
    options.directory = Some(folder.path().to_owned());
    let (result, said) = built(&options);
    assert!(matches!(result, Err(HostError::BuildFailed { .. })));
    assert!(said.contains("could not find `Cargo.toml`"), "{said}");
}

#[test]
fn several_programs_are_listed_and_one_can_be_chosen() {
    let project = TinyProject::new();
    project.write("src/bin/worker.rs", "fn main() {}\n");
    let (result, _) = built(&project.options());
    match result {
        Err(HostError::Cargo(CargoError::SeveralBins { bins })) => assert_eq!(bins, ["app", "worker"]),
        other => panic!("{other:?}"),
    }
    let mut options = project.options();
    options.bin = Some("worker".to_owned());
    let built = expect_built(&options);
    assert_eq!(built.executable, project.target_dir().join("release/worker"));
}

#[test]
fn a_member_of_a_workspace_is_built_from_its_own_folder() {
    let project = TinyProject::new();
    let manifest = fs::read_to_string(project.folder.path().join("Cargo.toml")).expect("a manifest");
    project.write("Cargo.toml", &manifest.replace("[workspace]", "[workspace]\nmembers = ['other']"));
    project.write("other/Cargo.toml", "[package]\nname = 'other'\nversion = '0.3.0'\nedition = '2021'\n");
    project.write("other/src/main.rs", "fn main() {}\n");
    let mut options = project.options();
    options.directory = Some(project.folder.path().join("other"));
    let built = expect_built(&options);
    assert_eq!(built.executable, project.target_dir().join("release/other"));
    assert_eq!(built.project.graph.reachable(built.project.root), [built.project.root]);
    options.package = Some("app".to_owned());
    assert_eq!(expect_built(&options).executable, project.target_dir().join("release/app"));
}

#[test]
fn what_is_built_is_found_in_cargo_lambdas_place_first() {
    let project = TinyProject::new();
    let options = project.options();
    let load = || Project::load(&options, &mut |_| {}).expect("a project");
    let loaded = load();
    let target = project.target_dir();
    assert_eq!(lambda_zip_path(&loaded), target.join("lambda/app/bootstrap.zip"));
    let error = find_built(&loaded, &options).expect_err("nothing is built").to_string();
    for place in ["lambda/app/bootstrap.zip", "lambda/app/bootstrap", "lambda/extensions/app", "release/app"] {
        let place = target.join(place);
        assert!(error.contains(place.to_str().expect("UTF-8")), "{error}");
    }
    for place in ["out/release/app", "out/lambda/app/bootstrap", "out/lambda/app/bootstrap.zip"] {
        project.write(place, "x");
        let found = find_built(&loaded, &options).expect("it is there");
        assert_eq!(found, project.folder.path().join(place));
    }

    project.append_to_manifest("[package.metadata.lambda.build]\nlambda_dir = 'dist'\n");
    let zip = project.folder.path().join("dist/app/bootstrap.zip");
    assert_eq!(lambda_zip_path(&load()), zip);
}

#[test]
fn cargo_lambdas_arm64_is_the_target_unless_a_flag_says_otherwise() {
    let project = TinyProject::new();
    project.append_to_manifest("[package.metadata.lambda.build]\narm64 = true\n");
    let mut options = project.options();
    let target = |options: &BuildOptions| Project::load(options, &mut |_| {}).expect("a project").target;
    assert_eq!(target(&options).as_deref(), Some("aarch64-unknown-linux-gnu"));
    options.architecture = Some(Architecture::X86_64);
    assert_eq!(target(&options).as_deref(), Some("x86_64-unknown-linux-gnu"));
}
