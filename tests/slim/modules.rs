//! Native modules of other languages: what Python and Node load from a slimmed package works as before.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::laws::{folder, report, slim};
use crate::support::program::arg;
use crate::support::skip::skip;
use crate::support::symbols::strip;
use crate::support::zipfile;

/// What a command says on stdout; `None` where it does not start or fails.
fn stdout(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn compile(source: &str, name: &str, folder: &Path, flags: &[&str]) -> Option<PathBuf> {
    let (text, module) = (folder.join("module.c"), folder.join(name));
    fs::write(&text, source).expect("written");
    let output = Command::new("cc")
        .args(["-g", "-O1", "-shared", "-fPIC"])
        .args(flags)
        .arg(&text)
        .arg("-o")
        .arg(&module)
        .output();
    if output.is_ok_and(|output| output.status.success()) {
        return Some(module);
    }
    skip(name, "cc does not compile it here");
    None
}

/// Slims `files` as a layer and unpacks it again.
fn slimmed(files: &[(&str, &Path)], folder: &Path) -> Option<PathBuf> {
    let (zip, out, unpacked) = (folder.join("layer.zip"), folder.join("out.zip"), folder.join("opt"));
    let files: Vec<(&str, &Path, u32)> = files.iter().map(|(path, file)| (*path, *file, 0o644)).collect();
    zipfile::write(&zip, &files)?;
    slim(&zip, &out, &["--effort", "fast"]);
    zipfile::assert_accepted(&out);
    zipfile::unpack(&out, &unpacked)?;
    Some(unpacked)
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).expect("it is there").len()
}

const PYTHON_MODULE: &str = r#"
#include <Python.h>
static PyObject *twice(PyObject *self, PyObject *value) { (void)self; return PyNumber_Add(value, value); }
static PyMethodDef methods[] = {{"twice", twice, METH_O, ""}, {0}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "native", 0, -1, methods, 0, 0, 0, 0};
PyMODINIT_FUNC PyInit_native(void) { return PyModule_Create(&module); }
"#;

#[test]
fn python_imports_a_slimmed_extension_module() {
    let folder = folder();
    let ask = "import sysconfig; print(sysconfig.get_paths()['include'])";
    let Some(include) = stdout("python3", &["-c", ask]) else { return skip("a Python module", "no python3 here") };
    let Some(module) = compile(PYTHON_MODULE, "native.so", folder.path(), &[&format!("-I{include}")]) else { return };
    let Some(opt) = slimmed(&[("python/native.so", &module)], folder.path()) else { return };
    assert!(size(&opt.join("python/native.so")) < size(&module), "it is stripped");
    let script = format!(
        "import sys; sys.path.insert(0, {:?}); import native; print(native.twice('ab'), native.__file__)",
        arg(&opt.join("python"))
    );
    let said = stdout("python3", &["-I", "-c", &script]).expect("it imports");
    assert_eq!(said, format!("abab {}", arg(&opt.join("python/native.so"))));
}

#[test]
fn python_imports_its_own_extension_modules_slimmed() {
    let folder = folder();
    let ask = "import _ctypes, _json, _sqlite3; print(_ctypes.__file__, _json.__file__, _sqlite3.__file__)";
    let Some(files) = stdout("python3", &["-c", ask]) else {
        return skip("Python's modules", "built in, or no python3");
    };
    let files: Vec<PathBuf> = files.split(' ').map(PathBuf::from).collect();
    let named: Vec<(String, &Path)> = files
        .iter()
        .map(|file| (format!("python/{}", file.file_name().expect("a name").to_string_lossy()), file.as_path()))
        .collect();
    let named: Vec<(&str, &Path)> = named.iter().map(|(path, file)| (path.as_str(), *file)).collect();
    let Some(opt) = slimmed(&named, folder.path()) else { return };
    let script = format!(
        "import sys; sys.path.insert(0, {:?})\n\
         import _ctypes, _json, _sqlite3, ctypes, json, sqlite3\n\
         assert all(module.__file__.startswith({:?}) for module in (_ctypes, _json, _sqlite3))\n\
         print(ctypes.CDLL(None).abs(-3), json.dumps({{'a': [1]}}), sqlite3.connect(':memory:').execute('select 6*7').fetchone()[0])",
        arg(&opt.join("python")),
        arg(&opt)
    );
    assert_eq!(stdout("python3", &["-I", "-c", &script]).expect("they import"), "3 {\"a\": [1]} 42");
}

const NODE_MODULE: &str = r#"
#include <stddef.h>
#include <stdint.h>
typedef struct napi_env__ *napi_env; typedef struct napi_value__ *napi_value;
extern int napi_create_int32(napi_env, int32_t, napi_value *);
__attribute__((noinline)) static int answer(void) { volatile int six = 6; return six * 7; }
napi_value napi_register_module_v1(napi_env env, napi_value exports) { (void)exports; napi_value value; napi_create_int32(env, answer(), &value); return value; }
"#;

#[test]
fn node_loads_a_slimmed_addon() {
    let folder = folder();
    if stdout("node", &["--version"]).is_none() {
        return skip("a Node module", "no node here");
    }
    let Some(module) = compile(NODE_MODULE, "addon.node", folder.path(), &[]) else { return };
    let Some(opt) = slimmed(&[("nodejs/node_modules/addon/addon.node", &module)], folder.path()) else { return };
    let addon = opt.join("nodejs/node_modules/addon/addon.node");
    assert!(size(&addon) < size(&module), "it is stripped");
    assert_eq!(stdout("node", &["-p", &format!("require({:?})", arg(&addon))]).expect("it loads"), "42");
}

#[test]
fn shared_libraries_keep_their_dynamic_symbols_and_objects_and_archives_all() {
    let folder = folder();
    let source =
        "int exported(int x) { return x + 1; } static int hidden(int x) { return x; } int (*keep)(int) = hidden;";
    let Some(library) = compile(source, "libx.so.1.2", folder.path(), &[]) else { return };
    let (object, archive) = (folder.path().join("x.o"), folder.path().join("libx.a"));
    let text = folder.path().join("module.c");
    let made = Command::new("cc")
        .args(["-g", "-c"])
        .arg(&text)
        .arg("-o")
        .arg(&object)
        .status()
        .is_ok_and(|status| status.success())
        && Command::new("ar").arg("rcs").arg(&archive).arg(&object).status().is_ok_and(|status| status.success());
    if !made {
        return skip("objects and archives", "cc or ar does not make them here");
    }
    let Some(opt) =
        slimmed(&[("lib/libx.so.1.2", &library), ("lib/x.o", &object), ("lib/libx.a", &archive)], folder.path())
    else {
        return;
    };
    assert!(fs::read(opt.join("lib/x.o")).expect("unpacked") == fs::read(&object).expect("made"));
    assert!(fs::read(opt.join("lib/libx.a")).expect("unpacked") == fs::read(&archive).expect("made"));
    let dynamic = |path: &Path| stdout("nm", &["-D", "--defined-only", arg(path)]);
    let (before, after) = (dynamic(&library), dynamic(&opt.join("lib/libx.so.1.2")));
    assert!(before.is_none() || before == after && after.is_some_and(|symbols| symbols.contains("exported")));
    let peer = folder.path().join("peer");
    if strip(&library, &peer).is_some() {
        assert!(size(&opt.join("lib/libx.so.1.2")) <= size(&peer), "strip does it better");
    }
}

#[test]
fn what_is_compressed_already_is_stored_at_any_effort() {
    let folder = folder();
    let mut state = 0x1234_5678_9abc_def1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    })
    .take(3 << 20)
    .collect();
    let (photo, text) = (folder.path().join("photo.jpg"), folder.path().join("text.csv"));
    fs::write(&photo, noise).expect("written");
    fs::write(&text, (0..100_000).map(|row| format!("{row},{}\n", row * 7 % 1000)).collect::<String>())
        .expect("written");
    let zip = folder.path().join("package.zip");
    if zipfile::write(&zip, &[("assets/photo.jpg", &photo, 0o644), ("assets/text.csv", &text, 0o644)]).is_none() {
        return;
    }
    let report = report(&zip, &["--effort", "max"]);
    let entries = report["artifact"]["entries"].as_array().expect("entries");
    let entry = |path: &str| entries.iter().find(|entry| entry["path"] == path).expect("it is there");
    assert_eq!(entry("assets/photo.jpg")["method"], "stored");
    assert_eq!(entry("assets/text.csv")["method"], "deflate");
}
